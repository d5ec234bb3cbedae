import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { limits } from '../../src/base/mod.ts';
import { run } from '../support/run.ts';

/** `npm run scale` takes 9,500, of 1,000 exports; by default there are as many as a run of all tests has time for. */
const BINDINGS = process.env['ANTIPODE_SCALE_CLUSTERS'] === undefined ? 1_000 : 9_500;
const EXPORTS = BINDINGS < 9_500 ? 100 : 1_000;
/** With so many the caches are full, so that what grows is what a binding costs; with fewer, they are what grows. */
const FILLING = 4_500;
const BYTES_MAX = 2 * 1024;
const CACHES_BYTES_MAX = limits.rowCacheBytesMax;
const MS_PER_BINDING = 40;

interface Sample {
  readonly count: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly rss: number;
  readonly perSecond: number;
  readonly cpuUs: number;
}

it(`binds ${EXPORTS} exports ${BINDINGS} times, and keeps next to nothing of it in memory`, {
  timeout: 120_000 + BINDINGS * MS_PER_BINDING,
}, async () => {
  const rootDirectory = await mkdtemp(join(tmpdir(), 'antipode-bindings-'));
  onTestFinished(() => rm(rootDirectory, { recursive: true, force: true }));
  const script = fileURLToPath(new URL('make-bindings.mjs', import.meta.url));
  const dist = fileURLToPath(new URL('../../dist', import.meta.url));
  const counts = [Math.floor(BINDINGS / 2), BINDINGS].map(String);
  const args = ['--expose-gc', script, dist, rootDirectory, String(EXPORTS), ...counts];
  const timeoutMs = 60_000 + BINDINGS * MS_PER_BINDING;
  const { code, stdout, stderr } = await run(process.execPath, args, { timeoutMs });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.trimEnd().split('\n');
  const samples = lines.map((line) => JSON.parse(line) as Sample);
  for (const { count, heapUsed, external, rss, perSecond, cpuUs } of samples) {
    console.log(
      `${count} bindings: heap ${mb(heapUsed)}, external ${mb(external)}, RSS ${mb(rss)}, ` +
        `${Math.round(perSecond)} bound per second, ${Math.round(cpuUs)} µs of CPU each`,
    );
  }
  const [first, middle, last] = samples;
  if (first === undefined || middle === undefined || last === undefined)
    throw new Error('there are three samples');
  const grown = last.heapUsed + last.external - middle.heapUsed - middle.external;
  const slope = grown / (last.count - middle.count);
  console.log(`slope between ${middle.count} and ${last.count}: ${Math.round(slope)} bytes per binding`);
  if (middle.count >= FILLING) expect(slope).toBeLessThanOrEqual(BYTES_MAX);
  else
    expect(last.heapUsed + last.external - first.heapUsed - first.external).toBeLessThanOrEqual(
      CACHES_BYTES_MAX,
    );
});

function mb(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
