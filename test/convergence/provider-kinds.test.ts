import { beforeAll, describe, expect, test, vi } from 'vitest';
import { companionPut, documentKey, readDocumentRow } from '../../src/api/mod.ts';
import { type LogicalCluster, ROOT_CLUSTER, VirtualClock } from '../../src/base/mod.ts';
import {
  BOUND_CRDS_CLUSTER,
  builtinDefinition,
  collectionOf,
  crdFromSchema,
  type Definition,
  isConvergent,
  systemDefinition,
} from '../../src/definitions/mod.ts';
import { type KubeObject, parseJson } from '../../src/machinery/mod.ts';
import { WaitingDocuments } from '../../src/region/convergence/waiting-documents.ts';
import type { MemoryKeyValue, ObjectKey, Row } from '../../src/store/mod.ts';
import { schemaOf } from '../exports/suite.ts';
import { exchangeAll, foundedRoot, jsonOf, OffsetClock, Region, SCHEMAS } from './regions.suite.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const IDENTITY = 'ab'.repeat(32);
const time = new VirtualClock();
let root: MemoryKeyValue;
let members = 0;

beforeAll(async () => {
  root = await foundedRoot(new OffsetClock(time));
});

async function open(name: string, options: Partial<Parameters<typeof Region.open>[0]> = {}): Promise<Region> {
  members += 1;
  await time.advance(1_000);
  const isHome = name === 'eu';
  const clock = new OffsetClock(time);
  const region = await Region.open({
    ...{ name, member: members, root, regions: ['eu', 'us'], isHome, isBurying: isHome, clock },
    ...options,
  });
  await bind(region);
  return region;
}

async function openBoth(): Promise<{ readonly eu: Region; readonly us: Region }> {
  return { eu: await open('eu'), us: await open('us') };
}

const heal = (...regions: Region[]) => exchangeAll(time, regions);

const conditionFields = ['type', 'status', 'reason', 'message', 'lastTransitionTime'];
const conditions = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
  items: {
    type: 'object',
    required: ['type'],
    properties: Object.fromEntries(conditionFields.map((name) => [name, { type: 'string' }])),
  },
};
const spec = {
  type: 'object',
  properties: { color: { type: 'string' }, size: { type: 'integer' }, note: { type: 'string' } },
};

/** Kinds that providers have chosen to converge: they differ in where their objects lie, and in what a status has. */
function kindOf(
  plural: string,
  options: { readonly scope: 'Cluster' | 'Namespaced'; readonly status: object },
) {
  const names = { group: 'example.com', plural, kind: plural.slice(0, -1) };
  const status = { type: 'object', ...options.status };
  const schema = jsonOf(
    schemaOf({
      ...names,
      scope: options.scope,
      annotations: { 'planet.antipode.dev/consistency': 'Convergent' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { type: 'object', properties: { spec, status } },
        },
      ],
    }),
  ) as KubeObject;
  schema.metadata.uid = `schema-of-${plural}`;
  return {
    schema,
    definition: {
      ...SCHEMAS,
      group: names.group,
      names: { ...SCHEMAS.names, plural, kind: names.kind },
      scope: options.scope,
      storageVersion: 'v1',
    } as Definition,
    object: (name: string, more: object = {}) => {
      const metadata = { name, ...(more as { metadata?: object }).metadata };
      return jsonOf({ apiVersion: 'example.com/v1', kind: names.kind, ...more, metadata });
    },
  };
}

const GADGETS = kindOf('gadgets', { scope: 'Cluster', status: { properties: { conditions } } });
// A condition would make such a status one that nobody can write any more.
const GIZMOS = kindOf('gizmos', {
  scope: 'Namespaced',
  status: { properties: { conditions, phase: { type: 'string' } }, required: ['phase'] },
});
const KINDS = [GADGETS, GIZMOS];

const BINDINGS = systemDefinition('apis.kcp.io', 'apibindings')!;
const CRDS = builtinDefinition('apiextensions.k8s.io', 'customresourcedefinitions')!;
const BINDING_KEY: ObjectKey = { ...collectionOf(ROOT_CLUSTER, BINDINGS), namespace: '', name: 'shared' };

