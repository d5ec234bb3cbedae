import fc from 'fast-check';
import { expect } from 'vitest';
import { type LogicalCluster, type Revision, reservedRevision } from '../base/mod.ts';
import { LogUnavailable } from './commit-errors.ts';
import { compactHistory } from './compaction.ts';
import { sampleSet } from './default-objects.suite.ts';
import { decodeFrame, type Frame, lastRevisionOf } from './frame.ts';
import { type MemoryDisk, MemoryKeyValue } from './memory-key-value.ts';
import type { Outcome } from './outcome.ts';
import type { Mutation, NewDefaults } from './proposal.ts';
import { replayLog } from './replay.ts';
import type { Store } from './store.ts';
import {
  collect,
  commitIdOf,
  dump,
  keyOf,
  openStore,
  proposalOf,
  rowOf,
  TestClock,
  textOf,
  turns,
} from './store-fixtures.suite.ts';
import { LOG_RANGE, PROJECTION_TABLES } from './tables.ts';

const SET = sampleSet(['namespaces//a', 'configmaps/a/b']);

function defaultsOf(number: number): NewDefaults {
  const cluster = `c${number}` as LogicalCluster;
  return { cluster, set: SET, seed: String(number), creationTime: '2026-01-01T00:00:00Z' };
}

/** A store whose disk can lose power; what the durability checks are pointed at. */
export type CrashableKeyValue = MemoryKeyValue;
export type OpenCrashable = (disk: MemoryDisk) => CrashableKeyValue;

const commitArbitrary = fc.record({
  /** Objects that only this commit writes. */
  size: fc.integer({ min: 1, max: 3 }),
  /** One of a few objects that all commits fight for; deleted, if it exists, or put. */
  shared: fc.nat(2),
  isDelete: fc.boolean(),
  isAwaited: fc.boolean(),
  pauseTurns: fc.nat(2),
  /** Makes a logical cluster of its own in which everything is derived. */
  isFounding: fc.nat(2).map((number) => number === 0),
  /** Compacts first, up to the present. */
  isCompacting: fc.nat(9).map((number) => number === 0),
});
const crashArbitrary = fc.record({
  /** Power goes away at this sync of the disk … */
  sync: fc.integer({ min: 1, max: 8 }),
  /** … in the middle of it, or so many steps of the event queue later. */
  depth: fc.integer({ min: -1, max: 12 }),
});

/** Some lives of a store, each of which ends with a loss of power. */
export const livesArbitrary = fc.array(
  fc.record({
    commits: fc.array(commitArbitrary, { minLength: 1, maxLength: 15 }),
    crash: crashArbitrary,
    syncTurns: fc.nat(2),
  }),
  { minLength: 1, maxLength: 3 },
);
export type Lives = typeof livesArbitrary extends fc.Arbitrary<infer Value> ? Value : never;
type Life = Lives[number];

interface Attempt {
  readonly number: number;
  readonly mutations: readonly Mutation[];
  readonly defaults: NewDefaults | undefined;
  outcome: Outcome | undefined;
  /** Whether the outcome was known before power went away. */
  isInTime: boolean;
}

/** Loses power when its plan says so, and keeps what the disk held at that moment. */
class CrashingDisk implements MemoryDisk {
  readonly #life: Life;
  keyValue: CrashableKeyValue | undefined;
  survivor: CrashableKeyValue | undefined;
  #syncs = 0;

  constructor(life: Life) {
    this.#life = life;
  }

  async beforeSync(): Promise<void> {
    this.#syncs += 1;
    await turns(this.#life.syncTurns);
    const { sync, depth } = this.#life.crash;
    if (this.#syncs !== sync) return;
    if (depth < 0) this.crash();
    else void this.#crashLater(depth);
  }

  crash(): void {
    this.survivor ??= this.keyValue?.crash({});
  }

  async #crashLater(depth: number): Promise<void> {
    for (let step = 0; step < depth; step++) await Promise.resolve();
    this.crash();
  }
}

/** How the commits of some lives ended: a check that never met one of the three would prove little. */
export interface Tally {
  acknowledged: number;
  /** Nobody was told, but they are there. */
  survived: number;
  lost: number;
}

/** Lives through the plan, and after each crash checks what every client was promised. Throws on a broken promise. */
export async function checkDurability(lives: Lives, open: OpenCrashable, tally?: Tally): Promise<void> {
  const clock = new TestClock();
  const attempts: Attempt[] = [];
  let keyValue = open({});
  let highest = 0;
  for (const life of lives) {
    const disk = new CrashingDisk(life);
    keyValue = keyValue.crash(disk) as CrashableKeyValue;
    disk.keyValue = keyValue;
    await live({ life, disk, clock, attempts });
    disk.crash();
    keyValue = disk.survivor!;
    clock.advance(1);
    highest = await checkSurvivor({ keyValue, clock, attempts, highest, tally });
    keyValue = keyValue.crash({}) as CrashableKeyValue;
  }
}

async function live(options: {
  readonly life: Life;
  readonly disk: CrashingDisk;
  readonly clock: TestClock;
  readonly attempts: Attempt[];
}): Promise<void> {
  const { life, disk, clock, attempts } = options;
  const store = await openStore(disk.keyValue!, clock).catch(() => undefined);
  if (store === undefined) return;
  const running: Promise<void>[] = [];
  for (const plan of life.commits) {
    if (disk.survivor !== undefined) break;
    clock.advance(1);
    if (plan.isCompacting) running.push(store.compact(store.revision).catch(expectUnavailable));
    const number = attempts.length + 1;
    const mutations: Mutation[] = [];
    for (let index = 0; index < plan.size; index++) {
      mutations.push({ key: keyOf(`own-${number}-${index}`), row: rowOf(String(number)), expected: 0 });
    }
    const shared = keyOf(`shared-${plan.shared}`);
    const newest = newestOf(store, shared);
    if (!plan.isDelete) mutations.push({ key: shared, row: rowOf(String(number), { owners: ['o'] }) });
    else if (newest !== undefined) mutations.push({ key: shared, expected: newest });
    const defaults = plan.isFounding ? defaultsOf(number) : undefined;
    const attempt: Attempt = { number, mutations, defaults, outcome: undefined, isInTime: false };
    attempts.push(attempt);
    const commit = store
      .commit(proposalOf(mutations, { commitId: commitIdOf(number), ...(defaults && { defaults }) }))
      .then((outcome) => {
        // What comes after the crash reaches nobody, but must not be false either.
        attempt.outcome = outcome;
        attempt.isInTime = disk.survivor === undefined;
      })
      .catch(expectUnavailable);
    running.push(commit);
    if (plan.isAwaited) await commit;
    await turns(plan.pauseTurns);
  }
  // Without a crash in between, everything is acknowledged, and power goes away when it is quiet.
  await Promise.all(running);
}

function newestOf(store: Store, key: ReturnType<typeof keyOf>): Revision | undefined {
  try {
    return store.newest(key)?.revision;
  } catch {
    // The store died while this life was planning its next commit.
    return undefined;
  }
}

/** A dead disk may be noticed as a failed log or as a store that is closed, but never as anything else. */
function expectUnavailable(error: unknown): void {
  if (error instanceof LogUnavailable) expect(error.isTransient).toBe(false);
  else expect(String(error)).toContain('the store is closed');
}

async function framesOf(keyValue: CrashableKeyValue): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const entries of keyValue.iterate(LOG_RANGE)) {
    for (const [, bytes] of entries) frames.push(decodeFrame(bytes));
  }
  return frames;
}

