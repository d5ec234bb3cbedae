import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { isOnPath } from '../../src/cli/next-steps.ts';
import { run } from '../support/run.ts';
import { startServer } from '../support/server.ts';

const path = process.env['PATH'];

it.skipIf(!isOnPath('curl', path))(
  'without a kubectl on PATH a start prints a curl line, which works as it is pasted',
  async () => {
    const parent = await mkdtemp(join(tmpdir(), "antipode it's $HOME-"));
    onTestFinished(() => rm(parent, { recursive: true, force: true }));
    // A PATH without kubectl, and without anything else: the server needs nothing of it.
    const rootDirectory = join(parent, 'root');
    const server = await startServer({ rootDirectory, env: { PATH: parent } });
    onTestFinished(async () => void (await server.stop()));
    const lines = server.stdout().split('\n');
    expect(lines.some((line) => line.includes('https://kubernetes.io/docs/tasks/tools/'))).toBe(true);
    const line = lines.find((candidate) => candidate.includes('curl ')) ?? '';
    const { code, stdout, stderr } = await run('sh', ['-c', `${line} --silent --show-error --noproxy '*'`]);
    expect(code, stderr).toBe(0);
    const { kind, items } = JSON.parse(stdout) as { kind: string; items: { metadata: { name: string } }[] };
    expect(kind).toBe('NamespaceList');
    expect(items.map(({ metadata }) => metadata.name)).toEqual([
      'default',
      'kcp-system',
      'kube-node-lease',
      'kube-public',
      'kube-system',
    ]);
  },
);
