import type { WatchOutput } from '../api/mod.ts';
import { limits } from '../base/mod.ts';
import type { RawResponse } from './exchange.ts';

/** A watch's stream over one response, bounded by bytes. */
export class ResponseOutput implements WatchOutput {
  readonly #response: RawResponse;
  readonly #waiting = new Set<() => void>();
  #isEnded = false;
  #isGone = false;

  constructor(response: RawResponse) {
    this.#response = response;
    response.once('close', () => {
      this.#isGone = true;
      this.#wake();
    });
  }

  write(bytes: Buffer): boolean {
    if (this.#isEnded || this.#isGone) return true;
    (this.#response as NodeJS.WritableStream).write(bytes);
    return this.#stream.writableLength < limits.watcherQueueBytesMax;
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      // Without a need there will be no drain, even though a few bytes are still on their way.
      if (this.#isEnded || this.#isGone || !this.#stream.writableNeedDrain) return resolve();
      const done = () => {
        this.#response.removeListener('drain', done);
        this.#waiting.delete(done);
        resolve();
      };
      this.#response.once('drain', done);
      this.#waiting.add(done);
    });
  }

  end(): Promise<void> {
    if (!this.#isEnded && !this.#isGone) {
      this.#isEnded = true;
      this.#response.end();
      this.#wake();
    }
    return new Promise((resolve) => {
      if (this.#isGone) return resolve();
      const timer = setTimeout(() => this.#response.destroy(), limits.watchEndMsMax);
      timer.unref();
      this.#response.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }

  /** What holds the bytes: HTTP/2's compatible response does not tell all about its stream. */
  get #stream(): Queue {
    return 'stream' in this.#response ? this.#response.stream : this.#response;
  }
}

interface Queue {
  readonly writableLength: number;
  readonly writableNeedDrain: boolean;
}
