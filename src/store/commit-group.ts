import { assert, limits, type Revision } from '../base/mod.ts';
import type { Placement } from './apply-clock.ts';
import type { EndedDefaults } from './cluster-defaults.ts';
import type { EpochOpening } from './epoch-records.ts';
import type { WorkChange } from './frame.ts';
import type { Head } from './head.ts';
import type { WriteOperation } from './key-value.ts';
import type { StoredFrame } from './log-reader.ts';
import type { StoreEvent } from './projection.ts';

/** Commits that become visible together. Their changes are in memory until then. */
export interface CommitGroup {
  /** What their projections write. */
  readonly operations: WriteOperation[];
  /** Their frames, where these may go to the disk before the projections do. */
  readonly frames: WriteOperation[];
  readonly events: StoreEvent[];
  readonly work: WorkChange[];
  readonly touchedGroups: Set<string>;
  readonly defaultSets: string[];
  readonly ended: EndedDefaults[];
  readonly commitIds: string[];
  readonly durable: Promise<void>;
  readonly settle: { resolve(): void; reject(error: unknown): void };
  /** The first revision in it; undefined when its commits gave out none. */
  firstRevision: Revision | undefined;
  /** Where it is in the order of the member's logs, once it is on its way to the disk. */
  placement: Placement | undefined;
  head: Head;
  sizeBytes: number;
  commits: number;
  opening: EpochOpening | undefined;
  movesFloor: boolean;
}

export function newGroup(head: Head): CommitGroup {
  let settle: CommitGroup['settle'] | undefined;
  const durable = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Every proposer waits on this promise; one that has gone away must not make its rejection fatal.
  durable.catch(() => {});
  assert(settle !== undefined, 'a promise runs its executor at once');
  return {
    operations: [],
    frames: [],
    events: [],
    work: [],
    touchedGroups: new Set(),
    defaultSets: [],
    ended: [],
    commitIds: [],
    durable,
    settle,
    firstRevision: undefined,
    placement: undefined,
    head,
    sizeBytes: 0,
    commits: 0,
    opening: undefined,
    movesFloor: false,
  };
}

/** Takes groups from the beginning of a list as long as they may go and fit in one batch; at least one that may go. */
export function takeFirst(groups: CommitGroup[], may: (group: CommitGroup) => boolean): CommitGroup[] {
  let sizeBytes = 0;
  let count = 0;
  for (const group of groups) {
    if (!may(group) || count >= limits.groupCommitsMax || sizeBytes >= limits.groupBytesMax) break;
    sizeBytes += group.sizeBytes;
    count += 1;
  }
  return groups.splice(0, count);
}

/** The frames of groups of a replicated log, where each commit is a group. */
export function framesOf(groups: readonly CommitGroup[]): StoredFrame[] {
  return groups.flatMap(({ frames, head }) =>
    frames.map(({ value }) => ({ sequence: head.sequence, bytes: value as Buffer })),
  );
}
