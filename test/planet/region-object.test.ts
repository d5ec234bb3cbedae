import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeStored } from '../../src/api/mod.ts';
import { limits, ROOT_CLUSTER, VirtualClock } from '../../src/base/mod.ts';
import { ControllerClient } from '../../src/controllers/mod.ts';
import { collectionOf } from '../../src/definitions/mod.ts';
import { type KubeObject, objectOf } from '../../src/machinery/mod.ts';
import { type RegionFacts, RegionReporter } from '../../src/region/planet/region-object.ts';
import { type MemoryMember, startMemoryMember } from '../support/memory-member.ts';

let member: MemoryMember;
let clock: VirtualClock;
let reporter: RegionReporter;
let facts: RegionFacts;
const failures: string[] = [];

beforeEach(async () => {
  member = await startMemoryMember({ cluster: ROOT_CLUSTER });
  clock = new VirtualClock();
  facts = { members: ['m0'], homed: ['root'], stalenessMs: undefined };
  const note = (message: string, fields?: object) =>
    void failures.push(`${message} ${JSON.stringify(fields)}`);
  reporter = new RegionReporter({
    api: member.api,
    facts: () => facts,
    clock,
    url: () => 'https://eu.example.com:6443',
    labels: { continent: 'europe' },
    log: { error: note, warn: note, info: note, debug: note },
  });
  reporter.start();
});
afterEach(async () => {
  await reporter.close();
  await member.close();
  expect(failures.splice(0)).toEqual([]);
});

/** Lets time pass, step by step, so that what is due is written in the meantime. */
async function pass(ms: number): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += limits.regionReportMs) {
    await reporter.settled();
    await clock.advance(limits.regionReportMs);
  }
  await reporter.settled();
}

function region(): KubeObject {
  const { registry, store } = member.api;
  const { definition } = registry.find(ROOT_CLUSTER, 'planet.antipode.dev', 'regions')!;
  const key = { ...collectionOf(ROOT_CLUSTER, definition), namespace: '', name: 'test' };
  return decodeStored(definition, 'v1alpha1', store.newest(key)!);
}

describe('the object of a region', () => {
  it('says where the region is, what it has, and when it last said so', async () => {
    await reporter.settled();
    expect(region()).toMatchObject({
      metadata: { name: 'test', labels: { continent: 'europe' } },
      spec: { url: 'https://eu.example.com:6443' },
      status: {
        members: 1,
        memberNames: ['m0'],
        homed: 1,
        shards: ['root'],
        lag: '0s',
        lastContactTime: '2026-01-01T00:00:00Z',
      },
    });
  });

  it('is written when something changes, and once a minute otherwise', async () => {
    await reporter.settled();
    const { store } = member.api;
    const before = store.revision;
    facts = { ...facts, stalenessMs: 1_500 };
    await pass(50_000);
    expect(store.revision).toBe(before);
    facts = { ...facts, homed: [], stalenessMs: 31_000 };
    await pass(limits.regionReportMs);
    expect(region()['status']).toMatchObject({ homed: 0, lag: '30s' });
    expect(region()['status']).not.toHaveProperty('shards');
    const changed = store.revision;
    expect(changed).toBeGreaterThan(before);
    await pass(50_000);
    expect(store.revision).toBe(changed);
    await pass(limits.regionReportMs);
    expect(region()['status']).toMatchObject({ lastContactTime: '2026-01-01T00:02:00Z' });
  });

  it('leaves labels and annotations of others alone, and is there again when somebody has deleted it', async () => {
    await reporter.settled();
    const client = new ControllerClient(member.api, {
      name: 'somebody',
      signal: new AbortController().signal,
    });
    const { definition } = member.api.registry.find(ROOT_CLUSTER, 'planet.antipode.dev', 'regions')!;
    const place = { definition, cluster: ROOT_CLUSTER, namespace: '', name: 'test' };
    await client.mergePatch(place, objectOf({ metadata: objectOf({ labels: objectOf({ tier: 'gold' }) }) }));
    await pass(limits.regionContactMs);
    expect(region().metadata.labels).toEqual({ continent: 'europe', tier: 'gold' });
    await client.remove(place, { uid: region().metadata.uid ?? '' });
    await pass(limits.regionContactMs);
    expect(region()).toMatchObject({ metadata: { labels: { continent: 'europe' } }, status: { homed: 1 } });
  });
});
