import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { EVERYWHERE, type LogicalCluster, limits } from '../base/mod.ts';
import { sampleSet } from './default-objects.suite.ts';
import { MemoryKeyValue } from './memory-key-value.ts';
import type { ObjectKey } from './object-key.ts';
import type { ListedObject } from './snapshot.ts';
import { change, collect, keyOf, openStore, proposalOf, textOf } from './store-fixtures.suite.ts';

const CLUSTERS = ['a', 'a:b', 'b'] as LogicalCluster[];
const KIND = { group: '', resource: 'configmaps', identity: '' };
const LISTED_CHANGES_MAX = limits.listedChangesMax;

afterEach(() => {
  (limits as { listedChangesMax: number }).listedChangesMax = LISTED_CHANGES_MAX;
});

const operation = fc.record({
  cluster: fc.constantFrom(...CLUSTERS),
  identity: fc.constantFrom('', 'id'),
  namespace: fc.constantFrom('', 'n', 'n2'),
  name: fc.constantFrom('x', 'y'),
  text: fc.option(fc.string({ maxLength: 3 }), { nil: undefined }),
});

describe.each([
  ['looking changed objects up', LISTED_CHANGES_MAX],
  ['reading old values of one logical cluster after the other', 0],
])('lists of all logical clusters, %s', (_way, listedChangesMax) => {
  test('are those of each, one after the other, now and at any revision', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
        (limits as { listedChangesMax: number }).listedChangesMax = listedChangesMax;
        const store = await openStore(new MemoryKeyValue());
        const revisions = [0];
        for (const { text, ...place } of operations) {
          const key = keyOf(place.name, place);
          if (text === undefined && store.get(key) === undefined) continue;
          revisions.push((await change(store, key, text === undefined ? {} : { text })).revision);
        }
        const snapshot = store.snapshot();
        for (const identity of ['', 'id']) {
          for (const namespace of [undefined, 'n']) {
            for (const at of revisions) {
              const wanted: string[] = [];
              for (const cluster of CLUSTERS) {
                const collection = { ...KIND, identity, cluster };
                wanted.push(...(await collect(snapshot.listAt({ collection, namespace }, at))).map(print));
              }
              const collection = { ...KIND, identity, cluster: EVERYWHERE } as const;
              const found = await collect(snapshot.listAt({ collection, namespace }, at));
              expect(found.map(print)).toEqual(wanted);
              // From any place on, the rest.
              for (const [index, { key }] of found.entries()) {
                const after = [key.cluster, key.namespace, key.name].join('\0');
                const rest = await collect(snapshot.listAt({ collection, namespace, after }, at));
                expect(rest.map(print)).toEqual(wanted.slice(index + 1));
              }
            }
          }
        }
        snapshot.close();
        await store.close();
      }),
      { numRuns: 25 },
    );
  });

  test('have what each had from the beginning, also when that has changed or gone since', async () => {
    (limits as { listedChangesMax: number }).listedChangesMax = listedChangesMax;
    const store = await openStore(new MemoryKeyValue());
    const set = sampleSet(['configmaps/n/x', 'configmaps/n2/y', 'secrets/n/x']);
    const revisions: number[] = [];
    const note = () => revisions.push(store.revision);
    for (const cluster of CLUSTERS) {
      const defaults = { cluster, set, seed: cluster, creationTime: '2026-01-01T00:00:00Z' };
      await store.commit(proposalOf([], { defaults }));
      note();
    }
    await change(store, keyOf('x', { cluster: CLUSTERS[1]!, namespace: 'n' }), { text: 'changed' });
    note();
    await change(store, keyOf('y', { cluster: CLUSTERS[2]!, namespace: 'n2' }));
    note();
    const ending = store.snapshot();
    const rows = await collect(ending.rowsOfCluster(CLUSTERS[1]!));
    const mutations = rows.map(({ key, row }) => ({ key, expected: row.revision }));
    await store.commit(proposalOf(mutations, { ends: ending.defaultsOf(CLUSTERS[1]!)! }));
    ending.close();
    note();
    const snapshot = store.snapshot();
    for (const namespace of [undefined, 'n']) {
      for (const at of revisions) {
        const wanted: string[] = [];
        for (const cluster of CLUSTERS) {
          const collection = { ...KIND, cluster };
          wanted.push(...(await collect(snapshot.listAt({ collection, namespace }, at))).map(printPlace));
        }
        const collection = { ...KIND, cluster: EVERYWHERE } as const;
        const found = await collect(snapshot.listAt({ collection, namespace }, at));
        expect(found.map(printPlace)).toEqual(wanted);
      }
    }
    snapshot.close();
    await store.close();
  });
});

function print({ key, row }: ListedObject): string {
  return `${placeOf(key)}=${textOf(row)}@${row.revision}`;
}

function printPlace({ key, row }: ListedObject): string {
  return `${placeOf(key)}@${row.revision}`;
}

function placeOf({ cluster, identity, namespace, name }: ObjectKey): string {
  return [cluster, identity, namespace, name].join('/');
}
