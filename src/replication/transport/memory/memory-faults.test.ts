import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RegionName, SeededRandom } from '../../../base/mod.ts';
import type { LogFollower } from '../log-follower.ts';
import type { Transport } from '../transport.ts';
import { batchOf, RETENTION, readerOf, take, termIn, textsOf } from '../transport-world.suite.ts';
import { MemoryWorld } from './memory-world.suite.ts';

const EU = 'eu' as RegionName;
const US = 'us' as RegionName;
const TERM = termIn(EU);
const STREAM = 'antipode_main_8';

describe('a publisher', () => {
  it('finds out that messages were stored whose acknowledgements got lost, and stores none twice', async () => {
    const { world, publishing, following } = await makeWorld();
    const { publisher } = await world.until(publishing.openLog(TERM, RETENTION));
    const outcomes = [];
    for (let sequence = 1; sequence <= 60; sequence++) {
      if (sequence % 10 === 0) world.planet.loseAcks('eu', 3);
      outcomes.push(publisher.publish(batchOf(sequence)));
      await world.pass(3);
    }
    const sequences = (await world.until(Promise.all(outcomes))).map((outcome) =>
      outcome.kind === 'stored' ? outcome.sequence : outcome.kind,
    );
    expect(sequences).toEqual(outcomes.map((_, index) => index + 1));
    const texts = textsOf(await world.until(take(following.followLog({ term: TERM, after: 0 }), 60)));
    expect(texts).toEqual(sequences.map(String));
    await world.close();
  });

  it('ends when the stream has lost its tail, and its follower goes on when that was published again', async () => {
    const { world, publishing, following } = await makeWorld();
    const first = await world.until(publishing.openLog(TERM, RETENTION));
    const read = readerOf(following.followLog({ term: TERM, after: 0 }));
    for (let sequence = 1; sequence <= 8; sequence++) {
      await world.until(first.publisher.publish(batchOf(sequence)));
    }
    expect(textsOf(await world.until(read(8)))).toHaveLength(8);
    world.planet.loseTail('eu', STREAM, 3);
    expect(await world.until(first.publisher.publish(batchOf(9)))).toMatchObject({
      kind: 'ended',
      end: { kind: 'tail-lost' },
    });
    const second = await world.until(publishing.openLog(TERM, RETENTION));
    expect(second.tail).toMatchObject({ lastSequence: 5 });
    // In other batches than before, so that the stream's sequences mean other frames now.
    await world.until(second.publisher.publish(batchOf(6, 2)));
    await world.until(second.publisher.publish(batchOf(8, 2)));
    const texts = textsOf(await world.until(read(1)));
    expect(['6-7', '8-9']).toContain(texts[0]);
    if (texts[0] === '6-7') expect(textsOf(await world.until(read(1)))).toEqual(['8-9']);
    await world.close();
  });

  it('goes on when a server that was started anew has forgotten the id of its last message', async () => {
    const { world, publishing } = await makeWorld();
    const { publisher } = await world.until(publishing.openLog(TERM, RETENTION));
    await world.until(publisher.publish(batchOf(1)));
    await world.pass(600_000);
    await world.stopServer(EU);
    await world.startServer(EU);
    await world.pass(1_000);
    expect(await world.until(publisher.publish(batchOf(2)))).toEqual({ kind: 'stored', sequence: 2 });
    await world.close();
  });
});

describe('a planet in memory', () => {
  it('does the same again for the same seed', async () => {
    const trace = async () => {
      const { world, arrivals } = await runHistory({ seed: 42, faults: FAULTS.slice(), frames: 40 });
      await world.close();
      return arrivals;
    };
    expect(await trace()).toEqual(await trace());
  });

  it('brings every frame to the follower, whatever happens to links and servers meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 2 ** 31 }),
        fc.array(fc.constantFrom(...FAULTS), { maxLength: 12 }),
        async (seed, faults) => {
          const { world, held, gaps } = await runHistory({ seed, faults, frames: 60 });
          await world.close();
          expect(held).toBe(60);
          expect(gaps).toEqual([]);
        },
      ),
      { numRuns: Number(process.env['ANTIPODE_TRANSPORT_RUNS'] ?? 60) },
    );
  }, 120_000);
});

const FAULTS = [
  'cut',
  'silence',
  'lose',
  'duplicate',
  'reorder',
  'lose acks',
  'restart',
  'lose tail',
  'wipe',
  'cut from server',
] as const;
type Fault = (typeof FAULTS)[number];

async function makeWorld(seed: number = 1) {
  const order = seed % 2 === 0 ? 'sequence-first' : 'id-first';
  const world = new MemoryWorld({ regions: ['eu', 'us'], seed, order });
  const { transport: publishing } = await world.connect(EU, 'one');
  const { transport: following } = await world.connect(US, 'two');
  return { world, publishing, following };
}

