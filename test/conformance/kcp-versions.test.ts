import { describe, expect, test } from 'vitest';
import { brief } from '../http/client.ts';
import { useMember } from './suite.ts';

const fixture = useMember();
const apply = { 'content-type': 'application/apply-patch+yaml' };

function collection(cluster: string, group: string, version: string, resource: string): string {
  return `${cluster}/apis/${group}/${version}/${resource}`;
}

describe('an APIExport', () => {
  test('is one object in all of its versions and groups, with one uid and one history', async () => {
    const cluster = await fixture.server.createCluster('versions-one');
    const first = collection(cluster, 'apis.kcp.dev', 'v1alpha1', 'apiexports');
    const legacy = collection(cluster, 'apis.kcp.io', 'v1alpha1', 'apiexports');
    const modern = collection(cluster, 'apis.kcp.io', 'v1alpha2', 'apiexports');
    const watches = await Promise.all(
      [first, legacy, modern].map((path) => fixture.client.watch(`${path}?watch=1`)),
    );
    const created = await fixture.client.create(first, {
      apiVersion: 'apis.kcp.dev/v1alpha1',
      kind: 'APIExport',
      metadata: { name: 'a' },
      spec: { latestResourceSchemas: ['today.widgets.example.com'] },
    });
    const shown = await fixture.client.get(`${modern}/a`);
    expect(shown).toMatchObject({
      apiVersion: 'apis.kcp.io/v1alpha2',
      metadata: { uid: created.metadata.uid, resourceVersion: created.metadata.resourceVersion },
      spec: {
        resources: [
          {
            group: 'example.com',
            name: 'widgets',
            schema: 'today.widgets.example.com',
            storage: { crd: {} },
          },
        ],
      },
    });
    const { items } = await fixture.client.list(legacy);
    expect(items).toMatchObject([
      { apiVersion: 'apis.kcp.io/v1alpha1', spec: { latestResourceSchemas: ['today.widgets.example.com'] } },
    ]);
    await fixture.client.patch(`${modern}/a`, {
      spec: { permissionClaims: [{ resource: 'secrets', verbs: ['get'] }] },
    });
    for (const watch of watches) {
      expect(brief(await watch.next())).toBe('ADDED a');
      expect(brief(await watch.next())).toBe('MODIFIED a');
      watch.close();
    }
    expect(await fixture.client.get(`${first}/a`)).toMatchObject({
      apiVersion: 'apis.kcp.dev/v1alpha1',
      spec: { permissionClaims: [{ resource: 'secrets', all: true }] },
    });
    await fixture.client.delete(`${first}/a`);
    await fixture.client.refuse(404, `${modern}/a`);
  });

  test('loses nothing by who reads and writes it in an older version', async () => {
    const cluster = await fixture.server.createCluster('versions-lossless');
    const legacy = collection(cluster, 'apis.kcp.io', 'v1alpha1', 'apiexports');
    const modern = collection(cluster, 'apis.kcp.io', 'v1alpha2', 'apiexports');
    const created = await fixture.client.create(modern, {
      apiVersion: 'apis.kcp.io/v1alpha2',
      kind: 'APIExport',
      metadata: { name: 'a' },
      spec: {
        permissionClaims: [
          { resource: 'secrets', verbs: ['get'], defaultSelector: { matchLabels: { a: 'b' } } },
        ],
      },
    });
    const old = await fixture.client.get(`${legacy}/a`);
    await fixture.client.put(`${legacy}/a`, { ...old, metadata: { ...old.metadata, labels: { x: 'y' } } });
    const now = await fixture.client.get(`${modern}/a`);
    expect(now['spec']).toEqual(created['spec']);
    expect(now.metadata.labels).toEqual({ x: 'y' });
    expect(now.metadata.generation).toBe(1);
  });

  test('can be applied by one manager in each version, and each owns its fields', async () => {
    const cluster = await fixture.server.createCluster('versions-apply');
    const paths = {
      'apis.kcp.dev/v1alpha1': collection(cluster, 'apis.kcp.dev', 'v1alpha1', 'apiexports'),
      'apis.kcp.io/v1alpha1': collection(cluster, 'apis.kcp.io', 'v1alpha1', 'apiexports'),
      'apis.kcp.io/v1alpha2': collection(cluster, 'apis.kcp.io', 'v1alpha2', 'apiexports'),
    };
    const applied = async (apiVersion: keyof typeof paths, manager: string, spec: object, code = 200) => {
      const { status, text } = await fixture.client.call(`${paths[apiVersion]}/a?fieldManager=${manager}`, {
        method: 'PATCH',
        headers: apply,
        body: { apiVersion, kind: 'APIExport', metadata: { name: 'a' }, spec },
      });
      if (status !== code) throw new Error(`${status}: ${text}`);
    };
    const policy = { maximalPermissionPolicy: { local: {} } };
    await applied(
      'apis.kcp.io/v1alpha2',
      'modern',
      { permissionClaims: [{ resource: 'secrets', verbs: ['get'] }] },
      201,
    );
    await applied('apis.kcp.dev/v1alpha1', 'first', policy);
    await applied('apis.kcp.io/v1alpha1', 'legacy', { latestResourceSchemas: ['v1.widgets.example.com'] });
    const shown = await fixture.client.get(`${paths['apis.kcp.io/v1alpha2']}/a`);
    const entries = shown.metadata.managedFields ?? [];
    expect(entries.map(({ manager, operation, apiVersion }) => [manager, operation, apiVersion])).toEqual(
      expect.arrayContaining([
        ['modern', 'Apply', 'apis.kcp.io/v1alpha2'],
        ['first', 'Apply', 'apis.kcp.dev/v1alpha1'],
        ['legacy', 'Apply', 'apis.kcp.io/v1alpha1'],
      ]),
    );
    // Each gives up what it has, whatever version the others have written in between.
    await applied('apis.kcp.dev/v1alpha1', 'first', {});
    await applied('apis.kcp.io/v1alpha2', 'modern', {});
    await applied('apis.kcp.io/v1alpha1', 'legacy', { latestResourceSchemas: ['v2.widgets.example.com'] });
    const left = await fixture.client.get(`${paths['apis.kcp.io/v1alpha2']}/a`);
    expect(left['spec']).toEqual({
      identity: { secretRef: { name: 'a', namespace: 'kcp-system' } },
      resources: [
        { group: 'example.com', name: 'widgets', schema: 'v2.widgets.example.com', storage: { crd: {} } },
      ],
    });
  });
});

describe('discovery', () => {
  test('shows the first form after the one that unqualified names mean', async () => {
    const cluster = await fixture.server.createCluster('versions-discovery');
    const { groups } = await fixture.client.get(`${cluster}/apis`);
    const names = (groups as readonly { name: string }[]).map(({ name }) => name);
    expect(names.indexOf('apis.kcp.io')).toBeGreaterThan(0);
    expect(names.indexOf('apis.kcp.dev')).toBeGreaterThan(names.indexOf('apis.kcp.io'));
  });
});
