import { beforeAll, expect, test } from 'vitest';
import { logicalClusterKey } from '../../src/api/mod.ts';
import { defaultBindingName } from '../../src/exports/mod.ts';
import type { KubeList, KubeObject, Reply } from '../http/client.ts';
import { CORE, refusal, TENANCY, type UserName, useTree, type Workspace } from '../workspaces/suite.ts';
import { APIS, conditionOf, exportOf, SCHEMAS, schemaOf, statusOf, WIDGETS } from './suite.ts';

const tree = useTree();

const MERGE = { 'content-type': 'application/merge-patch+json' };
const BINDING = { path: 'root:seller', export: 'api' };
const UNIVERSAL = { extend: { with: [{ path: 'root', name: 'universal' }] } };
const KIT = { path: 'root:seller', name: 'kit' };
const GADGETS = { group: 'example.com', plural: 'gadgets', kind: 'Gadget' };
const GIZMOS = { group: 'example.com', plural: 'gizmos', kind: 'Gizmo' };
/** An export without its schema, as long as it is bob's. */
const LATER = { path: 'root:seller', export: 'later' };
/** One of two kinds, of which another binding brings the one. */
const HALF = { path: 'root:seller', export: 'half' };
/** What no shard has, until it is said of one. */
const NOWHERE = { selector: { matchLabels: { disk: 'fast' } } };
const SHARD = `/clusters/root${CORE}/shards/root`;
const TYPE_ANNOTATION = 'internal.tenancy.kcp.io/type';
const CLAIM = { resource: 'secrets', verbs: ['*'] };

/** A workspace of somebody, at a path that others know, with an export that claims Secrets, and a type that binds it. */
async function offer(user: UserName): Promise<string> {
  const cluster = (await tree.workspace('root', 'seller', { as: user })).spec.cluster!;
  const create = async (path: string, body: unknown) => {
    const reply = await tree.as(user, `/clusters/${cluster}/${path}`, { method: 'POST', body });
    expect([reply.status, reply.text]).toEqual([201, reply.text]);
  };
  for (const kind of [WIDGETS, GADGETS]) await create(SCHEMAS, schemaOf(kind));
  await create(`${APIS}/apiexports`, exportOf('half', [WIDGETS, GADGETS]));
  await create(`${APIS}/apiexports`, exportOf('later', [GIZMOS]));
  const apiExport = exportOf('api', [WIDGETS]) as { metadata: object; spec: object };
  await create(`${APIS}/apiexports`, {
    ...apiExport,
    spec: { ...apiExport.spec, permissionClaims: [CLAIM] },
  });
  await create(`${TENANCY.slice(1)}/workspacetypes`, {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'WorkspaceType',
    metadata: { name: 'kit' },
    spec: {
      ...UNIVERSAL,
      defaultAPIBindings: [{ export: 'api' }],
      defaultAPIBindingLifecycle: 'Maintain',
    },
  });
  await tree.grant(cluster, 'customers', [
    { apiGroups: ['tenancy.kcp.io'], resources: ['workspacetypes'], verbs: ['use'] },
  ]);
  return cluster;
}

async function bindings(cluster: string): Promise<readonly KubeObject[]> {
  const { items } = await tree.client.list(`/clusters/${cluster}/${APIS}/apibindings`);
  return items.filter(({ metadata }) => metadata.name.startsWith('api-'));
}

async function secretsSeen(user: UserName, provider: string): Promise<readonly string[]> {
  const reply = await tree.as(user, `/services/apiexport/${provider}/api/clusters/*/api/v1/secrets`);
  expect([reply.status, reply.text]).toEqual([200, reply.text]);
  return (JSON.parse(reply.text) as KubeList).items.map(({ metadata }) => metadata.name);
}

async function patch(type: string, body: object): Promise<void> {
  const path = `/clusters/root${TENANCY}/workspacetypes/${type}`;
  const reply = await tree.client.call(path, { method: 'PATCH', headers: MERGE, body });
  expect([reply.status, reply.text]).toEqual([200, reply.text]);
}

/** The LogicalCluster as it is stored: nobody may see it before it is ready. */
function self(cluster: string): KubeObject {
  const row = tree.server.api.store.get(logicalClusterKey(cluster as never));
  return JSON.parse(row!.json.toString());
}

async function workspace(type: string, path = 'root'): Promise<Workspace> {
  return tree.workspace('root', tree.name('w'), { spec: { type: { name: type, path } } });
}

/** A default binding as it is stored, also in a logical cluster that nobody may see. */
function bindingTo({ path, export: name }: typeof BINDING, cluster: string): KubeObject | undefined {
  const key = {
    ...logicalClusterKey(cluster as never),
    group: 'apis.kcp.io',
    resource: 'apibindings',
    name: defaultBindingName(cluster as never, { path, name }),
  };
  const row = tree.server.api.store.get(key);
  return row && JSON.parse(row.json.toString());
}