/** What the shard has once the logical cluster is bound. */
async function bind({ api, store }: Region): Promise<void> {
  const boundResources = KINDS.map(({ schema, definition }) => ({
    group: definition.group,
    resource: definition.names.plural,
    schema: { UID: schema.metadata.uid, identityHash: IDENTITY, name: schema.metadata.name },
    storageVersions: ['v1'],
  }));
  const binding = jsonOf({
    apiVersion: 'apis.kcp.io/v1alpha2',
    kind: 'APIBinding',
    metadata: { name: 'shared', uid: 'binding', creationTimestamp: '2026-01-01T00:00:00Z', generation: 1 },
    spec: { reference: { export: { name: 'shared' } } },
    status: { phase: 'Bound', apiExportClusterName: 'root', boundResources },
  }) as KubeObject;
  const now = '2026-01-01T00:00:00Z';
  const shadows = KINDS.flatMap(({ schema }) => {
    const name = schema.metadata.uid!;
    const key = { ...collectionOf(BOUND_CRDS_CLUSTER, CRDS), namespace: '', name };
    if (store.newest(key) !== undefined) return [];
    return [
      companionPut(api, { definition: CRDS, key, object: crdFromSchema(schema, { cluster: 'root', now }) }),
    ];
  });
  const own = companionPut(api, { definition: BINDINGS, key: BINDING_KEY, object: binding });
  const mutations = [...shadows, own].map(({ mutation }) => mutation);
  await store.commit({ mutations, actor: 'test', originRegion: '' });
}

/** What the shard has once the binding is gone. */
async function unbind({ store }: Region): Promise<void> {
  const expected = store.newest(BINDING_KEY)!.revision;
  await store.commit({ mutations: [{ key: BINDING_KEY, expected }], actor: 'test', originRegion: '' });
}

function keyOf(kind: typeof GADGETS, name: string, namespace = ''): ObjectKey {
  const { group, names } = kind.definition;
  const identity = `convergent.${IDENTITY}`;
  return { cluster: ROOT_CLUSTER, group, resource: names.plural, identity, namespace, name };
}

function objectIn(region: Region, key: ObjectKey): KubeObject | undefined {
  const row: Row | undefined = region.store.get(key);
  return row && (parseJson(row.json).value as KubeObject);
}

