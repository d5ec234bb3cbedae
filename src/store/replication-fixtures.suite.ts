import { expect } from 'vitest';
import type { LogicalCluster, Revision, ShardName } from '../base/mod.ts';
import { systemRandom } from '../base/mod.ts';
import { compactHistory } from './compaction.ts';
import { sampleSet } from './default-objects.suite.ts';
import type { Position } from './head.ts';
import type { KeyValueStore } from './key-value.ts';
import { MemoryKeyValue } from './memory-key-value.ts';
import type { CollectionKey } from './object-key.ts';
import { replayLog } from './replay.ts';
import type { ApplyResult, SurvivalGate } from './replication.ts';
import { Store } from './store.ts';
import { collect, dump, keyOf, proposalOf, rowOf, TestClock } from './store-fixtures.suite.ts';
import { LOG_RANGE, PROJECTION_TABLES } from './tables.ts';
import { WatchSession } from './watch-session.ts';

export const ORIGIN = { actor: 'tester', originRegion: 'eu' };
const SET = sampleSet(['namespaces//a', 'configmaps/a/b']);

/** A gate that a test opens: it says of nothing that it has met its goal. */
export class TestGate implements SurvivalGate {
  reason: string | undefined;
  last: Position | undefined;
  outOfReach(): string | undefined {
    return this.reason;
  }
  written(position: Position): void {
    this.last = position;
  }
}

export function openHome(
  keyValue: KeyValueStore,
  options: { readonly gate?: SurvivalGate; readonly clock?: TestClock } = {},
): Promise<Store> {
  const { gate, clock = new TestClock() } = options;
  const replication = { role: 'home' as const, ...(gate && { gate }) };
  return Store.open({ keyValue, shard: 'main' as ShardName, clock, random: systemRandom, replication });
}

export function openFollower(
  keyValue: KeyValueStore = new MemoryKeyValue(),
  clock: TestClock = new TestClock(),
): Promise<Store> {
  const replication = { role: 'follower' as const };
  return Store.open({ keyValue, shard: 'main' as ShardName, clock, random: systemRandom, replication });
}

/** The frames that a store has on its disk, from one on. */
export async function framesOf(store: Store, from = 1, to = Number.POSITIVE_INFINITY): Promise<Buffer[]> {
  const replayed = store.log.replay(from);
  if (replayed.kind === 'below') throw new Error(`frames are kept from ${replayed.first} on`);
  const frames: Buffer[] = [];
  for await (const batch of replayed.batches)
    for (const { sequence, bytes } of batch) if (sequence <= to) frames.push(bytes);
  return frames;
}

/** Sends all that one store has and the other has not, with the mark. */
export async function ship(from: Store, to: Store): Promise<ApplyResult> {
  const frames = await framesOf(from, to.log.end.sequence + 1);
  return to.log.apply({ frames, mark: from.log.visible.sequence });
}

/** What everybody who has the same log has: everything that follows from it, and nothing of a member's own. */
export async function stateOf(keyValue: KeyValueStore): Promise<string[]> {
  await compactHistory(keyValue);
  return dump(keyValue, [...PROJECTION_TABLES, LOG_RANGE]);
}

/** The same, computed from the visible part of the log alone. */
export async function replayedStateOf(store: Store, keyValue: KeyValueStore): Promise<string[]> {
  const copy = new MemoryKeyValue();
  await replayLog(keyValue, copy, { upTo: store.log.visible.sequence });
  return dump(copy, PROJECTION_TABLES);
}

/** Frames of a store from one on, whatever the other has. */
export async function shipFrom(from: Store, to: Store, first: number): ReturnType<typeof ship> {
  return to.log.apply({ frames: await framesOf(from, first), mark: from.log.visible.sequence });
}

