import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startMemoryMember } from '../support/memory-member.ts';
import {
  Books,
  CLUSTER,
  IN_OTHER_LOG,
  type Resource,
  run,
  type Step,
  startMember,
  turns,
  unexpected,
} from '../support/quota-steps.ts';

/** A step, and how many turns of the event loop come before it: all of them run at once. */
interface Timed {
  readonly step: Step;
  readonly turn: number;
}

const namespaceArbitrary = fc.constantFrom('default', 'admin');
const placeArbitrary = fc.record({
  namespace: namespaceArbitrary,
  resource: fc.constantFrom<Resource>('configmaps', 'secrets', 'configmaps'),
  name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
});
const hardArbitrary = fc.dictionary(
  fc.constantFrom('configmaps', 'count/configmaps', 'count/secrets', 'resourcequotas', 'pods'),
  fc.integer({ min: 0, max: 6 }).map(String),
  { minKeys: 1 },
);
const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      does: fc.constantFrom(
        'create',
        'create',
        'create',
        'put',
        'dryRun',
        'hold',
        'release',
        'delete',
        'delete',
      ),
      at: placeArbitrary,
    }) as fc.Arbitrary<Step>,
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('deleteAll' as const), at: placeArbitrary }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constantFrom('quota' as const, 'spec' as const, 'status' as const, 'wide' as const),
      namespace: namespaceArbitrary,
      name: fc.constantFrom('one', 'two'),
      hard: hardArbitrary,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('delete' as const),
      at: fc.record({
        namespace: namespaceArbitrary,
        resource: fc.constant<Resource>('resourcequotas'),
        name: fc.constantFrom('one', 'two'),
      }),
    }),
  },
);
const timedArbitrary: fc.Arbitrary<Timed[]> = fc.array(fc.record({ step: stepArbitrary, turn: fc.nat(40) }), {
  minLength: 5,
  maxLength: 60,
});
/** How many turns each write to the disk takes, in a circle. */
const disksArbitrary = fc.array(fc.nat(12), { minLength: 1, maxLength: 8 });

