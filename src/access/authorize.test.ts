import { expect, test } from 'vitest';
import type { LogicalCluster, Revision } from '../base/mod.ts';
import { groundsOf } from './authorize.ts';

test('a decision stands on the roles of a logical cluster and on its own object, which says whom it lets in', () => {
  const cluster = 'here' as LogicalCluster;
  expect(groundsOf([{ cluster, revision: 1 as Revision }])).toEqual([
    { cluster, group: 'rbac.authorization.k8s.io' },
    { cluster, group: 'core.kcp.io' },
  ]);
});
