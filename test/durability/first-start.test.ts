import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { Client } from '../http/client.ts';
import { PROGRAM } from '../start/command.ts';
import { startServer } from '../support/server.ts';
import { Random } from './random.ts';

const SEED = Number(process.env['ANTIPODE_KILL_SEED'] ?? Date.now() % 1_000_000);
const DIRECTORIES = 3;
const KILLS = 6;
// On an idle machine a first start takes less than half of this.
const KILL_AFTER_MS_MAX = 900;

it('starts after starts that were killed at any moment, from the very first one on', async () => {
  console.log(`kill -9: to repeat, set ANTIPODE_KILL_SEED=${SEED}`);
  const random = new Random(SEED);
  for (let attempt = 0; attempt < DIRECTORIES; attempt++) {
    const parent = await mkdtemp(join(tmpdir(), 'antipode-first-'));
    onTestFinished(() => rm(parent, { recursive: true, force: true }));
    const rootDirectory = join(parent, 'root');
    for (let kill = 0; kill < KILLS; kill++) {
      await startAndKill(rootDirectory, random.below(KILL_AFTER_MS_MAX));
    }
    const server = await startServer({ rootDirectory });
    onTestFinished(async () => void (await server.stop()));
    const client = new Client(server);
    const { items } = await client.list('/api/v1/namespaces');
    expect(items.map(({ metadata }) => metadata.name)).toEqual([
      'default',
      'kcp-system',
      'kube-node-lease',
      'kube-public',
      'kube-system',
    ]);
    client.close();
    expect(server.stderr()).toBe('');
    expect((await server.stop()).code).toBe(0);
  }
});

async function startAndKill(rootDirectory: string, afterMs: number): Promise<void> {
  const args = [
    'start',
    '--root-directory',
    rootDirectory,
    '--bind-address',
    '127.0.0.1',
    '--secure-port',
    '0',
  ];
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  await delay(afterMs);
  child.kill('SIGKILL');
  const [code, signal] = await ended;
  expect([code, signal]).toEqual([null, 'SIGKILL']);
}
