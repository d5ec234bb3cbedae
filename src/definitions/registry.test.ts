import { describe, expect, test } from 'vitest';
import { type LogicalCluster, type ShardName, systemClock, systemRandom } from '../base/mod.ts';
import { encodeJson, type JsonObject, type KubeObject, objectOf, parseJson } from '../machinery/mod.ts';
import { MemoryKeyValue, type NewRow, type ObjectKey, Store } from '../store/mod.ts';
import { BOUND_CRDS_CLUSTER, boundDefinition, crdFromSchema } from './bound/mod.ts';
import { definitionFromCrd } from './crd/mod.ts';
import type { Definition } from './definition.ts';
import { systemDefinition } from './kcp/mod.ts';
import { builtinDefinition } from './kinds/mod.ts';
import { CRD_GROUP, CRD_RESOURCE, collectionOf, DefinitionRegistry, internalFields } from './registry.ts';

const [ONE, TWO, THREE] = ['one', 'two', 'three'] as LogicalCluster[] as [
  LogicalCluster,
  LogicalCluster,
  LogicalCluster,
];
const BINDINGS = systemDefinition('apis.kcp.io', 'apibindings')!;
const CRDS = builtinDefinition(CRD_GROUP, CRD_RESOURCE)!;

function objectFrom(value: unknown): KubeObject {
  return parseJson(Buffer.from(JSON.stringify(value))).value as KubeObject;
}

function schemaOf(uid: string, field: string, group = 'example.com'): KubeObject {
  return objectFrom({
    apiVersion: 'apis.kcp.io/v1alpha1',
    kind: 'APIResourceSchema',
    metadata: { name: `v1.widgets.${group || 'core'}`, uid },
    spec: {
      group,
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { type: 'object', properties: { spec: { type: 'object', properties: { [field]: {} } } } },
        },
      ],
    },
  });
}

