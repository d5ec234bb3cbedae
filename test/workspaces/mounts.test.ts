import { beforeAll, expect, it } from 'vitest';
import { refusal, TENANCY, useTree, type Workspace } from './suite.ts';

const tree = useTree();

const MERGE = { 'content-type': 'application/merge-patch+json' };
const IS_MOUNT = { 'experimental.tenancy.kcp.io/is-mount': 'true' };
const REF = { apiVersion: 'mounts.example.com/v1', kind: 'Door', name: 'd' };
const URL_ELSEWHERE = 'https://elsewhere.example.com/clusters/x';

beforeAll(async () => {
  await tree.workspace('root', 'org');
  await tree.client.create('/clusters/root:org/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'doors.mounts.example.com' },
    spec: {
      group: 'mounts.example.com',
      scope: 'Cluster',
      names: { plural: 'doors', singular: 'door', kind: 'Door', listKind: 'DoorList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                status: {
                  type: 'object',
                  properties: { phase: { type: 'string' }, URL: { type: 'string' } },
                },
              },
            },
          },
        },
      ],
    },
  });
  await tree.client.until(doors('root:org'), (_, status) => status === 200);
});

const doors = (path: string) => `/clusters/${path}/apis/mounts.example.com/v1/doors`;
const workspaces = (name: string) => `/clusters/root:org${TENANCY}/workspaces/${name}`;

async function door(name: string, status?: object, annotations: object = IS_MOUNT): Promise<void> {
  await tree.client.create(doors('root:org'), {
    apiVersion: REF.apiVersion,
    kind: REF.kind,
    metadata: { name, annotations },
  });
  if (status !== undefined) await report(name, status);
}

async function report(name: string, status: object): Promise<void> {
  const path = `${doors('root:org')}/${name}/status`;
  const reply = await tree.client.call(path, { method: 'PATCH', headers: MERGE, body: { status } });
  expect([reply.status, reply.text]).toEqual([200, reply.text]);
}

function mounted(name: string, ref: object = { ...REF, name }): Promise<Workspace> {
  return tree.workspace('root:org', name, { spec: { mount: { ref } } });
}

async function read(name: string): Promise<Workspace> {
  return (await tree.client.get(workspaces(name))) as Workspace;
}

const why = (workspace: Workspace) =>
  workspace.status.conditions?.find(({ type }) => type === 'WorkspaceMountReady');

it('is initializing until its object is ready, and unavailable whenever it is not', async () => {
  const created = await mounted('m');
  expect(created.status.phase).toBe('Initializing');
  expect(created.spec.cluster).toBeUndefined();
  expect(created.metadata.finalizers).toBeUndefined();
  expect(why(created)).toMatchObject({
    status: 'False',
    severity: 'Error',
    reason: 'MountObjectNotFound',
    message: 'Door "/m" not found',
  });
  await door('m');
  await expect
    .poll(async () => why(await read('m')))
    .toMatchObject({
      reason: 'MountObjectNotReady',
      message: 'Mount is not reporting ready. See Door "m" status for more details',
    });
  expect((await tree.client.call('/clusters/root:org:m/api/v1/namespaces')).status).toBe(503);

  await report('m', { phase: 'Ready', URL: URL_ELSEWHERE });
  await expect.poll(async () => (await read('m')).status.phase).toBe('Ready');
  const ready = await read('m');
  expect(ready.spec.URL).toBe(URL_ELSEWHERE);
  expect(ready.status.conditions?.map(({ type, status }) => [type, status])).toEqual([
    ['WorkspaceInitialized', 'True'],
    ['WorkspaceMountReady', 'True'],
  ]);

  await report('m', { phase: 'Unknown' });
  await expect.poll(async () => (await read('m')).status.phase).toBe('Unavailable');
  expect((await tree.client.call('/clusters/root:org:m/api/v1/namespaces')).status).toBe(503);
  await report('m', { phase: 'Ready', URL: `${URL_ELSEWHERE}/2` });
  await expect.poll(async () => (await read('m')).spec.URL).toBe(`${URL_ELSEWHERE}/2`);
  expect((await read('m')).status.phase).toBe('Ready');
  await tree.client.delete(`${doors('root:org')}/m`);
  await expect.poll(async () => why(await read('m'))?.reason).toBe('MountObjectNotFound');
  await tree.client.delete(workspaces('m'));
  expect((await tree.client.call(workspaces('m'))).status).toBe(404);
});

