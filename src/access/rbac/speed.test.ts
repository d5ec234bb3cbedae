import { expect, it } from 'vitest';
import type { LogicalCluster } from '../../base/mod.ts';
import { bindingOf, MemoryRbac, roleOf, userOf } from './rbac.suite.ts';
import { RbacAuthorizer } from './rbac-authorizer.ts';
import { rule } from './rules.suite.ts';

const cluster = 'here' as LogicalCluster;

// The benchmark says how long it takes; this fails on any machine if rules are compiled or read for a request.
it('a decision on a cached set of 1,000 rules takes far less than a millisecond', async () => {
  const rules = Array.from({ length: 1_000 }, (_, index) =>
    rule({ verbs: ['get'], apiGroups: ['example.com'], resources: [`things${index}`] }),
  );
  const rbac = new MemoryRbac();
  rbac.set(cluster, {
    clusterRoles: [roleOf('r', rules)],
    clusterRoleBindings: [bindingOf('b', { role: 'r', subjects: [{ name: 'alice' }] })],
  });
  const authorizer = new RbacAuthorizer(rbac);
  const user = userOf('alice', ['system:authenticated']);
  const decide = (resource: string) =>
    authorizer.authorize({
      user,
      cluster,
      verb: 'get',
      group: 'example.com',
      resource,
      subresource: '',
      namespace: 'n',
      name: 'x',
    });
  await decide('things0');
  const timesMs: number[] = [];
  for (let index = 0; index < 1_000; index += 1) {
    const fromMs = performance.now();
    const { isAllowed } = await decide(`things${index + 1}`);
    timesMs.push(performance.now() - fromMs);
    expect(isAllowed).toBe(index < 999);
  }
  expect(rbac.reads).toBe(1);
  expect(timesMs.sort((a, b) => a - b)[500]).toBeLessThan(0.5);
});
