import type { RegionName } from '../../base/mod.ts';
import type { Position } from '../../store/mod.ts';
import type { Answer, Question, VoterState } from './protocol.ts';
import type { ShardSettings, SurvivalGoal, Voter, VoterName } from './settings.ts';

/** What a member has promised, as it stands on its disk. */
export interface PromiseRecord {
  readonly epoch: number;
  /** See `VoterState.pending`. */
  readonly pending: readonly number[];
}

/** What the core has to know of the member's log at the moment of a step; it changes nothing there. */
export interface LogView {
  /** By a clock that never steps. */
  readonly nowMs: number;
  readonly end: Position;
  readonly visible: Position;
  readonly isSealed: boolean;
  readonly settings: ShardSettings | undefined;
  readonly revision: number;
  /** The place of a commit in the log, if it is kept. */
  positionAt(sequence: number): Position | undefined;
}

/** What a voter has said, and when it came. */
export interface Heard {
  readonly state: VoterState;
  readonly atMs: number;
  /** How much of the home's own epoch it has on its disk. */
  readonly sequence: number;
}

/** Questions whose answers prove something only if they were asked after it was wanted. */
export interface Round {
  readonly number: number;
  readonly answered: readonly number[];
  readonly commands: readonly number[];
  readonly sinceMs: number;
}

/** A home's term of office. */
export interface Term {
  readonly epoch: number;
  readonly sinceMs: number;
  /** Until commits up to here are visible, they have to meet the former goal, too. */
  readonly strictUntil: number;
  /** The last commit that has met its goal. */
  readonly met: number;
  /** By slot. */
  readonly heard: ReadonlyMap<number, Heard>;
  /** The second durable copy in the region has this, and is worth its name or not. */
  readonly copy: { readonly sequence: number; readonly isSynced: boolean; readonly atMs: number } | undefined;
  /** Where the log ended at some moments of the last seconds, oldest first: who lacks that is behind. */
  readonly ends: readonly { readonly atMs: number; readonly sequence: number }[];
  /** Since somebody else has published to the stream, or may have: nothing is acknowledged. */
  readonly doubt: string | undefined;
  readonly round: Round | undefined;
  /** Commands that wait for the round after the current one. */
  readonly waiting: readonly number[];
  /** A change of the settings that is under way: the commit, once it is known, and who waits for it. */
  readonly change:
    | {
        readonly sequence: number | undefined;
        readonly command: number | undefined;
        readonly untilMs: number;
      }
    | undefined;
  /** A command that waits for the first commit of the term, and until when. */
  readonly command: { readonly id: number; readonly untilMs: number } | undefined;
  /** What was accepted to be lost when the epoch began. */
  readonly losses: string | undefined;
}

/** An attempt to open an epoch. */
export interface Campaign {
  readonly epoch: number;
  /** Looks what was promised, promises itself, asks for promises, gets what it lacks, begins. */
  readonly phase: 'looking' | 'promising' | 'asking' | 'refilling' | 'opening';
  readonly isForced: boolean;
  readonly salt: number;
  readonly promises: readonly VoterState[];
  /** Slots that were asked. */
  readonly asked: readonly number[];
  /** Slots that have answered, or cannot be reached. */
  readonly answered: readonly number[];
  readonly sinceMs: number;
  readonly deadlineMs: number;
  readonly command: number | undefined;
  /** The old home's last commit, when it hands over. */
  readonly sealed: Position | undefined;
  readonly adopted: VoterState | undefined;
  /** What may be lost, of a forced one. */
  readonly losses: string | undefined;
  /** No revision of the epoch may be below. */
  readonly above: number;
  /** Why it has not begun yet, though there are enough promises. */
  readonly problem: string | undefined;
  /** The stream has refused what it was published already: see `Term.doubt`. */
  readonly doubt: string | undefined;
}

/** What a member is to a shard. */
export type Role =
  /** Somebody else is the home, or nobody. */
  | { readonly kind: 'follower' }
  /** Was the home before a restart: goes on when nobody has promised a higher epoch. */
  | {
      readonly kind: 'recovering';
      readonly sinceMs: number;
      readonly askedMs: number;
      readonly answers: readonly VoterState[];
      readonly copyRead: boolean;
      readonly isResuming: boolean;
      /** See `Campaign.doubt`. */
      readonly doubt: string | undefined;
    }
  /** Was the home, and somebody else may be: takes a new epoch unless one begins. */
  | { readonly kind: 'unsettled'; readonly reason: string; readonly retryAtMs: number }
  | { readonly kind: 'campaign'; readonly campaign: Campaign }
  | { readonly kind: 'home'; readonly term: Term }
  /** Has sealed its epoch, or is about to, and hands over. */
  | {
      readonly kind: 'moving';
      readonly term: Term;
      readonly target: Voter;
      readonly command: number;
      readonly deadlineMs: number;
      readonly sealed: Position | undefined;
      readonly askedMs: number;
    };