async function inside(parent: string, type: object): Promise<Reply> {
  return tree.tryWorkspace(parent, tree.name('w'), { as: 'alice', spec: { type } });
}

function gadgets(cluster: string): string {
  return `/clusters/${cluster}/apis/example.com/v1/namespaces/default/gadgets`;
}

async function secret(cluster: string, name: string): Promise<void> {
  const path = `/clusters/${cluster}/api/v1/namespaces/default/secrets`;
  await tree.client.create(path, { metadata: { name } });
}

let other = '';
let late: Workspace;
let vendor = '';
const old: Record<string, string> = {};

// Types of the root name bob's API and type by their path. He goes, and alice comes to be found there.
beforeAll(async () => {
  vendor = await offer('bob');
  await tree.type('root', 'bundle', { defaultAPIBindings: [BINDING] });
  await tree.type('root', 'kept', { defaultAPIBindings: [BINDING], defaultAPIBindingLifecycle: 'Maintain' });
  await tree.type('root', 'heir', { extend: { with: [KIT] } });
  await tree.type('root', 'around', {
    ...UNIVERSAL,
    defaultChildWorkspaceType: KIT,
  });
  await tree.type('root', 'unfinished', { defaultAPIBindings: [LATER] });
  await tree.type('root', 'halves', {
    defaultAPIBindings: [BINDING],
    defaultAPIBindingLifecycle: 'Maintain',
  });
  await tree.type('root', 'within', { limitAllowedParents: { types: [KIT] } });
  await tree.type('root', 'closed', { ...UNIVERSAL, limitAllowedChildren: { types: [KIT] } });
  await tree.grant('root', 'more-types', [
    { apiGroups: ['tenancy.kcp.io'], resources: ['workspacetypes'], verbs: ['use', 'patch'] },
  ]);
  for (const type of ['bundle', 'kept', 'heir', 'around', 'unfinished', 'halves', 'closed'])
    old[type] = (await workspace(type)).spec.cluster!;
  old['kit'] = (await workspace('kit', 'root:seller')).spec.cluster!;
  for (const type of ['kept', 'kit', 'heir']) {
    expect((await bindings(old[type]!)).map((one) => statusOf(one).apiExportClusterName)).toEqual([vendor]);
    await secret(old[type]!, type);
  }
  expect(await secretsSeen('bob', vendor)).toHaveLength(3);
  // What they may do while he is there.
  for (const [parent, type] of [
    [old['kit']!, { name: 'within', path: 'root' }],
    [old['closed']!, KIT],
  ] as const) {
    const made = await tree.tryWorkspace(parent, 'before', { spec: { type } });
    expect([made.status, made.text]).toEqual([201, made.text]);
  }
  // A shard takes this one when he is gone.
  late = await tree.workspace('root', 'late', { as: 'alice', spec: { type: KIT, location: NOWHERE } });
  expect(late.status.phase).toBe('Scheduling');
  await patch('halves', { spec: { defaultAPIBindings: [BINDING, HALF] } });
  await tree.client.until(gadgets(old['halves']!), (_, status) => status === 200);
  await tree.client.create(gadgets(old['halves']!), {
    apiVersion: 'example.com/v1',
    kind: 'Gadget',
    metadata: { name: 'kept' },
  });
  // They are without what their type maintains when somebody else comes.
  const path = `/clusters/root${TENANCY}/workspaces/seller`;
  expect((await tree.as('bob', path, { method: 'DELETE' })).status).toBe(200);
  await tree.client.until(path, (_, status) => status === 404);
  for (const type of ['kept', 'kit', 'heir']) {
    const [binding] = await bindings(old[type]!);
    const gone = `/clusters/${old[type]!}/${APIS}/apibindings/${binding!.metadata.name}`;
    await tree.client.delete(gone);
    await tree.client.untilGone(gone);
  }
  other = await offer('alice');
  await tree.client.create(`/clusters/${other}/${SCHEMAS}`, schemaOf(GIZMOS));
});

