import { expect, test } from 'vitest';
import type { LogicalCluster } from '../base/mod.ts';
import { userOf } from './rbac/rbac.suite.ts';
import { newRequestForbidden, newWorkspaceForbidden } from './refusals.ts';

const cluster = 'here' as LogicalCluster;
const asked = { user: userOf('z<e>d'), cluster, verb: 'get' };
const secret = { ...asked, group: '', resource: 'secrets', subresource: '', namespace: 'n', name: 'x' };
const missing = 'RBAC: role.rbac.authorization.k8s.io "<x>" not found';

test.each([
  [
    newRequestForbidden(secret),
    'secrets "x" is forbidden: User "z&lt;e&gt;d" cannot get resource "secrets" in API group "" in the namespace "n"',
  ],
  [
    newRequestForbidden(
      { ...secret, group: 'apps', resource: 'd', subresource: 'scale', namespace: '', name: '' },
      missing,
    ),
    `d.apps is forbidden: User "z&lt;e&gt;d" cannot get resource "d/scale" in API group "apps" at the cluster scope: ${missing}`,
  ],
  [
    newRequestForbidden({ ...asked, path: '/a&b' }),
    'forbidden: User "z&lt;e&gt;d" cannot get path "/a&amp;b"',
  ],
  [
    newRequestForbidden({ ...asked, path: '/metrics' }, missing),
    `forbidden: User "z&lt;e&gt;d" cannot get path "/metrics": ${missing}`,
  ],
  [
    newWorkspaceForbidden({ ...asked, path: '/' }),
    'forbidden: User "z&lt;e&gt;d" cannot get path "/": access denied',
  ],
])('a refusal says what was asked, escaped, and the reason as it is: %#', (error, message) => {
  expect(error).toMatchObject({ code: 403, reason: 'Forbidden', message });
});
