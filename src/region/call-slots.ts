import { limits } from '../base/mod.ts';

/** Whose call it is, and where it goes. */
export interface Caller {
  readonly tenant: string;
  readonly server: string;
}

interface Waiting extends Caller {
  start(): void;
}

/**
 * Who may call now: bounds the calls under way in all, for one tenant and to one server, and the calls that
 * wait for that. Whoever has fewest under way comes next, so that a tenant with a hundred slow calls waits for
 * itself and not others for it. Only calls that are there have an entry.
 */
export class CallSlots {
  readonly #accepted = new Tally();
  readonly #running = new Tally();
  // Oldest first.
  readonly #waiting = new Set<Waiting>();

  /**
   * Resolves with what gives the slot back, which has to be called once. Undefined when there are too many
   * calls already; rejects with the signal's reason when it aborts first.
   */
  take(caller: Caller, signal: AbortSignal): Promise<() => void> | undefined {
    const { tenant, server } = caller;
    const isFull =
      this.#accepted.all >= limits.webhookCallsMax ||
      this.#accepted.ofTenant(tenant) >= limits.webhookCallsPerClusterMax ||
      this.#accepted.ofServer(server) >= limits.webhookCallsPerServerMax;
    if (isFull) return undefined;
    this.#accepted.add(caller, 1);
    return this.#start(caller, signal).then(
      () => () => {
        this.#accepted.add(caller, -1);
        this.#running.add(caller, -1);
        this.#startNext();
      },
      (error: unknown) => {
        this.#accepted.add(caller, -1);
        throw error;
      },
    );
  }

  #start(caller: Caller, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const waiting: Waiting = {
        ...caller,
        start: () => {
          signal.removeEventListener('abort', giveUp);
          this.#waiting.delete(waiting);
          this.#running.add(caller, 1);
          resolve();
        },
      };
      const giveUp = () => {
        this.#waiting.delete(waiting);
        reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.add(waiting);
      this.#startNext();
    });
  }

  #startNext(): void {
    if (this.#running.all >= limits.webhookConnectionsMax) return;
    let next: Waiting | undefined;
    let fewest: number = limits.webhookConnectionsPerClusterMax;
    for (const waiting of this.#waiting) {
      if (this.#running.ofServer(waiting.server) >= limits.webhookConnectionsPerServerMax) continue;
      const running = this.#running.ofTenant(waiting.tenant);
      if (running >= fewest) continue;
      fewest = running;
      next = waiting;
    }
    next?.start();
  }
}

class Tally {
  readonly #byTenant = new Map<string, number>();
  readonly #byServer = new Map<string, number>();
  all = 0;

  ofTenant(tenant: string): number {
    return this.#byTenant.get(tenant) ?? 0;
  }

  ofServer(server: string): number {
    return this.#byServer.get(server) ?? 0;
  }

  add({ tenant, server }: Caller, by: number): void {
    this.all += by;
    add(this.#byTenant, tenant, by);
    add(this.#byServer, server, by);
  }
}

function add(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
