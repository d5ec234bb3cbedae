import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Client } from '../http/client.ts';
import { freePort, type ServerOptions, type ServerProcess, startServer } from '../support/server.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
/** A signal that does nothing to a running process: with it, `kill` only waits. */
const NOTHING = 'SIGCONT';

describe('SIGTERM', () => {
  it('ends watches as HTTP ends them, and the program with 0', async () => {
    const server = await serve();
    const client = new Client(server);
    onTestFinished(() => client.close());
    const watches = await Promise.all(
      [CONFIG_MAPS, '/api/v1/namespaces', '/api/v1/secrets'].map((path) => client.watch(`${path}?watch=1`)),
    );
    await client.create(CONFIG_MAPS, { metadata: { name: 'seen' } });
    await watches[0]?.until(({ object }) => object.metadata.name === 'seen');
    const exit = await server.kill('SIGTERM');
    expect(exit).toEqual({ code: 0, signal: null });
    for (const watch of watches) await watch.ended;
    expect(server.stderr()).toBe('');
  });

  it('ends watches over HTTP/2 as well', async () => {
    const server = await serve();
    const session = connectHttp2(server.url, { ca: server.ca });
    onTestFinished(() => session.destroy());
    const stream = session.request({
      ':path': `${CONFIG_MAPS}?watch=1`,
      authorization: `Bearer ${server.token}`,
    });
    await once(stream, 'response');
    stream.resume();
    const ended = once(stream, 'end');
    const exit = await server.kill('SIGTERM');
    await ended;
    expect(stream.rstCode).toBe(0);
    expect(exit.code).toBe(0);
  });

  it('does not wait for connections that are idle', async () => {
    const server = await serve();
    const client = new Client(server);
    onTestFinished(() => client.close());
    await Promise.all(Array.from({ length: 20 }, () => client.call('/version')));
    const session = connectHttp2(server.url, { ca: server.ca });
    onTestFinished(() => session.destroy());
    await once(session, 'connect');
    const startedMs = performance.now();
    expect((await server.kill('SIGTERM')).code).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(2_500);
  });

  it('lets a write finish, and says meanwhile that it is alive but not ready', async () => {
    const server = await serve();
    const write = await beginWrite(server, 'slow');
    process.kill(server.pid, 'SIGTERM');
    const client = new Client(server);
    onTestFinished(() => client.close());
    const notReady = await readyz(client, 500);
    expect(notReady).toContain('[-]shutdown failed: reason withheld\n');
    expect(notReady).toContain('readyz check failed\n');
    const alive = await client.call('/livez', { token: null });
    expect([alive.status, alive.text]).toEqual([200, 'ok']);
    const late = await client.refuse(429, CONFIG_MAPS, {
      method: 'POST',
      body: { metadata: { name: 'late' } },
    });
    expect(late).toMatchObject({ reason: 'TooManyRequests', details: { retryAfterSeconds: 1 } });
    const session = connectHttp2(server.url, { ca: server.ca });
    onTestFinished(() => session.destroy());
    const stream = session.request({ ':path': CONFIG_MAPS, authorization: `Bearer ${server.token}` });
    const [headers] = await once(stream, 'response');
    expect(headers[':status']).toBe(429);
    stream.resume();
    const { status, uid } = await write.finish();
    expect(status).toBe(201);
    expect(await server.kill(NOTHING)).toEqual({ code: 0, signal: null });
    expect(server.stderr()).toBe('');

    const again = await serve({ rootDirectory: server.rootDirectory, port: server.port });
    const after = new Client(again);
    onTestFinished(() => after.close());
    expect((await after.get(`${CONFIG_MAPS}/slow`)).metadata.uid).toBe(uid);
    expect((await after.call(`${CONFIG_MAPS}/late`)).status).toBe(404);
  });

  it('does not wait for ever for a client that stalls', async () => {
    const server = await serve();
    await beginWrite(server, 'never');
    const startedMs = performance.now();
    expect((await server.kill('SIGTERM')).code).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(8_000);
  });

  it('does not wait for ever for a connection that says nothing at all', async () => {
    const server = await serve();
    const silent = connectTcp(server.port, '127.0.0.1');
    onTestFinished(() => void silent.destroy());
    await once(silent, 'connect');
    // The server knows of it once it has answered a later one.
    const client = new Client(server);
    onTestFinished(() => client.close());
    await client.call('/version');
    const startedMs = performance.now();
    expect((await server.kill('SIGTERM')).code).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(8_000);
  });

  it('does not wait for ever for a watcher that reads nothing', async () => {
    const server = await serve();
    const client = new Client(server);
    onTestFinished(() => client.close());
    const stalled = await open(server, `${CONFIG_MAPS}?watch=1`);
    stalled.pause();
    const text = 'x'.repeat(200_000);
    for (let index = 0; index < 30; index++) {
      await client.create(CONFIG_MAPS, { metadata: { name: `large-${index}` }, data: { text } });
    }
    expect((await server.kill('SIGTERM')).code).toBe(0);
    stalled.destroy();
  });

  it('a second time ends it at once, and nothing that was acknowledged is lost', async () => {
    const server = await serve();
    const client = new Client(server);
    onTestFinished(() => client.close());
    const { metadata } = await client.create(CONFIG_MAPS, { metadata: { name: 'kept' } });
    await beginWrite(server, 'never');
    process.kill(server.pid, 'SIGTERM');
    // A second signal right after the first is taken for its echo, as under npm.
    await delay(700);
    const startedMs = performance.now();
    expect(await server.kill('SIGTERM')).toEqual({ code: 143, signal: null });
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    const again = await serve({ rootDirectory: server.rootDirectory });
    const after = new Client(again);
    onTestFinished(() => after.close());
    expect((await after.get(`${CONFIG_MAPS}/kept`)).metadata.uid).toBe(metadata.uid);
  });

  it('during many writes refuses or finishes each of them', async () => {
    const server = await serve();
    const client = new Client(server);
    onTestFinished(() => client.close());
    const created: string[] = [];
    let isStopping = false;
    const writers = Array.from({ length: 16 }, async (_, writer) => {
      for (let count = 0; ; count++) {
        const name = `w${writer}-${count}`;
        const reply = await client
          .call(CONFIG_MAPS, { method: 'POST', body: { metadata: { name } } })
          .catch(() => undefined);
        if (reply?.status === 201) created.push(name);
        else if (isStopping && (reply === undefined || reply.status === 429)) return '';
        else return `${name}: ${reply?.status} ${reply?.text}`;
      }
    });
    await delay(300);
    isStopping = true;
    expect((await server.kill('SIGTERM')).code).toBe(0);
    expect((await Promise.all(writers)).filter((fault) => fault !== '')).toEqual([]);
    const again = await serve({ rootDirectory: server.rootDirectory });
    const after = new Client(again);
    onTestFinished(() => after.close());
    const names = new Set((await after.list(CONFIG_MAPS)).items.map(({ metadata }) => metadata.name));
    expect(created.length).toBeGreaterThan(0);
    expect(created.filter((name) => !names.has(name))).toEqual([]);
  });
});

