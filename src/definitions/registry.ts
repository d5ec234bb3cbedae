import {
  BoundedCache,
  type ClusterScope,
  type LogicalCluster,
  limits,
  type Pause,
  pauseFor,
  ROOT_CLUSTER,
  WeightedCache,
} from '../base/mod.ts';
import { type KubeObject, objectAt, parseJson, textAt } from '../machinery/mod.ts';
import type {
  CollectionKey,
  ObjectKey,
  ObjectSnapshot,
  ObjectStore,
  Precondition,
  Row,
} from '../store/mod.ts';
import {
  BINDING_GROUP,
  BINDING_RESOURCE,
  type Binding,
  BOUND_CRDS_CLUSTER,
  type BoundResource,
  bindingFields,
  boundAlias,
  boundDefinition,
  crdFromSchema,
  exportFields,
  isBindingKind,
  logicalClusterFields,
  partitionSetFields,
  readBoundResources,
  sliceFields,
  workspaceFields,
  workspaceTypeFields,
} from './bound/mod.ts';
import { convergentIdentity } from './consistency.ts';
import { definitionFromCrd, definitionHashOf, isConditionTrue } from './crd/mod.ts';
import type { Definition } from './definition.ts';
import { type DefinitionSet, definitionSet } from './definition-set.ts';
import {
  exportedKind,
  isOwnConvergent,
  systemDefinition,
  systemDefinitions,
  withOwnConsistency,
} from './kcp/mod.ts';
import { builtinDefinition, builtinDefinitions } from './kinds/mod.ts';

/** A definition as one logical cluster has it, and what must not have changed when it is used for a write. */
export interface FoundDefinition {
  readonly definition: Definition;
  readonly preconditions: readonly Precondition[];
}

export const CRD_GROUP = 'apiextensions.k8s.io';
export const CRD_RESOURCE = 'customresourcedefinitions';
// The server's own field of a CRD's row: the hash of the definition that the CRD serves, or empty.
const DEFINITION_FIELD = '.definition';

/**
 * Which kinds a logical cluster has. Nothing is kept per cluster: a CRD's row carries the hash of its definition, the
 * row of an APIBinding what it brings, under names by which the store finds it. What is compiled hangs on hashes in
 * bounded caches, shared by all clusters.
 */
