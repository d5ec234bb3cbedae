import { beforeAll, expect, test } from 'vitest';
import type { KubeList, KubeObject } from '../http/client.ts';
import { TENANCY, type UserName, useTree } from '../workspaces/suite.ts';
import { APIS, bindingOf, conditionOf, exportOf, SCHEMAS, schemaOf, statusOf, WIDGETS } from './suite.ts';

const tree = useTree();

const SECRETS = { resource: 'secrets', verbs: ['*'] };
const EXPORT_LABEL = 'internal.apis.kcp.io/export';
const SLICES = 'apis/apis.kcp.io/v1alpha1/apiexportendpointslices';
const MERGE = { 'content-type': 'application/merge-patch+json' };

let vendor = '';
let victim = '';

/** A workspace of somebody, at a path that others know, with an export that claims Secrets. */
async function offer(user: UserName): Promise<string> {
  const { spec } = await tree.workspace('root', 'vendor', { as: user });
  const cluster = spec.cluster!;
  const create = async (path: string, body: unknown) => {
    const reply = await tree.as(user, `/clusters/${cluster}/${path}`, { method: 'POST', body });
    expect([reply.status, reply.text]).toEqual([201, reply.text]);
  };
  await create(SCHEMAS, schemaOf(WIDGETS));
  const apiExport = exportOf('api', [WIDGETS]) as { metadata: object; spec: object };
  await create(`${APIS}/apiexports`, {
    ...apiExport,
    metadata: { name: 'api', annotations: { 'extra.apis.kcp.io/made-by': user } },
    spec: { ...apiExport.spec, permissionClaims: [SECRETS] },
  });
  return cluster;
}

async function secretsSeen(user: UserName, provider: string): Promise<readonly string[]> {
  const reply = await tree.as(user, `/services/apiexport/${provider}/api/clusters/*/api/v1/secrets`);
  expect([reply.status, reply.text]).toEqual([200, reply.text]);
  return (JSON.parse(reply.text) as KubeList).items.map(({ metadata }) => metadata.name);
}

async function touch(path: string): Promise<KubeObject> {
  const body = { metadata: { annotations: { touched: tree.name('time') }, labels: { [EXPORT_LABEL]: 'x' } } };
  const reply = await tree.client.call(path, { method: 'PATCH', headers: MERGE, body });
  expect([reply.status, reply.text]).toEqual([200, reply.text]);
  return JSON.parse(reply.text) as KubeObject;
}

const bindingPath = () => `/clusters/${victim}/${APIS}/apibindings/api`;
const slicePath = () => `/clusters/${victim}/${SLICES}/api`;

// Whoever trusts bob binds his API by its path. He goes, and alice comes to be found there, with the same offer.
beforeAll(async () => {
  vendor = await offer('bob');
  victim = (await tree.workspace('root', 'victim')).spec.cluster!;
  const binding = bindingOf('api', { path: 'root:vendor', name: 'api' }) as { spec: object };
  const answer = { ...SECRETS, selector: { matchAll: true }, state: 'Accepted' };
  const spec = { ...binding.spec, permissionClaims: [answer] };
  await tree.client.create(`/clusters/${victim}/${APIS}/apibindings`, { ...binding, spec });
  await tree.client.create(`/clusters/${victim}/${SLICES}`, {
    apiVersion: 'apis.kcp.io/v1alpha1',
    kind: 'APIExportEndpointSlice',
    metadata: { name: 'api' },
    spec: { export: { path: 'root:vendor', name: 'api' } },
  });
  await tree.client.create(`/clusters/${victim}/api/v1/namespaces/default/secrets`, {
    metadata: { name: 'pin' },
  });
});

test('a binding stays with whom it was made with, wherever its path comes to lead', async () => {
  await expect.poll(() => secretsSeen('bob', vendor)).toEqual(['pin']);
  const before = await tree.client.get(bindingPath());
  const sliceBefore = await tree.client.get(slicePath());
  expect(sliceBefore.status).toMatchObject({ endpoints: [{ url: expect.stringContaining(vendor) }] });
  const workspace = `/clusters/root${TENANCY}/workspaces/vendor`;
  expect((await tree.as('bob', workspace, { method: 'DELETE' })).status).toBe(200);
  await tree.client.until(workspace, (_, status) => status === 404);
  // What is written while the path leads nowhere does not forget whose it was.
  await touch(slicePath());
  await touch(bindingPath());
  const other = await offer('alice');
  expect(other).not.toBe(vendor);

  const binding = await touch(bindingPath());
  expect(binding.metadata.labels).toEqual(before.metadata.labels);
  expect(binding.metadata.annotations).toMatchObject({ 'extra.apis.kcp.io/made-by': 'bob' });
  expect(statusOf(binding).apiExportClusterName).toBe(vendor);
  expect(statusOf(binding).boundResources).toEqual(statusOf(before).boundResources);
  expect(conditionOf(binding, 'APIExportValid')).toMatchObject({
    status: 'False',
    reason: 'APIExportNotFound',
    message: 'APIExport root:vendor|api not found',
  });
  expect(await secretsSeen('alice', other)).toEqual([]);
  const inside = `/services/apiexport/${other}/api/clusters/${victim}/api/v1/namespaces/default/secrets`;
  expect((await tree.as('alice', inside)).status).toBe(403);

  const slice = await touch(slicePath());
  expect(slice.metadata.labels).toEqual(sliceBefore.metadata.labels);
  expect(slice.status).not.toHaveProperty('endpoints');
  expect(conditionOf(slice, 'APIExportValid')?.reason).toBe('APIExportNotFound');
});
