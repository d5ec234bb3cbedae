import { expect, test } from 'vitest';
import { type LogicalCluster, limits, VirtualClock } from '../../base/mod.ts';
import { GoneClusters } from './gone-clusters.ts';

const [HERE, LATE, GONE] = ['here', 'late', 'gone'] as readonly string[] as readonly [
  LogicalCluster,
  LogicalCluster,
  LogicalCluster,
];

function open() {
  const clock = new VirtualClock();
  const known = new Set<LogicalCluster>([HERE]);
  const ended: LogicalCluster[][] = [];
  const problems: string[] = [];
  const homes = { catchUp: async () => {} };
  const clusters = new GoneClusters({
    clusters: { isKnown: (cluster) => known.has(cluster), catchUp: () => homes.catchUp() },
    clock,
    end: async (gone) => void ended.push([...gone]),
    problem: (detail) => void problems.push(detail),
  });
  return { clock, known, ended, problems, homes, clusters };
}

test('what is not known is gone only after this member has all that the homes have', async () => {
  const { clock, known, ended, homes, clusters } = open();
  homes.catchUp = async () => void known.add(LATE);
  expect([HERE, LATE, GONE].map((cluster) => clusters.isGone(cluster))).toEqual([false, false, false]);
  await clock.advance(limits.goneClusterWaitMs);
  expect([HERE, LATE, GONE].map((cluster) => clusters.isGone(cluster))).toEqual([false, false, true]);
  expect(ended).toEqual([[GONE]]);
  await clusters.close();
});

test('what comes a moment later asks nobody', async () => {
  const { clock, known, homes, clusters } = open();
  let asked = 0;
  homes.catchUp = async () => void asked++;
  clusters.isGone(LATE);
  known.add(LATE);
  await clock.advance(10 * limits.goneClusterWaitMs);
  expect(asked).toBe(0);
  await clusters.close();
});

test('as long as a home cannot be asked nothing is gone, and it is tried again', async () => {
  const { clock, ended, problems, homes, clusters } = open();
  homes.catchUp = () => Promise.reject(new Error('the home of shard us: nothing was heard of it'));
  clusters.isGone(GONE);
  await clock.advance(10 * limits.goneClusterWaitMs);
  expect(clusters.isGone(GONE)).toBe(false);
  expect(ended).toEqual([]);
  expect(problems[0]).toContain('shard us');
  homes.catchUp = async () => {};
  await clock.advance(limits.goneClusterRetryMs);
  expect(ended).toEqual([[GONE]]);
  await clusters.close();
});

test('what is suspected while homes are asked is asked for again', async () => {
  const { clock, ended, homes, clusters } = open();
  let answer: () => void = () => {};
  homes.catchUp = () =>
    new Promise((resolve) => {
      answer = resolve;
    });
  clusters.isGone(GONE);
  await clock.advance(limits.goneClusterWaitMs);
  clusters.isGone(LATE);
  answer();
  await clock.advance(0);
  expect(ended).toEqual([[GONE]]);
  await clock.advance(limits.goneClusterWaitMs);
  answer();
  await clock.advance(0);
  expect(ended).toEqual([[GONE], [LATE]]);
  await clusters.close();
});