export class DefinitionRegistry {
  readonly #store: ObjectStore;
  readonly #byHash = new WeightedCache<Weighed<Definition> & Bound>({
    weightMax: limits.definitionsCachedBytesMax,
    weigh: ({ bytes }) => Math.max(bytes, limits.definitionBytesMin),
  });
  /** The hash of a schema's definition as it is bound, by the uid of the schema. */
  readonly #hashesByUid = new BoundedCache<string, string>(limits.schemaHashesCachedMax);
  /** The same of schemas that nobody has bound: a schema never changes. */
  readonly #offeredByUid = new BoundedCache<string, string>(limits.schemaHashesCachedMax);
  readonly #sets = new WeightedCache<Weighed<DefinitionSet>>({
    weightMax: limits.definitionSetsCachedBytesMax,
    weigh: ({ bytes }) => Math.max(bytes, limits.definitionSetBytesMin),
  });
  /** The identities of root's exports by their names: they stay what they are from the founding on. */
  readonly #ownIdentities = new Map<string, string>();
  #compilations = 0;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** How often a definition was made from a CRD so far, its validators with it: once per hash, while it is cached. */
  get compilations(): number {
    return this.#compilations;
  }

  /**
   * For between so many kinds that are looked at one after the other: lets others go first where one had to be compiled.
   * Nearly always they are known, and nothing is waited for.
   */
  pauseBetween(kinds: number): Pause {
    const pause = pauseFor(kinds * limits.definitionBytesMin);
    let before = this.#compilations;
    return () => {
      if (before === this.#compilations) return undefined;
      before = this.#compilations;
      return pause();
    };
  }

  /** The kind of that resource name in a cluster; undefined when it is not served. */
  find(cluster: LogicalCluster, group: string, resource: string): FoundDefinition | undefined {
    const own = builtinDefinition(group, resource) ?? systemDefinition(group, resource);
    if (own !== undefined) return { definition: own, preconditions: [] };
    return this.#findBound(cluster, group, resource) ?? this.findCustom(cluster, group, resource);
  }

  /**
   * Where an object lies of one of the kinds that root exports, whether or not it is there: for what the server itself
   * reads, so that nobody passes off objects of another kind of that name. Undefined before there is a root.
   */
  ownKey(place: {
    readonly cluster: LogicalCluster;
    readonly group: string;
    readonly resource: string;
    readonly name: string;
  }): ObjectKey | undefined {
    const { cluster, group, resource, name } = place;
    const identity = this.#ownIdentity(group, resource);
    return identity === undefined ? undefined : { cluster, group, resource, identity, namespace: '', name };
  }

  /** Whether a kind only has the name of one that root exports: a CRD of somebody, or the export of somebody else. */
  isForeign(kind: {
    readonly group: string;
    readonly resource: string;
    readonly identity?: string | undefined;
  }): boolean {
    if (exportedKind(kind.group, kind.resource) === undefined) return false;
    return this.#ownIdentity(kind.group, kind.resource) !== (kind.identity ?? '');
  }

  #ownIdentity(group: string, resource: string): string | undefined {
    const name = exportedKind(group, resource)?.exportedBy;
    if (name === undefined) return undefined;
    const known = this.#ownIdentities.get(name);
    if (known !== undefined) return known;
    const kind = { group: BINDING_GROUP, resource: 'apiexports', identity: '', namespace: '' };
    const row = this.#store.newest({ cluster: ROOT_CLUSTER, ...kind, name });
    const identity =
      row === undefined
        ? this.#boundByRoot(group, resource)
        : textAt(objectAt(objectOf(row), 'status'), 'identityHash');
    if (identity === '') return undefined;
    this.#ownIdentities.set(name, identity);
    return identity;
  }

  /** What root has bound of its own: all that there is where its exports have not come to yet, from another region. */
  #boundByRoot(group: string, resource: string): string {
    const key = this.#store.aliased(ROOT_CLUSTER, boundAlias(group, resource));
    const row = key && this.#store.get(key);
    const bound = row === undefined ? [] : readBoundResources(row).resources;
    return bound.find((one) => one.group === group && one.resource === resource)?.identity ?? '';
  }

  /** The kind of the objects of a collection, as it is served now; undefined when none is that keeps them there. */
  findStored({ cluster, group, resource, identity }: CollectionKey): Definition | undefined {
    const own = builtinDefinition(group, resource) ?? this.find(cluster, group, resource)?.definition;
    if ((own === undefined ? '' : storedIdentity(own)) === identity) return own;
    return identity === '' ? this.findCustom(cluster, group, resource)?.definition : undefined;
  }

  /** The kinds that bindings bring into a cluster. */
  async boundIn(cluster: LogicalCluster): Promise<Definition[]> {
    const bound = await this.#boundResources(cluster);
    return bound.flatMap((one) => this.bound(one, one) ?? []);
  }

  /** The kind that an APIResourceSchema describes, by its row, under the identity of an export that has it. */
  exported(schema: Row, identity: string): Definition {
    const binding = { identity, isLeaving: false };
    // As it is bound, if it is: with the conversion rules that it had then.
    const shadow = this.#store.newest(crdKey(BOUND_CRDS_CLUSTER, schema.uid));
    if (shadow !== undefined && servedHash(shadow) !== '') {
      this.#hashesByUid.set(schema.uid, servedHash(shadow));
      return boundOf(
        this.#compile(servedHash(shadow), { crd: () => objectOf(shadow), bytes: shadow.json.length }),
        binding,
      );
    }
    // Whoever binds it next may give it other rules.
    this.#hashesByUid.delete(schema.uid);
    const known = this.#offeredByUid.get(schema.uid);
    const cached = known === undefined ? undefined : this.#byHash.get(known);
    if (cached !== undefined) return boundOf(cached, binding);
    const crd = crdFromSchema(parseJson(schema.json).value as KubeObject, { cluster: '', now: '' });
    const hash = definitionHashOf(crd);
    this.#offeredByUid.set(schema.uid, hash);
    return boundOf(this.#compile(hash, { crd: () => crd, bytes: schema.json.length }), binding);
  }

  /** The kind that a binding brings; undefined when its schema is not there, which no commit leaves behind. */
  bound(resource: BoundResource, options: { readonly isLeaving: boolean }): Definition | undefined {
    const base = this.#base(resource);
    if (base === undefined) return undefined;
    return boundOf(base, { identity: resource.identity, isLeaving: options.isLeaving });
  }

  /** The same of a schema that a commit on its way is to bind, which was asked for a moment ago. */
  remembered({ schemaUid, identity }: BoundResource): Definition | undefined {
    const hash = this.#hashesByUid.get(schemaUid) ?? this.#offeredByUid.get(schemaUid);
    const base = hash === undefined ? undefined : this.#byHash.get(hash);
    return base === undefined ? undefined : boundOf(base, { identity, isLeaving: false });
  }

  #base(resource: BoundResource): (Weighed<Definition> & Bound) | undefined {
    const hash = this.#boundHash(resource);
    if (hash === undefined) return undefined;
    const known = this.#byHash.get(hash);
    if (known !== undefined) return known;
    const row = this.#store.newest(crdKey(BOUND_CRDS_CLUSTER, resource.schemaUid));
    if (row === undefined) return undefined;
    return this.#compile(hash, { crd: () => objectOf(row), bytes: row.json.length });
  }

  #findBound(cluster: LogicalCluster, group: string, resource: string): FoundDefinition | undefined {
    const key = this.#store.aliased(cluster, boundAlias(group, resource));
    const row = key === undefined ? undefined : this.#store.get(key);
    if (key === undefined || row === undefined) return undefined;
    const { resources, isLeaving } = readBoundResources(row);
    const bound = resources.find((one) => one.group === group && one.resource === resource);
    const definition = bound === undefined ? undefined : this.bound(bound, { isLeaving });
    if (definition === undefined) return undefined;
    return { definition, preconditions: [{ key, revision: row.revision }] };
  }

  /** The kind that a CRD of the cluster itself serves, whatever else has that name there. */
  findCustom(cluster: LogicalCluster, group: string, resource: string): FoundDefinition | undefined {
    if (!group.includes('.')) return undefined;
    const key = crdKey(cluster, `${resource}.${group}`);
    const row = this.#store.get(key);
    if (row === undefined) return undefined;
    const definition = this.#compiled(row);
    if (definition === undefined) return undefined;
    return { definition, preconditions: [{ key, revision: row.revision }] };
  }

  /** The kinds that all clusters have. */
  sharedSet(): DefinitionSet {
    return this.#sets.getOrCompute('', () => ({
      value: definitionSet([...builtinDefinitions, ...systemDefinitions()]),
      bytes: 0,
    })).value;
  }

  #boundHash({ schemaUid }: BoundResource): string | undefined {
    const known = this.#hashesByUid.get(schemaUid);
    if (known !== undefined) return known;
    const row = this.#store.newest(crdKey(BOUND_CRDS_CLUSTER, schemaUid));
    const hash = row === undefined ? '' : servedHash(row);
    if (hash === '') return undefined;
    this.#hashesByUid.set(schemaUid, hash);
    return hash;
  }

  /** All kinds of a cluster. */
  async setOf(cluster: LogicalCluster): Promise<DefinitionSet> {
    const rows: Row[] = [];
    const snapshot = this.#store.snapshot();
    let bound: readonly PlacedResource[];
    try {
      bound = await boundIn(snapshot, cluster);
      for await (const batch of snapshot.listRows({ collection: crdKey(cluster, '') })) {
        for (const row of batch) if (servedHash(row) !== '') rows.push(row);
      }
    } finally {
      snapshot.close();
    }
    const boundTexts = bound.map((one) => `${this.#boundHash(one)}:${one.identity}:${one.isLeaving}`);
    const key = [...boundTexts, ...rows.map(servedHash)].sort().join();
    const known = this.#sets.get(key);
    if (known !== undefined) return known.value;
    const pause = this.pauseBetween(bound.length + rows.length);
    const definitions = [...builtinDefinitions, ...systemDefinitions()];
    let bytes = 0;
    const add = async (definition: Definition | undefined, size: number) => {
      if (definition !== undefined) definitions.push(definition);
      bytes += size;
      await pause();
    };
    for (const one of bound) await add(this.bound(one, one), this.#base(one)?.bytes ?? 0);
    for (const row of rows) await add(this.#compiled(row), row.json.length);
    return this.#sets.getOrCompute(key, () => ({ value: definitionSet(firstOfEach(definitions)), bytes }))
      .value;
  }

  async #boundResources(cluster: LogicalCluster): Promise<readonly PlacedResource[]> {
    const snapshot = this.#store.snapshot();
    try {
      return await boundIn(snapshot, cluster);
    } finally {
      snapshot.close();
    }
  }

  #compiled(row: Row): Definition | undefined {
    const hash = servedHash(row);
    if (hash === '') return undefined;
    return this.#compile(hash, { crd: () => objectOf(row), bytes: row.json.length }).value;
  }

  #compile(
    hash: string,
    { crd, bytes }: { crd(): KubeObject; readonly bytes: number },
  ): Weighed<Definition> & Bound {
    return this.#byHash.getOrCompute(hash, () => {
      this.#compilations += 1;
      const bound = new BoundedCache<string, Definition>(limits.boundDefinitionsCachedMax);
      return { value: withOwnConsistency(definitionFromCrd(crd())), bytes, bound };
    });
  }
}

