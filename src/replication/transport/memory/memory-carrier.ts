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
import { type MemberName, textOfMember } from '../names.ts';
import { pathOf } from './memory-links.ts';
import type { MemoryPlanet } from './memory-planet.ts';
import type { MemoryServer, MemorySubscription } from './memory-server.ts';
import { MemoryStreams } from './memory-streams.ts';

/** A member's connection to the server of its region, on a planet in memory. */
export class MemoryCarrier implements Carrier {
  readonly payloadBytesMax: number;
  /** Its name among the nodes that links connect. */
  readonly node: string;
  readonly planet: MemoryPlanet;
  readonly #server: MemoryServer;
  readonly #listeners = new Set<(status: CarrierStatus) => void>();
  readonly #subscriptions = new Set<MemorySubscription>();
  readonly #waiting = new Set<(outcome: RequestOutcome) => void>();
  #state: 'new' | 'connected' | 'disconnected' | 'closed' = 'new';

  constructor(options: { readonly planet: MemoryPlanet; readonly member: MemberName }) {
    this.planet = options.planet;
    this.node = textOfMember(options.member);
    this.#server = this.planet.server(options.member.region);
    this.payloadBytesMax = this.planet.payloadBytesMax;
  }

  isConnected(): boolean {
    return this.#state === 'connected';
  }

  onStatus(listener: (status: CarrierStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(subject: string, payload: Uint8Array): void {
    if (this.isConnected()) this.#spread(subject, payload, undefined);
  }

  subscribe(options: SubscribeOptions, receive: (message: CarriedMessage) => void): () => void {
    const { subject: pattern, queue } = options;
    const isConnected = () => this.isConnected();
    const subscription = { node: this.node, pattern, queue, isConnected, receive };
    this.#subscriptions.add(subscription);
    if (this.isConnected()) this.#server.subscriptions.add(subscription);
    return () => {
      this.#subscriptions.delete(subscription);
      this.#server.subscriptions.delete(subscription);
    };
  }

  request(subject: string, payload: Uint8Array, options: RequestOptions): Promise<RequestOutcome> {
    if (!this.isConnected())
      return Promise.resolve({ kind: 'no-responders', detail: 'there is no connection' });
    return this.exchange(options, (respond, giveUp) => {
      this.planet.links.send([this.node, this.#server.region], () => {
        const around = this.planet.serversAround(this.#server.region);
        if (around.some((server) => server.hasInterest(subject))) this.#spread(subject, payload, respond);
        else giveUp({ kind: 'no-responders', detail: `nobody answers on ${subject}` });
      });
    });
  }

  /**
   * Sends a question by `send`, and waits. What `send` is given brings the answer home over the links, or says that
   * there is none.
   */
  exchange(
    options: RequestOptions,
    send: (
      respond: (from: readonly string[], payload: Uint8Array) => void,
      giveUp: (outcome: RequestOutcome) => void,
    ) => void,
  ): Promise<RequestOutcome> {
    const { timeoutMs, signal } = options;
    return new Promise((resolve) => {
      const settle = (outcome: RequestOutcome) => {
        cancel();
        signal?.removeEventListener('abort', abort);
        this.#waiting.delete(settle);
        resolve(outcome);
      };
      const unknown = (detail: string) => settle({ kind: 'unknown', detail });
      const abort = () => unknown('nobody waits for the answer any more');
      const cancel = this.planet.clock.after(timeoutMs, () => unknown(`no answer within ${timeoutMs} ms`));
      signal?.addEventListener('abort', abort);
      this.#waiting.add(settle);
      const home = [this.#server.region, this.node];
      send(
        (from, payload) =>
          this.planet.links.send(pathOf([...from, ...home]), () => settle({ kind: 'answered', payload })),
        (outcome) => this.planet.links.send(home, () => settle(outcome)),
      );
    });
  }

  streams(region: RegionName): Streams {
    return new MemoryStreams({ carrier: this, planet: this.planet, home: this.#server.region, region });
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#server.forget(this.node);
    this.planet.forget(this);
    for (const settle of [...this.#waiting]) settle({ kind: 'unknown', detail: 'the connection was closed' });
    this.#tell({ kind: 'closed', detail: 'the connection was closed' });
    this.#listeners.clear();
  }

  /** Some link or server has changed: perhaps this connection is lost, or can be made again. */
  linksChanged(): void {
    const canConnect =
      this.#server.isUp &&
      !this.planet.links.isCut(this.node, this.#server.region) &&
      !this.planet.links.isCut(this.#server.region, this.node);
    if (this.#state === 'connected' && !canConnect) {
      const detail = `the connection to the server of ${this.#server.region} is lost`;
      this.#state = 'disconnected';
      this.#server.forget(this.node);
      for (const settle of [...this.#waiting]) settle({ kind: 'unknown', detail });
      this.#tell({ kind: 'disconnected', detail });
    } else if (this.#state === 'new' && canConnect) this.#connect();
    else if (this.#state === 'disconnected' && canConnect) {
      this.planet.clock.after(this.planet.reconnectDelayMs(), () => {
        if (this.#state !== 'disconnected') return;
        const isStillPossible = this.#server.isUp && !this.planet.links.isCut(this.node, this.#server.region);
        if (isStillPossible) this.#connect();
      });
    } else if (this.#state === 'new') this.#state = 'disconnected';
  }

  #connect(): void {
    this.#state = 'connected';
    for (const subscription of this.#subscriptions) this.#server.subscriptions.add(subscription);
    this.#tell({ kind: 'connected', server: this.#server.region });
  }

  /** Brings a message to all servers where somebody listens, and from there to those who do. */
  #spread(
    subject: string,
    payload: Uint8Array,
    respond: ((from: readonly string[], payload: Uint8Array) => void) | undefined,
  ): void {
    // A request has come to the server already when it is spread.
    const start = respond === undefined ? [this.node] : [];
    for (const server of this.planet.serversAround(this.#server.region)) {
      if (!server.hasInterest(subject)) continue;
      this.planet.links.send(pathOf([...start, this.#server.region, server.region]), () => {
        if (!server.isUp) return;
        for (const receiver of server.receiversOf(subject)) {
          const answer = (body: Uint8Array) => {
            if (receiver.isConnected()) respond?.([receiver.node, server.region], body);
          };
          this.planet.links.send([server.region, receiver.node], () => {
            if (!server.subscriptions.has(receiver)) return;
            receiver.receive({ subject, payload, ...(respond === undefined ? {} : { respond: answer }) });
          });
        }
      });
    }
  }

  #tell(status: CarrierStatus): void {
    for (const listener of [...this.#listeners]) listener(status);
  }
}
