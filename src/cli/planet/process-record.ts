import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { systemCode } from '../failure.ts';

/** A process, told apart from a later one of the same number. */
export interface RecordedProcess {
  /** `eu member`. */
  readonly name: string;
  readonly pid: number;
  readonly started: string;
}

/** What tells processes apart; handed in, since the server has it and loading that takes a while. */
export interface ProcessIdentities {
  processIdentity(pid: number): { readonly pid: number; readonly started: string };
  isRunning(identity: { readonly pid: number; readonly started: string }): boolean;
}

const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 50;
/** Three processes per region; a file that lists more was not written here. */
const PROCESSES_MAX = 100;

/** The file that lists the children of a planet, so that its next start finds those that were left running. */
export class ProcessRecord {
  readonly #path: string;
  readonly #identities: ProcessIdentities;

  constructor(path: string, identities: ProcessIdentities) {
    this.#path = path;
    this.#identities = identities;
  }

  /** Replaces the list. */
  write(processes: readonly { readonly name: string; readonly pid: number }[]): void {
    const list = processes.map(({ name, pid }) => ({ name, ...this.#identities.processIdentity(pid) }));
    const temporary = `${this.#path}.tmp`;
    writeFileSync(temporary, `${JSON.stringify(list)}\n`, { mode: 0o600 });
    renameSync(temporary, this.#path);
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }

  /**
   * Ends those of the list that still run, and tells which. A process that has another start than the list says is
   * somebody else's and stays.
   */
  async endLeftovers(): Promise<readonly RecordedProcess[]> {
    const left = this.#read().filter((each) => this.#identities.isRunning(each));
    for (const { pid } of left) signal(pid, 'SIGTERM');
    const deadlineMs = Date.now() + STOP_TIMEOUT_MS;
    let running = left;
    while (running.length > 0 && Date.now() < deadlineMs) {
      await delay(POLL_MS);
      running = running.filter((each) => this.#identities.isRunning(each));
    }
    for (const { pid } of running) signal(pid, 'SIGKILL');
    return left;
  }

  #read(): readonly RecordedProcess[] {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    }
    try {
      const list: unknown = JSON.parse(text);
      return Array.isArray(list) ? list.filter(isRecorded).slice(0, PROCESSES_MAX) : [];
    } catch {
      // Nothing but a disk that failed leaves half a file; the guardian has ended them by itself.
      return [];
    }
  }
}

// Without its start a process is no more than a number, which is not enough to end it.
function isRecorded(value: unknown): value is RecordedProcess {
  const fields = value as Partial<RecordedProcess> | null;
  return (
    typeof fields === 'object' &&
    fields !== null &&
    typeof fields.name === 'string' &&
    Number.isSafeInteger(fields.pid) &&
    (fields.pid ?? 0) > 1 &&
    typeof fields.started === 'string' &&
    fields.started !== ''
  );
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error;
  }
}
