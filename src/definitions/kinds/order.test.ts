import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareKubeVersions, groupPriority } from './order.ts';

test('versions are ordered as Kubernetes documents it', () => {
  const order = [
    'v10',
    'v2',
    'v1',
    'v11beta2',
    'v10beta3',
    'v3beta1',
    'v12alpha1',
    'v11alpha2',
    'foo1',
    'foo10',
  ];
  expect([...order].reverse().sort(compareKubeVersions)).toEqual(order);
});

test('numbers beyond 2^53 are compared exactly', () => {
  expect(compareKubeVersions('v9007199254740993', 'v9007199254740992')).toBe(-1);
});

test('the order of versions is total and antisymmetric', () => {
  const version = fc.oneof(
    fc.stringMatching(/^v[0-9]{1,3}((alpha|beta)[0-9]{1,2})?$/),
    fc.string({ maxLength: 4 }),
  );
  fc.assert(
    fc.property(version, version, (a, b) => {
      expect(Math.sign(compareKubeVersions(a, b)) + Math.sign(compareKubeVersions(b, a))).toBe(0);
      if (a !== b && !/v0/.test(a + b)) expect(compareKubeVersions(a, b)).not.toBe(0);
    }),
  );
});

test('the core group comes first and groups of custom resources last', () => {
  const groups = ['example.com', 'coordination.k8s.io', '', 'events.k8s.io', 'rbac.authorization.k8s.io'];
  expect(groups.sort((a, b) => groupPriority(b) - groupPriority(a))).toEqual([
    '',
    'events.k8s.io',
    'rbac.authorization.k8s.io',
    'coordination.k8s.io',
    'example.com',
  ]);
  expect(groupPriority('constructor')).toBe(1000);
});
