import { type Clock, limits } from '../../base/mod.ts';
import { frameHash, type Position, type ReplicatedLog, type StoredFrame } from '../../store/mod.ts';
import { waitFor } from '../wait.ts';
import { countInMessage, FreshFrames } from './fresh-frames.ts';
import type { LogSink, PublishedBatch, PublishOutcome } from './log-sink.ts';

export interface PublicationOptions {
  readonly log: ReplicatedLog;
  readonly sink: LogSink;
  readonly clock: Clock;
  /** The sink has the log up to here: a survival goal may count it. */
  readonly published?: (position: Position) => void;
  /**
   * Somebody else has published in the epoch of this home, or the sink has what this home has not. Nothing is acknowledged
   * from now on: `ReplicatedLog.proceed` or `follow` ends that, and a new loop goes on.
   */
  readonly fenced: (detail: string) => void;
  readonly problem: (detail: string) => void;
}

/**
 * Publishes a home's frames in order, as they come to its disk, several messages at a time. What the sink has already it
 * is not sent again, and what was sent twice it has once; a sink that has lost something gets it again.
 */
export class PublicationLoop {
  readonly #options: PublicationOptions;
  readonly #abort = new AbortController();
  readonly #stopListening: () => void;
  readonly #running: Promise<void>;
  readonly #epoch: number;
  #published: number | undefined;
  /** Since when the sink lacks something that is on the disk. */
  #lateSinceMs: number | undefined;
  readonly #fresh = new FreshFrames();
  #wake: (() => void) | undefined;
  #isAwake = false;

  constructor(options: PublicationOptions) {
    this.#options = options;
    this.#epoch = options.log.end.epoch;
    this.#stopListening = options.log.subscribeToWritten((_position, frames) => this.#onWritten(frames));
    this.#onWritten([]);
    this.#running = this.#run();
  }

  /** How much of what is on the disk the sink does not have, and for how long that has been so; zeros without any. */
  get lag(): { readonly commits: number; readonly ms: number } {
    const commits = this.#options.log.end.sequence - (this.#published ?? 0);
    if (commits === 0 || this.#lateSinceMs === undefined) return { commits, ms: 0 };
    return { commits, ms: this.#options.clock.monotonicMs() - this.#lateSinceMs };
  }

  async close(): Promise<void> {
    this.#abort.abort();
    this.#stopListening();
    this.#wakeUp();
    this.#options.sink.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, problem } = this.#options;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        if ((await this.#publishAll()) === 'over') return;
      } catch (error) {
        if (signal.aborted) return;
        problem(error instanceof Error ? error.message : String(error));
      }
      await waitFor(clock, limits.followRetryMs, signal);
    }
  }

