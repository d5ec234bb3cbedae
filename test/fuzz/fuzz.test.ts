import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ServerProcess, startServer } from '../support/server.ts';
import type { Wire } from './answer.ts';
import { History } from './history.ts';
import {
  followedKinds,
  GADGETS_CRD,
  gadgetsDefinition,
  NAMESPACES,
  pathOf,
  WIDGETS_CRD,
  widgetsDefinition,
} from './kinds.ts';
import { type Figures, run } from './run.ts';
import { Transport } from './transport.ts';

const REQUESTS = Number(process.env['ANTIPODE_FUZZ_REQUESTS'] ?? 5_000);
const SEED = Number(process.env['ANTIPODE_FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const SUCCESS_SHARE_MIN = 0.3;
/** What is alive must fit in here, or the server ends; without a bound V8 collects its garbage when it likes. */
const HEAP_MEBIBYTES = 160;
const RSS_BYTES_MAX = 400 * 2 ** 20;
const SHOWN_MAX = 25;
const REST_LOOK_MS = 500;
/** Longer than a controller rests between two looks at anything that waits. */
const REST_MS_MAX = 60_000;
/** Much slower than any machine; only to end what hangs. */
const TIMEOUT_MS = 120_000 + REQUESTS * 30;

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const program = process.env['ANTIPODE_FUZZ_PROGRAM'];

let rootDirectory = '';
let server: ServerProcess;
let transport: Transport;

beforeAll(async () => {
  rootDirectory = await mkdtemp(join(tmpdir(), 'antipode-fuzz-'));
  await start();
});

afterAll(async () => {
  transport?.close();
  await server?.stop();
  await rm(rootDirectory, { recursive: true, force: true, maxRetries: 3 });
});

async function start(): Promise<void> {
  const env = { NODE_OPTIONS: `--max-old-space-size=${HEAP_MEBIBYTES}` };
  server = await startServer({ rootDirectory, env, ...(program === undefined ? {} : { program }) });
  transport = new Transport(server);
}

test(
  `${REQUESTS} requests of seed ${SEED}: no failure, no hang, and whatever was accepted can be read back, listed and watched`,
  async () => {
    console.log(`ANTIPODE_FUZZ_REQUESTS=${REQUESTS} ANTIPODE_FUZZ_SEED=${SEED}`);
    await prepare();
    const history = new History();
    for (const kind of followedKinds) await history.follow(transport, kind);

    const figures = await run({
      server,
      transport,
      history,
      pages: new Map(),
      requests: REQUESTS,
      seed: SEED,
    });
    await namespacesAtRest();
    await history.settle();
    const states = await readAll(history);
    history.verify();
    history.close();
    print(figures, history);

    expect(summary(history.violations)).toEqual([]);
    expect(
      server
        .stderr()
        .split('\n')
        .filter((line) => / ERROR |uncaught|assertion/i.test(line))
        .slice(0, SHOWN_MAX),
    ).toEqual([]);
    expect(figures.requests).toBe(REQUESTS);
    expect(figures.successes / figures.requests).toBeGreaterThanOrEqual(SUCCESS_SHARE_MIN);
    // A connection with many broken off streams may be ended as a whole, by which others on it end too.
    expect(figures.broken.length, figures.broken[0]).toBeLessThanOrEqual(figures.requests / 1_000);
    expect(figures.rssBytesMax).toBeLessThan(RSS_BYTES_MAX);

    transport.close();
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    await start();
    const changed: string[] = [];
    for (const [path, before] of states) {
      const after = (await transport.get(path)).body.toString();
      if (after !== before) changed.push(`${path}\n  was ${before}\n  is  ${after}`);
    }
    expect(changed.slice(0, SHOWN_MAX)).toEqual([]);
    expect(states.size).toBeGreaterThan(followedKinds.length);
  },
  TIMEOUT_MS,
);

/** The namespaces and the two custom kinds. */
async function prepare(): Promise<void> {
  for (const definition of [widgetsDefinition, gadgetsDefinition]) await post(DEFINITIONS, definition);
  for (const name of NAMESPACES) await post('/api/v1/namespaces', { metadata: { name } });
  for (const name of [WIDGETS_CRD, GADGETS_CRD]) {
    const [plural] = name.split('.');
    while ((await transport.get(`/apis/fuzz.example.com/v1/${plural}`)).status !== 200) await delay(20);
  }
}

async function post(path: string, body: unknown): Promise<void> {
  const headers = { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' };
  const bytes = Buffer.from(JSON.stringify(body));
  const answer = await transport.call({ method: 'POST', path, headers, body: bytes, protocol: 'http1' });
  expect([answer.status, answer.body.toString()]).toEqual([201, expect.anything()]);
}

/** Namespaces that cannot end come to tell what is left in them. Each is looked at when it is due, which takes a while. */
async function namespacesAtRest(): Promise<void> {
  const deadlineMs = Date.now() + REST_MS_MAX;
  for (;;) {
    const late = await lateNamespaces();
    if (late.length === 0) return;
    if (Date.now() > deadlineMs) throw new Error(`namespaces tell what is not so: ${late.join('; ')}`);
    await delay(REST_LOOK_MS);
  }
}

/** Terminating namespaces that tell of the followed kinds something else than what is left, or of what holds that. */
async function lateNamespaces(): Promise<readonly string[]> {
  const kinds = followedKinds.filter(({ isNamespaced }) => isNamespaced);
  const left = new Counts();
  const holding = new Counts();
  for (const kind of kinds) {
    for (const { metadata } of await itemsAt(pathOf(kind, {}))) {
      const namespace = metadata?.namespace ?? '';
      left.add(namespace, kind.collection);
      for (const finalizer of metadata?.finalizers ?? []) holding.add(namespace, finalizer);
    }
  }
  const late: string[] = [];
  for (const { metadata, status } of await itemsAt('/api/v1/namespaces')) {
    if (metadata?.deletionTimestamp === undefined) continue;
    const name = metadata.name ?? '';
    const told = JSON.stringify(status);
    for (const { collection } of kinds) {
      const [group, plural] = collection.split('/');
      const count = left.of(name).get(collection) ?? 0;
      const start = `${plural}.${group} has `;
      if (count === 0 ? told.includes(start) : !told.includes(`${start}${count} resource instances`))
        late.push(`${name} has ${count} ${collection}: ${told}`);
    }
    for (const [finalizer, count] of holding.of(name))
      if (!told.includes(`${finalizer} in ${count} resource instances`))
        late.push(`${name} is held by ${finalizer} ${count} times: ${told}`);
  }
  return late;
}

/** How many there are of each thing in each namespace. */
class Counts {
  readonly #counts = new Map<string, Map<string, number>>();

  of(namespace: string): Map<string, number> {
    const counts = this.#counts.get(namespace) ?? new Map<string, number>();
    this.#counts.set(namespace, counts);
    return counts;
  }

  add(namespace: string, thing: string): void {
    const counts = this.of(namespace);
    counts.set(thing, (counts.get(thing) ?? 0) + 1);
  }
}

async function itemsAt(path: string): Promise<readonly Wire[]> {
  return (JSON.parse((await transport.get(path)).body.toString()) as Wire).items ?? [];
}

/** Lists every kind, compares it with its watch, and reads each object: its bytes by its path. */
async function readAll(history: History): Promise<Map<string, string>> {
  const states = new Map<string, string>();
  for (const kind of followedKinds) {
    const items = await itemsAt(pathOf(kind, {}));
    history.compareList(kind, items);
    for (const { metadata } of items) {
      const path = pathOf(kind, { namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' });
      const answer = await transport.get(path);
      if (answer.status !== 200) history.violations.push(`${path} is listed but gives ${answer.status}`);
      states.set(path, answer.body.toString());
      history.claimState(kind.collection, JSON.parse(answer.body.toString()) as Wire, 'the last GET');
    }
  }
  return states;
}

function summary(violations: readonly string[]): readonly string[] {
  return violations.length <= SHOWN_MAX
    ? violations
    : [`${violations.length} violations`, ...violations.slice(0, SHOWN_MAX)];
}

function print(figures: Figures, history: History): void {
  const share = ((100 * figures.successes) / figures.requests).toFixed(1);
  const rate = (figures.requests / figures.seconds).toFixed(0);
  const statuses = [...figures.statuses]
    .sort(([a], [b]) => a - b)
    .map(([status, count]) => `${status || 'cut off'}: ${count}`);
  console.log(
    [
      `${figures.requests} requests in ${figures.seconds.toFixed(1)} s (${rate}/s), ${share} % answered 2xx`,
      `statuses: ${statuses.join(', ')}`,
      `${figures.verifications} writes read back, ${history.events} watch events, ${Math.round(figures.rssBytesMax / 2 ** 20)} MiB at most, ${figures.broken.length} connections broken`,
    ].join('\n'),
  );
}