describe('the numbers of a quota', () => {
  it('are what there is whenever nothing is owed, however creations, deletions and quotas race', async () => {
    let refusals = 0;
    await fc.assert(
      fc.asyncProperty(timedArbitrary, disksArbitrary, async (steps, disks) => {
        const member = await startMember(disks);
        const books = new Books(member);
        await books.load();
        await Promise.all(
          steps.map(async ({ step, turn }) => {
            await turns(turn);
            const code = await run(member.api, step);
            if (code === 403) refusals += 1;
          }),
        );
        await member.settled();
        books.check();
        expect(books.faults).toEqual([]);
        expect(unexpected(member)).toEqual([]);
        await member.close();
      }),
      { numRuns: 100 },
    );
    // Else nothing of this was about bounds.
    expect(refusals).toBeGreaterThan(5);
  }, 120_000);

  it('never let more in than there is room for, when many come at once', async () => {
    const member = await startMember([3]);
    await run(member.api, { does: 'quota', namespace: 'default', name: 'one', hard: { secrets: '10' } });
    await member.settled();
    const books = new Books(member);
    const codes = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        run(member.api, {
          does: 'create',
          at: { namespace: 'default', resource: 'secrets', name: `s${index}` },
        }),
      ),
    );
    expect(codes.filter((code) => code === 201)).toHaveLength(10);
    expect(codes.filter((code) => code === 403)).toHaveLength(30);
    expect(books.faults).toEqual([]);
    await member.close();
  });

  // Of those in another log only the end can be told: what they count and their own numbers come to the disk apart.
  it('are right in the end where what they count is in another log', async () => {
    let refusals = 0;
    await fc.assert(
      fc.asyncProperty(timedArbitrary, disksArbitrary, async (steps, disks) => {
        const member = await startMember(disks, IN_OTHER_LOG);
        await Promise.all(
          steps.map(async ({ step, turn }) => {
            await turns(turn);
            if ((await run(member.api, step)) === 403) refusals += 1;
          }),
        );
        await member.settled();
        const books = new Books(member);
        await books.load();
        books.check();
        expect(books.faults).toEqual([]);
        expect(unexpected(member)).toEqual([]);
        await member.close();
      }),
      { numRuns: 40 },
    );
    expect(refusals).toBeGreaterThan(3);
  }, 120_000);

  it('never let more in than there is room for in another log, when many come and go at once', async () => {
    const member = await startMember([0, 3, 1], IN_OTHER_LOG);
    await run(member.api, { does: 'quota', namespace: 'default', name: 'one', hard: { configmaps: '10' } });
    await member.settled();
    const place = (name: string) => ({ namespace: 'default', resource: 'configmaps' as const, name });
    let there = 0;
    member.api.store.feed.subscribeToGroups(({ events }) => {
      for (const { key, oldRow, newRow } of events) {
        if (key.resource !== 'configmaps' || key.namespace !== 'default') continue;
        there += Number(newRow !== undefined) - Number(oldRow !== undefined);
        expect(there).toBeLessThanOrEqual(10);
      }
    });
    const codes = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        await turns(index % 20);
        const at = place(`s${index}`);
        const code = await run(member.api, { does: 'create', at });
        if (code === 201 && index % 3 === 0) await run(member.api, { does: 'delete', at });
        return code;
      }),
    );
    expect(codes.filter((code) => code === 403).length).toBeGreaterThan(10);
    await member.settled();
    const books = new Books(member);
    await books.load();
    books.check();
    expect(books.faults).toEqual([]);
    await member.close();
  });

  it('are right after a crash that lost the end of a quota, and not what another log got after it', async () => {
    let held: Promise<void> | undefined;
    const first = await startMemoryMember({
      ...IN_OTHER_LOG,
      cluster: CLUSTER,
      disk: { beforeSync: async () => held },
    });
    const name = 'one';
    await run(first.api, { does: 'quota', namespace: 'default', name, hard: { configmaps: '5' } });
    await first.settled();
    let release = () => {};
    held = new Promise((resolve) => {
      release = resolve;
    });
    const ends = run(first.api, {
      does: 'delete',
      at: { namespace: 'default', resource: 'resourcequotas', name },
    });
    await turns(20);
    held = undefined;
    const comes = run(first.api, {
      does: 'create',
      at: { namespace: 'default', resource: 'configmaps', name },
    });
    await turns(20);
    const crashing = first.crash();
    release();
    const member = await crashing;
    await Promise.allSettled([ends, comes]);
    await member.settled();
    const quota = {
      cluster: CLUSTER,
      group: '',
      resource: 'resourcequotas',
      identity: '',
      namespace: 'default',
      name,
    };
    expect(member.api.store.get({ ...quota, resource: 'configmaps' })).toBeDefined();
    expect(JSON.parse(String(member.api.store.get(quota)?.json))).toMatchObject({
      status: { used: { configmaps: '1' } },
    });
    await member.close();
  });

  it.each([
    ['', {}],
    [', also of what is in another log', IN_OTHER_LOG],
  ])(
    'are right again after a crash in the middle of counting%s',
    async (_name, options) => {
      await fc.assert(
        fc.asyncProperty(timedArbitrary, disksArbitrary, fc.nat(60), async (steps, disks, crashTurn) => {
          let member = await startMember(disks, options);
          const running = steps.map(async ({ step, turn }) => {
            await turns(turn);
            await run(member.api, step).catch(() => 0);
          });
          await turns(crashTurn);
          const dead = member;
          member = await dead.crash();
          // What still came in the last life has nothing to do with this one.
          void Promise.allSettled(running);
          await member.settled();
          const books = new Books(member);
          await books.load();
          books.check();
          expect(books.faults).toEqual([]);
          await member.close();
        }),
        { numRuns: 40 },
      );
    },
    120_000,
  );
});
