import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { covers, missingRules, partsOf } from './covers.ts';
import { type PolicyRule, urlCovers } from './policy-rule.ts';
import { RuleIndex } from './rule-index.ts';
import {
  pathQuestionArb,
  resourceQuestionArb,
  rule,
  ruleAllowsPath,
  ruleAllowsResource,
  ruleArb,
} from './rules.suite.ts';

describe('a rule', () => {
  const question = { verb: 'get', group: 'apps', resource: 'deployments', subresource: '', name: 'a' };
  const scale = { ...question, subresource: 'scale' };

  test.each<[string, Partial<PolicyRule>, typeof question, boolean]>([
    ['the exact resource', { resources: ['deployments'] }, question, true],
    ['another resource', { resources: ['pods'] }, question, false],
    ['all resources', { resources: ['*'] }, question, true],
    ['all resources, a subresource', { resources: ['*'] }, scale, true],
    ['the resource, but not its subresource', { resources: ['deployments'] }, scale, false],
    ['the subresource', { resources: ['deployments/scale'] }, scale, true],
    ['the subresource, but not its resource', { resources: ['deployments/scale'] }, question, false],
    ['the subresource of all resources', { resources: ['*/scale'] }, scale, true],
    ['another subresource of all resources', { resources: ['*/status'] }, scale, false],
    ['the subresource of all resources, not a resource', { resources: ['*/scale'] }, question, false],
    ['no subresources by a star at the end', { resources: ['deployments/*'] }, scale, false],
    ['all verbs', { resources: ['deployments'], verbs: ['*'] }, question, true],
    ['another verb', { resources: ['deployments'], verbs: ['list'] }, question, false],
    ['all groups', { resources: ['deployments'], apiGroups: ['*'] }, question, true],
    ['another group', { resources: ['deployments'], apiGroups: [''] }, question, false],
    ['the name', { resources: ['deployments'], resourceNames: ['b', 'a'] }, question, true],
    ['another name', { resources: ['deployments'], resourceNames: ['b'] }, question, false],
    ['no name by a star', { resources: ['deployments'], resourceNames: ['*'] }, question, false],
    [
      'no request without name when limited to names',
      { resources: ['deployments'], resourceNames: ['a'] },
      { ...question, name: '' },
      false,
    ],
  ])('takes %s', (_, partial, asked, allowed) => {
    const one = rule({ verbs: ['get'], apiGroups: ['apps'], ...partial });
    expect(ruleAllowsResource(one, asked)).toBe(allowed);
    expect(new RuleIndex([one]).findResource(asked)).toBe(allowed ? 0 : -1);
  });

  test.each([
    ['/healthz', '/healthz', true],
    ['/healthz', '/healthz/', false],
    ['/healthz/*', '/healthz/ping', true],
    ['/healthz/*', '/healthz', false],
    ['/health*', '/healthz', true],
    ['/a**', '/ab', true],
    ['*', '/anything', true],
    ['/*/b', '/a/b', false],
    ['/a*', '/a*', true],
    ['/a*', '/ab*', true],
    ['/ab*', '/a*', false],
  ])('with the URL %s, asked for %s, says %s', (url, path, taken) => {
    const one = rule({ verbs: ['get'], nonResourceURLs: [url] });
    expect(urlCovers(url, path)).toBe(taken);
    expect(ruleAllowsPath(one, { verb: 'get', path })).toBe(taken);
    expect(new RuleIndex([one]).findPath({ verb: 'get', path })).toBe(taken ? 0 : -1);
  });
});

