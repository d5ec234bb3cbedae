import { describe, expect, test } from 'vitest';
import { brief } from '../http/client.ts';
import { useMember } from './suite.ts';

const fixture = useMember();

describe('events', () => {
  test('of both groups are the same objects, each in its own fields', async () => {
    const namespace = await fixture.namespace();
    const core = `/api/v1/namespaces/${namespace}/events`;
    const modern = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
    const watch = await fixture.client.watch(`${modern}?watch=1&fieldSelector=regarding.name%3Dthing`);
    const created = await fixture.client.create(core, {
      metadata: { name: 'a' },
      involvedObject: { kind: 'Thing', namespace, name: 'thing' },
      reason: 'Tested',
      message: 'text',
      source: { component: 'tester' },
      type: 'Normal',
      count: 2,
    });
    const seen = await fixture.client.get(`${modern}/a`);
    expect(seen).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      regarding: { kind: 'Thing', name: 'thing' },
      note: 'text',
      deprecatedCount: 2,
      deprecatedSource: { component: 'tester' },
    });
    expect(seen.metadata).toEqual(created.metadata);
    const added = await watch.next();
    expect(brief(added)).toBe('ADDED a');
    expect(added.object).toEqual(seen);
    watch.close();
    await fixture.client.delete(`${modern}/a`);
    await fixture.client.refuse(404, `${core}/a`);
  });

  test('in lists carry neither kind nor apiVersion, in either group, like all typed items', async () => {
    const namespace = await fixture.namespace();
    const core = `/api/v1/namespaces/${namespace}/events`;
    await fixture.client.create(core, { metadata: { name: 'a' }, involvedObject: { namespace } });
    for (const path of [core, `/apis/events.k8s.io/v1/namespaces/${namespace}/events`]) {
      for (const query of ['', '?limit=5']) {
        const { items } = await fixture.client.list(`${path}${query}`);
        expect(items).toHaveLength(1);
        expect(items[0]).not.toHaveProperty('kind');
        expect(items[0]).not.toHaveProperty('apiVersion');
      }
    }
  });
});

describe('service accounts', () => {
  test('are not made by a POST to something below one', async () => {
    const path = `/api/v1/namespaces/${await fixture.namespace()}/serviceaccounts`;
    await fixture.client.create(path, { metadata: { name: 'a' } });
    const body = { metadata: { name: 'b' }, spec: { audiences: ['x'] } };
    await fixture.client.refuse(422, `${path}/a/token`, { method: 'POST', body });
    const issued = await fixture.client.create(`${path}/a/token`, { spec: { audiences: ['x'] } });
    expect(issued).toMatchObject({ kind: 'TokenRequest', metadata: { name: 'a' } });
    await fixture.client.refuse(404, `${path}/b`);
    const { items } = await fixture.client.list(path);
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['a']);
  });
});

describe('secrets', () => {
  test('take stringData in and never show it', async () => {
    const path = `/api/v1/namespaces/${await fixture.namespace()}/secrets`;
    const body = { metadata: { name: 'a' }, stringData: { x: 'new' }, data: { x: 'b2xk', y: 'eQ==' } };
    const created = await fixture.client.create(path, body);
    expect(created).toMatchObject({ type: 'Opaque', data: { x: 'bmV3', y: 'eQ==' } });
    expect(created).not.toHaveProperty('stringData');
    const patched = await fixture.client.patch(`${path}/a`, { stringData: { y: 'z' } });
    expect(patched).toMatchObject({ data: { x: 'bmV3', y: 'eg==' } });
  });

  test('keep their type, and when immutable their data', async () => {
    const path = `/api/v1/namespaces/${await fixture.namespace()}/secrets`;
    await fixture.client.create(path, { metadata: { name: 'a' }, data: { x: 'eA==' }, immutable: true });
    const headers = { 'content-type': 'application/merge-patch+json' };
    for (const [body, field] of [
      [{ type: 'other' }, 'type: Invalid value: "other": field is immutable'],
      [{ data: { x: 'eQ==' } }, 'data: Forbidden: field is immutable when `immutable` is set'],
      [{ immutable: null }, 'immutable: Forbidden: field is immutable when `immutable` is set'],
    ] as const) {
      const status = await fixture.client.refuse(422, `${path}/a`, { method: 'PATCH', headers, body });
      expect(status.message).toContain(field);
    }
    await fixture.client.patch(`${path}/a`, { metadata: { labels: { still: 'mine' } } });
  });
});

test('a role binding keeps its role', async () => {
  const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${await fixture.namespace()}/rolebindings`;
  const apiGroup = 'rbac.authorization.k8s.io';
  await fixture.client.create(path, {
    metadata: { name: 'a' },
    roleRef: { kind: 'Role', name: 'x', apiGroup },
    subjects: [{ kind: 'User', name: 'u' }],
  });
  const status = await fixture.client.refuse(422, `${path}/a`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json' },
    body: { roleRef: { name: 'y' } },
  });
  expect(status.message).toContain('cannot change roleRef');
});

test('quantities are stored in their canonical form', async () => {
  const path = `/api/v1/namespaces/${await fixture.namespace()}/resourcequotas`;
  const hard = { configmaps: '1000m', cpu: '0.5', 'requests.memory': '1024Mi' };
  expect(await fixture.client.create(path, { metadata: { name: 'a' }, spec: { hard } })).toMatchObject({
    spec: { hard: { configmaps: '1', cpu: '500m', 'requests.memory': '1Gi' } },
  });
});
