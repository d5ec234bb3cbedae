import { type LogicalCluster, type Revision, reservedRevision } from '../base/mod.ts';
import { decodeEnded, type EndedDefaults, remainingIndexes } from './cluster-defaults.ts';
import type { DefaultSets } from './default-sets.ts';
import { creationsOf, deletionsOf } from './derived-objects.ts';
import { type CollectionKey, objectKeyText, splitKeyText } from './object-key.ts';
import { isPlacedBefore, type PlacedObject } from './placed.ts';
import type { StoreEvent } from './projection.ts';
import { decodeRow, type Row } from './row.ts';
import type { OneListScope } from './snapshot.ts';
import { formerRange, objectRange, objectRowKey } from './tables.ts';
import type { TablesView } from './tables-view.ts';

/**
 * The derived objects of logical clusters that are gone, as long as history reaches back to them: what was there at a
 * revision, and how it came and went. Of each logical cluster one record is kept, and the objects are computed.
 */
export class FormerDefaults {
  readonly #tables: TablesView;
  readonly #sets: DefaultSets;

  constructor(tables: TablesView, sets: DefaultSets) {
    this.#tables = tables;
    this.#sets = sets;
  }

  /** The derived object that had this key at a revision. */
  async at(keyText: string, revision: number): Promise<Row | undefined> {
    const { cluster, relative } = splitKeyText(keyText);
    if (!this.#sets.haveObject(relative)) return undefined;
    for (const ended of await this.#of(cluster, 0)) {
      const index = this.#sets.get(ended.defaults.setHash).indexOf(relative);
      const row = index === undefined ? undefined : this.#rowAt(ended, index, revision);
      if (row !== undefined) return row;
    }
    return undefined;
  }

  /** Those in a scope at a revision, in the order of their keys. */
  async inScopeAt(scope: OneListScope, revision: number): Promise<PlacedObject[]> {
    const { collection, ...within } = scope;
    if (!this.#sets.haveKind(collection)) return [];
    const { start, end } = objectRange(collection, within);
    const objects: PlacedObject[] = [];
    for (const ended of await this.#of(collection.cluster, 0)) {
      const set = this.#sets.get(ended.defaults.setHash);
      for (const index of set.indexesIn(collection)) {
        const key = set.keyOf(index, collection.cluster);
        const rowKey = objectRowKey(objectKeyText(key));
        if (rowKey.compare(start) < 0 || rowKey.compare(end) >= 0) continue;
        const row = this.#rowAt(ended, index, revision);
        if (row !== undefined) objects.push({ place: rowKey.subarray(1), object: { key, row } });
      }
    }
    return objects.sort((a, b) => (isPlacedBefore(a, b) ? -1 : 1));
  }

  /** The creations and deletions in a collection, oldest first. */
  async eventsIn(
    collection: CollectionKey,
    range: { readonly after: number; readonly upTo: number },
  ): Promise<StoreEvent[]> {
    if (!this.#sets.haveKind(collection)) return [];
    const events: StoreEvent[] = [];
    for (const ended of await this.#of(collection.cluster, range.after)) {
      const set = this.#sets.get(ended.defaults.setHash);
      for (const event of [...creationsOf(set, ended.defaults), ...deletionsOf(set, ended)]) {
        const { group, resource, identity } = event.key;
        const isAsked =
          group === collection.group && resource === collection.resource && identity === collection.identity;
        if (isAsked && event.revision > range.after && event.revision <= range.upTo) events.push(event);
      }
    }
    return events;
  }

  #rowAt({ defaults, firstRevision }: EndedDefaults, index: number, revision: number): Row | undefined {
    const place = remainingIndexes(defaults).indexOf(index);
    // What was changed before the end has rows of its own among the superseded ones, and this one, too.
    if (place < 0 || reservedRevision(firstRevision, place) <= revision) return undefined;
    const row = decodeRow(this.#sets.get(defaults.setHash).rowBytes(index, defaults));
    return row.revision <= revision ? row : undefined;
  }

  /** The lives of a logical cluster that ended after a revision, oldest first. */
  async #of(cluster: LogicalCluster, after: number): Promise<EndedDefaults[]> {
    const lives: EndedDefaults[] = [];
    // A life ends with several revisions, and is found by the first of them.
    for await (const entries of this.#tables.iterate(formerRange(cluster))) {
      for (const [, bytes] of entries) {
        const ended = decodeEnded(bytes);
        if (lastOf(ended) > after) lives.push(ended);
      }
    }
    return lives;
  }
}

function lastOf({ defaults, firstRevision }: EndedDefaults): Revision {
  return reservedRevision(firstRevision, remainingIndexes(defaults).length - 1);
}
