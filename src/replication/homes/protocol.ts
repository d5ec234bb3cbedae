import type { Position } from '../../store/mod.ts';
import type { ShardSettings, VoterName } from './settings.ts';

/** What a voter says of itself. */
export interface VoterState {
  readonly voter: VoterName;
  /** The highest epoch that it has promised: it counts for no lower one any more. */
  readonly promised: number;
  /**
   * Promised epochs of which it has seen no frame. Any of them may have begun elsewhere, and commits of it may have been
   * acknowledged if they had to survive less than the loss of a region.
   */
  readonly pending: readonly number[];
  /** The end of the log on its disk. */
  readonly end: Position;
  readonly isSealed: boolean;
  /** What its log says of how the shard is replicated. */
  readonly settings: ShardSettings | undefined;
  /** Up to here it has told its clients that it has seen everything. */
  readonly revision: number;
}

/** What members ask each other about a shard. */
export type Question =
  /** Will you count for no epoch below this one any more? */
  | { readonly kind: 'promise'; readonly epoch: number; readonly from: VoterName }
  /** What do you have, and have you promised more than the epoch that I know? */
  | { readonly kind: 'state'; readonly from: VoterName }
  /** I have this on my disk, and count for its epoch. To the home. */
  | { readonly kind: 'holding'; readonly state: VoterState }
  /** I have sealed my epoch with this commit: open the next one. */
  | {
      readonly kind: 'take-over';
      readonly from: VoterName;
      readonly sealed: Position;
      readonly revision: number;
    };

/** An answer always says what whoever was asked has; `isGranted` only of a promise or a hand-over. */
export interface Answer {
  readonly isGranted: boolean;
  readonly state: VoterState;
  /** From the home: up to here commits have met their goal. */
  readonly mark?: Position;
}
