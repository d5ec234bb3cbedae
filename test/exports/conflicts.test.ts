import { describe, expect, test } from 'vitest';
import { CRDS, crdOf, useMember } from '../conformance/suite.ts';
import type { KubeObject } from '../http/client.ts';
import {
  APIS,
  bindingOf,
  conditionOf,
  ExportsFixture,
  exportOf,
  SCHEMAS,
  schemaOf,
  statusOf,
  version,
  WIDGETS,
} from './suite.ts';

const fixture = useMember(new ExportsFixture()) as ExportsFixture;

describe('names that bindings and CRDs want', () => {
  test('go to the CRD that has them first, and to the binding once it is gone', async () => {
    const provider = await fixture.cluster('provider');
    const consumer = await fixture.cluster('consumer');
    await fixture.offer(provider, 'widgets', [WIDGETS]);
    await fixture.client.create(`/clusters/${consumer}${CRDS}`, crdOf(WIDGETS));
    await fixture.client.until(fixture.widgets(consumer), (_list, status) => status === 200);
    const binding = await fixture.bind(consumer, 'widgets', { path: provider, name: 'widgets' });
    expect(statusOf(binding)).toMatchObject({ phase: 'Binding' });
    expect(statusOf(binding).boundResources).toBeUndefined();
    for (const type of ['BindingUpToDate', 'InitialBindingCompleted']) {
      expect(conditionOf(binding, type)).toMatchObject({
        status: 'False',
        severity: 'Error',
        reason: 'NamingConflicts',
        message:
          'Unable to bind APIs because they are bound by other APIBindings or CRDs: map[widgets.example.com:{ true}]',
      });
    }
    expect(conditionOf(binding, 'APIExportValid')?.status).toBe('True');
    expect(conditionOf(binding, 'Ready')?.status).toBe('False');
    await fixture.client.delete(`/clusters/${consumer}${CRDS}/widgets.example.com`);
    await fixture.client.until(
      fixture.binding(consumer, 'widgets'),
      (object) => statusOf(object).phase === 'Bound',
    );
  });

  test('go to the binding that has them first: a CRD waits for them', async () => {
    const { consumer } = await fixture.pair();
    await fixture.widget(consumer, 'a');
    const crd = crdOf({ ...WIDGETS, versions: [{ name: 'v2' }] });
    await fixture.client.create(`/clusters/${consumer}${CRDS}`, crd);
    const refused = await fixture.client.until(
      `/clusters/${consumer}${CRDS}/widgets.example.com`,
      (object) => conditionOf(object, 'NamesAccepted')?.status === 'False',
    );
    expect(conditionOf(refused, 'NamesAccepted')).toMatchObject({ reason: 'ListKindConflict' });
    expect((await fixture.client.call(fixture.widgets(consumer, { version: 'v2' }))).status).toBe(404);
    expect((await fixture.client.list(fixture.widgets(consumer))).items).toHaveLength(1);
    // Its end takes nothing of the binding's with it.
    await fixture.client.delete(`/clusters/${consumer}${CRDS}/widgets.example.com`);
    await fixture.client.untilGone(`/clusters/${consumer}${CRDS}/widgets.example.com`);
    expect((await fixture.client.list(fixture.widgets(consumer))).items).toHaveLength(1);
    await fixture.client.create(`/clusters/${consumer}${CRDS}`, crd);
    await fixture.client.delete(fixture.binding(consumer, 'widgets'));
    await fixture.client.until(
      fixture.widgets(consumer, { version: 'v2' }),
      (_object, status) => status === 200,
    );
    expect((await fixture.client.list(fixture.widgets(consumer, { version: 'v2' }))).items).toEqual([]);
  });

  test('of kinds and short names are told apart by group', async () => {
    const provider = await fixture.cluster('provider');
    const consumer = await fixture.cluster('consumer');
    await fixture.offer(provider, 'widgets', [WIDGETS]);
    await fixture.offer(provider, 'gadgets', [{ group: 'example.com', plural: 'gadgets', kind: 'Widget' }]);
    await fixture.offer(provider, 'others', [{ group: 'example.org', plural: 'gadgets', kind: 'Widget' }]);
    await fixture.bind(consumer, 'widgets', { path: provider, name: 'widgets' });
    const clash = await fixture.bind(consumer, 'gadgets', { path: provider, name: 'gadgets' });
    expect(conditionOf(clash, 'BindingUpToDate')).toMatchObject({
      reason: 'NamingConflicts',
      message:
        'Unable to bind APIs: naming conflict with APIBinding "widgets", spec.names.singular=widget is forbidden',
    });
    const others = await fixture.bind(consumer, 'others', { path: provider, name: 'others' });
    expect(statusOf(others).phase).toBe('Bound');
    await fixture.client.delete(fixture.binding(consumer, 'widgets'));
    await fixture.client.until(
      fixture.binding(consumer, 'gadgets'),
      (object) => statusOf(object).phase === 'Bound',
    );
  });

  test('are never those of the kinds that the server has', async () => {
    const provider = await fixture.cluster('provider');
    const consumer = await fixture.cluster('consumer');
    await fixture.offer(provider, 'secrets', [{ group: '', plural: 'secrets', kind: 'Secret' }]);
    const binding = await fixture.bind(consumer, 'secrets', { path: provider, name: 'secrets' });
    expect(conditionOf(binding, 'BindingUpToDate')).toMatchObject({ reason: 'NamingConflicts' });
    expect(statusOf(binding).boundResources).toBeUndefined();
  });

  test('that several bindings want at the same moment go to one of them', async () => {
    const provider = await fixture.cluster('provider');
    const consumer = await fixture.cluster('consumer');
    await fixture.offer(provider, 'widgets', [WIDGETS]);
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const bindings = await Promise.all(
      names.map((name) => fixture.bind(consumer, name, { path: provider, name: 'widgets' })),
    );
    expect(bindings.map((binding) => statusOf(binding).phase).sort()).toEqual([
      'Binding',
      'Binding',
      'Binding',
      'Binding',
      'Binding',
      'Bound',
    ]);
    // The others follow, one after the other.
    const isBoundOne = (binding: KubeObject) =>
      names.includes(binding.metadata.name) && statusOf(binding).phase === 'Bound';
    for (let left = names.length; left > 1; left--) {
      const { items } = await fixture.client.list(`/clusters/${consumer}/${APIS}/apibindings`);
      const bound = items.find(isBoundOne)!;
      await fixture.widget(consumer, `of-${bound.metadata.name}`);
      await fixture.client.delete(fixture.binding(consumer, bound.metadata.name));
      await fixture.client.untilGone(fixture.binding(consumer, bound.metadata.name));
      await fixture.client.until(
        `/clusters/${consumer}/${APIS}/apibindings`,
        (list) => (list['items'] as unknown as KubeObject[]).filter(isBoundOne).length === 1,
      );
    }
    // All of them bind the same API: what the first one had is the last one's now.
    const { items } = await fixture.client.list(fixture.widgets(consumer));
    expect(items).toHaveLength(names.length - 1);
  });
});

