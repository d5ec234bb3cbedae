import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../src/base/mod.ts';
import { CRDS, crdOf } from '../conformance/suite.ts';
import type { KubeObject } from '../http/client.ts';
import { assertPrompt, statusOf, useArena } from './suite.ts';

const arena = useArena();
const CONFIG_MAPS = '/clusters/attacker/api/v1/namespaces/default/configmaps';
const THINGS = '/clusters/attacker/apis/patches.example/v1/namespaces/default/things';

beforeAll(async () => {
  const item = {
    type: 'object',
    required: ['name'],
    properties: { name: { type: 'string' }, value: { type: 'string' } },
  };
  const map = {
    type: 'array',
    items: item,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
  };
  const set = { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' };
  const spec = { type: 'object', properties: { map, set } };
  const version = { name: 'v1', schema: { openAPIV3Schema: { type: 'object', properties: { spec } } } };
  await arena.client.create(
    `${arena.attacker}${CRDS}`,
    crdOf({ group: 'patches.example', plural: 'things', kind: 'Thing', versions: [version] }),
  );
  await arena.client.until(THINGS, (_list, status) => status === 200);
  await arena.client.create(CONFIG_MAPS, { metadata: { name: 'target' }, data: { a: 'x'.repeat(10_000) } });
});
afterEach(() => arena.assertUnharmed());

function patch(path: string, type: string, body: unknown) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return arena.attack(path, { method: 'PATCH', headers: { 'content-type': type }, body: text });
}

function apply(name: string, manager: string, spec: unknown) {
  const body = { apiVersion: 'patches.example/v1', kind: 'Thing', metadata: { name }, spec };
  return patch(`${THINGS}/${name}?force=true&fieldManager=${manager}`, 'application/apply-patch+yaml', body);
}

const JSON_PATCH = 'application/json-patch+json';

