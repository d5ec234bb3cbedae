import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isRunning, processIdentity } from '../../region/mod.ts';
import { ProcessRecord } from './process-record.ts';

async function recordFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'antipode-processes-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'processes.json');
}

/** A process that goes on until somebody ends it. */
function sleeper(): { readonly child: ChildProcess; readonly pid: number } {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, pid: child.pid ?? 0 };
}

const identities = { isRunning, processIdentity };

describe('the record of a planet’s processes', () => {
  it('ends those that an earlier run has left running, and names them', async () => {
    const path = await recordFile();
    const { child, pid } = sleeper();
    new ProcessRecord(path, identities).write([{ name: 'eu member', pid }]);
    const left = await new ProcessRecord(path, identities).endLeftovers();
    expect(left.map(({ name, pid: number }) => [name, number])).toEqual([['eu member', pid]]);
    await expect.poll(() => child.signalCode).toBe('SIGTERM');
  });

  it('never touches a process that has got the number of one that is gone', async () => {
    const path = await recordFile();
    const { child, pid } = sleeper();
    const record = new ProcessRecord(path, identities);
    record.write([{ name: 'eu member', pid }]);
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace(/"started":"[^"]+"/, '"started":"another boot/1"'));
    expect(await record.endLeftovers()).toEqual([]);
    expect(isRunning(processIdentity(pid))).toBe(true);
    expect(child.signalCode).toBeNull();
  });

  it.each(['', 'nonsense', '{}', '[1, null, {"pid": 1}]'])('takes %j for an empty list', async (text) => {
    const path = await recordFile();
    await writeFile(path, text);
    expect(await new ProcessRecord(path, identities).endLeftovers()).toEqual([]);
  });

  it('asks for a start time of each, since a number alone may be anybody', async () => {
    const path = await recordFile();
    const { child, pid } = sleeper();
    await writeFile(path, JSON.stringify([{ name: 'eu member', pid, started: '' }]));
    expect(await new ProcessRecord(path, identities).endLeftovers()).toEqual([]);
    expect(child.signalCode).toBeNull();
  });
});
