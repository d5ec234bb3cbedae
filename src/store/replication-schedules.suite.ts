import fc from 'fast-check';

export const MEMBERS = 3;
const KEYS = 4;

const member = fc.nat(MEMBERS - 1);
const commonStep = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('commit' as const),
      at: member,
      key: fc.nat(KEYS - 1),
      isDelete: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('ship' as const),
      at: member,
      to: member,
      back: fc.nat(3),
      count: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('catchUp' as const), at: member, to: member }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('vote' as const), at: member, to: member }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('beat' as const), at: member, to: member }) },
  {
    weight: 2,
    // Now and then the clock has been set when the member is there again.
    arbitrary: fc.record({
      do: fc.constant('crash' as const),
      at: member,
      stepMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: -30_000, max: 3_000 })),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('promote' as const), at: member, without: member }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('moveClient' as const), at: member, to: member }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('handOver' as const), at: member, to: member }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('compact' as const), at: member }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('finalize' as const), at: member }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), turns: fc.nat(4), ms: fc.nat(12_000) }),
  },
);
const trimStep = fc.record({
  do: fc.constant('trim' as const),
  at: member,
  /** It is not waited for. */
  isBeside: fc.boolean(),
});
type ValueOf<Source> = Source extends fc.Arbitrary<infer Value> ? Value : never;
/** One thing that happens to one member, or between two. */
export type Step = ValueOf<typeof commonStep> | ValueOf<typeof trimStep>;

/** What happens to a shard on three members, and what its commits have to survive. */
export interface Schedule {
  readonly goal: 'process' | 'region';
  readonly skewsMs: readonly number[];
  readonly steps: readonly Step[];
}

function schedulesOf(step: fc.Arbitrary<Step>): fc.Arbitrary<Schedule> {
  return fc.record({
    goal: fc.constantFrom('process' as const, 'region' as const),
    skewsMs: fc.array(fc.integer({ min: -2_000, max: 2_000 }), { minLength: MEMBERS, maxLength: MEMBERS }),
    // Without a size most would be a dozen steps.
    steps: fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }),
  });
}

export const scheduleArbitrary = schedulesOf(commonStep);
/** Everybody lets go of frames as soon as they may. */
export const trimmingScheduleArbitrary = schedulesOf(
  fc.oneof({ weight: 7, arbitrary: commonStep }, { weight: 2, arbitrary: trimStep }),
);

const process: Pick<Schedule, 'goal' | 'skewsMs'> = { goal: 'process', skewsMs: [0, 0, 0] };
const region: Pick<Schedule, 'goal' | 'skewsMs'> = { goal: 'region', skewsMs: [0, 0, 0] };

function commitAt(at: number, key: number): Step {
  return { do: 'commit', at, key, isDelete: false };
}

/** Schedules that have once led to a broken promise, by what was wrong. */
export const KNOWN_SCHEDULES: readonly (readonly [string, Schedule])[] = [
  [
    'a new home with a clock behind counts on from commits that waited for their goal when it crashed',
    {
      ...region,
      skewsMs: [0, -1, 0],
      steps: [
        commitAt(0, 0),
        { do: 'promote', at: 1, without: 2 },
        { do: 'crash', at: 1, stepMs: 0 },
        commitAt(1, 0),
      ],
    },
  ],
  [
    'a new home counts on from the first record of its epoch, which waited for its goal when it crashed',
    {
      ...region,
      steps: [
        { do: 'promote', at: 0, without: 1 },
        { do: 'promote', at: 1, without: 2 },
        { do: 'crash', at: 1, stepMs: 0 },
        commitAt(1, 0),
      ],
    },
  ],
  [
    'a home gives out no revision again that a commit had which it has lost and forgotten by a crash',
    {
      ...process,
      steps: [
        { do: 'crash', at: 0, stepMs: 0 },
        commitAt(0, 0),
        commitAt(0, 1),
        { do: 'wait', turns: 4, ms: 0 },
        { do: 'promote', at: 1, without: 0 },
        { do: 'catchUp', at: 1, to: 0 },
        { do: 'crash', at: 0, stepMs: 0 },
        { do: 'promote', at: 0, without: 2 },
        commitAt(0, 2),
      ],
    },
  ],
  [
    'a home whose clock was set back remembers what it has announced over two restarts',
    {
      ...process,
      steps: [
        commitAt(0, 0),
        // The first one asks for a higher ceiling, the second one makes use of it.
        { do: 'wait', turns: 4, ms: 12_000 },
        { do: 'beat', at: 0, to: 1 },
        { do: 'wait', turns: 4, ms: 3_000 },
        { do: 'beat', at: 0, to: 1 },
        { do: 'crash', at: 0, stepMs: -30_000 },
        { do: 'crash', at: 0, stepMs: 0 },
        commitAt(0, 0),
      ],
    },
  ],
  [
    'a member that has not heard of an epoch does not take a revision of it for one of its own history',
    {
      ...process,
      skewsMs: [769, 0, 0],
      steps: [
        { do: 'promote', at: 1, without: 0 },
        commitAt(1, 1),
        commitAt(0, 0),
        { do: 'wait', turns: 1, ms: 0 },
        { do: 'promote', at: 2, without: 1 },
        { do: 'moveClient', at: 1, to: 0 },
      ],
    },
  ],
];