export interface CoreState {
  readonly self: VoterName;
  readonly role: Role;
  readonly promise: PromiseRecord;
  /** A promise on its way to the disk. */
  readonly promising:
    | { readonly record: PromiseRecord; readonly question: number | undefined; readonly from: VoterName }
    | undefined;
  /** The highest epoch that anybody has spoken of. */
  readonly epochHeard: number;
  /** What was last told the home, so that it is told again only when there is more, or now and then. */
  readonly told: { readonly sequence: number; readonly epoch: number; readonly atMs: number };
  readonly rounds: number;
  /** The epochs whose copy in the zone was read to its end. */
  readonly copies: readonly number[];
}

export type Command =
  | { readonly kind: 'move'; readonly to: RegionName }
  | {
      readonly kind: 'promote';
      readonly acceptLoss: boolean;
      /** Drawn by chance: terms that nobody can compare never get the same number. */
      readonly salt: number;
    }
  | { readonly kind: 'confirm-epoch' }
  | { readonly kind: 'add-voter'; readonly voter: VoterName }
  | { readonly kind: 'remove-voter'; readonly region: RegionName }
  | { readonly kind: 'set-goal'; readonly goal: SurvivalGoal };

export type CommandOutcome =
  | { readonly kind: 'done'; readonly epoch: number; readonly losses?: string }
  /** Nothing has changed, or nothing that anybody has to care about; says why. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** Without `--accept-loss` it cannot be done; says what may be lost. */
  | { readonly kind: 'would-lose'; readonly detail: string }
  /** Somebody else was faster. */
  | { readonly kind: 'outdone'; readonly detail: string }
  | { readonly kind: 'failed'; readonly detail: string };

/** What happens to a core. */
export type Input =
  /** Some time has passed. */
  | { readonly kind: 'tick' }
  /** More of the log is on the disk, or something else about it has changed. */
  | { readonly kind: 'log' }
  | { readonly kind: 'asked'; readonly id: number; readonly question: Question }
  | { readonly kind: 'answered'; readonly token: Token; readonly slot: number; readonly answer: Answer }
  | { readonly kind: 'unanswered'; readonly token: Token; readonly slot: number; readonly detail: string }
  | { readonly kind: 'saved' }
  | { readonly kind: 'refilled'; readonly epoch: number; readonly problem?: string }
  | { readonly kind: 'opened'; readonly epoch: number; readonly problem?: string }
  | { readonly kind: 'resumed'; readonly epoch: number; readonly problem?: string }
  | { readonly kind: 'sealed'; readonly position?: Position; readonly problem?: string }
  | { readonly kind: 'changed'; readonly sequence?: number; readonly problem?: string }
  /** The zone's copy has the log of this epoch up to here. */
  | { readonly kind: 'copied'; readonly epoch: number; readonly sequence: number; readonly isSynced: boolean }
  /** The zone's copy of an epoch was read to its end, and all that it has is here. */
  | { readonly kind: 'copy-read'; readonly epoch: number }
  /** The stream has refused what the home published. */
  | { readonly kind: 'fenced'; readonly detail: string }
  | { readonly kind: 'command'; readonly id: number; readonly command: Command };

/** Says what a question was asked for. */
export interface Token {
  readonly kind: 'look' | 'promise' | 'recovery' | 'round' | 'holding' | 'take-over';
  readonly number: number;
}

/** What is to be done, in this order. */
export type Effect =
  | { readonly kind: 'ask'; readonly to: Voter; readonly question: Question; readonly token: Token }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer }
  /** Becomes no home any more first, if it says so; then syncs the record; then `saved`. */
  | { readonly kind: 'save'; readonly record: PromiseRecord; readonly stepDown: string | undefined }
  /** Commits up to here have met their goal. */
  | { readonly kind: 'confirm'; readonly epoch: number; readonly sequence: number }
  | { readonly kind: 'refill'; readonly epoch: number; readonly from: VoterName; readonly to: Position }
  | { readonly kind: 'open'; readonly epoch: number; readonly above: number }
  | { readonly kind: 'resume'; readonly epoch: number }
  | { readonly kind: 'step-down'; readonly reason: string }
  | { readonly kind: 'suspend'; readonly reason: string }
  | { readonly kind: 'proceed' }
  | { readonly kind: 'seal' }
  | { readonly kind: 'change'; readonly settings: ShardSettings }
  | { readonly kind: 'settle'; readonly command: number; readonly outcome: CommandOutcome };
