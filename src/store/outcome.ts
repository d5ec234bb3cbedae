import { assert, type Revision } from '../base/mod.ts';
import { type Change, decodeFrame, lastRevisionOf } from './frame.ts';
import type { KeyValueStore } from './key-value.ts';
import { revisionBefore } from './log-reader.ts';
import { commitKey, logKey, readRevision } from './tables.ts';

export interface Outcome {
  readonly sequence: number;
  /** The last that the commit was given; the revision of the log before it for a commit without changes. */
  readonly revision: Revision;
  /** Of each mutation, in order. */
  readonly revisions: readonly Revision[];
  /** It is that of an earlier proposal with the same commit id: what was proposed now has no place in the log. */
  readonly isRepeat?: true;
}

/** A commit that counts, as it stands in the log. */
export interface LoggedCommit extends Outcome {
  readonly changes: readonly Change[];
}

/** The first outcome of a commit id that is already in the log. */
export function outcomeInLog(keyValue: KeyValueStore, commitId: Uint8Array): LoggedCommit | undefined {
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
    changes: frame.changes,
  };
}
