import { type ClusterScope, type LogicalCluster, limits, WeightedCache } from '../base/mod.ts';
import { type KubeObject, objectAt, parseJson, textAt } from '../machinery/mod.ts';
import type { CollectionKey, ObjectKey, Precondition, Row, Store } from '../store/mod.ts';
import { definitionFromCrd, definitionHashOf, isConditionTrue } from './crd/mod.ts';
import type { Definition } from './definition.ts';
import { type DefinitionSet, definitionSet } from './definition-set.ts';
import { systemDefinition, systemDefinitions } from './kcp/mod.ts';
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
 * Which kinds a logical cluster has. Nothing is kept per cluster: a CRD's row carries the hash of its
 * definition, and what is compiled hangs on hashes in bounded caches, shared by all clusters.
 */
export class DefinitionRegistry {
  readonly #store: Store;
  readonly #byHash = new WeightedCache<Weighed<Definition>>({
    weightMax: limits.definitionsCachedBytesMax,
    weigh: ({ bytes }) => Math.max(bytes, limits.definitionBytesMin),
  });
  readonly #sets = new WeightedCache<Weighed<DefinitionSet>>({
    weightMax: limits.definitionSetsCachedBytesMax,
    weigh: ({ bytes }) => Math.max(bytes, limits.definitionSetBytesMin),
  });
  #compilations = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** How often a definition was made from a CRD so far, its validators with it: once per hash, while it is cached. */
  get compilations(): number {
    return this.#compilations;
  }

  /** The kind of that resource name in a cluster; undefined when it is not served. */
  find(cluster: LogicalCluster, group: string, resource: string): FoundDefinition | undefined {
    const own = builtinDefinition(group, resource) ?? systemDefinition(group, resource);
    if (own !== undefined) return { definition: own, preconditions: [] };
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

  /** All kinds of a cluster. */
  async setOf(cluster: LogicalCluster): Promise<DefinitionSet> {
    const rows: Row[] = [];
    const snapshot = this.#store.snapshot();
    try {
      for await (const batch of snapshot.listRows({ collection: crdKey(cluster, '') })) {
        for (const row of batch) if (servedHash(row) !== '') rows.push(row);
      }
    } finally {
      snapshot.close();
    }
    const key = rows.map(servedHash).sort().join();
    return this.#sets.getOrCompute(key, () => ({
      value: definitionSet([
        ...builtinDefinitions,
        ...systemDefinitions(),
        // A CRD under the name of a system kind is never asked, so it is not shown either.
        ...rows.flatMap((row) => this.#compiled(row) ?? []).filter(isReachable),
      ]),
      bytes: rows.reduce((sum, { json }) => sum + json.length, 0),
    })).value;
  }

  #compiled(row: Row): Definition | undefined {
    const hash = servedHash(row);
    if (hash === '') return undefined;
    return this.#byHash.getOrCompute(hash, () => {
      this.#compilations += 1;
      const value = definitionFromCrd(parseJson(row.json).value as KubeObject);
      return { value, bytes: row.json.length };
    }).value;
  }
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
  // Whoever authorizes has to know with every request how far a logical cluster is.
  if (definition.group === 'core.kcp.io' && plural === 'logicalclusters') {
    return { 'status.phase': textAt(objectAt(object, 'status'), 'phase') };
  }
  return {};
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
  return { cluster, group, resource, identity: '' };
}

function crdKey(cluster: LogicalCluster, name: string): ObjectKey {
  return { cluster, group: CRD_GROUP, resource: CRD_RESOURCE, identity: '', namespace: '', name };
}

function isReachable({ group, names }: Definition): boolean {
  return systemDefinition(group, names.plural) === undefined;
}

function servedHash(row: Row): string {
  return row.fields[DEFINITION_FIELD] ?? '';
}

/** A CRD is served once its names are accepted, and stays so when a later rename conflicts. */
function isServed(crd: KubeObject): boolean {
  return isConditionTrue(crd, 'NamesAccepted') || isConditionTrue(crd, 'Established');
}