test('who comes to be found at the path of an export is not bound by the types that named the former', async () => {
  const { spec, status } = await workspace('bundle');
  expect(status.phase).toBe('Initializing');
  await expect
    .poll(() => conditionOf(self(spec.cluster!), 'APIBindingsInitialized'))
    .toMatchObject({
      status: 'False',
      severity: 'Error',
      reason: 'APIBindingErrors',
      message: 'encountered errors: unable to complete initialization: unable to find at least 1 APIExport',
    });
  // Whoever writes something else of the type does not mean the new one.
  await patch('bundle', { metadata: { labels: { touched: 'yes' } }, spec: { initializer: false } });
  await tree.server.api.store.settled();
  expect((await workspace('bundle')).status.phase).toBe('Initializing');
  expect(await secretsSeen('alice', other)).toEqual([]);

  await patch('bundle', { spec: { defaultAPIBindings: [{ ...BINDING, path: other }] } });
  await expect.poll(() => statusOf(self(spec.cluster!)).phase).toBe('Ready');
  const [binding] = await bindings(spec.cluster!);
  expect(statusOf(binding!)).toMatchObject({ phase: 'Bound', apiExportClusterName: other });
  // Named anew, the path means what is there.
  await patch('bundle', { spec: { defaultAPIBindings: [BINDING] } });
  expect((await workspace('bundle')).status.phase).toBe('Ready');
});

test('nor do workspaces that are there get what is maintained, by their own type or one that it extends', async () => {
  // Whatever looks at them finds nothing to bind.
  await patch('kept', { spec: { defaultAPIBindingLifecycle: 'InitializeOnly' } });
  await patch('kept', { spec: { defaultAPIBindingLifecycle: 'Maintain' } });
  await expect
    .poll(() => conditionOf(self(old['kept']!), 'APIBindingsReconciled'))
    .toMatchObject({ status: 'False', message: expect.stringContaining('for APIExport root:seller|api') });
  const kit = `/clusters/${other}${TENANCY}/workspacetypes/kit`;
  for (const lifecycle of ['InitializeOnly', 'Maintain']) {
    const body = { spec: { defaultAPIBindingLifecycle: lifecycle } };
    const reply = await tree.as('alice', kit, { method: 'PATCH', headers: MERGE, body });
    expect([reply.status, reply.text]).toEqual([200, reply.text]);
  }
  // One of hers is served, after all that was owed before it.
  const hers = await tree.workspace('root', tree.name('w'), {
    as: 'alice',
    spec: { type: KIT },
  });
  expect(hers.status.phase).toBe('Ready');
  await tree.server.api.store.settled();
  for (const type of ['kept', 'kit', 'heir']) expect(await bindings(old[type]!)).toEqual([]);
  expect(await secretsSeen('alice', other)).toEqual([]);
});

test('nor is what extends the former type, or has it for its default, of the new one', async () => {
  const extended = await tree.tryWorkspace('root', tree.name('w'), {
    spec: { type: { name: 'heir', path: 'root' } },
  });
  expect(refusal(extended)).toMatchObject({
    code: 403,
    message: expect.stringContaining('unable to find inherited workspace type root:seller:kit'),
  });
  const inside = await tree.tryWorkspace(old['around']!, 'child', {});
  expect(refusal(inside)).toMatchObject({
    code: 403,
    message: expect.stringContaining('workspace type "root:seller:kit" cannot be resolved'),
  });
  const within = await tree.tryWorkspace(old['kit']!, 'child', {});
  expect(refusal(within)).toMatchObject({
    code: 403,
    message: expect.stringContaining('workspace type "root:seller:kit" cannot be resolved'),
  });
});

test('nor is a workspace that waited for a shard of the new one', async () => {
  const path = `/clusters/root${TENANCY}/workspaces/late`;
  const patched = async (target: string, labels: object) =>
    expect(
      (await tree.client.call(target, { method: 'PATCH', headers: MERGE, body: { metadata: { labels } } }))
        .status,
    ).toBe(200);
  await patched(SHARD, { disk: 'fast' });
  const waits = {
    phase: 'Scheduling',
    conditions: [
      {
        type: 'WorkspaceScheduled',
        status: 'False',
        message: 'workspace type "root:seller:kit" cannot be resolved',
      },
    ],
  };
  await expect
    .poll(async () => (await tree.client.get<Workspace>(path)).status, { timeout: 10_000 })
    .toMatchObject(waits);
  // Nor when somebody writes something else of it, or it is looked at once more.
  await patched(path, { touched: 'yes' });
  await patched(SHARD, { disk: 'fast', looked: 'twice' });
  // The shard takes others, also those of the new type.
  const hers = await tree.workspace('root', tree.name('w'), {
    as: 'alice',
    spec: { type: KIT, location: NOWHERE },
  });
  expect(hers.status.phase).toBe('Ready');
  await patched(SHARD, { disk: null, looked: null });
  const still = await tree.client.get<Workspace>(path);
  expect(still.status).toMatchObject(waits);
  expect(still.spec.cluster).toBeUndefined();
});

