import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { openLevelKeyValue } from '../../src/store/mod.ts';
import { run } from '../support/run.ts';

/** `npm run scale` takes 10,000; by default there are as many as a run of all tests has time for. */
const CLUSTERS = Number(process.env['ANTIPODE_SCALE_CLUSTERS'] ?? 2_000);
const DISK_BYTES_MAX = 1.5 * 1024;
/** What grows from here on are bounded caches that are not full yet, such as that of RBAC's revisions. */
const SLOPE_FROM = 2_000;
const SLOPE_BYTES_MAX = 300;
const MS_PER_CLUSTER = 20;

interface Sample {
  readonly count: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly rss: number;
  readonly perSecond: number;
  readonly cpuUs: number;
}

it(`keeps ${CLUSTERS} fresh clusters in little room, each with all that it has by default`, {
  timeout: 120_000 + CLUSTERS * MS_PER_CLUSTER,
}, async () => {
  const rootDirectory = await mkdtemp(join(tmpdir(), 'antipode-scale-'));
  onTestFinished(() => rm(rootDirectory, { recursive: true, force: true }));
  const script = fileURLToPath(new URL('make-clusters.mjs', import.meta.url));
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
  for (const { count, heapUsed, external, rss, perSecond, cpuUs } of samples) {
    console.log(
      `${count} clusters: heap ${mb(heapUsed)}, external ${mb(external)}, RSS ${mb(rss)}, ` +
        `${Math.round(perSecond)} made per second, ${Math.round(cpuUs)} µs of CPU each`,
    );
  }
  const data = join(rootDirectory, 'data');
  // LevelDB turns its own log into tables when it opens.
  await (await openLevelKeyValue(data)).close();
  const diskBytes = (await sizeOf(data)) / CLUSTERS;
  console.log(`${Math.round(diskBytes)} bytes on disk per cluster`);
  expect(diskBytes).toBeLessThanOrEqual(DISK_BYTES_MAX);
  const [first, last] = samples;
  if (first === undefined || last === undefined || first === last || samples.length < 2) return;
  const grown = last.heapUsed + last.external - first.heapUsed - first.external;
  const slope = grown / (last.count - first.count);
  console.log(`slope between ${first.count} and ${last.count}: ${Math.round(slope)} bytes per cluster`);
  expect(slope).toBeLessThanOrEqual(SLOPE_BYTES_MAX);
});

async function sizeOf(directory: string): Promise<number> {
  const names = await readdir(directory);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(directory, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

function mb(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
