import { afterEach, describe, expect, test } from 'vitest';
import { type LogicalCluster, limits } from '../../src/base/mod.ts';
import { CRDS, crdOf } from '../conformance/suite.ts';
import { assertPrompt, useArena } from './suite.ts';

const arena = useArena();

afterEach(() => arena.assertUnharmed());

/** A workspace with so many definitions, put into the store as copies of one: to create them takes a while. */
async function workspaceWith(name: string, copies: readonly string[], large = ''): Promise<string> {
  const { server, client } = arena;
  const path = await server.createCluster(name);
  const crd = crdOf({ group: 'seed.example', plural: 'seeds', kind: 'Seed' });
  await client.create(`${path}${CRDS}`, {
    ...crd,
    metadata: { name: 'seeds.seed.example', annotations: { large } },
  });
  const { store } = server.api;
  const collection = {
    cluster: name as LogicalCluster,
    group: 'apiextensions.k8s.io',
    resource: 'customresourcedefinitions',
    identity: '',
    namespace: '',
  };
  const row = store.newest({ ...collection, name: 'seeds.seed.example' });
  if (row === undefined) throw new Error('the definition was not stored');
  const perCommit = large === '' ? copies.length : 10;
  for (let start = 0; start < copies.length; start += perCommit) {
    await store.commit({
      mutations: copies.slice(start, start + perCommit).map((copy) => ({
        key: { ...collection, name: copy },
        expected: 0,
        row,
      })),
      actor: 'test',
      originRegion: server.api.region,
    });
  }
  return path;
}

function post(path: string, group: string, more: Readonly<Record<string, unknown>> = {}) {
  const body = { ...crdOf({ group, plural: 'things', kind: 'Thing' }), ...more };
  return arena.client.call(`${path}${CRDS}`, { method: 'POST', body });
}

describe('a workspace', () => {
  test('has so many definitions and no more', async () => {
    const copies = Array.from(
      { length: limits.customResourceDefinitionsMax - 2 },
      (_, index) => `a${index}.seed.example`,
    );
    const path = await workspaceWith('many', copies);
    expect((await post(path, 'seed.example')).status).toBe(201);
    const refused = await post(path, 'other.example');
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('at most 1000 of them')]);
    await arena.client.delete(`${path}${CRDS}/things.seed.example`);
    await arena.client.untilGone(`${path}${CRDS}/things.seed.example`);
    expect((await post(path, 'other.example')).status).toBe(201);
  });

  test('has them in so many groups and no more', async () => {
    const copies = Array.from(
      { length: limits.customResourceGroupsMax - 1 },
      (_, index) => `as.g${index}.example`,
    );
    const path = await workspaceWith('groups', copies);
    const refused = await post(path, 'one-more.example');
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('in at most 200 groups')]);
    expect((await post(path, 'g0.example')).status).toBe(201);
  });

  test('has so many bytes of them and no more, however they come', async () => {
    const large = 'x'.repeat(250_000);
    const count = Math.floor(limits.customResourceDefinitionsBytesMax / (large.length + 2_000)) - 1;
    const copies = Array.from({ length: count }, (_, index) => `b${index}.seed.example`);
    const path = await workspaceWith('bytes', copies, large);
    const annotated = { metadata: { name: 'things.large.example', annotations: { large } } };
    const refused = await post(path, 'large.example', annotated);
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('bytes of them')]);
    // Nor does a small one grow afterwards.
    expect((await post(path, 'large.example')).status).toBe(201);
    const patch = { method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' } };
    const grown = await arena.client.call(`${path}${CRDS}/things.large.example`, {
      ...patch,
      body: { metadata: { annotations: { large } } },
    });
    expect([grown.status, grown.text]).toEqual([403, expect.stringContaining('bytes of them')]);
  });
});

describe('a definition', () => {
  test('has so many versions and schemas and no more', async () => {
    const versions = Array.from({ length: limits.definitionVersionsMax + 1 }, (_, index) => ({
      name: `v${index + 1}`,
    }));
    const many = crdOf({ group: 'versions.example', plural: 'things', kind: 'Thing', versions });
    await arena.refused([403], `${arena.attacker}${CRDS}`, { method: 'POST', body: many });
    const properties = Object.fromEntries(
      Array.from({ length: limits.definitionSchemasMax }, (_, index) => [`p${index}`, { type: 'string' }]),
    );
    const schema = { openAPIV3Schema: { type: 'object', properties } };
    const wide = crdOf({
      group: 'wide.example',
      plural: 'things',
      kind: 'Thing',
      versions: [{ name: 'v1', schema }],
    });
    await assertPrompt(40, async () => {
      await arena.refused([422], `${arena.attacker}${CRDS}`, { method: 'POST', body: wide });
    });
  });

  test('as large as it may be leaves others served while it is made, shown and used', async () => {
    const count = limits.definitionSchemasMax / 2;
    const names = Array.from({ length: count }, (_, index) => `p${index}`);
    const spec = {
      type: 'object',
      properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
    };
    const schema = { openAPIV3Schema: { type: 'object', properties: { spec } } };
    const crd = crdOf({
      group: 'large.example',
      plural: 'things',
      kind: 'Thing',
      versions: [{ name: 'v1', schema }],
    });
    const things = `${arena.attacker}/apis/large.example/v1/namespaces/default/things`;
    await assertPrompt(60, async () => {
      await arena.attack(`${arena.attacker}${CRDS}`, { method: 'POST', body: crd });
      await arena.client.until(things, (_list, status) => status === 200);
    });
    const object = {
      apiVersion: 'large.example/v1',
      kind: 'Thing',
      metadata: { generateName: 'a-' },
      spec: Object.fromEntries(names.map((name) => [name, 'x'])),
    };
    await assertPrompt(60, async () => {
      expect((await arena.attack(things, { method: 'POST', body: object })).status).toBe(201);
    });
  });
});

test('documents that a hundred ask for at once are made once, and hold nobody up', async () => {
  const paths = ['/openapi/v2', '/openapi/v3', '/openapi/v3/apis/apps/v1', '/apis', '/api/v1'];
  await assertPrompt(60, async () => {
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        arena.attack(`${arena.attacker}${paths[index % paths.length]}`),
      ),
    );
    expect(replies.filter(({ status }) => status >= 500)).toEqual([]);
  });
});
