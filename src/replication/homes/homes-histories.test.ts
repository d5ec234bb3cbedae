import { expect, test } from 'vitest';
import type { Action, ModelPlan } from './model-plan.suite.ts';
import { ModelPlanet } from './model-planet.suite.ts';

function problemOf(plan: Pick<ModelPlan, 'seed' | 'members' | 'goal' | 'actions'> & Partial<ModelPlan>) {
  return new ModelPlanet({ lose: 0, duplicate: 0, ...plan }).run().problem;
}

function action(kind: Action['kind'], atMs: number, rest: Partial<Action> = {}): Action {
  return { kind, atMs, member: 0, other: 0, forMs: 0, ...rest };
}

/** Found by the property test; each once ended without a home. */
test.each<[string, Parameters<typeof problemOf>[0]]>([
  [
    'a cut-off promotion adopts a history that has removed whoever asks',
    {
      seed: 1253020873,
      members: 4,
      goal: 'region',
      lose: 20,
      duplicate: 10,
      actions: [
        action('cut', 1_056, { member: 1, other: 0, forMs: 4_906 }),
        action('cut', 5_537, { member: 1, other: 0, forMs: 80 }),
        action('remove-voter', 4_235, { member: 3, other: 1 }),
        action('confirm-epoch', 5_496, { member: 2, other: 3 }),
        action('crash', 4_636, { member: 1, forMs: 3_750 }),
        action('promote', 3_883, { member: 1 }),
      ],
    },
  ],
  [
    'the same in a larger planet',
    {
      seed: 2147483644,
      members: 5,
      goal: 'region',
      actions: [
        action('remove-voter', 1_510, { member: 4, other: 3 }),
        action('crash', 2_448, { member: 3, forMs: 1_154 }),
        action('promote', 1_351, { member: 3 }),
      ],
    },
  ],
  [
    'the same beside a cut in one direction',
    {
      seed: 23,
      members: 4,
      goal: 'region',
      actions: [
        action('crash', 2_124, { member: 2, forMs: 1_228 }),
        action('promote', 111, { member: 2 }),
        action('remove-voter', 106, { member: 1, other: 2 }),
        action('cut-one-way', 111, { member: 0, other: 2, forMs: 3_285 }),
      ],
    },
  ],
  [
    'an epoch that was promised to a voter that is removed then is waited for by all others',
    {
      seed: 1190194475,
      members: 5,
      goal: 'process',
      actions: [
        action('crash', 6_983, { member: 2, forMs: 4_243 }),
        action('remove-voter', 356, { member: 3, other: 2 }),
        action('promote', 184, { member: 2 }),
      ],
    },
  ],
  [
    'a voter is removed while it looks whether it may be promoted, and it is said so',
    {
      seed: 797191545,
      members: 5,
      goal: 'region',
      actions: [
        action('promote', 105, { member: 2 }),
        action('remove-voter', 109, { member: 1, other: 2 }),
        action('crash', 986, { forMs: 1_260 }),
      ],
    },
  ],
])('there is one home in the end when %s', (_, plan) => {
  expect(problemOf(plan)).toBeUndefined();
});
