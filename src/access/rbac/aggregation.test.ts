import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonObject, objectOf } from '../../machinery/mod.ts';
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
});