/** Commits that touch every table: rows, owners, names, debts, defaults that come, change and go. */
export async function writeAllKinds(store: Store, tag: string): Promise<void> {
  const cluster = `c${tag}` as LogicalCluster;
  const debt = { controller: 'gc', cluster, key: 'a' };
  const owned = rowOf(`1${tag}`, { owners: ['o1'], fields: { '.aliases': `n${tag}`, '.references': 'r1' } });
  const defaults = { cluster, set: SET, seed: tag, creationTime: '2026-01-01T00:00:00Z' };
  await store.commit(
    proposalOf([{ key: keyOf(`a${tag}`), row: owned }], { work: [{ ...debt, payload: Buffer.from('1') }] }),
  );
  await store.commit(proposalOf([{ key: keyOf('shared'), row: rowOf(tag) }], { defaults }));
  const moved = rowOf(`2${tag}`, { owners: ['o2'], fields: { '.references': 'r2' } });
  await store.commit(
    proposalOf([{ key: keyOf(`a${tag}`), row: moved }], { work: [{ ...debt, payload: Buffer.from('2') }] }),
  );
  await store.commit(proposalOf([{ key: SET.keyOf(1, cluster), row: rowOf('changed') }]));
  await store.commit(proposalOf([{ key: keyOf(`a${tag}`) }], { work: [debt] }));
  const snapshot = store.snapshot();
  const ends = snapshot.defaultsOf(cluster)!;
  snapshot.close();
  await store.commit(proposalOf([{ key: SET.keyOf(1, cluster) }], { ends }));
}

/** A client that lists and watches, at one member after the other, as informers do. */
export class ModelClient {
  readonly #scope: CollectionKey;
  #store: Store;
  #session: WatchSession | undefined;
  #cache = new Map<string, string>();
  #position = 0 as Revision;
  #relisting: Promise<void> = Promise.resolve();
  #failure: unknown;
  relists = 0;

  constructor(store: Store, scope: CollectionKey) {
    this.#store = store;
    this.#scope = scope;
    this.#relist();
  }

  /** Goes on at another member from where it is, as soon as that one is as far. */
  moveTo(store: Store): void {
    this.#stop();
    if (store === this.#store || this.#position > store.revision) {
      this.#start();
      return;
    }
    this.#store = store;
    this.#start();
  }

  /** The member is another process now. */
  replaceStore(store: Store): void {
    // Whoever was connected to the dead one comes back to it, or to whoever is in its place.
    if (!isDead(this.#store)) return;
    this.#session = undefined;
    this.#store = store;
    this.#start();
  }

  /** Has exactly what its member has. */
  async check(): Promise<void> {
    await this.#relisting;
    expect(this.#failure, 'a watch failed').toBeUndefined();
    const snapshot = this.#store.snapshot();
    const objects = await collect(snapshot.list({ collection: this.#scope }));
    snapshot.close();
    const there = objects.map(({ key, row }) => [key.name, `${row.json}@${row.revision}`]);
    expect([...this.#cache].sort(), 'a client that watched has not what is there').toEqual(there.sort());
  }

  #start(): void {
    // A position of a history that was not adopted; or one that this member does not have yet.
    if (this.#store.log.statusOf(this.#position) === 'void' || this.#position > this.#store.revision) {
      this.#relist();
      return;
    }
    const store = this.#store;
    const session: WatchSession = new WatchSession({
      store,
      scope: this.#scope,
      position: this.#position,
      sink: {
        deliver: (events) => {
          // A member that has crashed has timers here which its process would have taken along.
          if (this.#session !== session) return true;
          for (const { key, newRow, revision } of events) {
            expect(revision, 'events are out of order or come twice').toBeGreaterThan(this.#position);
            this.#position = revision;
            if (newRow === undefined) this.#cache.delete(key.name);
            else this.#cache.set(key.name, `${newRow.json}@${newRow.revision}`);
          }
          return true;
        },
        drained: () => Promise.resolve(),
        expired: () => {
          if (this.#session === session) this.#relist();
        },
        failed: (error) => {
          if (this.#session === session && !isDead(store)) this.#failure = error;
        },
      },
    });
    this.#session = session;
    session.start();
  }

  #stop(): void {
    if (this.#session === undefined) return;
    // As a bookmark says it before the connection goes.
    this.#position = this.#session.position;
    this.#session.close();
    this.#session = undefined;
  }

  #relist(): void {
    this.#session?.close();
    this.#session = undefined;
    this.relists += 1;
    const store = this.#store;
    const snapshot = store.snapshot();
    this.#position = snapshot.revision;
    this.#cache = new Map();
    const cache = this.#cache;
    this.#relisting = (async () => {
      try {
        for await (const batch of snapshot.list({ collection: this.#scope }))
          for (const { key, row } of batch) cache.set(key.name, `${row.json}@${row.revision}`);
        snapshot.close();
      } catch {
        // The member has died meanwhile; whoever takes its place is asked anew.
        return;
      }
      if (this.#cache === cache && this.#store === store && !isDead(store)) this.#start();
    })();
  }
}

function isDead(store: Store): boolean {
  try {
    store.snapshot().close();
    return false;
  } catch {
    return true;
  }
}
