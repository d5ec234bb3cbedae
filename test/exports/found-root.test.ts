import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Api, companionPut, decodeStored } from '../../src/api/mod.ts';
import { ROOT_CLUSTER, type ShardName, systemClock, systemRandom } from '../../src/base/mod.ts';
import { collectionOf } from '../../src/definitions/mod.ts';
import { foundRoot } from '../../src/exports/mod.ts';
import { deepCopy, type KubeObject, objectOf } from '../../src/machinery/mod.ts';
import { MemoryKeyValue, type ObjectKey, Store } from '../../src/store/mod.ts';
import { memoryApi } from '../support/memory-member.ts';

const shard = 'root' as ShardName;
const stores: Store[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});

async function newApi(): Promise<Api> {
  const keyValue = new MemoryKeyValue();
  const store = await Store.open({ keyValue, shard, clock: systemClock, random: systemRandom });
  stores.push(store);
  return memoryApi(store, {});
}

function typeKey(api: Api, name: string): ObjectKey {
  const { definition } = api.registry.find(ROOT_CLUSTER, 'tenancy.kcp.io', 'workspacetypes')!;
  return { ...collectionOf(ROOT_CLUSTER, definition), namespace: '', name };
}

/** Writes a type as somebody else would have it. */
async function rewrite(api: Api, name: string, change: (object: KubeObject) => void): Promise<void> {
  const { definition } = api.registry.find(ROOT_CLUSTER, 'tenancy.kcp.io', 'workspacetypes')!;
  const key = typeKey(api, name);
  const oldRow = api.store.newest(key)!;
  const old = decodeStored(definition, 'v1alpha1', oldRow);
  const object = deepCopy(old);
  change(object);
  const { mutation } = companionPut(api, { definition, key, object, old, oldRow });
  await api.store.commit({ mutations: [mutation], actor: 'test', originRegion: api.region });
}

function typeOf(api: Api, name: string): KubeObject {
  const { definition } = api.registry.find(ROOT_CLUSTER, 'tenancy.kcp.io', 'workspacetypes')!;
  return decodeStored(definition, 'v1alpha1', api.store.newest(typeKey(api, name))!);
}

describe('the root of the tree', () => {
  test('is made by one commit, and by none the next time', async () => {
    const api = await newApi();
    const commits = vi.spyOn(api.quotas, 'commit');
    expect(await foundRoot(api, { shard })).toBe(true);
    const { revision } = api.store;
    expect(await foundRoot(api, { shard })).toBe(false);
    expect(commits).toHaveBeenCalledTimes(1);
    expect(api.store.revision).toBe(revision);
  });

  test('is brought up to date by a newer version, but for what is only made once', async () => {
    const api = await newApi();
    await foundRoot(api, { shard });
    const { uid } = typeOf(api, 'team').metadata;
    await rewrite(api, 'team', (object) => {
      object['spec'] = objectOf({});
      object.metadata.labels = { mine: 'yes' };
    });
    await rewrite(api, 'root', (object) => {
      object['spec'] = objectOf({ initializer: false });
    });
    expect(await foundRoot(api, { shard })).toBe(false);
    expect(typeOf(api, 'team')).toMatchObject({
      metadata: { uid, labels: { mine: 'yes' }, generation: 2 },
      spec: { limitAllowedParents: { types: [{ name: 'organization' }, { name: 'team' }] } },
    });
    expect(typeOf(api, 'root')['spec']).not.toHaveProperty('extend');
  });

  test('gets again what somebody has removed, and keeps its identities', async () => {
    const api = await newApi();
    await foundRoot(api, { shard });
    const key = typeKey(api, 'universal');
    await api.store.commit({ mutations: [{ key }], actor: 'test', originRegion: api.region });
    const secret: ObjectKey = {
      cluster: ROOT_CLUSTER,
      group: '',
      resource: 'secrets',
      identity: '',
      namespace: 'kcp-system',
      name: 'tenancy.kcp.io',
    };
    const { revision } = api.store.newest(secret)!;
    await foundRoot(api, { shard });
    expect(typeOf(api, 'universal')['spec']).toMatchObject({ initializer: true });
    expect(api.store.newest(secret)!.revision).toBe(revision);
  });
});
