import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authenticator, staticTokens } from '../../src/access/mod.ts';
import { systemClock } from '../../src/base/mod.ts';
import { createFacade, type Facade } from '../../src/facade/mod.ts';
import { ensureCertificates } from '../../src/region/certificates.ts';
import { tokenHashOf } from '../../src/region/kubeconfig.ts';
import { type InProcessServer, startInProcess } from '../support/in-process.ts';
import { Client, type Status } from './client.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const TOKEN = 'time-limits';
/** Longer than every limit of the facade below together with the intervals at which they are checked. */
const OVER_MS = 3_000;
// More than the buffers of a connection take while nobody reads.
const LARGE_BYTES = 1_000_000;
const LARGE_OBJECTS = 20;

let server: InProcessServer;
let facade: Facade;
let place: { readonly port: number; readonly ca: string; readonly token: string };
let client: Client;
let directory: string;
const opened = new Set<{ destroy(): unknown }>();

beforeAll(async () => {
  server = await startInProcess();
  directory = await mkdtemp(join(tmpdir(), 'antipode-time-limits-'));
  const certificates = await ensureCertificates({
    directory,
    hostnames: ['localhost'],
    addresses: ['127.0.0.1'],
    clock: systemClock,
  });
  const user = { name: 'admin', uid: '', groups: ['system:masters'], extra: {} };
  facade = createFacade({
    services: new Map(),
    api: server.api,
    authenticator: new Authenticator({
      tokens: [staticTokens([{ tokenHash: tokenHashOf(TOKEN), user }])],
      clock: systemClock,
      audiences: ['here'],
      allowsAnonymous: false,
    }),
    tls: { certificate: certificates.servingCertificate, key: certificates.servingKey },
    report: () => {},
    timeouts: { headersMs: 500, requestMs: 700, responseMs: 1_000, idleMs: 1_500, checkMs: 100 },
  });
  place = { port: await facade.listen({ host: '127.0.0.1', port: 0 }), ca: certificates.ca, token: TOKEN };
  client = new Client(place);
  const text = 'x'.repeat(LARGE_BYTES);
  for (let index = 0; index < LARGE_OBJECTS; index += 1) {
    const metadata = { name: `large-${index}`, labels: { size: 'large' } };
    await client.create(CONFIG_MAPS, { metadata, data: { text } });
  }
});

afterAll(async () => {
  for (const connection of opened) connection.destroy();
  client?.close();
  await facade?.close();
  await server?.stop();
  await rm(directory, { recursive: true, force: true });
});

describe.concurrent('HTTP/2', () => {
  it('answers a body that stalls with 504 and closes its stream', async () => {
    const session = await openSession();
    const stream = post(session, CONFIG_MAPS);
    stream.write('{"metadata":');
    const [headers] = (await once(stream, 'response')) as [{ ':status'?: number }];
    expect(headers[':status']).toBe(504);
    expect(await textOf(stream)).toContain('"reason":"Timeout"');
    await closed(stream);
  });

  it('closes the stream of a body that stalls although its answer is known', async () => {
    const session = await openSession();
    const stream = post(session, CONFIG_MAPS, { authorization: 'Bearer wrong' });
    stream.write('{"metadata":');
    const [headers] = (await once(stream, 'response')) as [{ ':status'?: number }];
    expect(headers[':status']).toBe(401);
    stream.resume();
    await closed(stream);
  });

  it('closes a session that never asks anything', async () => {
    const session = await openSession();
    await closed(session);
  });

  it('closes a session that has asked something and is idle then', async () => {
    const session = await openSession();
    const stream = session.request({ ':path': '/healthz' });
    stream.resume();
    await once(stream, 'close');
    await delay(700);
    expect(session.closed).toBe(false);
    await closed(session);
  });

  it('keeps a session with a quiet watch', async () => {
    const session = await openSession();
    const stream = session.request({
      ':path': `${CONFIG_MAPS}?watch=1&labelSelector=none`,
      ...authorization(),
    });
    stream.resume();
    await once(stream, 'response');
    await delay(OVER_MS);
    expect([session.closed, stream.closed]).toEqual([false, false]);
  });

  it('breaks off an answer that nobody reads', async () => {
    const session = await openSession();
    const stream = session.request({ ':path': `${CONFIG_MAPS}/large-0`, ...authorization() });
    await once(stream, 'response');
    // Reading begins when it is too late: what comes then is not the whole.
    await delay(OVER_MS);
    const text = await textOf(stream).catch(() => '');
    expect(text.length).toBeLessThan(LARGE_BYTES);
  });
});

