import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { conditionOf, statusOf } from '../exports/suite.ts';
import { Client, type KubeObject } from '../http/client.ts';
import { type Difference, formerProgram } from '../support/former-program.ts';
import { startServer } from '../support/server.ts';

const TENANCY = 'apis/tenancy.kcp.io/v1alpha1';
const APIS = 'apis/apis.kcp.io/v1alpha2';
const CRDS = 'apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const NEW_NAMESPACE = 'kube-node-lease';
const NEW_COLUMN = 'Region';

/** The version before this one: its workspaces began with less, and root offered less of them. */
const FORMER: readonly Difference[] = [
  { file: 'api/default-objects.ts', now: `'${NEW_NAMESPACE}', `, before: '' },
  {
    file: 'definitions/kcp/workspace.ts',
    now: new RegExp(`\\{\\s*name: '${NEW_COLUMN}',[^}]*\\},`),
    before: '',
  },
  {
    file: 'exports/root/root-manifests.ts',
    now: "limitAllowedParents: { types: [type('organization'), type('team')] },",
    before: '',
  },
];

it('takes a directory over that another version of the program has written', async () => {
  const rootDirectory = await mkdtemp(join(tmpdir(), 'antipode-upgrade-'));
  onTestFinished(() => rm(rootDirectory, { recursive: true, force: true }));
  const former = await open(rootDirectory, await formerProgram(FORMER));
  const old = await makeWorkspace(former.client, 'root', 'old');
  const inside = await makeWorkspace(former.client, old, 'inside');
  for (const cluster of [old, inside]) {
    await former.client.create(configMaps(cluster), { metadata: { name: 'kept' }, data: { a: 'b' } });
    expect(await namespaces(former.client, cluster)).not.toContain(NEW_NAMESPACE);
  }
  await former.client.create(`/clusters/${old}/${CRDS}`, crd());
  await former.client.until(birds(old), (_, status) => status === 200);
  await former.client.create(birds(old), bird('robin'));
  expect(await columns(former.client, old)).not.toContain(NEW_COLUMN);
  const offered = await tenancyExport(former.client);
  const bound = await tenancyBinding(former.client, old);
  expect(bound.schema).toBe(offered.schema);
  await former.close();

  const { client, close } = await open(rootDirectory);
  // Root offers what this version has, under the identities that it had.
  const now = await tenancyExport(client);
  expect(now.schema).not.toBe(offered.schema);
  expect(now.identity).toBe(offered.identity);
  expect((await client.get(`/clusters/root/${TENANCY}/workspacetypes/team`))['spec']).toHaveProperty(
    'limitAllowedParents',
  );
  // Workspaces that are there follow it, and have all that they had: what they began with stays as it was.
  for (const cluster of ['root', old, inside]) {
    await expect
      .poll(async () => (await tenancyBinding(client, cluster)).schema, { timeout: 20_000 })
      .toBe(now.schema);
    expect((await tenancyBinding(client, cluster)).isUpToDate).toBe(true);
    expect(await columns(client, cluster)).toContain(NEW_COLUMN);
    expect(await namespaces(client, cluster)).not.toContain(NEW_NAMESPACE);
  }
  for (const cluster of [old, inside])
    expect((await client.get(`${configMaps(cluster)}/kept`))['data']).toEqual({ a: 'b' });
  expect((await client.list(birds(old))).items.map(({ metadata }) => metadata.name)).toEqual(['robin']);
  await client.create(birds(old), bird('wren'));
  const child = await makeWorkspace(client, 'root:old:inside', 'child');
  await client.create(configMaps('root:old:inside:child'), { metadata: { name: 'new' } });
  // New ones begin with what this version has.
  const fresh = await makeWorkspace(client, 'root', 'fresh');
  for (const cluster of [fresh, child]) {
    expect(await namespaces(client, cluster)).toContain(NEW_NAMESPACE);
    expect(await tenancyBinding(client, cluster)).toMatchObject({ schema: now.schema, isUpToDate: true });
    expect(await columns(client, cluster)).toContain(NEW_COLUMN);
  }
  // An old workspace goes as any other does.
  await client.delete(workspace('root', 'old'));
  await client.untilGone(workspace('root', 'old'));
  for (const cluster of [old, inside, child])
    await client.until(`/clusters/${cluster}/api/v1/namespaces`, (_, status) => status === 403);
  const left = await tenancyExport(client);
  await close();

  // The next start of the same version finds nothing to do.
  const again = await open(rootDirectory);
  expect(await tenancyExport(again.client)).toEqual(left);
  expect(await namespaces(again.client, fresh)).toContain(NEW_NAMESPACE);
  await again.close();
}, 120_000);

