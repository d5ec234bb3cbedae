import { describe, expect, test } from 'vitest';
import { createLogicalCluster, logicalClusterKey } from '../../src/api/mod.ts';
import { type LogicalCluster, SYSTEM_ADMIN_CLUSTER } from '../../src/base/mod.ts';
import type { KubeObject } from '../http/client.ts';
import { useMember } from './suite.ts';

const fixture = useMember();
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const NAME_LABEL = 'kubernetes.io/metadata.name';
const LISTS = [
  '/api/v1/namespaces',
  '/api/v1/serviceaccounts',
  '/api/v1/configmaps',
  `${RBAC}/clusterroles`,
  `${RBAC}/clusterrolebindings`,
  `${RBAC}/roles`,
];

async function list(path: string): Promise<readonly KubeObject[]> {
  return (await fixture.client.list(path)).items;
}

const placeOf = ({ metadata }: KubeObject) => [metadata.namespace, metadata.name].filter(Boolean).join('/');

describe('a new logical cluster', () => {
  test('has namespaces, each with its service account and root certificates, and the RBAC of Kubernetes', async () => {
    const cluster = await fixture.server.createCluster('fresh');
    const places: Record<string, string[]> = {};
    for (const path of LISTS) places[path.split('/').at(-1)!] = (await list(cluster + path)).map(placeOf);
    expect(places).toMatchInlineSnapshot(`
      {
        "clusterrolebindings": [
          "cluster-admin",
          "system:basic-user",
          "system:discovery",
          "system:monitoring",
          "system:public-info-viewer",
          "system:service-account-issuer-discovery",
        ],
        "clusterroles": [
          "admin",
          "cluster-admin",
          "edit",
          "system:aggregate-to-admin",
          "system:aggregate-to-edit",
          "system:aggregate-to-view",
          "system:auth-delegator",
          "system:basic-user",
          "system:discovery",
          "system:monitoring",
          "system:public-info-viewer",
          "system:service-account-issuer-discovery",
          "view",
        ],
        "configmaps": [
          "default/kube-root-ca.crt",
          "kube-node-lease/kube-root-ca.crt",
          "kube-public/kube-root-ca.crt",
          "kube-system/kube-root-ca.crt",
        ],
        "namespaces": [
          "default",
          "kube-node-lease",
          "kube-public",
          "kube-system",
        ],
        "roles": [
          "kube-system/extension-apiserver-authentication-reader",
        ],
        "serviceaccounts": [
          "default/default",
          "kube-node-lease/default",
          "kube-public/default",
          "kube-system/default",
        ],
      }
    `);
    const rules = (await list(`${cluster}${RBAC}/clusterroles`)).find(
      ({ metadata }) => metadata.name === 'admin',
    );
    expect(rules).toMatchObject({ aggregationRule: {}, rules: expect.any(Array) });
  });

  test('shows objects that could not be told from created ones', async () => {
    const cluster = await fixture.server.createCluster('compared');
    for (const path of LISTS) {
      for (const { metadata } of await list(cluster + path)) {
        const { namespace } = metadata;
        const collection =
          cluster + (namespace === undefined ? path : path.replace('/v1/', `/v1/namespaces/${namespace}/`));
        const derived = await fixture.client.get(`${collection}/${metadata.name}`);
        expect(derived.metadata).toMatchObject(metadata);
        expect(Number(metadata.resourceVersion)).toBeGreaterThan(2 ** 40);
        expect(Math.abs(Date.parse(metadata.creationTimestamp!) - Date.now())).toBeLessThan(60_000);
        for (const { time } of metadata.managedFields ?? []) expect(time).toBe(metadata.creationTimestamp);
        // The same by hand, under another name.
        const name = `copy-of-${metadata.name}`;
        const manager = metadata.managedFields?.[0]?.manager ?? 'nobody';
        const created = await fixture.client.create(
          `${collection}?fieldManager=${manager}`,
          sentAs(derived, name),
        );
        expect(comparable(created)).toEqual(comparable(derived));
      }
    }
  });

  test('takes changes, deletions and new objects in the place of those it began with', async () => {
    const cluster = await fixture.server.createCluster('changing');
    const roles = `${cluster}${RBAC}/clusterroles`;
    // A role that no other gathers.
    const role = `${roles}/system:monitoring`;
    const { uid } = (await fixture.client.get(role)).metadata;
    const { resourceVersion } = (await fixture.client.list(roles)).metadata;
    const watch = await fixture.client.watch(`${roles}?watch=1&resourceVersion=${resourceVersion}`);
    const patched = await fixture.client.patch(role, { metadata: { labels: { mine: 'yes' } } });
    expect(patched.metadata).toMatchObject({ uid, labels: { mine: 'yes' } });
    await fixture.client.refuse(409, roles, {
      method: 'POST',
      body: { ...patched, metadata: { name: 'edit' } },
    });
    await fixture.client.delete(role);
    await fixture.client.refuse(404, role);
    expect((await list(roles)).map(placeOf)).not.toContain('system:monitoring');
    const again = await fixture.client.create(roles, { ...patched, metadata: { name: 'system:monitoring' } });
    expect(again.metadata.uid).not.toBe(uid);
    const events = await watch.take(3);
    expect(events.map(({ type, object }) => `${type} ${placeOf(object)}`)).toEqual([
      'MODIFIED system:monitoring',
      'DELETED system:monitoring',
      'ADDED system:monitoring',
    ]);
    watch.close();
  });

  test('belongs to its owner, if it has one', async () => {
    const cluster = 'owned' as LogicalCluster;
    expect(await createLogicalCluster(fixture.server.api, cluster, { owner: 'jane' })).toBe(true);
    expect(await createLogicalCluster(fixture.server.api, cluster, { owner: 'eve' })).toBe(false);
    const binding = await fixture.client.get(`/clusters/owned${RBAC}/clusterrolebindings/workspace-admin`);
    expect(binding).toMatchObject({
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }],
    });
    expect(await list(`/clusters/owned${RBAC}/clusterrolebindings`)).toHaveLength(7);
  });
});

