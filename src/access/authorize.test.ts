import { expect, test } from 'vitest';
import type { LogicalCluster, Revision } from '../base/mod.ts';
import { groundsOf } from './authorize.ts';

test('a decision stands on the roles of a logical cluster, on its own object, and on its bindings and exports', () => {
  const cluster = 'here' as LogicalCluster;
  const at = { cluster, revision: 1 as Revision };
  expect(groundsOf([at, at])).toEqual([
    { cluster, group: 'rbac.authorization.k8s.io' },
    { cluster, group: 'core.kcp.io' },
    { cluster, group: 'apis.kcp.io' },
  ]);
});
