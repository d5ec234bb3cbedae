import { expect, it, onTestFinished } from 'vitest';
import { type Api, createLogicalCluster } from '../../src/api/mod.ts';
import { type LogicalCluster, limits, type ShardName, systemRandom } from '../../src/base/mod.ts';
import { ControllerClient } from '../../src/controllers/client.ts';
import { EventExpiry } from '../../src/controllers/mod.ts';
import { builtinDefinition, collectionOf } from '../../src/definitions/mod.ts';
import type { KubeObject } from '../../src/machinery/mod.ts';
import { type FeedGroup, MemoryKeyValue, Store } from '../../src/store/mod.ts';
import { TestClock } from '../../src/store/store-fixtures.suite.ts';
import { memoryApi } from '../support/memory-member.ts';

const CLUSTERS = ['one', 'two'] as LogicalCluster[];
const TTL_MS = 3_600_000;
const EVENTS = builtinDefinition('', 'events')!;
const EVENTS_V1 = builtinDefinition('events.k8s.io', 'events')!;

/** A member without facade, in memory and in virtual time, which forgets what is not durable when it is stopped. */
class VirtualMember {
  readonly clock: TestClock;
  readonly keyValue: MemoryKeyValue;
  readonly api: Api;
  readonly #client: ControllerClient;
  readonly #expiry: EventExpiry;
  readonly errors: unknown[] = [];

  private constructor(options: {
    readonly api: Api;
    readonly clock: TestClock;
    readonly keyValue: MemoryKeyValue;
    readonly ttlMs: number;
  }) {
    this.api = options.api;
    this.clock = options.clock;
    this.keyValue = options.keyValue;
    this.#client = new ControllerClient(this.api, { name: 'test', signal: new AbortController().signal });
    const { api, clock, ttlMs } = options;
    this.#expiry = new EventExpiry({ api, clock, ttlMs, report: (error) => this.errors.push(error) });
    this.#expiry.start();
  }

  static async start(
    options: { readonly clock?: TestClock; readonly keyValue?: MemoryKeyValue; readonly ttlMs?: number } = {},
  ): Promise<VirtualMember> {
    const { clock = new TestClock(), keyValue = new MemoryKeyValue(), ttlMs = TTL_MS } = options;
    const store = await Store.open({
      keyValue,
      shard: 'root' as ShardName,
      clock,
      random: systemRandom,
      onClockStep: () => {},
    });
    const api = memoryApi(store, { clock });
    for (const cluster of CLUSTERS) await createLogicalCluster(api, cluster);
    const member = new VirtualMember({ api, clock, keyValue, ttlMs });
    onTestFinished(() => member.stop());
    await member.idle();
    return member;
  }

  /** Ends it as a loss of power would, and starts it again at the same time. */
  async restart(options: { readonly ttlMs?: number } = {}): Promise<VirtualMember> {
    const keyValue = this.keyValue.crash();
    await this.stop().catch(() => {});
    return VirtualMember.start({ clock: this.clock, keyValue, ...options });
  }

  async stop(): Promise<void> {
    await this.#expiry.close();
    await this.api.store.close();
  }

  idle(): Promise<void> {
    return this.#expiry.idle();
  }

  async advance(durationMs: number): Promise<void> {
    this.clock.advance(durationMs);
    await this.idle();
  }

  async create(name: string, cluster = CLUSTERS[0]!): Promise<void> {
    await this.#client.create({ definition: EVENTS, cluster, namespace: 'default', name }, event(name));
  }

  async touch(name: string, definition = EVENTS): Promise<void> {
    const place = { definition, cluster: CLUSTERS[0]!, namespace: 'default', name };
    await this.#client.mergePatch(place, { metadata: { labels: { at: String(this.clock.nowMs()) } } });
  }

  async remove(name: string): Promise<void> {
    const row = this.api.store.get({ ...collectionOf(CLUSTERS[0]!, EVENTS), namespace: 'default', name })!;
    const place = { definition: EVENTS, cluster: CLUSTERS[0]!, namespace: 'default', name };
    await this.#client.remove(place, { uid: row.uid });
  }

  async names(cluster = CLUSTERS[0]!): Promise<string[]> {
    const snapshot = this.api.store.snapshot();
    const names: string[] = [];
    for await (const batch of snapshot.list({ collection: collectionOf(cluster, EVENTS) }))
      names.push(...batch.map(({ key }) => key.name));
    snapshot.close();
    return names;
  }

  async countDebts(): Promise<number> {
    const snapshot = this.api.store.snapshot();
    const debts = await snapshot.firstWork('event-expiry/', { limit: 1_000_000 });
    snapshot.close();
    return debts.length;
  }
}

