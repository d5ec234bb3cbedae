import type { Revision } from '../base/mod.ts';
import type { Fork } from './foreign-frame.ts';
import type { Position } from './head.ts';
import type { StoredFrame } from './log-reader.ts';

/** What a shard's commits have to survive before they count, as its home knows it. */
export interface SurvivalGate {
  /** Why no commit could meet its goal now; undefined while it is in reach. Asked before a commit is sequenced. */
  outOfReach(): string | undefined;
  /** The log is on this member's disk up to here: the gate counts it, and says `ReplicatedLog.confirm`. */
  written(position: Position): void;
}

/** Told of what has come to the disk: where the log ends there now, and the frames that are new. */
export type WrittenListener = (position: Position, frames: readonly StoredFrame[]) => void;

export interface ReplicationOptions {
  /** Whether this member sequences the log, or takes what its home has sequenced. A sealed epoch has no home. */
  readonly role: 'home' | 'follower';
  /** Of a home whose commits have to be elsewhere, too. Absent: they count when they are on its disk (`process`). */
  readonly gate?: SurvivalGate;
}

/** Frames as they come from a shard's home or from another member, in order. */
export interface FrameBatch {
  readonly frames: readonly Uint8Array[];
  /** Commits up to here have met their goal, as far as the sender knows; only believed of what the batch proves. */
  readonly mark?: number;
  /** The epoch at the end of the log that they are from: earlier frames may be of older ones. */
  readonly epoch?: number;
}

/** What was found of the first frame of a batch that could not be taken. */
export type ApplyVerdict =
  | { readonly kind: 'applied' }
  | { readonly kind: 'gap'; readonly wants: number }
  | { readonly kind: 'diverged'; readonly wants: number }
  | { readonly kind: 'stale' }
  | { readonly kind: 'beyond' }
  | { readonly kind: 'damaged'; readonly reason: string }
  | { readonly kind: 'quarantined'; readonly quarantine: Quarantine };

/** What has become of a batch: the first frame that could not be taken decides. */
export type ApplyResult = ApplyVerdict & {
  /** Frames that are on the disk now and were not before. */
  readonly applied: number;
  readonly end: Position;
  readonly undone?: UndoReport;
};

/** What a home says every second: its last commit that has met its goal, and up to when that is all. */
export interface Heartbeat extends Position {
  readonly revision: Revision;
}

/** What a heartbeat is to a member's log. */
export type Observation =
  /** The member has exactly that commit, and shows it. */
  | { readonly kind: 'current' }
  /** Frames are missing, from `wants` on. */
  | { readonly kind: 'behind'; readonly wants: number }
  | { readonly kind: 'diverged'; readonly wants: number }
  | { readonly kind: 'stale' }
  | { readonly kind: 'quarantined'; readonly quarantine: Quarantine };

/** Why a member takes nothing more of a shard: its own history and the shard's exclude each other. */
export interface Quarantine extends Fork {
  readonly sinceMs: number;
}

/** A member was past the end of an epoch, and went back to it. */
export interface UndoReport {
  readonly from: Position;
  readonly to: Position;
  readonly commits: number;
  /** Of these, how many had been visible. */
  readonly visible: number;
}

/** A term of office that is to begin. */
export interface EpochOptions {
  readonly epoch: number;
  readonly gate?: SurvivalGate | undefined;
  /** No revision of the epoch will be below: what other members know to have been announced. */
  readonly above?: number;
  /** What whoever decided this knew of them: the epoch does not begin on other ones that have come since. */
  readonly settings?: Uint8Array | undefined;
  readonly actor: string;
  readonly originRegion: string;
}
