import { describe, expect, test } from 'vitest';
import { type LogicalCluster, limits } from '../../src/base/mod.ts';
import { useMember } from '../conformance/suite.ts';
import type { KubeObject } from '../http/client.ts';
import {
  APIS,
  bindingOf,
  conditionOf,
  ExportsFixture,
  exportOf,
  type SchemaSource,
  statusOf,
} from './suite.ts';

const fixture = useMember(new ExportsFixture()) as ExportsFixture;

function kinds(count: number, group: string): readonly SchemaSource[] {
  return Array.from({ length: count }, (_, index) => ({
    group,
    plural: `kind${index}s`,
    kind: `Kind${index}`,
  }));
}

describe('an export', () => {
  test('has so many kinds and no more', async () => {
    const exports = `/clusters/${await fixture.cluster('provider')}/${APIS}/apiexports`;
    const max = limits.exportedKindsMax;
    const refused = await fixture.client.refuse(403, exports, {
      method: 'POST',
      body: exportOf('many', kinds(max + 1, 'many.example')),
    });
    expect(refused.message).toContain(`spec.resources: Too many: ${max + 1}: must have at most ${max} items`);
    await fixture.client.create(exports, exportOf('many', kinds(max, 'many.example')));
    const { resources } = exportOf('', kinds(max + 1, 'many.example'))['spec'] as { resources: unknown[] };
    const patch = { method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' } };
    await fixture.client.refuse(403, `${exports}/many`, { ...patch, body: { spec: { resources } } });
  });

  test('lets others go first between its kinds while it is bound and looked at', async () => {
    const provider = await fixture.cluster('provider');
    const consumer = await fixture.cluster('consumer');
    const count = 30;
    await fixture.offer(provider, 'wide', kinds(count, 'wide.example'));
    const { registry } = fixture.server.api;
    const before = registry.compilations;
    let inOneTurn = 0;
    let last = before;
    let isOver = false;
    const look = () => {
      inOneTurn = Math.max(inOneTurn, registry.compilations - last);
      last = registry.compilations;
      if (!isOver) setImmediate(look);
    };
    look();
    const binding = await fixture.bind(consumer, 'wide', { path: provider, name: 'wide' });
    expect(statusOf(binding).boundResources).toHaveLength(count);
    const found = await fixture.client.call(`/clusters/${consumer}/apis/wide.example/v1`);
    expect((JSON.parse(found.text) as { resources: unknown[] }).resources.length).toBeGreaterThanOrEqual(
      count,
    );
    isOver = true;
    expect(last - before).toBeGreaterThanOrEqual(count);
    expect(inOneTurn).toBeLessThanOrEqual(2);
  });
});

describe('a logical cluster', () => {
  test('has so many bindings and no more', async () => {
    const consumer = await fixture.cluster('consumer');
    const bindings = `/clusters/${consumer}/${APIS}/apibindings`;
    const there = (await fixture.client.list(bindings)).items.length;
    const max = limits.apiBindingsMax;
    const waiting = (name: string) => bindingOf(name, { path: consumer, name: 'nothing' });
    for (let count = there; count < max; count++) await fixture.client.create(bindings, waiting(`b${count}`));
    const refused = await fixture.client.refuse(403, bindings, { method: 'POST', body: waiting('more') });
    expect(refused.message).toContain(`a logical cluster has at most ${max} of them: delete one first`);
    await fixture.client.delete(`${bindings}/b${max - 1}`);
    await fixture.client.untilGone(`${bindings}/b${max - 1}`);
    await fixture.client.create(bindings, waiting('more'));
  });

  test('has so many kinds by bindings and no more, and binds the rest once there is room', async () => {
    const { provider, consumer } = await fixture.pair();
    await fixture.offer(provider, 'seeds', [{ group: 'seeds.example', plural: 'seeds', kind: 'Seed' }]);
    await fixture.bind(consumer, 'seeds', { path: provider, name: 'seeds' });
    await fill(consumer, limits.boundKindsMax);
    const gadgets = { group: 'gadgets.example', plural: 'gadgets', kind: 'Gadget' };
    await fixture.offer(provider, 'gadgets', [gadgets]);
    const full = await fixture.bind(consumer, 'gadgets', { path: provider, name: 'gadgets' });
    expect(statusOf(full)).toMatchObject({ phase: 'Binding' });
    expect(conditionOf(full, 'BindingUpToDate')).toMatchObject({
      status: 'False',
      reason: 'TooManyKinds',
      message: `Unable to bind APIs: bindings bring at most ${limits.boundKindsMax} kinds into a logical cluster`,
    });
    // What is bound stays bound, however many there are.
    const widgets = await touched(consumer, 'widgets');
    expect(conditionOf(widgets, 'BindingUpToDate')?.status).toBe('True');
    await fill(consumer, 1);
    expect(statusOf(await touched(consumer, 'gadgets'))).toMatchObject({ phase: 'Bound' });
  });

  function touched(cluster: string, name: string): Promise<KubeObject> {
    return fixture.client.patch(fixture.binding(cluster, name), { metadata: { labels: { seen: 'true' } } });
  }

  /** Makes it so many kinds that the binding of seeds brings, all with their schema: real ones take a while. */
  async function fill(cluster: string, count: number): Promise<void> {
    const { store, region } = fixture.server.api;
    const place = { group: 'apis.kcp.io', resource: 'apibindings', identity: '', namespace: '' };
    const key = { ...place, cluster: cluster as LogicalCluster, name: 'seeds' };
    const row = store.newest(key);
    const line = row?.fields['.bound']?.split('\t');
    if (row === undefined || line === undefined) throw new Error('the binding was not stored');
    const [, , identity, uid] = line;
    const lines = Array.from({ length: count }, (_, at) =>
      ['fill.example', `f${at}`, identity, uid].join('\t'),
    );
    const { json, uid: own, labels, owners, definitionHash, metadataOffset, isAnnotated } = row;
    const rest = { json, uid: own, labels, owners, definitionHash, metadataOffset, isAnnotated };
    const fields = { ...row.fields, '.bound': lines.join('\n') };
    await store.commit({
      mutations: [{ key, row: { ...rest, fields } }],
      actor: 'test',
      originRegion: region,
    });
  }
});