/** A home publishes a frame every 20 ms while one fault after the other comes and goes; then all is well for a while. */
async function runHistory(options: {
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly frames: number;
}) {
  const { world, publishing, following } = await makeWorld(options.seed);
  const log = { produced: 0, isOver: false };
  const home = publishLog(world, publishing, log);
  const replica = { held: 0, gaps: [] as string[], arrivals: [] as string[] };
  const away = followLog(world, following, replica, options.frames);
  const random = new SeededRandom(options.seed);
  for (const fault of options.faults) {
    const end = begin(world, fault);
    for (let step = random.below(80); step >= 0; step--) {
      log.produced = Math.min(options.frames, log.produced + 1);
      await world.pass(20 + random.below(60));
    }
    end();
    await world.pass(random.below(1_500));
  }
  log.produced = options.frames;
  await world.until(away);
  log.isOver = true;
  await world.until(home);
  return { world, ...replica };
}

function begin(world: MemoryWorld, fault: Fault): () => void {
  const { planet } = world;
  const links = [
    ['eu', 'us'],
    ['us', 'eu'],
    ['eu/one', 'eu'],
    ['eu', 'eu/one'],
  ] as const;
  const everywhere = (faults: Parameters<typeof planet.faults>[2], none: typeof faults) => {
    for (const [from, to] of links) planet.faults(from, to, faults);
    return () => {
      for (const [from, to] of links) planet.faults(from, to, none);
    };
  };
  switch (fault) {
    case 'cut':
      planet.cut('eu', 'us');
      return () => planet.heal('eu', 'us');
    case 'cut from server':
      planet.cut('eu/one', 'eu');
      return () => planet.heal('eu/one', 'eu');
    case 'silence':
      planet.silence('us', 'eu');
      planet.silence('eu', 'eu/one');
      return () => {
        planet.heal('eu', 'us');
        planet.heal('eu', 'eu/one');
      };
    case 'lose':
      return everywhere({ lose: 0.1 }, { lose: 0 });
    case 'duplicate':
      return everywhere({ duplicate: 0.3 }, { duplicate: 0 });
    case 'reorder':
      return everywhere({ isReordering: true, jitterMs: 30 }, { isReordering: false, jitterMs: 0 });
    case 'lose acks':
      planet.loseAcks('eu', 5);
      return () => {};
    case 'restart':
      planet.stopServer('eu');
      return () => planet.startServer('eu');
    case 'lose tail':
      planet.stopServer('eu');
      planet.loseTail('eu', STREAM, 4);
      return () => planet.startServer('eu');
    case 'wipe':
      planet.stopServer('eu');
      planet.wipe('eu');
      return () => planet.startServer('eu');
  }
}

/** What a home does: opens the stream, publishes what follows its tail, and opens it again when it was damaged. */
async function publishLog(
  world: MemoryWorld,
  transport: Transport,
  log: { readonly produced: number; readonly isOver: boolean },
): Promise<void> {
  while (!log.isOver) {
    const opened = await transport.openLog(TERM, RETENTION).catch(() => undefined);
    if (opened === undefined) {
      await sleep(world, 100);
      continue;
    }
    let next = (opened.tail?.lastSequence ?? 0) + 1;
    let end: string | undefined;
    void opened.publisher.ended.then(({ kind }) => {
      end = kind;
    });
    while (!log.isOver && end === undefined) {
      for (; next <= log.produced; next++) void opened.publisher.publish(batchOf(next));
      await sleep(world, 20);
      // A stream that is quiet is not looked at; a home would notice by the next commit.
      if (next > log.produced && opened.publisher.pending === 0) await checkTail(world, transport, opened);
    }
    expect(end).not.toBe('fenced');
    opened.publisher.close();
  }
}

/** A home that has nothing to publish looks now and then whether its stream is as it left it. */
async function checkTail(
  world: MemoryWorld,
  transport: Transport,
  opened: Awaited<ReturnType<Transport['openLog']>>,
): Promise<void> {
  await sleep(world, 500);
  const again = await transport.openLog(TERM, RETENTION).catch(() => undefined);
  again?.publisher.close();
  if (again !== undefined && again.publisher.lastSequence < opened.publisher.lastSequence)
    opened.publisher.close();
}

async function followLog(
  world: MemoryWorld,
  transport: Transport,
  replica: { held: number; readonly gaps: string[]; readonly arrivals: string[] },
  frames: number,
): Promise<void> {
  while (replica.held < frames) {
    const follower: LogFollower = transport.followLog({ term: TERM, after: replica.held });
    for await (const event of follower) {
      replica.arrivals.push(`${textsOf([event])} at ${world.clock.monotonicMs()}`);
      if (event.kind === 'gap') replica.gaps.push(textsOf([event]).join());
      else if (event.message.firstSequence <= replica.held + 1) {
        replica.held = Math.max(replica.held, event.message.lastSequence);
      } else replica.gaps.push(`${event.message.firstSequence} after ${replica.held}`);
      if (replica.held === frames) break;
    }
    await sleep(world, 100);
  }
}

function sleep(world: MemoryWorld, durationMs: number): Promise<void> {
  return new Promise((resolve) => world.clock.after(durationMs, resolve));
}
