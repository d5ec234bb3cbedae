import { expect, it } from 'vitest';
import type { KubeObject } from '../http/client.ts';
import { useServer } from '../http/suite.ts';

const fixture = useServer();
const ROLES = '/apis/rbac.authorization.k8s.io/v1/clusterroles';

function rule(resource: string): Record<string, unknown> {
  return { verbs: ['get', 'list'], apiGroups: ['example.com'], resources: [resource] };
}

interface Role {
  readonly labels?: Readonly<Record<string, string>>;
  readonly rules?: readonly Record<string, unknown>[];
  /** Labels of what it gathers. */
  readonly gathers?: Readonly<Record<string, string>>;
}

function create(name: string, { labels, rules = [], gathers }: Role): Promise<KubeObject> {
  const aggregationRule = gathers && { clusterRoleSelectors: [{ matchLabels: gathers }] };
  return fixture.client.create(ROLES, { metadata: { name, labels }, rules, aggregationRule });
}

function untilRules(name: string, ...resources: readonly string[]): Promise<KubeObject> {
  const wanted = JSON.stringify(resources);
  return fixture.client.until(`${ROLES}/${name}`, ({ rules }) => {
    const all = (rules ?? []) as readonly { readonly resources: readonly string[] }[];
    return JSON.stringify(all.flatMap((one) => one.resources)) === wanted;
  });
}

it('a ClusterRole gathers the rules of those that its selectors match, as these come, change and go', async () => {
  const { client } = fixture;
  await create('gather', { gathers: { to: 'gather' } });
  await create('b', { labels: { to: 'gather' }, rules: [rule('bees')] });
  await untilRules('gather', 'bees');
  await create('a', { labels: { to: 'gather' }, rules: [rule('ants')] });
  const gathered = await untilRules('gather', 'ants', 'bees');
  expect(gathered['rules']).toEqual([rule('ants'), rule('bees')]);
  expect(gathered.metadata.managedFields).toContainEqual({
    manager: 'clusterrole-aggregation-controller',
    operation: 'Apply',
    apiVersion: 'rbac.authorization.k8s.io/v1',
    time: expect.any(String),
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:rules': {} },
  });
  await client.patch(`${ROLES}/b`, { rules: [rule('bees'), rule('beetles')] });
  await untilRules('gather', 'ants', 'bees', 'beetles');
  await client.patch(`${ROLES}/a`, { metadata: { labels: { to: 'nobody' } } });
  await untilRules('gather', 'bees', 'beetles');
  await client.delete(`${ROLES}/b`);
  const emptied = await untilRules('gather');
  expect(emptied['rules']).toBeNull();
});

it('what somebody writes into gathered rules is overwritten', async () => {
  const { client } = fixture;
  await create('owned', { gathers: { to: 'owned' }, rules: [rule('forged')] });
  await create('owned-part', { labels: { to: 'owned' }, rules: [rule('right')] });
  await untilRules('owned', 'right');
  await client.patch(`${ROLES}/owned`, { rules: [rule('forged'), rule('right')] });
  await untilRules('owned', 'right');
});

it('a ClusterRole that is gathered may gather itself, and a new selector gathers anew', async () => {
  const { client } = fixture;
  await create('my-admin', { gathers: { 'to-my-admin': 'true' } });
  await create('my-edit', { gathers: { 'to-my-edit': 'true' }, labels: { 'to-my-admin': 'true' } });
  await create('my-view', { gathers: { 'to-my-view': 'true' }, labels: { 'to-my-edit': 'true' } });
  await create('my-widgets', { labels: { 'to-my-view': 'true' }, rules: [rule('widgets')] });
  for (const name of ['my-admin', 'my-edit', 'my-view']) await untilRules(name, 'widgets');
  await client.patch(`${ROLES}/my-edit`, {
    aggregationRule: {
      clusterRoleSelectors: [{ matchLabels: { 'to-my-view': 'true' } }, { matchLabels: { more: '1' } }],
    },
  });
  await create('more', { labels: { more: '1' }, rules: [rule('more')] });
  await untilRules('my-edit', 'widgets', 'more');
  await untilRules('my-admin', 'widgets', 'more');
  await untilRules('my-view', 'widgets');
});

it('ClusterRoles that gather each other in a circle come to rest', async () => {
  const { client } = fixture;
  for (const [name, from] of [
    ['c1', 'c2'],
    ['c2', 'c3'],
    ['c3', 'c1'],
  ] as const)
    await create(name, { gathers: { is: from }, labels: { is: name }, rules: [rule(name)] });
  await create('last', { labels: { is: 'c-last' }, rules: [rule('last')] });
  await create('after', { gathers: { is: 'c-last' } });
  await untilRules('after', 'last');
  const before = await client.list(ROLES);
  await create('again', { labels: { is: 'c-last' }, rules: [rule('again')] });
  await untilRules('after', 'again', 'last');
  const versionsOf = (list: { readonly items: readonly KubeObject[] }) =>
    list.items
      .filter(({ metadata }) => /^c\d$/.test(metadata.name))
      .map(({ metadata }) => metadata.resourceVersion);
  expect(versionsOf(await client.list(ROLES))).toEqual(versionsOf(before));
});

it('the default roles take in what is labelled for them, through edit to admin', async () => {
  const { client } = fixture;
  const resourcesOf = ({ rules }: KubeObject) =>
    (rules as readonly { readonly resources?: readonly string[] }[]).flatMap(
      ({ resources = [] }) => resources,
    );
  const before = await client.get(`${ROLES}/view`);
  expect(resourcesOf(before)).toContain('configmaps');
  const labels = { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' };
  await create('widgets-viewer', { labels, rules: [rule('widgets')] });
  for (const name of ['view', 'edit', 'admin'])
    await client.until(`${ROLES}/${name}`, (role) => resourcesOf(role).includes('widgets'));
  await client.delete(`${ROLES}/widgets-viewer`);
  for (const name of ['admin', 'edit', 'view'])
    await client.until(`${ROLES}/${name}`, (role) => !resourcesOf(role).includes('widgets'));
  const after = await client.get(`${ROLES}/view`);
  expect(after['rules']).toEqual(before['rules']);
});