async function open(
  rootDirectory: string,
  program?: string,
): Promise<{ readonly client: Client; close(): Promise<void> }> {
  const server = await startServer({ rootDirectory, ...(program === undefined ? {} : { program }) });
  const client = new Client(server);
  const close = async (): Promise<void> => {
    client.close();
    await server.stop();
  };
  onTestFinished(close);
  return { client, close };
}

function workspace(parent: string, name = ''): string {
  return `/clusters/${parent}/${TENANCY}/workspaces${name === '' ? '' : `/${name}`}`;
}

async function makeWorkspace(client: Client, parent: string, name: string): Promise<string> {
  const made = await client.create(workspace(parent), {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: { name },
    spec: { type: { name: 'universal', path: 'root' } },
  });
  await client.until<KubeObject & { readonly status?: { readonly phase?: string } }>(
    workspace(parent, name),
    ({ status }) => status?.phase === 'Ready',
  );
  return (made['spec'] as { cluster: string }).cluster;
}

function configMaps(cluster: string): string {
  return `/clusters/${cluster}/api/v1/namespaces/default/configmaps`;
}

function birds(cluster: string): string {
  return `/clusters/${cluster}/apis/birds.example.com/v1/birds`;
}

function bird(name: string): object {
  return { apiVersion: 'birds.example.com/v1', kind: 'Bird', metadata: { name } };
}

function crd(): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'birds.birds.example.com' },
    spec: {
      group: 'birds.example.com',
      scope: 'Cluster',
      names: { plural: 'birds', kind: 'Bird' },
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
      ],
    },
  };
}

async function namespaces(client: Client, cluster: string): Promise<readonly (string | undefined)[]> {
  const { items } = await client.list(`/clusters/${cluster}/api/v1/namespaces`);
  return items.map(({ metadata }) => metadata.name);
}

/** Of the table in which workspaces are shown. */
async function columns(client: Client, cluster: string): Promise<readonly string[]> {
  const headers = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
  const { text } = await client.call(workspace(cluster), { headers });
  const table = JSON.parse(text) as { readonly columnDefinitions: readonly { readonly name: string }[] };
  return table.columnDefinitions.map(({ name }) => name);
}

async function tenancyExport(client: Client): Promise<{
  readonly schema: string;
  readonly identity: string;
  readonly resourceVersion: string;
}> {
  const { metadata, spec, status } = (await client.get(
    `/clusters/root/${APIS}/apiexports/tenancy.kcp.io`,
  )) as KubeObject & {
    readonly spec: { readonly resources: readonly { readonly name: string; readonly schema: string }[] };
    readonly status: { readonly identityHash: string };
  };
  const { schema } = spec.resources.find(({ name }) => name === 'workspaces')!;
  return { schema, identity: status.identityHash, resourceVersion: metadata.resourceVersion! };
}

async function tenancyBinding(
  client: Client,
  cluster: string,
): Promise<{ readonly schema: string | undefined; readonly isUpToDate: boolean }> {
  const { items } = await client.list(`/clusters/${cluster}/${APIS}/apibindings`);
  const bindings = items.flatMap((binding) =>
    (statusOf(binding).boundResources ?? [])
      .filter(({ resource }) => resource === 'workspaces')
      .map(({ schema }) => ({
        schema: schema.name,
        isUpToDate: conditionOf(binding, 'BindingUpToDate')?.status === 'True',
      })),
  );
  expect(bindings).toHaveLength(1);
  return bindings[0]!;
}
