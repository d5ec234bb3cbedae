import type { Revision } from '../base/mod.ts';
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

/** The log takes no commits: it is full for the moment, was closed, or its disk failed. */
export class LogUnavailable extends Error {
  override readonly name = 'LogUnavailable';
  readonly isTransient: boolean;
  constructor(message: string, options: { readonly isTransient: boolean; readonly cause?: unknown }) {
    super(message, { cause: options.cause });
    this.isTransient = options.isTransient;
  }
}

/** A commit is larger than one message of the log may be. */
export class CommitTooLarge extends Error {
  override readonly name = 'CommitTooLarge';
}
