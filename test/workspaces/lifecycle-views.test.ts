import { expect, it } from 'vitest';
import { CORE, refusal, TENANCY, useTree, type Workspace } from './suite.ts';

const tree = useTree();

const MERGE = { 'content-type': 'application/merge-patch+json' };
const initializing = (type: string, cluster: string) =>
  `/services/initializingworkspaces/root:${type}/clusters/${cluster}`;
const terminating = (type: string, cluster: string) =>
  `/services/terminatingworkspaces/root:${type}/clusters/${cluster}`;
const LIST = `${CORE}/logicalclusters`;
const SELF = `${LIST}/cluster`;
const extend = { with: [{ name: 'universal', path: 'root' }] };

const setOf = (items: readonly { metadata: { annotations?: Readonly<Record<string, string>> } }[]) =>
  items.map(({ metadata }) => metadata.annotations?.['kcp.io/cluster']).sort();

/** A type, whose controller is bob, and a workspace of it, which is alice's. */
async function typed(type: string, spec: object): Promise<Workspace> {
  await tree.type('root', type, { extend, ...spec });
  const rules = [
    {
      apiGroups: ['tenancy.kcp.io'],
      resources: ['workspacetypes'],
      resourceNames: [type],
      verbs: ['initialize', 'terminate'],
    },
  ];
  await tree.grant('root', `controller-of-${type}`, rules, ['bob']);
  return tree.workspace('root', `of-${type}`, { as: 'alice', spec: { type: { name: type, path: 'root' } } });
}

const removal = (names: readonly string[] = [], field = 'initializers') => ({
  method: 'PATCH',
  headers: MERGE,
  body: { status: { [field]: names } },
});

it('shows to each initializer the logical clusters that wait for it, until it has had its turn', async () => {
  const alpha = await typed('alpha', { initializer: true });
  await typed('beta', { initializer: true });
  await tree.type('root', 'gamma', {
    initializer: true,
    extend: { with: ['alpha', 'beta'].map((name) => ({ name, path: 'root' })) },
  });
  const gamma = await tree.workspace('root', 'of-gamma', {
    as: 'alice',
    spec: { type: { name: 'gamma', path: 'root' } },
  });
  await tree.workspace('root', 'ready', { as: 'alice' });

  const list = `${initializing('alpha', '*')}${LIST}`;
  const listed = JSON.parse((await tree.as('bob', list)).text);
  expect(setOf(listed.items)).toEqual([alpha.spec.cluster, gamma.spec.cluster].sort());
  for (const path of [list, `${initializing('alpha', alpha.spec.cluster!)}${SELF}`]) {
    expect((await tree.as('alice', path)).status).toBe(403);
  }
  const position = listed.metadata.resourceVersion;
  const watch = await tree.client.watch(`${list}?watch=true&resourceVersion=${position}`, {
    token: 'token-of-bob',
  });
  const status = `${initializing('alpha', gamma.spec.cluster!)}${SELF}/status`;
  const left = gamma.status.initializers!.filter((name) => name !== 'root:alpha');
  expect(left).toHaveLength(2);
  const patched = await tree.as('bob', status, removal(left));
  expect([patched.status, patched.text]).toEqual([200, patched.text]);
  const event = await watch.next();
  expect([event.type, event.object.metadata.annotations?.['kcp.io/cluster']]).toEqual([
    'DELETED',
    gamma.spec.cluster,
  ]);
  watch.close();
  const later = JSON.parse((await tree.as('bob', list)).text);
  expect(setOf(later.items)).toEqual([alpha.spec.cluster]);
  expect((await tree.as('bob', `${initializing('alpha', gamma.spec.cluster!)}${SELF}`)).status).toBe(403);
});

it('lets an initializer take its own name away, and write no other status', async () => {
  const { spec } = await typed('strict', { initializer: true });
  const status = `${initializing('strict', spec.cluster!)}${SELF}/status`;
  const refused = async (body: object) => {
    const reply = await tree.as('bob', status, { method: 'PATCH', headers: MERGE, body });
    expect([reply.status, reply.text]).toEqual([422, reply.text]);
    return refusal(reply).message;
  };
  const text = 'only removing the "root:strict" initializer is supported';
  expect(await refused({ status: { URL: 'https://evil.example.com' } })).toContain(text);
  expect(await refused({ status: { initializers: [], URL: 'https://evil.example.com' } })).toContain(text);
  expect(await refused({ status: { initializers: [], terminators: [], conditions: [] } })).toContain(text);
  const self = `${initializing('strict', spec.cluster!)}${SELF}`;
  expect((await tree.as('bob', self, { method: 'DELETE' })).status).toBe(405);
  expect(
    (
      await tree.as('bob', self, {
        method: 'PATCH',
        headers: MERGE,
        body: { metadata: { labels: { a: 'b' } } },
      })
    ).status,
  ).toBe(405);
  expect((await tree.as('bob', status, removal())).status).toBe(200);
  const ready = (await tree.client.get(`/clusters/root${TENANCY}/workspaces/of-strict`)) as Workspace;
  expect(ready.status.phase).toBe('Ready');
  expect((await tree.as('bob', status, removal())).status).toBe(403);
});

