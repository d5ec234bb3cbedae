import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SYSTEM_USER } from '../../src/access/mod.ts';
import {
  type Api,
  companionDelete,
  companionPut,
  create,
  createLogicalCluster,
  decodeStored,
  type KindHooks,
  type RequestContext,
  remove,
  type Target,
} from '../../src/api/mod.ts';
import type { LogicalCluster } from '../../src/base/mod.ts';
import { builtinDefinition } from '../../src/definitions/mod.ts';
import { type KubeObject, objectOf, parseJson } from '../../src/machinery/mod.ts';
import type { ObjectKey } from '../../src/store/mod.ts';
import { type MemoryMember, startMemoryMember } from '../support/memory-member.ts';

const HERE = 'here' as LogicalCluster;
const THERE = 'there' as LogicalCluster;
const secrets = builtinDefinition('', 'secrets')!;

/** Runs between the look of the hook and the commit. */
let meanwhile: () => Promise<void>;
let calls: number;

/** For every ConfigMap here, a Secret of its name there; and its own data say how often was tried. */
const mirrored: KindHooks = {
  group: '',
  resource: 'configmaps',
  async complete(api, { reads }, { operation, key, object, old }) {
    if (key.cluster !== HERE || key.namespace !== 'default') return undefined;
    calls += 1;
    const place = { ...key, cluster: THERE, resource: 'secrets' };
    const row = reads.read(place);
    await meanwhile();
    if (operation === 'delete') {
      if (row === undefined) return undefined;
      const known = decodeStored(secrets, 'v1', row);
      const gone = await companionDelete(api, { definition: secrets, key: place, old: known, oldRow: row });
      return { companions: [gone] };
    }
    if (old !== undefined) return undefined;
    object['data'] = objectOf({ calls: String(calls) });
    const secret = objectOf({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: objectOf({ name: key.name, namespace: key.namespace, uid: api.random.uuid() }),
    }) as KubeObject;
    return {
      companions: [companionPut(api, { definition: secrets, key: place, object: secret, oldRow: row })],
    };
  },
};

let member: MemoryMember;
let api: Api;

beforeEach(async () => {
  meanwhile = async () => {};
  calls = 0;
  member = await startMemoryMember({ cluster: HERE, hooks: [mirrored] });
  api = member.api;
  await createLogicalCluster(api, THERE);
});
afterEach(() => member.close());

const { signal } = new AbortController();
const context: RequestContext = { signal, userAgent: 'test', warn: () => {} };

function keyOf(cluster: LogicalCluster, resource: string, name: string): ObjectKey {
  return { cluster, group: '', resource, identity: '', namespace: 'default', name };
}

async function targetOf(key: ObjectKey, verb: string) {
  const { cluster, group, resource, namespace, name } = key;
  const place = { cluster, group, resource, namespace, name: verb === 'create' ? '' : name };
  return api.access.authorize<Target>({ user: SYSTEM_USER, verb, version: 'v1', subresource: '', ...place });
}

async function post(key: ObjectKey, more: object = {}, isDryRun = false) {
  const kind = { configmaps: 'ConfigMap', secrets: 'Secret', resourcequotas: 'ResourceQuota' }[key.resource];
  const body = { apiVersion: 'v1', kind, metadata: { name: key.name }, ...more };
  return create(api, {
    target: await targetOf(key, 'create'),
    options: { isDryRun, fieldManager: 'test', fieldValidation: 'Strict' },
    context,
    body: { mediaType: 'application/json', bytes: Buffer.from(JSON.stringify(body)) },
  });
}

async function removeObject(key: ObjectKey) {
  const options = {
    isDryRun: false,
    uid: undefined,
    resourceVersion: undefined,
    propagationPolicy: 'Background' as const,
    isLegacyBackground: false,
  };
  return remove(api, { target: await targetOf(key, 'delete'), options, context });
}

const source = keyOf(HERE, 'configmaps', 'a');
const mirror = keyOf(THERE, 'secrets', 'a');

it('stores what a hook makes of an object, and its companion in another logical cluster, in one commit', async () => {
  const proposed = vi.spyOn(api.store, 'propose');
  const { row } = await post(source);
  expect(parseJson(row!.json).value).toMatchObject({ data: { calls: '1' } });
  expect(api.store.get(source)?.json).toEqual(row?.json);
  expect(api.store.get(mirror)?.revision).toBeGreaterThan(api.store.get(source)!.revision);
  expect(proposed).toHaveBeenCalledOnce();
});

it('shows in a dry run what would be, and commits nothing', async () => {
  const proposed = vi.spyOn(api.store, 'propose');
  const { row } = await post(source, {}, true);
  expect(parseJson(row!.json).value).toMatchObject({ data: { calls: '1' } });
  expect(proposed).not.toHaveBeenCalled();
});

it('starts over when the companion was written by somebody else meanwhile', async () => {
  meanwhile = async () => {
    if (calls === 1) await post(mirror);
  };
  const { row } = await post(source);
  expect(calls).toBe(2);
  expect(parseJson(row!.json).value).toMatchObject({ data: { calls: '2' } });
});

it('takes the companion along when the object goes', async () => {
  await post(source);
  const proposed = vi.spyOn(api.store, 'propose');
  await removeObject(source);
  expect([api.store.get(source), api.store.get(mirror)]).toEqual([undefined, undefined]);
  expect(proposed).toHaveBeenCalledOnce();
});

it('books a companion in the quotas of its own place, and refuses the object where they have no room', async () => {
  await post(keyOf(THERE, 'resourcequotas', 'q'), { spec: { hard: { secrets: '1' } } });
  await member.settled();
  const used = () => {
    const row = api.store.get(keyOf(THERE, 'resourcequotas', 'q'))!;
    return (parseJson(row.json).value as { status?: { used?: object } }).status?.used;
  };
  await post(source);
  expect(used()).toEqual({ secrets: '1' });
  await expect(post(keyOf(HERE, 'configmaps', 'b'))).rejects.toMatchObject({ code: 403 });
  expect(api.store.get(keyOf(HERE, 'configmaps', 'b'))).toBeUndefined();
  await removeObject(source);
  expect(used()).toEqual({ secrets: '0' });
});
