import { limits, type RegionName } from '../../../base/mod.ts';
import type {
  ConsumeOptions,
  Consumption,
  StoredMessage,
  StoreOutcome,
  StoreRequest,
  StreamFailure,
  StreamResult,
  StreamSettings,
  StreamState,
  Streams,
} from '../carrier.ts';
import type { MemoryCarrier } from './memory-carrier.ts';
import { pathOf } from './memory-links.ts';
import type { MemoryPlanet } from './memory-planet.ts';
import type { MemoryConsumer, MemoryServer } from './memory-server.ts';
import type { MemoryStream } from './memory-stream.ts';

export interface MemoryStreamsOptions {
  readonly carrier: MemoryCarrier;
  readonly planet: MemoryPlanet;
  /** The region whose server the carrier is connected to. */
  readonly home: RegionName;
  /** The region whose streams these are. */
  readonly region: RegionName;
}

/** Followers tell a server what they have taken when it is so much, and when the server is heard. */
const TAKEN_STEP_BYTES = 256 * 1024;

/** The streams of one region, seen from a member. */
export class MemoryStreams implements Streams {
  readonly #options: MemoryStreamsOptions;

  constructor(options: MemoryStreamsOptions) {
    this.#options = options;
  }

  open(settings: StreamSettings): Promise<StreamResult<StreamState>> {
    return this.#call(limits.streamOpenTimeoutMs, (server, nowMs) =>
      done(server.open(settings).state(nowMs)),
    );
  }

  state(name: string): Promise<StreamResult<StreamState>> {
    return this.#withStream(name, (stream, nowMs) => done(stream.state(nowMs)));
  }

  store(request: StoreRequest): Promise<StoreOutcome> {
    if (request.payload.length > this.#options.planet.payloadBytesMax) {
      return Promise.resolve({ kind: 'failed', detail: 'the message is larger than the server takes' });
    }
    return this.#call<StoreOutcome>(request.timeoutMs, (server, nowMs) => {
      const stream = server.streams.get(request.stream);
      // NATS cannot tell a stream that is not there from a region that is not.
      if (stream === undefined) {
        return { kind: 'unreachable', detail: `no stream takes messages on ${request.subject}` };
      }
      const outcome = stream.store(request, nowMs);
      server.pump(request.stream);
      if (outcome.kind !== 'stored' || server.acksToLose === 0) return outcome;
      server.acksToLose--;
      return undefined;
    });
  }

  read(name: string, sequence: number): Promise<StreamResult<StoredMessage>> {
    return this.#withStream<StoredMessage>(name, (stream, nowMs) => {
      const message = stream.read(sequence, nowMs);
      return message === undefined
        ? { kind: 'not-found', detail: `the stream ${name} has no message ${sequence}` }
        : done(message);
    });
  }

  remove(name: string): Promise<StreamResult<void>> {
    return this.#call(limits.streamCallTimeoutMs, (server) => done(server.remove(name)));
  }

  async consume(options: ConsumeOptions): Promise<StreamResult<Consumption>> {
    const { planet, carrier, home, region } = this.#options;
    const server = planet.server(region);
    let receivedBytes = 0;
    let isStopped = false;
    const tell = () => {
      const bytes = receivedBytes;
      toldBytes = bytes;
      planet.links.send(pathOf([carrier.node, home, region]), () => server.taken(consumer, bytes));
    };
    let toldBytes = 0;
    const consumer: MemoryConsumer = {
      node: carrier.node,
      options: {
        ...options,
        onAlive: () => {
          if (isStopped) return;
          options.onAlive();
          if (options.mayProceed()) tell();
        },
        onMessage: (message, delivery) => {
          if (isStopped) return;
          options.onMessage(message, delivery);
          receivedBytes += message.payload.length;
          if (receivedBytes - toldBytes >= TAKEN_STEP_BYTES && options.mayProceed()) tell();
        },
      },
      send: (deliver) => planet.links.send(pathOf([region, home, carrier.node]), deliver),
      isReachable: () => planet.isLinked(region, home) && carrier.isConnected(),
      next: options.fromSequence,
      delivery: 0,
      sentBytes: 0,
      takenBytes: 0,
      unreachableTicks: 0,
    };
    const stop = () => {
      isStopped = true;
      server.removeConsumer(consumer);
    };
    const made = await this.#withStream(options.stream, () => {
      if (!isStopped) server.addConsumer(consumer);
      return done(undefined);
    });
    if (made.kind !== 'done') {
      stop();
      return made;
    }
    return done({
      proceed: () => {
        if (!isStopped && receivedBytes > toldBytes) tell();
      },
      stop,
    });
  }

  #withStream<Value>(
    name: string,
    operation: (stream: MemoryStream, nowMs: number) => StreamResult<Value>,
  ): Promise<StreamResult<Value>> {
    return this.#call(limits.streamCallTimeoutMs, (server, nowMs) => {
      const stream = server.streams.get(name);
      return stream === undefined
        ? { kind: 'not-found', detail: `there is no stream ${name}` }
        : operation(stream, nowMs);
    });
  }

  /** Runs an operation at the region's server, and brings its result home over the links; nothing, if it gives undefined. */
  async #call<Outcome>(
    timeoutMs: number,
    operation: (server: MemoryServer, nowMs: number) => Outcome | undefined,
  ): Promise<Outcome | StreamFailure> {
    const { carrier, planet, home, region } = this.#options;
    if (!carrier.isConnected()) return { kind: 'unreachable', detail: 'there is no connection' };
    let result: Outcome | StreamFailure | undefined;
    const outcome = await carrier.exchange({ timeoutMs }, (respond, giveUp) => {
      planet.links.send([carrier.node, home], () => {
        if (!planet.isLinked(home, region)) {
          return giveUp({ kind: 'no-responders', detail: `region ${region} cannot be reached` });
        }
        planet.links.send(pathOf([home, region]), () => {
          const server = planet.server(region);
          if (!server.isUp) return;
          const here = operation(server, planet.clock.nowMs());
          if (here === undefined) return;
          result ??= here;
          respond([region], NOTHING);
        });
      });
    });
    if (outcome.kind === 'answered' && result !== undefined) return result;
    if (outcome.kind === 'no-responders') return { kind: 'unreachable', detail: outcome.detail };
    const detail = outcome.kind === 'unknown' ? outcome.detail : 'no answer';
    return { kind: 'unknown', detail };
  }
}

const NOTHING = new Uint8Array(0);

function done<Value>(value: Value): { readonly kind: 'done'; readonly value: Value } {
  return { kind: 'done', value };
}