describe('a binding that takes the place of another', () => {
  test('keeps its objects, with their uids, when its export has the same schema and identity', async () => {
    const { provider, consumer } = await fixture.pair();
    const widget = await fixture.widget(consumer, 'luke');
    const successor = exportOf('successor', [WIDGETS]);
    Object.assign(successor['spec'] as object, {
      identity: { secretRef: { namespace: 'kcp-system', name: 'widgets' } },
    });
    await fixture.client.create(`/clusters/${provider}/${APIS}/apiexports`, successor);
    const waiting = await fixture.bind(consumer, 'successor', { path: provider, name: 'successor' });
    expect(conditionOf(waiting, 'BindingUpToDate')).toMatchObject({
      status: 'False',
      reason: 'NamingConflicts',
    });
    await fixture.client.delete(fixture.binding(consumer, 'widgets'));
    await fixture.client.untilGone(fixture.binding(consumer, 'widgets'));
    // In the very commit with which the other one has gone.
    const bound = await fixture.client.get(fixture.binding(consumer, 'successor'));
    expect(conditionOf(bound, 'InitialBindingCompleted')?.status).toBe('True');
    const found = await fixture.client.get(`${fixture.widgets(consumer)}/luke`);
    expect(found.metadata.uid).toBe(widget.metadata.uid);
  });

  test('begins with nothing when its export is another one', async () => {
    const { consumer } = await fixture.pair();
    await fixture.widget(consumer, 'luke');
    const other = await fixture.cluster('other');
    await fixture.offer(other, 'widgets', [WIDGETS]);
    await fixture.bind(consumer, 'successor', { path: other, name: 'widgets' });
    await fixture.client.delete(fixture.binding(consumer, 'widgets'));
    await fixture.client.until(
      fixture.binding(consumer, 'successor'),
      (object) => statusOf(object).phase === 'Bound',
    );
    expect((await fixture.client.list(fixture.widgets(consumer))).items).toEqual([]);
  });
});

