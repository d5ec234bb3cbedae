import { describe, expect, test } from 'vitest';
import { brief, configMap } from '../http/client.ts';
import { useMember } from './suite.ts';

const fixture = useMember();

async function configMaps(): Promise<string> {
  return `/api/v1/namespaces/${await fixture.namespace()}/configmaps`;
}

describe('update: the name', () => {
  test('must be that of the URL, and must be there', async () => {
    const path = `${await configMaps()}/a`;
    await fixture.client.create(path.slice(0, -2), configMap('a'));
    const other = await fixture.client.refuse(400, path, { method: 'PUT', body: configMap('b') });
    expect(other.message).toBe('the name of the object (b) does not match the name on the URL (a)');
    const none = await fixture.client.refuse(400, path, { method: 'PUT', body: { metadata: {} } });
    expect(none.message).toBe(
      'the name of the object (a based on URL) was undeterminable: name must be provided',
    );
  });
});

describe('update: resourceVersion and uid', () => {
  test('a stale resourceVersion is Conflict in upstream’s words, and changes nothing', async () => {
    const path = await configMaps();
    const created = await fixture.client.create(path, configMap('a'));
    const updated = await fixture.client.put(`${path}/a`, { ...created, data: { x: '1' } });
    const status = await fixture.client.refuse(409, `${path}/a`, {
      method: 'PUT',
      body: { ...created, data: { x: '2' } },
    });
    expect(status).toMatchObject({
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
      details: { name: 'a', kind: 'configmaps' },
    });
    expect(await fixture.client.get(`${path}/a`)).toEqual(updated);
  });

  test('another uid is Conflict', async () => {
    const path = await configMaps();
    const { metadata } = await fixture.client.create(path, configMap('a'));
    const body = { metadata: { name: 'a', uid: 'other' } };
    const status = await fixture.client.refuse(409, `${path}/a`, { method: 'PUT', body });
    expect(status.reason).toBe('Conflict');
    expect(status.message).toContain(
      `Precondition failed: UID in precondition: other, UID in object meta: ${metadata.uid}`,
    );
  });

  test.each([
    ['configmaps', 200],
    ['secrets', 200],
    ['serviceaccounts', 200],
    ['resourcequotas', 200],
    ['limitranges', 200],
    ['/apis/rbac.authorization.k8s.io/v1 roles', 200],
    ['/apis/coordination.k8s.io/v1 leases', 422],
  ])('without resourceVersion, of %s is %i', async (kind, code) => {
    const namespace = await fixture.namespace();
    const [prefix, plural] = kind.includes(' ') ? kind.split(' ') : ['/api/v1', kind];
    const path = `${prefix}/namespaces/${namespace}/${plural}`;
    await fixture.client.create(path, { metadata: { name: 'a' } });
    const reply = await fixture.client.call(`${path}/a`, {
      method: 'PUT',
      body: { metadata: { name: 'a', labels: { changed: 'yes' } } },
    });
    expect(reply.status).toBe(code);
    if (code === 422) {
      expect(JSON.parse(reply.text).message).toContain(
        'metadata.resourceVersion: Invalid value: 0: must be specified for an update',
      );
    }
  });

  test('without resourceVersion, of custom resources and definitions is 422', async () => {
    const group = 'update.example.com';
    await fixture.define({ group, plural: 'things', kind: 'Thing', scope: 'Cluster' });
    const path = `/apis/${group}/v1/things`;
    const thing = { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name: 'a' } };
    const { metadata } = await fixture.client.create(path, thing);
    const spec = { x: 1 };
    for (const resourceVersion of [undefined, '', '0']) {
      const body = { ...thing, metadata: { name: 'a', resourceVersion }, spec };
      await fixture.client.refuse(422, `${path}/a`, { method: 'PUT', body });
    }
    // A patch that takes the resourceVersion away asks for the same.
    await fixture.client.refuse(422, `${path}/a`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { metadata: { resourceVersion: null }, spec },
    });
    const { resourceVersion } = metadata;
    await fixture.client.put(`${path}/a`, { ...thing, metadata: { name: 'a', resourceVersion }, spec });
  });
});

