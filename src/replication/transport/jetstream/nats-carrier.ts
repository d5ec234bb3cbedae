import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { RegionName } from '../../../base/mod.ts';
import type {
  CarriedMessage,
  Carrier,
  CarrierStatus,
  RequestOptions,
  RequestOutcome,
  Streams,
  SubscribeOptions,
} from '../carrier.ts';
import type { MemberName } from '../names.ts';
import type { Subjects } from '../subjects.ts';
import { checkServerInfo } from './check-server.ts';
import { JetStreamStreams } from './jetstream-streams.ts';
import { errorText, isNoResponders, isPermissionViolation } from './outcomes.ts';

export interface NatsCarrierOptions {
  readonly connection: NatsConnection;
  readonly domainOf: (region: RegionName) => string | undefined;
  readonly subjects: Subjects;
  readonly self: MemberName;
}

/** Messages over one connection to a NATS server, and its JetStream. */
export class NatsCarrier implements Carrier {
  readonly payloadBytesMax: number;
  readonly #options: NatsCarrierOptions;
  readonly #connection: NatsConnection;
  readonly #listeners = new Set<(status: CarrierStatus) => void>();
  readonly #streams = new Map<RegionName, Streams>();
  readonly #waiting = new Set<() => void>();
  #isConnected = true;

  constructor(options: NatsCarrierOptions) {
    this.#options = options;
    this.#connection = options.connection;
    this.payloadBytesMax = this.#connection.info?.max_payload ?? 0;
    void this.#listen();
  }

  isConnected(): boolean {
    return this.#isConnected;
  }

  onStatus(listener: (status: CarrierStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(subject: string, payload: Uint8Array): void {
    // The client would keep it for the next connection, when it is out of date.
    if (this.#isConnected) this.#connection.publish(subject, payload);
  }

  subscribe(options: SubscribeOptions, receive: (message: CarriedMessage) => void): () => void {
    const subscription: Subscription = this.#connection.subscribe(options.subject, {
      ...(options.queue === undefined ? {} : { queue: options.queue }),
      callback: (error, message) => {
        if (error) {
          const detail = `cannot listen on ${options.subject}: ${errorText(error)}`;
          return this.#tell({ kind: 'problem', detail });
        }
        receive(this.#carried(message));
      },
    });
    return () => {
      if (!subscription.isClosed()) subscription.unsubscribe();
    };
  }

  async request(subject: string, payload: Uint8Array, options: RequestOptions): Promise<RequestOutcome> {
    if (!this.#isConnected) return { kind: 'no-responders', detail: 'there is no connection to NATS' };
    const { timeoutMs, signal } = options;
    const outcome = this.#connection.request(subject, payload, { timeout: Math.max(1, timeoutMs) }).then(
      (message): RequestOutcome => ({ kind: 'answered', payload: message.data }),
      (error: unknown): RequestOutcome => {
        if (isNoResponders(error))
          return { kind: 'no-responders', detail: `nobody answers on ${subject} now` };
        if (isPermissionViolation(error)) return { kind: 'no-responders', detail: errorText(error) };
        return { kind: 'unknown', detail: `no answer on ${subject}: ${errorText(error)}` };
      },
    );
    const given = await this.#unlessLost(outcome, signal);
    return given ?? { kind: 'unknown', detail: 'the connection was lost, or nobody waits any more' };
  }

  streams(region: RegionName): Streams {
    let streams = this.#streams.get(region);
    if (streams === undefined) {
      const { subjects, self, domainOf } = this.#options;
      streams = new JetStreamStreams({
        connection: this.#connection,
        isConnected: () => this.#isConnected,
        unlessLost: (promise) => this.#unlessLost(promise),
        domain: domainOf(region),
        inbox: subjects.inbox(self),
      });
      this.#streams.set(region, streams);
    }
    return streams;
  }

  async close(): Promise<void> {
    this.#lost('the connection was closed');
    // What was written to a socket that has just ended fails in a moment, and the client listens for that only while it
    // is open: a failure that nobody hears would end the process.
    await new Promise((resolve) => setImmediate(resolve));
    await this.#connection.close();
  }

  /** What a promise gives, or undefined when the connection is lost before, since no answer will come; or when aborted. */
  #unlessLost<Value>(promise: Promise<Value>, signal?: AbortSignal): Promise<Value | undefined> {
    return new Promise((resolve, reject) => {
      const settled = () => {
        this.#waiting.delete(giveUp);
        signal?.removeEventListener('abort', giveUp);
      };
      const giveUp = () => {
        settled();
        resolve(undefined);
      };
      this.#waiting.add(giveUp);
      signal?.addEventListener('abort', giveUp);
      promise.then(resolve, reject).finally(settled);
    });
  }

  #lost(detail: string): void {
    this.#isConnected = false;
    for (const giveUp of [...this.#waiting]) giveUp();
    this.#tell({ kind: 'disconnected', detail });
  }

  async #listen(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === 'disconnect') {
        this.#lost(`the connection to ${status.server} is lost`);
      } else if (status.type === 'reconnect') {
        this.#isConnected = true;
        this.#tell({ kind: 'connected', server: status.server });
        this.#checkAgain();
      } else if (status.type === 'error') {
        this.#tell({ kind: 'problem', detail: errorText(status.error) });
      }
    }
    this.#isConnected = false;
    this.#tell({ kind: 'closed', detail: 'the connection to NATS was closed' });
    this.#listeners.clear();
  }

  #carried(message: Msg): CarriedMessage {
    const { subject, data, reply } = message;
    const respond = (payload: Uint8Array) => {
      // Whoever was asked may take longer than the connection lives.
      if (this.#isConnected) message.respond(payload);
    };
    return { subject, payload: data, ...(reply ? { respond } : {}) };
  }

  /** Another server of the cluster may be set up in another way. */
  #checkAgain(): void {
    try {
      checkServerInfo(this.#connection);
    } catch (error) {
      this.#tell({ kind: 'problem', detail: errorText(error) });
    }
  }

  #tell(status: CarrierStatus): void {
    for (const listener of [...this.#listeners]) listener(status);
  }
}
