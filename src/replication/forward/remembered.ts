import { type Clock, limits } from '../../base/mod.ts';
import type { ForwardedResponse } from './messages.ts';

/** A request that this home carries out or has carried out, while a message of it may still come. */
export interface Run {
  /** Of all that the request is: another one with the same id is not the same. */
  readonly digest: string;
  /** Resolves when nothing of it is at work any more; undefined where the answer is not to be given again. */
  readonly response: Promise<ForwardedResponse | undefined>;
}

interface Entry extends Run {
  untilMs: number;
  sizeBytes: number;
  isDropped: boolean;
}

/** All times are the same, so that what came first goes first. */
const RETENTION_MS = limits.forwardAttemptMs + 2 * limits.forwardClockMs;

/**
 * What a home knows of the messages that have come: a message is carried out once, a request too, and its repeats get its
 * answer. Everything is kept for as long as the home would take a message that was sent before.
 */
export class Remembered {
  readonly #clock: Clock;
  readonly #nonces = new Map<string, number>();
  readonly #runs = new Map<string, Entry>();
  readonly #running = new Set<string>();
  #sizeBytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isFull(): boolean {
    this.#forgetOld();
    const max = limits.forwardsRememberedMax;
    return this.#nonces.size >= max || this.#runs.size >= max;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Whether this very message has not come before. */
  isNew(nonce: Uint8Array): boolean {
    const key = textOf(nonce);
    if (this.#nonces.has(key)) return false;
    this.#nonces.set(key, this.#clock.monotonicMs() + RETENTION_MS);
    return true;
  }

  /** The run of a request; a repeat keeps it for longer. */
  run(id: string): Run | undefined {
    const entry = this.#runs.get(id);
    if (entry !== undefined) this.#keep(id, entry);
    return entry;
  }

  /** Whether a request was answered, and the answer had to give way to others. */
  isDropped(id: string): boolean {
    return this.#runs.get(id)?.isDropped === true;
  }

  /** Notes a request that is carried out now. Resolves with `carriedOut`, whatever becomes of what is remembered. */
  begin(id: string, digest: string, carriedOut: Promise<ForwardedResponse>): Promise<ForwardedResponse> {
    const entry: Entry = {
      digest,
      response: carriedOut.then(
        (response) => (entry.isDropped ? undefined : response),
        () => undefined,
      ),
      untilMs: 0,
      sizeBytes: 0,
      isDropped: false,
    };
    this.#running.add(id);
    this.#keep(id, entry);
    return carriedOut.then(
      (response) => {
        this.#running.delete(id);
        // Nobody knows: the next message may find out.
        if (response.isUnknown) this.#runs.delete(id);
        else this.#hold(id, entry, response);
        return response;
      },
      (error: unknown) => {
        this.#running.delete(id);
        this.#runs.delete(id);
        throw error;
      },
    );
  }

  #hold(id: string, entry: Entry, response: ForwardedResponse): void {
    entry.sizeBytes = response.body.length;
    this.#sizeBytes += entry.sizeBytes;
    this.#keep(id, entry);
    for (const [otherId, other] of this.#runs) {
      if (this.#sizeBytes <= limits.forwardsRememberedBytesMax) break;
      if (other.sizeBytes === 0) continue;
      this.#sizeBytes -= other.sizeBytes;
      this.#runs.set(otherId, { ...other, sizeBytes: 0, isDropped: true, response: NOTHING });
    }
  }

  #keep(id: string, entry: Entry): void {
    entry.untilMs = this.#clock.monotonicMs() + RETENTION_MS;
    this.#runs.delete(id);
    this.#runs.set(id, entry);
  }

  #forgetOld(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [nonce, untilMs] of this.#nonces) {
      if (untilMs > nowMs) break;
      this.#nonces.delete(nonce);
    }
    for (const [id, entry] of this.#runs) {
      if (entry.untilMs > nowMs) break;
      if (this.#running.has(id)) this.#keep(id, entry);
      else {
        this.#runs.delete(id);
        this.#sizeBytes -= entry.sizeBytes;
      }
    }
  }
}

const NOTHING = Promise.resolve(undefined);

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
