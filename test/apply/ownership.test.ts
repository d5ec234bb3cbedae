import { beforeAll, describe, expect, test } from 'vitest';
import { useMember } from '../conformance/suite.ts';
import { configMap } from '../http/client.ts';
import { ownersOf, Voyages } from './voyage.ts';

const fixture = useMember();
const voyages = new Voyages(fixture, 'ownership.example.com');
beforeAll(() => voyages.define());

const CRUD = '/api/v1/namespaces/default/configmaps';

describe('ownership of what is created', () => {
  test('is of every field, defaults and containers included, and of no field that the server sets', async () => {
    const created = await voyages.create(
      voyages.name(),
      {
        metadata: {
          labels: { l: '1' },
          finalizers: ['example.com/hold'],
          ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'c', uid: 'u' }],
        },
        spec: {
          from: 'here',
          note: null,
          anything: { deep: { list: [1, { x: 1 }] } },
          tags: { t: '1' },
          sealed: { s: '1' },
          route: ['a', 'b'],
          crew: ['c'],
          stops: [{ port: 'p' }],
          ship: {},
        },
        status: { ignored: true },
      },
      'maker',
    );
    expect(ownersOf(created)).toEqual({
      'maker Update': {
        'f:metadata': {
          'f:finalizers': { '.': {}, 'v:"example.com/hold"': {} },
          'f:labels': { '.': {}, 'f:l': {} },
          'f:ownerReferences': { '.': {}, 'k:{"uid":"u"}': {} },
        },
        'f:spec': {
          '.': {},
          'f:anything': { '.': {}, 'f:deep': { '.': {}, 'f:list': {} } },
          'f:crew': { '.': {}, 'v:"c"': {} },
          'f:days': {},
          'f:from': {},
          'f:note': {},
          'f:route': {},
          'f:sealed': {},
          'f:ship': { '.': {}, 'f:masts': {} },
          'f:stops': {
            '.': {},
            'k:{"port":"p","side":"north"}': { '.': {}, 'f:port': {}, 'f:side': {} },
          },
          'f:tags': { '.': {}, 'f:t': {} },
        },
      },
    });
    const [entry] = created.metadata.managedFields!;
    expect(entry).toMatchObject({ apiVersion: `${voyages.group}/v1`, fieldsType: 'FieldsV1' });
    expect(entry!.time).toBe(created.metadata.creationTimestamp);
  });

  test('of a built-in kind has no marks on structs that are always there', async () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'owned' } };
    const created = await fixture.client.create('/api/v1/namespaces?fieldManager=maker', namespace);
    expect(ownersOf(created)).toEqual({
      'maker Update': { 'f:metadata': { 'f:labels': { '.': {}, 'f:kubernetes.io/metadata.name': {} } } },
    });
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { k: 'v' } };
    const stored = await fixture.client.create(
      `${CRUD.replace('configmaps', 'secrets')}?fieldManager=m`,
      secret,
    );
    expect(ownersOf(stored)).toEqual({ 'm Update': { 'f:data': { '.': {}, 'f:k': {} }, 'f:type': {} } });
  });

  test('takes the first part of the User-Agent for a name where none is given', async () => {
    const headers = { 'user-agent': 'my-tool/1.0 (linux)' };
    const body = configMap('agent', { data: { x: '1' } });
    const reply = await fixture.client.call(CRUD, { method: 'POST', headers, body });
    expect(ownersOf(JSON.parse(reply.text))).toEqual({
      'my-tool Update': { 'f:data': { '.': {}, 'f:x': {} } },
    });
  });

  test('is not kept for an object that began without any field', async () => {
    await fixture.client.create(CRUD, configMap('bare'));
    const patched = await fixture.client.patch(`${CRUD}/bare`, { data: { x: '1' } });
    expect(patched.metadata.managedFields).toBeUndefined();
  });
});

