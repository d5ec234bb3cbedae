import { access, readFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { systemCode } from '../failure.ts';
import type { MemberNats } from './nats-config.ts';

export interface MemberPlace {
  readonly region: string;
  readonly rootDirectory: string;
  readonly securePort: number;
  readonly nats: MemberNats;
  /** Holds the password for NATS. */
  readonly passwordFile: string;
  /** Holds the token by which it joins; absent for the founder, and once it is a member. */
  readonly joinTokenFile?: string | undefined;
  /** What commits survive, where the member founds the planet. */
  readonly survive?: string | undefined;
}

/** How a member of the region is started: the arguments of `antipode`, and what its environment has besides. */
export interface MemberStart {
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * The one place that says how members of a planet are started. Secrets come in files, since everybody on the machine can
 * read arguments.
 */
export function memberStart(place: MemberPlace): MemberStart {
  return {
    arguments: [
      'start',
      ...['--root-directory', place.rootDirectory],
      ...['--bind-address', '127.0.0.1'],
      ...['--secure-port', String(place.securePort)],
      ...['--region', place.region],
      ...['--nats', place.nats.url],
      ...['--nats-user', place.nats.user],
      ...['--nats-password-file', place.passwordFile],
      ...(place.joinTokenFile === undefined ? [] : ['--join', `@${place.joinTokenFile}`]),
      ...(place.survive === undefined ? [] : ['--survive', place.survive]),
      ...['--log-level', 'info'],
    ],
    environment: {},
  };
}

const REQUEST_TIMEOUT_MS = 5_000;

/**
 * What a member answers to `GET /readyz`; undefined where it answers nothing yet, or has not written its kubeconfig,
 * which is the last thing that it does.
 */
export async function readiness(
  place: Pick<MemberPlace, 'rootDirectory' | 'securePort'>,
): Promise<number | undefined> {
  let ca: string;
  try {
    ca = await readFile(join(place.rootDirectory, 'ca.crt'), 'utf8');
    await access(join(place.rootDirectory, 'admin.kubeconfig'));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  return new Promise((resolve) => {
    const request = get(
      {
        host: '127.0.0.1',
        port: place.securePort,
        path: '/readyz',
        ca,
        agent: false,
        timeout: REQUEST_TIMEOUT_MS,
      },
      (response) => {
        response.resume();
        response.once('close', () => resolve(response.statusCode));
      },
    );
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(undefined));
    request.once('close', () => resolve(undefined));
  });
}
