import { describe, expect, it } from 'vitest';
import type { LogicalCluster, Revision } from '../../base/mod.ts';
import { encodeJson, type JsonValue } from '../../machinery/mod.ts';
import type { Row } from '../../store/mod.ts';
import { countedNames, isOfOtherKinds, kindCountedBy } from './counted-names.ts';
import { chargesOf, refusalOf } from './quota-charge.ts';
import { afterCharge, type QuotaState, readQuota, withUsed } from './quota-state.ts';
import { Tally } from './tally.ts';

const HERE = 'here' as LogicalCluster;
const SECRETS = { group: '', resource: 'secrets' };
const NAMES = countedNames(SECRETS);

describe('the names of what is counted', () => {
  it.each([
    ['', 'secrets', ['count/secrets', 'secrets']],
    ['', 'serviceaccounts', ['count/serviceaccounts']],
    ['example.com', 'secrets', ['count/secrets.example.com']],
    ['', 'events', []],
    ['events.k8s.io', 'events', []],
  ])('of %s %s', (group, resource, names) => {
    expect(countedNames({ group, resource })).toEqual(names);
    for (const name of names) expect(kindCountedBy(name)).toEqual({ group, resource });
  });

  it.each(['count/events', 'count/events.events.k8s.io', 'pods', 'cpu', 'counts/secrets'])(
    'are not %s',
    (name) => {
      expect(kindCountedBy(name)).toBeUndefined();
    },
  );

  it('are told from those of kinds that are not served', () => {
    for (const name of [
      'pods',
      'requests.cpu',
      'hugepages-2Mi',
      'requests.hugepages-1Gi',
      'requests.a.com/gpu',
    ]) {
      expect(isOfOtherKinds(name)).toBe(true);
    }
    for (const name of ['a.com/gpu', 'requests.kubernetes.io/x', 'count/secrets', 'secrets']) {
      expect(isOfOtherKinds(name)).toBe(false);
    }
    expect(isOfOtherKinds('gold.storageclass.storage.k8s.io/requests.storage')).toBe(true);
    expect(isOfOtherKinds('gold.storageclass.storage.k8s.io/other')).toBe(false);
    expect(isOfOtherKinds('.storageclass.storage.k8s.io/requests.storage')).toBe(false);
    expect(isOfOtherKinds('gpu.deviceclass.resource.k8s.io/devices')).toBe(true);
  });
});

describe('a charge', () => {
  it('adds one to every name of the kind, and takes it back', () => {
    const state = quotaOf(
      { secrets: '5', 'count/secrets': '1k', pods: '1' },
      { secrets: '2', 'count/secrets': '999' },
    );
    const [charge] = chargesOf([state], NAMES, 1);
    expect(charge?.used).toEqual({ secrets: '3', 'count/secrets': '1k' });
    expect(chargesOf([quotaOf({ secrets: '5' }, { secrets: '1k' })], NAMES, -1)[0]?.used).toEqual({
      secrets: '999',
    });
  });

  it('never goes below zero, and leaves alone what has not been counted', () => {
    expect(chargesOf([quotaOf({ secrets: '5' }, { secrets: '0' })], NAMES, -1)[0]?.used).toEqual({
      secrets: '0',
    });
    expect(chargesOf([quotaOf({ secrets: '5' }, {})], NAMES, 1)).toEqual([]);
    expect(chargesOf([quotaOf({ pods: '5' }, { secrets: '1' })], NAMES, 1)).toEqual([]);
  });

  it('is written into the bytes of the quota, wherever they have the numbers', () => {
    for (const isTailless of [false, true]) {
      const state = quotaOf({ secrets: '12' }, { secrets: '9' }, isTailless ? { zone: 'behind' } : {});
      const row = withUsed(state, { secrets: '10' });
      const object = JSON.parse(row.json.toString());
      expect(object.status).toEqual({ hard: { secrets: '12' }, used: { secrets: '10' } });
      expect({ ...object, status: undefined }).toEqual({
        ...JSON.parse(state.row.json.toString()),
        status: undefined,
      });
      const next = afterCharge(state, { row, changes: { secrets: '10' } }, 8 as Revision);
      const parsed = readQuota(state.key, next.row);
      expect(next.row.revision).toBe(8);
      expect(next.used).toEqual(parsed.used);
      // And once more, from what was remembered.
      expect(withUsed(next, { secrets: '11' }).json.toString()).toBe(
        withUsed(parsed, { secrets: '11' }).json.toString(),
      );
    }
  });
});

