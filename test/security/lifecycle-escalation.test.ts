import { expect, test } from 'vitest';
import { TENANCY, useTree } from '../workspaces/suite.ts';

const tree = useTree();
const extend = { with: [{ name: 'universal', path: 'root' }] };

/*
 * Where a type has no rules of its own, its initializer acts as the creator of the workspace. That must not make it
 * more than an owner: a workspace that an administrator has created would lend out the administrator's power.
 */
test('the initializer of a workspace that an administrator made is no administrator', async () => {
  await tree.type('root', 'lent', { extend, initializer: true });
  const rules = [
    {
      apiGroups: ['tenancy.kcp.io'],
      resources: ['workspacetypes'],
      resourceNames: ['lent'],
      verbs: ['initialize'],
    },
  ];
  await tree.grant('root', 'controller-of-lent', rules, ['bob']);
  const victim = await tree.workspace('root', 'victim', { as: 'alice' });
  const made = await tree.workspace('root', 'of-lent', { spec: { type: { name: 'lent', path: 'root' } } });
  const view = `/services/initializingworkspaces/root:lent/clusters/${made.spec.cluster}`;
  const review = await tree.as('bob', `${view}/apis/authentication.k8s.io/v1/selfsubjectreviews`, {
    method: 'POST',
    body: {},
  });
  expect(review.text).not.toMatch(/system:(masters|kcp:admin|kcp:logical-cluster-admin)/);
  // What only the system may write: a workspace that leads to a logical cluster of somebody else.
  const stolen = await tree.as('bob', `${view}${TENANCY}/workspaces`, {
    method: 'POST',
    body: {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'Workspace',
      metadata: { name: 'stolen' },
      spec: { cluster: victim.spec.cluster, URL: 'https://example.com' },
    },
  });
  expect(stolen.status, stolen.text).toBeGreaterThanOrEqual(400);
  expect(tree.server.errors).toEqual([]);
});
