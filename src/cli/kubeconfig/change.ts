import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, realpath, rename, rm, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure, reasonOf, systemCode } from '../failure.ts';
import { Kubeconfig, type KubeconfigPlaces, kubeconfigPaths } from './kubeconfig.ts';

/**
 * Reads the kubeconfig, lets `change` change it, and writes the files that are different now. All of it
 * happens under the lock files that kubectl makes too (`config.lock`), so that neither loses what the other
 * writes, and each file is replaced as a whole.
 */
export async function changeKubeconfig<T>(
  places: KubeconfigPlaces,
  change: (kubeconfig: Kubeconfig) => T,
): Promise<T> {
  // In one order everywhere, as kubectl takes them, so that two programs never wait for each other.
  const paths = [...kubeconfigPaths(places)].sort();
  const locked: string[] = [];
  try {
    for (const path of paths) locked.push(await lock(path));
    const kubeconfig = await Kubeconfig.load(places);
    const before = kubeconfig.files.map((file) => file.toText());
    const result = change(kubeconfig);
    for (const [index, file] of kubeconfig.files.entries()) {
      const text = file.toText();
      if (text !== before[index]) await replaceFile(file.path, text);
    }
    return result;
  } finally {
    for (const path of locked) await rm(path, { force: true });
  }
}

const LOCK_WAIT_MS = 5_000;
const LOCK_POLL_MS = 25;

async function lock(path: string): Promise<string> {
  const lockPath = `${path}.lock`;
  const deadlineMs = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    try {
      await mkdir(dirname(path), { recursive: true });
      await (await open(lockPath, 'wx', 0o600)).close();
      return lockPath;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') {
        throw new Failure(`cannot write the kubeconfig ${path}: ${reasonOf(error)}`, { cause: error });
      }
      if (Date.now() > deadlineMs) {
        throw new Failure(`the kubeconfig ${path} is being changed by another program`, {
          hint: `If none is running, remove ${lockPath} and try again.`,
        });
      }
      await delay(LOCK_POLL_MS);
    }
  }
}

/** Only the owner may read a new kubeconfig: it holds credentials. */
const NEW_FILE_MODE = 0o600;

async function replaceFile(path: string, text: string): Promise<void> {
  // A link stays a link: what it leads to is what is replaced.
  const target = await realpath(path).catch(() => path);
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const mode = await stat(target).then(
      (found) => found.mode & 0o777,
      () => NEW_FILE_MODE,
    );
    const file = await open(temporary, 'wx', mode);
    try {
      await chmod(temporary, mode);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw new Failure(`cannot write the kubeconfig ${path}: ${reasonOf(error)}`, { cause: error });
  }
}
