/** Frames that follow each other, as one message. */
export interface PublishedBatch {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly lastHash: Uint8Array;
  readonly frames: readonly Uint8Array[];
}

export type PublishOutcome =
  /** The sink has it, now or from an earlier attempt of ours. */
  | { readonly kind: 'stored' }
  /** Somebody else has published to the epoch, or it is known to be over. */
  | { readonly kind: 'fenced'; readonly detail: string }
  /** The sink does not have what it had, or is another one: open it again, and go on behind what it has. */
  | { readonly kind: 'lost'; readonly detail: string };

/** Where a home's frames go out: what the transport provides for one epoch, and what tests make up. */
export interface LogSink {
  /** Makes or finds what takes the frames, and says which frame is the last that it has. Rejects when that fails for now. */
  open(epoch: number): Promise<{ readonly sequence: number; readonly hash: Uint8Array } | undefined>;
  /** Settles when the fate of the batch is known, however long that takes. In the order of the calls. */
  publish(batch: PublishedBatch): Promise<PublishOutcome>;
  close(): void;
}
