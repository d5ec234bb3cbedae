import { type ChildProcess, spawn } from 'node:child_process';
import type { RotatingLog } from './rotating-log.ts';

export interface ChildProgram {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly log: RotatingLog;
}

export interface ChildExit {
  /** `exit code 1`, `SIGKILL`, or why it could not be started. */
  readonly reason: string;
  /** Whether it was asked to end. */
  readonly isExpected: boolean;
}

/** A process that is told to stop has this long before it is killed: a member finishes requests in ten seconds. */
const STOP_TIMEOUT_MS = 20_000;
/** How much of what it said last is kept, to show why it failed. */
const TAIL_BYTES = 4096;

/** One run of a program, with what it says in a log. It is known by its process id and is never signalled after its end. */
export class Child {
  readonly pid: number | undefined;
  readonly exited: Promise<ChildExit>;
  readonly #process: ChildProcess;
  #isExpected = false;
  #exit: ChildExit | undefined;
  #tail = '';

  constructor(program: ChildProgram) {
    this.#process = spawn(program.command, [...program.arguments], {
      env: { ...process.env, ...program.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A session of its own: Ctrl-C in a terminal reaches the planet, which stops the others in order.
      detached: true,
    });
    this.pid = this.#process.pid;
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        program.log.write(chunk);
        this.#tail = (this.#tail + chunk.toString()).slice(-TAIL_BYTES);
      });
    }
    this.exited = new Promise((resolve) => {
      const end = (reason: string): void => {
        this.#exit ??= { reason, isExpected: this.#isExpected };
        resolve(this.#exit);
      };
      this.#process.once('error', (error) => end(error.message));
      this.#process.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
    });
  }

  get isRunning(): boolean {
    return this.#exit === undefined && this.pid !== undefined;
  }

  get exit(): ChildExit | undefined {
    return this.#exit;
  }

  /** The last line that it said, to tell why it ended. */
  get lastLine(): string | undefined {
    return this.#tail.trim().split('\n').at(-1)?.trim();
  }

  /** SIGKILL, as a crash is. */
  async kill(): Promise<void> {
    this.#isExpected = true;
    this.#signal('SIGKILL');
    await this.exited;
  }

  /** Asks it to stop and waits until it has; kills it if it does not. */
  async stop(): Promise<void> {
    this.#isExpected = true;
    this.#signal('SIGTERM');
    const timer = setTimeout(() => this.#signal('SIGKILL'), STOP_TIMEOUT_MS);
    await this.exited;
    clearTimeout(timer);
  }

  #signal(signal: NodeJS.Signals): void {
    // Node does nothing once it has seen the end, so that the number cannot be somebody else's by now.
    if (this.isRunning) this.#process.kill(signal);
  }
}
