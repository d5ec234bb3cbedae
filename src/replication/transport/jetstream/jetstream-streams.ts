import {
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  type StreamInfo,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { limits } from '../../../base/mod.ts';
import type {
  ConsumeOptions,
  Consumption,
  StoredMessage,
  StoreOutcome,
  StoreRequest,
  StreamResult,
  StreamSettings,
  StreamState,
  Streams,
} from '../carrier.ts';
import { isAtLeast, whereOf } from './check-server.ts';
import { errorText, failureOf, isNameInUse, isOutOfStorage, isRefusal } from './outcomes.ts';
import { consume } from './push-consumer.ts';
import { differences, type WantedConfig, wantedConfig } from './stream-config.ts';

export interface JetStreamStreamsOptions {
  readonly connection: NatsConnection;
  readonly isConnected: () => boolean;
  /** What the promise gives, or undefined when the connection is lost before. */
  readonly unlessLost: <Value>(promise: Promise<Value>) => Promise<Value | undefined>;
  readonly domain: string | undefined;
  /** Begins the subjects on which messages come here. */
  readonly inbox: string;
}

const MESSAGE_ID = 'Nats-Msg-Id';

/** The streams of one region's JetStream, reached through its domain from wherever this member is connected. */
export class JetStreamStreams implements Streams {
  readonly #options: JetStreamStreamsOptions;
  readonly #client: JetStreamClient;
  readonly #manager: Promise<JetStreamManager>;
  readonly #openManager: Promise<JetStreamManager>;

  constructor(options: JetStreamStreamsOptions) {
    this.#options = options;
    const { connection, domain } = options;
    const where = domain === undefined ? {} : { domain };
    this.#client = jetstream(connection, where);
    const manager = (timeout: number) => jetstreamManager(connection, { ...where, timeout, checkAPI: false });
    this.#manager = manager(limits.streamCallTimeoutMs);
    this.#openManager = manager(limits.streamOpenTimeoutMs);
  }

  async open(settings: StreamSettings): Promise<StreamResult<StreamState>> {
    return this.#call(this.#openManager, async (manager) => {
      const wanted = wantedConfig(settings);
      let info: StreamInfo;
      try {
        info = await this.#addOrUpdate(manager, wanted);
      } catch (error) {
        if (!isOutOfStorage(error)) throw error;
        const room = `the server has no room for the ${settings.bytesMax} bytes that the stream may grow to`;
        return {
          kind: 'failed',
          detail: `${room}: raise \`max_file\` of its JetStream (${errorText(error)})`,
        };
      }
      const found = differences(wanted, info.config);
      if (found.length === 0) return done(stateOf(info));
      const detail = `the stream ${settings.name} is not as it should be: ${found.join('; ')}`;
      return { kind: 'failed', detail: `${whereOf(this.#options.connection)}: ${detail}` };
    });
  }

  state(stream: string): Promise<StreamResult<StreamState>> {
    return this.#call(this.#manager, async (manager) => done(stateOf(await manager.streams.info(stream))));
  }

  async store(request: StoreRequest): Promise<StoreOutcome> {
    const { stream, subject, payload, id, expectedLastSequence, expectedLastId, timeoutMs } = request;
    if (!this.#options.isConnected()) return NOT_CONNECTED;
    try {
      const publication = this.#client.publish(subject, payload, {
        msgID: id,
        expect: {
          streamName: stream,
          lastSequence: expectedLastSequence,
          ...(expectedLastId === undefined ? {} : { lastMsgID: expectedLastId }),
        },
        timeout: timeoutMs,
        retries: 1,
      });
      const stored = await this.#options.unlessLost(publication);
      if (stored === undefined) return LOST;
      const domain = stored.domain ?? '';
      if (stored.stream !== stream || domain !== (this.#options.domain ?? '')) {
        const who = `the stream ${stored.stream} of the JetStream domain "${domain}"`;
        return { kind: 'failed', detail: `${who} takes messages on ${subject} too: remove it` };
      }
      return { kind: stored.duplicate ? 'duplicate' : 'stored', sequence: stored.seq };
    } catch (error) {
      const failure = failureOf(error);
      return isRefusal(error) ? { kind: 'refused', detail: failure.detail } : failure;
    }
  }

  read(stream: string, sequence: number): Promise<StreamResult<StoredMessage>> {
    return this.#call<StoredMessage>(this.#manager, async (manager) => {
      const message = await manager.streams.getMessage(stream, { seq: sequence });
      if (message === null) {
        return { kind: 'not-found', detail: `the stream ${stream} has no message ${sequence}` };
      }
      const id = message.header?.get(MESSAGE_ID) ?? '';
      return done({ sequence: message.seq, id, payload: message.data });
    });
  }

  async remove(stream: string): Promise<StreamResult<void>> {
    const removed = await this.#call(this.#openManager, async (manager) => {
      await manager.streams.delete(stream);
      return done(undefined);
    });
    return removed.kind === 'not-found' ? done(undefined) : removed;
  }

  consume(options: ConsumeOptions): Promise<StreamResult<Consumption>> {
    const { connection, inbox, isConnected } = this.#options;
    return this.#call(this.#manager, async (manager) =>
      done(await consume({ ...options, connection, isConnected, manager, inbox })),
    );
  }

  async #addOrUpdate(manager: JetStreamManager, wanted: WantedConfig): Promise<StreamInfo> {
    // A stream keeps the form on disk that it was made with, so that only new ones are compressed.
    const version = this.#options.connection.info?.version ?? '';
    const compression = isAtLeast(version, [2, 10, 0]) ? { compression: 's2' as const } : {};
    // Not by adding it again: 2.9 asks for its room once more, also where it is there already.
    const known = await this.#known(manager, wanted.name);
    if (known !== undefined) {
      return differences(wanted, known.config).length === 0
        ? known
        : manager.streams.update(wanted.name, wanted);
    }
    try {
      return await manager.streams.add({ ...wanted, ...compression });
    } catch (error) {
      if (!isNameInUse(error)) throw error;
      return manager.streams.update(wanted.name, wanted);
    }
  }

  async #known(manager: JetStreamManager, stream: string): Promise<StreamInfo | undefined> {
    try {
      return await manager.streams.info(stream);
    } catch (error) {
      if (failureOf(error).kind === 'not-found') return undefined;
      throw error;
    }
  }

  async #call<Value>(
    manager: Promise<JetStreamManager>,
    operation: (manager: JetStreamManager) => Promise<StreamResult<Value>>,
  ): Promise<StreamResult<Value>> {
    if (!this.#options.isConnected()) return NOT_CONNECTED;
    try {
      return (await this.#options.unlessLost(operation(await manager))) ?? LOST;
    } catch (error) {
      return failureOf(error);
    }
  }
}

const LOST = { kind: 'unknown', detail: 'the connection to NATS was lost' } as const;
const NOT_CONNECTED = { kind: 'unreachable', detail: 'there is no connection to NATS' } as const;

function done<Value>(value: Value): { readonly kind: 'done'; readonly value: Value } {
  return { kind: 'done', value };
}

function stateOf({ state, created }: StreamInfo): StreamState {
  const lastSequence = state.last_seq;
  // A stream that has never had a message says 0 for the first.
  const firstSequence = state.messages === 0 ? lastSequence + 1 : state.first_seq;
  return { firstSequence, lastSequence, created: String(created) };
}