describe('an index of rules', () => {
  it('finds the same first rule as a walk through all of them', () => {
    fc.assert(
      fc.property(fc.array(ruleArb, { maxLength: 12 }), resourceQuestionArb, (rules, question) => {
        const walked = rules.findIndex((one) => ruleAllowsResource(one, question));
        expect(new RuleIndex(rules).findResource(question)).toBe(walked);
      }),
      { numRuns: 2_000 },
    );
  });

  it('finds the same first rule for a path', () => {
    fc.assert(
      fc.property(fc.array(ruleArb, { maxLength: 12 }), pathQuestionArb, (rules, question) => {
        const walked = rules.findIndex((one) => ruleAllowsPath(one, question));
        expect(new RuleIndex(rules).findPath(question)).toBe(walked);
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes memory in proportion to the rules, not to the product of their lists', () => {
    const many = Array.from({ length: 20_000 }, (_, index) => `x${index}`);
    const index = new RuleIndex([
      rule({ verbs: many, apiGroups: many, resources: many, resourceNames: many }),
    ]);
    expect(index.sizeBytes).toBeLessThan(10_000_000);
    const question = { verb: 'x1', group: 'x2', resource: 'x3', subresource: '', name: 'x19999' };
    expect(index.findResource(question)).toBe(0);
    expect(index.findResource({ ...question, name: 'y' })).toBe(-1);
  });
});

describe('covering', () => {
  const everything = [
    rule({ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }),
    rule({ verbs: ['*'], nonResourceURLs: ['*'] }),
  ];
  const secrets = { apiGroups: [''], resources: ['secrets'] };

  test.each<[string, boolean, PolicyRule[], PolicyRule[]]>([
    ['everything holds anything', true, everything, [rule({ verbs: ['x'], ...secrets })]],
    ['everything holds everything', true, everything, everything],
    [
      'a verb is not all verbs',
      false,
      [rule({ verbs: ['get'], ...secrets })],
      [rule({ verbs: ['*'], ...secrets })],
    ],
    [
      'two rules together hold two verbs',
      true,
      [rule({ verbs: ['get'], ...secrets }), rule({ verbs: ['list'], ...secrets })],
      [rule({ verbs: ['get', 'list'], ...secrets })],
    ],
    [
      'a resource does not hold its subresources',
      false,
      [rule({ verbs: ['get'], apiGroups: [''], resources: ['pods'] })],
      [rule({ verbs: ['get'], apiGroups: [''], resources: ['pods/log'] })],
    ],
    [
      'the subresource of all holds one of them',
      true,
      [rule({ verbs: ['get'], apiGroups: [''], resources: ['*/log'] })],
      [rule({ verbs: ['get'], apiGroups: [''], resources: ['pods/log'] })],
    ],
    [
      'one of them does not hold that of all',
      false,
      [rule({ verbs: ['get'], apiGroups: [''], resources: ['pods/log'] })],
      [rule({ verbs: ['get'], apiGroups: [''], resources: ['*/log'] })],
    ],
    [
      'a name is not all names',
      false,
      [rule({ verbs: ['get'], ...secrets, resourceNames: ['a', '', '\0', '*'] })],
      [rule({ verbs: ['get'], ...secrets })],
    ],
    [
      'all names hold a name',
      true,
      [rule({ verbs: ['get'], ...secrets })],
      [rule({ verbs: ['get'], ...secrets, resourceNames: ['a'] })],
    ],
    [
      'a prefix holds a longer prefix',
      true,
      [rule({ verbs: ['get'], nonResourceURLs: ['/apis/*'] })],
      [rule({ verbs: ['get'], nonResourceURLs: ['/apis/apps/*', '/apis/x'] })],
    ],
    [
      'no resource is held by an empty subresource',
      false,
      [rule({ verbs: ['get'], apiGroups: [''], resources: ['pods'] })],
      [rule({ verbs: ['get'], apiGroups: [''], resources: ['pods/'] })],
    ],
    ['nothing is held by nobody', true, [], []],
  ])('%s: %s', (_, held, owner, wanted) => {
    expect(covers(owner, wanted)).toBe(held);
  });

  it('is reflexive', () => {
    fc.assert(fc.property(fc.array(ruleArb, { maxLength: 5 }), (rules) => covers(rules, rules)));
  });

  it('is transitive', () => {
    const rules = fc.array(ruleArb, { maxLength: 4 });
    fc.assert(
      fc.property(rules, rules, rules, (extraA, extraB, c) => {
        // Overlapping on purpose: three unrelated sets would hardly ever hold each other.
        const b = [...extraB, ...c];
        const a = [...extraA, ...extraB];
        if (covers(a, b) && covers(b, c)) expect(covers(a, c)).toBe(true);
        expect(covers([...a, ...c], c)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('never lets anybody do more than whoever holds it', () => {
    const rules = fc.array(ruleArb, { maxLength: 6 });
    fc.assert(
      fc.property(rules, rules, resourceQuestionArb, (held, wanted, question) => {
        if (!covers(held, wanted) || question.name === undefined) return;
        if (wanted.some((one) => ruleAllowsResource(one, question)))
          expect(held.some((one) => ruleAllowsResource(one, question))).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  it('says what is missing in parts of one verb on one resource', () => {
    const held = [rule({ verbs: ['get'], apiGroups: [''], resources: ['secrets', 'configmaps'] })];
    const wanted = [rule({ verbs: ['get', 'list'], apiGroups: [''], resources: ['secrets', 'configmaps'] })];
    expect(missingRules(held, wanted)).toEqual([
      rule({ verbs: ['list'], apiGroups: [''], resources: ['secrets'] }),
      rule({ verbs: ['list'], apiGroups: [''], resources: ['configmaps'] }),
    ]);
    expect([...partsOf(wanted[0]!)]).toHaveLength(4);
  });

  it('does not count the parts of a rule that has too many', () => {
    const many = Array.from({ length: 2_000 }, (_, index) => `x${index}`);
    const huge = rule({ verbs: many, apiGroups: many, resources: many, resourceNames: many });
    expect(missingRules([rule({ verbs: ['get'], ...secrets })], [huge])).toEqual([huge]);
    expect(missingRules(everything, [huge])).toEqual([]);
    expect(missingRules([huge], [huge])).toEqual([]);
  });
});
