import { assert, type Revision } from '../base/mod.ts';
import { decodeFrame, lastRevisionOf } from './frame.ts';
import type { KeyValueStore } from './key-value.ts';
import { commitKey, logKey, readRevision } from './tables.ts';

export interface Outcome {
  readonly sequence: number;
  /** The last that the commit was given; the revision of the log before it for a commit without changes. */
  readonly revision: Revision;
  /** Of each mutation, in order. */
  readonly revisions: readonly Revision[];
}

/** The first outcome of a commit id that is already in the log. */
export function outcomeInLog(keyValue: KeyValueStore, commitId: Uint8Array): Outcome | undefined {
  const bytes = keyValue.get(commitKey(commitId));
  if (bytes === undefined) return undefined;
  const sequence = readRevision(bytes, 0);
  const frameBytes = keyValue.get(logKey(sequence));
  assert(frameBytes !== undefined, 'a remembered commit is in the log');
  const frame = decodeFrame(frameBytes);
  return {
    sequence,
    revision: lastRevisionOf(frame) ?? revisionBefore(keyValue, sequence),
    revisions: frame.changes.map((change) => change.revision),
  };
}

/** The last revision in the frames before one: a commit without changes has none of its own. */
function revisionBefore(keyValue: KeyValueStore, sequence: number): Revision {
  for (let at = sequence - 1; at >= 1; at--) {
    const frameBytes = keyValue.get(logKey(at));
    if (frameBytes === undefined) break;
    const last = lastRevisionOf(decodeFrame(frameBytes));
    if (last !== undefined) return last;
  }
  return 0 as Revision;
}
