import { BoundedCache, type LogicalCluster, limits, type Revision } from '../base/mod.ts';
import {
  boundAlias,
  builtinDefinition,
  collectionOf,
  exportOfBinding,
  hasLocalPolicy,
  systemDefinition,
} from '../definitions/mod.ts';
import type { ObjectKey, ObjectStore } from '../store/mod.ts';
import type { ApiOrigin, FindApiOrigin, RbacAt } from './chain/mod.ts';
import { APIS_GROUP } from './rbac/mod.ts';

interface Entry {
  readonly here: Revision;
  readonly there: RbacAt | undefined;
  readonly origin: ApiOrigin | undefined;
}

/**
 * Which exports the kinds of logical clusters come from, and whether these bound what may be done. Kinds that every
 * logical cluster has cost one look into a map; what is found out about others is remembered until the bindings of
 * the one, or the exports of the other logical cluster change.
 */
export class ApiOrigins {
  readonly #store: ObjectStore;
  readonly #groundOf: (cluster: LogicalCluster) => RbacAt;
  readonly #entries = new BoundedCache<string, Entry>(limits.apiOriginsCachedMax);

  constructor(options: {
    readonly store: ObjectStore;
    /** Changes with each binding and export of a logical cluster. */
    readonly groundOf: (cluster: LogicalCluster) => RbacAt;
  }) {
    this.#store = options.store;
    this.#groundOf = options.groundOf;
  }

  readonly find: FindApiOrigin = ({ cluster, group, resource }) => {
    if (builtinDefinition(group, resource) !== undefined || systemDefinition(group, resource) !== undefined)
      return undefined;
    const here = this.#groundOf(cluster);
    const key = `${cluster}/${group}/${resource}`;
    const known = this.#entries.get(key);
    if (known !== undefined && known.here === here.revision && this.#isCurrent(known)) return known.origin;
    const entry = this.#read({ cluster, group, resource }, here);
    this.#entries.set(key, entry);
    return entry.origin;
  };

  #isCurrent({ there }: Entry): boolean {
    return there === undefined || this.#groundOf(there.cluster).revision === there.revision;
  }

  #read(
    kind: { readonly cluster: LogicalCluster; readonly group: string; readonly resource: string },
    here: RbacAt,
  ): Entry {
    const { cluster, group, resource } = kind;
    const bindingKey = this.#store.aliased(cluster, boundAlias(group, resource));
    const binding = bindingKey && this.#store.get(bindingKey);
    const claimant = binding && exportOfBinding(binding);
    if (claimant === undefined) return { here: here.revision, there: undefined, origin: undefined };
    const there = this.#groundOf(claimant.cluster);
    const row = this.#store.get(exportKey(claimant.cluster, claimant.name));
    const { name } = claimant;
    // Without its export an API goes on working: nobody is left who could bound it.
    const isBounded = row !== undefined && hasLocalPolicy(row);
    const origin = { cluster: claimant.cluster, name, isBounded, reliesOn: [here, there] };
    return { here: here.revision, there, origin };
  }
}

function exportKey(cluster: LogicalCluster, name: string): ObjectKey {
  return { ...collectionOf(cluster, systemDefinition(APIS_GROUP, 'apiexports')!), namespace: '', name };
}
