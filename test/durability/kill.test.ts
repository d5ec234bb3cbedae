import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import {
  type KeyValueStore,
  MemoryKeyValue,
  openLevelKeyValue,
  PROJECTION_TABLES,
  replayLog,
} from '../../src/store/mod.ts';
import { Client, seedNamespace, type WatchEvent } from '../http/client.ts';
import { freePort, type ServerProcess, startServer } from '../support/server.ts';
import { GONE_GROUP, SlowDeletions } from './controllers.ts';
import { compareEvents, settleDoubts } from './evidence.ts';
import { Random } from './random.ts';
import { Ledger, writeUntilKilled } from './writers.ts';

const ROUNDS = Number(process.env['ANTIPODE_KILL_ROUNDS'] ?? 5);
const SEED = Number(process.env['ANTIPODE_KILL_SEED'] ?? Date.now() % 1_000_000);
const WRITERS = 64;
// Long enough for thousands of writes, short enough to hit the first ones now and then.
const KILL_AFTER_MS_MAX = 1_200;
// How long before the kill controllers are given work, which takes them some dozens of commits.
const DELETIONS_BEFORE_MS_MAX = 400;
const DELETED_OBJECTS = 15;
const ROUND_TIMEOUT_MS = 30_000;
const SENTINEL = 'sentinel';

it(
  `loses nothing that was acknowledged when it is killed during ${WRITERS} concurrent writers, ${ROUNDS} times`,
  async () => {
    console.log(`kill -9: to repeat, set ANTIPODE_KILL_SEED=${SEED} ANTIPODE_KILL_ROUNDS=${ROUNDS}`);
    const rootDirectory = await mkdtemp(join(tmpdir(), 'antipode-kill-'));
    onTestFinished(() => rm(rootDirectory, { recursive: true, force: true }));
    const port = await freePort();
    const random = new Random(SEED);
    const ledgers: Ledger[] = [];
    const totals: Totals = {
      acknowledged: 0,
      inDoubt: 0,
      happened: 0,
      interruptedDeletions: 0,
      restartMsMax: 0,
    };
    let server = await startServer({ rootDirectory, port });
    const first = server;
    onTestFinished(async () => void (await first.stop()));
    for (let round = 0; round < ROUNDS; round++) {
      const ledger = new Ledger();
      ledgers.push(ledger);
      server = await playRound({ server, round, ledger, random, totals });
    }
    const client = new Client(server);
    for (const [round, ledger] of ledgers.entries()) {
      const { items } = await client.list(collectionOf(round));
      const own = items.filter(({ metadata }) => metadata.name !== SENTINEL);
      expect(settleDoubts(ledger, own), `round ${round}, long after it`).toEqual([]);
    }
    client.close();
    console.log(`kill -9: ${ROUNDS} rounds, ${JSON.stringify(totals)}`);
    expect(totals.acknowledged).toBeGreaterThan(WRITERS);
    expect((await server.stop()).code).toBe(0);
    await checkDatabase(join(rootDirectory, 'data'));
  },
  60_000 + ROUNDS * ROUND_TIMEOUT_MS,
);

interface Totals {
  acknowledged: number;
  inDoubt: number;
  /** Of those in doubt. */
  happened: number;
  /** Work of controllers that the kill has interrupted. */
  interruptedDeletions: number;
  restartMsMax: number;
}

