import { expect, test } from 'vitest';
import { configMap, type KubeObject } from '../http/client.ts';
import { describeKubectl, manifest, rowsOf } from './cluster.ts';

describeKubectl('kubectl describe and events', (cluster) => {
  async function eventOf(object: KubeObject, fields: Readonly<Record<string, unknown>>): Promise<KubeObject> {
    const { name, namespace, uid } = object.metadata;
    const now = `${new Date().toISOString().slice(0, 19)}Z`;
    return await cluster.client.create(`/api/v1/namespaces/${namespace}/events`, {
      metadata: { generateName: `${name}-` },
      involvedObject: { kind: 'ConfigMap', apiVersion: 'v1', name, namespace, uid },
      firstTimestamp: now,
      lastTimestamp: now,
      source: { component: 'tester' },
      count: 1,
      type: 'Normal',
      ...fields,
    });
  }

  test('events are listed, filtered by object and type, watched, and the same in both groups', async () => {
    const ns = await cluster.namespace();
    const path = `/api/v1/namespaces/${ns}/configmaps`;
    const [a, b] = await Promise.all([
      cluster.client.create(path, configMap('a')),
      cluster.client.create(path, configMap('b')),
    ]);
    await eventOf(a, { reason: 'Started', message: 'it began' });
    await eventOf(b, { reason: 'Failed', message: 'it broke', type: 'Warning', count: 3 });
    const [all, ofA, warnings, table, wide, newer, described, everywhere] = await Promise.all([
      cluster.ok(`events -n ${ns}`),
      cluster.ok(`events -n ${ns} --for configmap/a`),
      cluster.ok(`events -n ${ns} --types=Warning`),
      cluster.ok(`get events -n ${ns} --field-selector involvedObject.name=b,type=Warning`),
      cluster.ok(`get events -n ${ns} -o wide`),
      cluster.ok(`get events.events.k8s.io -n ${ns} -o jsonpath={.items[*].note}`),
      cluster.ok(`describe cm b -n ${ns}`),
      cluster.ok('events -A'),
    ]);
    expect(all).toMatch(/^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n/);
    expect(all).toMatch(/ +Normal +Started +ConfigMap\/a +it began/);
    expect(all).toMatch(/ +Warning +Failed +ConfigMap\/b +it broke/);
    expect(ofA).toContain('it began');
    expect(ofA).not.toContain('it broke');
    expect(warnings).not.toContain('it began');
    expect(table).toMatch(/^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n/);
    expect(rowsOf(table).map((row) => row.slice(1))).toEqual([
      ['Warning', 'Failed', 'configmap/b', 'it broke'],
    ]);
    expect(wide).toMatch(
      /^LAST SEEN +TYPE +REASON +OBJECT +SUBOBJECT +SOURCE +MESSAGE +FIRST SEEN +COUNT +NAME\n/,
    );
    expect(newer.split(' ').sort()).toEqual(['began', 'broke', 'it', 'it']);
    expect(described).toMatch(
      /Events:\n +Type +Reason +Age +From +Message\n[\s\S]*Warning +Failed .*tester +it broke/,
    );
    expect(everywhere).toMatch(new RegExp(`^${ns} .*it broke`, 'm'));
    const following = cluster.follow(`events -n ${ns} --watch`);
    try {
      await following.until(/it broke/);
      await eventOf(a, { reason: 'Later', message: 'it went on' });
      await following.until(/Later +ConfigMap\/a +it went on/);
    } finally {
      following.stop();
    }
  });

  test('describes what it lists', async () => {
    const ns = await cluster.namespace();
    await cluster.ok(
      `apply -n ${ns} -f -`,
      manifest(
        configMap('a', { labels: { app: 'x' }, annotations: { note: 'n' }, data: { key: 'value' } }),
        { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { password: 'hidden' } },
        {
          apiVersion: 'v1',
          kind: 'ResourceQuota',
          metadata: { name: 'q' },
          spec: { hard: { configmaps: '9' } },
        },
        {
          apiVersion: 'v1',
          kind: 'LimitRange',
          metadata: { name: 'l' },
          spec: { limits: [{ type: 'Container', default: { cpu: '500m' }, max: { memory: '1Gi' } }] },
        },
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'Role',
          metadata: { name: 'r' },
          rules: [{ verbs: ['get'], apiGroups: [''], resources: ['configmaps'] }],
        },
        {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { name: 'le' },
          spec: { holderIdentity: 'me' },
        },
      ),
    );
    await cluster.ok(`create clusterrole ${ns}-all --verb=* --resource=*.*`);
    const describe = (what: string) => cluster.ok(`describe ${what} -n ${ns}`);
    const [map, secret, account, namespace, quota, limits, role, lease, clusterRole, prefix] =
      await Promise.all([
        describe('cm a'),
        describe('secret s'),
        describe('sa default'),
        cluster.ok(`describe ns ${ns}`),
        describe('quota q'),
        describe('limits l'),
        describe('role r'),
        describe('lease le'),
        cluster.ok(`describe clusterrole ${ns}-all`),
        describe('cm a'),
      ]);
    expect(map).toMatch(
      /Name: +a\nNamespace: +test-\d+\nLabels: +app=x\nAnnotations: +(kcp\.io\/cluster: root\n +)?note: n\n/,
    );
    expect(map).toMatch(/key:\n-+\nvalue\n/);
    expect(map).toMatch(/Events: +<none>/);
    expect(secret).toMatch(/password: +6 bytes/);
    expect(secret).not.toContain('hidden');
    expect(account).toMatch(/Name: +default/);
    expect(namespace).toMatch(/Status: +Active/);
    expect(namespace).toMatch(/Resource Quotas\n +Name: +q\n/);
    expect(namespace).toMatch(/Resource Limits\n[\s\S]*Container +cpu/);
    expect(quota).toMatch(/Resource +Used +Hard/);
    expect(limits).toMatch(/Container +memory +- +1Gi/);
    expect(role).toMatch(/configmaps +\[\] +\[\] +\[get\]/);
    expect(lease).toMatch(/Holder Identity: +me/);
    expect(clusterRole).toMatch(/\*\.\* +\[\] +\[\] +\[\*\]/);
    expect(prefix).toBe(map);
    expect(await cluster.fail(`describe cm none -n ${ns}`)).toBe(
      'Error from server (NotFound): configmaps "none" not found',
    );
  });
});
