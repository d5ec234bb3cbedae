import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Action, type Faults, type ModelPlan, STORM_MS } from './model-plan.suite.ts';
import { ModelPlanet } from './model-planet.suite.ts';
import { RULES } from './rules.ts';

const RUNS = Number(process.env['ANTIPODE_HOMES_RUNS'] ?? 1_500);

function actions(more: readonly Action['kind'][]): fc.Arbitrary<Action> {
  return fc.record({
    atMs: fc.integer({ min: 100, max: STORM_MS - 200 }),
    kind: fc.constantFrom<Action['kind'][]>(
      ...(['crash', 'crash', 'crash', 'cut', 'cut', 'cut-one-way', 'promote', 'promote'] as const),
      ...(['move', 'confirm-epoch', 'fence', 'remove-voter', 'wipe'] as const),
      ...more,
    ),
    member: fc.nat(4),
    other: fc.nat(4),
    forMs: fc.integer({ min: 50, max: 5_000 }),
  });
}

function plans(goal: ModelPlan['goal'], more: readonly Action['kind'][] = []): fc.Arbitrary<ModelPlan> {
  return fc.record({
    seed: fc.nat(),
    members: fc.integer({ min: 3, max: 5 }),
    goal: fc.constant(goal),
    lose: fc.constantFrom(0, 0, 5, 20),
    duplicate: fc.constantFrom(0, 10),
    actions: fc.array(actions(more), { minLength: 1, maxLength: 14 }),
  });
}

/** Again and again: a home is cut off from a region that promotes, and the third one crashes when it has promised. */
const promotions: fc.Arbitrary<ModelPlan> = fc
  .record({
    seed: fc.nat(),
    rounds: fc.array(
      fc.record({ promoter: fc.integer({ min: 1, max: 2 }), crashMs: fc.integer({ min: 280, max: 600 }) }),
      { minLength: 2, maxLength: 4 },
    ),
  })
  .map(({ seed, rounds }) => {
    const all = rounds.flatMap(({ promoter, crashMs }, index): readonly Action[] => {
      const atMs = 1_000 + index * 1_700;
      return [
        { atMs, kind: 'cut', member: 0, other: promoter, forMs: 1_500 },
        { atMs: atMs + 100, kind: 'promote', member: promoter, other: 0, forMs: 0 },
        { atMs: atMs + 100 + crashMs, kind: 'crash', member: 3 - promoter, other: 0, forMs: 20 },
      ];
    });
    return { seed, members: 3, goal: 'region', lose: 0, duplicate: 0, actions: all };
  });

function check(plan: fc.Arbitrary<ModelPlan>, runs: number, faults: Faults = {}): fc.RunDetails<[ModelPlan]> {
  return fc.check(
    fc.property(plan, (each) => {
      const { problem } = new ModelPlanet(each, faults).run();
      if (problem !== undefined) throw new Error(problem);
    }),
    // A failure is reported as it was found: to shrink it takes longer than to look at it.
    { numRuns: Math.ceil(runs), endOnFailure: true },
  );
}

/** The failure with its seed, as `fc.assert` prints it. */
function reportOf(details: fc.RunDetails<[ModelPlan]>): string | undefined {
  return details.failed ? fc.defaultReportMessage(details) : undefined;
}

describe('homes of shards whatever happens', () => {
  test('lose nothing that a majority of the voters has, and have one home in the end', () => {
    expect(reportOf(check(plans('region'), RUNS))).toBeUndefined();
  }, 300_000);

  test('lose nothing that was acknowledged at a home alone, unless somebody accepts that', () => {
    expect(reportOf(check(plans('process'), RUNS / 3))).toBeUndefined();
  }, 300_000);

  test('lose nothing that was acknowledged at a home and its copy in the zone', () => {
    expect(reportOf(check(plans('zone'), RUNS / 3))).toBeUndefined();
  }, 300_000);

  test('lose nothing when the goal changes', () => {
    expect(reportOf(check(plans('region', ['goal', 'goal']), RUNS / 3))).toBeUndefined();
  }, 300_000);

  test('have one history and one home in the end also when a loss is accepted', () => {
    expect(reportOf(check(plans('region', ['accept-loss', 'accept-loss']), RUNS / 6))).toBeUndefined();
    expect(reportOf(check(plans('process', ['accept-loss', 'accept-loss']), RUNS / 6))).toBeUndefined();
  }, 300_000);

  test('acknowledge something in most of these histories, and in many of them in several epochs', () => {
    let acknowledged = 0;
    let epochs = 0;
    const samples = fc.sample(plans('region'), { numRuns: 50, seed: 7 });
    for (const plan of samples) {
      const result = new ModelPlanet(plan).run();
      acknowledged += Math.min(1, result.acknowledged);
      epochs += Math.min(1, Math.max(0, result.epochs - 1));
    }
    expect(acknowledged).toBeGreaterThan(45);
    expect(epochs).toBeGreaterThan(15);
  });
});

describe('a fault in how homes are decided is found', () => {
  test('a promise that is not on the disk', () => {
    expect(check(promotions, 2_000, { promisesUnsynced: true }).failed).toBe(true);
    expect(reportOf(check(promotions, RUNS / 5))).toBeUndefined();
  }, 300_000);

  test.each<[string, Faults]>([
    ['epochs compared the wrong way', { rules: { ...RULES, mayPromise: (a, b) => a < b } }],
    [
      'the shorter history adopted',
      { rules: { ...RULES, compareHistories: (a, b) => RULES.compareHistories(b, a) } },
    ],
    ['an acknowledgement before the majority', { rules: { ...RULES, isMajority: (count) => count >= 1 } }],
  ])(
    '%s',
    (_, faults) => {
      expect(check(plans('region'), 3_000, faults).failed).toBe(true);
    },
    120_000,
  );
});
