import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createUser } from '@nats-io/nkeys';
import { afterEach, expect, it, vi } from 'vitest';
import { type RegionName, systemClock, systemRandom } from '../../src/base/mod.ts';
import {
  connectNats,
  type NatsOptions,
  type Transport,
  TransportError,
} from '../../src/replication/transport/mod.ts';
import { batchOf, RETENTION, termIn } from '../../src/replication/transport/transport-world.suite.ts';
import { makeOperator, writeTlsFiles } from '../support/nats-credentials.ts';
import { describeWithNats, type NatsServer, startNatsServer } from '../support/nats-server.ts';
import { freePort } from '../support/server.ts';

// Servers are started for each test, on machines that may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const EU = 'eu' as RegionName;
const JETSTREAM = 'jetstream { store_dir: STORE, max_mem: 16M, max_file: 1G }';
const PAYLOAD = 'max_payload: 8MB';

describeWithNats('the connection of a member to NATS', () => {
  const servers: NatsServer[] = [];
  const transports: Transport[] = [];

  afterEach(async () => {
    for (const transport of transports.splice(0)) await transport.close();
    for (const server of servers.splice(0)) await server.stop();
  });

  const start = async (...config: readonly string[]) => {
    const server = await startNatsServer({ config: config.join('\n') });
    servers.push(server);
    return server;
  };
  const connect = async (server: { readonly url: string }, options: Partial<NatsOptions> = {}) => {
    const transport = await connectNats({
      servers: [server.url],
      self: { region: EU, member: 'one' },
      clock: systemClock,
      random: systemRandom,
      domainOf: () => undefined,
      ...options,
    });
    transports.push(transport);
    return transport;
  };
  const publishes = async (transport: Transport) => {
    const { publisher } = await transport.openLog(termIn(EU), RETENTION);
    return (await publisher.publish(batchOf(1))).kind;
  };
  const refusal = async (promise: Promise<Transport>) => {
    const error = await promise.then(
      () => new Error('it was connected'),
      (reason: unknown) => reason as Error,
    );
    expect(error).toBeInstanceOf(TransportError);
    return { code: (error as TransportError).code, message: error.message };
  };

  it('says that nobody listens there, and asks whether the server runs', async () => {
    const url = `nats://127.0.0.1:${await freePort()}`;
    const { code, message } = await refusal(connect({ url }));
    expect(code).toBe('unreachable');
    expect(message).toMatch(
      /cannot connect to NATS at nats:\/\/127.0.0.1:\d+: .*refused.*is nats-server running there\?/,
    );
  });

  it('refuses a server that takes no large messages, and says what to set', async () => {
    const { code, message } = await refusal(connect(await start(JETSTREAM)));
    expect(code).toBe('configuration');
    expect(message).toMatch(
      /the NATS server test at .* takes messages of 1048576 bytes.*set `max_payload: 8MB`/,
    );
  });

  it('refuses a server without JetStream, and says what to add', async () => {
    const { code, message } = await refusal(connect(await start(PAYLOAD), { domainOf: () => 'eu' }));
    expect(code).toBe('configuration');
    expect(message).toMatch(/has no JetStream.*add `jetstream { store_dir: "…", domain: eu }`/);
  });

  it('refuses an account without JetStream', async () => {
    const accounts = 'accounts { A { users: [ { user: a, password: a } ] } }\nno_auth_user: a';
    const { code, message } = await refusal(connect(await start(PAYLOAD, JETSTREAM, accounts)));
    expect(code).toBe('configuration');
    expect(message).toMatch(/enable it for the account of this user/);
  });

  it('refuses another JetStream domain than that of the region', async () => {
    const other = await start(PAYLOAD, JETSTREAM.replace('max_mem', 'domain: us, max_mem'));
    const wrong = await refusal(connect(other, { domainOf: (region) => region }));
    expect(wrong.code).toBe('configuration');
    expect(wrong.message).toMatch(
      /is in the JetStream domain us, and that of region eu is eu: set `domain: eu`/,
    );
    const none = await refusal(connect(await start(PAYLOAD, JETSTREAM), { domainOf: (region) => region }));
    expect(none.message).toMatch(/is in no JetStream domain, and that of region eu is eu/);
  });

  it('takes a user and password, and says that the server refuses them', async () => {
    const server = await start(PAYLOAD, JETSTREAM, 'authorization { user: eu, password: secret }');
    const good = { kind: 'password', user: 'eu', password: 'secret' } as const;
    expect(await publishes(await connect(server, { credentials: good }))).toBe('stored');
    const { code, message } = await refusal(connect(server, { credentials: { ...good, password: 'wrong' } }));
    expect(code).toBe('denied');
    expect(message).toMatch(/the server refuses these credentials/);
    expect(message).not.toMatch(/wrong/);
  });

  it('takes a token', async () => {
    const server = await start(PAYLOAD, JETSTREAM, 'authorization { token: "s3cret" }');
    expect(await publishes(await connect(server, { credentials: { kind: 'token', token: 's3cret' } }))).toBe(
      'stored',
    );
    expect((await refusal(connect(server))).code).toBe('denied');
  });

  it('takes an nkey, from a file that is read at every connection', async () => {
    const users = [createUser(), createUser()] as const;
    const config = (user: (typeof users)[number]) =>
      [PAYLOAD, JETSTREAM, `authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`].join('\n');
    const server = await start(config(users[0]));
    const seedFile = join(server.directory, 'seed.nk');
    await writeFile(seedFile, `${Buffer.from(users[0].getSeed())}\n`);
    const transport = await connect(server, { credentials: { kind: 'nkey', seedFile } });
    expect(await publishes(transport)).toBe('stored');
    await server.kill();
    await writeFile(seedFile, users[1].getSeed());
    const connected = new Promise<void>((resolve) => {
      transport.onStatus(({ kind }) => kind === 'connected' && resolve());
    });
    await server.start(config(users[1]));
    await connected;
    expect(transport.isConnected()).toBe(true);
  });

  it('takes a creds file', async () => {
    const { config, creds } = makeOperator();
    const server = await start(PAYLOAD, JETSTREAM, config);
    const file = join(server.directory, 'user.creds');
    await writeFile(file, creds);
    expect(await publishes(await connect(server, { credentials: { kind: 'creds', file } }))).toBe('stored');
    const missing = await refusal(
      connect(server, { credentials: { kind: 'creds', file: join(server.directory, 'none.creds') } }),
    );
    expect(missing.message).toMatch(/none\.creds/);
  });

  it('speaks TLS, shows its own certificate, and trusts only the authority that it was given', async () => {
    const server = await start(PAYLOAD, JETSTREAM);
    const tls = await writeTlsFiles(server.directory, 'nats');
    const other = await writeTlsFiles(server.directory, 'other');
    await server.kill();
    const { caFile, certificateFile, keyFile } = tls;
    const serverTls = `tls { cert_file: "${certificateFile}", key_file: "${keyFile}", ca_file: "${caFile}", verify: true }`;
    await server.start([PAYLOAD, JETSTREAM, serverTls].join('\n'));
    expect(await publishes(await connect(server, { tls }))).toBe('stored');
    const untrusted = await refusal(connect(server, { tls: { ...tls, caFile: other.caFile } }));
    expect(untrusted.code).toBe('configuration');
    expect(untrusted.message).toMatch(/the TLS handshake failed; check the CA file/);
    // A server that wants a certificate ends a handshake without one in silence.
    const connectTimeoutMs = 2_000;
    await refusal(connect(server, { tls: { caFile }, connectTimeoutMs }));
    await refusal(connect(server, { tls: { ...other, caFile }, connectTimeoutMs }));
  });

  it('says what becomes of the connection', async () => {
    const server = await start(PAYLOAD, JETSTREAM);
    const transport = await connect(server);
    const kinds: string[] = [];
    const changed = (kind: string) =>
      new Promise<void>((resolve) => {
        transport.onStatus((status) => status.kind === kind && resolve());
      });
    transport.onStatus(({ kind }) => kinds.push(kind));
    const lost = changed('disconnected');
    await server.kill();
    await lost;
    expect(transport.isConnected()).toBe(false);
    const back = changed('connected');
    await server.start();
    await back;
    expect(transport.isConnected()).toBe(true);
    await transport.close();
    expect(kinds.slice(0, 2)).toEqual(['disconnected', 'connected']);
  });

  it('refuses a stream that is not as it should be', async () => {
    const server = await start(PAYLOAD, JETSTREAM);
    const transport = await connect(server);
    await expect(transport.openLog(termIn(EU), { ...RETENTION, replicas: 3 })).rejects.toThrow(
      /cannot open the stream of log main, epoch 8, in region eu: .*(replicas|peers|clustered)/,
    );
    // Bounds may change between two starts.
    const first = await transport.openLog(termIn(EU), RETENTION);
    await first.publisher.publish(batchOf(1));
    const second = await transport.openLog(termIn(EU), { ...RETENTION, ageMsMax: 120_000 });
    expect(second.tail).toMatchObject({ lastSequence: 1 });
  });
});