it('says where it leads to those who may read it, forwards nothing, and is nothing to all others', async () => {
  await door('told', { phase: 'Ready', URL: URL_ELSEWHERE });
  await mounted('told');
  const path = '/clusters/root:org:told/api/v1/namespaces';
  expect(refusal(await tree.client.call(path))).toEqual({
    code: 501,
    message: `workspace told is mounted from ${URL_ELSEWHERE}: requests are not forwarded, send them there`,
  });
  const hidden = await tree.as('alice', path);
  const missing = await tree.as('alice', path.replace('told', 'none'));
  expect([hidden.status, hidden.text]).toEqual([403, missing.text]);
  const below = await tree.client.call('/clusters/root:org:told:child/api/v1/namespaces');
  expect(below.status).toBe(403);
  // What names a workspace by its path finds none there.
  const reply = await tree.tryWorkspace('root:org:told', 'child', {});
  expect(reply.status).toBe(501);
});

it('takes only an object that says it is a mount, of a kind that somebody brought, with a URL elsewhere', async () => {
  await door('plain', { phase: 'Ready', URL: URL_ELSEWHERE }, {});
  expect(why(await mounted('plain'))?.reason).toBe('MountAnnotationInvalid');
  await tree.client.call(`${doors('root:org')}/plain`, {
    method: 'PATCH',
    headers: MERGE,
    body: { metadata: { annotations: IS_MOUNT } },
  });
  await expect.poll(async () => (await read('plain')).status.phase).toBe('Ready');

  await door('here', { phase: 'Ready', URL: '/clusters/root' });
  expect(why(await mounted('here'))?.reason).toBe('MountObjectNotReady');
  const namespace = { apiVersion: 'v1', kind: 'Namespace', name: 'default' };
  expect(why(await mounted('builtin', namespace))?.reason).toBe('MountObjectNotFound');
});

it('keeps what it says from all who write it', async () => {
  await door('kept', { phase: 'Ready', URL: URL_ELSEWHERE });
  await mounted('kept');
  const write = async (subresource: string, body: object) => {
    const path = `${workspaces('kept')}${subresource}`;
    const reply = await tree.client.call(path, { method: 'PATCH', headers: MERGE, body });
    expect([reply.status, reply.text]).toEqual([200, reply.text]);
  };
  await write('', { spec: { URL: 'https://evil.example.com' } });
  await write('/status', { status: { phase: 'Unavailable', conditions: [] } });
  const { spec, status } = await read('kept');
  expect([spec.URL, status.phase]).toEqual([URL_ELSEWHERE, 'Ready']);
  const moved = await tree.client.call(workspaces('kept'), {
    method: 'PATCH',
    headers: MERGE,
    body: { spec: { mount: { ref: { name: 'other' } } } },
  });
  expect(moved.status).toBe(422);
  expect(refusal(moved).message).toContain('mount is immutable');
  const typed = await tree.tryWorkspace('root:org', 'typed', {
    as: 'alice',
    spec: { type: { name: 'universal', path: 'root' }, mount: { ref: REF } },
  });
  expect(typed.status).toBe(403);
});

it('is no door to a logical cluster, whatever its creator says', async () => {
  const own = (await tree.workspace('root', tree.name('own'), { as: 'alice' })).spec.cluster!;
  const foreign = (await tree.workspace('root', tree.name('foreign'), { as: 'bob' })).spec.cluster!;
  const spec = { mount: { ref: { ...REF, name: 'd' } } };
  const created = await tree.tryWorkspace(own, 'early', { as: 'alice', spec: { ...spec, cluster: foreign } });
  expect(refusal(created).message).toContain('spec.Cluster can only be set by system privileged users');
  await tree.workspace(own, 'door', { as: 'alice', spec });
  const path = `/clusters/${own}${TENANCY}/workspaces/door`;
  const moved = { method: 'PATCH', headers: MERGE, body: { spec: { cluster: foreign } } };
  const tried = await tree.as('alice', path, moved);
  expect(refusal(tried)).toMatchObject({
    code: 403,
    message: expect.stringContaining('spec.cluster can only be changed by system privileged users'),
  });
  const url = { ...moved, body: { spec: { URL: 'https://evil.example.com/' } } };
  expect(refusal(await tree.as('alice', path, url)).message).toContain(
    'spec.URL can only be changed by system privileged users',
  );
  // Those who may write it open no door either: bob may enter his own workspace, but not by this path.
  expect((await tree.client.call(path, moved)).status).toBe(200);
  const namespaces = (cluster: string) => `/clusters/${cluster}/api/v1/namespaces`;
  expect((await tree.as('bob', namespaces(foreign))).status).toBe(200);
  expect((await tree.as('bob', namespaces(`${own}:door`))).status).toBe(403);
  expect((await tree.client.call(namespaces(`${own}:door`))).status).toBe(503);
});