test('a logical cluster that lost its own object is not made again, which stops nobody', async () => {
  const cluster = 'lost' as LogicalCluster;
  const { api } = fixture.server;
  await createLogicalCluster(api, cluster);
  await api.store.commit({
    mutations: [{ key: logicalClusterKey(cluster) }],
    actor: 'test',
    originRegion: api.region,
  });
  expect(await createLogicalCluster(api, cluster)).toBe(false);
});

test('system:admin also has the roles of kcp, which count everywhere', async () => {
  const roles = await list(`/clusters/${SYSTEM_ADMIN_CLUSTER}${RBAC}/clusterroles`);
  expect(roles.map(placeOf)).toEqual(
    expect.arrayContaining(['cluster-admin', 'system:kcp:workspace:access']),
  );
  const fresh = await fixture.server.createCluster('plain');
  expect(
    (await list(`${fresh}${RBAC}/clusterroles`)).filter((role) => placeOf(role).includes('kcp')),
  ).toEqual([]);
});

test('root certificates are those that the server is reached with', async () => {
  const { data } = await fixture.client.get(
    '/clusters/root/api/v1/namespaces/default/configmaps/kube-root-ca.crt',
  );
  expect(data).toEqual({ 'ca.crt': fixture.server.ca });
});

test('other certificates are for logical clusters that come later', async () => {
  const before = await fixture.server.createCluster('before');
  const { api } = fixture.server;
  await createLogicalCluster({ ...api, caBundle: 'rotated' }, 'after' as LogicalCluster);
  const path = '/api/v1/namespaces/kube-public/configmaps/kube-root-ca.crt';
  expect(await fixture.client.get(before + path)).toMatchObject({ data: { 'ca.crt': fixture.server.ca } });
  expect(await fixture.client.get(`/clusters/after${path}`)).toMatchObject({ data: { 'ca.crt': 'rotated' } });
});

/** The object as a client would send it. */
function sentAs(object: KubeObject, name: string): unknown {
  const { labels: { [NAME_LABEL]: _name, ...labels } = {}, annotations = {}, namespace } = object.metadata;
  const { spec: _spec, status: _status, ...rest } = object;
  return { ...rest, metadata: { name, namespace, labels, annotations } };
}

/** Without what must differ between the two. */
function comparable(object: KubeObject): unknown {
  const { name, managedFields, labels, ...metadata } = object.metadata;
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: labels && {
        ...labels,
        ...(NAME_LABEL in labels && { [NAME_LABEL]: labels[NAME_LABEL] === name }),
      },
      managedFields: managedFields?.map((entry) => ({ ...entry, time: '' })),
      uid: '',
      resourceVersion: '',
      creationTimestamp: '',
    },
  };
}