type PlacedResource = BoundResource & { readonly isLeaving: boolean };

async function boundIn(snapshot: ObjectSnapshot, cluster: LogicalCluster): Promise<PlacedResource[]> {
  const bound: PlacedResource[] = [];
  for await (const rows of snapshot.listRows({ collection: bindingsOf(cluster) })) {
    for (const row of rows) {
      const { resources, isLeaving } = readBoundResources(row);
      for (const resource of resources) bound.push({ ...resource, isLeaving });
    }
  }
  return bound;
}

/** A definition, and the forms of it under the identities of those who export it. */
interface Bound {
  readonly bound: BoundedCache<string, Definition>;
}

function boundOf({ value, bound }: Weighed<Definition> & Bound, binding: Binding): Definition {
  const key = `${binding.identity} ${binding.isLeaving}`;
  return bound.getOrMake(key, () => boundDefinition(value, binding));
}

function objectOf(row: Row): KubeObject {
  return parseJson(row.json).value as KubeObject;
}

/** What is found first under a name is what is served: see `find`. */
function firstOfEach(definitions: readonly Definition[]): Definition[] {
  const names = new Set<string>();
  return definitions.filter(({ group, names: { plural } }) => {
    const name = `${plural}.${group}`;
    if (names.has(name)) return false;
    names.add(name);
    return true;
  });
}

