import { limits } from '../base/mod.ts';
import { decodeFrame, lastRevisionOf } from './frame.ts';
import type { KeyValueStore, WriteOperation } from './key-value.ts';
import { objectKeyText } from './object-key.ts';
import {
  COMPACTED_KEY,
  commitKey,
  encodeNumber,
  eventKey,
  FLOOR_KEY,
  formerKey,
  logRange,
  readRevision,
  versionKey,
} from './tables.ts';

const FRAMES_PER_STEP = 500;

/**
 * Frees what only readers below the floor needed: superseded values, events, and commit ids of more than
 * 15 minutes ago. Walks the log from where it stopped last, so its cost is that of the new history, and a
 * replay that compacts too ends in the same bytes. Safe to interrupt: each step is one batch. `floor` is a lower one than
 * the log has, as long as the record that moved it may be undone: what was freed would be missing then.
 */
export async function compactHistory(
  keyValue: KeyValueStore,
  options: { readonly signal?: AbortSignal; readonly floor?: number | undefined } = {},
): Promise<void> {
  const { signal } = options;
  const floorBytes = keyValue.get(FLOOR_KEY);
  if (floorBytes === undefined) return;
  const floor = options.floor ?? readRevision(floorBytes, 0);
  const progress = keyValue.get(COMPACTED_KEY);
  let next = progress === undefined ? 1 : readRevision(progress, 0) + 1;
  while (signal?.aborted !== true) {
    const step = await compactStep(keyValue, next, floor);
    if (step === undefined) return;
    // Synced like every write: then only the last record of LevelDB's log can be torn, and damage is told apart.
    await keyValue.write(step.operations, { sync: true });
    next = step.lastSequence + 1;
  }
}

async function compactStep(
  keyValue: KeyValueStore,
  from: number,
  floor: number,
): Promise<{ readonly operations: WriteOperation[]; readonly lastSequence: number } | undefined> {
  const operations: WriteOperation[] = [];
  let lastSequence = 0;
  let revision = 0;
  frames: for await (const entries of keyValue.iterate(logRange(from), { limit: FRAMES_PER_STEP })) {
    for (const [, bytes] of entries) {
      const frame = decodeFrame(bytes);
      revision = lastRevisionOf(frame) ?? revision;
      // The frame that moved the floor here, and what follows it, is history that readers may still ask for.
      if (revision > floor || frame.compactionFloor >= floor) break frames;
      for (const change of frame.changes) {
        operations.push({ key: versionKey(objectKeyText(change.key), change.revision) });
        operations.push({ key: eventKey(change.key, change.revision) });
      }
      if (frame.ended !== undefined && frame.ended.firstRevision > 0) {
        operations.push({ key: formerKey(frame.ended.defaults.cluster, frame.ended.firstRevision) });
      }
      operations.push({ key: commitKey(frame.commitId) });
      lastSequence = frame.sequence;
    }
  }
  if (lastSequence === 0) return undefined;
  operations.push({ key: COMPACTED_KEY, value: encodeNumber(lastSequence) });
  return { operations, lastSequence };
}

/** How far behind the present the floor stays: never less than watches and repeated commits rely on. */
export function retentionMs(historyMs: number): number {
  return Math.max(historyMs, limits.historyMsMin, limits.commitIdMs);
}
