import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogicalCluster, ShardName } from '../../base/mod.ts';
import { MemoryKeyValue } from '../memory-key-value.ts';
import type { ObjectStore, StateScope } from '../object-store.ts';
import type { Proposal } from '../proposal.ts';
import { ship } from '../replication-fixtures.suite.ts';
import type { Store } from '../store.ts';
import { collect, openStore, proposalOf, rowOf, TestClock, turns } from '../store-fixtures.suite.ts';
import {
  CONVERGENT,
  EVERY_EXPORT,
  EVERY_MAP,
  logicalClusterKey,
  openHomeOf,
  openPlanet,
  printEvent,
  printList,
  printState,
  Watched,
} from './planet-fixtures.suite.ts';
import type { LogOptions, PlanetStore } from './planet-store.ts';

type Step =
  | {
      readonly kind: 'change';
      readonly place: number;
      readonly isConvergent: boolean;
      readonly name: string;
      readonly namespace: string;
      readonly text: string | undefined;
      readonly isReferring: boolean;
    }
  | { readonly kind: 'ship'; readonly place: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'crash' };

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('change' as const),
        place: fc.nat(3),
        isConvergent: fc.boolean(),
        name: fc.constantFrom('x', 'y', 'z'),
        namespace: fc.constantFrom('a', 'b'),
        text: fc.option(fc.constantFrom('1', '2', '3'), { nil: undefined, freq: 3 }),
        isReferring: fc.boolean(),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('ship' as const), place: fc.nat(3) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(200) }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'crash' as const }) },
  ),
  { minLength: 1, maxLength: 30 },
);

interface Remembered {
  readonly scope: StateScope;
  readonly planet: number;
  readonly single: number;
  readonly list: readonly string[];
}

/** A member with several logs, of which some are followed, beside a store with one log that has the same history. */
class Pair {
  readonly clusters: LogicalCluster[] = [];
  readonly remembered: Remembered[] = [];
  planet!: PlanetStore;
  single!: Store;
  readonly #clock = new TestClock();
  readonly #keyValues = new Map<string, MemoryKeyValue>();
  readonly #homes = new Map<LogicalCluster, Store>();
  /** Commits of a followed log that the member has not heard of. */
  readonly #unheard = new Map<LogicalCluster, Proposal[]>();

  static async open(options: { readonly shards: number; readonly skewMs: number }): Promise<Pair> {
    const pair = new Pair();
    for (let index = 0; index < options.shards; index++) {
      const cluster = `c${(index * 7) % 5}` as LogicalCluster;
      pair.clusters.push(cluster);
      pair.#keyValues.set(cluster, new MemoryKeyValue());
      if (index % 2 === 0) continue;
      const clock = new TestClock();
      clock.advance(options.skewMs);
      pair.#homes.set(cluster, await openHomeOf(cluster, new MemoryKeyValue(), clock));
      pair.#unheard.set(cluster, []);
    }
    pair.#keyValues.set(CONVERGENT, new MemoryKeyValue());
    pair.planet = await pair.#openPlanet();
    pair.single = await openStore(new MemoryKeyValue(), pair.#clock);
    for (const cluster of pair.clusters) {
      await pair.#commit(cluster, proposalOf([{ key: logicalClusterKey(cluster), row: rowOf('it') }]));
      await pair.#ship(cluster);
    }
    return pair;
  }

  async take(step: Step): Promise<void> {
    if (step.kind === 'wait') this.#clock.advance(step.ms);
    else if (step.kind === 'crash') await this.#crash();
    else {
      const cluster = this.clusters[step.place % this.clusters.length]!;
      if (step.kind === 'ship') await this.#ship(cluster);
      else await this.#change(cluster, step);
    }
    if (step.kind === 'change') await this.#remember();
  }

  /** All that was ever remembered, and all that happened since, by both. */
  async compare(): Promise<void> {
    const [ours, theirs] = [this.planet.snapshot(), this.single.snapshot()];
    expect(await printState(ours, this.clusters)).toEqual(await printState(theirs, this.clusters));
    for (const { scope, planet, single, list } of this.remembered) {
      expect(await printList(ours.listAt(scope, planet))).toEqual(list);
      const after = list[0]?.replace(`/${scope.collection.resource}/`, '\0').replace('/', '\0').split('=')[0];
      const page = { ...scope, after };
      expect(await printList(ours.listAt(page, planet))).toEqual(
        await printList(theirs.listAt(page, single)),
      );
      const happened = await collect(
        ours.history(scope.collection, { after: planet, upTo: ours.revisionOf(scope) }),
      );
      const places = happened.map(({ applied }) => applied!);
      expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
      const wanted = theirs.history(scope.collection, { after: single, upTo: theirs.revision });
      expect(happened.map(printEvent)).toEqual((await collect(wanted)).map(printEvent));
      // From the middle, too: a client goes on from the last event that it has seen.
      const middle = Math.floor(places.length / 2);
      const rest = ours.history(scope.collection, {
        after: places[middle] ?? planet,
        upTo: ours.revisionOf(scope),
      });
      expect((await collect(rest)).map(printEvent)).toEqual(happened.slice(middle + 1).map(printEvent));
    }
    ours.close();
    theirs.close();
  }

  async close(): Promise<void> {
    for (const store of [this.planet, this.single, ...this.#homes.values()]) await store.close();
  }

  async #change(cluster: LogicalCluster, step: Step & { readonly kind: 'change' }): Promise<void> {
    const { isConvergent, name, namespace, text, isReferring } = step;
    const resource = isConvergent ? CONVERGENT : 'configmaps';
    const key = { cluster, group: '', resource, identity: '', namespace, name };
    const fields = isReferring ? { '.references': 'r' } : {};
    const row =
      text === undefined ? undefined : rowOf(text, { fields, owners: isReferring ? ['owner'] : [] });
    const home = isConvergent ? undefined : this.#homes.get(cluster);
    const store: ObjectStore = home ?? this.planet;
    if (row === undefined && store.newest(key) === undefined) return;
    const proposal = proposalOf([row === undefined ? { key } : { key, row }]);
    await this.#commit(isConvergent ? undefined : cluster, proposal);
  }

  async #commit(cluster: LogicalCluster | undefined, proposal: Proposal): Promise<void> {
    const home = cluster && this.#homes.get(cluster);
    if (home === undefined || cluster === undefined) {
      await this.planet.commit(proposal);
      await this.single.commit(proposal);
      return;
    }
    await home.commit(proposal);
    this.#unheard.get(cluster)!.push(proposal);
  }

  async #ship(cluster: LogicalCluster): Promise<void> {
    const home = this.#homes.get(cluster);
    if (home === undefined) return;
    await ship(home, this.planet.log(cluster as unknown as ShardName)!);
    for (const proposal of this.#unheard.get(cluster)!.splice(0)) await this.single.commit(proposal);
  }

  async #remember(): Promise<void> {
    const snapshot = this.planet.snapshot();
    for (const scope of [EVERY_MAP, EVERY_EXPORT]) {
      const [planet, single] = [snapshot.revisionOf(scope), this.single.revision];
      this.remembered.push({ scope, planet, single, list: await printList(snapshot.list(scope)) });
    }
    snapshot.close();
  }