describe('a restart', () => {
  it('keeps the token and the certificate authority, so that an old kubeconfig works', async () => {
    const first = await serve();
    await first.kill('SIGTERM');
    const second = await serve({ rootDirectory: first.rootDirectory, port: first.port });
    expect([second.token, second.ca]).toEqual([first.token, first.ca]);
    const old = new Client(first);
    onTestFinished(() => old.close());
    expect((await old.list('/api/v1/namespaces')).items.length).toBeGreaterThanOrEqual(4);
  });

  it('continues pages and watches from before it', async () => {
    const first = await serve();
    const before = new Client(first);
    for (const name of ['a', 'b', 'c']) await before.create(CONFIG_MAPS, { metadata: { name } });
    const page = await before.list(`${CONFIG_MAPS}?limit=2`);
    await before.delete(`${CONFIG_MAPS}/c`);
    before.close();
    await first.kill('SIGTERM');
    const second = await serve({ rootDirectory: first.rootDirectory });
    const after = new Client(second);
    onTestFinished(() => after.close());
    const next = page.metadata.continue ?? '';
    const rest = await after.list(`${CONFIG_MAPS}?limit=10&continue=${encodeURIComponent(next)}`);
    const names = [...page.items, ...rest.items].map(({ metadata }) => metadata.name);
    expect(names.filter((name) => name.length === 1)).toEqual(['a', 'b', 'c']);
    const watch = await after.watch(
      `${CONFIG_MAPS}?watch=1&resourceVersion=${page.metadata.resourceVersion}`,
    );
    expect(await watch.next()).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'c' } } });
  });
});