describe.concurrent('HTTP/1.1', () => {
  it('closes a connection that never says anything', async () => {
    const socket = await openSocket();
    await closed(socket);
  });

  it('closes a connection whose headers never end', async () => {
    const socket = await openSocket();
    socket.resume();
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n');
    await closed(socket);
  });

  it('closes a connection whose body stalls', async () => {
    const socket = await openSocket();
    socket.write(
      `POST ${CONFIG_MAPS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 100\r\n\r\n{`,
    );
    socket.resume();
    await closed(socket);
  });

  it('answers a body that stalls within the timeout of its request', async () => {
    const socket = await openSocket();
    socket.write(
      `POST ${CONFIG_MAPS}?timeout=200ms HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 100\r\n\r\n{`,
    );
    const text = await textOf(socket);
    expect(text).toMatch(/^HTTP\/1\.1 504 /);
    expect(text).toContain('Timeout: request did not complete within requested timeout');
  });

  it.each([`${CONFIG_MAPS}?labelSelector=size%3Dlarge`, `${CONFIG_MAPS}?limit=500`])(
    'breaks off an answer that nobody reads: %s',
    async (path) => {
      const socket = await openSocket();
      socket.pause();
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
      await delay(OVER_MS);
      const text = await textOf(socket).catch(() => '');
      expect(text.length).toBeLessThan(LARGE_BYTES * LARGE_OBJECTS);
    },
  );

  it('lets a connection be used again after an answer', async () => {
    for (let times = 0; times < 3; times += 1) {
      await delay(400);
      expect((await client.call(`${CONFIG_MAPS}/large-0`)).bytes.length).toBeGreaterThan(LARGE_BYTES);
    }
  });

  it('keeps a quiet watch', async () => {
    const watch = await client.watch(`${CONFIG_MAPS}?watch=1&labelSelector=late&timeout=1s`);
    await delay(OVER_MS);
    await client.create(CONFIG_MAPS, { metadata: { name: 'late', labels: { late: '' } } });
    expect((await watch.next()).object.metadata.name).toBe('late');
    watch.close();
  });
});

describe('the parameter timeout', () => {
  it.each([
    ['abc', 'time: invalid duration "abc"'],
    ['5', 'time: missing unit in duration "5"'],
    ['5x', 'time: unknown unit "x" in duration "5x"'],
    ['1s-2s', 'time: unknown unit "s-" in duration "1s-2s"'],
  ])('is refused when it is no duration: %s', async (timeout, reason) => {
    const requests = [
      { path: `${CONFIG_MAPS}/none` },
      { path: CONFIG_MAPS },
      { path: CONFIG_MAPS, method: 'POST', body: { metadata: { name: 'none' } } },
      { path: `${CONFIG_MAPS}/none`, method: 'DELETE' },
      { path: '/apis' },
    ];
    for (const { path, ...call } of requests) {
      const status: Status = await client.refuse(400, `${path}?timeout=${timeout}`, call);
      expect(status.message).toBe(`invalid timeout specified in the request URL - ${reason}`);
    }
  });

  it.each(['', '0', '0s', '-5s', '+1m30s', '1.5h', '.5m', '250ms', '500000us', '300000000ns', '100h'])(
    'may be %s',
    async (timeout) => {
      const reply = await client.call(`${CONFIG_MAPS}/large-0?timeout=${encodeURIComponent(timeout)}`);
      expect(reply.status).toBe(200);
    },
  );
});

async function openSession(): Promise<ClientHttp2Session> {
  const session = connectHttp2(`https://127.0.0.1:${place.port}`, { ca: place.ca });
  opened.add(session);
  session.on('error', () => {});
  await once(session, 'connect');
  return session;
}

function post(
  session: ClientHttp2Session,
  path: string,
  headers: Readonly<Record<string, string>> = authorization(),
): ClientHttp2Stream {
  const stream = session.request({
    ':path': path,
    ':method': 'POST',
    'content-type': 'application/json',
    ...headers,
  });
  stream.on('error', () => {});
  return stream;
}

function authorization(): Record<string, string> {
  return { authorization: `Bearer ${TOKEN}` };
}

async function openSocket(): Promise<TLSSocket> {
  const options = { host: '127.0.0.1', port: place.port, ca: place.ca, ALPNProtocols: ['http/1.1'] };
  const socket = connectTls(options);
  opened.add(socket);
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return socket;
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) text += chunk;
  return text;
}

/** Resolves when the server has closed it; rejects when that takes longer than its limits. */
async function closed(emitter: NodeJS.EventEmitter & { resume?(): unknown }): Promise<void> {
  emitter.resume?.();
  await once(emitter, 'close', { signal: AbortSignal.timeout(OVER_MS) });
}
