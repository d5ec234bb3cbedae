import { beforeAll, expect, test } from 'vitest';
import { logicalClusterKey } from '../../src/api/mod.ts';
import type { KubeList, KubeObject } from '../http/client.ts';
import { refusal, TENANCY, type UserName, useTree, type Workspace } from '../workspaces/suite.ts';
import { APIS, conditionOf, exportOf, SCHEMAS, schemaOf, statusOf, WIDGETS } from './suite.ts';

const tree = useTree();

const MERGE = { 'content-type': 'application/merge-patch+json' };
const BINDING = { path: 'root:seller', export: 'api' };
const UNIVERSAL = { extend: { with: [{ path: 'root', name: 'universal' }] } };
const CLAIM = { resource: 'secrets', verbs: ['*'] };

/** A workspace of somebody, at a path that others know, with an export that claims Secrets, and a type that binds it. */
async function offer(user: UserName): Promise<string> {
  const cluster = (await tree.workspace('root', 'seller', { as: user })).spec.cluster!;
  const create = async (path: string, body: unknown) => {
    const reply = await tree.as(user, `/clusters/${cluster}/${path}`, { method: 'POST', body });
    expect([reply.status, reply.text]).toEqual([201, reply.text]);
  };
  await create(SCHEMAS, schemaOf(WIDGETS));
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

async function secret(cluster: string, name: string): Promise<void> {
  const path = `/clusters/${cluster}/api/v1/namespaces/default/secrets`;
  await tree.client.create(path, { metadata: { name } });
}

let other = '';
let vendor = '';
const old: Record<string, string> = {};

// Types of the root name bob's API and type by their path. He goes, and alice comes to be found there.
beforeAll(async () => {
  vendor = await offer('bob');
  await tree.type('root', 'bundle', { defaultAPIBindings: [BINDING] });
  await tree.type('root', 'kept', { defaultAPIBindings: [BINDING], defaultAPIBindingLifecycle: 'Maintain' });
  await tree.type('root', 'heir', { extend: { with: [{ path: 'root:seller', name: 'kit' }] } });
  await tree.type('root', 'around', {
    ...UNIVERSAL,
    defaultChildWorkspaceType: { path: 'root:seller', name: 'kit' },
  });
  await tree.grant('root', 'more-types', [
    { apiGroups: ['tenancy.kcp.io'], resources: ['workspacetypes'], verbs: ['use'] },
  ]);
  for (const type of ['bundle', 'kept', 'heir', 'around']) old[type] = (await workspace(type)).spec.cluster!;
  old['kit'] = (await workspace('kit', 'root:seller')).spec.cluster!;
  for (const type of ['kept', 'kit', 'heir']) {
    expect((await bindings(old[type]!)).map((one) => statusOf(one).apiExportClusterName)).toEqual([vendor]);
    await secret(old[type]!, type);
  }
  expect(await secretsSeen('bob', vendor)).toHaveLength(3);
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
    spec: { type: { name: 'kit', path: 'root:seller' } },
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