describe('objects of an API whose provider has chosen that they converge', () => {
  test('are kept under a key that says so by itself, whoever has heard of the API', async () => {
    const { eu } = await openBoth();
    await eu.create(GADGETS.definition, GADGETS.object('one'));
    const found = eu.api.registry.find(ROOT_CLUSTER, 'example.com', 'gadgets')!.definition;
    const key = keyOf(GADGETS, 'one');
    expect({ ...collectionOf(ROOT_CLUSTER, found), namespace: '', name: 'one' }).toEqual(key);
    expect(found.identity).toBe(IDENTITY);
    expect(isConvergent(key)).toBe(true);
    expect(isConvergent({ ...key, identity: IDENTITY })).toBe(false);
    expect(eu.store.logOf(key)).toBe('convergent-eu');
    const elsewhere = { ...key, cluster: 'nobody-knows' as LogicalCluster };
    expect(eu.store.logOf(elsewhere)).toBe('convergent-eu');
    expect(eu.store.get(key)?.document).toBeDefined();
  });

  test('keep what both sides of a cut have written, and tell what collided', async () => {
    const { eu, us } = await openBoth();
    await eu.create(GADGETS.definition, GADGETS.object('one', { spec: { color: 'red', size: 1 } }));
    await heal(eu, us);
    await eu.patch(GADGETS.definition, 'one', jsonOf({ spec: { color: 'green', note: 'eu' } }));
    await time.advance(10);
    await us.patch(GADGETS.definition, 'one', jsonOf({ spec: { size: 2, note: 'us' } }));
    await us.patch(GADGETS.definition, 'one', jsonOf({ status: { conditions: [] } }), 'status');
    await heal(eu, us);
    const key = keyOf(GADGETS, 'one');
    const merged = objectIn(eu, key)!;
    expect(merged['spec']).toEqual({ color: 'green', size: 2, note: 'us' });
    expect(merged['status']).toMatchObject({ conditions: [{ type: 'Conflict', status: 'True' }] });
    expect(us.store.get(key)!.json.equals(eu.store.get(key)!.json)).toBe(true);
  });

  test('tell it in an annotation where a condition would not fit the status', async () => {
    const { eu, us } = await openBoth();
    const key = keyOf(GIZMOS, 'one', 'default');
    for (const region of [eu, us]) {
      await region.create(GIZMOS.definition, GIZMOS.object('one'), ROOT_CLUSTER, 'default');
      await time.advance(10);
    }
    await heal(eu, us);
    expect(us.store.get(key)!.json.equals(eu.store.get(key)!.json)).toBe(true);
    const shown = objectIn(eu, key)!;
    expect(shown['status']).toBeUndefined();
    expect(shown.metadata.annotations?.['planet.antipode.dev/conflict']).toContain('the same name was given');
  });

  test('wait for the binding where they come before it, and are there as soon as it is', async () => {
    const { eu, us } = await openBoth();
    await unbind(us);
    const problems: string[] = [];
    const waiting = new WaitingDocuments({
      api: us.api,
      merger: us.merger,
      clock: time,
      problem: (detail) => problems.push(detail),
    });
    await eu.create(GADGETS.definition, GADGETS.object('early'));
    await eu.sendTo(us);
    const key = keyOf(GADGETS, 'early');
    const { uid } = eu.store.get(key)!;
    expect(us.store.get(key)).toBeUndefined();
    expect(readDocumentRow(us.store.get(documentKey(uid))!)?.state).toBe('waiting');
    await bind(us);
    for (let turns = 0; turns < 100 && us.store.get(key) === undefined; turns++) await time.advance(20);
    expect(objectIn(us, key)?.metadata.name).toBe('early');
    expect(us.store.get(documentKey(uid))).toBeUndefined();
    expect(problems).toEqual([]);
    await waiting.close();
  });

  test('are gone with their binding, also if a region that had not heard of that wrote them', async () => {
    const { eu, us } = await openBoth();
    await eu.create(GADGETS.definition, GADGETS.object('known'));
    await heal(eu, us);
    await eu.remove(GADGETS.definition, 'known');
    await unbind(eu);
    await us.create(GADGETS.definition, GADGETS.object('late'));
    await us.patch(GADGETS.definition, 'known', jsonOf({ spec: { size: 9 } }));
    // Here the binding goes before what the home says of its objects comes.
    await unbind(us);
    await heal(eu, us);
    for (const region of [eu, us]) {
      for (const name of ['known', 'late']) expect(region.store.get(keyOf(GADGETS, name))).toBeUndefined();
      const states = (await region.documents()).map(({ row }) => readDocumentRow(row)?.state);
      expect(states).toEqual(['tombstone', 'tombstone']);
    }
    // Nor do they come up again with the next one.
    for (const region of [eu, us]) await bind(region);
    await heal(eu, us);
    expect(us.store.get(keyOf(GADGETS, 'late'))).toBeUndefined();
  });

  test('are gone with their namespace, also if a region that had not heard of that wrote them', async () => {
    const { eu, us } = await openBoth();
    const namespaces = builtinDefinition('', 'namespaces')!;
    const key: ObjectKey = { ...collectionOf(ROOT_CLUSTER, namespaces), namespace: '', name: 'short' };
    await us.create(namespaces, jsonOf({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'short' } }));
    await us.create(GIZMOS.definition, GIZMOS.object('late'), ROOT_CLUSTER, 'short');
    expect(eu.store.get(key)).toBeUndefined();
    await heal(eu, us);
    for (const region of [eu, us]) expect(region.store.get(keyOf(GIZMOS, 'late', 'short'))).toBeUndefined();
  });

  test('are gone when one region has deleted them, and the home has taken the last finalizer off meanwhile', async () => {
    const { eu, us } = await openBoth();
    const held = GADGETS.object('held', { metadata: { finalizers: ['example.com/hold'] } });
    await eu.create(GADGETS.definition, held);
    await heal(eu, us);
    const key = keyOf(GADGETS, 'held');
    await us.remove(GADGETS.definition, 'held');
    expect(objectIn(us, key)?.metadata.deletionTimestamp).toBeDefined();
    await expect(
      us.patch(GADGETS.definition, 'held', jsonOf({ metadata: { finalizers: null } })),
    ).rejects.toThrow("can be changed only in the region that is home of the object's logical cluster");
    await eu.patch(GADGETS.definition, 'held', jsonOf({ metadata: { finalizers: null } }));
    await heal(eu, us);
    for (const region of [eu, us]) expect(region.store.get(key)).toBeUndefined();
  });
});
