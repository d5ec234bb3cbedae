import { expect, it } from 'vitest';
import { limits } from '../../src/base/mod.ts';
import type { KubeObject } from '../http/client.ts';
import { CORE, TENANCY, useTree } from './suite.ts';

const tree = useTree();

const MERGE = { 'content-type': 'application/merge-patch+json' };
const selfOf = (cluster: string) => `/clusters/${cluster}${CORE}/logicalclusters/cluster`;
const workspacePath = (parent: string, name: string) => `/clusters/${parent}${TENANCY}/workspaces/${name}`;

function conditions(message: string, type = 'Mine'): object {
  return {
    status: { conditions: [{ type, status: 'True', message, lastTransitionTime: '2026-01-01T00:00:00Z' }] },
  };
}

/** Tenants may not write the status of a Workspace: mounts' controllers may. */
async function say(path: string, body: object): Promise<number> {
  const call = { method: 'PATCH', headers: MERGE, body };
  const isTenants = path.includes(CORE);
  const reply = await (isTenants
    ? tree.as('alice', `${path}/status`, call)
    : tree.client.call(`${path}/status`, call));
  return reply.status;
}

/** Makes an object as large as one can, and says how long a text that took. */
async function fill(path: string): Promise<number> {
  let [fits, over] = [limits.objectBytesMax - 4 * 1024, limits.objectBytesMax];
  while (over - fits > 1) {
    const length = Math.floor((fits + over) / 2);
    if ((await say(path, conditions('x'.repeat(length)))) === 200) fits = length;
    else over = length;
  }
  expect(await say(path, conditions('x'.repeat(fits)))).toBe(200);
  return fits;
}

it('lets a workspace go whose users have filled all that belongs to it', async () => {
  const { spec } = await tree.workspace('root', 'stuffed', { as: 'alice' });
  const parent = spec.cluster!;
  const length = await fill(selfOf(parent));
  for (const name of ['a', 'b', 'c']) {
    const child = await tree.workspace(parent, name, { as: 'alice' });
    expect(await say(selfOf(child.spec.cluster!), conditions('x'.repeat(length - 200)))).toBe(200);
  }
  const full = await tree.workspace(parent, 'd', { as: 'alice' });
  await fill(selfOf(full.spec.cluster!));
  await fill(workspacePath(parent, 'd'));
  const { status } = await tree.as('alice', workspacePath('root', 'stuffed'), { method: 'DELETE' });
  expect(status).toBe(200);
  await tree.client.untilGone(workspacePath('root', 'stuffed'));
}, 60_000);

it('lets users take their finalizers from a full object that goes, and put nothing in their place', async () => {
  const name = 'held';
  await tree.workspace('root', name, {
    as: 'alice',
    metadata: { finalizers: ['a.com/mine', 'a.com/other'] },
  });
  const path = workspacePath('root', name);
  await fill(path);
  const patch = (body: object) => tree.as('alice', path, { method: 'PATCH', headers: MERGE, body });
  expect((await patch({ metadata: { labels: { more: 'y'.repeat(60) } } })).status).toBe(413);
  expect((await tree.as('alice', path, { method: 'DELETE' })).status).toBe(200);
  expect((await patch({ metadata: { labels: { more: 'y'.repeat(60) } } })).status).toBe(413);
  expect(
    (await patch({ metadata: { finalizers: ['a.com/mine', 'core.kcp.io/logicalcluster'] } })).status,
  ).toBe(200);
  expect((await patch({ metadata: { finalizers: ['core.kcp.io/logicalcluster'] } })).status).toBe(200);
  await tree.client.untilGone(path);
}, 60_000);

it('says itself how far a logical cluster is, whatever its users write there', async () => {
  const { spec } = await tree.workspace('root', 'forged', { as: 'alice' });
  const self = selfOf(spec.cluster!);
  const before = (await tree.client.get(self)) as KubeObject & { status?: { conditions?: unknown } };
  for (const type of ['WorkspaceContentDeleted', 'WorkspaceInitialized']) {
    expect(await say(self, conditions('forged', type))).toBe(200);
    const after = (await tree.client.get(self)) as typeof before;
    expect(JSON.stringify(after.status)).not.toContain('forged');
  }
});
