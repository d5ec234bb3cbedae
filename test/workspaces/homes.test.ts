import { afterAll, beforeAll, expect, it } from 'vitest';
import type { InProcessOptions } from '../support/in-process.ts';
import { CORE, refusal, TENANCY, Tree, type Workspace } from './suite.ts';

const HOME = `/clusters/root${TENANCY}/workspaces/~`;

const OTHERS = ['carol@example.com', 'oidc:dave', 'oidc'];

/** With users whose names are no names of workspaces. */
class HomeTree extends Tree {
  protected override get options(): InProcessOptions {
    const others = OTHERS.map((name) => [
      name,
      { name, uid: name, groups: ['system:authenticated'], extra: {} },
    ]);
    return { users: { ...super.options.users, ...Object.fromEntries(others) } };
  }
}

const tree = new HomeTree();
beforeAll(async () => {
  await tree.start();
  await tree.ensureType('root', 'home', { extend: { with: [{ path: 'root', name: 'universal' }] } });
  const rules = [
    { apiGroups: ['tenancy.kcp.io'], resources: ['workspaces'], verbs: ['*'] },
    { nonResourceURLs: ['/'], verbs: ['access'] },
  ];
  await tree.grant('root', 'others', rules, OTHERS);
});
afterAll(() => tree.stop());

async function homeOf(user: 'alice' | 'bob'): Promise<Workspace> {
  const reply = await tree.as(user, HOME);
  expect([reply.status, reply.text]).toEqual([200, reply.text]);
  return JSON.parse(reply.text);
}

it('makes the home of a user when it is asked for, once, and is ready', async () => {
  const [home, again] = await Promise.all([homeOf('alice'), homeOf('alice')]);
  expect(home).toEqual(again);
  expect(home).toMatchObject({
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: { name: 'cluster', creationTimestamp: expect.stringMatching(/^20.*Z$/) },
    spec: { cluster: 'v1u4alow0iv9', URL: `${tree.server.url}/clusters/v1u4alow0iv9` },
    status: { phase: 'Ready' },
  });
  expect(await homeOf('bob')).toMatchObject({ spec: { cluster: '2okdry95y5lkv' } });
});

it('belongs to its user, by name and by path, and to nobody else', async () => {
  const { spec } = await homeOf('alice');
  const namespaces = (where: string) => `/clusters/${where}/api/v1/namespaces`;
  const body = { metadata: { name: 'at-home' } };
  const made = await tree.as('alice', namespaces('user:alice'), { method: 'POST', body });
  expect(made.status).toBe(201);
  for (const where of ['user:alice', spec.cluster!]) {
    expect((await tree.as('alice', namespaces(where))).status).toBe(200);
    const refused = refusal(await tree.as('bob', namespaces(where)));
    expect(refused).toEqual(refusal(await tree.as('bob', namespaces('user:nobody'))));
    expect(refused.code).toBe(403);
  }
  const logicalCluster = await tree.as('alice', `/clusters/user:alice${CORE}/logicalclusters/cluster`);
  expect(JSON.parse(logicalCluster.text)).toMatchObject({
    metadata: { annotations: { 'kcp.io/path': 'user:alice', 'internal.tenancy.kcp.io/type': 'root:home' } },
    spec: { directlyDeletable: true, createdBy: { username: 'alice' } },
  });
});

it('has workspaces inside, by their paths', async () => {
  await homeOf('alice');
  const inside = await tree.workspace('user:alice', 'lab', { as: 'alice' });
  expect(inside.spec.URL).toBe(`${tree.server.url}/clusters/user:alice:lab`);
  const reply = await tree.as('alice', '/clusters/user:alice:lab/api/v1/namespaces');
  expect(reply.status).toBe(200);
});

it('is shown as a table as well', async () => {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const reply = await tree.as('alice', HOME, { headers: { accept } });
  const { cells } = JSON.parse(reply.text).rows[0];
  expect([cells[0], cells[3], cells[4]]).toEqual([
    'cluster',
    'Ready',
    `${tree.server.url}/clusters/v1u4alow0iv9`,
  ]);
});

it.each(OTHERS)('has a path for %s that leads to what is in it, and nowhere else', async (token) => {
  const home = JSON.parse((await tree.client.call(HOME, { token })).text) as Workspace;
  const cluster = home.spec.cluster!;
  const body = {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: { name: 'kid' },
  };
  const path = `/clusters/${cluster}${TENANCY}/workspaces`;
  const made = await tree.client.call(path, { method: 'POST', body, token });
  expect([made.status, made.text]).toEqual([201, made.text]);
  const kid = JSON.parse(made.text) as Workspace;
  const start = token === 'oidc' ? 'user:oidc' : cluster;
  expect(kid.spec.URL).toBe(`${tree.server.url}/clusters/${start}:kid`);
  const inside = `${kid.spec.URL!.slice(tree.server.url.length)}${CORE}/logicalclusters/cluster`;
  const reply = await tree.client.call(inside, { token });
  expect([reply.status, JSON.parse(reply.text).metadata.annotations]).toEqual([
    200,
    expect.objectContaining({ 'kcp.io/path': `${start}:kid`, 'kcp.io/cluster': kid.spec.cluster }),
  ]);
});