  /** From where the sink is until something goes wrong with it. */
  async #publishAll(): Promise<'over' | 'again'> {
    const { log, sink } = this.#options;
    const tail = await sink.open(this.#epoch);
    const before = this.#firstOfEpoch() - 1;
    // What a stream ends with from before everything that is kept cannot be compared: it has lost what came after.
    const isComparable = tail !== undefined && tail.sequence >= log.base.sequence;
    if (isComparable && !this.#has(tail)) {
      return this.#fence(
        `the stream has frame ${tail.sequence} of this epoch, and this home has another or none`,
      );
    }
    this.#note(Math.max(tail?.sequence ?? 0, before));
    // What it has from before counts, too.
    if (tail !== undefined) this.#options.published?.({ epoch: this.#epoch, ...tail });
    const window = new Window(() => this.#wakeUp());
    let next = Math.max(tail?.sequence ?? 0, before) + 1;
    const send = (batch: PublishedBatch) => {
      window.add(sink.publish(batch).then((outcome) => this.#settle(batch, outcome)));
      next = batch.lastSequence + 1;
    };
    for (;;) {
      if (this.#abort.signal.aborted) return 'over';
      if (window.failure !== undefined) return this.#end(window.failure);
      if (window.isFull || next > log.end.sequence) {
        await this.#awake();
        continue;
      }
      const fresh = this.#fresh.take(next);
      if (fresh !== undefined) {
        send(messageOf(fresh));
        continue;
      }
      const replayed = log.replay(next);
      if (replayed.kind === 'below') {
        // Whoever misses in the stream what is not kept any more asks for it, and takes over a state.
        next = replayed.first;
        continue;
      }
      for await (const batch of messagesOf(replayed.batches)) {
        while (window.isFull && !this.#abort.signal.aborted) await this.#awake();
        if (this.#abort.signal.aborted || window.failure !== undefined) break;
        send(batch);
      }
    }
  }

  /** Resolves when something has happened since it was last asked. */
  async #awake(): Promise<void> {
    if (!this.#isAwake) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#isAwake = false;
  }

  #wakeUp(): void {
    this.#isAwake = true;
    this.#wake?.();
    this.#wake = undefined;
  }

  #settle(batch: PublishedBatch, outcome: PublishOutcome): PublishOutcome {
    if (outcome.kind === 'stored' && !this.#abort.signal.aborted) {
      this.#note(batch.lastSequence);
      const { lastSequence: sequence, lastHash: hash } = batch;
      this.#options.published?.({ epoch: this.#epoch, sequence, hash });
    }
    return outcome;
  }

  #end(outcome: Exclude<PublishOutcome, { kind: 'stored' }>): 'over' | 'again' {
    if (outcome.kind === 'fenced') return this.#fence(outcome.detail);
    this.#options.problem(outcome.detail);
    return 'again';
  }

  #fence(detail: string): 'over' {
    if (this.#abort.signal.aborted) return 'over';
    this.#options.log.suspend(detail);
    this.#options.fenced(detail);
    return 'over';
  }

  /** A stream has one epoch: what came before has its own. */
  #firstOfEpoch(): number {
    return this.#options.log.firstOfEpoch;
  }

  #has({ sequence, hash }: { readonly sequence: number; readonly hash: Uint8Array }): boolean {
    const ours = this.#options.log.positionAt(sequence);
    return ours !== undefined && Buffer.compare(ours.hash, hash) === 0;
  }

  #note(published: number): void {
    this.#published = published;
    const isLate = published < this.#options.log.end.sequence;
    this.#lateSinceMs = isLate ? this.#options.clock.monotonicMs() : undefined;
  }

  #onWritten(frames: readonly StoredFrame[]): void {
    this.#fresh.push(frames);
    this.#lateSinceMs ??= this.#options.clock.monotonicMs();
    this.#wakeUp();
  }
}

/** Stored frames as messages of bounded size: at least one frame each. */
async function* messagesOf(batches: AsyncIterable<readonly StoredFrame[]>): AsyncGenerator<PublishedBatch> {
  for await (const stored of batches) {
    for (let from = 0; from < stored.length; ) {
      const to = from + countInMessage(stored, from);
      yield messageOf(stored.slice(from, to));
      from = to;
    }
  }
}

/** At least one frame, and each follows the one before. */
function messageOf(stored: readonly StoredFrame[]): PublishedBatch {
  const first = stored[0]!;
  const last = stored.at(-1)!;
  return {
    firstSequence: first.sequence,
    lastSequence: last.sequence,
    lastHash: frameHash(last.bytes),
    frames: stored.map(({ bytes }) => bytes),
  };
}

/** What is on its way to the sink: so many messages, and the first that it did not take. */
class Window {
  failure: Exclude<PublishOutcome, { kind: 'stored' }> | undefined;
  readonly #changed: () => void;
  #count = 0;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get isFull(): boolean {
    return this.#count >= limits.publishWindowMessages;
  }

  add(sent: Promise<PublishOutcome>): void {
    this.#count += 1;
    sent.then(
      (outcome) => this.#settled(outcome.kind === 'stored' ? undefined : outcome),
      (error: unknown) =>
        this.#settled({ kind: 'lost', detail: error instanceof Error ? error.message : String(error) }),
    );
  }

  #settled(failure: Exclude<PublishOutcome, { kind: 'stored' }> | undefined): void {
    this.#count -= 1;
    this.failure ??= failure;
    this.#changed();
  }
}