function bindingOf(bound: readonly { uid: string; identity: string; group?: string }[], isLeaving = false) {
  return objectFrom({
    apiVersion: 'apis.kcp.io/v1alpha2',
    kind: 'APIBinding',
    metadata: { name: 'widgets', ...(isLeaving ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
    spec: { reference: { export: { path: 'root', name: 'widgets' } } },
    status: {
      apiExportClusterName: 'root',
      boundResources: bound.map(({ uid, identity, group = 'example.com' }) => ({
        group,
        resource: 'widgets',
        schema: { name: `v1.widgets.${group}`, UID: uid, identityHash: identity },
      })),
    },
  });
}

function rowOf(definition: Definition, object: JsonObject): NewRow {
  return {
    uid: 'uid',
    definitionHash: definition.hash,
    json: Buffer.from(encodeJson(object)),
    metadataOffset: 0,
    isAnnotated: false,
    labels: {},
    fields: internalFields(definition, object as KubeObject),
    owners: [],
  };
}

function keyOf(cluster: LogicalCluster, definition: Definition, name: string): ObjectKey {
  return { ...collectionOf(cluster, definition), namespace: '', name };
}

async function startRegistry() {
  const keyValue = new MemoryKeyValue();
  const store = await Store.open({
    keyValue,
    shard: 'test' as ShardName,
    clock: systemClock,
    random: systemRandom,
  });
  const put = (key: ObjectKey, row: NewRow | undefined) =>
    store.commit({ mutations: [{ key, ...(row && { row }) }], actor: 'test', originRegion: 'test' });
  return {
    registry: new DefinitionRegistry(store),
    store,
    keep: (schema: KubeObject) =>
      put(
        keyOf(BOUND_CRDS_CLUSTER, CRDS, schema.metadata.uid!),
        rowOf(CRDS, crdFromSchema(schema, { cluster: 'root', now: '2026-01-01T00:00:00Z' })),
      ),
    bind: (cluster: LogicalCluster, binding: KubeObject | undefined) =>
      put(keyOf(cluster, BINDINGS, 'widgets'), binding && rowOf(BINDINGS, binding)),
  };
}

describe('a kind that a binding brings', () => {
  test('is served in its logical cluster alone, and keeps its objects under the identity of its export', async () => {
    const { registry, keep, bind, store } = await startRegistry();
    await keep(schemaOf('s1', 'color'));
    await bind(ONE, bindingOf([{ uid: 's1', identity: 'abc' }]));
    const found = registry.find(ONE, 'example.com', 'widgets')!;
    expect(found.definition).toMatchObject({ group: 'example.com', identity: 'abc', storageVersion: 'v1' });
    expect(collectionOf(ONE, found.definition).identity).toBe('abc');
    const key = keyOf(ONE, BINDINGS, 'widgets');
    expect(found.preconditions).toEqual([{ key, revision: store.get(key)!.revision }]);
    expect(registry.find(TWO, 'example.com', 'widgets')).toBeUndefined();
    expect(registry.find(ONE, 'example.org', 'widgets')).toBeUndefined();
    const kinds = (await registry.setOf(ONE)).definitions;
    expect(kinds.filter(({ identity }) => identity !== undefined)).toEqual([found.definition]);
    expect((await registry.setOf(TWO)).definitions).not.toContain(found.definition);
    await bind(ONE, undefined);
    expect(registry.find(ONE, 'example.com', 'widgets')).toBeUndefined();
  });

  test('is compiled once for all who bind it, whoever exports it', async () => {
    const { registry, keep, bind } = await startRegistry();
    await keep(schemaOf('s1', 'color'));
    await keep(schemaOf('s2', 'color'));
    await bind(ONE, bindingOf([{ uid: 's1', identity: 'abc' }]));
    await bind(TWO, bindingOf([{ uid: 's1', identity: 'abc' }]));
    await bind(THREE, bindingOf([{ uid: 's2', identity: 'def' }]));
    const [one, two, three] = [ONE, TWO, THREE].map(
      (cluster) => registry.find(cluster, 'example.com', 'widgets')!.definition,
    );
    expect(two).toBe(one);
    expect(three!.strategy).toBe(one!.strategy);
    expect(registry.compilations).toBe(1);
    // What differs only in its identity is kept elsewhere: no set of kinds may be taken for the other.
    expect(three!.hash).not.toBe(one!.hash);
    const sets = await Promise.all([ONE, TWO, THREE].map((cluster) => registry.setOf(cluster)));
    expect(sets[1]).toBe(sets[0]);
    expect(sets[2]!.hash).not.toBe(sets[0]!.hash);
  });

  test('takes no creations any more when its binding goes', async () => {
    const { registry, keep, bind } = await startRegistry();
    await keep(schemaOf('s1', 'color'));
    await bind(ONE, bindingOf([{ uid: 's1', identity: 'abc' }], true));
    expect(registry.find(ONE, 'example.com', 'widgets')!.definition.isTerminating).toBe(true);
  });

  test('may be in the core group', async () => {
    const { registry, keep, bind } = await startRegistry();
    await keep(schemaOf('s1', 'color', ''));
    await bind(ONE, bindingOf([{ uid: 's1', identity: 'abc', group: '' }]));
    const { definition } = registry.find(ONE, '', 'widgets')!;
    const widget = objectFrom({ apiVersion: 'v1', kind: 'Widget', metadata: { name: 'a' } });
    expect(definition.strategy.validateCreate(widget, { subresource: '', now: '' })).toEqual([]);
  });

  test('never takes the place of a kind of the server', async () => {
    const { registry, keep, bind } = await startRegistry();
    const schema = schemaOf('s1', 'color', '');
    (schema['spec'] as JsonObject)['names'] = objectOf({ plural: 'secrets', kind: 'Secret' });
    await keep(schema);
    const binding = bindingOf([{ uid: 's1', identity: 'abc', group: '' }]);
    ((binding['status'] as JsonObject)['boundResources'] as JsonObject[])[0]!['resource'] = 'secrets';
    await bind(ONE, binding);
    expect(registry.find(ONE, '', 'secrets')!.definition).toBe(builtinDefinition('', 'secrets'));
    const { definitions } = await registry.setOf(ONE);
    expect(definitions.filter(({ group, names }) => group === '' && names.plural === 'secrets')).toEqual([
      builtinDefinition('', 'secrets'),
    ]);
  });

  test('is what its objects are found by, and not what other objects of that name are', async () => {
    const { registry, keep, bind } = await startRegistry();
    await keep(schemaOf('s1', 'color'));
    await bind(ONE, bindingOf([{ uid: 's1', identity: 'abc' }]));
    const collection = { cluster: ONE, group: 'example.com', resource: 'widgets' };
    expect(registry.findStored({ ...collection, identity: 'abc' })?.identity).toBe('abc');
    expect(registry.findStored({ ...collection, identity: 'def' })).toBeUndefined();
    expect(registry.findStored({ ...collection, identity: '' })).toBeUndefined();
  });
});

function definitionFromSchema(schema: KubeObject, identity: string): Definition {
  const base = definitionFromCrd(crdFromSchema(schema, { cluster: '', now: '' }));
  return boundDefinition(base, { identity, isLeaving: false });
}

test('a schema makes the same definition before and after it is bound', async () => {
  const { registry, keep, bind, store } = await startRegistry();
  const schema = schemaOf('s1', 'color');
  const schemas = systemDefinition('apis.kcp.io', 'apiresourceschemas')!;
  const key = keyOf(ONE, schemas, schema.metadata.name!);
  await store.commit({
    mutations: [{ key, row: { ...rowOf(schemas, schema), uid: 's1' } }],
    actor: 'test',
    originRegion: 'test',
  });
  const exported = registry.exported(store.get(key)!, 'abc');
  await keep(schema);
  await bind(TWO, bindingOf([{ uid: 's1', identity: 'abc' }]));
  expect(registry.find(TWO, 'example.com', 'widgets')!.definition).toBe(exported);
  expect(registry.compilations).toBe(1);
  expect(definitionFromSchema(schema, 'abc').hash).toBe(exported.hash);
  expect(definitionFromSchema(schemaOf('s1', 'size'), 'abc').hash).not.toBe(exported.hash);
});

test('names of a schema that asks for it need only be parts of a path', () => {
  const schema = schemaOf('s1', 'color');
  const strict = definitionFromSchema(schema, 'abc');
  (schema['spec'] as JsonObject)['nameValidation'] = 'PathSegmentName';
  const loose = definitionFromSchema(schema, 'abc');
  const errorsOf = ({ strategy }: Definition) => strategy.validateName('A:b', { isPrefix: false });
  expect(errorsOf(strict)).not.toEqual([]);
  expect(errorsOf(loose)).toEqual([]);
  expect(loose.hash).not.toBe(strict.hash);
});