describe('npm start', () => {
  const repository = fileURLToPath(new URL('../../', import.meta.url));

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'passes %s on to the server, which stops cleanly',
    async (signal) => {
      const rootDirectory = await mkdtemp(join(tmpdir(), 'antipode-npm-'));
      onTestFinished(() => rm(rootDirectory, { recursive: true, force: true }));
      const port = await freePort();
      const flags = [
        '--root-directory',
        rootDirectory,
        '--bind-address',
        '127.0.0.1',
        '--secure-port',
        String(port),
      ];
      const npm = spawn('npm', ['start', '--', ...flags], { cwd: repository, detached: true });
      // The group as a whole: npm, its shell and the server.
      onTestFinished(() => endGroup(npm.pid));
      let output = '';
      for (const stream of [npm.stdout, npm.stderr]) {
        stream.on('data', (chunk: Buffer) => {
          output += chunk.toString();
        });
      }
      const exit = once(npm, 'exit');
      await waitFor(
        () => output.includes('Antipode serves'),
        () => output,
      );
      npm.kill(signal);
      const [code] = await exit;
      expect(code, output).toBe(0);
      await waitFor(
        () => !isListening(rootDirectory),
        () => output,
      );
      const again = await serve({ rootDirectory });
      expect(again.pid).toBeGreaterThan(0);
    },
  );

  it('survives a signal that a terminal sends to npm and to the server alike', async () => {
    const rootDirectory = await mkdtemp(join(tmpdir(), 'antipode-npm-'));
    onTestFinished(() => rm(rootDirectory, { recursive: true, force: true }));
    const port = await freePort();
    const flags = [
      '--root-directory',
      rootDirectory,
      '--bind-address',
      '127.0.0.1',
      '--secure-port',
      String(port),
    ];
    const npm = spawn('npm', ['start', '--', ...flags], { cwd: repository, detached: true });
    onTestFinished(() => endGroup(npm.pid));
    let output = '';
    npm.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const exit = once(npm, 'exit');
    await waitFor(
      () => output.includes('Antipode serves'),
      () => output,
    );
    process.kill(-(npm.pid ?? 0), 'SIGINT');
    const [code] = await exit;
    expect(code, output).toBe(0);
    expect(isListening(rootDirectory)).toBe(false);
  });
});

async function serve(options: ServerOptions = {}): Promise<ServerProcess> {
  const server = await startServer(options);
  onTestFinished(async () => void (await server.stop()));
  return server;
}

/** A creation whose head and half of whose body the server has. */
async function beginWrite(
  server: ServerProcess,
  name: string,
): Promise<{ finish(): Promise<{ readonly status: number; readonly uid: string }> }> {
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
  const outgoing: ClientRequest = request({
    host: '127.0.0.1',
    port: server.port,
    ca: server.ca,
    agent: false,
    method: 'POST',
    path: CONFIG_MAPS,
    headers: {
      authorization: `Bearer ${server.token}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      // The answer to this says that the server has taken the request up.
      expect: '100-continue',
    },
  });
  outgoing.on('error', () => {});
  const taken = once(outgoing, 'continue');
  outgoing.flushHeaders();
  await taken;
  outgoing.write(body.slice(0, 20));
  return {
    async finish() {
      const answered = once(outgoing, 'response');
      outgoing.end(body.slice(20));
      const [response] = (await answered) as [IncomingMessage];
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const object = JSON.parse(Buffer.concat(chunks).toString()) as { metadata: { uid: string } };
      return { status: response.statusCode ?? 0, uid: object.metadata.uid };
    },
  };
}

async function open(server: ServerProcess, path: string): Promise<IncomingMessage> {
  const outgoing = request({
    host: '127.0.0.1',
    port: server.port,
    ca: server.ca,
    agent: false,
    path,
    headers: { authorization: `Bearer ${server.token}` },
  });
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  return response;
}

/** What readyz says as soon as it has that status. */
async function readyz(client: Client, status: number): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    const reply = await client.call('/readyz', { token: null });
    if (reply.status === status) return reply.text;
    if (attempt > 100) throw new Error(`/readyz still answers ${reply.status}`);
    await delay(10);
  }
}

async function waitFor(isDone: () => boolean, report: () => string): Promise<void> {
  const deadlineMs = Date.now() + 20_000;
  while (!isDone()) {
    if (Date.now() > deadlineMs) throw new Error(`it does not happen:\n${report()}`);
    await delay(20);
  }
}

/** Whether a server holds its directory: it gives the lock up last. */
function isListening(rootDirectory: string): boolean {
  return existsSync(join(rootDirectory, 'data', 'LOCK')) && lockFiles(rootDirectory).length > 0;
}

function lockFiles(rootDirectory: string): string[] {
  return readdirSync(rootDirectory).filter((name) => /^antipode\.\d+\.lock$/.test(name));
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}
