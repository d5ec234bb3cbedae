// A planet of its own for measurements and trials, and ways to talk to its regions.
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:http2';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'yaml';

const READY_TIMEOUT_MS = 240_000;
const STREAM_WINDOW_BYTES = 4 * 1024 * 1024;
const SESSION_WINDOW_BYTES = 1024 * 1024 * 1024;
const program = fileURLToPath(new URL('../../dist/bin/antipode', import.meta.url));
if (!existsSync(program)) {
  console.error('dist is missing: run `npm run build` first');
  process.exit(1);
}

/** Starts a planet in a folder of its own. `close` stops it and removes the folder. */
export async function startPlanet(flags) {
  const directory = await mkdtemp(join(tmpdir(), 'antipode-trial-'));
  const own = ['--root-directory', directory, '--secure-port', '0'];
  const child = spawn(process.execPath, [program, 'planet', ...own, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const close = async () => {
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      await new Promise((resolve) => child.once('exit', resolve));
    }
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await untilReady(child);
    const regions = await regionsOf(directory);
    const act = (...action) =>
      promisify(execFile)(process.execPath, [program, 'planet', ...action, '--root-directory', directory]);
    return { regions, act, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Sends a request and reads the whole answer, over one connection to each region, as client-go does: a connection for each
 * request under way would cost more than what is measured. `status` 0: there was none.
 */
export function call(region, path, { method = 'GET', body, type = 'application/json' } = {}) {
  return new Promise((resolve) => {
    const failed = (error) => resolve({ status: 0, headers: {}, text: String(error) });
    const stream = sessionOf(region).request({
      ...region.options.headers,
      'content-type': type,
      ':method': method,
      ':path': path,
    });
    let headers = {};
    let text = '';
    stream.once('response', (received) => {
      headers = received;
    });
    stream.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    stream.once('end', () => resolve({ status: headers[':status'] ?? 0, headers, text }));
    stream.once('error', failed);
    stream.once('close', () => failed('the connection was closed'));
    stream.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const sessions = new Map();

function sessionOf(region) {
  const { host, port, ca } = region.options;
  const authority = `https://${host}:${port}`;
  const known = sessions.get(authority);
  if (known !== undefined && !known.closed && !known.destroyed) return known;
  // The windows of client-go: with those of Node.js a large list waits for its reader every 64 KiB.
  const session = connect(authority, { ca, settings: { initialWindowSize: STREAM_WINDOW_BYTES } });
  session.on('connect', () => session.setLocalWindowSize(SESSION_WINDOW_BYTES));
  session.on('error', () => {});
  session.unref();
  sessions.set(authority, session);
  return session;
}

/** Calls a function so many times a second for some seconds, whatever becomes of the calls before; resolves when all have ended. */
export async function paced({ rate, seconds, signal }, run) {
  const startMs = performance.now();
  const all = [];
  for (let index = 0; index < rate * seconds && signal?.aborted !== true; index++) {
    const waitMs = startMs + (index * 1_000) / rate - performance.now();
    if (waitMs > 0) await delay(waitMs);
    all.push(run(index));
  }
  await Promise.all(all);
}

async function regionsOf(directory) {
  const config = parse(await readFile(join(directory, 'admin.kubeconfig'), 'utf8'));
  return Object.fromEntries(
    config.contexts.map(({ name, context }) => {
      const { cluster } = config.clusters.find((each) => each.name === context.cluster);
      const { user } = config.users.find((each) => each.name === context.user);
      const ca = Buffer.from(cluster['certificate-authority-data'], 'base64');
      const { hostname: host, port } = new URL(cluster.server);
      const headers = { authorization: `Bearer ${user.token}` };
      return [name, { options: { host, port, headers, ca, agent: new Agent({ keepAlive: true, ca }) } }];
    }),
  );
}

async function untilReady(child) {
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  const deadlineMs = performance.now() + READY_TIMEOUT_MS;
  while (!output.includes('Ctrl-C stops it.')) {
    if (performance.now() > deadlineMs || child.exitCode !== null)
      throw new Error(`the planet did not start:\n${output}`);
    await delay(100);
  }
}
