import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type LogicalCluster,
  type Revision,
  type ShardName,
  SYSTEM_ADMIN_CLUSTER,
  systemClock,
  systemRandom,
} from '../../base/mod.ts';
import { encodeJson, type JsonObject, objectAt, objectOf, textAt } from '../../machinery/mod.ts';
import { MemoryKeyValue, type NewRow, Store } from '../../store/mod.ts';
import { RBAC_GROUP } from './policy.ts';
import { bindingOf, roleOf, userOf } from './rbac.suite.ts';
import { RbacAuthorizer } from './rbac-authorizer.ts';
import { RbacRevisions } from './rbac-revisions.ts';
import { rule } from './rules.suite.ts';
import { StoreRbacReader } from './store-rbac-reader.ts';

const here = 'here' as LogicalCluster;
const there = 'there' as LogicalCluster;
const reader = rule({ verbs: ['get'], apiGroups: [''], resources: ['secrets'] });
const toAlice = { role: 'reader', subjects: [{ name: 'alice' }] };

let store: Store;
let rbac: StoreRbacReader;
beforeEach(async () => {
  const shard = 'main' as ShardName;
  store = await Store.open({
    keyValue: new MemoryKeyValue(),
    shard,
    clock: systemClock,
    random: systemRandom,
  });
  rbac = new StoreRbacReader(store);
});
afterEach(async () => {
  rbac.close();
  await store.close();
});

async function put(object: JsonObject, cluster = here): Promise<Revision> {
  const outcome = await commit(object, cluster, {
    uid: 'u',
    definitionHash: '',
    json: Buffer.from(encodeJson(object)),
    metadataOffset: 0,
    isAnnotated: false,
    labels: {},
    fields: {},
    owners: [],
  });
  return outcome;
}

async function commit(object: JsonObject, cluster: LogicalCluster, row?: NewRow): Promise<Revision> {
  const metadata = objectAt(object, 'metadata');
  const [namespace, name] = [textAt(metadata, 'namespace'), textAt(metadata, 'name')];
  const resource = `${textAt(object, 'kind').toLowerCase()}s`;
  const group = resource === 'configmaps' ? '' : RBAC_GROUP;
  const key = { cluster, group, resource, identity: '', namespace, name };
  const mutation = row === undefined ? { key } : { key, row };
  await store.commit({ mutations: [mutation], actor: 'a', originRegion: '' });
  return store.revision;
}

function getSecret(cluster = here, namespace = 'n1') {
  const what = { verb: 'get', group: '', resource: 'secrets', subresource: '', name: 's' };
  return { ...what, user: userOf('alice'), cluster, namespace };
}