it('acts as the owner inside where the type has no rules', async () => {
  const { spec } = await typed('owned', { initializer: true });
  const inside = `${initializing('owned', spec.cluster!)}/api/v1/namespaces/default/configmaps`;
  const body = { metadata: { name: 'prepared' } };
  expect((await tree.as('bob', inside, { method: 'POST', body })).status).toBe(201);
  expect((await tree.as('bob', `${inside}/prepared`)).status).toBe(200);
  expect((await tree.as('alice', inside)).status).toBe(403);
  // By no other door, and nowhere else.
  expect(
    (await tree.as('bob', `/clusters/${spec.cluster}/api/v1/namespaces/default/configmaps`)).status,
  ).toBe(403);
  const other = await tree.workspace('root', 'elsewhere', { as: 'alice' });
  expect(
    (await tree.as('bob', `${initializing('owned', other.spec.cluster!)}/api/v1/namespaces`)).status,
  ).toBe(403);
  await tree.as('bob', `${initializing('owned', spec.cluster!)}${SELF}/status`, removal());
  expect((await tree.as('bob', inside)).status).toBe(403);
});

it('does what the rules of the type allow, and no more', async () => {
  const initializerPermissions = [
    { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'create'] },
  ];
  const { spec } = await typed('ruled', { initializer: true, initializerPermissions });
  const inside = (kind: string) =>
    `${initializing('ruled', spec.cluster!)}/api/v1/namespaces/default/${kind}`;
  const body = { metadata: { name: 'prepared' } };
  expect((await tree.as('bob', inside('configmaps'), { method: 'POST', body })).status).toBe(201);
  expect((await tree.as('bob', inside('configmaps'))).status).toBe(200);
  const refused = refusal(await tree.as('bob', inside('secrets')));
  expect(refused).toMatchObject({
    code: 403,
    message: expect.stringContaining('initializer "root:ruled" denied by initializerPermissions'),
  });
  expect((await tree.as('bob', inside('configmaps/prepared'), { method: 'DELETE' })).status).toBe(403);
});

it('has the same for those who clean up', async () => {
  const { spec } = await typed('cleaned', { terminator: true });
  const cluster = spec.cluster!;
  const list = `${terminating('cleaned', '*')}${LIST}`;
  const inside = `${terminating('cleaned', cluster)}/api/v1/namespaces/default/configmaps`;
  expect(JSON.parse((await tree.as('bob', list)).text).items).toEqual([]);
  expect((await tree.as('bob', inside)).status).toBe(403);
  await tree.client.call(`/clusters/root${TENANCY}/workspaces/of-cleaned`, { method: 'DELETE' });
  expect(setOf(JSON.parse((await tree.as('bob', list)).text).items)).toEqual([cluster]);
  expect((await tree.as('bob', inside)).status).toBe(200);
  const status = `${terminating('cleaned', cluster)}${SELF}/status`;
  expect((await tree.as('bob', status, removal(['root:x'], 'terminators'))).status).toBe(422);
  const done = await tree.as('bob', status, removal([], 'terminators'));
  expect(JSON.parse(done.text).status.phase).toBe('Deleting');
  await tree.client.untilGone(`/clusters/root${TENANCY}/workspaces/of-cleaned`);
  expect(JSON.parse((await tree.as('bob', list)).text).items).toEqual([]);
});

it('shows in its discovery logical clusters alone', async () => {
  await typed('discovered', { initializer: true });
  const groups = JSON.parse((await tree.as('bob', `${initializing('discovered', '*')}/apis`)).text);
  expect(groups.groups.map(({ name }: { name: string }) => name)).toEqual(['core.kcp.io']);
  const found = await tree.as('bob', `${initializing('discovered', '*')}${CORE}`);
  expect(JSON.parse(found.text).resources.map(({ name }: { name: string }) => name)).toEqual([
    'logicalclusters',
    'logicalclusters/status',
  ]);
  expect((await tree.as('bob', `${initializing('discovered', '*')}/api/v1/configmaps`)).status).toBe(404);
  expect((await tree.as('alice', `${initializing('discovered', '*')}/apis`)).status).toBe(403);
  for (const name of ['root:nothing', 'nowhere:type', 'system:apibindings']) {
    const path = `/services/initializingworkspaces/${name}/clusters/*${LIST}`;
    expect([name, (await tree.as('bob', path)).status]).toEqual([name, 403]);
  }
});

it('tells those who clean up what comes and goes, with bookmarks', async () => {
  const { spec } = await typed('watched', { terminator: true });
  const list = `${terminating('watched', '*')}${LIST}`;
  const token = 'token-of-bob';
  const watch = await tree.client.watch(
    `${list}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
    { token },
  );
  const initial = await watch.next();
  expect([initial.type, initial.object.metadata.annotations]).toEqual([
    'BOOKMARK',
    { 'k8s.io/initial-events-end': 'true' },
  ]);
  await tree.client.call(`/clusters/root${TENANCY}/workspaces/of-watched`, { method: 'DELETE' });
  const placeOf = (event: Awaited<ReturnType<typeof watch.next>>) => [
    event.type,
    event.object.metadata.annotations?.['kcp.io/cluster'],
  ];
  expect(placeOf(await watch.next())).toEqual(['ADDED', spec.cluster]);
  await tree.as('bob', `${terminating('watched', spec.cluster!)}${SELF}/status`, removal([], 'terminators'));
  const rest = await watch.until(({ type }) => type === 'DELETED');
  expect(placeOf(rest.at(-1)!)).toEqual(['DELETED', spec.cluster]);
  watch.close();
});
