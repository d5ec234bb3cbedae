import { describe, expect, test } from 'vitest';
import { configMap, type KubeObject } from '../http/client.ts';
import { describeKubectl } from './cluster.ts';

describeKubectl('kubectl delete and wait', (cluster) => {
  function pathOf(namespace: string): string {
    return `/api/v1/namespaces/${namespace}/configmaps`;
  }

  function ownedBy(
    owner: KubeObject,
    fields: Readonly<Record<string, unknown>> = {},
  ): Record<string, unknown> {
    const { name, uid } = owner.metadata;
    return { apiVersion: 'v1', kind: 'ConfigMap', name, uid, ...fields };
  }

  /** An owner with two dependents, of which the first blocks its deletion in the foreground. */
  async function family(namespace: string, held: readonly string[] = []): Promise<KubeObject> {
    const { client } = cluster;
    const owner = await client.create(pathOf(namespace), configMap('owner'));
    await client.create(pathOf(namespace), {
      metadata: {
        name: 'first',
        ownerReferences: [ownedBy(owner, { blockOwnerDeletion: true, controller: true })],
        finalizers: held,
      },
    });
    await client.create(pathOf(namespace), {
      metadata: { name: 'second', ownerReferences: [ownedBy(owner)] },
    });
    return owner;
  }

  test('deletes by name, by selector, all, and says what is gone already', async () => {
    const ns = await cluster.namespace();
    for (const name of ['a', 'b', 'c', 'd']) {
      const labels = { half: name < 'c' ? 'first' : 'second' };
      await cluster.client.create(pathOf(ns), configMap(name, { labels }));
    }
    expect(await cluster.ok(`delete cm a -n ${ns}`)).toMatch(/^configmap "a" deleted/);
    expect(await cluster.fail(`delete cm a -n ${ns}`)).toBe(
      'Error from server (NotFound): configmaps "a" not found',
    );
    expect(await cluster.ok(`delete cm a -n ${ns} --ignore-not-found`)).toBe('');
    expect(await cluster.ok(`delete cm -l half=first -n ${ns}`)).toMatch(/^configmap "b" deleted/);
    expect(await cluster.ok(`delete cm c -n ${ns} --dry-run=server`)).toContain('(server dry run)');
    expect(await cluster.ok(`delete cm c d -n ${ns} -o name`)).toBe('configmap/c\nconfigmap/d');
    await cluster.ok(`create secret generic s -n ${ns}`);
    expect(await cluster.ok(`delete secret --all -n ${ns}`)).toMatch(/^secret "s" deleted/);
    expect(await cluster.ok(`delete secret --all -n ${ns}`)).toBe('No resources found');
  });

  test('waits for an object that a finalizer holds, unless told not to', async () => {
    const ns = await cluster.namespace();
    const held = (name: string) => ({ metadata: { name, finalizers: ['example.com/hold'] } });
    await Promise.all(['a', 'b'].map((name) => cluster.client.create(pathOf(ns), held(name))));
    expect(await cluster.ok(`delete cm b -n ${ns} --wait=false`)).toMatch(/^configmap "b" deleted/);
    expect((await cluster.client.get(`${pathOf(ns)}/b`)).metadata.deletionTimestamp).toBeTruthy();
    const deletion = cluster.follow(`delete cm a -n ${ns}`);
    await deletion.until(/configmap "a" deleted/);
    await cluster.client.until(
      `${pathOf(ns)}/a`,
      ({ metadata }) => metadata?.deletionTimestamp !== undefined,
    );
    expect(deletion.isOver).toBe(false);
    await cluster.client.patch(`${pathOf(ns)}/a`, { metadata: { finalizers: null } });
    await deletion.ended();
    await cluster.client.untilGone(`${pathOf(ns)}/a`);
    const timeout = await cluster.fail(`delete cm b -n ${ns} --timeout=300ms`);
    expect(timeout).toContain('timed out waiting for the condition on configmaps/b');
    await cluster.client.patch(`${pathOf(ns)}/b`, { metadata: { finalizers: null } });
  });

  describe('--cascade', () => {
    test('=background removes the owner at once and its dependents after it', async () => {
      const ns = await cluster.namespace();
      await family(ns, ['example.com/hold']);
      await cluster.ok(`delete cm owner -n ${ns} --cascade=background`);
      await cluster.client.refuse(404, `${pathOf(ns)}/owner`);
      await cluster.client.untilGone(`${pathOf(ns)}/second`);
      const first = await cluster.client.until(
        `${pathOf(ns)}/first`,
        ({ metadata }) => metadata.deletionTimestamp !== undefined,
      );
      expect(first.metadata.finalizers).toEqual(['example.com/hold']);
      await cluster.client.patch(`${pathOf(ns)}/first`, { metadata: { finalizers: null } });
      await cluster.client.untilGone(`${pathOf(ns)}/first`);
    });

    test('=foreground keeps the owner until those that block it are gone', async () => {
      const ns = await cluster.namespace();
      await family(ns, ['example.com/hold']);
      await cluster.ok(`delete cm owner -n ${ns} --cascade=foreground --wait=false`);
      await cluster.client.untilGone(`${pathOf(ns)}/second`);
      await cluster.client.until(
        `${pathOf(ns)}/first`,
        ({ metadata }) => metadata.deletionTimestamp !== undefined,
      );
      const owner = await cluster.client.get(`${pathOf(ns)}/owner`);
      expect(owner.metadata.finalizers).toEqual(['foregroundDeletion']);
      expect(owner.metadata.deletionTimestamp).toBeTruthy();
      await cluster.client.patch(`${pathOf(ns)}/first`, { metadata: { finalizers: null } });
      await cluster.client.untilGone(`${pathOf(ns)}/first`);
      await cluster.client.untilGone(`${pathOf(ns)}/owner`);
    });

    test('=foreground goes down a chain, and kubectl waits for the end', async () => {
      const ns = await cluster.namespace();
      let owner = await cluster.client.create(pathOf(ns), configMap('c0'));
      for (const name of ['c1', 'c2', 'c3']) {
        const ownerReferences = [ownedBy(owner, { blockOwnerDeletion: true })];
        owner = await cluster.client.create(pathOf(ns), { metadata: { name, ownerReferences } });
      }
      await cluster.ok(`delete cm c0 -n ${ns} --cascade=foreground`);
      const { items } = await cluster.client.list(pathOf(ns));
      expect(items.map(({ metadata }) => metadata.name)).toEqual(['kube-root-ca.crt']);
    });

    test('=orphan keeps the dependents and takes the owner out of them', async () => {
      const ns = await cluster.namespace();
      await family(ns);
      await cluster.ok(`delete cm owner -n ${ns} --cascade=orphan`);
      await cluster.client.untilGone(`${pathOf(ns)}/owner`);
      for (const name of ['first', 'second']) {
        const { metadata } = await cluster.client.get(`${pathOf(ns)}/${name}`);
        expect(metadata.ownerReferences ?? []).toEqual([]);
        expect(metadata.deletionTimestamp).toBeUndefined();
      }
    });
  });

  test('what has no living owner goes, what has one stays without the dead ones', async () => {
    const ns = await cluster.namespace();
    const { client } = cluster;
    const [owner, other] = await Promise.all([
      client.create(pathOf(ns), configMap('owner')),
      client.create(pathOf(ns), configMap('other')),
    ]);
    await client.create(pathOf(ns), {
      metadata: { name: 'shared', ownerReferences: [ownedBy(owner), ownedBy(other)] },
    });
    const nobody = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: 'owner',
      uid: 'ffffffff-ffff-4fff-8fff-ffffffffffff',
    };
    await client.create(pathOf(ns), { metadata: { name: 'stray', ownerReferences: [nobody] } });
    await client.untilGone(`${pathOf(ns)}/stray`);
    await cluster.ok(`delete cm owner -n ${ns}`);
    const shared = await client.until(
      `${pathOf(ns)}/shared`,
      ({ metadata }) => metadata.ownerReferences?.length === 1,
    );
    expect(shared.metadata.ownerReferences).toMatchObject([{ uid: other.metadata.uid }]);
    await cluster.ok(`delete cm other -n ${ns}`);
    await client.untilGone(`${pathOf(ns)}/shared`);
  });

  describe('wait', () => {
    test('--for=delete ends with the object, and at once when there is none', async () => {
      const ns = await cluster.namespace();
      await cluster.client.create(pathOf(ns), configMap('a'));
      const waiting = cluster.follow(`wait --for=delete cm/a -n ${ns} --timeout=20s -v=6`);
      await waiting.until(/watch=true/);
      await cluster.client.delete(`${pathOf(ns)}/a`);
      expect(await waiting.ended()).toContain('configmap/a condition met');
      expect(await cluster.ok(`wait --for=delete cm/a -n ${ns}`)).toBe('');
    });

    test('--for=condition follows a status', async () => {
      const ns = await cluster.namespace();
      const waiting = cluster.follow(`wait --for=condition=Ready=true namespace/${ns} --timeout=20s -v=6`);
      await waiting.until(/watch=true/);
      const status = {
        status: { conditions: [{ type: 'Ready', status: 'True', reason: 'R', message: 'm' }] },
      };
      await cluster.ok([
        'patch',
        'ns',
        ns,
        '--subresource=status',
        '--type=merge',
        '-p',
        JSON.stringify(status),
      ]);
      expect(await waiting.ended()).toContain(`namespace/${ns} condition met`);
      const late = await cluster.fail(`wait --for=condition=Other namespace/${ns} --timeout=300ms`);
      expect(late).toContain(`timed out waiting for the condition on namespaces/${ns}`);
    });

    test('--for=jsonpath follows a field', async () => {
      const ns = await cluster.namespace();
      await cluster.client.create(pathOf(ns), configMap('a', { data: { phase: 'One' } }));
      const waiting = cluster.follow([
        'wait',
        '--for=jsonpath={.data.phase}=Two',
        'cm/a',
        '-n',
        ns,
        '--timeout=20s',
        '-v=6',
      ]);
      await waiting.until(/watch=true/);
      await cluster.client.patch(`${pathOf(ns)}/a`, { data: { phase: 'Two' } });
      expect(await waiting.ended()).toContain('configmap/a condition met');
      expect(await cluster.ok(['wait', '--for=jsonpath={.data.phase}', 'cm/a', '-n', ns])).toContain(
        'condition met',
      );
    });

    test('--for=create waits for what does not exist yet', async () => {
      const ns = await cluster.namespace();
      const waiting = cluster.follow(`wait --for=create cm/late -n ${ns} --timeout=20s -v=6`);
      await waiting.until(/configmaps\/late|configmaps\?/);
      await cluster.client.create(pathOf(ns), configMap('late'));
      expect(await waiting.ended()).toContain('configmap/late condition met');
    });
  });
});
