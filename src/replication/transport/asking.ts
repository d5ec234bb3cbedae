import { type Clock, limits } from '../../base/mod.ts';
import type { Carrier } from './carrier.ts';
import { TransportError } from './errors.ts';
import { type Answer, decodeAnswer, encodePartRequest, encodeQuestion } from './messages.ts';
import { type Addressee, type MemberName, textOfMember } from './names.ts';
import { PARTS_TOPIC } from './serving.ts';
import type { Subjects } from './subjects.ts';

export interface AskOptions {
  readonly to: Addressee;
  readonly topic: string;
  readonly body: Uint8Array;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export type AskOutcome =
  | {
      readonly kind: 'answered';
      readonly from: MemberName;
      /** The whole answer, or its parts as they come. Ends early by an error ({@link TransportError}), never silently. */
      readonly parts: AsyncIterable<Uint8Array>;
    }
  /** Nobody there answers such questions, or there is no connection: it was not received. */
  | { readonly kind: 'no-responders'; readonly detail: string }
  /** No answer in time, or nobody waits any more: it may have been received and carried out. */
  | { readonly kind: 'unknown'; readonly detail: string }
  /** `busy` and `unsupported` were not carried out; `refused` and `failed` say in `detail` what happened. */
  | {
      readonly kind: 'refused';
      readonly status: 'busy' | 'unsupported' | 'refused' | 'failed';
      readonly detail: string;
    };

export interface AskingOptions {
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly self: MemberName;
  readonly subjects: Subjects;
}

/** @throws {TransportError} `too-large` for a question that does not fit in one message. */
export async function ask(options: AskingOptions & AskOptions): Promise<AskOutcome> {
  const { carrier, self, subjects, to, topic, timeoutMs, signal } = options;
  const payload = encodeQuestion({ from: self, timeoutMs, body: options.body });
  const bytesMax = Math.min(limits.transportMessageBytesMax, carrier.payloadBytesMax);
  if (payload.length > bytesMax) {
    const detail = `a question on ${topic} has ${payload.length} bytes, and a message holds ${bytesMax}`;
    throw new TransportError('too-large', detail);
  }
  if (signal?.aborted) return { kind: 'no-responders', detail: 'nobody waits for the answer any more' };
  const outcome = await carrier.request(subjects.question(to, topic), payload, {
    timeoutMs,
    ...(signal === undefined ? {} : { signal }),
  });
  if (outcome.kind !== 'answered') return outcome;
  let answer: Answer;
  try {
    answer = decodeAnswer(outcome.payload);
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    return { kind: 'unknown', detail: `the answer on ${topic} cannot be read: ${error.message}` };
  }
  const { status, detail, from } = answer;
  if (status !== 'answered') return { kind: 'refused', status, detail: `${textOfMember(from)}: ${detail}` };
  const parts = answer.parts === '' ? whole(answer.body) : partsOf(options, answer, signal);
  return { kind: 'answered', from, parts };
}

/** All parts of an answer in one piece. Throws as their iteration does, and `too-large` beyond `bytesMax`. */
export async function collect(parts: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const collected: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of parts) {
    bytes += part.length;
    if (bytes > bytesMax)
      throw new TransportError('too-large', `an answer has more than the ${bytesMax} bytes that fit`);
    collected.push(part);
  }
  return collected.length === 1 ? collected[0]! : Buffer.concat(collected);
}

async function* whole(body: Uint8Array): AsyncIterable<Uint8Array> {
  yield body;
}

function readPart(payload: Uint8Array, where: string): Answer | TransportError {
  try {
    const part = decodeAnswer(payload);
    return part.status === 'answered' ? part : new TransportError('failed', `${where}: ${part.detail}`);
  } catch (error) {
    if (error instanceof TransportError) return error;
    throw error;
  }
}

/** Asks for the parts one by one, some at a time, each again until it comes; ends when none comes for too long. */
async function* partsOf(
  options: AskingOptions,
  answer: Answer,
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array> {
  const { carrier, clock, subjects } = options;
  const subject = subjects.question(answer.from, PARTS_TOPIC);
  const where = `${textOfMember(answer.from)}: parts of an answer`;
  let arrived = 0;
  let progressMs = clock.monotonicMs();
  let isOver = false;

  const fetchPart = async (index: number): Promise<Answer | TransportError> => {
    for (let wait: number = limits.retryMsMin; !isOver; wait = Math.min(wait * 2, limits.retryMsMax)) {
      const outcome = await carrier.request(
        subject,
        encodePartRequest({ parts: answer.parts, index, arrived, stop: false }),
        { timeoutMs: limits.answerPartTimeoutMs, ...(signal === undefined ? {} : { signal }) },
      );
      if (outcome.kind === 'answered') return readPart(outcome.payload, where);
      if (signal?.aborted) return new TransportError('closed', `${where}: nobody waits for them any more`);
      if (clock.monotonicMs() - progressMs > limits.answerStallMs) {
        const detail = `none came for ${limits.answerStallMs} ms (${outcome.detail})`;
        return new TransportError('unreachable', `${where}: ${detail}`);
      }
      await new Promise<void>((resolve) => clock.after(wait, resolve));
    }
    return new TransportError('closed', `${where}: nobody waits for them any more`);
  };

  const underWay: Promise<Answer | TransportError>[] = [];
  let next = 0;
  try {
    while (true) {
      while (underWay.length < limits.answerPartsWindow) underWay.push(fetchPart(next++));
      const part = await underWay.shift()!;
      if (part instanceof Error) throw part;
      arrived++;
      progressMs = clock.monotonicMs();
      if (part.body.length > 0) yield part.body;
      // Whoever takes its time over a part is no stall of the other side.
      progressMs = clock.monotonicMs();
      if (part.last) return;
    }
  } finally {
    isOver = true;
    carrier.publish(subject, encodePartRequest({ parts: answer.parts, index: next, arrived, stop: true }));
  }
}
