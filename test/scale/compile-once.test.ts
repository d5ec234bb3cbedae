import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { run } from '../support/run.ts';

/** `npm run scale` takes 10,000; by default there are as many as a run of all tests has time for. */
const CLUSTERS = Number(process.env['ANTIPODE_SCALE_CLUSTERS'] ?? 300);
/** From here on the caches are full, so that what grows is what a cluster costs. */
const SLOPE_FROM = 2_000;
const SLOPE_BYTES_MAX = 2 * 1024;
/** For each cluster: itself, a definition in three writes and an object, on a busy machine. */
const MS_PER_CLUSTER = 150;

interface Sample {
  readonly count: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly rss: number;
  readonly compilations: number;
}

it(`compiles a definition once for ${CLUSTERS} clusters that use it`, {
  timeout: 120_000 + CLUSTERS * MS_PER_CLUSTER,
}, async () => {
  const rootDirectory = await mkdtemp(join(tmpdir(), 'antipode-scale-'));
  onTestFinished(() => rm(rootDirectory, { recursive: true, force: true }));
  const script = fileURLToPath(new URL('use-definition.mjs', import.meta.url));
  const dist = fileURLToPath(new URL('../../dist', import.meta.url));
  const counts = CLUSTERS > SLOPE_FROM ? [SLOPE_FROM, CLUSTERS] : [CLUSTERS];
  const args = ['--expose-gc', script, dist, rootDirectory, ...counts.map(String)];
  const timeoutMs = 60_000 + CLUSTERS * MS_PER_CLUSTER;
  const { code, stdout, stderr } = await run(process.execPath, args, { timeoutMs });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const samples = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Sample);
  expect(samples.map(({ compilations }) => compilations)).toEqual(counts.map(() => 1));
  for (const { count, heapUsed, external, rss } of samples) {
    console.log(`${count} clusters: heap ${mb(heapUsed)}, external ${mb(external)}, RSS ${mb(rss)}`);
  }
  const [first, last] = samples;
  if (first === undefined || last === undefined || first === last || samples.length < 2) return;
  const grown = last.heapUsed + last.external - first.heapUsed - first.external;
  const slope = grown / (last.count - first.count);
  console.log(`slope between ${first.count} and ${last.count}: ${Math.round(slope)} bytes per cluster`);
  expect(slope).toBeLessThanOrEqual(SLOPE_BYTES_MAX);
});

function mb(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
