import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogicalCluster } from '../base/mod.ts';
import { sampleRow } from './default-objects.suite.ts';
import { BLANK_TIME, BLANK_UID, DefaultSet } from './default-set.ts';
import { MemoryKeyValue } from './memory-key-value.ts';
import type { ObjectKey } from './object-key.ts';
import { replayLog } from './replay.ts';
import { ALIASES_FIELD, type NewRow, REFERENCES_FIELD } from './row.ts';
import type { Store } from './store.ts';
import { collect, dump, keyOf, openStore, proposalOf, rowOf } from './store-fixtures.suite.ts';
import { PROJECTION_TABLES } from './tables.ts';

const CLUSTERS = ['a', 'a-b', 'b'] as LogicalCluster[];
const [FIRST] = CLUSTERS as [LogicalCluster];
const TIME = '2026-01-01T00:00:00Z';

function named(names: { readonly aliases?: string; readonly references?: string }): NewRow {
  const { aliases = '', references = '' } = names;
  return rowOf('text', { fields: { [ALIASES_FIELD]: aliases, [REFERENCES_FIELD]: references } });
}

function keyIn(cluster: LogicalCluster, name: string): ObjectKey {
  return keyOf(name, { cluster });
}

async function put(store: Store, key: ObjectKey, row: NewRow): Promise<void> {
  await store.commit(proposalOf([{ key, row }]));
}

async function remove(store: Store, key: ObjectKey): Promise<void> {
  await store.commit(proposalOf([{ key }]));
}

async function referring(store: Store, reference: string, after?: ObjectKey): Promise<string[]> {
  const snapshot = store.snapshot();
  try {
    const objects = await collect(snapshot.referring(reference, after));
    return objects.map(({ key }) => `${key.cluster}/${key.name}`);
  } finally {
    snapshot.close();
  }
}

/** Logical clusters that begin with an object `x`, which takes `one` and refers to `thing`. */
const SET = DefaultSet.of([
  { key: keyOf('plain'), row: sampleRow('plain', BLANK_UID, BLANK_TIME) },
  {
    key: keyOf('x'),
    row: {
      ...sampleRow('x', BLANK_UID, BLANK_TIME),
      fields: { [ALIASES_FIELD]: 'one', [REFERENCES_FIELD]: 'thing' },
    },
  },
]);

async function found(store: Store, cluster: LogicalCluster): Promise<void> {
  await store.commit(proposalOf([], { defaults: { cluster, set: SET, seed: cluster, creationTime: TIME } }));
}

describe('the names that objects take', () => {
  test('lead to them, in their logical cluster alone, as long as they have them', async () => {
    const store = await openStore(new MemoryKeyValue());
    const key = keyIn(FIRST, 'x');
    await put(store, key, named({ aliases: 'one\ntwo' }));
    expect(store.aliased(FIRST, 'one')).toEqual(key);
    expect(store.aliased(FIRST, 'two')).toEqual(key);
    expect(store.aliased('b' as LogicalCluster, 'one')).toBeUndefined();
    await put(store, key, named({ aliases: 'two\nthree' }));
    expect(store.aliased(FIRST, 'one')).toBeUndefined();
    expect(store.aliased(FIRST, 'three')).toEqual(key);
    await remove(store, key);
    expect(['two', 'three'].map((alias) => store.aliased(FIRST, alias))).toEqual([undefined, undefined]);
  });

  test('pass on to another object that comes later', async () => {
    const store = await openStore(new MemoryKeyValue());
    await put(store, keyIn(FIRST, 'x'), named({ aliases: 'one' }));
    await remove(store, keyIn(FIRST, 'x'));
    await put(store, keyIn(FIRST, 'y'), named({ aliases: 'one' }));
    expect(store.aliased(FIRST, 'one')?.name).toBe('y');
  });

  test('are those of derived objects too, and stay theirs when they are written', async () => {
    const store = await openStore(new MemoryKeyValue());
    for (const cluster of CLUSTERS) await found(store, cluster);
    expect(CLUSTERS.map((cluster) => store.aliased(cluster, 'one')?.cluster)).toEqual(CLUSTERS);
    const [first, second, third] = CLUSTERS.map((cluster) => keyIn(cluster, 'x'));
    await put(store, first!, named({ aliases: 'one', references: 'thing' }));
    await remove(store, second!);
    expect(CLUSTERS.map((cluster) => store.aliased(cluster, 'one'))).toEqual([first, undefined, third]);
    expect(await referring(store, 'thing')).toEqual(['a/x', 'b/x']);
  });
});

