import { expect, it, onTestFinished } from 'vitest';
import type { KubeObject } from '../http/client.ts';
import type { InProcessOptions } from '../support/in-process.ts';
import { CORE, refusal, Tree, useTree } from './suite.ts';

const tree = useTree();

const MERGE = { 'content-type': 'application/merge-patch+json' };
const LIMIT = 'core.kcp.io/max-total-objects';

async function bounded(name: string, max: (count: number) => number): Promise<string> {
  const { spec } = await tree.workspace('root', name, { as: 'alice' });
  const snapshot = tree.server.api.store.snapshot();
  const count = await snapshot.countOfCluster(spec.cluster as never, 10_000);
  snapshot.close();
  const body = { metadata: { annotations: { [LIMIT]: String(max(count)) } } };
  const self = `/clusters/${spec.cluster}${CORE}/logicalclusters/cluster`;
  expect((await tree.client.call(self, { method: 'PATCH', headers: MERGE, body })).status).toBe(200);
  const own = await tree.as('alice', self, {
    method: 'PATCH',
    headers: MERGE,
    body: { metadata: { annotations: { [LIMIT]: '99999' } } },
  });
  expect(own.status).toBe(403);
  return spec.cluster!;
}

const make = (cluster: string, name: string) =>
  tree.as('alice', `/clusters/${cluster}/api/v1/namespaces/default/configmaps`, {
    method: 'POST',
    body: { metadata: { name } },
  });

it('bounds what a workspace has in all, and a deletion makes room', async () => {
  const cluster = await bounded('bounded', (count) => count + 2);
  expect((await make(cluster, 'a')).status).toBe(201);
  expect((await make(cluster, 'b')).status).toBe(201);
  const refused = refusal(await make(cluster, 'c'));
  expect(refused).toMatchObject({
    code: 403,
    message: expect.stringMatching(
      new RegExp(
        `logical cluster "${cluster}" has reached its total object count limit \\((\\d+)/\\1 objects\\); delete objects to free up capacity`,
      ),
    ),
  });
  const events = `/clusters/${cluster}/api/v1/namespaces/default/events`;
  const event = { metadata: { name: 'e' }, involvedObject: { namespace: 'default' } };
  expect((await tree.as('alice', events, { method: 'POST', body: event })).status).toBe(201);
  const b = `/clusters/${cluster}/api/v1/namespaces/default/configmaps/b`;
  await tree.as('alice', b, { method: 'DELETE' });
  const path = `/clusters/${cluster}/api/v1/namespaces/default/events/e`;
  await tree.as('alice', path, { method: 'DELETE' });
  expect((await make(cluster, 'c')).status).toBe(201);
});

it('bounds nothing with 0, and no other workspace', async () => {
  const cluster = await bounded('unbounded', () => 0);
  await bounded('full', () => 1);
  expect((await make(cluster, 'a')).status).toBe(201);
});

it('bounds workspaces by a quota of the whole logical cluster', async () => {
  const { spec } = await tree.workspace('root', 'org', { as: 'alice' });
  const inside = `/clusters/${spec.cluster}`;
  await tree.client.create(`${inside}/api/v1/namespaces`, { metadata: { name: 'admin' } });
  const quotas = `${inside}/api/v1/namespaces/admin/resourcequotas`;
  const name = 'count/workspaces.tenancy.kcp.io';
  const annotations = { 'experimental.quota.kcp.io/cluster-scoped': 'true' };
  const quota = { metadata: { name: 'few', annotations }, spec: { hard: { [name]: '1' } } };
  await tree.client.create(quotas, quota);
  const used = ({ status }: KubeObject) =>
    (status as { used?: Readonly<Record<string, string>> } | undefined)?.used?.[name];
  await tree.client.until(`${quotas}/few`, (few) => used(few) === '0');
  await tree.workspace('root:org', 'one', { as: 'alice' });
  expect(used(await tree.client.get(`${quotas}/few`))).toBe('1');
  const refused = refusal(await tree.tryWorkspace('root:org', 'two', { as: 'alice' }));
  expect(refused.message).toContain(`exceeded quota: few, requested: ${name}=1, used: ${name}=1`);
  await tree.client.delete(`${inside}/apis/tenancy.kcp.io/v1alpha1/workspaces/one`);
  await tree.client.until(`${quotas}/few`, (few) => used(few) === '0');
  await tree.workspace('root:org', 'two', { as: 'alice' });
});

/** A member that bounds every logical cluster. */
class BoundedTree extends Tree {
  protected override get options(): InProcessOptions {
    return { ...super.options, totalObjectLimit: 200 };
  }
}

it('may be bounded by the server for all workspaces that say nothing else, but for the root', async () => {
  const all = new BoundedTree();
  await all.start();
  onTestFinished(() => all.stop());
  const fill = async (cluster: string): Promise<number> => {
    for (let made = 0; ; made += 1) {
      const path = `/clusters/${cluster}/api/v1/namespaces/default/configmaps`;
      const reply = await all.client.call(path, { method: 'POST', body: { metadata: { name: `m${made}` } } });
      if (reply.status !== 201 || made === 250) return reply.status === 201 ? made : -made;
    }
  };
  const { spec } = await all.workspace('root', 'bounded', { as: 'alice' });
  const made = -(await fill(spec.cluster!));
  expect(made).toBeGreaterThan(0);
  expect(made).toBeLessThan(200);
  const self = `/clusters/${spec.cluster}${CORE}/logicalclusters/cluster`;
  const more = { metadata: { annotations: { [LIMIT]: '201' } } };
  await all.client.call(self, { method: 'PATCH', headers: MERGE, body: more });
  const inside = `/clusters/${spec.cluster}/api/v1/namespaces/default/configmaps`;
  const next = (name: string) => all.client.call(inside, { method: 'POST', body: { metadata: { name } } });
  expect((await next('one-more')).status).toBe(201);
  expect(refusal(await next('too-many')).message).toContain('(201/201 objects)');
  expect(await fill('root')).toBe(250);
});
