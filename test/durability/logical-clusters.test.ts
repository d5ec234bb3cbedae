import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { openLevelKeyValue } from '../../src/store/mod.ts';
import { Random } from './random.ts';

const SEED = Number(process.env['ANTIPODE_KILL_SEED'] ?? Date.now() % 1_000_000);
const ROUNDS = 3;
const KILL_AFTER_MS_MAX = 300;
/** The LogicalCluster itself, and what its other objects are derived from. */
const ROWS = 2;
/** What the founding of the planet fills: the root, and the schemas that it has bound. */
const FOUNDED = ['root', 'system:bound-crds'];

it('makes a logical cluster whole or not at all when it is killed meanwhile', async () => {
  console.log(`kill -9: to repeat, set ANTIPODE_KILL_SEED=${SEED}`);
  const random = new Random(SEED);
  const rootDirectory = await mkdtemp(join(tmpdir(), 'antipode-kill-'));
  onTestFinished(() => rm(rootDirectory, { recursive: true, force: true }));
  const acknowledged: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    acknowledged.push(...(await createUntilKilled(rootDirectory, random.below(KILL_AFTER_MS_MAX))));
  }
  const counts = await countRows(join(rootDirectory, 'data'));
  expect(acknowledged.length).toBeGreaterThan(ROUNDS);
  expect(acknowledged.filter((name) => counts.get(name) !== ROWS)).toEqual([]);
  const others = [...counts].filter(([name]) => !FOUNDED.includes(name));
  expect(others.filter(([, count]) => count !== ROWS)).toEqual([]);
});

/** The names that were acknowledged before the end. */
async function createUntilKilled(rootDirectory: string, afterMs: number): Promise<string[]> {
  const script = fileURLToPath(new URL('create-clusters.mjs', import.meta.url));
  const dist = fileURLToPath(new URL('../../dist', import.meta.url));
  const child = spawn(process.execPath, [script, dist, rootDirectory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await once(child.stdout, 'data');
  await delay(afterMs);
  child.kill('SIGKILL');
  const [code, signal] = await once(child, 'close');
  expect([code, signal]).toEqual([null, 'SIGKILL']);
  return text.split('\n').slice(0, -1);
}

/** Rows of each logical cluster. */
async function countRows(path: string): Promise<Map<string, number>> {
  const store = await openLevelKeyValue(path);
  onTestFinished(() => store.close());
  const counts = new Map<string, number>();
  for (const table of ['d', 'o']) {
    const end = String.fromCharCode(table.charCodeAt(0) + 1);
    for await (const entries of store.iterate({ start: Buffer.from(table), end: Buffer.from(end) })) {
      for (const [key] of entries) {
        const cluster = key.toString('utf8', 1).split('\0')[0] ?? '';
        counts.set(cluster, (counts.get(cluster) ?? 0) + 1);
      }
    }
  }
  return counts;
}
