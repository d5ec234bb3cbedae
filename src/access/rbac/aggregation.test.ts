import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonObject, objectOf } from '../../machinery/mod.ts';
import { aggregatedRules, hasRules } from './aggregated-rules.suite.ts';
import { settledRules } from './aggregation.ts';
import { type PolicyRule, ruleToJson } from './policy-rule.ts';

interface Role {
  readonly labels?: Readonly<Record<string, string>>;
  readonly gathers?: readonly Readonly<Record<string, string>>[];
  readonly rules?: readonly string[];
}

/** ClusterRoles by name; a rule is named by what it lets read. */
function clusterRoles(roles: Readonly<Record<string, Role>>): JsonObject[] {
  return Object.entries(roles).map(([name, { labels = {}, gathers, rules = [] }]) =>
    objectOf({
      metadata: objectOf({ name, labels: objectOf({ ...labels }) }),
      rules: rules.map((resource) => ruleToJson(ruleOf(resource))),
      ...(gathers === undefined
        ? {}
        : {
            aggregationRule: objectOf({
              clusterRoleSelectors: gathers.map((matchLabels) =>
                objectOf({ matchLabels: objectOf({ ...matchLabels }) }),
              ),
            }),
          }),
    }),
  );
}

function ruleOf(resource: string): PolicyRule {
  return { verbs: ['get'], apiGroups: [''], resources: [resource], resourceNames: [], nonResourceURLs: [] };
}

/** Processor time: whatever else the machine does, it does not count. */
function usedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** How long the work holds the event loop at once, and in all. */
function heldMs(roles: readonly JsonObject[]): { readonly longest: number; readonly total: number } {
  const steps = settledRules(roles);
  let longest = 0;
  let total = 0;
  for (;;) {
    const begin = usedMs();
    const { done } = steps.next();
    const heldFor = usedMs() - begin;
    longest = Math.max(longest, heldFor);
    total += heldFor;
    if (done === true) return { longest, total };
  }
}

/** The least of a few: collecting garbage falls into one of them. */
function heldAtLeastMs(roles: readonly JsonObject[]): { readonly longest: number; readonly total: number } {
  const runs = Array.from({ length: 3 }, () => heldMs(roles));
  return {
    longest: Math.min(...runs.map(({ longest }) => longest)),
    total: Math.min(...runs.map(({ total }) => total)),
  };
}

function smallRoles(count: number): Record<string, Role> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `small-${index}`,
      { labels: { to: 'all' }, rules: [`r${index}`] },
    ]),
  );
}

/** What has to be written, by role: the names of its rules. */
function settled(roles: readonly JsonObject[]): Record<string, readonly string[]> {
  const steps = settledRules(roles);
  for (;;) {
    const { value, done } = steps.next();
    if (done !== true) continue;
    return Object.fromEntries(
      [...value].map(([name, rules]) => [name, rules.flatMap(({ resources }) => resources)]),
    );
  }
}

