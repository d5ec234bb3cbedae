import { expect, test } from 'vitest';
import { configMap } from '../http/client.ts';
import { describeKubectl } from './cluster.ts';

describeKubectl('the life of a namespace', (cluster) => {
  test('ends with all that is in it, for whoever waits', async () => {
    const ns = await cluster.namespace();
    const path = `/api/v1/namespaces/${ns}`;
    await Promise.all(
      Array.from({ length: 20 }, (_value, index) =>
        Promise.all([
          cluster.client.create(`${path}/configmaps`, configMap(`c${index}`)),
          cluster.client.create(`${path}/secrets`, { metadata: { name: `s${index}` } }),
        ]),
      ),
    );
    const before = await cluster.client.get(path);
    expect(await cluster.ok(`delete ns ${ns}`)).toBe(`namespace "${ns}" deleted`);
    expect(await cluster.fail(`get ns ${ns}`)).toBe(
      `Error from server (NotFound): namespaces "${ns}" not found`,
    );
    expect((await cluster.client.list(`${path}/configmaps`)).items).toEqual([]);
    // What comes back under the name is new and empty.
    expect(await cluster.ok(`create ns ${ns}`)).toBe(`namespace/${ns} created`);
    expect((await cluster.client.get(path)).metadata.uid).not.toBe(before.metadata.uid);
    expect((await cluster.client.list(`${path}/secrets`)).items).toEqual([]);
  });

  test('takes as long as a finalizer of something in it holds, and says why', async () => {
    const ns = await cluster.namespace();
    const { client } = cluster;
    const path = `/api/v1/namespaces/${ns}`;
    const held = { metadata: { name: 'held', finalizers: ['example.com/hold'] } };
    await client.create(`${path}/configmaps`, held);
    await client.create(`${path}/configmaps`, configMap('free'));
    expect(await cluster.ok(`delete ns ${ns} --wait=false`)).toBe(`namespace "${ns}" deleted`);
    const terminating = await client.until(path, (object) => {
      const { conditions = [] } = object['status'] as {
        conditions?: readonly { type: string; status: string }[];
      };
      return conditions.some(
        ({ type, status }) => type === 'NamespaceFinalizersRemaining' && status === 'True',
      );
    });
    expect(terminating).toMatchObject({
      spec: { finalizers: ['kubernetes'] },
      status: {
        phase: 'Terminating',
        conditions: expect.arrayContaining([
          expect.objectContaining({
            type: 'NamespaceDeletionDiscoveryFailure',
            status: 'False',
            reason: 'ResourcesDiscovered',
          }),
          expect.objectContaining({
            type: 'NamespaceDeletionGroupVersionParsingFailure',
            status: 'False',
            reason: 'ParsedGroupVersions',
          }),
          expect.objectContaining({
            type: 'NamespaceDeletionContentFailure',
            status: 'False',
            reason: 'ContentDeleted',
          }),
          expect.objectContaining({
            type: 'NamespaceContentRemaining',
            status: 'True',
            reason: 'SomeResourcesRemain',
            message: 'Some resources are remaining: configmaps. has 1 resource instances',
          }),
          expect.objectContaining({
            type: 'NamespaceFinalizersRemaining',
            status: 'True',
            reason: 'SomeFinalizersRemain',
            message:
              'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
          }),
        ]),
      },
    });
    await client.untilGone(`${path}/configmaps/free`);
    expect(await cluster.ok(`get ns ${ns} --no-headers`)).toMatch(new RegExp(`^${ns} +Terminating +\\S+$`));

    expect(await cluster.fail(`create configmap late -n ${ns}`)).toBe(
      `error: failed to create configmap: configmaps "late" is forbidden: unable to create new content in namespace ${ns} because it is being terminated`,
    );
    const status = await client.refuse(403, `${path}/configmaps`, {
      method: 'POST',
      body: configMap('late'),
    });
    expect(status).toMatchObject({
      reason: 'Forbidden',
      details: {
        name: 'late',
        kind: 'configmaps',
        causes: [
          {
            reason: 'NamespaceTerminating',
            message: `namespace ${ns} is being terminated`,
            field: 'metadata.namespace',
          },
        ],
      },
    });
    // What is there may still be changed.
    await client.patch(`${path}/configmaps/held`, { data: { still: 'here' } });
    const again = await client.refuse(409, path, { method: 'DELETE' });
    expect(again.message).toContain('The system is ensuring all content is removed from this namespace.');
    const waiting = cluster.follow(`wait --for=delete ns/${ns} --timeout=20s -v=6`);
    await waiting.until(/watch=true/);
    await client.patch(`${path}/configmaps/held`, { metadata: { finalizers: null } });
    expect(await waiting.ended()).toContain('condition met');
    await client.refuse(404, path);
  });

  test('ends after its own finalizers', async () => {
    const ns = await cluster.namespace();
    const path = `/api/v1/namespaces/${ns}`;
    await cluster.client.patch(path, { metadata: { finalizers: ['example.com/hold'] } });
    await cluster.ok(`delete ns ${ns} --wait=false`);
    await cluster.client.until(path, (object) => {
      const { finalizers = [] } = (object['spec'] ?? {}) as { finalizers?: readonly string[] };
      return finalizers.length === 0;
    });
    await cluster.client.patch(path, { metadata: { finalizers: null } });
    await cluster.client.untilGone(path);
  });

  test('is not held up by owner references inside it', async () => {
    const ns = await cluster.namespace();
    const path = `/api/v1/namespaces/${ns}/configmaps`;
    const { metadata } = await cluster.client.create(path, configMap('owner'));
    await cluster.client.create(path, {
      metadata: {
        name: 'dependent',
        ownerReferences: [
          { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: metadata.uid, blockOwnerDeletion: true },
        ],
      },
    });
    await cluster.ok(`delete ns ${ns} --cascade=foreground --timeout=20s`);
    await cluster.client.refuse(404, `/api/v1/namespaces/${ns}`);
  });

  test.each(['default', 'kube-system', 'kube-public'])('%s has no end', async (name) => {
    expect(await cluster.fail(`delete ns ${name}`)).toBe(
      `Error from server (Forbidden): namespaces "${name}" is forbidden: this namespace may not be deleted`,
    );
    expect(await cluster.ok(`get ns ${name} -o jsonpath={.status.phase}`)).toBe('Active');
  });

  test('has a label with its name that nobody can change', async () => {
    const ns = await cluster.namespace();
    await cluster.run(`label ns ${ns} kubernetes.io/metadata.name=other --overwrite`);
    const { metadata } = await cluster.client.get(`/api/v1/namespaces/${ns}`);
    expect(metadata.labels?.['kubernetes.io/metadata.name']).toBe(ns);
  });

  test('cannot begin under a name that is none', async () => {
    expect(await cluster.fail('create ns A.b')).toContain(
      'The Namespace "A.b" is invalid: metadata.name: Invalid value: "A.b": a lowercase RFC 1123 label must consist of',
    );
    expect(await cluster.fail('create ns default')).toBe(
      'Error from server (AlreadyExists): namespaces "default" already exists',
    );
  });
});
