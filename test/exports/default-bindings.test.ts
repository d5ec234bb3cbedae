import { describe, expect, test } from 'vitest';
import { defaultBindingName } from '../../src/exports/mod.ts';
import { useMember } from '../conformance/suite.ts';
import type { KubeObject } from '../http/client.ts';
import { APIS, ExportsFixture, statusOf, WIDGETS } from './suite.ts';

const fixture = useMember(new ExportsFixture()) as ExportsFixture;
const WORKSPACES = 'apis/tenancy.kcp.io/v1alpha1/workspaces';
const TYPES = 'apis/tenancy.kcp.io/v1alpha1/workspacetypes';

async function workspace(type: string): Promise<{ object: KubeObject; cluster: string }> {
  const name = fixture.name('w-');
  const object = await fixture.client.create(`/clusters/root/${WORKSPACES}`, {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: { name },
    spec: { type: { name: type, path: 'root' } },
  });
  return { object, cluster: (object['spec'] as { cluster: string }).cluster };
}

function typeOf(name: string, exports: readonly { path: string; export: string }[]): unknown {
  return {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'WorkspaceType',
    metadata: { name },
    spec: { defaultAPIBindings: exports },
  };
}

describe('a new workspace', () => {
  test('has bound what its type says, in the commit that makes it', async () => {
    const provider = await fixture.cluster('provider');
    await fixture.offer(provider, 'widgets', [WIDGETS]);
    await fixture.client.create(
      `/clusters/root/${TYPES}`,
      typeOf('with-widgets', [{ path: provider, export: 'widgets' }]),
    );
    const { object, cluster } = await workspace('with-widgets');
    expect((object['status'] as { phase: string }).phase).toBe('Ready');
    const { items } = await fixture.client.list(`/clusters/${cluster}/${APIS}/apibindings`);
    expect(items.map(({ metadata }) => metadata.name)).toEqual([
      defaultBindingName(cluster as never, { path: provider, name: 'widgets' }),
    ]);
    expect(items[0]!.metadata.name).toMatch(/^widgets-[0-9a-z]{5}$/);
    expect(statusOf(items[0]!).phase).toBe('Bound');
    await fixture.widget(cluster, 'a');
  });

  test('of the universal type has those of kcp itself', async () => {
    const { object, cluster } = await workspace('universal');
    expect((object['status'] as { phase: string }).phase).toBe('Ready');
    const { items } = await fixture.client.list(`/clusters/${cluster}/${APIS}/apibindings`);
    expect(items.map(({ spec }) => (spec as { reference: unknown }).reference)).toEqual([
      { export: { name: 'tenancy.kcp.io', path: 'root' } },
      { export: { name: 'topology.kcp.io', path: 'root' } },
    ]);
    expect(items.map((binding) => statusOf(binding).phase)).toEqual(['Bound', 'Bound']);
    expect((await fixture.client.list(`/clusters/${cluster}/${WORKSPACES}`)).items).toEqual([]);
  });

  test('waits for an export that is not there', async () => {
    const provider = await fixture.cluster('provider');
    await fixture.client.create(
      `/clusters/root/${TYPES}`,
      typeOf('early', [{ path: provider, export: 'widgets' }]),
    );
    const { object, cluster } = await workspace('early');
    expect((object['status'] as { phase: string; initializers: string[] }).initializers).toContain(
      'system:apibindings',
    );
    await fixture.offer(provider, 'widgets', [WIDGETS]);
    const name = defaultBindingName(cluster as never, { path: provider, name: 'widgets' });
    const row = () =>
      fixture.server.api.store.get({
        cluster: cluster as never,
        group: 'apis.kcp.io',
        resource: 'apibindings',
        identity: '',
        namespace: '',
        name,
      });
    await expect.poll(() => JSON.parse(row()?.json.toString() ?? '{}').status?.phase).toBe('Bound');
  });
});

test('the name of a default binding is that of kcp: the export, and a hash that no other has', () => {
  const cluster = 'root' as never;
  const name = defaultBindingName(cluster, { path: 'root', name: 'tenancy.kcp.io' });
  expect(name).toMatch(/^tenancy\.kcp\.io-[0-9a-z]{5}$/);
  expect(defaultBindingName(cluster, { path: 'root:a', name: 'tenancy.kcp.io' })).not.toBe(name);
  expect(defaultBindingName(cluster, { path: 'root', name: 'x'.repeat(253) })).toHaveLength(253);
});
