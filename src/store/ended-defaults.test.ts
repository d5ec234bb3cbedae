import { describe, expect, test } from 'vitest';
import type { LogicalCluster } from '../base/mod.ts';
import { ExpectationFailed } from './commit-errors.ts';
import { sampleKey, sampleSet } from './default-objects.suite.ts';
import { MemoryKeyValue } from './memory-key-value.ts';
import type { Store } from './store.ts';
import { change, collect, dump, openStore, proposalOf, rowOf } from './store-fixtures.suite.ts';
import { PROJECTION_TABLES } from './tables.ts';

const FIRST = 'a' as LogicalCluster;
const SECOND = 'a-b' as LogicalCluster;
const SET = sampleSet([
  'namespaces//b',
  'configmaps/a/b',
  'namespaces//a',
  'configmaps/a-b/a',
  'configmaps/a/a',
]);
const OTHER_SET = sampleSet(['configmaps/a/a', 'namespaces//h']);

const keyIn = (cluster: LogicalCluster, place: string) => ({ ...sampleKey(place), cluster });

function found(store: Store, cluster: LogicalCluster, set = SET, names: readonly string[] = []) {
  const mutations = names.map((name) => ({ key: keyIn(cluster, `secrets/a/${name}`), row: rowOf(name) }));
  const defaults = { cluster, set, seed: `seed of ${cluster}`, creationTime: '2026-01-01T00:00:00Z' };
  return store.commit(proposalOf(mutations, { defaults }));
}

async function endOf(store: Store, cluster: LogicalCluster) {
  const snapshot = store.snapshot();
  try {
    const rows = await collect(snapshot.rowsOfCluster(cluster));
    const mutations = rows.map(({ key, row }) => ({ key, expected: row.revision }));
    return proposalOf(mutations, { ends: snapshot.defaultsOf(cluster)! });
  } finally {
    snapshot.close();
  }
}

describe('the end of a logical cluster', () => {
  test('takes all that is derived with it, for the next commit before the disk has it', async () => {
    const store = await openStore(new MemoryKeyValue());
    await found(store, FIRST, SET, ['x']);
    await found(store, SECOND, SET);
    const keys = Array.from({ length: SET.count }, (_, index) => SET.keyOf(index, FIRST));
    for (const key of keys) expect(store.get(key)).toBeDefined();
    const end = store.commit(await endOf(store, FIRST));
    for (const key of keys) {
      expect(store.newest(key)).toBeUndefined();
      expect(store.get(key)).toBeDefined();
    }
    const again = found(store, FIRST, OTHER_SET);
    expect(store.newest(keyIn(FIRST, 'namespaces//h'))).toBeDefined();
    expect(store.newest(keyIn(FIRST, 'configmaps/a/b'))).toBeUndefined();
    await end;
    for (const key of keys) expect(store.newest({ ...key, cluster: SECOND })).toBeDefined();
    await again;
    expect(store.get(keyIn(FIRST, 'configmaps/a/b'))).toBeUndefined();
    expect(store.get(keyIn(FIRST, 'configmaps/a/a'))?.revision).toBeGreaterThan((await end).revision);
  });

  test('leaves no rows behind once its history is compacted', async () => {
    const keyValue = new MemoryKeyValue();
    const store = await openStore(keyValue);
    await found(store, FIRST, SET, ['x', 'y']);
    await change(store, keyIn(FIRST, 'configmaps/a/a'), { text: 'changed' });
    await store.commit(await endOf(store, FIRST));
    await store.compact(store.revision);
    // Of every commit that is kept the log has a frame, and the projection its id.
    const tables = (await dump(keyValue, PROJECTION_TABLES)).map((line) => line[0]);
    expect([...new Set(tables)].sort()).toEqual(['c', 'm', 's']);
  });

  test('is refused when a derived object has changed since it was read', async () => {
    const store = await openStore(new MemoryKeyValue());
    await found(store, FIRST, SET);
    const proposal = await endOf(store, FIRST);
    await change(store, keyIn(FIRST, 'configmaps/a/a'), { text: 'changed' });
    await expect(store.commit(proposal)).rejects.toThrow(ExpectationFailed);
    await store.commit(await endOf(store, FIRST));
    await expect(store.commit(proposal)).rejects.toThrow(ExpectationFailed);
  });

  test('holds back commits that rely on a group of its objects', async () => {
    const store = await openStore(new MemoryKeyValue());
    await found(store, FIRST, SET);
    const end = store.commit(await endOf(store, FIRST));
    const relying = proposalOf([{ key: keyIn(SECOND, 'secrets/a/x'), row: rowOf('x') }], {
      settled: [{ cluster: FIRST, group: '' }],
    });
    await expect(store.commit(relying)).rejects.toMatchObject({ isUnsettled: true });
    await end;
    await store.commit(relying);
  });
});
