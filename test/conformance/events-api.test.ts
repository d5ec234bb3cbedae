import { describe, expect, test } from 'vitest';
import { useMember } from './suite.ts';

const fixture = useMember();
const TIME = '2026-01-02T03:04:05.123456Z';

/** An event as the events API takes it. */
function eventOf(namespace: string, name: string, label: string): Record<string, unknown> {
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name, namespace, labels: { label } },
    regarding: { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'some' },
    note: 'it happened',
    reason: 'Happened',
    action: 'Do',
    type: 'Normal',
    eventTime: TIME,
    reportingController: 'example.com/test',
    reportingInstance: 'test-1',
  };
}

describe('the events API', () => {
  test('fetches, patches, updates, lists and deletes an event, which the core API has too', async () => {
    const { client } = fixture;
    const namespace = await fixture.namespace();
    const label = fixture.name('label-');
    const events = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
    const created = await client.create(events, eventOf(namespace, 'one', label));
    expect(created).toMatchObject({ eventTime: TIME, note: 'it happened', reason: 'Happened' });
    for (const path of [`/apis/events.k8s.io/v1/events?labelSelector=label=${label}`, events]) {
      expect((await client.list(path)).items).toHaveLength(1);
    }
    const fields = (selector: string) => `${events}?fieldSelector=${encodeURIComponent(selector)}`;
    expect((await client.list(fields('reportingController=example.com/test'))).items).toHaveLength(1);
    expect((await client.list(fields('reportingController=example.com/other'))).items).toEqual([]);
    const series = { count: 2, lastObservedTime: TIME };
    const patched = await client.patch(`${events}/one`, { series });
    expect(patched['series']).toEqual(series);
    const later = { count: 100, lastObservedTime: '2026-01-02T04:04:05.000001Z' };
    await client.put(`${events}/one`, { ...patched, series: later });
    const core = await client.get(`/api/v1/namespaces/${namespace}/events/one`);
    expect(core).toMatchObject({
      kind: 'Event',
      apiVersion: 'v1',
      message: 'it happened',
      involvedObject: { kind: 'ConfigMap', name: 'some' },
      reportingComponent: 'example.com/test',
      series: later,
    });
    expect((await client.get(`${events}/one`))['series']).toEqual(later);
    await client.delete(`${events}/one`);
    expect((await client.list(events)).items).toEqual([]);
    expect((await client.call(`/api/v1/namespaces/${namespace}/events/one`)).status).toBe(404);
  });

  test.each(['/apis/events.k8s.io/v1', '/api/v1'])(
    'deletes a collection of events by label, through %s',
    async (base) => {
      const { client } = fixture;
      const namespace = await fixture.namespace();
      const label = fixture.name('label-');
      const events = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
      for (const name of ['one', 'two', 'three'])
        await client.create(events, eventOf(namespace, name, label));
      await client.create(events, eventOf(namespace, 'other', 'other'));
      await client.delete(`${base}/namespaces/${namespace}/events?labelSelector=label=${label}`);
      expect((await client.list(events)).items.map(({ metadata }) => metadata.name)).toEqual(['other']);
    },
  );
});

test('core events: created, changed and deleted, and found in all namespaces', async () => {
  const { client } = fixture;
  const namespace = await fixture.namespace();
  const label = fixture.name('label-');
  const events = `/api/v1/namespaces/${namespace}/events`;
  await client.create(events, {
    metadata: { name: 'core', labels: { label } },
    involvedObject: { namespace, kind: 'ConfigMap', name: 'some' },
    reason: 'Test',
    message: 'first',
    type: 'Normal',
    source: { component: 'test' },
    count: 1,
  });
  const all = await client.list(`/api/v1/events?labelSelector=label=${label}`);
  expect(all.items).toHaveLength(1);
  const headers = { 'content-type': 'application/strategic-merge-patch+json' };
  const patch = { metadata: { labels: { more: 'yes' } }, message: 'second' };
  const reply = await client.call(`${events}/core`, { method: 'PATCH', headers, body: patch });
  expect(reply.status).toBe(200);
  const patched = await client.get(`${events}/core`);
  expect(patched).toMatchObject({ message: 'second', metadata: { labels: { label, more: 'yes' } } });
  await client.put(`${events}/core`, { ...patched, count: 2, message: 'third' });
  expect(await client.get(`${events}/core`)).toMatchObject({ message: 'third', count: 2 });
  await client.delete(`${events}/core`);
  expect((await client.list(`/api/v1/events?labelSelector=label=${label}`)).items).toEqual([]);
});
