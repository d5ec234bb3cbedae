import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** With the one before it, what a process may leave on the disk; enough for hours of trouble. */
const SIZE_BYTES_MAX = 4 * 1024 * 1024;

/**
 * A log file that is never much larger than its bound: the one before it is kept beside it as `.1`, and older ones
 * are gone. Only its owner may read it. Writes are synchronous: what a process said last counts most when all ends.
 */
export class RotatingLog {
  readonly #path: string;
  readonly #sizeBytesMax: number;
  #file: number | undefined;
  #sizeBytes: number;

  constructor(path: string, sizeBytesMax = SIZE_BYTES_MAX) {
    this.#path = path;
    this.#sizeBytesMax = sizeBytesMax;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#file = openSync(path, 'a', 0o600);
    this.#sizeBytes = fstatSync(this.#file).size;
  }

  write(chunk: Buffer): void {
    if (this.#file === undefined) return;
    if (this.#sizeBytes > 0 && this.#sizeBytes + chunk.length > this.#sizeBytesMax) this.#rotate();
    try {
      writeSync(this.#file, chunk);
      this.#sizeBytes += chunk.length;
    } catch {
      // A full disk must not stop a planet; the members themselves say what they cannot write.
    }
  }

  close(): void {
    if (this.#file === undefined) return;
    closeSync(this.#file);
    this.#file = undefined;
  }

  #rotate(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    renameSync(this.#path, `${this.#path}.1`);
    this.#file = openSync(this.#path, 'a', 0o600);
    this.#sizeBytes = 0;
  }
}