describe('the objects of a binding that is deleted', () => {
  test('go first, and finalizers hold them and the binding', async () => {
    const { consumer } = await fixture.pair();
    await fixture.widget(consumer, 'free');
    await fixture.client.create(fixture.widgets(consumer), {
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name: 'held', finalizers: ['example.com/hold'] },
    });
    await fixture.client.delete(fixture.binding(consumer, 'widgets'));
    const held = await fixture.client.until(
      fixture.binding(consumer, 'widgets'),
      (object) => conditionOf(object, 'BindingResourceDeleteSuccess')?.status === 'False',
    );
    expect(conditionOf(held, 'BindingResourceDeleteSuccess')).toMatchObject({
      reason: 'SomeFinalizersRemain',
      severity: 'Error',
      message:
        'Some content in the workspace has finalizers remaining: example.com/hold in 1 resource instances',
    });
    const resources = await fixture.client.get(`/clusters/${consumer}/apis/example.com/v1`);
    const verbs = (resources['resources'] as unknown as { name: string; verbs: string[] }[])[0]!.verbs;
    expect(verbs).not.toContain('create');
    const refusal = await fixture.client.refuse(403, fixture.widgets(consumer), {
      method: 'POST',
      body: { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'late' } },
    });
    expect(refusal.reason).toBe('Forbidden');
    // Whoever takes the finalizer off the binding would leave the object behind.
    const headers = { 'content-type': 'application/merge-patch+json' };
    await fixture.client.refuse(403, fixture.binding(consumer, 'widgets'), {
      method: 'PATCH',
      headers,
      body: { metadata: { finalizers: null } },
    });
    await fixture.client.patch(`${fixture.widgets(consumer)}/held`, { metadata: { finalizers: null } });
    await fixture.client.untilGone(fixture.binding(consumer, 'widgets'));
    expect((await fixture.client.call(fixture.widgets(consumer))).status).toBe(404);
  });

  test('leave none behind, whoever writes meanwhile', async () => {
    const { provider, consumer } = await fixture.pair();
    let isOver = false;
    const writers = Array.from({ length: 6 }, async (_, writer) => {
      for (let index = 0; !isOver; index++) {
        await fixture.client.call(fixture.widgets(consumer), {
          method: 'POST',
          body: { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: `w${writer}-${index}` } },
        });
      }
    });
    await fixture.client.until(
      fixture.widgets(consumer),
      (list) => ((list['items'] as unknown as unknown[]) ?? []).length > 20,
    );
    await fixture.client.delete(fixture.binding(consumer, 'widgets'));
    await fixture.client.untilGone(fixture.binding(consumer, 'widgets'));
    isOver = true;
    await Promise.all(writers);
    await fixture.bind(consumer, 'again', { path: provider, name: 'widgets' });
    expect((await fixture.client.list(fixture.widgets(consumer))).items).toEqual([]);
  });

  test('may be many', async () => {
    const { consumer } = await fixture.pair();
    await Promise.all(Array.from({ length: 300 }, (_, index) => fixture.widget(consumer, `w${index}`)));
    await fixture.client.delete(fixture.binding(consumer, 'widgets'));
    await fixture.client.untilGone(fixture.binding(consumer, 'widgets'));
  });
});

