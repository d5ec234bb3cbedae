import type { WatchOutput } from '../api/mod.ts';
import { limits } from '../base/mod.ts';
import type { RawResponse } from './exchange.ts';

/** A watch's stream over one response, bounded by bytes. */
export class ResponseOutput implements WatchOutput {
  readonly #response: RawResponse;
  #isOver = false;

  constructor(response: RawResponse) {
    this.#response = response;
    response.once('close', () => {
      this.#isOver = true;
    });
  }

  write(bytes: Buffer): boolean {
    if (this.#isOver) return true;
    (this.#response as NodeJS.WritableStream).write(bytes);
    return this.#queuedBytes() < limits.watcherQueueBytesMax;
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isOver || this.#queuedBytes() === 0) return resolve();
      const done = () => {
        this.#response.removeListener('drain', done);
        this.#response.removeListener('close', done);
        resolve();
      };
      this.#response.once('drain', done);
      this.#response.once('close', done);
    });
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#response.end();
  }

  #queuedBytes(): number {
    const stream = 'stream' in this.#response ? this.#response.stream : this.#response;
    return stream?.writableLength ?? 0;
  }
}
