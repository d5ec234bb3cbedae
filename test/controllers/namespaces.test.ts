import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../http/client.ts';
import { useServer } from '../http/suite.ts';
import { conditionOf, defineWidgets, member, ownedBy, policy } from './family.ts';

const fixture = useServer();

const HOLD = 'example.com/hold';
const CONDITIONS = [
  'NamespaceDeletionDiscoveryFailure',
  'NamespaceDeletionGroupVersionParsingFailure',
  'NamespaceDeletionContentFailure',
  'NamespaceContentRemaining',
  'NamespaceFinalizersRemaining',
];

describe('the deletion of a namespace', () => {
  it('answers with the namespace, which is terminating, and ends when everything in it is gone', async () => {
    const { client } = fixture;
    const { namespace, configMaps } = await fixture.namespace();
    const names = Array.from({ length: 50 }, (_, index) => `c${index}`);
    await Promise.all(names.map((name) => member(client, configMaps, { name })));
    const before = await client.list('/api/v1/configmaps');
    const watch = await client.watch(
      `/api/v1/configmaps?watch=1&resourceVersion=${before.metadata.resourceVersion}`,
    );
    const deleted = await client.delete(`/api/v1/namespaces/${namespace}`);
    expect(deleted).toMatchObject({ kind: 'Namespace', status: { phase: 'Terminating' } });
    expect(deleted.metadata.deletionTimestamp).toBeDefined();
    await client.untilGone(`/api/v1/namespaces/${namespace}`);
    const gone = new Set<string>();
    while (gone.size < names.length) {
      const { type, object } = await watch.next();
      if (object.metadata.namespace !== namespace || !names.includes(object.metadata.name)) continue;
      expect(type).toBe('DELETED');
      gone.add(object.metadata.name);
    }
    watch.close();
    expect((await client.list(configMaps)).items).toEqual([]);
  });

  it('waits for finalizers and says in its conditions what is left', async () => {
    const { client } = fixture;
    const { namespace, configMaps } = await fixture.namespace();
    const path = `/api/v1/namespaces/${namespace}`;
    await member(client, configMaps, { name: 'one', finalizers: [HOLD] });
    await member(client, configMaps, { name: 'two', finalizers: [HOLD, 'example.com/other'] });
    await client.create(`${path}/secrets`, { metadata: { name: 'three', finalizers: [HOLD] } });
    await member(client, configMaps, { name: 'free' });
    await client.delete(path);
    const held = await client.until(
      path,
      (object) => conditionOf(object, 'NamespaceFinalizersRemaining')?.['status'] === 'True',
    );
    expect((await client.call(`${configMaps}/free`)).status).toBe(404);
    expect(conditionsOf(held).map(({ type }) => type)).toEqual(CONDITIONS);
    expect(conditionsOf(held).map(({ status, reason, message }) => [status, reason, message])).toEqual([
      ['False', 'ResourcesDiscovered', 'All resources successfully discovered'],
      ['False', 'ParsedGroupVersions', 'All legacy kube types successfully parsed'],
      ['False', 'ContentDeleted', 'All content successfully deleted, may be waiting on finalization'],
      [
        'True',
        'SomeResourcesRemain',
        'Some resources are remaining: configmaps. has 2 resource instances, secrets. has 1 resource instances',
      ],
      [
        'True',
        'SomeFinalizersRemain',
        'Some content in the namespace has finalizers remaining: ' +
          'example.com/hold in 3 resource instances, example.com/other in 1 resource instances',
      ],
    ]);
    for (const { lastTransitionTime } of conditionsOf(held)) {
      expect(lastTransitionTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    }
    await client.patch(`${configMaps}/one`, { metadata: { finalizers: null } });
    await client.until(path, (object) =>
      Boolean(conditionOf(object, 'NamespaceContentRemaining')?.['message']?.includes('configmaps. has 1 ')),
    );
    await client.patch(`${configMaps}/two`, { metadata: { finalizers: null } });
    await client.patch(`${path}/secrets/three`, { metadata: { finalizers: null } });
    await client.untilGone(path);
  });

  it('shows that all is well while only a finalizer of the namespace itself holds it', async () => {
    const { client } = fixture;
    const name = 'held-itself';
    const path = `/api/v1/namespaces/${name}`;
    await client.create('/api/v1/namespaces', { metadata: { name, finalizers: [HOLD] } });
    await client.delete(path);
    const held = await client.until(path, ({ spec }) => !JSON.stringify(spec).includes('kubernetes'));
    expect(conditionsOf(held).map(({ type, status, reason }) => [type, status, reason])).toEqual([
      ['NamespaceDeletionDiscoveryFailure', 'False', 'ResourcesDiscovered'],
      ['NamespaceDeletionGroupVersionParsingFailure', 'False', 'ParsedGroupVersions'],
      ['NamespaceDeletionContentFailure', 'False', 'ContentDeleted'],
      ['NamespaceContentRemaining', 'False', 'ContentRemoved'],
      ['NamespaceFinalizersRemaining', 'False', 'ContentHasNoFinalizers'],
    ]);
    await client.patch(path, { metadata: { finalizers: null } });
    await client.untilGone(path);
  });

  it('refuses new content and a second deletion meanwhile, but not changes of what is there', async () => {
    const { client } = fixture;
    const { namespace, configMaps } = await fixture.namespace();
    const path = `/api/v1/namespaces/${namespace}`;
    await member(client, configMaps, { name: 'held', finalizers: [HOLD] });
    await client.delete(path);
    const refused = await client.refuse(403, configMaps, {
      method: 'POST',
      body: { metadata: { name: 'new' } },
    });
    expect(refused).toMatchObject({
      reason: 'Forbidden',
      message: `configmaps "new" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
      details: {
        causes: [
          {
            reason: 'NamespaceTerminating',
            message: `namespace ${namespace} is being terminated`,
            field: 'metadata.namespace',
          },
        ],
      },
    });
    const busy = await client.refuse(409, path, { method: 'DELETE' });
    expect(busy.message).toBe(
      `Operation cannot be fulfilled on namespaces "${namespace}": The system is ensuring all content is removed from this namespace.  Upon completion, this namespace will automatically be purged by the system.`,
    );
    await client.patch(`${configMaps}/held`, { data: { still: 'changes' } });
    await client.patch(`${configMaps}/held`, { metadata: { finalizers: null } });
    await client.untilGone(path);
    const missing = await client.refuse(404, configMaps, {
      method: 'POST',
      body: { metadata: { name: 'new' } },
    });
    expect(missing.message).toBe(`namespaces "${namespace}" not found`);
  });

  it('removes custom resources too, and waits for their finalizers', async () => {
    const { client } = fixture;
    const { namespace } = await fixture.namespace();
    const group = 'space.example.com';
    const path = `/api/v1/namespaces/${namespace}`;
    const widgets = `/apis/${group}/v1/namespaces/${namespace}/widgets`;
    await defineWidgets(client, group, 'Namespaced');
    const widget = (metadata: object) => ({ apiVersion: `${group}/v1`, kind: 'Widget', metadata });
    await client.create(widgets, widget({ name: 'free' }));
    await client.create(widgets, widget({ name: 'held', finalizers: [HOLD] }));
    await client.delete(path);
    const held = await client.until(
      path,
      (object) => conditionOf(object, 'NamespaceContentRemaining')?.['status'] === 'True',
    );
    expect(conditionOf(held, 'NamespaceContentRemaining')?.['message']).toBe(
      `Some resources are remaining: widgets.${group} has 1 resource instances`,
    );
    expect((await client.call(`${widgets}/free`)).status).toBe(404);
    await client.patch(`${widgets}/held`, { metadata: { finalizers: null } });
    await client.untilGone(path);
  });

  it('is not held up by owners in it that wait for their dependents in the foreground', async () => {
    const { client } = fixture;
    const { namespace, configMaps } = await fixture.namespace();
    const owner = await member(client, configMaps, { name: 'owner' });
    const child = await member(client, configMaps, {
      name: 'child',
      owners: [ownedBy(owner, { blockOwnerDeletion: true })],
      finalizers: [HOLD],
    });
    await client.delete(`${configMaps}/owner`, policy('Foreground'));
    await client.delete(`/api/v1/namespaces/${namespace}`);
    await client.patch(`${configMaps}/${child.metadata.name}`, { metadata: { finalizers: null } });
    await client.untilGone(`/api/v1/namespaces/${namespace}`);
  });

  it('lets a namespace of the same name start empty', async () => {
    const { client } = fixture;
    const { namespace, configMaps } = await fixture.namespace();
    const before = await member(client, configMaps, { name: 'old' });
    await client.delete(`/api/v1/namespaces/${namespace}`);
    await client.untilGone(`/api/v1/namespaces/${namespace}`);
    await client.create('/api/v1/namespaces', { metadata: { name: namespace } });
    expect((await client.call(`${configMaps}/old`)).status).toBe(404);
    const after = await member(client, configMaps, { name: 'old' });
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
  });

  it('loses nobody who writes into it at that moment: written and deleted, or refused', async () => {
    const { client } = fixture;
    const { namespace, configMaps } = await fixture.namespace();
    const writes = Array.from({ length: 60 }, (_, index) =>
      client.call(configMaps, { method: 'POST', body: { metadata: { name: `c${index}` } } }),
    );
    const deletion = client.delete(`/api/v1/namespaces/${namespace}`);
    const replies = await Promise.all(writes);
    await deletion;
    for (const { status } of replies) expect([201, 403, 404]).toContain(status);
    await client.untilGone(`/api/v1/namespaces/${namespace}`);
    expect((await client.list(configMaps)).items).toEqual([]);
  });

  it.each(['default', 'kube-system', 'kube-public'])('is not allowed for %s', async (name) => {
    const status = await fixture.client.refuse(403, `/api/v1/namespaces/${name}`, { method: 'DELETE' });
    expect(status.message).toBe(`namespaces "${name}" is forbidden: this namespace may not be deleted`);
  });
});

describe('all of this together', () => {
  it('leaves no warnings: races between controllers and users are no news for an operator', () => {
    expect(fixture.server.stderr()).toBe('');
  });
});

function conditionsOf(object: KubeObject): readonly Readonly<Record<string, string>>[] {
  const { conditions = [] } = object['status'] as {
    conditions?: readonly Readonly<Record<string, string>>[];
  };
  return conditions;
}
