import { type DocumentMerger, PARKED_FIELD, readDocumentRow } from '../../api/mod.ts';
import { type LogicalCluster, revisionTimeMs } from '../../base/mod.ts';
import type { ListedObject, ObjectKey, ObjectStore } from '../../store/mod.ts';
import { documentsOf } from './document-walk.ts';
import { type FollowedRegion, sentDocument } from './followed-region.ts';

/** Tombstones that one commit forgets. */
const FORGOTTEN_AT_ONCE = 100;
/** Clocks of the same machine's parts, and messages under way. */
const MARGIN_MS = 1_000;

export interface UpkeepOptions {
  readonly store: ObjectStore;
  readonly merger: DocumentMerger;
  /** All other regions that the planet lists; undefined where one of them is not followed yet. */
  readonly followed: () => readonly FollowedRegion[] | undefined;
  /** The hash of the definition that a kind has now; undefined for one that is not known. */
  readonly definitionHashOf: (key: ObjectKey) => string | undefined;
  /** Whether what an object is in is gone for good. */
  readonly isGone: (key: ObjectKey) => boolean;
  /** Told of each logical cluster of which there is an object. */
  readonly noteCluster?: (cluster: LogicalCluster) => void;
}

/**
 * What becomes of documents as time goes by, in one walk over all of them: parked values begin to count, kinds become
 * known or change, names are free again, logical clusters are gone, and tombstones are forgotten that all regions have seen.
 */
export async function keepUp(options: UpkeepOptions): Promise<void> {
  const { store, merger } = options;
  const tombstones: string[] = [];
  const names: ObjectKey[] = [];
  const again: ListedObject[] = [];
  const currentSinceMs = currentSince(options);
  for await (const document of documentsOf(store)) {
    const { key, row } = document;
    const hidden = readDocumentRow(row);
    const of = hidden?.key ?? key;
    const isOver = hidden?.state === 'tombstone';
    if (!isOver) options.noteCluster?.(of.cluster);
    if (!isOver && options.isGone(of)) again.push(document);
    else if (hidden === undefined) {
      if (isDue(options, document)) names.push(key);
    } else if (hidden.state === 'waiting') again.push(document);
    else if (hidden.state === 'loser') {
      if (store.newest(hidden.key) === undefined) names.push(hidden.key);
    } else if (currentSinceMs !== undefined && revisionTimeMs(row.revision) < currentSinceMs) {
      tombstones.push(row.uid);
    }
  }
  for (const key of names) await merger.settleName(key);
  for (const { key, row } of again) {
    const sent = sentDocument(key, row);
    if (sent !== undefined) await merger.merge({ ...sent, region: OWN });
  }
  const positions = () => (options.followed() ?? []).flatMap(({ position }) => position ?? []);
  for (let from = 0; from < tombstones.length; from += FORGOTTEN_AT_ONCE) {
    await merger.forget(tombstones.slice(from, from + FORGOTTEN_AT_ONCE), positions);
  }
}

/** For reports: what lay here already. */
export const OWN = '' as never;

function isDue({ store, definitionHashOf }: UpkeepOptions, { key, row }: ListedObject): boolean {
  const parked = row.fields[PARKED_FIELD];
  if (parked !== undefined && Number(parked) <= store.nowMs()) return true;
  const hash = definitionHashOf(key);
  return hash !== undefined && hash !== row.definitionHash;
}

/**
 * From before when this region has merged all that any other one has: a tombstone that all have seen is not to meet what
 * was written before it. Undefined as long as somebody is out of reach.
 */
function currentSince({ store, followed }: UpkeepOptions): number | undefined {
  const regions = followed();
  if (regions === undefined) return undefined;
  let stalenessMs = 0;
  for (const region of regions) {
    if (region.stalenessMs === undefined || region.pending > 0) return undefined;
    stalenessMs = Math.max(stalenessMs, region.stalenessMs);
  }
  return store.nowMs() - stalenessMs - MARGIN_MS;
}