describe('the things that objects refer to', () => {
  test('lead to all who do, anywhere, in pages', async () => {
    const store = await openStore(new MemoryKeyValue());
    for (const cluster of CLUSTERS) {
      await put(store, keyIn(cluster, 'y'), named({ references: 'thing\nother' }));
      await put(store, keyIn(cluster, 'z'), named({ references: 'thing' }));
    }
    expect(await referring(store, 'thing')).toEqual(['a/y', 'a/z', 'a-b/y', 'a-b/z', 'b/y', 'b/z']);
    expect(await referring(store, 'thing', keyIn('a-b' as LogicalCluster, 'y'))).toEqual([
      'a-b/z',
      'b/y',
      'b/z',
    ]);
    expect(await referring(store, 'other')).toEqual(['a/y', 'a-b/y', 'b/y']);
    expect(await referring(store, 'thin')).toEqual([]);
  });

  test('lead to derived objects among the others', async () => {
    const store = await openStore(new MemoryKeyValue());
    for (const cluster of CLUSTERS) await found(store, cluster);
    await put(store, keyIn(FIRST, 'w'), named({ references: 'thing' }));
    await put(store, keyIn(FIRST, 'z'), named({ references: 'thing' }));
    expect(await referring(store, 'thing')).toEqual(['a/w', 'a/x', 'a/z', 'a-b/x', 'b/x']);
    expect(await referring(store, 'thing', keyIn(FIRST, 'x'))).toEqual(['a/z', 'a-b/x', 'b/x']);
  });
});

test('the indexes of names are those of the rows, and what a replay makes of the log', async () => {
  const step = fc.record({
    cluster: fc.constantFrom(...CLUSTERS),
    name: fc.constantFrom('x', 'y', 'plain'),
    texts: fc.option(fc.subarray(['one', 'two', 'thing']), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const keyValue = new MemoryKeyValue();
      const store = await openStore(keyValue);
      for (const cluster of CLUSTERS) await found(store, cluster);
      for (const { cluster, name, texts } of steps) {
        const key = keyIn(cluster, name);
        if (texts !== undefined) {
          // Each object has aliases of its own, since nobody may take those of others.
          const aliases = texts.map((text) => (name === 'x' ? text : `${name} ${text}`)).join('\n');
          await put(store, key, named({ aliases, references: texts.join('\n') }));
        } else if (store.get(key) !== undefined) await remove(store, key);
      }
      const names = ['x', 'y', 'plain'];
      for (const text of ['one', 'two', 'thing']) {
        const expected = CLUSTERS.flatMap((cluster) =>
          ['plain', 'x', 'y']
            .filter((name) => {
              const references = store.get(keyIn(cluster, name))?.fields[REFERENCES_FIELD];
              return references?.split('\n').includes(text);
            })
            .map((name) => `${cluster}/${name}`),
        );
        expect(await referring(store, text)).toEqual(expected);
        for (const cluster of CLUSTERS) {
          for (const name of names) {
            const alias = name === 'x' ? text : `${name} ${text}`;
            const has = store.get(keyIn(cluster, name))?.fields[ALIASES_FIELD]?.split('\n').includes(alias);
            expect(store.aliased(cluster, alias)).toEqual(has ? keyIn(cluster, name) : undefined);
          }
        }
      }
      const copy = new MemoryKeyValue();
      await replayLog(keyValue, copy);
      expect(await dump(copy, PROJECTION_TABLES)).toEqual(await dump(keyValue, PROJECTION_TABLES));
    }),
    { numRuns: 60 },
  );
});
