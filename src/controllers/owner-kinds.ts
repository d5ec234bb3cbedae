import type { Api } from '../api/mod.ts';
import { BoundedCache, type LogicalCluster, limits } from '../base/mod.ts';
import {
  builtinDefinition,
  builtinDefinitions,
  CRD_GROUP,
  CRD_RESOURCE,
  collectionOf,
  type Definition,
  systemDefinitions,
} from '../definitions/mod.ts';
import type { OwnerReference } from '../machinery/mod.ts';

/**
 * The kinds that owner references name. CRDs and bound kinds are kept by plural, references name the kind: which is which
 * is remembered as a hint and checked at each use, so that not every lookup reads every CRD of a cluster.
 */
export class OwnerKinds {
  readonly #api: Api;
  readonly #plurals = new BoundedCache<string, string>(limits.ownerKindsCachedMax);
  readonly #unknown = new Set<string>();
  /** Grows when a CRD or an APIBinding changes: what was read before it must not be remembered as unknown. */
  #generation = 0;

  constructor(api: Api) {
    this.#api = api;
  }

  /** The definition that serves the kind in a cluster in that version; undefined when there is none. */
  async find(cluster: LogicalCluster, owner: OwnerReference): Promise<Definition | undefined> {
    const { group, version } = partsOf(owner);
    const builtin = builtins.get(`${group}/${owner.kind}`);
    if (builtin !== undefined) return servedIn(builtin, version);
    const key = [cluster, group, owner.kind].join('\0');
    if (this.#unknown.has(key)) return undefined;
    const plural = this.#plurals.get(key);
    const remembered = plural === undefined ? undefined : this.#definition(cluster, { group, plural });
    if (remembered?.names.kind === owner.kind) return servedIn(remembered, version);
    const generation = this.#generation;
    const found = await this.#search(cluster, group, owner.kind);
    if (found !== undefined) this.#plurals.set(key, found.names.plural);
    else if (generation === this.#generation && this.#unknown.size < limits.unknownOwnersMax)
      this.#unknown.add(key);
    return servedIn(found, version);
  }

  /** Forgets which kinds are unknown: call it at each change of a CRD or APIBinding, and when such changes are not told. */
  forgetUnknown(): void {
    this.#generation += 1;
    this.#unknown.clear();
  }

  async #search(cluster: LogicalCluster, group: string, kind: string): Promise<Definition | undefined> {
    const isIt = (definition: Definition) => definition.group === group && definition.names.kind === kind;
    const known = systemDefinitions().find(isIt) ?? (await this.#api.registry.boundIn(cluster)).find(isIt);
    if (known !== undefined || !group.includes('.')) return known;
    const collection = collectionOf(cluster, builtinDefinition(CRD_GROUP, CRD_RESOURCE)!);
    const suffix = `.${group}`;
    const snapshot = this.#api.store.snapshot();
    try {
      for await (const batch of snapshot.list({ collection })) {
        for (const { key } of batch) {
          if (!key.name.endsWith(suffix)) continue;
          const plural = key.name.slice(0, -suffix.length);
          const definition = this.#definition(cluster, { group, plural });
          if (definition?.names.kind === kind) return definition;
        }
      }
    } finally {
      snapshot.close();
    }
    return undefined;
  }

  #definition(
    cluster: LogicalCluster,
    { group, plural }: { readonly group: string; readonly plural: string },
  ): Definition | undefined {
    return this.#api.registry.find(cluster, group, plural)?.definition;
  }
}

/** Whether a CRD can bring the kind of an owner: the group of every CRD has a dot. Others only a binding brings. */
export function isDefinable(owner: OwnerReference): boolean {
  return partsOf(owner).group.includes('.');
}

/** The group of an owner's kind. */
export function groupOf(owner: OwnerReference): string {
  return partsOf(owner).group;
}

const builtins: ReadonlyMap<string, Definition> = new Map(
  builtinDefinitions.map((definition) => [`${definition.group}/${definition.names.kind}`, definition]),
);

function partsOf({ apiVersion }: OwnerReference): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf('/');
  return { group: slash < 0 ? '' : apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

function servedIn(definition: Definition | undefined, version: string): Definition | undefined {
  return definition?.versions.some(({ name, served }) => name === version && served) ? definition : undefined;
}
