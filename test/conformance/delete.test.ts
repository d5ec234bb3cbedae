import { once } from 'node:events';
import { connect, type IncomingHttpHeaders } from 'node:http2';
import { describe, expect, test } from 'vitest';
import { brief, configMap, type KubeList } from '../http/client.ts';
import { useMember } from './suite.ts';

const fixture = useMember();

async function configMaps(...names: readonly string[]): Promise<string> {
  const path = `/api/v1/namespaces/${await fixture.namespace()}/configmaps`;
  for (const name of names) await fixture.client.create(path, configMap(name));
  return path;
}

describe('delete: the answer', () => {
  test('is a Status with name, resource and uid', async () => {
    const path = await configMaps();
    const { metadata } = await fixture.client.create(path, configMap('a'));
    expect(await fixture.client.delete(`${path}/a`)).toEqual({
      apiVersion: 'v1',
      kind: 'Status',
      metadata: {},
      status: 'Success',
      details: { name: 'a', kind: 'configmaps', uid: metadata.uid },
    });
    const absent = await fixture.client.refuse(404, `${path}/a`, { method: 'DELETE' });
    expect(absent).toMatchObject({ reason: 'NotFound', message: 'configmaps "a" not found' });
  });

  test('carries the group of kinds that have one', async () => {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${await fixture.namespace()}/leases`;
    await fixture.client.create(path, { metadata: { name: 'a' }, spec: {} });
    expect(await fixture.client.delete(`${path}/a`)).toMatchObject({
      details: { name: 'a', kind: 'leases', group: 'coordination.k8s.io' },
    });
  });

  test.each(['serviceaccounts', 'resourcequotas'])('is the deleted object for %s', async (plural) => {
    const path = `/api/v1/namespaces/${await fixture.namespace()}/${plural}`;
    const { kind, metadata } = await fixture.client.create(path, { metadata: { name: 'a' } });
    const deleted = await fixture.client.delete(`${path}/a`);
    expect(deleted).toMatchObject({ kind, metadata: { name: 'a', uid: metadata.uid } });
    await fixture.client.refuse(404, `${path}/a`);
  });

  test('is the namespace, terminating', async () => {
    const name = await fixture.namespace();
    const deleted = await fixture.client.delete(`/api/v1/namespaces/${name}`);
    expect(deleted).toMatchObject({
      kind: 'Namespace',
      metadata: { name },
      status: { phase: 'Terminating' },
    });
    expect(deleted.metadata.deletionTimestamp).toBeDefined();
    await fixture.client.untilGone(`/api/v1/namespaces/${name}`);
  });
});

describe('delete: finalizers', () => {
  test('keep the object, shown with its deletion, until they are gone', async () => {
    const path = await configMaps();
    await fixture.client.create(path, { metadata: { name: 'a', finalizers: ['test/hold'] } });
    const first = await fixture.client.delete(`${path}/a`);
    expect(first.metadata).toMatchObject({ deletionGracePeriodSeconds: 0, finalizers: ['test/hold'] });
    // Again changes nothing, not even the time.
    expect(await fixture.client.delete(`${path}/a`)).toEqual(first);
    const last = await fixture.client.patch(`${path}/a`, {
      metadata: { finalizers: [], labels: { l: 'v' } },
    });
    // The answer is what the patch made of it, although it is gone by now.
    expect(last.metadata).toMatchObject({ name: 'a', labels: { l: 'v' }, uid: first.metadata.uid });
    expect(last.metadata).not.toHaveProperty('finalizers');
    await fixture.client.refuse(404, `${path}/a`);
  });

  test('of the propagation policy come, change and go', async () => {
    const path = await configMaps();
    await fixture.client.create(path, { metadata: { name: 'a', finalizers: ['test/hold'] } });
    const finalizers = async (propagationPolicy: string) =>
      (await fixture.client.delete(`${path}/a`, { propagationPolicy })).metadata.finalizers;
    expect(await finalizers('Foreground')).toEqual(['test/hold', 'foregroundDeletion']);
    expect(await finalizers('Background')).toEqual(['test/hold']);
    const legacy = await fixture.client.call(`${path}/a?orphanDependents=false`, { method: 'DELETE' });
    expect(legacy.status).toBe(202);
  });
});

describe('delete: options', () => {
  test.each([
    [
      { propagationPolicy: 'Sometimes' },
      422,
      'supported values: "Foreground", "Background", "Orphan", "nil"',
    ],
    [
      { propagationPolicy: 'Orphan', orphanDependents: true },
      422,
      'orphanDependents and deletionPropagation cannot be both set',
    ],
    [{ dryRun: ['Some'] }, 422, 'dryRun: Unsupported value: ["Some"]: supported values: "All"'],
    [{ dryRun: [''] }, 422, 'dryRun: Unsupported value: [""]: supported values: "All"'],
    [{ kind: 'ConfigMap' }, 400, 'DeleteOptions'],
    [{ gracePeriodSeconds: 'soon' }, 400, 'cannot be handled as a DeleteOptions'],
    [
      { preconditions: { uid: 'x' } },
      409,
      'the UID in the precondition (x) does not match the UID in record (',
    ],
    [
      { preconditions: { resourceVersion: '1' } },
      409,
      'the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (',
    ],
  ])('%j is %i', async (body, code, message) => {
    const path = await configMaps('a');
    const status = await fixture.client.refuse(code, `${path}/a`, { method: 'DELETE', body });
    expect(status.message).toContain(message);
    await fixture.client.get(`${path}/a`);
  });

  test.each(['propagationPolicy=Sometimes', 'dryRun=Some', 'dryRun='])(
    'the query %s is 422',
    async (query) => {
      const path = await configMaps('a');
      await fixture.client.refuse(422, `${path}/a?${query}`, { method: 'DELETE' });
      await fixture.client.get(`${path}/a`);
    },
  );

  test('in the body win over the query entirely', async () => {
    const path = await configMaps('a', 'b');
    await fixture.client.delete(`${path}/a?dryRun=All`);
    await fixture.client.delete(`${path}/a`, { dryRun: ['All'] });
    await fixture.client.get(`${path}/a`);
    await fixture.client.delete(`${path}/a?dryRun=All`, { kind: 'DeleteOptions', apiVersion: 'v1' });
    await fixture.client.refuse(404, `${path}/a`);
    const yaml = 'apiVersion: v1\nkind: DeleteOptions\ndryRun: [All]\n';
    const headers = { 'content-type': 'application/yaml' };
    expect((await fixture.client.call(`${path}/b`, { method: 'DELETE', headers, body: yaml })).status).toBe(
      200,
    );
    await fixture.client.get(`${path}/b`);
  });

  test('preconditions that hold let it pass', async () => {
    const path = await configMaps();
    const { metadata } = await fixture.client.create(path, configMap('a'));
    const { uid, resourceVersion } = metadata;
    await fixture.client.delete(`${path}/a`, { preconditions: { uid, resourceVersion } });
    await fixture.client.refuse(404, `${path}/a`);
  });
});

test('delete: options come over HTTP/2 without a content type or a length, too', async () => {
  const path = await configMaps('a');
  const { url, ca, token } = fixture.server;
  const session = connect(url, { ca });
  const remove = async (body: string | undefined) => {
    const headers = { ':method': 'DELETE', ':path': `${path}/a`, authorization: `Bearer ${token}` };
    const stream = session.request(headers, { endStream: body === undefined });
    if (body !== undefined) stream.end(body);
    const [head] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    stream.resume();
    return head[':status'];
  };
  try {
    expect(await remove('{"dryRun":["All"]}')).toBe(200);
    await fixture.client.get(`${path}/a`);
    expect(await remove('{"preconditions":{"uid":"other"}}')).toBe(409);
    expect(await remove(undefined)).toBe(200);
    await fixture.client.refuse(404, `${path}/a`);
  } finally {
    session.close();
  }
});

describe('delete: collections', () => {
  test('answer with what was selected, and take nothing else', async () => {
    const path = await configMaps('c');
    for (const name of ['a', 'b']) await fixture.client.create(path, configMap(name, { labels: { x: '1' } }));
    const remove = async (query: string) =>
      (await fixture.client.delete(`${path}?${query}`)) as unknown as KubeList;
    const names = ({ items }: KubeList) => items.map(({ metadata }) => metadata.name).join();
    expect(names(await remove('labelSelector=x=1&dryRun=All'))).toBe('a,b');
    expect(names(await remove('fieldSelector=metadata.name=b'))).toBe('b');
    const last = await remove('labelSelector=x=1');
    expect(last.kind).toBe('ConfigMapList');
    expect(names(last)).toBe('a');
    expect(names(await fixture.client.list(path))).toBe('c');
    await fixture.client.refuse(400, `${path}?labelSelector=x+y`, { method: 'DELETE' });
    await fixture.client.refuse(400, `${path}?fieldSelector=data=y`, { method: 'DELETE' });
    expect(names(await remove(''))).toBe('c');
    expect(names(await remove(''))).toBe('');
  });

  test('honour the limit, and leave what finalizers hold terminating', async () => {
    const path = await configMaps('a', 'b');
    const first = (await fixture.client.delete(`${path}?limit=1`)) as unknown as KubeList;
    expect(first.items).toHaveLength(1);
    expect((await fixture.client.list(path)).items.map(({ metadata }) => metadata.name)).toEqual(['b']);
    await fixture.client.patch(`${path}/b`, { metadata: { finalizers: ['test/hold'] } });
    await fixture.client.delete(path);
    expect((await fixture.client.get(`${path}/b`)).metadata.deletionTimestamp).toBeDefined();
    await fixture.client.patch(`${path}/b`, { metadata: { finalizers: null } });
  });

  test('take what the list with the same parameters shows, a page included', async () => {
    const path = await configMaps('a', 'b', 'c');
    const page = await fixture.client.list(`${path}?limit=1`);
    const next = `limit=1&continue=${page.metadata.continue}`;
    const removed = (await fixture.client.delete(`${path}?${next}`)) as unknown as KubeList;
    expect(removed.items.map(({ metadata }) => metadata.name)).toEqual(['b']);
    const left = await fixture.client.list(path);
    expect(left.items.map(({ metadata }) => metadata.name)).toEqual(['a', 'c']);
  });

  test('keep to the preconditions of the request', async () => {
    const path = await configMaps('a', 'b');
    for (const preconditions of [{ uid: 'another' }, { resourceVersion: '1' }]) {
      const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions };
      const status = await fixture.client.refuse(409, path, { method: 'DELETE', body });
      expect(status.reason).toBe('Conflict');
    }
    expect((await fixture.client.list(path)).items).toHaveLength(2);
  });

  test('do not exist for namespaces, nor over all namespaces, nor by a watch path', async () => {
    const path = await configMaps('a');
    for (const wrong of ['/api/v1/namespaces', '/api/v1/configmaps', path.replace('/v1/', '/v1/watch/')]) {
      await fixture.client.refuse(405, wrong, { method: 'DELETE' });
    }
    await fixture.client.refuse(405, `${path.replace('/v1/', '/v1/watch/')}/a`, { method: 'DELETE' });
    await fixture.client.get(`${path}/a`);
  });

  test('are seen by watches as one DELETED each, in order of the revisions', async () => {
    const path = await configMaps('a', 'b', 'c');
    const { metadata } = await fixture.client.list(path);
    const watch = await fixture.client.watch(`${path}?watch=1&resourceVersion=${metadata.resourceVersion}`);
    await fixture.client.delete(path);
    const events = await watch.take(3);
    expect(events.map(brief).sort()).toEqual(['DELETED a', 'DELETED b', 'DELETED c']);
    const versions = events.map(({ object }) => BigInt(object.metadata.resourceVersion));
    expect(versions).toEqual([...versions].sort((x, y) => (x < y ? -1 : 1)));
    expect(versions[0]).toBeGreaterThan(BigInt(metadata.resourceVersion));
    watch.close();
  });
});

describe('delete: namespaces', () => {
  test.each(['default', 'kube-system', 'kube-public'])('%s is forbidden', async (name) => {
    const status = await fixture.client.refuse(403, `/api/v1/namespaces/${name}`, { method: 'DELETE' });
    expect(status.message).toBe(`namespaces "${name}" is forbidden: this namespace may not be deleted`);
  });

  test('one that still holds something stays, refuses what is new, and says why', async () => {
    const path = await configMaps();
    const namespace = path.replace('/configmaps', '');
    const name = namespace.split('/').at(-1);
    await fixture.client.create(path, { metadata: { name: 'held', finalizers: ['test/hold'] } });
    await fixture.client.delete(namespace);
    const held = await fixture.client.until(namespace, ({ status }) => {
      const { conditions } = status as { conditions?: { type: string; status: string }[] };
      return (
        conditions?.some(
          ({ type, status }) => type === 'NamespaceFinalizersRemaining' && status === 'True',
        ) === true
      );
    });
    expect(held['status']).toMatchObject({
      phase: 'Terminating',
      conditions: expect.arrayContaining([
        expect.objectContaining({
          type: 'NamespaceContentRemaining',
          reason: 'SomeResourcesRemain',
          message: 'Some resources are remaining: configmaps. has 1 resource instances',
        }),
        expect.objectContaining({
          type: 'NamespaceFinalizersRemaining',
          reason: 'SomeFinalizersRemain',
          message:
            'Some content in the namespace has finalizers remaining: test/hold in 1 resource instances',
        }),
      ]),
    });
    expect(await fixture.client.refuse(403, path, { method: 'POST', body: configMap('new') })).toMatchObject({
      message: `configmaps "new" is forbidden: unable to create new content in namespace ${name} because it is being terminated`,
      details: {
        causes: [
          {
            reason: 'NamespaceTerminating',
            message: `namespace ${name} is being terminated`,
            field: 'metadata.namespace',
          },
        ],
      },
    });
    const again = await fixture.client.refuse(409, namespace, { method: 'DELETE' });
    expect(again.message).toBe(
      `Operation cannot be fulfilled on namespaces "${name}": The system is ensuring all content is removed from this namespace.  Upon completion, this namespace will automatically be purged by the system.`,
    );
    await fixture.client.patch(`${path}/held`, { metadata: { finalizers: null } });
    await fixture.client.untilGone(namespace);
    // A new namespace of the same name is empty.
    await fixture.client.create('/api/v1/namespaces', { metadata: { name } });
    expect((await fixture.client.list(path)).items).toEqual([]);
  });
});
