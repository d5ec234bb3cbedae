import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClockStep, clockTrouble, type History, runHistory, type Step } from './world.suite.ts';

// Some 5 ms each; ANTIPODE_CONVERGENCE_RUNS=60000 looks for longer, ANTIPODE_CONVERGENCE_SEED at what another run has found.
const HISTORIES = Number(process.env['ANTIPODE_CONVERGENCE_RUNS'] ?? 10_000);
const SEED = process.env['ANTIPODE_CONVERGENCE_SEED'];

const kind: fc.Arbitrary<Step['kind']> = fc.constantFrom(
  ...([
    'edit',
    'edit',
    'edit',
    'edit',
    'editOld',
    'send',
    'send',
    'deliver',
    'deliver',
    'deliver',
    'restart',
    'skew',
  ] as const),
);
const clocks: fc.Arbitrary<ClockStep> = fc.constantFrom(
  ...(['skew', 'ahead', 'behind', 'right', 'restamp', 'wait', 'wait'] as const),
);
const step = fc.record({
  kind: fc.oneof(
    { weight: 40, arbitrary: kind },
    { weight: 8, arbitrary: clocks },
    { weight: 1, arbitrary: fc.constant('delete' as const) },
  ),
  region: fc.nat(6),
  seed: fc.nat(),
});
const trouble = fc.infiniteStream(fc.nat()).map((seeds) => clockTrouble(() => seeds.next().value));
const steps = fc.array(step, { minLength: 3, maxLength: 14 });
const history: fc.Arbitrary<History> = fc.record({
  seed: fc.nat(),
  regions: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 2, max: 3 }) },
    { weight: 1, arbitrary: fc.integer({ min: 4, max: 7 }) },
  ),
  steps: fc.oneof(
    { weight: 5, arbitrary: steps },
    { weight: 1, arbitrary: fc.tuple(trouble, steps).map(([first, rest]) => [...first, ...rest]) },
  ),
});

/** Histories that came out wrong once: the seed, the number of regions, and `kind:region:seed` of each step. */
const KNOWN: readonly (readonly [what: string, seed: number, regions: number, steps: string])[] = [
  [
    'a process ends after its clock was put right',
    0,
    2,
    'skew:0:143011223 edit:0:0 skew:0:0 edit:0:0 restart:0:0 edit:0:0',
  ],
  [
    'what a wrong clock wrote is on its way when it is put right',
    0,
    2,
    'skew:0:2030000717 edit:0:0 send:0:0 skew:0:0 edit:0:0 deliver:0:0 restart:0:0',
  ],
  [
    'the same among three regions',
    1091316948,
    3,
    'edit:0:922423775 skew:3:2129021201 edit:3:1493001822 send:3:54586210 deliver:3:1671507636 skew:0:13 restart:1:16 editOld:6:29 edit:6:24 deliver:4:22 restart:6:1537328441',
  ],
  [
    'a clock is put right after a restart',
    1902438944,
    2,
    'skew:5:1831823996 edit:1:1302514390 send:0:1175017615 deliver:2:1522442190 edit:1:2014025843 edit:3:1871788598 restart:0:1041144372 edit:3:60991229 skew:3:2017353747 send:5:1688284103 deliver:0:458368066 edit:1:1463015432 deliver:4:1161532742',
  ],
];

function stepsOf(text: string): readonly Step[] {
  return text.split(' ').map((step) => {
    const [kind, region, seed] = step.split(':');
    return { kind: kind as Step['kind'], region: Number(region), seed: Number(seed) };
  });
}

describe('regions that edit one object', () => {
  it(
    'agree once they have heard of everything, whatever the order, with the oracle and with each edit',
    () => {
      let edits = 0;
      fc.assert(
        fc.property(history, (steps) => {
          const { faults, edits: done } = runHistory(steps);
          edits += done;
          expect(faults).toEqual([]);
        }),
        { numRuns: HISTORIES, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
      );
      process.stdout.write(`${HISTORIES} histories with ${edits} edits converged\n`);
    },
    600_000 + 60 * HISTORIES,
  );

  it.each(KNOWN)('agree when %s', (_, seed, regions, steps) => {
    expect(runHistory({ seed, regions, steps: stepsOf(steps) }).faults).toEqual([]);
  });
});
