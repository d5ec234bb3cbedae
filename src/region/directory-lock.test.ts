import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireDirectoryLock, LOCK_FILE } from './directory-lock.ts';
import { processIdentity } from './process-identity.ts';
import { StartError } from './start-error.ts';

let parent: string;
let directory: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'antipode-lock-'));
  directory = join(parent, 'data');
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await chmod(parent, 0o700);
  await rm(parent, { recursive: true, force: true });
});

async function failure(): Promise<StartError> {
  const error: unknown = await acquireDirectoryLock(directory).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StartError);
  expect((error as StartError).message).not.toContain('\n');
  return error as StartError;
}

/** Another process that runs, and the lock file it would have written. */
async function runningHolder(): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("ready")'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout, 'data');
  const { pid } = child;
  if (pid === undefined) throw new Error('the process has no number');
  await writeLock(JSON.stringify(processIdentity(pid)));
  return Object.assign(child, { pid });
}

async function writeLock(content: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(join(directory, LOCK_FILE), content);
}

describe('acquireDirectoryLock', () => {
  it('makes the directory and its parents, closed to others', async () => {
    directory = join(parent, 'a', 'b');
    const lock = await acquireDirectoryLock(directory);
    expect(lock.directory).toBe(directory);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it('closes an empty directory that was made beforehand', async () => {
    await mkdir(directory, { mode: 0o755 });
    await acquireDirectoryLock(directory);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it('leaves the mode of a directory alone in which other files live', async () => {
    await mkdir(directory);
    await chmod(directory, 0o755);
    await writeFile(join(directory, 'letter.txt'), 'dear all');
    await acquireDirectoryLock(directory);
    expect((await stat(directory)).mode & 0o777).toBe(0o755);
  });

  it('names the process that uses the directory', async () => {
    const holder = await runningHolder();
    const error = await failure();
    expect(error.message).toMatch(`another antipode (process ${holder.pid}) is using ${directory};`);
    expect(error.exitCode).toBe(5);
  });

  it('refuses a second lock in the same process until the first is released', async () => {
    const first = await acquireDirectoryLock(directory);
    expect((await failure()).exitCode).toBe(5);
    await first.release();
    await first.release();
    expect(await readdir(directory)).toEqual([]);
    await acquireDirectoryLock(directory);
  });

  it('takes over from a process that was killed', async () => {
    const holder = await runningHolder();
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await acquireDirectoryLock(directory);
    const content: unknown = JSON.parse(await readFile(join(directory, LOCK_FILE), 'utf8'));
    expect(content).toEqual(processIdentity(process.pid));
    expect(await readdir(directory)).toEqual([LOCK_FILE]);
  });

  it.skipIf(process.platform !== 'linux')(
    'takes over when the number of the killed process belongs to another one now',
    async () => {
      const holder = await runningHolder();
      await writeLock(JSON.stringify({ pid: holder.pid, started: 'an earlier boot/1' }));
      await acquireDirectoryLock(directory);
      await rm(join(directory, LOCK_FILE));
      // In a container the restarted server has the very number of the killed one.
      await writeLock(JSON.stringify({ pid: process.pid, started: 'an earlier boot/1' }));
      await acquireDirectoryLock(directory);
    },
  );

  it.each([
    ['empty', ''],
    ['torn', '{"pid":12'],
    ['not of this program', '"hello"'],
    ['without a valid number', '{"pid":-1,"started":""}'],
  ])('takes over a lock that is %s', async (_, content) => {
    await writeLock(content);
    await acquireDirectoryLock(directory);
  });

  it('gives the directory to exactly one of many that find a stale lock', async () => {
    await writeLock('{"pid":999999999,"started":"x"}');
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () => acquireDirectoryLock(directory)),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  });

  it('does not remove the lock of another process on release', async () => {
    const lock = await acquireDirectoryLock(directory);
    await rm(join(directory, LOCK_FILE));
    await runningHolder();
    await lock.release();
    expect(await readdir(directory)).toEqual([LOCK_FILE]);
  });

  it('says that a file is in the place of the directory', async () => {
    await writeFile(directory, 'a letter');
    expect((await failure()).message).toBe(
      `cannot use ${directory} as the root directory: it is a file, not a directory; choose another with --root-directory`,
    );
    expect(await readFile(directory, 'utf8')).toBe('a letter');
  });

  it('says that a file is in the place of a parent directory', async () => {
    const file = join(parent, 'letter');
    await writeFile(file, '');
    directory = join(file, 'data');
    expect((await failure()).message).toContain(
      `cannot make the root directory ${directory}: ${file} is a file`,
    );
  });

  it('says that a link leads nowhere', async () => {
    await symlink(join(parent, 'nowhere'), directory);
    expect((await failure()).message).toContain(`${directory} as the root directory`);
  });
});
