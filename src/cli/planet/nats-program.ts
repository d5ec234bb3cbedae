import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { Failure, reasonOf } from '../failure.ts';

/** A nats-server on this machine. */
export interface NatsProgram {
  readonly path: string;
  /** `2.9.10`. */
  readonly version: string;
  /** It works, but a newer one is better. */
  readonly isOld: boolean;
}

/** What Debian 12 ships; older ones were never tried, and lack what gateways behind proxies need. */
export const VERSION_MIN = '2.9.10';
/** From here on what was found wrong with replicated streams is mended. */
export const VERSION_RECOMMENDED = '2.12.3';

/** Folders of server programs, which the PATH of ordinary users leaves out on Debian and its descendants. */
const MORE_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

const VERSION_TIMEOUT_MS = 10_000;

/**
 * The nats-server to run: `path` if one is given, else the first on the PATH or where packages put it. Fails with
 * how to install one when there is none, or none that is new enough.
 */
export async function findNatsServer(choice: {
  readonly path?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform?: NodeJS.Platform;
}): Promise<NatsProgram> {
  const platform = choice.platform ?? process.platform;
  const path = choice.path === undefined ? find(choice.environment['PATH']) : resolve(choice.path);
  if (path === undefined) {
    throw new Failure('there is no nats-server on PATH, and a planet needs one to join its regions', {
      hint: howToInstall(platform),
    });
  }
  const version = await versionOf(path, platform);
  if (compareVersions(version, VERSION_MIN) < 0) {
    throw new Failure(
      `${path} is nats-server ${version}, which is too old: ${VERSION_MIN} is the oldest that works`,
      {
        hint: howToInstall(platform),
      },
    );
  }
  return { path, version, isOld: compareVersions(version, VERSION_RECOMMENDED) < 0 };
}

/** How to get a nats-server, in a few lines. */
export function howToInstall(platform: NodeJS.Platform): string {
  const lines = {
    darwin: ['  brew install nats-server'],
    linux: [
      '  sudo apt-get install nats-server      # Debian 12 or newer, Ubuntu 23.04 or newer',
      '  sudo dnf install nats-server          # Fedora',
      '  sudo pacman -S nats-server            # Arch Linux',
    ],
  };
  const known = platform === 'darwin' || platform === 'linux' ? lines[platform] : [];
  return [
    ...(known.length === 0 ? [] : ['Install one with your package manager:', ...known]),
    known.length === 0 ? 'Install one:' : 'or anywhere with Go:',
    `  go install github.com/nats-io/nats-server/v2@v${VERSION_RECOMMENDED}   # puts it into $(go env GOPATH)/bin`,
    `https://github.com/nats-io/nats-server/releases has programs to download. ${VERSION_RECOMMENDED} or newer is best.`,
    'If it is there already, name it with --nats-server FILE.',
  ].join('\n');
}

/** Numeric comparison of versions such as `2.9.10`; a pre-release counts as its release. */
export function compareVersions(one: string, other: string): number {
  const [first, second] = [one, other].map((version) => (version.split('-')[0] ?? '').split('.').map(Number));
  for (const index of [0, 1, 2]) {
    const difference = (first?.[index] ?? 0) - (second?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function find(path: string | undefined): string | undefined {
  const folders = [...(path ?? '').split(delimiter).filter((folder) => folder !== ''), ...MORE_FOLDERS];
  return folders.map((folder) => join(folder, 'nats-server')).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function versionOf(path: string, platform: NodeJS.Platform): Promise<string> {
  return new Promise((resolvePromise, reject) => {
    execFile(path, ['--version'], { timeout: VERSION_TIMEOUT_MS }, (error, stdout) => {
      const version = /\bv?(\d+\.\d+\.\d+(?:-[\w.]+)?)/.exec(stdout)?.[1];
      if (version !== undefined && /nats-server/.test(stdout)) return resolvePromise(version);
      const reason = error === null ? 'it does not say which version it is' : reasonOf(error).split('\n')[0];
      reject(new Failure(`${path} is no nats-server: ${reason}`, { hint: howToInstall(platform) }));
    });
  });
}
