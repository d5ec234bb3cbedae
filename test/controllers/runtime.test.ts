import { expect, it, onTestFinished } from 'vitest';
import type { LogicalCluster, ShardName } from '../../src/base/mod.ts';
import { systemRandom } from '../../src/base/mod.ts';
import { type Controller, ControllerRuntime } from '../../src/controllers/mod.ts';
import { MemoryKeyValue, Store } from '../../src/store/mod.ts';
import { TestClock } from '../../src/store/store-fixtures.suite.ts';
import { memoryApi } from '../support/memory-member.ts';

/** A store with controllers in time that passes only when the test says so. */
class Bench {
  readonly clock: TestClock;
  readonly store: Store;
  readonly errors: unknown[] = [];
  #owed = 0;

  private constructor(store: Store, clock: TestClock) {
    this.store = store;
    this.clock = clock;
  }

  static async start(controllersOf: (bench: Bench) => readonly Controller[]): Promise<Bench> {
    const clock = new TestClock();
    const store = await Store.open({
      keyValue: new MemoryKeyValue(),
      shard: 'test' as ShardName,
      clock,
      random: systemRandom,
    });
    const bench = new Bench(store, clock);
    const api = memoryApi(store, { clock });
    const runtime = new ControllerRuntime({
      api,
      clock,
      controllers: controllersOf(bench),
      report: (_controller, _key, error) => bench.errors.push(error),
    });
    await runtime.start();
    onTestFinished(async () => {
      await runtime.close();
      api.quotas.close();
      await store.close();
    });
    return bench;
  }

  async owe(controller: string, key = 'k', cluster = 'one'): Promise<void> {
    this.#owed += 1;
    const work = [{ controller, cluster: cluster as LogicalCluster, key, payload: Buffer.of(this.#owed) }];
    await this.store.commit({ mutations: [], work, actor: 'test', originRegion: 'local' });
    await this.idle();
  }

  /** Commits a change that controllers are told of. */
  async change(name: string): Promise<void> {
    const row = {
      uid: name,
      definitionHash: '',
      json: Buffer.from('{"metadata":{}}'),
      metadataOffset: 13,
      isAnnotated: false,
      labels: {},
      fields: {},
      owners: [],
    };
    const key = {
      cluster: 'one' as LogicalCluster,
      group: '',
      resource: 'configmaps',
      identity: '',
      namespace: 'default',
      name,
    };
    await this.store.commit({ mutations: [{ key, row }], actor: 'test', originRegion: 'local' });
    await this.idle();
  }

  /** Lets everything happen that needs no time. */
  async idle(): Promise<void> {
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    await this.store.settled();
  }
}

it('asks a controller about events only while it, or one that it listens with, owes something', async () => {
  const asked: string[] = [];
  const controller = (name: string, more: Partial<Controller> = {}): Controller => ({
    name,
    reconcile: async () => 'waiting',
    wakes: ({ key }) => {
      asked.push(`${name} ${key.name}`);
      return [];
    },
    ...more,
  });
  const bench = await Bench.start(() => [
    controller('a'),
    controller('b', { wakesWith: ['a'] }),
    controller('c', { reconcile: async () => 'settled' }),
  ]);
  await bench.change('x');
  expect(asked).toEqual([]);
  await bench.owe('c');
  await bench.change('y');
  expect(asked).toEqual([]);
  await bench.owe('b');
  await bench.change('z');
  expect(asked).toEqual(['b z']);
  await bench.owe('a');
  await bench.change('end');
  expect(asked).toEqual(['b z', 'a end', 'b end']);
});

it('lets a look that was long, and has to wait, rest as long as it took', async () => {
  let looks = 0;
  const bench = await Bench.start(({ clock }) => [
    {
      name: 'slow',
      async reconcile() {
        looks += 1;
        clock.elapsedMs += 400;
        clock.wallMs += 400;
        return 'waiting';
      },
      wakes: ({ key }) => [{ controller: 'slow', cluster: key.cluster, key: 'k' }],
    },
  ]);
  await bench.owe('slow');
  expect(looks).toBe(1);
  for (let index = 0; index < 10; index++) await bench.change(`part-${index}`);
  expect(looks).toBe(1);
  bench.clock.advance(399);
  await bench.idle();
  expect(looks).toBe(1);
  bench.clock.advance(2);
  await bench.idle();
  // All that came meanwhile is seen by one look.
  expect(looks).toBe(2);
});

it('goes on with others while a logical cluster has as much under way as it may', async () => {
  let releaseAll: () => void = () => {};
  const released = new Promise<void>((resolve) => {
    releaseAll = resolve;
  });
  const begun: string[] = [];
  const bench = await Bench.start(() => [
    {
      name: 'stuck',
      async reconcile({ key }) {
        begun.push(key.cluster);
        if (key.cluster !== 'quick') await released;
        return 'settled';
      },
    },
  ]);
  for (let index = 0; index < 200; index++) await bench.owe('stuck', `k${index}`, 'greedy');
  const greedy = begun.length;
  expect(greedy).toBeLessThan(200);
  await bench.owe('stuck', 'k', 'quick');
  expect(begun.slice(greedy)).toEqual(['quick']);
  releaseAll();
  await bench.idle();
  await bench.idle();
  expect(begun).toHaveLength(201);
  expect(bench.errors).toEqual([]);
});