describe('ownership after an update', () => {
  test('moves to whoever changes a field, and goes with the field', async () => {
    const name = voyages.name();
    await voyages.create(name, { spec: { from: 'a', to: 'b', tags: { x: '1', y: '1' } } }, 'first');
    const changed = await voyages.patch(name, { spec: { to: 'c', tags: { y: null, z: '1' } } }, 'second');
    expect(ownersOf(changed)).toEqual({
      'first Update': { 'f:spec': { '.': {}, 'f:days': {}, 'f:from': {}, 'f:tags': { '.': {}, 'f:x': {} } } },
      'second Update': { 'f:spec': { 'f:tags': { 'f:z': {} }, 'f:to': {} } },
    });
  });

  test('stays as it is when nothing changes, as do resourceVersion and times', async () => {
    const name = voyages.name();
    const created = await voyages.create(name, { spec: { from: 'a' } }, 'first');
    expect(await voyages.patch(name, { spec: { from: 'a' } }, 'second')).toEqual(created);
    expect(await fixture.client.put(`${voyages.path(name)}?fieldManager=third`, created)).toEqual(created);
  });

  test('through /status is of status and metadata, and named apart from the same manager elsewhere', async () => {
    const name = voyages.name();
    await voyages.create(name, { spec: { from: 'a' } }, 'same');
    const body = { status: { phase: 'away' }, spec: { from: 'ignored' } };
    expect(ownersOf(await voyages.patch(name, body, 'same', '/status'))).toEqual({
      'same Update': { 'f:spec': { '.': {}, 'f:days': {}, 'f:from': {} } },
      'same Update/status': { 'f:status': { '.': {}, 'f:phase': {} } },
    });
  });

  test('does not count what reads alone show', async () => {
    const created = await fixture.client.create(`${CRUD}?fieldManager=first`, configMap('shown'));
    const again = await fixture.client.put(`${CRUD}/shown?fieldManager=second`, created);
    expect(again).toEqual(created);
    expect(JSON.stringify(again.metadata.managedFields ?? [])).not.toContain('kcp.io');
  });

  test('of more than ten managers merges the oldest into ancient-changes', async () => {
    const name = voyages.name();
    await voyages.create(name, { spec: {} }, 'm0');
    let object = await voyages.patch(name, { spec: { tags: { k1: '1' } } }, 'm1');
    for (let index = 2; index <= 11; index++) {
      object = await voyages.patch(name, { spec: { tags: { [`k${index}`]: '1' } } }, `m${index}`);
    }
    const owners = ownersOf(object);
    expect(Object.keys(owners)).toHaveLength(10);
    expect(owners['ancient-changes Update']).toMatchObject({ 'f:spec': { 'f:tags': { 'f:k1': {} } } });
    expect(owners).toHaveProperty(['m11 Update']);
  });
});

describe('managed fields that a client writes', () => {
  test('replace what was known: a manager can be renamed', async () => {
    const name = voyages.name();
    await voyages.create(name, { spec: { from: 'a' } }, 'old');
    const steps = [{ op: 'replace', path: '/metadata/managedFields/0/manager', value: 'new' }];
    const reply = await fixture.client.call(voyages.path(name), {
      method: 'PATCH',
      headers: { 'content-type': 'application/json-patch+json' },
      body: steps,
    });
    expect(Object.keys(ownersOf(JSON.parse(reply.text)))).toEqual(['new Update']);
  });

  test('of one empty entry forget all owners, until an apply begins anew with before-first-apply', async () => {
    const name = voyages.name();
    await voyages.create(name, { spec: { from: 'a', to: 'b' } }, 'first');
    const forgotten = await voyages.patch(name, { metadata: { managedFields: [{}] } }, 'second');
    expect(forgotten.metadata.managedFields).toBeUndefined();
    const changed = await voyages.patch(name, { spec: { from: 'c' } }, 'second');
    expect(changed.metadata.managedFields).toBeUndefined();
    const refused = await voyages.refuse(409, name, { spec: { from: 'd' } }, 'applier');
    expect(refused.message).toContain('conflict with "before-first-apply"');
    const applied = await voyages.apply(name, { spec: { from: 'c' } }, 'applier');
    expect(ownersOf(applied)).toEqual({
      'applier Apply': { 'f:spec': { 'f:from': {} } },
      'before-first-apply Update': { 'f:spec': { '.': {}, 'f:days': {}, 'f:from': {}, 'f:to': {} } },
    });
  });

  test('as an empty list forget them for built-in kinds', async () => {
    await fixture.client.create(`${CRUD}?fieldManager=first`, configMap('reset', { data: { x: '1' } }));
    const patched = await fixture.client.patch(`${CRUD}/reset`, { metadata: { managedFields: [] } });
    expect(patched.metadata.managedFields).toBeUndefined();
  });

  test('that cannot be read change nothing, nor do those sent through a subresource', async () => {
    const name = voyages.name();
    const created = await voyages.create(name, { spec: { from: 'a' } }, 'first');
    const bad = [{ manager: 'x', operation: 'Fly', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: {} }];
    expect(await voyages.patch(name, { metadata: { managedFields: bad } }, 'second')).toEqual(created);
    const none = { metadata: { managedFields: [{}] } };
    expect(await voyages.patch(name, none, 'second', '/status')).toEqual(created);
  });

  test('of a version that is gone are dropped', async () => {
    const name = voyages.name();
    await voyages.create(name, { spec: { from: 'a' } }, 'first');
    const entry = {
      manager: 'old',
      operation: 'Apply',
      apiVersion: `${voyages.group}/v0`,
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:spec': { 'f:from': {} } },
    };
    const patched = await voyages.patch(
      name,
      { metadata: { managedFields: [entry] }, spec: { to: 'b' } },
      'new',
    );
    expect(ownersOf(patched)).toEqual({ 'new Update': { 'f:spec': { 'f:to': {} } } });
  });
});
