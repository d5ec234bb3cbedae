import type { NatsConnection } from '@nats-io/transport-node';
import { limits } from '../../../base/mod.ts';
import { TransportError } from '../errors.ts';
import { errorText, isNoResponders } from './outcomes.ts';

/** Debian 12 ships 2.9.10; before 2.9 consumers and direct reads work differently. */
const VERSION_MIN = [2, 9, 0] as const;

export interface CheckServerOptions {
  readonly connection: NatsConnection;
  readonly region: string;
  /** The JetStream domain that the server must have; undefined for none. */
  readonly domain: string | undefined;
}

/** Throws a {@link TransportError} that says what to change, unless the server can do what replication needs. */
export async function checkServer(options: CheckServerOptions): Promise<void> {
  checkServerInfo(options.connection);
  await checkJetStream(options);
}

/** What the server says of itself at every connection. */
export function checkServerInfo(connection: NatsConnection): void {
  const { info } = connection;
  if (info === undefined) return;
  const where = whereOf(connection);
  if (isOlder(info.version)) {
    throw configuration(`${where} has version ${info.version}: at least ${VERSION_MIN.join('.')} is needed`);
  }
  if (info.max_payload < limits.natsPayloadBytesMin) {
    const taken = `takes messages of ${info.max_payload} bytes, and replication needs 8 MB`;
    const remedy =
      'set `max_payload: 8MB` in its configuration, and in that of all servers between the regions';
    throw configuration(`${where} ${taken}: ${remedy}, and restart it`);
  }
}

async function checkJetStream({ connection, domain, region }: CheckServerOptions): Promise<void> {
  const where = whereOf(connection);
  const remedy = `add \`jetstream { store_dir: "…"${domain === undefined ? '' : `, domain: ${domain}`} }\` to its configuration, and enable it for the account of this user`;
  let answer: { readonly domain?: string; readonly error?: { readonly description?: string } };
  try {
    const message = await connection.request('$JS.API.INFO', undefined, {
      timeout: limits.streamOpenTimeoutMs,
    });
    answer = message.json();
  } catch (error) {
    if (isNoResponders(error)) throw configuration(`${where} has no JetStream: ${remedy}`);
    throw new TransportError('unreachable', `${where}: its JetStream does not answer: ${errorText(error)}`, {
      cause: error,
    });
  }
  if (answer.error !== undefined) {
    throw configuration(`${where} has no JetStream for this user (${answer.error.description}): ${remedy}`);
  }
  if ((answer.domain ?? '') === (domain ?? '')) return;
  const has = answer.domain ? `is in the JetStream domain ${answer.domain}` : 'is in no JetStream domain';
  const wanted =
    domain === undefined
      ? 'and none is expected: remove `domain`'
      : `and that of region ${region} is ${domain}: set \`domain: ${domain}\` in \`jetstream\``;
  throw configuration(`${where} ${has}, ${wanted} in its configuration, or connect to another server`);
}

export function whereOf(connection: NatsConnection): string {
  const name = (connection.info as { readonly server_name?: string } | undefined)?.server_name;
  return `the NATS server ${name === undefined ? '' : `${name} `}at ${connection.getServer()}`;
}

/** Whether the server, as far as it is known, is at least of a version. */
export function isAtLeast(version: string, wanted: readonly number[]): boolean {
  const parts = version.split(/[.-]/).map(Number);
  for (const [index, number] of wanted.entries()) {
    const part = parts[index] ?? 0;
    if (part !== number) return part > number;
  }
  return true;
}

function isOlder(version: string): boolean {
  return !isAtLeast(version, VERSION_MIN);
}

function configuration(message: string): TransportError {
  return new TransportError('configuration', message);
}
