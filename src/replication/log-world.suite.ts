import { type Clock, type LogicalCluster, type ShardName, systemRandom } from '../base/mod.ts';
import {
  type Heartbeat,
  MemoryKeyValue,
  type NewRow,
  type ObjectKey,
  type Position,
  type Row,
  Store,
  type SurvivalGate,
} from '../store/mod.ts';
import { FollowLoop, type FollowReport } from './follow/follow-loop.ts';
import type { LogSource, ReplayAnswer, SourceEvent, Subscription } from './follow/log-source.ts';
import type { LogSink, PublishedBatch, PublishOutcome } from './publish/log-sink.ts';
import { PublicationLoop } from './publish/publication-loop.ts';

/** Time that passes only when a test says so. */
export class StillClock implements Clock {
  wallMs = Date.UTC(2026, 0, 1);
  elapsedMs = 0;
  readonly #tasks = new Set<{ readonly dueMs: number; readonly task: () => void }>();

  nowMs(): number {
    return this.wallMs;
  }
  monotonicMs(): number {
    return this.elapsedMs;
  }
  after(delayMs: number, task: () => void): () => void {
    const entry = { dueMs: this.elapsedMs + delayMs, task };
    this.#tasks.add(entry);
    return () => this.#tasks.delete(entry);
  }
  advance(durationMs: number): void {
    this.wallMs += durationMs;
    this.elapsedMs += durationMs;
    for (const entry of [...this.#tasks].sort((a, b) => a.dueMs - b.dueMs))
      if (entry.dueMs <= this.elapsedMs && this.#tasks.delete(entry)) entry.task();
  }
}

export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Time passes and everybody gets their turns. */
export async function pass(clock: StillClock, durationMs: number): Promise<void> {
  for (let passed = 0; passed < durationMs; passed += 100) {
    clock.advance(100);
    await turns(6);
  }
}

export interface MemberStore {
  store: Store;
  values: MemoryKeyValue;
}

export async function openMember(
  clock: Clock,
  role: 'home' | 'follower',
  options: { readonly gate?: SurvivalGate; readonly values?: MemoryKeyValue } = {},
): Promise<MemberStore> {
  const { gate, values = new MemoryKeyValue() } = options;
  const store = await Store.open({
    keyValue: values,
    shard: 'main' as ShardName,
    clock,
    random: systemRandom,
    replication: { role, ...(gate && { gate }) },
  });
  return { store, values };
}

export function keyOf(name: string): ObjectKey {
  const cluster = 'root' as LogicalCluster;
  return { cluster, group: '', resource: 'configmaps', identity: '', namespace: 'default', name };
}

export function put(store: Store, name: string, text: string): Promise<unknown> {
  const row: NewRow = {
    uid: name,
    definitionHash: '',
    json: Buffer.from(text),
    metadataOffset: 0,
    isAnnotated: false,
    labels: {},
    fields: {},
    owners: [],
  };
  return store.commit({ mutations: [{ key: keyOf(name), row }], actor: 'tester', originRegion: 'eu' });
}

export function textOf(row: Row | undefined): string | undefined {
  return row?.json.toString();
}

/** The stream of one epoch, and what may happen to it. */
export class MemoryStream {
  readonly epoch: number;
  messages: PublishedBatch[] = [];
  /** Bytes of the largest message that it was given. */
  largest = 0;
  /** The next so many publications do as this says. */
  readonly outcomes: PublishOutcome[] = [];

  constructor(epoch: number) {
    this.epoch = epoch;
  }

  get tail(): { readonly sequence: number; readonly hash: Uint8Array } | undefined {
    const last = this.messages.at(-1);
    return last && { sequence: last.lastSequence, hash: last.lastHash };
  }
}

/** Streams, peers and heartbeats of a shard, as one network that can be cut. */
export class MemoryNetwork {
  readonly streams = new Map<number, MemoryStream>();
  readonly peers: MemberStore[] = [];
  isCut = false;
  /** Questions to peers so far. */
  replays = 0;
  readonly #listeners = new Set<(heartbeat: Heartbeat) => void>();
  readonly #wakers = new Set<() => void>();

  sink(): LogSink {
    let stream: MemoryStream;
    return {
      open: async (epoch) => {
        if (this.isCut) throw new Error('the stream cannot be reached');
        stream = this.streams.get(epoch) ?? new MemoryStream(epoch);
        this.streams.set(epoch, stream);
        return stream.tail;
      },
      publish: async (batch) => {
        while (this.isCut) await this.#changed();
        const outcome = stream.outcomes.shift() ?? { kind: 'stored' };
        if (outcome.kind !== 'stored') return outcome;
        stream.largest = Math.max(stream.largest, ...batch.frames.map(({ length }) => length));
        // Once: a repeat of what is there is a duplicate.
        if (batch.lastSequence > (stream.tail?.sequence ?? 0)) stream.messages.push(batch);
        this.change();
        return outcome;
      },
      close: () => this.change(),
    };
  }

  source(): LogSource {
    return {
      subscribe: (after) => this.#subscribe(after),
      replay: (request) => this.#replay(request.from, request.bytesMax),
      snapshot: async () => (this.isCut ? undefined : this.#peer()?.store.log.exportState()),
      hearHeartbeats: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
  }

  beat(heartbeat: Heartbeat): void {
    if (!this.isCut) for (const listener of this.#listeners) listener(heartbeat);
  }

  /** Whoever waits for anything looks again. */
  change(): void {
    for (const wake of [...this.#wakers]) wake();
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#wakers.delete(wake);
        resolve();
      };
      this.#wakers.add(wake);
    });
  }

  #peer(): MemberStore | undefined {
    return [...this.peers].sort((a, b) => b.store.log.end.epoch - a.store.log.end.epoch)[0];
  }

  async #replay(from: number, bytesMax: number): Promise<ReplayAnswer> {
    this.replays += 1;
    const peer = this.#peer();
    if (this.isCut || peer === undefined) return { kind: 'unavailable', detail: 'no peer is in reach' };
    const { log } = peer.store;
    const replayed = log.replay(from);
    if (replayed.kind === 'below') return replayed;
    const frames: Buffer[] = [];
    let sizeBytes = 0;
    for await (const batch of replayed.batches) {
      for (const { bytes } of batch) {
        if (frames.length > 0 && sizeBytes + bytes.length > bytesMax) break;
        frames.push(bytes);
        sizeBytes += bytes.length;
      }
      break;
    }
    return { kind: 'frames', frames, epoch: log.end.epoch, mark: log.visible.sequence };
  }

  #subscribe(after: Position): Subscription {
    let isClosed = false;
    const events = this.#eventsAfter(after.sequence, () => isClosed);
    return {
      [Symbol.asyncIterator]: () => events,
      close: () => {
        isClosed = true;
        this.change();
      },
    };
  }

  async *#eventsAfter(after: number, isClosed: () => boolean): AsyncGenerator<SourceEvent> {
    let next = after + 1;
    while (!isClosed()) {
      const stream = [...this.streams.values()].sort((a, b) => b.epoch - a.epoch)[0];
      const message = this.isCut
        ? undefined
        : stream?.messages.find(({ lastSequence }) => lastSequence >= next);
      if (message === undefined) {
        await this.#changed();
        continue;
      }
      if (message.firstSequence > next) yield { kind: 'gap', wants: next };
      next = message.lastSequence + 1;
      yield { kind: 'frames', frames: message.frames, epoch: stream!.epoch };
    }
  }
}

export interface Following {
  readonly loop: FollowLoop;
  readonly reports: FollowReport[];
}

export function follow(
  network: MemoryNetwork,
  { store }: MemberStore,
  options: { readonly clock: Clock; readonly isMetByArrival?: boolean },
): Following {
  const reports: FollowReport[] = [];
  const { clock, isMetByArrival = true } = options;
  const loop = new FollowLoop({
    log: store.log,
    source: network.source(),
    clock,
    report: (report) => reports.push(report),
    isMetByArrival: () => isMetByArrival,
  });
  return { loop, reports };
}

export interface Publishing {
  readonly loop: PublicationLoop;
  readonly fenced: string[];
  readonly problems: string[];
  readonly published: Position[];
}

export function publish(network: MemoryNetwork, { store }: MemberStore, clock: Clock): Publishing {
  const fenced: string[] = [];
  const problems: string[] = [];
  const published: Position[] = [];
  const loop = new PublicationLoop({
    log: store.log,
    sink: network.sink(),
    clock,
    published: (position) => published.push(position),
    fenced: (detail) => fenced.push(detail),
    problem: (detail) => problems.push(detail),
  });
  return { loop, fenced, problems, published };
}