test('nor do limits of types that name the former let pass what is of the new one', async () => {
  const within = { name: 'within', path: 'root' };
  const hers = (await tree.workspace('root', tree.name('w'), { as: 'alice', spec: { type: KIT } })).spec
    .cluster!;
  expect(refusal(await inside(hers, within))).toMatchObject({
    code: 403,
    message: expect.stringContaining('root:within only allows [root:seller:kit] parent workspaces'),
  });
  expect(refusal(await tree.tryWorkspace(old['closed']!, 'x', { spec: { type: KIT } }))).toMatchObject({
    code: 403,
    message: expect.stringContaining('root:closed only allows [root:seller:kit] child workspaces'),
  });
  // Named anew, the path means what is there.
  for (const [type, limit] of [
    ['within', 'limitAllowedParents'],
    ['closed', 'limitAllowedChildren'],
  ] as const) {
    await patch(type, { spec: { [limit]: null } });
    await patch(type, { spec: { [limit]: { types: [KIT] } } });
  }
  expect((await inside(hers, within)).status).toBe(201);
  expect((await tree.tryWorkspace(old['closed']!, 'x', { spec: { type: KIT } })).status).toBe(201);
});

test('what waits for the former gets a binding of the new one once somebody names it who may', async () => {
  const cluster = old['unfinished']!;
  const before = bindingTo(LATER, cluster)!;
  expect(statusOf(before)).toMatchObject({ phase: 'Binding', apiExportClusterName: vendor });
  const asBob = async (defaultAPIBindings: readonly object[]) => {
    const path = `/clusters/root${TENANCY}/workspacetypes/unfinished`;
    const body = { spec: { defaultAPIBindings } };
    return (await tree.as('bob', path, { method: 'PATCH', headers: MERGE, body })).status;
  };
  // Who may write the type, and not bind what she has, names it no more than before.
  expect(await asBob([{ path: other, export: 'later' }])).toBe(403);
  expect(await asBob([LATER, { path: 'root', export: 'tenancy.kcp.io' }])).toBe(200);
  expect(await asBob([LATER])).toBe(200);
  await expect
    .poll(() => conditionOf(self(cluster), 'APIBindingsInitialized')?.message)
    .toContain('unable to find at least 1 APIExport');
  expect(bindingTo(LATER, cluster)?.metadata.uid).toBe(before.metadata.uid);

  await patch('unfinished', { spec: { defaultAPIBindings: [{ path: other, export: 'absent' }] } });
  await patch('unfinished', { spec: { defaultAPIBindings: [LATER] } });
  await expect.poll(() => statusOf(self(cluster)).phase, { timeout: 10_000 }).toBe('Ready');
  const made = bindingTo(LATER, cluster)!;
  expect(statusOf(made)).toMatchObject({ phase: 'Bound', apiExportClusterName: other });
  expect(made.metadata.uid).not.toBe(before.metadata.uid);
});

test('what is there of the former stays when its type names the new one', async () => {
  const cluster = old['halves']!;
  const reconciled = () => conditionOf(self(cluster), 'APIBindingsReconciled');
  await patch('halves', { spec: { defaultAPIBindings: [BINDING] } });
  await expect.poll(reconciled, { timeout: 10_000 }).toMatchObject({ status: 'True' });
  await patch('halves', { spec: { defaultAPIBindings: [BINDING, HALF] } });
  await expect
    .poll(reconciled, { timeout: 10_000 })
    .toMatchObject({ status: 'False', message: expect.stringContaining(': half-') });
  expect(bindingTo(HALF, cluster)?.metadata.deletionTimestamp).toBeUndefined();
  const { items } = await tree.client.list(gadgets(cluster));
  expect(items.map(({ metadata }) => metadata.name)).toEqual(['kept']);
});

test('a logical cluster of the former is of the new one when the system says so', async () => {
  const cluster = old['kit']!;
  const say = async (type: string) => {
    const path = `/clusters/${cluster}${CORE}/logicalclusters/cluster`;
    const body = { metadata: { annotations: { [TYPE_ANNOTATION]: type } } };
    const reply = await tree.client.call(path, { method: 'PATCH', headers: MERGE, body });
    expect([reply.status, reply.text]).toEqual([200, reply.text]);
  };
  // What it says already is nothing new.
  await say('root:seller:kit');
  expect((await tree.tryWorkspace(cluster, 'child', {})).status).toBe(403);
  expect(await bindings(cluster)).toEqual([]);
  await say('root:universal');
  expect((await tree.tryWorkspace(cluster, 'child', {})).status).toBe(201);
  await say('root:seller:kit');
  expect((await tree.tryWorkspace(cluster, 'other', {})).status).toBe(201);
  await expect
    .poll(async () => (await bindings(cluster)).map((one) => statusOf(one).apiExportClusterName))
    .toEqual([other]);
});
