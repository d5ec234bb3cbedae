import { beforeAll, describe, expect, it } from 'vitest';
import { type Goal, PlacementWorld, REGIONS, type Region, type Saved } from './placement.suite.ts';

const NAME = 'child';
const SUITE_MS = 600_000;
/** No creation or deletion has as many syncs of one machine. */
const STEPS_MAX = 60;
/** Until whoever takes over has gone on as far as it can. */
const ALONE_TURNS = 40;

type Act = 'create' | 'remove';

/** Machines that lose their power, and whether another one becomes the home of what they were home of before they are back. */
interface Fault {
  readonly victims: readonly Region[];
  readonly goal: Goal;
  readonly isReplaced: boolean;
}

const FAULTS: readonly (readonly [string, Fault])[] = [
  ["the parent's home", { victims: ['eu'], goal: 'process', isReplaced: false }],
  ["the child's home", { victims: ['us'], goal: 'process', isReplaced: false }],
  ['both homes', { victims: ['eu', 'us'], goal: 'process', isReplaced: false }],
  ["the parent's home, and another one takes over", { victims: ['eu'], goal: 'region', isReplaced: true }],
  ["the child's home, and another one takes over", { victims: ['us'], goal: 'region', isReplaced: true }],
  [
    "the parent's home, and another one takes over at `process`",
    { victims: ['eu'], goal: 'process', isReplaced: true },
  ],
  [
    "the child's home, and another one takes over at `process`",
    { victims: ['us'], goal: 'process', isReplaced: true },
  ],
];

describe('a workspace on another shard than its parent', { timeout: SUITE_MS }, () => {
  let founded: Saved;
  /** The same with the workspace. */
  let made: Saved;
  beforeAll(async () => {
    founded = await PlacementWorld.found();
    const world = await PlacementWorld.open(founded);
    await world.answered(world.create('eu', NAME));
    await world.settle('it is whole', () => world.isAll('whole', NAME));
    await world.settle('nothing is owed', () => world.isQuiet());
    made = world.save();
  }, SUITE_MS);

  it.each(FAULTS)(
    'is there whole or not at all, at whatever step of its creation power goes at %s',
    async (_who, fault) => {
      expect(await stepsOf((step) => interrupted(founded, { fault, act: 'create', step }))).toBeGreaterThan(
        4,
      );
    },
  );

  it.each(FAULTS)(
    'goes with all that is in it, at whatever step of its deletion power goes at %s',
    async (_who, fault) => {
      expect(await stepsOf((step) => interrupted(made, { fault, act: 'remove', step }))).toBeGreaterThan(4);
    },
  );
});

/** Runs with a fault at each step, until one ends before its step comes; returns how many had one. */
async function stepsOf(run: (step: number) => Promise<boolean>): Promise<number> {
  for (let step = 1; step < STEPS_MAX; step++) if (!(await run(step))) return step - 1;
  throw new Error('it never ends');
}

/** False if it has ended before the step came. */
async function interrupted(
  saved: Saved,
  { fault, act, step }: { readonly fault: Fault; readonly act: Act; readonly step: number },
): Promise<boolean> {
  const { victims, goal, isReplaced } = fault;
  const world = await PlacementWorld.open(saved, goal);
  const wanted = act === 'create' ? 'whole' : 'gone';
  const before = await world.clusters('eu', NAME);
  const isDown = () => victims.some((region) => !world.isUp(region));
  const isAll = () => world.isAll(wanted, NAME);
  for (const region of victims) world.failAt(region, step);
  let outcome: 'open' | 'acknowledged' | 'failed' = 'open';
  world[act]('eu', NAME).then(
    () => {
      outcome = 'acknowledged';
    },
    () => {
      outcome = 'failed';
    },
  );
  const isOver = async () => outcome !== 'open' && (await isAll()) && (await world.isQuiet());
  await world.settle('it is done, or the power has gone', async () => isDown() || (await isOver()));
  const hadFault = isDown();
  const isAcknowledged = (outcome as string) === 'acknowledged';
  if (hadFault) {
    for (const region of victims) world.stop(region);
    if (isReplaced) await takeOver(world, victims[0]!);
    for (const region of victims) await world.start(region);
    await world.settle('nothing is owed after the restart', () => world.isQuiet());
  }
  const states = await Promise.all(REGIONS.map((region) => world.stateOf(region, NAME)));
  expect([step, states[1]]).toEqual([step, states[0]]);
  expect(['whole', 'gone']).toContain(states[0]);
  if (isAcknowledged) expect([step, states[0]]).toEqual([step, wanted]);
  // What was not acknowledged can be asked for again.
  if (states[0] !== wanted) await world.answered(world[act](world.homes.root, NAME));
  await world.settle(`all show it ${wanted} in the end`, isAll);
  await world.settle('nothing is owed in the end', () => world.isQuiet());
  for (const { cluster } of before)
    for (const region of REGIONS) expect(await world.isEmpty(region, cluster)).toBe(true);
  world.save();
  return hadFault;
}

/** The other region becomes the home of what a region was home of, and goes on alone for a while. */
async function takeOver(world: PlacementWorld, lost: Region): Promise<void> {
  const other = lost === 'eu' ? 'us' : 'eu';
  await world.promote(lost === 'eu' ? 'root' : 'us', other);
  for (let turn = 0; turn < ALONE_TURNS; turn++) await world.pass();
}
