import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireDirectoryLock, type DirectoryLock, lockFileName } from './directory-lock.ts';
import { processIdentity } from './process-identity.ts';
import { StartError } from './start-error.ts';

let parent: string;
let directory: string;
const children: ChildProcess[] = [];
const locks: DirectoryLock[] = [];
const OWN_LOCK = lockFileName(process.pid);
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'antipode-lock-'));
  directory = join(parent, 'data');
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const lock of locks.splice(0)) await lock.release();
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
  await writeLock(pid, JSON.stringify({ ...processIdentity(pid), isHeld: true }));
  return Object.assign(child, { pid });
}

async function writeLock(pid: number, content: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(join(directory, lockFileName(pid)), content);
}

/** Takes the lock, and gives it up at the end of the test. */
async function acquire(): Promise<DirectoryLock> {
  const lock = await acquireDirectoryLock(directory);
  locks.push(lock);
  return lock;
}

describe('acquireDirectoryLock', () => {
  it('makes the directory and its parents, closed to others', async () => {
    directory = join(parent, 'a', 'b');
    const lock = await acquire();
    expect(lock.directory).toBe(directory);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it('closes an empty directory that was made beforehand', async () => {
    await mkdir(directory, { mode: 0o755 });
    await acquire();
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it('leaves the mode of a directory alone in which other files live', async () => {
    await mkdir(directory);
    await chmod(directory, 0o755);
    await writeFile(join(directory, 'letter.txt'), 'dear all');
    await acquire();
    expect((await stat(directory)).mode & 0o777).toBe(0o755);
  });

  it('names the process that uses the directory', async () => {
    const holder = await runningHolder();
    const error = await failure();
    expect(error.message).toMatch(`another antipode (process ${holder.pid}) is using ${directory};`);
    expect(error.exitCode).toBe(5);
  });

  it('refuses a second lock in the same process until the first is released', async () => {
    const first = await acquire();
    expect((await failure()).exitCode).toBe(5);
    await first.release();
    await first.release();
    expect(await readdir(directory)).toEqual([]);
    await acquire();
  });

  it('takes over from a process that was killed', async () => {
    const holder = await runningHolder();
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await acquire();
    expect(await readdir(directory)).toEqual([OWN_LOCK]);
    const content: unknown = JSON.parse(await readFile(join(directory, OWN_LOCK), 'utf8'));
    expect(content).toEqual({ ...processIdentity(process.pid), isHeld: true });
  });

  it.skipIf(process.platform !== 'linux')(
    'takes over when the number of the killed process belongs to another one now',
    async () => {
      const holder = await runningHolder();
      await writeLock(holder.pid, '{"started":"an earlier boot/1","isHeld":true}');
      await acquire();
      expect(await readdir(directory)).toEqual([OWN_LOCK]);
    },
  );

  it('takes over when the killed process had its own number, as in a container', async () => {
    await writeLock(process.pid, '{"started":"an earlier boot/1","isHeld":true}');
    await acquire();
    expect(await readdir(directory)).toEqual([OWN_LOCK]);
  });

  it.each([
    ['empty', ''],
    ['torn', '{"star'],
    ['not of this program', '"hello"'],
    ['null', 'null'],
  ])('takes over a lock of a dead process that is %s', async (_, content) => {
    await writeLock(999_999_999, content);
    await acquire();
    expect(await readdir(directory)).toEqual([OWN_LOCK]);
  });

  it('gives way to a process that never gets beyond looking', async () => {
    const rival = await runningHolder();
    await writeLock(rival.pid, '');
    expect((await failure()).message).toContain(`process ${rival.pid}`);
    expect(await readdir(directory)).toEqual([lockFileName(rival.pid)]);
  });

  it('waits for a process that looks at the same moment and then gives up', async () => {
    const rival = await runningHolder();
    await writeLock(rival.pid, '');
    const lock = acquire();
    setTimeout(() => rival.kill('SIGKILL'), 5);
    await once(rival, 'exit');
    expect((await lock).directory).toBe(directory);
  });

  it('gives the directory to exactly one of many in the same process', async () => {
    await writeLock(999_999_999, '');
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => acquire()));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
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
