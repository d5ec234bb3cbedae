import { expect, test } from 'vitest';
import { describeKubectl, rowsOf } from './cluster.ts';

describeKubectl('kubectl and quotas', (cluster) => {
  test('creates, shows, describes and enforces a quota', async () => {
    const ns = await cluster.namespace();
    const created = await cluster.ok(
      `create quota small -n ${ns} --hard=secrets=1,count/leases.coordination.k8s.io=2,pods=3`,
    );
    expect(created).toBe('resourcequota/small created');
    await cluster.ok(`wait -n ${ns} quota/small --for=jsonpath={.status.used.secrets}=0 --timeout=10s`);
    expect(await cluster.ok(`create secret generic one -n ${ns}`)).toBe('secret/one created');
    expect(await cluster.fail(`create secret generic two -n ${ns}`)).toBe(
      'error: failed to create secret secrets "two" is forbidden: exceeded quota: small, requested: secrets=1, used: secrets=1, limited: secrets=1',
    );
    expect(rowsOf(await cluster.ok(`describe quota small -n ${ns}`))).toEqual([
      ['Namespace:', ns],
      ['Resource', 'Used', 'Hard'],
      ['--------', '----', '----'],
      ['count/leases.coordination.k8s.io', '0', '2'],
      ['pods', '0', '3'],
      ['secrets', '1', '1'],
    ]);
    expect(await cluster.ok(`get quota -n ${ns}`)).toMatch(
      /^NAME +REQUEST +LIMIT +AGE\nsmall +count\/leases\.coordination\.k8s\.io: 0\/2, pods: 0\/3, secrets: 1\/1 +\S+$/,
    );
    const described = await cluster.ok(`describe namespace ${ns}`);
    expect(described).toMatch(/Resource Quotas\n +Name: +small\n/);
    expect(described).toMatch(/ secrets +1 +1\n/);
    await cluster.ok(`delete secret one -n ${ns}`);
    expect(await cluster.ok(`get quota small -n ${ns} -o jsonpath={.status.used.secrets}`)).toBe('0');
  });
});