function event(name: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    // What expires asks no finalizer, as upstream's storage does not.
    metadata: { name, namespace: 'default', finalizers: ['example.com/hold'] },
    involvedObject: { kind: 'ConfigMap', namespace: 'default', name: 'some', apiVersion: 'v1' },
    reason: 'Tested',
    type: 'Normal',
  } as unknown as KubeObject;
}

it('events go when their time is over, in all logical clusters, and each is announced as deleted', async () => {
  const member = await VirtualMember.start();
  const deleted: string[] = [];
  member.api.store.feed.subscribeToGroups(({ events }: FeedGroup) => {
    for (const { key, newRow, oldRow } of events)
      if (newRow === undefined && oldRow !== undefined) deleted.push(`${key.cluster}/${key.name}`);
  });
  await member.create('a');
  await member.create('b', CLUSTERS[1]);
  await member.advance(TTL_MS / 2);
  await member.create('c');
  await member.advance(TTL_MS / 2 - 1_000);
  expect(deleted).toEqual([]);
  await member.advance(2_000);
  expect(deleted.sort()).toEqual(['one/a', 'two/b']);
  expect(await member.names()).toEqual(['c']);
  await member.advance(TTL_MS / 2);
  expect(await member.names()).toEqual([]);
  expect(await member.countDebts()).toBe(0);
  expect(member.errors).toEqual([]);
});

it('each update begins the time anew, through either API, and leaves one debt', async () => {
  const member = await VirtualMember.start();
  await member.create('a');
  await member.create('b');
  for (const definition of [EVENTS, EVENTS_V1, EVENTS]) {
    await member.advance(TTL_MS * 0.9);
    await member.touch('a', definition);
    expect(await member.countDebts()).toBeLessThanOrEqual(2);
  }
  expect(await member.names()).toEqual(['a']);
  expect(await member.countDebts()).toBe(1);
  await member.advance(TTL_MS * 0.9);
  expect(await member.names()).toEqual(['a']);
  await member.advance(TTL_MS * 0.1 + 1_000);
  expect(await member.names()).toEqual([]);
  expect(await member.countDebts()).toBe(0);
});

it('an event that was deleted and made again lives from its second beginning', async () => {
  const member = await VirtualMember.start();
  await member.create('a');
  await member.touch('a');
  await member.api.store.commit({
    mutations: [{ key: { ...collectionOf(CLUSTERS[0]!, EVENTS), namespace: 'default', name: 'a' } }],
    actor: 'test',
    originRegion: 'local',
  });
  await member.advance(TTL_MS / 2);
  await member.create('a');
  await member.advance(TTL_MS / 2 + 1_000);
  expect(await member.names()).toEqual(['a']);
  await member.advance(TTL_MS / 2);
  expect(await member.names()).toEqual([]);
  expect(await member.countDebts()).toBe(0);
});

it('a restart loses nothing, not even while events go', async () => {
  let member = await VirtualMember.start();
  for (let index = 0; index < 3 * limits.expiredEventsMax; index++) await member.create(`e${index}`);
  member.clock.advance(TTL_MS / 2);
  member = await member.restart();
  await member.advance(TTL_MS / 2 - 1_000);
  expect(await member.names()).toHaveLength(3 * limits.expiredEventsMax);
  // Due, and stopped in the middle.
  const firstGone = new Promise<void>((resolve) => {
    member.api.store.feed.subscribeToGroups(({ events }) => {
      if (events.some(({ newRow }) => newRow === undefined)) resolve();
    });
  });
  member.clock.advance(2_000);
  await firstGone;
  member = await member.restart();
  await member.idle();
  expect(await member.names()).toEqual([]);
  expect(await member.countDebts()).toBe(0);
});

it('another time to live holds for the events that are there, and none keeps them for ever', async () => {
  let member = await VirtualMember.start({ ttlMs: 0 });
  await member.create('a');
  await member.advance(1_000 * TTL_MS);
  expect(await member.names()).toEqual(['a']);
  member = await member.restart({ ttlMs: 2_000 * TTL_MS });
  await member.advance(900 * TTL_MS);
  expect(await member.names()).toEqual(['a']);
  await member.advance(101 * TTL_MS);
  expect(await member.names()).toEqual([]);
});

it('many that go at once do not hold the loop', async () => {
  const member = await VirtualMember.start();
  const count = 2_000;
  for (let index = 0; index < count; index += 500)
    await Promise.all(Array.from({ length: 500 }, (_, at) => member.create(`e${index + at}`)));
  const sizes: number[] = [];
  member.api.store.feed.subscribeToGroups(({ events }) => sizes.push(events.length));
  let turns = 0;
  let isOver = false;
  const turn = () => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  await member.advance(TTL_MS + 1_000);
  isOver = true;
  expect(await member.names()).toEqual([]);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(limits.expiredEventsMax);
  // Others had their turns between the commits.
  expect(turns).toBeGreaterThan(count / limits.expiredEventsMax);
});