/** Something that is kept, and how large the CRDs are that it was made of. */
interface Weighed<Value> {
  readonly value: Value;
  readonly bytes: number;
}

/** The server's own fields beside a row's bytes, by which it finds things without parsing. */
export function internalFields(definition: Definition, object: KubeObject): Record<string, string> {
  const { plural } = definition.names;
  if (definition.group === CRD_GROUP && plural === CRD_RESOURCE) {
    return { [DEFINITION_FIELD]: isServed(object) ? definitionHashOf(object) : '' };
  }
  if (isBindingKind({ group: definition.group, resource: plural })) return bindingFields(object);
  if (definition.group === BINDING_GROUP && plural === 'apiexports') return exportFields(object);
  if (definition.group === BINDING_GROUP && plural === 'apiexportendpointslices') return sliceFields(object);
  if (definition.group === 'topology.kcp.io' && plural === 'partitionsets') return partitionSetFields();
  if (definition.group === 'core.kcp.io' && plural === 'logicalclusters') return logicalClusterFields(object);
  if (definition.group === 'tenancy.kcp.io') {
    if (plural === 'workspacetypes') return workspaceTypeFields(object);
    if (plural === 'workspaces') return workspaceFields(object);
  }
  return {};
}

/**
 * The identity in the keys of a kind's objects. Those that converge because their provider has chosen it have a place
 * apart; kcp's own kinds are told by their names.
 */
function storedIdentity(definition: Definition): string {
  const { identity = '', consistency, group, names } = definition;
  if (consistency === undefined || identity === '') return identity;
  return isOwnConvergent({ group, resource: names.plural }) ? identity : convergentIdentity(identity);
}

/** Where the objects of a kind are kept in a cluster. */
export function collectionOf<Cluster extends ClusterScope>(
  cluster: Cluster,
  definition: Definition,
): Omit<CollectionKey, 'cluster'> & { readonly cluster: Cluster } {
  const { group, resource } = definition.storedAs ?? {
    group: definition.group,
    resource: definition.names.plural,
  };
  return { cluster, group, resource, identity: storedIdentity(definition) };
}

function bindingsOf(cluster: LogicalCluster): CollectionKey {
  return { cluster, group: BINDING_GROUP, resource: BINDING_RESOURCE, identity: '' };
}

function crdKey(cluster: LogicalCluster, name: string): ObjectKey {
  return { cluster, group: CRD_GROUP, resource: CRD_RESOURCE, identity: '', namespace: '', name };
}

function servedHash(row: Row): string {
  return row.fields[DEFINITION_FIELD] ?? '';
}

/** A CRD is served once its names are accepted, and stays so when a later rename conflicts. */
function isServed(crd: KubeObject): boolean {
  return isConditionTrue(crd, 'NamesAccepted') || isConditionTrue(crd, 'Established');
}