describe('a change of an export', () => {
  const RED = { ...WIDGETS, prefix: 'red', spec: { properties: { red: { type: 'string' } } } };
  const BLUE = { ...WIDGETS, prefix: 'blue', spec: { properties: { blue: { type: 'string' } } } };

  test('reaches all who bind it', async () => {
    const provider = await fixture.cluster('provider');
    await fixture.offer(provider, 'widgets', [RED]);
    const consumers: string[] = [];
    for (let index = 0; index < 8; index++) consumers.push(await fixture.cluster('consumer'));
    for (const consumer of consumers)
      await fixture.bind(consumer, 'widgets', { path: provider, name: 'widgets' });
    await fixture.widget(consumers[0]!, 'old', { spec: { red: 'a', blue: 'b' } });
    await fixture.client.create(`/clusters/${provider}/${SCHEMAS}`, schemaOf(BLUE));
    await fixture.client.patch(`/clusters/${provider}/${APIS}/apiexports/widgets`, {
      spec: exportOf('widgets', [BLUE])['spec'],
    });
    for (const consumer of consumers) {
      const binding = await fixture.client.until(
        fixture.binding(consumer, 'widgets'),
        (object) => statusOf(object).boundResources?.[0]?.schema.name === 'blue.widgets.example.com',
      );
      expect(conditionOf(binding, 'BindingUpToDate')?.status).toBe('True');
      const widget = await fixture.widget(consumer, 'new', { spec: { red: 'a', blue: 'b' } });
      expect(widget['spec']).toEqual({ blue: 'b' });
    }
    // What was stored under the old schema is read under the new one.
    const old = await fixture.client.get(`${fixture.widgets(consumers[0]!)}/old`);
    expect(old['spec']).toEqual({});
  });

  test('leaves what a schema was when it was bound, whatever becomes of the schema', async () => {
    const { provider, consumer } = await fixture.pair(RED);
    await fixture.client.delete(`/clusters/${provider}/${SCHEMAS}/red.widgets.example.com`);
    await fixture.client.untilGone(`/clusters/${provider}/${SCHEMAS}/red.widgets.example.com`);
    const widget = await fixture.widget(consumer, 'a', { spec: { red: 'a' } });
    expect(widget['spec']).toEqual({ red: 'a' });
    await fixture.client.delete(`/clusters/${provider}/${APIS}/apiexports/widgets`);
    const orphan = await fixture.client.until(
      fixture.binding(consumer, 'widgets'),
      (object) => conditionOf(object, 'APIExportValid')?.reason === 'APIExportNotFound',
    );
    expect(statusOf(orphan).phase).toBe('Bound');
    expect(conditionOf(orphan, 'Ready')?.status).toBe('True');
    await fixture.widget(consumer, 'b', { spec: { red: 'b' } });
  });

  test('that adds a kind brings it, and one that takes a kind away leaves it to who has it', async () => {
    const GADGETS = { group: 'example.com', plural: 'gadgets', kind: 'Gadget' };
    const { provider, consumer } = await fixture.pair(RED);
    await fixture.client.create(`/clusters/${provider}/${SCHEMAS}`, schemaOf(GADGETS));
    const path = `/clusters/${provider}/${APIS}/apiexports/widgets`;
    await fixture.client.patch(path, { spec: exportOf('widgets', [RED, GADGETS])['spec'] });
    const gadgets = `/clusters/${consumer}/apis/example.com/v1/namespaces/default/gadgets`;
    await fixture.client.until(gadgets, (_list, status) => status === 200);
    await fixture.client.patch(path, { spec: exportOf('widgets', [GADGETS])['spec'] });
    await fixture.widget(consumer, 'a');
    const late = await fixture.cluster('late');
    const binding = await fixture.bind(late, 'widgets', { path: provider, name: 'widgets' });
    expect(statusOf(binding).boundResources?.map(({ resource }) => resource)).toEqual(['gadgets']);
  });

  test('that brings another version keeps what is stored in the old one', async () => {
    const provider = await fixture.cluster('provider');
    const consumer = await fixture.cluster('consumer');
    await fixture.offer(provider, 'widgets', [{ ...WIDGETS, prefix: 'one' }]);
    await fixture.bind(consumer, 'widgets', { path: provider, name: 'widgets' });
    await fixture.widget(consumer, 'a', { spec: { size: 1 } });
    const two = {
      ...WIDGETS,
      prefix: 'two',
      versions: [{ ...version('v1'), storage: false }, version('v2')],
      conversion: { strategy: 'None' },
    };
    await fixture.client.create(`/clusters/${provider}/${SCHEMAS}`, schemaOf(two));
    await fixture.client.patch(`/clusters/${provider}/${APIS}/apiexports/widgets`, {
      spec: exportOf('widgets', [two])['spec'],
    });
    await fixture.client.until(
      fixture.widgets(consumer, { version: 'v2' }),
      (_list, status) => status === 200,
    );
    for (const v of ['v1', 'v2']) {
      const found = await fixture.client.get(`${fixture.widgets(consumer, { version: v })}/a`);
      expect(found).toMatchObject({ apiVersion: `example.com/${v}`, spec: { size: 1 } });
    }
    const binding = await fixture.client.get(fixture.binding(consumer, 'widgets'));
    expect(statusOf(binding).boundResources?.[0]?.storageVersions).toEqual(['v1', 'v2']);
  });
});

test('a binding of an API that was bound and released before begins anew', async () => {
  const { provider, consumer } = await fixture.pair();
  await fixture.client.delete(fixture.binding(consumer, 'widgets'));
  await fixture.client.untilGone(fixture.binding(consumer, 'widgets'));
  const again = await fixture.client.create(
    `/clusters/${consumer}/${APIS}/apibindings`,
    bindingOf('widgets', { path: provider, name: 'widgets' }),
  );
  expect(statusOf(again).phase).toBe('Bound');
  await fixture.widget(consumer, 'a');
});
