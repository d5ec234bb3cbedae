import { randomBytes } from 'node:crypto';
import { chmod, open, readFile, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StartError, systemErrorCode } from './start-error.ts';

/** Only the owner may read or write: every file with a secret has this mode. */
export const PRIVATE_FILE_MODE = 0o600;
/** For what others may read, such as the CA certificate that `curl --cacert` needs. */
export const PUBLIC_FILE_MODE = 0o644;

/** What one atomic write needs. */
export interface AtomicWrite {
  readonly path: string;
  readonly content: string;
  /** The mode of the finished file; the temporary one has it from its first byte. */
  readonly mode: number;
}

/**
 * Replaces a file as a whole: after a crash at any point the path holds the old content or the new one,
 * durably once this returns. Failures of the file system become a `StartError` that names the file.
 */
export async function writeFileAtomically(write: AtomicWrite): Promise<void> {
  const folder = dirname(write.path);
  const temporary = join(folder, `.${basename(write.path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx', write.mode);
    try {
      // The umask may have taken bits away from a public file.
      await chmod(temporary, write.mode);
      await file.writeFile(write.content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, write.path);
    await syncFolder(folder);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw new StartError(`cannot write ${write.path}: ${reasonOf(error)}`, {
      exitCode: isPermissionError(error) ? 4 : 1,
      cause: error,
    });
  }
}

/** The text of a file; undefined when there is none. Other failures become a `StartError`. */
export async function readFileIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw new StartError(`cannot read ${path}: ${reasonOf(error)}`, {
      exitCode: isPermissionError(error) ? 4 : 1,
      cause: error,
    });
  }
}

/** A system error in plain words, with what to do where that is known. */
export function reasonOf(error: unknown): string {
  const code = systemErrorCode(error);
  const known = REASONS.get(code);
  if (known !== undefined) return known;
  return error instanceof Error ? error.message : String(error);
}

/** Whether the operating system refused for lack of rights. */
export function isPermissionError(error: unknown): boolean {
  const code = systemErrorCode(error);
  return code === 'EACCES' || code === 'EPERM';
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'permission denied; change its owner or mode, or start as the user it belongs to'],
  ['EPERM', 'the operating system does not permit it; start as the user it belongs to'],
  ['EROFS', 'the file system is read-only; choose a writable one with --root-directory'],
  ['ENOSPC', 'no space is left on the device; free some or choose another with --root-directory'],
  ['EDQUOT', 'the disk quota is used up; free some space or choose another place with --root-directory'],
  ['EISDIR', 'a directory is in its place; move it away'],
  ['ENOTDIR', 'a part of the path is a file, not a directory'],
  ['EMFILE', 'too many files are open; raise the limit with ulimit -n'],
]);

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open directories; there a rename is durable by the file system's own journal.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
