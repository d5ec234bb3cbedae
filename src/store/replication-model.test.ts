import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyTally } from './model-tally.suite.ts';
import { checkReplication } from './replication-model.suite.ts';
import {
  KNOWN_SCHEDULES,
  scheduleArbitrary,
  trimmingScheduleArbitrary,
} from './replication-schedules.suite.ts';

// Some 10 ms each; ANTIPODE_REPLICATION_RUNS=10000 looks for longer.
const RUNS = Number(process.env['ANTIPODE_REPLICATION_RUNS'] ?? 150);
// Always the same ones, which are known to have everything in them, and then others each time.
const KNOWN_SEED = 2;
const KNOWN_RUNS = 150;

test.each(KNOWN_SCHEDULES)('%s', (_, schedule) => checkReplication(schedule));

test('members of a shard come together, keep what was promised and say what was lost, whatever happens', {
  timeout: 120_000 + RUNS * 1_000,
}, async () => {
  const tally = emptyTally();
  const property = fc.asyncProperty(scheduleArbitrary, (schedule) => checkReplication(schedule, tally));
  await fc.assert(property, { numRuns: KNOWN_RUNS, seed: KNOWN_SEED });
  // Of the known ones alone: what others have met is chance.
  for (const [what, count] of Object.entries(tally))
    if (what !== 'trimmed') expect(count, what).toBeGreaterThan(0);
  await fc.assert(property, { numRuns: RUNS });
});

test('the same holds where everybody lets go of frames as soon as they may', {
  timeout: 120_000 + RUNS * 1_000,
}, async () => {
  const tally = emptyTally();
  const property = fc.asyncProperty(trimmingScheduleArbitrary, (schedule) =>
    checkReplication(schedule, tally),
  );
  await fc.assert(property, { numRuns: KNOWN_RUNS, seed: KNOWN_SEED });
  for (const [what, count] of Object.entries(tally)) expect(count, what).toBeGreaterThan(0);
  await fc.assert(property, { numRuns: RUNS });
});
