import type { RegionName, Revision, ShardName } from '../base/mod.ts';
import type { ObjectKey } from './object-key.ts';

/** An expectation did not hold: nothing was written. */
export class ExpectationFailed extends Error {
  override readonly name = 'ExpectationFailed';
  readonly key: ObjectKey;
  /** The revision that the object has now, 0 when there is none. */
  readonly current: Revision;
  readonly isPrecondition: boolean;
  /** Something in the group is on its way to the disk: see `Proposal.settled`. */
  readonly isUnsettled: boolean;

  constructor(options: {
    readonly key: ObjectKey;
    readonly current: number;
    readonly isPrecondition: boolean;
    readonly isUnsettled?: boolean;
  }) {
    super(`${options.key.resource} ${options.key.name} is at revision ${options.current}`);
    this.key = options.key;
    this.current = options.current as Revision;
    this.isPrecondition = options.isPrecondition;
    this.isUnsettled = options.isUnsettled ?? false;
  }
}

/** A debt was caused again, or settled already, since it was read: nothing was written. */
export class WorkChanged extends Error {
  override readonly name = 'WorkChanged';
}

/**
 * Why a log takes no commits: `full` for the moment; `closed`; the disk has `failed`; the survival `goal` is out of reach;
 * the shard's home is `away`.
 */
export type UnavailableReason = 'full' | 'closed' | 'failed' | 'goal' | 'away';

/** The log takes no commits now. What was proposed has no place in it. */
export class LogUnavailable extends Error {
  override readonly name: string = 'LogUnavailable';
  readonly reason: UnavailableReason;
  constructor(message: string, options: { readonly reason: UnavailableReason; readonly cause?: unknown }) {
    super(message, { cause: options.cause });
    this.reason = options.reason;
  }

  /** Whether it passes by itself. */
  get isTransient(): boolean {
    return this.reason !== 'closed' && this.reason !== 'failed';
  }
}

/**
 * A commit has its place in the log of this member, and it is not known whether it will ever count: another home may go
 * on with or without it.
 */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown';
}

/** A commit is larger than one message of the log may be. */
export class CommitTooLarge extends Error {
  override readonly name = 'CommitTooLarge';
}

/** The log that a commit is for is sequenced by another member: it has to be made there. */
export class HomeElsewhere extends LogUnavailable {
  override readonly name = 'HomeElsewhere';
  readonly shard: ShardName;
  /** Where that is, as far as this member knows. */
  readonly home: HomePlace | undefined;

  constructor(shard: ShardName, home?: HomePlace) {
    const where = home?.region === undefined ? '' : ` in region ${home.region}`;
    super(`the home of shard ${shard} is elsewhere${where}`, { reason: 'away' });
    this.shard = shard;
    this.home = home;
  }
}

export interface HomePlace {
  readonly region?: RegionName;
  /** The member's number. */
  readonly member?: number;
}

/** What is stored has another layout than this version reads: another version of the program has written it. */
export class OtherFormat extends Error {
  override readonly name = 'OtherFormat';

  constructor(found: string, wanted: string) {
    super(`its format is ${found}, this version reads ${wanted}`);
  }
}

/** One of a member's logs could not be opened; why is the cause. */
export class LogNotOpened extends Error {
  override readonly name = 'LogNotOpened';
  readonly log: ShardName;

  constructor(log: ShardName, cause: unknown) {
    super(`log ${log} cannot be opened: ${String(cause)}`, { cause });
    this.log = log;
  }
}

/** A commit changes objects of several logs, which no log can promise: nothing was written. */
export class SpansLogs extends Error {
  override readonly name = 'SpansLogs';
  /** What it changes, by the name of the log. */
  readonly keys: ReadonlyMap<string, readonly ObjectKey[]>;

  constructor(keys: ReadonlyMap<string, readonly ObjectKey[]>) {
    const parts = [...keys].map(([log, own]) => `${log} (${own.map(textOf).join(', ')})`);
    super(`a commit is of one log, and this one is of ${parts.join(' and ')}`);
    this.keys = keys;
  }
}

function textOf({ cluster, resource, group, name }: ObjectKey): string {
  return `${cluster}/${resource}${group === '' ? '' : `.${group}`}/${name}`;
}