describe('update: of what is not there', () => {
  test.each([
    ['/apis/coordination.k8s.io/v1 leases', 201],
    ['/api/v1 limitranges', 201],
    ['/api/v1 configmaps', 404],
    ['/api/v1 secrets', 404],
    ['/api/v1 serviceaccounts', 404],
    ['/api/v1 resourcequotas', 404],
    ['/apis/rbac.authorization.k8s.io/v1 roles', 201],
  ])('%s is %i', async (kind, code) => {
    const [prefix, plural] = kind.split(' ');
    const path = `${prefix}/namespaces/${await fixture.namespace()}/${plural}/a`;
    const reply = await fixture.client.call(path, { method: 'PUT', body: { metadata: { name: 'a' } } });
    expect(reply.status).toBe(code);
    expect((await fixture.client.call(path)).status).toBe(code === 201 ? 200 : 404);
  });

  test('does not bring back an object whose uid is named', async () => {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${await fixture.namespace()}/leases`;
    const lease = await fixture.client.create(path, { metadata: { name: 'a' }, spec: {} });
    await fixture.client.delete(`${path}/a`);
    const status = await fixture.client.refuse(409, `${path}/a`, { method: 'PUT', body: lease });
    expect(status.reason).toBe('Conflict');
    await fixture.client.refuse(404, `${path}/a`);
  });
});

describe('update: what cannot be changed', () => {
  test('is kept silently: creation, deletion, generation; managedFields are not looked at', async () => {
    const path = await configMaps();
    const { metadata } = await fixture.client.create(path, configMap('a'));
    const updated = await fixture.client.put(`${path}/a`, {
      metadata: {
        name: 'a',
        creationTimestamp: '2001-01-01T00:00:00Z',
        deletionTimestamp: '2001-01-01T00:00:00Z',
        generation: 9,
        managedFields: [{ manager: 'me' }],
      },
      data: { x: '1' },
    });
    expect(updated.metadata).toEqual({ ...metadata, resourceVersion: updated.metadata.resourceVersion });
    expect(updated).toMatchObject({ data: { x: '1' } });
  });

  test('the deletion of a terminating object stands, and it takes no new finalizers', async () => {
    const path = await configMaps();
    await fixture.client.create(path, { metadata: { name: 'a', finalizers: ['test/hold'] } });
    const terminating = await fixture.client.delete(`${path}/a`);
    expect(await fixture.client.patch(`${path}/a`, { metadata: { deletionTimestamp: null } })).toEqual(
      terminating,
    );
    const body = { metadata: { name: 'a', finalizers: ['test/hold', 'test/more'] } };
    const status = await fixture.client.refuse(422, `${path}/a`, { method: 'PUT', body });
    expect(status.message).toContain(
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"test/more"}',
    );
  });
});

describe('update: what changes nothing', () => {
  test('keeps the resourceVersion and is seen by no watch, by PUT, every patch and status', async () => {
    const group = 'noop.example.com';
    await fixture.define({
      group,
      plural: 'things',
      kind: 'Thing',
      scope: 'Cluster',
      versions: [{ name: 'v1', subresources: { status: {} } }],
    });
    const path = `/apis/${group}/v1/things`;
    const thing = { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name: 'a' }, spec: { x: 1 } };
    const created = await fixture.client.create(path, thing);
    const { resourceVersion } = created.metadata;
    const watch = await fixture.client.watch(`${path}?watch=1&resourceVersion=${resourceVersion}`);
    const patch = (type: string, body: unknown) =>
      fixture.client.call(`${path}/a`, {
        method: 'PATCH',
        headers: { 'content-type': `application/${type}+json` },
        body,
      });
    expect(await fixture.client.put(`${path}/a`, created)).toEqual(created);
    expect(await fixture.client.put(`${path}/a/status`, created)).toEqual(created);
    for (const reply of [
      await patch('merge-patch', {}),
      await patch('merge-patch', { spec: { x: 1 }, status: { ignored: true } }),
      await patch('json-patch', []),
      await patch('json-patch', [{ op: 'replace', path: '/spec/x', value: 1 }]),
    ]) {
      expect(reply.status).toBe(200);
      expect(JSON.parse(reply.text)).toEqual(created);
    }
    await fixture.client.patch(`${path}/a`, { spec: { x: 2 } });
    expect((await watch.next()).object).toMatchObject({ spec: { x: 2 } });
    watch.close();
  });
});

describe('update: generation', () => {
  test('of a custom resource counts changes outside metadata and status, and the deletion', async () => {
    const group = 'generation.example.com';
    await fixture.define({
      group,
      plural: 'things',
      kind: 'Thing',
      scope: 'Cluster',
      versions: [{ name: 'v1', subresources: { status: {} } }],
    });
    const path = `/apis/${group}/v1/things`;
    const metadata = { name: 'a', generation: 5, finalizers: ['test/hold'] };
    const thing = { apiVersion: `${group}/v1`, kind: 'Thing', metadata, spec: { x: 1 }, status: { no: 1 } };
    const created = await fixture.client.create(path, thing);
    expect(created.metadata.generation).toBe(1);
    expect(created).not.toHaveProperty('status');
    const generation = async (patch: unknown, subresource = '') =>
      (await fixture.client.patch(`${path}/a${subresource}`, patch)).metadata.generation;
    expect(await generation({ metadata: { labels: { a: 'b' } } })).toBe(1);
    expect(await generation({ status: { ready: true } }, '/status')).toBe(1);
    expect(await generation({ status: { ready: false } })).toBe(1);
    expect(await generation({ spec: { x: 2 } }, '/status')).toBe(1);
    expect(await generation({ spec: { x: 2 } })).toBe(2);
    const deleted = await fixture.client.delete(`${path}/a`);
    expect(deleted.metadata.generation).toBe(3);
    expect(deleted).toMatchObject({ spec: { x: 2 }, status: { ready: true } });
  });

  test('is absent for kinds without a spec that they keep apart', async () => {
    const namespace = await fixture.namespace();
    for (const plural of ['configmaps', 'secrets', 'serviceaccounts']) {
      const path = `/api/v1/namespaces/${namespace}/${plural}`;
      const created = await fixture.client.create(path, { metadata: { name: 'a', generation: 3 } });
      expect(created.metadata).not.toHaveProperty('generation');
    }
  });
});

describe('update: the status subresource', () => {
  test('takes status alone, and the main endpoint everything else', async () => {
    const group = 'status.example.com';
    const versions = [{ name: 'v1', subresources: { status: {} } }, { name: 'v2' }];
    await fixture.define({ group, plural: 'things', kind: 'Thing', scope: 'Cluster', versions });
    const path = `/apis/${group}/v1/things`;
    const thing = { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name: 'a' }, spec: { x: 1 } };
    const created = await fixture.client.create(path, thing);
    const changed = {
      ...created,
      metadata: { ...created.metadata, labels: { a: 'b' }, finalizers: ['test/hold'] },
      spec: { x: 2 },
      status: { ready: true },
    };
    const byStatus = await fixture.client.put(`${path}/a/status`, changed);
    const { resourceVersion, managedFields } = byStatus.metadata;
    expect(byStatus).toEqual({
      ...created,
      metadata: { ...created.metadata, resourceVersion, managedFields },
      status: { ready: true },
    });
    expect(await fixture.client.get(`${path}/a/status`)).toEqual(byStatus);
    const byMain = await fixture.client.put(`${path}/a`, {
      ...changed,
      metadata: { ...changed.metadata, resourceVersion: byStatus.metadata.resourceVersion },
      status: { ready: false },
    });
    expect(byMain).toMatchObject({
      metadata: { labels: { a: 'b' }, finalizers: ['test/hold'] },
      spec: { x: 2 },
      status: { ready: true },
    });
    await fixture.client.refuse(409, `${path}/a/status`, { method: 'PUT', body: changed });
    // A version without the subresource has a status like any other field, and no URL for it.
    await fixture.client.refuse(404, `/apis/${group}/v2/things/a/status`);
    const plain = await fixture.client.patch(`/apis/${group}/v2/things/a`, { status: { ready: 'changed' } });
    expect(plain).toMatchObject({ status: { ready: 'changed' } });
  });

  test('of a namespace and its finalizers are written through their own URLs', async () => {
    const name = await fixture.namespace();
    const path = `/api/v1/namespaces/${name}`;
    const namespace = await fixture.client.put(path, {
      metadata: { name },
      spec: { finalizers: ['test/other'] },
      status: { phase: 'Terminating' },
    });
    expect(namespace).toMatchObject({ spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } });
    const conditions = [{ type: 'Test', status: 'True', reason: 'R', message: 'm' }];
    const byStatus = await fixture.client.put(`${path}/status`, {
      metadata: { name },
      spec: { finalizers: ['test/other'] },
      status: { phase: 'Active', conditions },
    });
    expect(byStatus).toMatchObject({
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active', conditions },
    });
    const finalized = await fixture.client.put(`${path}/finalize`, {
      metadata: { name },
      spec: { finalizers: ['kubernetes', 'test/other'] },
      status: { phase: 'Terminating' },
    });
    expect(finalized).toMatchObject({
      spec: { finalizers: ['kubernetes', 'test/other'] },
      status: { phase: 'Active' },
    });
    await fixture.client.refuse(405, `${path}/finalize`);
  });
});

test('update: one that empties the finalizers of a terminating object ends it, seen as DELETED alone', async () => {
  const path = await configMaps();
  const { metadata } = await fixture.client.create(path, {
    metadata: { name: 'a', finalizers: ['test/hold'] },
  });
  const watch = await fixture.client.watch(`${path}?watch=1&resourceVersion=${metadata.resourceVersion}`);
  const terminating = await fixture.client.delete(`${path}/a`);
  const last = await fixture.client.put(`${path}/a`, { metadata: { name: 'a' }, data: { late: 'x' } });
  expect(last.metadata.uid).toBe(metadata.uid);
  const events = await watch.take(2);
  expect(events.map(brief)).toEqual(['MODIFIED a', 'DELETED a']);
  const [changed, deleted] = events.map(({ object }) => object.metadata);
  expect(changed).toEqual(terminating.metadata);
  expect(BigInt(deleted!.resourceVersion)).toBeGreaterThan(BigInt(changed!.resourceVersion));
  await fixture.client.refuse(404, `${path}/a`);
  watch.close();
});