describe('the rules that ClusterRoles gather', () => {
  it('come from all roles that a selector matches, by name, each once, and replace its own', () => {
    const roles = clusterRoles({
      all: { gathers: [{ to: 'all' }, { also: 'all' }], rules: ['forged'] },
      z: { labels: { to: 'all' }, rules: ['a', 'b'] },
      m: { labels: { also: 'all' }, rules: ['d', 'b'] },
      b: { labels: { to: 'all' }, rules: ['c', 'b'] },
      other: { labels: { to: 'none' }, rules: ['x'] },
    });
    expect(settled(roles)).toEqual({ all: ['c', 'b', 'a', 'd'] });
  });

  it('need no writing where they are right already', () => {
    const roles = clusterRoles({
      all: { gathers: [{ to: 'all' }], rules: ['a'] },
      a: { labels: { to: 'all' }, rules: ['a'] },
    });
    expect(settled(roles)).toEqual({});
  });

  it('go up a chain in one step, whatever the names are', () => {
    const roles = clusterRoles({
      a: { gathers: [{ to: 'a' }] },
      b: { gathers: [{ to: 'b' }], labels: { to: 'a' } },
      c: { gathers: [{ to: 'c' }], labels: { to: 'b' } },
      leaf: { labels: { to: 'c' }, rules: ['x'] },
    });
    expect(settled(roles)).toEqual({ a: ['x'], b: ['x'], c: ['x'] });
  });

  it('of a role that selects itself are those of the others', () => {
    const roles = clusterRoles({
      self: { gathers: [{ to: 'self' }], labels: { to: 'self' }, rules: ['old'] },
      a: { labels: { to: 'self' }, rules: ['a'] },
    });
    expect(settled(roles)).toEqual({ self: ['a'] });
  });

  it('of a circle that never comes to rest stay, and those of others are gathered all the same', () => {
    const roles = clusterRoles({
      a: { gathers: [{ to: 'a' }], labels: { to: 'c' }, rules: ['1'] },
      b: { gathers: [{ to: 'b' }], labels: { to: 'a' }, rules: ['2'] },
      c: { gathers: [{ to: 'c' }], labels: { to: 'b' }, rules: ['3'] },
      fine: { gathers: [{ to: 'fine' }] },
      leaf: { labels: { to: 'fine' }, rules: ['x'] },
    });
    expect(settled(roles)).toEqual({ fine: ['x'] });
  });

  it('of a role whose selector cannot be read stay', () => {
    const [role] = clusterRoles({ odd: { gathers: [{}], rules: ['a'] } });
    const aggregationRule = objectOf({
      clusterRoleSelectors: [objectOf({ matchExpressions: [objectOf({ key: 'k', operator: 'Odd' })] })],
    });
    expect(settled([objectOf({ ...role, aggregationRule })])).toEqual({});
  });

  it('are at rest once they are written', () => {
    const label = fc.constantFrom('p', 'q', 'r', 's');
    const role = fc.record({
      labels: label.map((to): Record<string, string> => ({ to })),
      gathers: fc.option(
        fc.array(
          label.map((to): Record<string, string> => ({ to })),
          { maxLength: 2 },
        ),
        {
          nil: undefined,
        },
      ),
      rules: fc.array(fc.constantFrom('1', '2', '3', '4'), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(role, { minLength: 1, maxLength: 6 }), (list) => {
        const named = Object.fromEntries(
          list.map(({ gathers, ...rest }, index) => [
            `r${index}`,
            gathers === undefined ? rest : { ...rest, gathers },
          ]),
        );
        const roles = clusterRoles(named);
        const steps = settledRules(roles);
        let step = steps.next();
        while (step.done !== true) step = steps.next();
        const { value } = step;
        const after = roles.map((object) => {
          const { name } = object['metadata'] as unknown as { readonly name: string };
          const rules = value.get(name);
          return rules === undefined ? object : objectOf({ ...object, rules: rules.map(ruleToJson) });
        });
        expect(settled(after)).toEqual({});
      }),
    );
  });

  it('are those that the plainest words about one role say, where no role gathers from another that does', () => {
    const label = fc.constantFrom('p', 'q', 'r');
    const labels = fc.dictionary(label, fc.constantFrom('1', '2'), { maxKeys: 2 });
    const leaf = fc.record({
      labels,
      rules: fc.array(fc.constantFrom('1', '2', '3', '4'), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(leaf, { maxLength: 6 }), fc.array(labels, { maxLength: 4 }), (leaves, gathers) => {
        // It is found by those that take everything, and never gathers from itself.
        const named: Record<string, Role> = { m: { gathers, rules: ['old'] } };
        for (const [index, one] of leaves.entries()) named[`${'zyxabc'[index]}`] = one;
        const roles = clusterRoles(named);
        const wanted = aggregatedRules(roles[0]!, roles)!;
        const names = wanted.flatMap(({ resources }) => resources);
        expect(settled(roles)).toEqual(hasRules(roles[0]!, wanted) ? {} : { m: names });
      }),
    );
  });

  it('do not hold the event loop for a role with 20,000 selectors that take everything', () => {
    const honest = clusterRoles({ ...smallRoles(200), all: { gathers: [{ to: 'all' }] } });
    const hostile = clusterRoles({ ...smallRoles(200), all: { gathers: Array(20_000).fill({}) } });
    expect(settled(hostile)).toEqual(settled(honest));
    const [usual, attacked] = [heldAtLeastMs(honest), heldAtLeastMs(hostile)];
    // Reading 20,000 selectors takes longer than matching one, but in steps that are no longer.
    expect(attacked.longest).toBeLessThan(10 * usual.longest + 5);
    expect(attacked.total).toBeLessThan(10 * usual.total + 200);
  });

  it('do not hold the event loop for thousands of different selectors, and take time as these grow', () => {
    const selecting = (count: number) =>
      clusterRoles({
        ...smallRoles(200),
        all: { gathers: Array.from({ length: count }, (_, index) => ({ to: `none-${index}` })) },
      });
    const [few, many] = [heldAtLeastMs(selecting(900)), heldAtLeastMs(selecting(9_000))];
    expect(many.longest).toBeLessThan(10 * few.longest + 5);
    expect(many.total).toBeLessThan(40 * few.total);
  });

  it('of a role with more selectors than can be compared stay, and others gather all the same', () => {
    const count = 4_000;
    const roles = clusterRoles({
      ...smallRoles(1_500),
      a: {
        gathers: [{ to: 'all' }, ...Array.from({ length: count }, (_, index) => ({ to: `none-${index}` }))],
      },
      b: { gathers: [{ to: 'all' }] },
    });
    expect(Object.keys(settled(roles))).toEqual(['b']);
  });

  it('of roles that gather more than could be stored stay', () => {
    const gatherers = Array.from({ length: 1_000 }, (_, index) => [
      `g${index}`,
      { gathers: [{ to: 'all' }] },
    ]);
    const roles = clusterRoles({
      leaf: { labels: { to: 'all' }, rules: Array.from({ length: 10_000 }, (_, index) => `r${index}`) },
      ...Object.fromEntries(gatherers),
    });
    const { length } = Object.keys(settled(roles));
    expect(length).toBeGreaterThan(100);
    expect(length).toBeLessThan(500);
  });
});