/** Writes, kills, restarts and compares. Resolves to the restarted server. */
async function playRound(game: {
  readonly server: ServerProcess;
  readonly round: number;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly totals: Totals;
}): Promise<ServerProcess> {
  const { server, round, ledger, random, totals } = game;
  const where = `round ${round} of seed ${SEED}`;
  const collection = collectionOf(round);
  const before = new Client(server);
  await before.create('/api/v1/namespaces', { metadata: { name: `kill-${round}` } });
  await seedNamespace(before, `kill-${round}`);
  const deletions = new SlowDeletions(round, DELETED_OBJECTS);
  await deletions.prepare(before);
  const start = (await before.list(collection)).metadata.resourceVersion;
  const live = await before.watch(watchPath(collection, start));
  const seenLive: WatchEvent[] = [];
  const watching = follow(live.next.bind(live), seenLive);

  // Connections are made before it counts: otherwise most kills would hit handshakes.
  await Promise.all(Array.from({ length: WRITERS }, () => before.call('/version')));
  let isKilled = false;
  const writers = Array.from({ length: WRITERS }, (_, writer) =>
    writeUntilKilled({
      client: before,
      collection,
      writer,
      ledger,
      random: new Random(random.below(2 ** 32)),
      isKilled: () => isKilled,
    }),
  );
  const killAfterMs = random.below(KILL_AFTER_MS_MAX);
  const deletionsBeforeMs = Math.min(random.below(DELETIONS_BEFORE_MS_MAX), killAfterMs);
  await Promise.race([delay(killAfterMs - deletionsBeforeMs), Promise.all(writers)]);
  const deleting = deletions.begin(before);
  await delay(deletionsBeforeMs);
  isKilled = true;
  process.kill(server.pid, 'SIGKILL');
  const killedAtMs = Date.now();
  const counts = await Promise.all(writers);
  expect(await server.kill('SIGKILL'), where).toEqual({ code: null, signal: 'SIGKILL' });
  await Promise.all([deleting, watching]);
  before.close();

  const startedMs = performance.now();
  const restarted = await startServer({ rootDirectory: server.rootDirectory, port: server.port });
  onTestFinished(async () => void (await restarted.stop()));
  totals.restartMsMax = Math.max(totals.restartMsMax, Math.round(performance.now() - startedMs));
  await server.stop();
  expect({ token: restarted.token, ca: restarted.ca }, where).toEqual({ token: server.token, ca: server.ca });

  const after = new Client(restarted);
  const acknowledgedUpTo = ledger.newestRevision;
  const { items, metadata } = await after.list(collection);
  const doubts = [...ledger.records.values()].filter(({ doubt }) => doubt !== undefined);
  const steps = doubts.map((record) => record.steps.length);
  expect(settleDoubts(ledger, items), where).toEqual([]);
  totals.acknowledged += counts.reduce((sum, count) => sum + count, 0);
  totals.inDoubt += doubts.length;
  totals.happened += doubts.filter((record, index) => record.steps.length > steps[index]!).length;
  expect(Number(metadata.resourceVersion), where).toBeGreaterThanOrEqual(acknowledgedUpTo);

  // Everything from before is below everything after it, and in between nothing is lost or doubled.
  const content = { value: 'last', again: 'last' };
  const sentinel = await after.create(collection, {
    metadata: { name: SENTINEL, labels: { value: 'last' } },
    data: content,
  });
  expect(Number(sentinel.metadata.resourceVersion), where).toBeGreaterThan(Number(metadata.resourceVersion));
  const whole = await watchUntilSentinel(after, collection, start);
  expect(compareEvents(ledger, whole), where).toEqual([]);
  const lastLive = seenLive.at(-1)?.object.metadata.resourceVersion ?? start;
  const rest = await watchUntilSentinel(after, collection, lastLive);
  expect(stamps([...seenLive, ...rest]), `${where}, continued at ${lastLive}`).toEqual(stamps(whole));

  await deletions.finish(after);
  totals.interruptedDeletions += await deletions.countInterrupted(after, killedAtMs);
  after.close();
  return restarted;
}

function collectionOf(round: number): string {
  return `/api/v1/namespaces/kill-${round}/configmaps`;
}

function watchPath(collection: string, resourceVersion: string): string {
  return `${collection}?watch=1&resourceVersion=${resourceVersion}`;
}

/** Collects events until the stream breaks. */
async function follow(next: () => Promise<WatchEvent>, events: WatchEvent[]): Promise<void> {
  try {
    for (;;) events.push(await next());
  } catch {
    // The server was killed: what came until then counts.
  }
}

/** The events of the writers, up to the object that was created after the restart. */
async function watchUntilSentinel(client: Client, collection: string, from: string): Promise<WatchEvent[]> {
  const watch = await client.watch(watchPath(collection, from));
  expect(watch.status).toBe(200);
  const events = await watch.until(({ object }) => object.metadata.name === SENTINEL);
  watch.close();
  return events.slice(0, -1);
}

function stamps(events: readonly WatchEvent[]): string[] {
  return events.map(
    ({ type, object }) => `${type} ${object.metadata.name}@${object.metadata.resourceVersion}`,
  );
}

/** The log alone gives the same bytes, nobody owes anything, and nothing of what was deleted is left. */
async function checkDatabase(path: string): Promise<void> {
  const stored = await openLevelKeyValue(path);
  onTestFinished(() => stored.close());
  const rebuilt = new MemoryKeyValue();
  await replayLog(stored, rebuilt);
  for (const table of PROJECTION_TABLES) {
    const [left, right] = await Promise.all([contentOf(stored, table), contentOf(rebuilt, table)]);
    expect(left.length, `table ${table.start}`).toBe(right.length);
    expect(Buffer.concat(left).equals(Buffer.concat(right)), `table ${table.start}`).toBe(true);
  }
  const objects = await contentOf(stored, { start: Buffer.from('o'), end: Buffer.from('p') });
  expect(objects.length).toBeGreaterThan(0);
  expect(objects.filter((key) => key.includes(`\0${GONE_GROUP}\0`)).map(String)).toEqual([]);
  const owed = await contentOf(stored, { start: Buffer.from('w'), end: Buffer.from('x') });
  // Which certificates namespaces show is remembered among the debts, and stays.
  expect(owed.filter((row) => !row.includes('root-ca-shown\0')).map(String)).toEqual([]);
}

/** Keys and values, one after the other, each after its length. */
async function contentOf(
  store: KeyValueStore,
  range: { start: Uint8Array; end: Uint8Array },
): Promise<Buffer[]> {
  const parts: Buffer[] = [];
  for await (const entries of store.iterate(range)) {
    for (const [key, value] of entries) {
      const lengths = Buffer.alloc(8);
      lengths.writeUInt32BE(key.length, 0);
      lengths.writeUInt32BE(value.length, 4);
      parts.push(Buffer.concat([lengths, key, value]));
    }
  }
  return parts;
}
