import { type Clock, limits, type Random } from '../../base/mod.ts';
import type { CarriedMessage, Carrier } from './carrier.ts';
import { TransportError } from './errors.ts';
import { type AnswerStatus, decodePartRequest, decodeQuestion, encodeAnswer } from './messages.ts';
import type { MemberName } from './names.ts';
import { PartedAnswer } from './parted-answer.ts';
import type { Subjects } from './subjects.ts';

/** On this topic members ask for parts of answers; no other use of it. */
export const PARTS_TOPIC = 'parts';

export interface ServedQuestion {
  readonly from: MemberName;
  readonly body: Uint8Array;
  /** Aborted when whoever asked waits no longer, and when this member stops answering. */
  readonly signal: AbortSignal;
}

/** What was asked for will not be done; whoever asked reads why. */
export class QuestionRefused extends Error {
  override readonly name = 'QuestionRefused';
}

/**
 * Answers a question: in one piece, or in parts that are made as they are fetched (an iteration that is given up is
 * told by `return()`). Whatever it throws is told whoever asked, {@link QuestionRefused} as `refused`, all else as `failed`.
 */
export type AnswerQuestion = (question: ServedQuestion) => Promise<Uint8Array | AsyncIterable<Uint8Array>>;

export interface ServeOptions {
  readonly topic: string;
  readonly answer: AnswerQuestion;
  /** Answer also questions to whichever member of this region. */
  readonly isForRegion?: boolean;
  /** Questions answered at once; more are told `busy`. */
  readonly atOnceMax?: number;
}

export interface ServingOptions {
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly random: Random;
  readonly self: MemberName;
  readonly subjects: Subjects;
}

/** Answers other members' questions for one member. */
export class Serving {
  readonly #options: ServingOptions;
  readonly #parted = new Map<string, PartedAnswer>();
  readonly #stops = new Set<() => void>();
  readonly #aborts = new Set<AbortController>();

  constructor(options: ServingOptions) {
    this.#options = options;
    const subject = options.subjects.question(options.self, PARTS_TOPIC);
    this.#stops.add(
      options.carrier.subscribe({ subject }, (message) => {
        void this.#answerPart(message);
      }),
    );
  }

  /** Answers questions on a topic until the returned function is called. */
  serve(options: ServeOptions): () => void {
    const { carrier, subjects, self } = this.#options;
    const { topic, isForRegion = false, atOnceMax = limits.answersMax } = options;
    let atOnce = 0;
    const receive = async (message: CarriedMessage): Promise<void> => {
      if (atOnce >= atOnceMax) {
        return this.#respond(message, { status: 'busy', detail: `${atOnce} questions on ${topic} at once` });
      }
      atOnce++;
      try {
        await this.#answer(message, options.answer);
      } finally {
        atOnce--;
      }
    };
    const stops = [
      carrier.subscribe({ subject: subjects.question(self, topic) }, (message) => void receive(message)),
    ];
    if (isForRegion) {
      const subject = subjects.question({ region: self.region }, topic);
      stops.push(carrier.subscribe({ subject, queue: 'members' }, (message) => void receive(message)));
    }
    const stop = () => {
      for (const each of stops) each();
      this.#stops.delete(stop);
    };
    this.#stops.add(stop);
    return stop;
  }

  close(): void {
    for (const stop of [...this.#stops]) stop();
    for (const abort of this.#aborts) abort.abort();
    for (const parted of this.#parted.values()) parted.close();
    this.#parted.clear();
  }

  async #answer(message: CarriedMessage, answer: AnswerQuestion): Promise<void> {
    const abort = new AbortController();
    this.#aborts.add(abort);
    let cancelTimeout = () => {};
    try {
      const question = decodeQuestion(message.payload);
      cancelTimeout = this.#options.clock.after(question.timeoutMs, () => abort.abort());
      const result = await answer({ from: question.from, body: question.body, signal: abort.signal });
      if (result instanceof Uint8Array && result.length <= this.#inlineBytesMax) {
        this.#respond(message, { status: 'answered', body: result });
      } else this.#respondInParts(message, result instanceof Uint8Array ? once(result) : result);
    } catch (error) {
      this.#respond(message, { status: statusOf(error), detail: detailOf(error) });
    } finally {
      cancelTimeout();
      this.#aborts.delete(abort);
    }
  }

  get #inlineBytesMax(): number {
    return Math.min(limits.transportMessageBytesMax, this.#options.carrier.payloadBytesMax) - 4096;
  }

  #respondInParts(message: CarriedMessage, body: AsyncIterable<Uint8Array>): void {
    if (this.#parted.size >= limits.partedAnswersMax) {
      void body[Symbol.asyncIterator]().return?.();
      return this.#respond(message, {
        status: 'busy',
        detail: `${this.#parted.size} answers in parts at once`,
      });
    }
    const parts = this.#options.random.uuid();
    const onClose = () => this.#parted.delete(parts);
    this.#parted.set(parts, new PartedAnswer({ clock: this.#options.clock, body, onClose }));
    this.#respond(message, { status: 'answered', parts });
  }

  async #answerPart(message: CarriedMessage): Promise<void> {
    try {
      const request = decodePartRequest(message.payload);
      const parted = this.#parted.get(request.parts);
      if (request.stop) return parted?.close();
      if (parted === undefined) {
        const detail = 'this answer is not there any more: ask again';
        return this.#respond(message, { status: 'failed', detail });
      }
      const part = await parted.part(request.index, request.arrived);
      this.#respond(message, { status: 'answered', body: part.body, last: part.isLast });
    } catch (error) {
      this.#respond(message, { status: statusOf(error), detail: detailOf(error) });
    }
  }

  #respond(
    message: CarriedMessage,
    answer: {
      readonly status: AnswerStatus;
      readonly detail?: string;
      readonly body?: Uint8Array;
      readonly parts?: string;
      readonly last?: boolean;
    },
  ): void {
    const { status, detail = '', body = NOTHING, parts = '', last = false } = answer;
    message.respond?.(encodeAnswer({ status, detail, body, parts, last, from: this.#options.self }));
  }
}

const NOTHING = new Uint8Array(0);

async function* once(body: Uint8Array): AsyncIterable<Uint8Array> {
  yield body;
}

function statusOf(error: unknown): AnswerStatus {
  if (error instanceof QuestionRefused) return 'refused';
  return error instanceof TransportError && error.code === 'unsupported' ? 'unsupported' : 'failed';
}

function detailOf(error: unknown): string {
  // A message of a hostile or broken handler must not make the answer too large to send.
  return (error instanceof Error ? error.message : String(error)).slice(0, 1000);
}
