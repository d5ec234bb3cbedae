import { beforeAll, describe, expect, it } from 'vitest';
import type { KubeObject } from '../http/client.ts';
import { useServer } from '../http/suite.ts';
import { member } from './family.ts';

const fixture = useServer();
const NAMESPACES = '/api/v1/namespaces';
const HOLD = 'example.com/hold';
const DESCRIPTION =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. ' +
  'No other usage is guaranteed across distributions of Kubernetes clusters.';

describe('what every namespace has', () => {
  let namespace = '';
  let root = '';
  let account = '';
  beforeAll(async () => {
    ({ namespace } = await fixture.namespace());
    root = `${NAMESPACES}/${namespace}/configmaps/kube-root-ca.crt`;
    account = `${NAMESPACES}/${namespace}/serviceaccounts/default`;
  });

  it('is a service account and the certificates of this server, soon after its creation', async () => {
    const { client, server } = fixture;
    const configMap = await client.get(root);
    expect(configMap['data']).toEqual({ 'ca.crt': server.ca });
    expect(configMap.metadata).toMatchObject({
      annotations: { 'kubernetes.io/description': DESCRIPTION },
      managedFields: [{ manager: 'kube-controller-manager', operation: 'Update', apiVersion: 'v1' }],
    });
    const serviceAccount = await client.get(account);
    expect(serviceAccount).toMatchObject({ kind: 'ServiceAccount', metadata: { name: 'default' } });
    expect(serviceAccount['secrets']).toBeUndefined();
    expect(Object.keys(serviceAccount.metadata).sort()).toEqual([
      'annotations',
      'creationTimestamp',
      'name',
      'namespace',
      'resourceVersion',
      'uid',
    ]);
  });

  it('is there again after somebody deleted it', async () => {
    const { client } = fixture;
    for (const path of [root, account]) {
      const before = await client.get(path);
      await client.delete(path);
      const after = await client.until(
        path,
        (object, status) => status === 200 && uidOf(object) !== uidOf(before),
      );
      expect(after['data']).toEqual(before['data']);
    }
  });

  it('is there again after somebody deleted everything at once', async () => {
    const { client } = fixture;
    const before = await client.get(root);
    await client.delete(`${NAMESPACES}/${namespace}/configmaps`);
    await client.delete(`${NAMESPACES}/${namespace}/serviceaccounts`);
    await client.until(root, (object, status) => status === 200 && uidOf(object) !== uidOf(before));
    await client.until(account, (_object, status) => status === 200);
  });

  it('shows the right certificates again after somebody changed them, and keeps what else was added', async () => {
    const { client, server } = fixture;
    const isRight = ({ data }: KubeObject) =>
      JSON.stringify(data) === JSON.stringify({ 'ca.crt': server.ca });
    await client.patch(root, { data: { 'ca.crt': 'forged', more: 'text' } });
    await client.until(root, isRight);
    await client.patch(root, { data: null, metadata: { labels: { mine: 'yes' } } });
    const restored = await client.until(root, isRight);
    expect(restored.metadata.labels).toEqual({ mine: 'yes' });
    await client.patch(root, { metadata: { annotations: { 'kubernetes.io/description': null } } });
    await client.until(
      root,
      ({ metadata }) => metadata.annotations?.['kubernetes.io/description'] === DESCRIPTION,
    );
    const own = await client.patch(root, {
      metadata: { annotations: { 'kubernetes.io/description': 'ours' } },
    });
    await member(client, `${NAMESPACES}/${namespace}/configmaps`, { name: 'kube-root-ca.crt.copy' });
    expect((await client.get(root)).metadata.resourceVersion).toBe(own.metadata.resourceVersion);
  });

  it('is replaced only when it is deleted, once somebody made it immutable', async () => {
    const { client, server } = fixture;
    await client.delete(root);
    await client.until(root, (_object, status) => status === 200);
    const { metadata } = await client.get(root);
    await client.put(root, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: metadata.name, resourceVersion: metadata.resourceVersion },
      data: { 'ca.crt': 'forged' },
      immutable: true,
    });
    await client.delete(root);
    const again = await client.until(
      root,
      (object, status) => status === 200 && object['immutable'] !== true,
    );
    expect(again['data']).toEqual({ 'ca.crt': server.ca });
  });

  it('does not come back in a namespace that is going away', async () => {
    const { client } = fixture;
    const other = await fixture.namespace();
    await member(client, other.configMaps, { name: 'held', finalizers: [HOLD] });
    const path = `${NAMESPACES}/${other.namespace}`;
    await client.delete(path);
    await client.untilGone(`${other.configMaps}/kube-root-ca.crt`);
    await client.until(path, (object) => JSON.stringify(object['status']).includes('SomeFinalizersRemain'));
    expect((await client.list(other.configMaps)).items.map(({ metadata }) => metadata.name)).toEqual([
      'held',
    ]);
    expect((await client.list(`${path}/serviceaccounts`)).items).toEqual([]);
    await client.patch(`${other.configMaps}/held`, { metadata: { finalizers: null } });
    await client.untilGone(path);
  });
});

it('makes a system namespace again that somebody deleted, with all that belongs there', async () => {
  const { client } = fixture;
  const path = `${NAMESPACES}/kube-node-lease`;
  const before = await client.get(path);
  await client.delete(path);
  const after = await client.until(
    path,
    (object, status) => status === 200 && uidOf(object) !== uidOf(before),
  );
  expect(after).toMatchObject({
    metadata: { managedFields: [{ manager: 'kube-apiserver', operation: 'Update' }] },
    status: { phase: 'Active' },
  });
  await client.until(`${path}/configmaps/kube-root-ca.crt`, (_object, status) => status === 200);
  await client.until(`${path}/serviceaccounts/default`, (_object, status) => status === 200);
});

function uidOf({ metadata }: KubeObject): string {
  return metadata?.uid;
}

it('gives a namespace of a fresh logical cluster back what it had from the beginning', async () => {
  const { client, server } = fixture;
  const root = `${NAMESPACES}/kube-public/configmaps/kube-root-ca.crt`;
  const account = `${NAMESPACES}/kube-public/serviceaccounts/default`;
  await client.patch(root, { data: { 'ca.crt': 'forged' } });
  await client.until(root, ({ data }) => JSON.stringify(data) === JSON.stringify({ 'ca.crt': server.ca }));
  for (const path of [root, account]) {
    const before = await client.get(path);
    await client.delete(path);
    await client.until(path, (object, status) => status === 200 && uidOf(object) !== uidOf(before));
  }
});
