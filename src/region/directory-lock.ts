import {
  access,
  chmod,
  constants,
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  stat,
  unlink,
} from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isPermissionError, PRIVATE_FILE_MODE, readFileIfPresent, reasonOf } from './atomic-file.ts';
import { isRunning, type ProcessIdentity, processIdentity } from './process-identity.ts';
import { StartError, systemErrorCode } from './start-error.ts';

/** The file that says which process uses a root directory. */
export const LOCK_FILE = 'antipode.lock';

/** A root directory that this process alone uses. */
export interface DirectoryLock {
  /** The absolute path. */
  readonly directory: string;
  /** Gives the directory up. Safe to call twice. */
  release(): Promise<void>;
}

/**
 * Makes the root directory (mode 0700) if needed and takes it for this process. A lock that a killed
 * process left behind is taken over. Throws a `StartError` when another process holds it, when a file is
 * in its place, and when it cannot be read or written.
 *
 * The lock exists for the clear message; two processes that still slip through are stopped by LevelDB's
 * own lock, which the kernel keeps.
 */
export async function acquireDirectoryLock(directory: string): Promise<DirectoryLock> {
  const path = resolve(directory);
  await prepareDirectory(path);
  const lockPath = join(path, LOCK_FILE);
  const self = processIdentity(process.pid);
  for (let attempt = 0; attempt < TAKE_OVER_ATTEMPTS_MAX; attempt++) {
    if (await createLock(lockPath, self))
      return { directory: path, release: () => releaseLock(lockPath, self) };
    const holder = await readHolder(lockPath);
    if (holder !== undefined && isRunning(holder)) throw inUse(path, holder);
    await removeStaleLock(lockPath, holder);
  }
  throw new StartError(`cannot take ${lockPath}: other processes keep taking it; start one at a time`, {
    exitCode: 5,
  });
}

// Each round is lost only to another process that starts in the same moment.
const TAKE_OVER_ATTEMPTS_MAX = 5;
// A lock is written right after it is created; one that stays empty for this long belongs to a crash.
const EMPTY_LOCK_WAIT_MS = 200;

async function prepareDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw await unusable(path, error);
  }
  try {
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    await tightenMode(path);
  } catch (error) {
    throw await unusable(path, error);
  }
}

// A directory that was made beforehand is closed to others as long as nothing else lives in it: someone
// who names /tmp as the root directory must not find it closed to everyone.
async function tightenMode(path: string): Promise<void> {
  const { mode, uid } = await stat(path);
  if ((mode & 0o077) === 0 || uid !== process.getuid?.()) return;
  const entries = await readdir(path);
  if (entries.length > 0 && !entries.includes(LOCK_FILE)) return;
  await chmod(path, 0o700);
}

async function unusable(path: string, error: unknown): Promise<StartError> {
  const exitCode = isPermissionError(error) ? 4 : 1;
  const file = await nearestNonDirectory(path);
  if (file === path) {
    return new StartError(
      `cannot use ${path} as the root directory: it is a file, not a directory; choose another with --root-directory`,
      { exitCode, cause: error },
    );
  }
  if (file !== undefined) {
    return new StartError(
      `cannot make the root directory ${path}: ${file} is a file, not a directory; choose another with --root-directory`,
      { exitCode, cause: error },
    );
  }
  if (isPermissionError(error)) {
    const user = process.getuid === undefined ? 'this user' : `user id ${process.getuid()}`;
    return new StartError(
      `cannot use the root directory ${path}: ${user} may not read and write it; change its owner or mode, ` +
        'or choose another with --root-directory',
      { exitCode, cause: error },
    );
  }
  return new StartError(`cannot use the root directory ${path}: ${reasonOf(error)}`, {
    exitCode,
    cause: error,
  });
}

async function nearestNonDirectory(path: string): Promise<string | undefined> {
  for (let current = path; ; current = dirname(current)) {
    try {
      return (await stat(current)).isDirectory() ? undefined : current;
    } catch {
      // A link to nowhere is neither a directory nor absent.
      const isLink = await lstat(current).then(
        (entry) => entry.isSymbolicLink(),
        () => false,
      );
      if (isLink) return current;
    }
    if (dirname(current) === current) return undefined;
  }
}

/** Whether the lock file is now this process's; false when there is one already. */
async function createLock(lockPath: string, self: ProcessIdentity): Promise<boolean> {
  try {
    const file = await open(lockPath, 'wx', PRIVATE_FILE_MODE);
    try {
      await file.writeFile(`${JSON.stringify(self)}\n`);
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw new StartError(`cannot write ${lockPath}: ${reasonOf(error)}`, {
      exitCode: isPermissionError(error) ? 4 : 1,
      cause: error,
    });
  }
}

async function readHolder(lockPath: string): Promise<ProcessIdentity | undefined> {
  const text = await readFileIfPresent(lockPath);
  if (text !== '') return parseHolder(text);
  await delay(EMPTY_LOCK_WAIT_MS);
  return parseHolder(await readFileIfPresent(lockPath));
}

function parseHolder(text: string | undefined): ProcessIdentity | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    if (typeof value !== 'object' || value === null) return undefined;
    const pid = 'pid' in value ? value.pid : undefined;
    const started = 'started' in value ? value.started : undefined;
    if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
    return { pid, started: typeof started === 'string' ? started : '' };
  } catch {
    return undefined;
  }
}

// Renaming first makes sure that the file removed is the stale one that was read: of two processes that
// found it stale, the slower one would otherwise remove the lock of the faster.
async function removeStaleLock(lockPath: string, stale: ProcessIdentity | undefined): Promise<void> {
  const aside = `${lockPath}.${process.pid}.stale`;
  try {
    await rename(lockPath, aside);
    const moved = parseHolder(await readFileIfPresent(aside));
    if (moved?.pid === stale?.pid && moved?.started === stale?.started) await unlink(aside);
    else await rename(aside, lockPath);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw new StartError(`cannot take over ${lockPath}: ${reasonOf(error)}`, {
      exitCode: isPermissionError(error) ? 4 : 1,
      cause: error,
    });
  }
}

async function releaseLock(lockPath: string, self: ProcessIdentity): Promise<void> {
  const holder = parseHolder(await readFileIfPresent(lockPath).catch(() => undefined));
  if (holder?.pid !== self.pid || holder.started !== self.started) return;
  // A lock that cannot be removed is stale as soon as this process ends, so a failure does no harm.
  await unlink(lockPath).catch(() => undefined);
}

function inUse(path: string, holder: ProcessIdentity): StartError {
  return new StartError(
    `another antipode (process ${holder.pid}) is using ${path}; stop it, or choose another directory with --root-directory`,
    { exitCode: 5 },
  );
}
