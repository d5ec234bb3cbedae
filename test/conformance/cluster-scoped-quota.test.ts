import { describe, expect, it } from 'vitest';
import { QuotaFixture, usedOf } from './quota.suite.ts';
import { useMember } from './suite.ts';

const fixture = useMember(new QuotaFixture()) as QuotaFixture;

describe('a cluster-scoped quota', () => {
  const annotations = { 'experimental.quota.kcp.io/cluster-scoped': 'true' };

  it('counts the whole logical cluster, cluster-scoped kinds included', async () => {
    const { client, server } = fixture;
    const cluster = await server.createCluster(fixture.name('quota-cluster-'));
    const namespaces = `${cluster}/api/v1/namespaces`;
    const roles = `${cluster}/apis/rbac.authorization.k8s.io/v1/clusterroles`;
    await client.create(namespaces, { metadata: { name: 'admin' } });
    const quotas = `${namespaces}/admin/resourcequotas`;
    const there = (await client.list(roles)).items.length;
    const hard = { 'count/secrets': '2', 'count/clusterroles.rbac.authorization.k8s.io': String(there + 1) };
    await fixture.createQuota(quotas, 'wide', hard, annotations);
    expect(usedOf(await fixture.counted(`${quotas}/wide`))).toEqual({
      'count/secrets': '0',
      'count/clusterroles.rbac.authorization.k8s.io': String(there),
    });
    for (const namespace of ['default', 'admin']) {
      await client.create(`${namespaces}/${namespace}/secrets`, { metadata: { name: 'one' } });
    }
    const refused = await client.refuse(403, `${namespaces}/default/secrets`, {
      method: 'POST',
      body: { metadata: { name: 'two' } },
    });
    expect(refused.message).toContain(
      'exceeded quota: wide, requested: count/secrets=1, used: count/secrets=2',
    );
    await client.create(roles, { metadata: { name: 'one' } });
    await client.refuse(403, roles, { method: 'POST', body: { metadata: { name: 'two' } } });
    await client.delete(`${namespaces}/default/secrets/one`);
    expect(usedOf(await client.get(`${quotas}/wide`))['count/secrets']).toBe('1');
    // Without the annotation it is a quota of its namespace.
    await client.patch(`${quotas}/wide`, { metadata: { annotations: null } });
    await client.until(`${quotas}/wide`, (quota) => usedOf(quota)['count/secrets'] === '1');
    await client.create(`${namespaces}/default/secrets`, { metadata: { name: 'free' } });
    await client.create(`${namespaces}/default/secrets`, { metadata: { name: 'too' } });
  });

  it('is one in the namespace admin alone', async () => {
    const { client, server } = fixture;
    const cluster = await server.createCluster(fixture.name('quota-cluster-'));
    const namespaces = `${cluster}/api/v1/namespaces`;
    const quotas = `${namespaces}/default/resourcequotas`;
    await fixture.createQuota(quotas, 'narrow', { 'count/secrets': '0' }, annotations);
    await fixture.counted(`${quotas}/narrow`);
    await client.create(`${namespaces}/kube-public/secrets`, { metadata: { name: 'one' } });
    await client.refuse(403, `${namespaces}/default/secrets`, {
      method: 'POST',
      body: { metadata: { name: 'one' } },
    });
  });
});
