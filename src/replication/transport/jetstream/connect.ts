import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type { ConnectionOptions, NatsConnection } from '@nats-io/transport-node';
import { limits } from '../../../base/mod.ts';
import { TransportError } from '../errors.ts';
import { Subjects, tokenOf } from '../subjects.ts';
import { Transport } from '../transport.ts';
import { checkServer } from './check-server.ts';
import type { NatsCarrier } from './nats-carrier.ts';
import type { NatsOptions } from './options.ts';

/** A server that says nothing for so long, twice in a row, is not there any more. */
const PING_INTERVAL_MS = 5_000;
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Connects a member to the NATS servers of its region, and checks that they can do what replication needs. From then
 * on the connection comes back by itself, for ever.
 *
 * @throws {TransportError} `unreachable`, `denied`, `configuration`; the message says what to do.
 */
export async function connectNats(options: NatsOptions): Promise<Transport> {
  const { self, clock, random } = options;
  const subjects = options.subjects ?? new Subjects();
  const carrier = await connectCarrier({ ...options, subjects });
  return new Transport({ carrier, clock, random, self, subjects });
}

/** The carrier alone. Throws as {@link connectNats}. */
export async function connectCarrier(
  options: NatsOptions & { readonly subjects: Subjects },
): Promise<NatsCarrier> {
  const domainOf = options.domainOf ?? tokenOf;
  // The clients are loaded only by members that have NATS.
  const nats = await import('@nats-io/transport-node');
  const { NatsCarrier } = await import('./nats-carrier.ts');
  let connection: NatsConnection;
  try {
    connection = await nats.connect(connectionOptions(options, nats));
  } catch (error) {
    throw connectionError(error, options);
  }
  try {
    await checkServer({ connection, domain: domainOf(options.self.region), region: options.self.region });
  } catch (error) {
    await connection.close();
    throw error;
  }
  return new NatsCarrier({ connection, domainOf, subjects: options.subjects, self: options.self });
}

function connectionOptions(
  options: NatsOptions & { readonly subjects: Subjects },
  nats: typeof import('@nats-io/transport-node'),
): ConnectionOptions {
  const { self, random, credentials = { kind: 'none' } } = options;
  const { caFile, certificateFile, keyFile } = options.tls ?? {};
  const base: ConnectionOptions = {
    servers: [...options.servers],
    name: `antipode ${self.region}/${self.member}`,
    inboxPrefix: options.subjects.inbox(self),
    timeout: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: 2,
    maxReconnectAttempts: -1,
    // Credentials may be mended while this member waits.
    ignoreAuthErrorAbort: true,
    reconnectDelayHandler: () => limits.retryMsMax / 2 + random.below(limits.retryMsMax / 2),
    noAsyncTraces: true,
    ...(options.tls === undefined
      ? {}
      : {
          tls: {
            ...checkingIdentity(options.servers),
            ...(caFile === undefined ? {} : { caFile }),
            ...(certificateFile === undefined ? {} : { certFile: certificateFile }),
            ...(keyFile === undefined ? {} : { keyFile }),
          },
        }),
  };
  switch (credentials.kind) {
    case 'none':
      return base;
    case 'password':
      return { ...base, user: credentials.user, pass: credentials.password };
    case 'token':
      return { ...base, token: credentials.token };
    case 'nkey':
      return { ...base, authenticator: nats.nkeyAuthenticator(() => seedOf(credentials.seedFile)) };
    case 'creds':
      return { ...base, authenticator: nats.credsAuthenticator(() => readFileSync(credentials.file)) };
  }
}

/**
 * The client upgrades a connection without saying to whom it is when servers are named by addresses, and Node.js then
 * compares the certificate with `localhost`. It must be that of one of the servers that were named.
 */
function checkingIdentity(servers: readonly string[]): object {
  const hosts = servers.map(
    (server) => new URL(server.includes('://') ? server : `nats://${server}`).hostname,
  );
  const addresses = hosts.map((host) => host.replace(/^\[|\]$/g, '')).filter((host) => isIP(host) !== 0);
  // The client hands on to Node.js what it does not know itself.
  const check = (host: string, certificate: PeerCertificate): Error | undefined => {
    if (host !== 'localhost' || hosts.includes(host)) return checkServerIdentity(host, certificate);
    const failures = addresses.map((address) => checkServerIdentity(address, certificate));
    return failures.includes(undefined) ? undefined : (failures[0] ?? checkServerIdentity(host, certificate));
  };
  return { checkServerIdentity: check };
}

/** The file may end with a line break, which a seed does not. */
function seedOf(file: string): Uint8Array {
  return Buffer.from(readFileSync(file, 'utf8').trim());
}

function connectionError(error: unknown, options: NatsOptions): TransportError {
  const reason = error instanceof Error ? error : new Error(String(error));
  const cause = reason.cause instanceof Error ? `${reason.message}: ${reason.cause.message}` : reason.message;
  const where = `cannot connect to NATS at ${options.servers.join(', ')}`;
  const text = `${reason.name} ${cause}`;
  if (/authoriz|authentic|nkey|seed|credential/i.test(text)) {
    const detail = 'the server refuses these credentials; check user, password, token or creds file';
    return new TransportError('denied', `${where}: ${detail} (${cause})`, { cause: error });
  }
  if (/certificate|self.signed|tls|ssl|altname|handshake/i.test(text)) {
    const detail = 'the TLS handshake failed; check the CA file, and the names in the server certificate';
    return new TransportError('configuration', `${where}: ${detail} (${cause})`, { cause: error });
  }
  if (/ENOENT|doesn't exist|EACCES/.test(text)) {
    return new TransportError('configuration', `${where}: ${cause}`, { cause: error });
  }
  const detail = 'is nats-server running there?';
  return new TransportError('unreachable', `${where}: ${cause}; ${detail}`, { cause: error });
}
