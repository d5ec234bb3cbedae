import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Api, companionPut, decodeStored } from '../../src/api/mod.ts';
import { ROOT_CLUSTER, type ShardName } from '../../src/base/mod.ts';
import { collectionOf } from '../../src/definitions/mod.ts';
import { API_BINDINGS, API_EXPORTS, apisKey, defaultBindingName, foundRoot } from '../../src/exports/mod.ts';
import { deepCopy, type KubeObject, objectAt, objectOf, objectsAt } from '../../src/machinery/mod.ts';
import type { ObjectKey, ObjectStore } from '../../src/store/mod.ts';
import { crashed, memoryApi, newDisks, openMemberStore } from '../support/memory-member.ts';

const shard = 'root' as ShardName;
const stores: ObjectStore[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});

async function newApi(disks = newDisks()): Promise<Api> {
  const store = await openMemberStore(disks, { shard });
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

/** All that there is in the root. */
async function namesIn(api: Api): Promise<string[]> {
  const snapshot = api.store.snapshot();
  const names: string[] = [];
  for await (const batch of snapshot.rowsOfCluster(ROOT_CLUSTER))
    for (const { key } of batch) names.push(`${key.resource}/${key.name}`);
  snapshot.close();
  return names;
}

function identityOf(api: Api, name: string): unknown {
  const row = api.store.get(apisKey(ROOT_CLUSTER, API_EXPORTS, name))!;
  return objectAt(JSON.parse(row.json.toString()), 'status')?.['identityHash'];
}

function boundIdentity(api: Api, name: string): unknown {
  const binding = defaultBindingName(ROOT_CLUSTER, { path: ROOT_CLUSTER, name });
  const row = api.store.get(apisKey(ROOT_CLUSTER, API_BINDINGS, binding))!;
  const [bound] = objectsAt(objectAt(JSON.parse(row.json.toString()), 'status'), 'boundResources');
  return objectAt(bound, 'schema')?.['identityHash'];
}

describe('the root of the tree', () => {
  test('is made by three commits, and by none the next time', async () => {
    const api = await newApi();
    const commits = vi.spyOn(api.quotas, 'commit');
    expect(await foundRoot(api, { shard })).toBe(true);
    const { revision } = api.store;
    expect(await foundRoot(api, { shard })).toBe(false);
    expect(commits).toHaveBeenCalledTimes(3);
    expect(api.store.revision).toBe(revision);
  });

  test('is made whole by the next start after a crash between any two of its commits', async () => {
    const whole = await newApi();
    await foundRoot(whole, { shard });
    for (const made of [0, 1, 2]) {
      const disks = newDisks();
      const api = await newApi(disks);
      const commit = api.quotas.commit.bind(api.quotas);
      let commits = 0;
      vi.spyOn(api.quotas, 'commit').mockImplementation(async (...args) => {
        if (commits === made) throw new Error('the power is gone');
        commits += 1;
        return commit(...args);
      });
      await expect(foundRoot(api, { shard })).rejects.toThrow('the power is gone');
      const again = await newApi(crashed(disks));
      expect(await foundRoot(again, { shard })).toBe(true);
      expect(await foundRoot(again, { shard })).toBe(false);
      expect(await namesIn(again)).toEqual(await namesIn(whole));
      // Whoever is bound is bound to what is exported.
      for (const name of ['tenancy.kcp.io', 'topology.kcp.io'])
        expect(boundIdentity(again, name)).toBe(identityOf(again, name));
    }
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