describe('RBAC from the store', () => {
  it('follows every change from when its writer is answered, in its logical cluster alone', async () => {
    const authorizer = new RbacAuthorizer(rbac);
    const isAllowed = async (cluster = here) => (await authorizer.authorize(getSecret(cluster))).isAllowed;
    expect(await isAllowed()).toBe(false);
    await put(roleOf('reader', [reader]));
    const bound = await put(bindingOf('b', toAlice));
    expect([await isAllowed(), await isAllowed(there)]).toEqual([true, false]);
    expect((await authorizer.authorize(getSecret())).revision).toBe(bound);
    await put(roleOf('reader', []));
    expect(await isAllowed()).toBe(false);
    await put(roleOf('reader', [reader]));
    expect(await isAllowed()).toBe(true);
    await commit(bindingOf('b', toAlice), here);
    expect(await isAllowed()).toBe(false);
  });

  it('finds roles of the namespace for its bindings, and of no other', async () => {
    const authorizer = new RbacAuthorizer(rbac);
    await put(roleOf('reader', [reader], 'n1'));
    await put(bindingOf('b', { ...toAlice, kind: 'Role' }, 'n1'));
    await put(bindingOf('b', { ...toAlice, kind: 'Role' }, 'n2'));
    expect((await authorizer.authorize(getSecret(here, 'n1'))).isAllowed).toBe(true);
    expect(await authorizer.authorize(getSecret(here, 'n2'))).toMatchObject({
      isAllowed: false,
      reason: 'RBAC: role.rbac.authorization.k8s.io "reader" not found',
    });
  });

  it('does not change its revision for anything but roles and bindings', async () => {
    const before = rbac.revision(here);
    await put(objectOf({ kind: 'ConfigMap', metadata: objectOf({ name: 'x' }) }));
    await put(roleOf('reader', [reader]), there);
    expect(rbac.revision(here)).toBe(before);
    expect(rbac.revision(there)).toBe(store.revision);
  });

  it('counts the size of roles and bindings alone, also of what is written after it was asked', async () => {
    const other = objectOf({ kind: 'Other', metadata: objectOf({ name: 'x', text: 'x'.repeat(1_000) }) });
    const binding = bindingOf('b', toAlice);
    await put(roleOf('reader', [reader]));
    const role = await rbac.sizeBytes(here);
    await put(other);
    expect(await rbac.sizeBytes(here)).toBe(role);
    await put(binding);
    const both = await rbac.sizeBytes(here);
    expect(both).toBeGreaterThan(role);
    const fresh = new StoreRbacReader(store);
    expect(await fresh.sizeBytes(here)).toBe(both);
    fresh.close();
    await commit(binding, here);
    await commit(other, here);
    expect(await rbac.sizeBytes(here)).toBe(role);
  });
});

describe('remembered revisions of RBAC', () => {
  it('are left alone by the creation of 30,000 other clusters: all of system:admin, most of the rest', () => {
    const revisions = new RbacRevisions(100 as Revision);
    const named = (name: string) => name as LogicalCluster;
    const others = Array.from({ length: 1_000 }, (_, index) => named(`other-${index}`));
    for (let index = 0; index < 30_000; index++) {
      revisions.note(named(`new-${index}`), (101 + index) as Revision);
    }
    expect(revisions.of(SYSTEM_ADMIN_CLUSTER)).toBe(100);
    // 63 of 100 never shared a place with any, and one more creation costs next to none of them anything.
    expect(others.filter((cluster) => revisions.of(cluster) === 100).length).toBeGreaterThan(500);
    const before = others.map((cluster) => revisions.of(cluster));
    revisions.note(named('one-more'), 40_000 as Revision);
    expect(others.filter((cluster, index) => revisions.of(cluster) !== before[index]).length).toBeLessThan(3);
  });

  it('are kept of system:admin itself', () => {
    const revisions = new RbacRevisions(100 as Revision);
    revisions.note(SYSTEM_ADMIN_CLUSTER, 101 as Revision);
    expect(revisions.of(SYSTEM_ADMIN_CLUSTER)).toBe(101);
    revisions.note('here' as LogicalCluster, 102 as Revision);
    expect(revisions.of(SYSTEM_ADMIN_CLUSTER)).toBe(101);
  });

  it('change with every change, and never go back, however many share a place', () => {
    const cluster = fc.constantFrom('a', 'b', 'c', 'd', 'e') as fc.Arbitrary<LogicalCluster>;
    const step = fc.record({ cluster, isChange: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (steps, places) => {
        const revisions = new RbacRevisions(100 as Revision, places);
        const changed = new Map<LogicalCluster, number>();
        const told = new Map<LogicalCluster, number>();
        for (const [index, { cluster, isChange }] of steps.entries()) {
          if (isChange) {
            revisions.note(cluster, (101 + index) as Revision);
            changed.set(cluster, 101 + index);
          }
          const now = revisions.of(cluster);
          expect(now).toBeGreaterThanOrEqual(changed.get(cluster) ?? 100);
          expect(now).toBeGreaterThanOrEqual(told.get(cluster) ?? 0);
          if (isChange) expect(now).toBeGreaterThan(told.get(cluster) ?? 0);
          told.set(cluster, now);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
