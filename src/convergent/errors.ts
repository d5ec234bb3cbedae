/** Why something about a convergent object is refused. Callers turn it into a Status, or into a report. */
export type ConvergentRefusal =
  /** Bytes that are no document, or one that no region of ours can have written. */
  | 'DocumentCorrupt'
  /** More registers, clients or bytes than a document may have. */
  | 'DocumentTooLarge'
  /** Registers in the name of a client that cannot have written them. */
  | 'ClientForged'
  /** A client that speaks for another region than it belongs to. */
  | 'RegionForged'
  /** Two writers have used the same client id. */
  | 'ClientIdReused'
  /** A client id that somebody knows already must not be used by a new writer. */
  | 'ClientIdTaken'
  /** The clock of this writer is too far ahead of the others'. */
  | 'ClockAhead'
  /** A field that only the home of the object's logical cluster may change. */
  | 'HomeOnly'
  /** The object is deleted, and what is deleted is not edited. */
  | 'Deleted'
  /** An object with finalizers is not deleted yet. */
  | 'FinalizersRemain';

/** Something about a convergent object is refused; nothing has been changed. */
export class ConvergentError extends Error {
  override readonly name = 'ConvergentError';
  readonly refusal: ConvergentRefusal;
  /** What it is about: fields for `HomeOnly`, empty for most. */
  readonly details: readonly string[];

  constructor(
    refusal: ConvergentRefusal,
    message: string,
    options: { readonly cause?: unknown; readonly details?: readonly string[] } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.refusal = refusal;
    this.details = options.details ?? [];
  }
}
