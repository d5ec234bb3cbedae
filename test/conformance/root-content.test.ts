import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { useMember } from './suite.ts';

const fixture = useMember();
const root = '/clusters/root/apis';
const names = async (path: string): Promise<string[]> =>
  (await fixture.client.list(`${root}/${path}`)).items.map(({ metadata }) => metadata.name ?? '');

describe('the root of a fresh server', () => {
  test('offers the kinds that workspaces are made of, each export with an identity of its own', async () => {
    expect(await names('apis.kcp.io/v1alpha2/apiexports')).toEqual([
      'planet.antipode.dev',
      'shards.core.kcp.io',
      'tenancy.kcp.io',
      'topology.kcp.io',
    ]);
    const hashes = new Set<string>();
    for (const name of ['planet.antipode.dev', 'shards.core.kcp.io', 'tenancy.kcp.io', 'topology.kcp.io']) {
      const found = await fixture.client.get(`${root}/apis.kcp.io/v1alpha2/apiexports/${name}`);
      const secret = await fixture.client.get(`/clusters/root/api/v1/namespaces/kcp-system/secrets/${name}`);
      const key = Buffer.from((secret['data'] as { key: string }).key, 'base64');
      const identityHash = createHash('sha256').update(key).digest('hex');
      hashes.add(identityHash);
      expect(found).toMatchObject({
        metadata: { annotations: { 'kcp.io/path': 'root' } },
        spec: { identity: { secretRef: { name, namespace: 'kcp-system' } } },
        status: { identityHash, conditions: [{ type: 'IdentityValid', status: 'True' }] },
      });
      const { resources } = found['spec'] as { resources: { name: string; group: string; schema: string }[] };
      for (const { name: plural, group, schema } of resources) {
        const schemas = `${root}/apis.kcp.io/v1alpha1/apiresourceschemas`;
        expect(await fixture.client.get(`${schemas}/${schema}`)).toMatchObject({
          spec: { group, names: { plural }, scope: 'Cluster' },
        });
      }
      const slices = `${root}/apis.kcp.io/v1alpha1/apiexportendpointslices`;
      expect(await fixture.client.get(`${slices}/${name}`)).toMatchObject({
        metadata: { ownerReferences: [{ kind: 'APIExport', name, uid: found.metadata.uid }] },
        spec: { export: { name, path: 'root' } },
      });
    }
    expect(hashes.size).toBe(4);
    const tenancy = await fixture.client.get(`${root}/apis.kcp.io/v1alpha2/apiexports/tenancy.kcp.io`);
    expect(tenancy['spec']).toMatchObject({ maximalPermissionPolicy: { local: {} } });
  });

  test('has the standard types, its shard, and says what it is', async () => {
    expect(await names('tenancy.kcp.io/v1alpha1/workspacetypes')).toEqual([
      'home',
      'organization',
      'root',
      'team',
      'universal',
    ]);
    const types = `${root}/tenancy.kcp.io/v1alpha1/workspacetypes`;
    expect(await fixture.client.get(`${types}/organization`)).toMatchObject({
      metadata: { annotations: { 'kcp.io/path': 'root' }, generation: 1 },
      spec: {
        extend: { with: [{ name: 'universal', path: 'root' }] },
        limitAllowedChildren: { types: [{ name: 'universal', path: 'root' }] },
        limitAllowedParents: { types: [{ name: 'root', path: 'root' }] },
      },
    });
    expect((await fixture.client.get(`${types}/universal`))['spec']).toMatchObject({
      initializer: true,
      defaultAPIBindings: [
        { path: 'root', export: 'tenancy.kcp.io' },
        { path: 'root', export: 'topology.kcp.io' },
      ],
    });
    expect(await names('core.kcp.io/v1alpha1/shards')).toEqual(['root']);
    expect(await fixture.client.get(`${root}/core.kcp.io/v1alpha1/logicalclusters/cluster`)).toMatchObject({
      metadata: { annotations: { 'kcp.io/path': 'root', 'internal.tenancy.kcp.io/type': 'root:root' } },
    });
    // Also what it made without anybody asking may be sent back as it is.
    const type = await fixture.client.get(`${types}/team`);
    expect(await fixture.client.put(`${types}/team`, type)).toEqual(type);
  });
});
