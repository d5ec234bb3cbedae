import { randomInt } from 'node:crypto';
import { access, chmod, constants, lstat, mkdir, readdir, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isPermissionError, PRIVATE_FILE_MODE, readFileIfPresent, reasonOf } from './atomic-file.ts';
import { isRunning, type ProcessIdentity, processIdentity } from './process-identity.ts';
import { StartError, systemErrorCode } from './start-error.ts';

/** A root directory that this process alone uses. */
export interface DirectoryLock {
  /** The absolute path. */
  readonly directory: string;
  /** Gives the directory up. Safe to call twice. */
  release(): Promise<void>;
}

/** The file by which a process says that it uses a root directory. */
export function lockFileName(pid: number): string {
  return `antipode.${pid}.lock`;
}

/**
 * Makes the root directory (mode 0700) if needed and takes it for this process. What a killed process
 * left behind is cleared away. Throws a `StartError` when another process uses the directory, when a file
 * is in its place, and when it cannot be read or written.
 *
 * Every process has a lock file of its own, writes it first and looks at the others after that, so of two
 * that start together at least one sees the other, and a dead process's file can be removed without the
 * risk of removing a living one's; one file for all would have that risk. LevelDB's own lock, which the
 * kernel keeps, stands behind this one for processes that cannot see each other, as in two containers.
 */
export async function acquireDirectoryLock(directory: string): Promise<DirectoryLock> {
  const path = resolve(directory);
  await prepareDirectory(path);
  const self = processIdentity(process.pid);
  if (takenHere.has(path)) throw inUse(path, self.pid);
  takenHere.add(path);
  const release = async (): Promise<void> => {
    if (!takenHere.delete(path)) return;
    // A file that cannot be removed is stale as soon as this process ends, so a failure does no harm.
    await unlink(join(path, lockFileName(self.pid))).catch(() => undefined);
  };
  try {
    await contend(path, self);
    return { directory: path, release };
  } catch (error) {
    await release();
    throw error;
  }
}

// What this process holds: two locks of one process would share a file.
const takenHere = new Set<string>();

// A round is lost only to a process that starts in the same moment; both then wait for a random time.
const ROUNDS_MAX = 6;
const ROUND_WAIT_MS_MAX = 100;

async function contend(path: string, self: ProcessIdentity): Promise<void> {
  const own = join(path, lockFileName(self.pid));
  for (let round = 1; ; round++) {
    await writeLock(own, { ...self, isHeld: false });
    const rivals = await livingRivals(path, self.pid);
    const holder = rivals.find((rival) => rival.isHeld) ?? (round === ROUNDS_MAX ? rivals[0] : undefined);
    if (holder !== undefined) throw inUse(path, holder.pid);
    if (rivals.length === 0) return writeLock(own, { ...self, isHeld: true });
    await unlink(own).catch(() => undefined);
    await delay(randomInt(ROUND_WAIT_MS_MAX));
  }
}

interface Claim extends ProcessIdentity {
  /** Whether that process has the directory, or is still looking whether it is free. */
  readonly isHeld: boolean;
}

async function prepareDirectory(path: string): Promise<void> {
  try {
    await makeDirectory(path);
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

// Step by step: `recursive: true` tries for ever where the kernel answers ENOENT below an existing directory,
// as in /proc.
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EEXIST' && (await isDirectory(path))) return;
    const parent = dirname(path);
    if (code !== 'ENOENT' || parent === path || (await isDirectory(parent))) throw error;
    await makeDirectory(parent);
    await mkdir(path, { mode: 0o700 });
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

// A directory that was made beforehand is closed to others as long as nothing else lives in it: someone
// who names /tmp as the root directory must not find it closed to everyone.
async function tightenMode(path: string): Promise<void> {
  const { mode, uid } = await stat(path);
  if ((mode & 0o077) === 0 || uid !== process.getuid?.()) return;
  const entries = await readdir(path);
  if (entries.length > 0 && !entries.some((entry) => lockedPid(entry) !== undefined)) return;
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

async function writeLock(file: string, claim: Claim): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(claim)}\n`, { mode: PRIVATE_FILE_MODE });
  } catch (error) {
    throw new StartError(`cannot write ${file}: ${reasonOf(error)}`, {
      exitCode: isPermissionError(error) ? 4 : 1,
      cause: error,
    });
  }
}

/** What other living processes say; files of dead ones are removed. */
async function livingRivals(path: string, ownPid: number): Promise<readonly Claim[]> {
  const rivals: Claim[] = [];
  for (const entry of await readdir(path)) {
    const pid = lockedPid(entry);
    if (pid === undefined || pid === ownPid) continue;
    const text = await readFileIfPresent(join(path, entry));
    if (text === undefined) continue;
    const claim = parseClaim(pid, text);
    if (isRunning(claim)) rivals.push(claim);
    else await unlink(join(path, entry)).catch(() => undefined);
  }
  return rivals;
}

function lockedPid(fileName: string): number | undefined {
  const digits = /^antipode\.([1-9]\d{0,9})\.lock$/.exec(fileName)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

// A file that is empty or torn is being written at this moment, or its writer died: the number tells.
function parseClaim(pid: number, text: string): Claim {
  try {
    const value: unknown = JSON.parse(text);
    const fields = typeof value === 'object' && value !== null ? value : {};
    const started = 'started' in fields && typeof fields.started === 'string' ? fields.started : '';
    return { pid, started, isHeld: 'isHeld' in fields && fields.isHeld === true };
  } catch {
    return { pid, started: '', isHeld: false };
  }
}

function inUse(path: string, pid: number): StartError {
  return new StartError(
    `another antipode (process ${pid}) is using ${path}; stop it, or choose another directory with --root-directory`,
    { exitCode: 5 },
  );
}
