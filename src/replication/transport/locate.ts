import type { StreamFailure, Streams } from './carrier.ts';
import { decodeLogMessage, type LogMessage } from './messages.ts';

export type Located =
  /** The first message of the stream that has more than the follower; it may not be there yet. */
  { readonly kind: 'at'; readonly sequence: number } | StreamFailure;

export interface LocateOptions {
  readonly streams: Streams;
  readonly stream: string;
  /** Sequence of the last frame that the follower has; 0 for none. */
  readonly after: number;
  /** Where in the stream that frame was, as far as is known. */
  readonly at: number | undefined;
}

/**
 * Finds a follower's place in a stream by the frames that it has, never by a sequence of the stream alone: a stream
 * that lost its tail, or was made anew, gives the same sequence to other messages. Mostly two small questions at once; a
 * binary search where the place is not known.
 *
 * @throws {TransportError} as `decodeLogMessage`.
 */
export async function locate({ streams, stream, after, at }: LocateOptions): Promise<Located> {
  // Both at once: each takes a round trip, and after a cut everybody waits for them.
  const [state, hinted] = await Promise.all([
    streams.state(stream),
    at === undefined || after === 0 ? undefined : read(streams, stream, at),
  ]);
  if (state.kind !== 'done') return state;
  const { firstSequence, lastSequence } = state.value;
  const end = { kind: 'at', sequence: lastSequence + 1 } as const;
  if (lastSequence < firstSequence) return end;
  if (after === 0) return { kind: 'at', sequence: firstSequence };
  if (at !== undefined && at >= firstSequence && at <= lastSequence && hinted?.kind === 'message') {
    const { message } = hinted;
    if (message.lastSequence === after && message.end === undefined) return { kind: 'at', sequence: at + 1 };
  }
  let low = firstSequence;
  let high = lastSequence;
  // First the last one: a follower that has all is the most frequent of those who come without a place.
  let middle = lastSequence;
  while (low <= high) {
    const found = await read(streams, stream, middle);
    if (found.kind === 'failure') return found.failure;
    if (found.kind === 'message' && isBeyond(found.message, after)) high = middle - 1;
    else low = middle + 1;
    middle = low + Math.floor((high - low) / 2);
  }
  return { kind: 'at', sequence: low };
}

/** Whether a message has something for a follower that has frames up to a sequence. */
export function isBeyond(message: LogMessage, after: number): boolean {
  return message.lastSequence > after || message.end !== undefined;
}

type Read =
  | { readonly kind: 'message'; readonly message: LogMessage }
  /** It went by its age meanwhile. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'failure'; readonly failure: StreamFailure };

async function read(streams: Streams, stream: string, sequence: number): Promise<Read> {
  const stored = await streams.read(stream, sequence);
  if (stored.kind === 'done') return { kind: 'message', message: decodeLogMessage(stored.value.payload) };
  return stored.kind === 'not-found' ? { kind: 'gone' } : { kind: 'failure', failure: stored };
}