  async #crash(): Promise<void> {
    const { planet } = this;
    for (const [name, keyValue] of this.#keyValues) this.#keyValues.set(name, keyValue.crash());
    await planet.close();
    this.planet = await this.#openPlanet();
  }

  #openPlanet(): Promise<PlanetStore> {
    const logs = [...this.#keyValues].map(([name, keyValue]): LogOptions => {
      const role = this.#homes.has(name as LogicalCluster) ? 'follower' : 'home';
      const kind = name === CONVERGENT ? 'convergent' : 'shard';
      return { name: name as ShardName, kind, keyValue, replication: { role } };
    });
    return openPlanet(logs, this.#clock);
  }
}

describe('a store of several logs', () => {
  test('is to everybody what a store with one log and the same history is', async () => {
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.record({ shards: fc.integer({ min: 1, max: 4 }), skewMs: fc.integer({ min: -500, max: 500 }) }),
        async (taken, options) => {
          const pair = await Pair.open(options);
          for (const step of taken) await pair.take(step);
          await pair.compare();
          await pair.close();
        },
      ),
      { numRuns: Number(process.env['ANTIPODE_PLANET_RUNS'] ?? 40) },
    );
  }, 120_000);

  test('delivers to a watch what happens in all logs, once and in the order of places, also after a restart', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), async (taken, shards) => {
        const pair = await Pair.open({ shards, skewMs: 0 });
        const begin = pair.planet.revision;
        let watched = new Watched(pair.planet, EVERY_MAP, begin);
        const events: string[] = [];
        const positions: number[] = [begin];
        const singleBegin = pair.single.revision;
        for (const step of taken) {
          if (step.kind === 'crash') {
            await turns(3);
            watched.close();
            events.push(...watched.events);
            positions.push(...watched.positions);
          }
          await pair.take(step);
          if (step.kind === 'crash') watched = new Watched(pair.planet, EVERY_MAP, positions.at(-1)!);
        }
        for (let turn = 0; turn < 100 && watched.position < pair.planet.revision; turn++) {
          await pair.take({ kind: 'wait', ms: 1_000 });
          await turns(1);
        }
        watched.close();
        events.push(...watched.events);
        positions.push(...watched.positions);
        const snapshot = pair.single.snapshot();
        const range = { after: singleBegin, upTo: snapshot.revision };
        const wanted = await collect(snapshot.history(EVERY_MAP.collection, range));
        snapshot.close();
        expect(events).toEqual(wanted.map(printEvent));
        expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
        await pair.close();
      }),
      { numRuns: Number(process.env['ANTIPODE_PLANET_RUNS'] ?? 25) },
    );
  }, 120_000);
});
