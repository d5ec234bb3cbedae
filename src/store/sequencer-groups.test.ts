import { expect, test } from 'vitest';
import type { LogicalCluster } from '../base/mod.ts';
import { MemoryKeyValue } from './memory-key-value.ts';
import { change, keyOf, openStore, proposalOf, ROOT, rowOf } from './store-fixtures.suite.ts';

const settled = [{ cluster: ROOT, group: '' }];
const write = (name: string) => proposalOf([{ key: keyOf(name), row: rowOf(name) }], { settled });

test('a commit that relies on a group is refused while a change of it is on its way to the disk', async () => {
  const store = await openStore(new MemoryKeyValue());
  const first = change(store, keyOf('a'), { text: '1' });
  await expect(store.commit(write('b'))).rejects.toMatchObject({ isPrecondition: true });
  await first;
  await store.commit(write('b'));
  expect(store.get(keyOf('b'))).toBeDefined();
});

test('it waits for no other group, nor for another logical cluster', async () => {
  const store = await openStore(new MemoryKeyValue());
  const others = [
    change(store, keyOf('a', { group: 'apps' }), { text: '1' }),
    change(store, keyOf('a', { cluster: 'other' as LogicalCluster }), { text: '1' }),
  ];
  await Promise.all([...others, store.commit(write('b'))]);
  expect(store.get(keyOf('b'))).toBeDefined();
});
