import { expect, it } from 'vitest';
import { homeClusterName, randomClusterName, shardHash } from './cluster-name.ts';

it.each([
  ['alice', 'v1u4alow0iv9'],
  ['bob', '2okdry95y5lkv'],
  ['', '36ks9xj4a2n61'],
  ['user172', '0f9mt7goyif7'],
])('names the home of "%s" as kcp does', (user, name) => {
  expect(homeClusterName(user)).toBe(name);
});

it('draws names of 16 characters that can name a logical cluster', () => {
  const random = { uuid: () => '', bytes: (count: number) => Buffer.alloc(count, 7), below: () => 0 };
  expect(randomClusterName(random)).toMatch(/^[a-z0-9]{16}$/);
});

it('names the root shard by a hash', () => {
  expect(shardHash('root')).toBe('1pfxsevk');
});