describe('the refusal of a charge', () => {
  it('comes from the first quota that does not know, then from the first that is full', () => {
    const open = quotaOf({ secrets: '5' }, { secrets: '1' });
    const full = quotaOf({ secrets: '1500m', 'count/secrets': '9' }, { secrets: '1', 'count/secrets': '1' });
    const unknown = quotaOf({ secrets: '5', 'count/secrets': '5' }, { secrets: '1' });
    expect(refusalOf([open], NAMES)).toBeUndefined();
    expect(refusalOf([open, full], NAMES)).toBe(
      'exceeded quota: quota, requested: secrets=1, used: secrets=1, limited: secrets=1500m',
    );
    expect(refusalOf([full, unknown], NAMES)).toBe(
      'status unknown for quota: quota, resources: count/secrets,secrets',
    );
  });

  it('names all that is exceeded, sorted', () => {
    const full = quotaOf({ secrets: '1', 'count/secrets': '1' }, { secrets: '1', 'count/secrets': '2' });
    expect(refusalOf([full], NAMES)).toBe(
      'exceeded quota: quota, requested: count/secrets=1,secrets=1, used: count/secrets=2,secrets=1, limited: count/secrets=1,secrets=1',
    );
  });
});

describe('a tally', () => {
  const change = { cluster: HERE, namespace: 'a', kind: SECRETS, delta: 1 } as const;

  it('has what came after the snapshot, also when it was noted before the snapshot was there', () => {
    const tally = new Tally({ cluster: HERE, namespace: 'a' });
    for (const revision of [5, 6, 7]) tally.note(revision, change);
    tally.beginAfter(() => 6);
    expect(tally.since(SECRETS)).toBe(1);
    tally.note(8, { ...change, delta: -1 });
    tally.note(9, { ...change, delta: -1 });
    expect(tally.since(SECRETS)).toBe(-1);
    expect(tally.since({ group: 'example.com', resource: 'secrets' })).toBe(0);
  });

  it('knows of each kind what the snapshot has, since kinds are in several logs', () => {
    const tally = new Tally({ cluster: HERE, namespace: 'a' });
    const other = { group: 'example.com', resource: 'others' };
    tally.note(5, change);
    tally.note(5, { ...change, kind: other });
    tally.beginAfter(({ resource }) => (resource === 'others' ? 4 : 5));
    expect([tally.since(SECRETS), tally.since(other)]).toEqual([0, 1]);
  });

  it('looks at its namespace, or at the whole logical cluster', () => {
    const narrow = new Tally({ cluster: HERE, namespace: 'a' });
    const wide = new Tally({ cluster: HERE, namespace: undefined });
    for (const tally of [narrow, wide]) {
      tally.beginAfter(() => 0);
      tally.note(1, { ...change, namespace: 'b' });
      tally.note(2, { ...change, namespace: '' });
      tally.note(3, { ...change, cluster: 'there' as LogicalCluster });
    }
    expect([narrow.since(SECRETS), wide.since(SECRETS)]).toEqual([0, 2]);
  });
});

function quotaOf(
  hard: Readonly<Record<string, string>>,
  used: Readonly<Record<string, string>>,
  rest: Readonly<Record<string, JsonValue>> = {},
): QuotaState {
  const metadata = { name: 'quota', namespace: 'a' };
  const object = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata,
    spec: { hard },
    status: { hard, used },
    ...rest,
  };
  const row: Row = {
    revision: 7 as Revision,
    uid: 'u',
    definitionHash: '',
    json: Buffer.from(encodeJson(object)),
    metadataOffset: 0,
    isAnnotated: false,
    labels: {},
    fields: {},
    owners: [],
  };
  return readQuota(
    { cluster: HERE, group: '', resource: 'resourcequotas', identity: '', namespace: 'a', name: 'quota' },
    row,
  );
}
