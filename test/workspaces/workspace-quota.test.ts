import { expect, it } from 'vitest';
import { refusal, TENANCY, useTree } from './suite.ts';

const tree = useTree();

it('a cluster-scoped quota bounds how many Workspaces one contains', async () => {
  await tree.workspace('root', 'org');
  const namespaces = '/clusters/root:org/api/v1/namespaces';
  await tree.client.create(namespaces, { metadata: { name: 'admin' } });
  const quotas = `${namespaces}/admin/resourcequotas`;
  const hard = 'count/workspaces.tenancy.kcp.io';
  await tree.client.create(quotas, {
    metadata: { name: 'q', annotations: { 'experimental.quota.kcp.io/cluster-scoped': 'true' } },
    spec: { hard: { [hard]: '2' } },
  });
  const used = (count: string) =>
    tree.client.until(`${quotas}/q`, ({ status }) => {
      return (status as { used?: Record<string, string> } | undefined)?.used?.[hard] === count;
    });
  await used('0');
  await tree.workspace('root:org', 'a');
  await tree.workspace('root:org', 'b');
  await used('2');
  const refused = refusal(await tree.tryWorkspace('root:org', 'c', {}));
  expect(refused.code).toBe(403);
  expect(refused.message).toContain(
    `exceeded quota: q, requested: ${hard}=1, used: ${hard}=2, limited: ${hard}=2`,
  );
  // What is below another workspace is counted there.
  await tree.workspace('root:org:a', 'c');
  await tree.client.delete(`/clusters/root:org${TENANCY}/workspaces/b`);
  await tree.client.untilGone(`/clusters/root:org${TENANCY}/workspaces/b`);
  await used('1');
  await tree.workspace('root:org', 'c');
});
