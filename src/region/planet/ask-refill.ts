import { limits } from '../../base/mod.ts';
import { type Addressee, collect, type ReplayAnswer, type Transport } from '../../replication/mod.ts';
import { decodeRefillAnswer, encodeRefillRequest } from './refill-messages.ts';
import { REPLAY_TOPIC, STATE_TOPIC } from './serve-refill.ts';

const REPLAY_TIMEOUT_MS = 10_000;
const STATE_TIMEOUT_MS = 30_000;

/** Asks a member, or whichever one of a region, for frames of a log. Never rejects. */
export async function askForFrames(
  transport: Transport,
  request: {
    readonly to: Addressee;
    readonly log: string;
    readonly from: number;
    readonly bytesMax: number;
  },
): Promise<ReplayAnswer> {
  const { to, ...wanted } = request;
  try {
    const body = encodeRefillRequest(wanted);
    const asked = await transport.ask({ to, topic: REPLAY_TOPIC, body, timeoutMs: REPLAY_TIMEOUT_MS });
    if (asked.kind !== 'answered') return { kind: 'unavailable', detail: asked.detail };
    return decodeRefillAnswer(await collect(asked.parts, limits.transportMessageBytesMax));
  } catch (error) {
    return { kind: 'unavailable', detail: error instanceof Error ? error.message : String(error) };
  }
}

/** Asks for a state of a log, in parts; undefined when it is not given. */
export async function askForState(
  transport: Transport,
  request: { readonly to: Addressee; readonly log: string },
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const body = encodeRefillRequest({ log: request.log, from: 0, bytesMax: 0 });
  const asked = await transport.ask({
    to: request.to,
    topic: STATE_TOPIC,
    body,
    timeoutMs: STATE_TIMEOUT_MS,
  });
  return asked.kind === 'answered' ? asked.parts : undefined;
}
