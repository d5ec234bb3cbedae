import { describe, expect, test } from 'vitest';
import { useMember } from '../conformance/suite.ts';
import type { KubeList, KubeObject, Reply } from '../http/client.ts';
import { APIS, bindingOf, conditionOf, ExportsFixture } from './suite.ts';

const fixture = useMember(new ExportsFixture()) as ExportsFixture;
const SHARDS = '/clusters/root/apis/core.kcp.io/v1alpha1/shards';

async function topology(): Promise<string> {
  const cluster = await fixture.cluster('topology');
  const path = `/clusters/${cluster}/apis/topology.kcp.io/v1alpha1`;
  if ((await fixture.client.call(`${path}/partitions`)).status === 200) return path;
  const body = bindingOf('topology.kcp.io', { path: 'root', name: 'topology.kcp.io' });
  await fixture.client.create(`/clusters/${cluster}/${APIS}/apibindings`, body);
  return path;
}

function setOf(name: string, spec: object): object {
  return { apiVersion: 'topology.kcp.io/v1alpha1', kind: 'PartitionSet', metadata: { name }, spec };
}

async function makeShard(name: string, labels: object): Promise<void> {
  await fixture.client.create(SHARDS, {
    apiVersion: 'core.kcp.io/v1alpha1',
    kind: 'Shard',
    metadata: { name, labels },
    spec: { baseURL: 'https://shard.example.com' },
  });
}

async function counted(path: string, count: number): Promise<KubeObject> {
  return fixture.client.until(
    path,
    ({ status }) => (status as { count?: number } | undefined)?.count === count,
  );
}

async function selectorsIn(path: string): Promise<readonly unknown[]> {
  const { items } = await fixture.client.get<KubeList>(`${path}/partitions`);
  return items.map(({ spec }) => (spec as { selector: { matchLabels: object } }).selector.matchLabels);
}

describe('a PartitionSet', () => {
  test('has a Partition for each combination of values, which come and go with the shards', async () => {
    const path = await topology();
    const spec = {
      dimensions: ['place'],
      shardSelector: { matchExpressions: [{ key: 'hidden', operator: 'DoesNotExist' }] },
    };
    await fixture.client.create(`${path}/partitionsets`, setOf('places', spec));
    const empty = await counted(`${path}/partitionsets/places`, 0);
    expect(conditionOf(empty, 'PartitionSetValid')?.status).toBe('True');
    expect(conditionOf(empty, 'PartitionsReady')?.status).toBe('True');
    await makeShard('one', { place: 'Asia' });
    await makeShard('two', { place: 'Asia' });
    await makeShard('three', { place: 'europe' });
    await makeShard('four', { place: 'africa', hidden: 'yes' });
    await counted(`${path}/partitionsets/places`, 2);
    expect(await selectorsIn(path)).toEqual([{ place: 'Asia' }, { place: 'europe' }]);
    const { items } = await fixture.client.get<KubeList>(`${path}/partitions`);
    expect(items.map(({ metadata }) => metadata.name)).toEqual([
      expect.stringMatching(/^places-asia-[a-z0-9]{5}$/),
      expect.stringMatching(/^places-europe-[a-z0-9]{5}$/),
    ]);
    const shard = `${SHARDS}/three`;
    await patch(shard, { metadata: { labels: { place: 'Asia' } } });
    await counted(`${path}/partitionsets/places`, 1);
    await fixture.client.until<KubeList>(`${path}/partitions`, (list) => list.items.length === 1);
    // Somebody takes away what is needed.
    const left = (await fixture.client.get<KubeList>(`${path}/partitions`)).items[0]!;
    await fixture.client.call(`${path}/partitions/${left.metadata.name}`, { method: 'DELETE' });
    await fixture.client.until<KubeList>(
      `${path}/partitions`,
      (list) => list.items.length === 1 && list.items[0]!.metadata.uid !== left.metadata.uid,
    );
    await fixture.client.call(`${path}/partitionsets/places`, { method: 'DELETE' });
    await fixture.client.until<KubeList>(`${path}/partitions`, (list) => list.items.length === 0);
  });

  test.each<[string, object]>([
    ['a long key', { shardSelector: { matchLabels: { [`a/${'b'.repeat(64)}`]: 'c' } } }],
    [
      'a key that begins with a hyphen',
      { shardSelector: { matchExpressions: [{ key: '-a', operator: 'Exists' }] } },
    ],
    [
      'an unknown operator',
      { shardSelector: { matchExpressions: [{ key: 'a', operator: 'Is', values: ['b'] }] } },
    ],
    ['a value that no label has', { shardSelector: { matchLabels: { a: 'b c' } } }],
    [
      'values where there are none',
      { shardSelector: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] } },
    ],
  ])('is refused with %s', async (_, spec) => {
    const path = await topology();
    await fixture.client.refuse(422, `${path}/partitionsets`, { method: 'POST', body: setOf('wrong', spec) });
  });

  test('with a long name has Partitions with names that fit', async () => {
    const path = await topology();
    await makeShard(fixture.name('shard'), { long: 'value' });
    const name = 'a'.repeat(250);
    await fixture.client.create(`${path}/partitionsets`, setOf(name, { dimensions: ['long'] }));
    await counted(`${path}/partitionsets/${name}`, 1);
    const { items } = await fixture.client.get<KubeList>(`${path}/partitions`);
    expect(items[0]?.metadata.name).toMatch(/^a{58}[a-z0-9]{5}$/);
  });
});

function patch(path: string, body: object): Promise<Reply> {
  return fixture.client.call(path, {
    method: 'PATCH',
    body,
    headers: { 'content-type': 'application/merge-patch+json' },
  });
}
