import { logicalClusterKey, type Mount, type Paths, type ResolvedPath } from '../api/mod.ts';
import { type LogicalCluster, parseLogicalCluster } from '../base/mod.ts';
import type { DefinitionRegistry } from '../definitions/mod.ts';
import type { ObjectStore, Row } from '../store/mod.ts';
import { homeClusterName } from './cluster-name.ts';
import { workspaceFacts } from './facts.ts';
import { TENANCY_GROUP, WORKSPACES } from './names.ts';

/** How the path of a home begins: `user:alice`. */
export const HOME_PREFIX = 'user';

/**
 * Finds workspaces by walking their rows, one read for each name of a path: nothing is remembered, so that a
 * workspace that is renamed, moved or deleted is nowhere else a moment later.
 */
export class WorkspacePaths implements Paths {
  readonly #store: ObjectStore;
  readonly #registry: DefinitionRegistry;

  constructor(options: { readonly store: ObjectStore; readonly registry: DefinitionRegistry }) {
    this.#store = options.store;
    this.#registry = options.registry;
  }

  resolve(segment: string): ResolvedPath | undefined {
    const whole = parseLogicalCluster(segment);
    if (whole === undefined) return undefined;
    // The common case, for requests by the stable name and those to the root.
    if (this.#exists(whole)) return { cluster: whole, isUnavailable: false };
    const [first = '', ...names] = segment.split(':');
    if (names.length === 0) return undefined;
    const start = first === HOME_PREFIX ? homeClusterName(names.shift()!) : (first as LogicalCluster);
    return this.#exists(start) ? this.#walk(start, names) : undefined;
  }

  mountAt(segment: string): Mount | undefined {
    const colon = segment.lastIndexOf(':');
    const parent = colon < 0 ? undefined : this.resolve(segment.slice(0, colon));
    if (parent === undefined || parent.isUnavailable) return undefined;
    const name = segment.slice(colon + 1);
    const row = this.#workspace(parent.cluster, name);
    const facts = row && workspaceFacts(row);
    if (facts?.isMount !== true) return undefined;
    return { cluster: parent.cluster, name, url: facts.phase === 'Ready' ? facts.url : undefined };
  }

  #walk(start: LogicalCluster, names: readonly string[]): ResolvedPath | undefined {
    let cluster = start;
    let isUnavailable = false;
    for (const name of names) {
      const row = this.#workspace(cluster, name);
      if (row === undefined) return undefined;
      const facts = workspaceFacts(row);
      if (facts.cluster === undefined) return undefined;
      cluster = facts.cluster;
      isUnavailable ||= facts.phase === 'Unavailable';
    }
    return { cluster, isUnavailable };
  }

  #exists(cluster: LogicalCluster): boolean {
    return this.#store.get(logicalClusterKey(cluster)) !== undefined;
  }

  #workspace(cluster: LogicalCluster, name: string): Row | undefined {
    const key = this.#registry.ownKey({ cluster, group: TENANCY_GROUP, resource: WORKSPACES, name });
    return key && this.#store.get(key);
  }
}
