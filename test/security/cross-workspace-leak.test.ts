import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { KubeList, KubeObject } from '../http/client.ts';
import { useArena } from './suite.ts';

const arena = useArena();
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const SECRET_GROUP = 'secret-project.example';

beforeAll(async () => {
  const definition = (description: string) => ({
    metadata: { name: `plans.${SECRET_GROUP}` },
    spec: {
      group: SECRET_GROUP,
      scope: 'Namespaced',
      names: { plural: 'plans', kind: 'Plan' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', description } },
        },
      ],
    },
  });
  await arena.client.create(`${arena.victim}${CRDS}`, definition(arena.canary));
  await arena.client.until(
    `${arena.victim}/apis/${SECRET_GROUP}/v1/plans`,
    (_list, status) => status === 200,
  );
});
afterEach(() => arena.assertUnharmed());

describe('the workspace of another tenant', () => {
  test('cannot be told from one that does not exist', async () => {
    const paths = [
      '',
      '/api',
      '/apis',
      '/openapi/v2',
      '/openapi/v3',
      '/version',
      '/healthz',
      CONFIG_MAPS,
      `${CONFIG_MAPS}/guarded`,
      `${CONFIG_MAPS}/none`,
      `${CONFIG_MAPS}?watch=true`,
      `/apis/${SECRET_GROUP}/v1/plans`,
      '/apis/none.example/v1/plans',
      '/api/v1/namespaces/none',
      '/no/such/path',
    ];
    for (const path of paths) {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
        const call = method === 'GET' || method === 'DELETE' ? { method } : { method, body: {} };
        const there = await arena.attack(`${arena.victim}${path}`, call);
        const nowhere = await arena.attack(`/clusters/nowhere${path}`, call);
        expect(there.text.replaceAll('victim', '*')).toBe(nowhere.text.replaceAll('nowhere', '*'));
        expect([method, path, there.status]).toEqual([method, path, nowhere.status]);
        if (path !== '/healthz') expect(there.status).toBe(403);
        expect(Object.keys(there.headers).sort()).toEqual(Object.keys(nowhere.headers).sort());
      }
    }
  });

  test('does not show in discovery and OpenAPI of one’s own, whatever ETag is presented', async () => {
    const paths = ['/apis', '/openapi/v2', '/openapi/v3'];
    for (const path of paths) {
      const accept =
        path === '/apis' ? 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' : '*/*';
      const theirs = await arena.client.call(`${arena.victim}${path}`, { headers: { accept } });
      expect(theirs.text).toContain(SECRET_GROUP);
      const etag = String(theirs.headers['etag'] ?? '"none"');
      for (const match of [etag, `W/${etag}`, '*', `"other", ${etag}`]) {
        const own = await arena.attack(`${arena.attacker}${path}`, {
          headers: { accept, 'if-none-match': match },
        });
        expect(own.text).not.toContain(SECRET_GROUP);
        // A tag of somebody else's document says nothing about one's own; `*` is any document.
        if (match !== '*') expect(own.status).toBe(200);
      }
    }
    const hashes = /hash=[0-9A-F]+/.exec((await arena.client.call(`${arena.victim}/openapi/v3`)).text)?.[0];
    expect(hashes).toBeDefined();
    const document = `${arena.attacker}/openapi/v3/apis/${SECRET_GROUP}/v1?${hashes}`;
    expect((await arena.attack(document)).status).toBe(404);
  });

  test('gives nothing to a continue token, a revision or a uid of its objects', async () => {
    const { client } = arena;
    for (const name of ['a', 'b', 'c']) {
      await client.create(`${arena.victim}${CONFIG_MAPS}`, {
        metadata: { name },
        data: { text: arena.canary },
      });
    }
    const page = await client.get<KubeList>(`${arena.victim}${CONFIG_MAPS}?limit=1`);
    const token = encodeURIComponent(page.metadata.continue ?? '');
    expect(token).not.toBe('');
    await arena.refused([400], `${arena.attacker}${CONFIG_MAPS}?limit=1&continue=${token}`);
    const guarded = await client.get<KubeObject>(arena.canaryPath);
    const { uid, resourceVersion } = guarded.metadata;
    const since = `resourceVersion=${page.metadata.resourceVersion}&resourceVersionMatch=Exact`;
    const past = await arena.attack(`${arena.attacker}${CONFIG_MAPS}?${since}`);
    expect((JSON.parse(past.text) as KubeList).items.map(({ metadata }) => metadata.name)).not.toContain('a');
    const owned = {
      metadata: {
        name: 'owned',
        ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'guarded', uid }],
      },
    };
    const created = await arena.attack(`${arena.attacker}${CONFIG_MAPS}`, { method: 'POST', body: owned });
    expect(created.status).toBe(201);
    const conditions = { preconditions: { uid, resourceVersion } };
    await arena.refused([404], `${arena.attacker}${CONFIG_MAPS}/guarded`, {
      method: 'DELETE',
      body: conditions,
    });
    expect((await client.get(arena.canaryPath)).metadata.uid).toBe(uid);
  });

  test('is not reached through a field that names a workspace', async () => {
    const annotations = { 'kcp.io/cluster': 'victim', 'kcp.io/path': 'root:victim' };
    const body = {
      metadata: { name: 'moved', annotations, clusterName: 'victim', labels: { cluster: 'victim' } },
    };
    await arena.attack(`${arena.attacker}${CONFIG_MAPS}`, { method: 'POST', body });
    const shown = await arena.client.get<KubeObject>(`${arena.attacker}${CONFIG_MAPS}/moved`);
    expect(shown.metadata.annotations?.['kcp.io/cluster']).toBe('attacker');
    const list = await arena.client.list(`${arena.victim}${CONFIG_MAPS}`);
    expect(list.items.map(({ metadata }) => metadata.name)).not.toContain('moved');
  });

  test('is not watched by a watch of the same kind elsewhere', async () => {
    const { client } = arena;
    const { metadata } = await client.list(`${arena.attacker}${CONFIG_MAPS}`);
    const path = `${arena.attacker}/api/v1/configmaps?watch=true&resourceVersion=${metadata.resourceVersion}`;
    const watch = await client.watch(path, { token: 'token-of-attacker' });
    await client.create(`${arena.victim}${CONFIG_MAPS}`, {
      metadata: { name: 'secret' },
      data: { text: arena.canary },
    });
    await client.create(`${arena.attacker}${CONFIG_MAPS}`, { metadata: { name: 'mine' } });
    const event = await watch.next();
    expect(event.object.metadata.name).toBe('mine');
    arena.assertSilent(watch.text);
    watch.close();
  });
});
