import type { RegionName } from '../../base/mod.ts';

/**
 * What carries messages between members: NATS with JetStream, or its twin in memory. Only what these two do
 * differently stands here; windows, retries, resumption and the like are the transport's, one code for both.
 *
 * Messages arrive at most once and in the order in which they were sent on one subject, as far as they arrive.
 */
export interface Carrier {
  /** The largest message that can be sent. */
  readonly payloadBytesMax: number;
  isConnected(): boolean;
  /** Says when the connection is there, is lost, and when it has been closed for good; the returned function ends it. */
  onStatus(listener: (status: CarrierStatus) => void): () => void;

  /** Sends to whoever listens now. Dropped without a connection. */
  publish(subject: string, payload: Uint8Array): void;
  /**
   * Calls `receive` for each message, and again after each reconnection; `*` stands for one token of the subject, a
   * final `>` for one or more. Of those that name the same queue, one gets each message. The returned function ends it.
   */
  subscribe(options: SubscribeOptions, receive: (message: CarriedMessage) => void): () => void;
  /** Sends, and waits for one answer. */
  request(subject: string, payload: Uint8Array, options: RequestOptions): Promise<RequestOutcome>;

  /** The streams of one region's JetStream. */
  streams(region: RegionName): Streams;
  /** Nothing is sent or received any more. May be called again. */
  close(): Promise<void>;
}

export type CarrierStatus =
  | { readonly kind: 'connected'; readonly server: string }
  | { readonly kind: 'disconnected'; readonly detail: string }
  /** Something that the administrator should know, such as a denied permission. */
  | { readonly kind: 'problem'; readonly detail: string }
  | { readonly kind: 'closed'; readonly detail: string };

export interface SubscribeOptions {
  readonly subject: string;
  readonly queue?: string;
}

export interface CarriedMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** Answers whoever asked; undefined when nobody did. */
  readonly respond?: (payload: Uint8Array) => void;
}

export interface RequestOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export type RequestOutcome =
  | { readonly kind: 'answered'; readonly payload: Uint8Array }
  /** Nobody listens, or there is no connection: it has not been received, and will not be. */
  | { readonly kind: 'no-responders'; readonly detail: string }
  /** It may have been received. */
  | { readonly kind: 'unknown'; readonly detail: string };

/** Why there is no result. `unknown`: it may have been done. */
export interface StreamFailure {
  readonly kind: 'unreachable' | 'unknown' | 'not-found' | 'denied' | 'failed';
  readonly detail: string;
}

export type StreamResult<Value> = { readonly kind: 'done'; readonly value: Value } | StreamFailure;

/** What a stream is bounded by and kept on. */
export interface StreamSettings {
  readonly name: string;
  readonly subject: string;
  /** Messages go when they are older than this, or when all are larger together. */
  readonly ageMsMax: number;
  readonly bytesMax: number;
  readonly replicas: number;
  /** Within this time a message with the id of an earlier one is not stored again. */
  readonly duplicateWindowMs: number;
}

export interface StreamState {
  /** The first message that is left, and the last that was stored; last = first - 1 when none is left. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** When the stream was made: another stream of the same name has another time. */
  readonly created: string;
}

export interface StoredMessage {
  readonly sequence: number;
  readonly id: string;
  readonly payload: Uint8Array;
}

export interface StoreRequest {
  readonly stream: string;
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly id: string;
  /** Stored only if this is the sequence of the stream's last message. */
  readonly expectedLastSequence: number;
  /** And, if given, only if that message has this id. */
  readonly expectedLastId?: string;
  readonly timeoutMs: number;
}

export type StoreOutcome =
  | { readonly kind: 'stored'; readonly sequence: number }
  /** A message with this id was stored before, as that. It is found out before the expectations are looked at. */
  | { readonly kind: 'duplicate'; readonly sequence: number }
  /** An expectation is not met; nothing was stored. */
  | { readonly kind: 'refused'; readonly detail: string }
  | StreamFailure;

export interface Streams {
  /** Makes the stream, or changes a stream of that name to these settings. Compares what the server says it has made. */
  open(settings: StreamSettings): Promise<StreamResult<StreamState>>;
  state(stream: string): Promise<StreamResult<StreamState>>;
  store(request: StoreRequest): Promise<StoreOutcome>;
  /** Asks the stream's leader. `not-found` also for a message that is not there (any more). */
  read(stream: string, sequence: number): Promise<StreamResult<StoredMessage>>;
  /** Done also when there is none. */
  remove(stream: string): Promise<StreamResult<void>>;
  /** Messages from a sequence on, as they come. Ends by itself only by `onEnd`, which is not called after `stop()`. */
  consume(options: ConsumeOptions): Promise<StreamResult<Consumption>>;
}

export interface ConsumeOptions {
  readonly stream: string;
  readonly fromSequence: number;
  /** `delivery` counts from 1 without gaps: a gap means that messages were lost on the way. */
  readonly onMessage: (message: StoredMessage, delivery: number) => void;
  /** The server is there; called for messages too. */
  readonly onAlive: () => void;
  /** Whether more may come; if not, the server is told to go on only by `proceed()`. */
  readonly mayProceed: () => boolean;
  readonly onEnd: (detail: string) => void;
}

export interface Consumption {
  /** There is room again. */
  proceed(): void;
  stop(): void;
}
