import { decodeFrame, type Frame, frameHash } from './frame.ts';
import type { Head, Position } from './head.ts';

/** Two commits claim the same place: no history that has one can come to have the other. */
export interface Fork {
  readonly epoch: number;
  readonly sequence: number;
  /** Hexadecimal hashes of what this member has and of what it was given. */
  readonly ours: string;
  readonly theirs: string;
}

/** What a frame from elsewhere is to a log. */
export type Verdict =
  /** It follows the end. */
  | { readonly kind: 'next' }
  /** The log has it. */
  | { readonly kind: 'known' }
  /** It opens an epoch that does not have what the log has beyond `to`. */
  | { readonly kind: 'undo'; readonly to: Position }
  /** Frames are missing before it, from `wants` on. */
  | { readonly kind: 'gap'; readonly wants: number }
  /** It belongs to a newer epoch that parted from this log somewhere before it: frames from `wants` on, or earlier, tell. */
  | { readonly kind: 'diverged'; readonly wants: number }
  /** It is of an epoch that is over. */
  | { readonly kind: 'stale' }
  | { readonly kind: 'fork'; readonly fork: Fork }
  /** What it is about is before everything that is kept. */
  | { readonly kind: 'beyond' }
  /** No log has such a frame. */
  | { readonly kind: 'damaged'; readonly reason: string };

/** What {@link judgeFrame} has to know of a log. */
export interface KnownLog {
  readonly shard: string;
  /** Its end, with what is on its way to the disk. */
  readonly end: Head;
  /** Whether nothing may follow in the epoch of the end. */
  readonly isSealed: boolean;
  /** What it has at a sequence not beyond the end; undefined if that is not kept any more. */
  at(sequence: number): Position | undefined;
}

/** The frame in some bytes, or why they hold none. */
export function readForeignFrame(bytes: Uint8Array): Frame | string {
  try {
    return decodeFrame(bytes);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Holds a frame against a log. Only an equal place (epoch, sequence) with another hash is a fork: members that are behind,
 * ahead, or on a branch that was not adopted find back by what the other verdicts ask for. Of two branches the one that
 * ends in the newer epoch is adopted: its home has taken over the most advanced history that could have counted.
 *
 * @param senderEpoch at the end of the log that the frame is from, if that is known to be newer than the frame's own.
 */
export function judgeFrame(
  frame: Frame,
  frameBytes: Uint8Array,
  log: KnownLog,
  senderEpoch = frame.epoch,
): Verdict {
  const { end } = log;
  const damage = damageOf(frame, log);
  if (damage !== undefined) return { kind: 'damaged', reason: damage };
  if (frame.sequence > end.sequence + 1) return { kind: 'gap', wants: end.sequence + 1 };
  const isNewer = Math.max(senderEpoch, frame.epoch) > end.epoch;
  if (frame.sequence === end.sequence + 1) return judgeNext(frame, log, isNewer);
  const ours = log.at(frame.sequence);
  // What is not kept any more was settled long ago: whoever repeats it says nothing new.
  if (ours === undefined) return frame.epoch <= end.epoch ? { kind: 'known' } : { kind: 'beyond' };
  const hash = frameHash(frameBytes);
  if (Buffer.compare(ours.hash, hash) === 0) return { kind: 'known' };
  if (frame.epoch === ours.epoch) return { kind: 'fork', fork: forkOf(ours, hash) };
  return isNewer ? judgeBranch(frame, log) : { kind: 'stale' };
}

function judgeNext(frame: Frame, log: KnownLog, isNewer: boolean): Verdict {
  const { end } = log;
  const isAtBeginning = end.sequence === 0;
  if (Buffer.compare(frame.previousHash, end.hash) !== 0) {
    if (isAtBeginning) return { kind: 'damaged', reason: 'a first frame follows nothing' };
    // Its predecessor is of the same epoch, since only the first frame of an epoch follows one of another.
    if (frame.epoch === end.epoch && frame.opening === undefined)
      return { kind: 'fork', fork: forkOf(end, frame.previousHash) };
    return isNewer ? judgeBranch(frame, log) : { kind: 'stale' };
  }
  if (isAtBeginning || frame.opening !== undefined) return { kind: 'next' };
  if (frame.epoch < end.epoch) return { kind: 'damaged', reason: 'an epoch goes on after a newer one' };
  if (frame.epoch > end.epoch) return { kind: 'damaged', reason: 'an epoch begins without its first record' };
  if (log.isSealed) return { kind: 'damaged', reason: 'an epoch goes on that was sealed' };
  return { kind: 'next' };
}

/** A frame of another branch, which is the adopted one: undone is what the log has beyond where they part. */
function judgeBranch(frame: Frame, log: KnownLog): Verdict {
  const ours = log.at(frame.sequence - 1);
  if (ours === undefined) return { kind: 'beyond' };
  if (Buffer.compare(ours.hash, frame.previousHash) === 0) return { kind: 'undo', to: ours };
  const former = frame.opening?.former;
  if (former !== undefined && ours.epoch === former.epoch)
    return { kind: 'fork', fork: forkOf(ours, former.hash) };
  return { kind: 'diverged', wants: Math.max(1, frame.sequence - 1) };
}

function damageOf(
  { shard, sequence, epoch, opening, previousHash }: Frame,
  log: KnownLog,
): string | undefined {
  if (shard !== log.shard) return `a frame of shard ${shard} is none of shard ${log.shard}`;
  if (opening === undefined) return undefined;
  const { former } = opening;
  const follows = former.sequence === sequence - 1 && Buffer.compare(former.hash, previousHash) === 0;
  if (!follows) return 'the first record of an epoch names another frame than it follows';
  return former.epoch < epoch ? undefined : 'an epoch follows one that is not lower';
}

/** What to report of an equal place with another hash. */
export function forkOf({ epoch, sequence, hash }: Position, theirs: Uint8Array): Fork {
  return { epoch, sequence, ours: hexOf(hash), theirs: hexOf(theirs) };
}

function hexOf(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex');
}
