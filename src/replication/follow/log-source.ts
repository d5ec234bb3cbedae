import type { Heartbeat, Position } from '../../store/mod.ts';

/** What comes from a stream, in order. */
export type SourceEvent =
  /** Frames, and the epoch at the end of the log that they are from. */
  | {
      readonly kind: 'frames';
      readonly frames: readonly Uint8Array[];
      readonly epoch: number;
      readonly mark?: number;
    }
  /** The stream does not have the frames from here on any more; what follows them comes next. */
  | { readonly kind: 'gap'; readonly wants: number };

export interface Subscription extends AsyncIterable<SourceEvent> {
  /** Ends it, whoever waits for more included. May be called again. */
  close(): void;
}

export type ReplayAnswer =
  /** Frames from the wanted one on, as many as fit; none when the peer has no more. */
  | {
      readonly kind: 'frames';
      readonly frames: readonly Uint8Array[];
      /** At the end of the peer's log. */
      readonly epoch: number;
      /** Up to where commits have met their goal, as the peer knows it. */
      readonly mark: number;
    }
  /** The peer does not keep them as far back: `first` is the first that it has, if it says so. */
  | { readonly kind: 'below'; readonly first?: number }
  | { readonly kind: 'unavailable'; readonly detail: string };

/** Where a member gets a shard's log from: what the transport provides, and what tests make up. */
export interface LogSource {
  /**
   * What the shard's home publishes, after a position. Ends when there is nothing to follow for the moment, which may be
   * at once; it is asked for anew then. Holds a bounded number of bytes that nobody has taken.
   */
  subscribe(after: Position): Subscription;
  /** Frames from another member that has them. */
  replay(request: { readonly from: number; readonly bytesMax: number }): Promise<ReplayAnswer>;
  /** A state from another member, in the parts of `exportState`; undefined when nobody can be reached. */
  snapshot(): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Calls a listener with each heartbeat of the shard's home, until the returned function is called. */
  hearHeartbeats(listener: (heartbeat: Heartbeat) => void): () => void;
}
