import { expect, it } from 'vitest';
import { useMember } from '../conformance/suite.ts';
import type { InProcessOptions } from '../support/in-process.ts';
import { refusal, TENANCY, Tree } from './suite.ts';

const LIMIT = 200;

class BoundedTree extends Tree {
  protected override get options(): InProcessOptions {
    return { ...super.options, totalObjectLimit: LIMIT };
  }
}

const tree = useMember(new BoundedTree()) as BoundedTree;

it('bounds every workspace by the limit of the member, each for itself, and the root not at all', async () => {
  const { spec } = await tree.workspace('root', 'full', { as: 'alice' });
  const { spec: other } = await tree.workspace('root', 'other', { as: 'alice' });
  const make = (cluster: string, name: string) =>
    tree.as('alice', `/clusters/${cluster}/api/v1/namespaces/default/configmaps`, {
      method: 'POST',
      body: { metadata: { name } },
    });
  let made = 0;
  let reply = await make(spec.cluster!, 'c0');
  while (reply.status === 201 && made <= LIMIT) {
    made += 1;
    reply = await make(spec.cluster!, `c${made}`);
  }
  expect(made).toBeGreaterThan(0);
  expect(refusal(reply)).toMatchObject({
    code: 403,
    message: expect.stringContaining(`total object count limit (${LIMIT}/${LIMIT} objects)`),
  });
  const snapshot = tree.server.api.store.snapshot();
  expect(await snapshot.countOfCluster(spec.cluster as never, 10_000)).toBe(LIMIT);
  snapshot.close();
  // Workspaces in it are objects of it as well.
  const child = await tree.tryWorkspace(spec.cluster!, 'child', { as: 'alice' });
  expect(child.status).toBe(403);
  expect((await make(other.cluster!, 'c')).status).toBe(201);
  expect((await tree.client.call(`/clusters/root${TENANCY}/workspaces`)).status).toBe(200);
  await tree.workspace('root', 'another', { as: 'alice' });
}, 60_000);