describe('a patch in JSON steps', () => {
  test.each<[string, unknown]>([
    [
      'more than 10,000 steps',
      Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/kind', value: 'ConfigMap' })),
    ],
    [
      'copies that double',
      Array.from({ length: 40 }, () => ({ op: 'copy', from: '/data', path: '/data/x' })),
    ],
    [
      'copies of copies',
      Array.from({ length: 2_000 }, (_, index) => ({ op: 'copy', from: '/data/a', path: `/data/c${index}` })),
    ],
    [
      'an index beyond all lists',
      [
        { op: 'add', path: '/metadata/finalizers', value: [] },
        { op: 'add', path: '/metadata/finalizers/9999999999', value: 'a/b' },
      ],
    ],
    ['a path of a million steps', [{ op: 'add', path: '/a'.repeat(500_000), value: 1 }]],
    ['the prototype', [{ op: 'add', path: '/__proto__/polluted', value: 1 }]],
    ['the constructor', [{ op: 'add', path: '/constructor/prototype/polluted', value: 1 }]],
    ['itself moved into itself', [{ op: 'move', from: '/metadata', path: '/metadata/x' }]],
    ['no steps', { op: 'add' }],
    ['an unknown step', [{ op: 'exec', path: '/', value: 'id' }]],
  ])('with %s is refused, and quickly', async (_what, steps) => {
    await assertPrompt(40, async () => {
      statusOf(await patch(`${CONFIG_MAPS}/target`, JSON_PATCH, steps), [400, 413, 422]);
    });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('with as many steps as are allowed takes linear time', async () => {
    const steps = Array.from({ length: limits.jsonPatchOperationsMax }, (_, index) => ({
      op: 'add',
      path: `/data/k${index}`,
      value: '',
    }));
    await assertPrompt(60, async () => {
      const reply = await patch(`${CONFIG_MAPS}/target?dryRun=All`, JSON_PATCH, steps);
      expect(reply.status).toBe(200);
    });
    const inserts = Array.from({ length: limits.jsonPatchOperationsMax - 1 }, () => ({
      op: 'add',
      path: '/metadata/finalizers/0',
      value: 'a.b/c',
    }));
    const list = [{ op: 'add', path: '/metadata/finalizers', value: [] }, ...inserts];
    await assertPrompt(60, async () => {
      expect((await patch(`${CONFIG_MAPS}/target?dryRun=All`, JSON_PATCH, list)).status).toBeLessThan(500);
    });
  });
});

describe('a merged patch', () => {
  test.each(['application/merge-patch+json', 'application/strategic-merge-patch+json'])(
    'of hostile keys is data: %s',
    async (type) => {
      const body =
        '{"data":{"__proto__":"x"},"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
      expect((await patch(`${CONFIG_MAPS}/target?dryRun=All`, type, body)).status).toBeLessThan(500);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    },
  );

  test('with directives of strategic merges in odd places is refused or ignored', async () => {
    const type = 'application/strategic-merge-patch+json';
    const bodies = [
      { $patch: 'delete' },
      { $patch: 'replace', $retainKeys: ['a'] },
      { $patch: {} },
      { metadata: { '$deleteFromPrimitiveList/finalizers': 'x' } },
      {
        metadata: {
          '$setElementOrder/ownerReferences': Array.from({ length: 20_000 }, (_, i) => ({ uid: String(i) })),
        },
      },
      {
        metadata: { ownerReferences: Array.from({ length: 5_000 }, () => ({ $patch: 'delete', uid: 'x' })) },
      },
    ];
    for (const body of bodies) {
      await assertPrompt(40, async () => {
        const reply = await patch(`${CONFIG_MAPS}/target?dryRun=All`, type, body);
        // Upstream has a 500 for directives that it does not know.
        if (reply.status !== 200) statusOf(reply, [400, 422, 500]);
      });
    }
  });
});

describe('an apply', () => {
  const items = (count: number, value: string) =>
    Array.from({ length: count }, (_, index) => ({ name: `i${index}`, value }));

  test('of a list of thousands takes linear time, and lets others go first', async () => {
    const size = 8_000;
    await assertPrompt(60, async () => {
      expect((await apply('long', 'one', { map: items(size, 'a') })).status).toBeLessThan(300);
      expect((await apply('long', 'two', { map: items(size, 'b') })).status).toBeLessThan(300);
    });
    const set = Array.from({ length: size }, (_, index) => `s${index}`);
    await assertPrompt(60, async () => {
      expect((await apply('set', 'one', { set })).status).toBeLessThan(300);
    });
  }, 120_000);

  test('of an item twice is refused', async () => {
    const twice = await apply('twice', 'one', { map: [{ name: 'a' }, { name: 'a' }] });
    statusOf(twice, [422, 500]);
  });

  test('by ever new managers does not grow the object without end', async () => {
    let last = await apply('managers', 'm', { set: ['a'] });
    const count = 150;
    for (let index = 0; index < count; index++)
      last = await apply('managers', `manager-${index}`, { set: ['a'] });
    const refused = last.status >= 400;
    const { metadata } = await arena.client.get<
      KubeObject & { metadata: { managedFields?: readonly unknown[] } }
    >(`${THINGS}/managers`);
    expect(metadata.managedFields?.length).toBeLessThanOrEqual(limits.fieldManagersMax);
    expect(refused).toBe(true);
  });

  test('by updates of ever new managers neither', async () => {
    const path = `${CONFIG_MAPS}/updated`;
    await arena.client.create(CONFIG_MAPS, { metadata: { name: 'updated' }, data: { a: 'b' } });
    for (let index = 0; index < 40; index++) {
      const headers = 'application/merge-patch+json';
      await patch(`${path}?fieldManager=u${index}`, headers, { data: { [`k${index}`]: 'x' } });
    }
    const { metadata } = await arena.client.get<
      KubeObject & { metadata: { managedFields?: readonly unknown[] } }
    >(path);
    expect(metadata.managedFields?.length).toBeLessThanOrEqual(12);
  });

  test.each<[string, unknown]>([
    [
      'many',
      Array.from({ length: 20_000 }, (_, i) => ({
        manager: `m${i}`,
        operation: 'Update',
        apiVersion: 'v1',
        fieldsType: 'FieldsV1',
        fieldsV1: {},
        time: '2026-01-01T00:00:00Z',
      })),
    ],
    [
      'deep',
      [
        {
          manager: 'm',
          operation: 'Update',
          apiVersion: 'v1',
          fieldsType: 'FieldsV1',
          fieldsV1: JSON.parse(`${'{"f:a":'.repeat(80)}{}${'}'.repeat(80)}`) as unknown,
        },
      ],
    ],
    [
      'hostile',
      [
        {
          manager: 'm',
          operation: 'Update',
          apiVersion: 'v1',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:__proto__': {}, 'k:{"a":1': {}, 'i:-1': {}, 'x:y': {}, 'v:{': {} },
        },
      ],
    ],
    ['of no form', [1, null, 'x', {}]],
  ])('is not fooled by managed fields that the client wrote: %s', async (_what, managedFields) => {
    const body = { metadata: { generateName: 'managed-', managedFields } };
    await assertPrompt(40, async () => {
      expect((await arena.attack(CONFIG_MAPS, { method: 'POST', body })).status).toBeLessThan(500);
    });
  });
});