async function checkSurvivor(options: {
  readonly keyValue: CrashableKeyValue;
  readonly clock: TestClock;
  readonly attempts: readonly Attempt[];
  readonly highest: number;
  readonly tally: Tally | undefined;
}): Promise<number> {
  const { keyValue, clock, attempts } = options;
  const store = await openStore(keyValue, clock);
  // What a crash interrupted is finished, so that the bytes are comparable.
  await compactHistory(keyValue);
  const copy = new MemoryKeyValue();
  await replayLog(keyValue, copy);
  expect(await dump(copy, PROJECTION_TABLES), 'the projection is not the replay of the log').toEqual(
    await dump(keyValue, PROJECTION_TABLES),
  );

  const frames = await framesOf(keyValue);
  const byCommit = new Map(frames.map((frame) => [Buffer.from(frame.commitId).toString('hex'), frame]));
  const snapshot = store.snapshot();
  const seen = await collect(snapshot.history(keyOf(''), { after: snapshot.floor, upTo: snapshot.revision }));
  const logged = frames.flatMap(({ changes }) => changes).filter(({ revision }) => revision > snapshot.floor);
  expect(
    seen.map(({ revision }) => revision),
    'the history has gaps',
  ).toEqual(logged.map(({ revision }) => revision));
  for (const attempt of attempts) {
    const frame = byCommit.get(Buffer.from(commitIdOf(attempt.number)).toString('hex'));
    const name = `commit ${attempt.number}`;
    const end = attempt.isInTime ? 'acknowledged' : frame !== undefined ? 'survived' : 'lost';
    if (options.tally !== undefined) options.tally[end] += 1;
    if (attempt.outcome !== undefined) expect(frame, `${name} was acknowledged and is lost`).toBeDefined();
    for (const { key } of attempt.mutations.filter((mutation) => mutation.expected === 0)) {
      const text = textOf(store.get(key));
      expect(text, `${name} is not there whole, or not gone whole`).toBe(
        frame === undefined ? undefined : String(attempt.number),
      );
    }
    const derived = attempt.defaults && store.get(SET.keyOf(1, attempt.defaults.cluster));
    expect(derived?.revision, `${name} has lost what it derives, or not all of it`).toBe(
      frame?.defaults && reservedRevision(frame.defaults.firstRevision, 1),
    );
    if (frame === undefined) continue;
    const revisions = frame.changes.map(({ revision }) => revision);
    expect(frame.changes.map(({ key }) => key)).toEqual(attempt.mutations.map(({ key }) => key));
    const outcome = { sequence: frame.sequence, revision: lastRevisionOf(frame), revisions };
    if (attempt.outcome !== undefined) expect(attempt.outcome, name).toMatchObject(outcome);
    // Whoever heard nothing may ask again, and gets the first outcome, as long as it is remembered.
    if (lastRevisionOf(frame)! <= snapshot.floor) continue;
    const { mutations, defaults } = attempt;
    const commitId = commitIdOf(attempt.number);
    const proposal = proposalOf(mutations, { commitId, ...(defaults && { defaults }) });
    expect(await store.commit(proposal), `the repeat of ${name}`).toMatchObject(outcome);
  }
  snapshot.close();
  const revisions = frames.map((frame) => lastRevisionOf(frame) ?? 0);
  const acknowledged = attempts.map(({ outcome }) => outcome?.revision ?? 0);
  const before = Math.max(options.highest, ...revisions, ...acknowledged, 0);
  const next = await store.commit(proposalOf([{ key: keyOf('after the crash'), row: rowOf('x') }]));
  expect(next.revision, 'revisions do not grow').toBeGreaterThan(before);
  return next.revision;
}
