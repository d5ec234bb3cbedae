import type { Revision } from '../base/mod.ts';
import { decodeFrame, frameHash, lastRevisionOf, NO_PREVIOUS_HASH } from './frame.ts';
import { decodeHead, type Head } from './head.ts';
import type { KeyValueStore } from './key-value.ts';
import { BASE_KEY, logKey, logRange, readRevision } from './tables.ts';

/** What a log begins after that nobody has trimmed. */
const BEGINNING: Head = { sequence: 0, epoch: 0, revision: 0 as Revision, hash: NO_PREVIOUS_HASH };

/** The head of what comes before the first frame that is kept. */
export function baseOf(keyValue: Pick<KeyValueStore, 'get'>): Head {
  const bytes = keyValue.get(BASE_KEY);
  return bytes === undefined ? BEGINNING : decodeHead(bytes);
}

/** The head of the log when a frame was its last one; undefined if that was before everything that is kept. */
export function headAt(keyValue: KeyValueStore, sequence: number): Head | undefined {
  const base = baseOf(keyValue);
  if (sequence === base.sequence) return base;
  const bytes = keyValue.get(logKey(sequence));
  if (bytes === undefined) return undefined;
  const frame = decodeFrame(bytes);
  return {
    sequence,
    epoch: frame.epoch,
    revision: lastRevisionOf(frame) ?? revisionBefore(keyValue, sequence),
    hash: frameHash(bytes),
  };
}

/** The last revision in the frames before one: a commit without changes has none of its own. */
export function revisionBefore(keyValue: Pick<KeyValueStore, 'get'>, sequence: number): Revision {
  for (let at = sequence - 1; at >= 1; at--) {
    const frameBytes = keyValue.get(logKey(at));
    if (frameBytes === undefined) break;
    const last = lastRevisionOf(decodeFrame(frameBytes));
    if (last !== undefined) return last;
  }
  return baseOf(keyValue).revision;
}

/** One frame as it stands in the log. */
export interface StoredFrame {
  readonly sequence: number;
  readonly bytes: Buffer;
}

/**
 * The frames from one on, in order and in batches that fit in memory, as they were when it was asked. Whoever asks has
 * made sure that the first of them is kept.
 */
export async function* framesFrom(
  keyValue: KeyValueStore,
  from: number,
): AsyncGenerator<readonly StoredFrame[]> {
  for await (const entries of keyValue.iterate(logRange(from))) {
    yield entries.map(([key, bytes]) => ({ sequence: readRevision(key, 1), bytes }));
  }
}
