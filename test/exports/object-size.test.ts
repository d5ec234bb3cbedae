import { describe, expect, test } from 'vitest';
import { limits } from '../../src/base/mod.ts';
import { CRDS, crdOf, useMember } from '../conformance/suite.ts';
import type { KubeObject, Reply } from '../http/client.ts';
import { ExportsFixture, WIDGETS } from './suite.ts';

/** However a kind has come into a workspace, and by whatever URL its objects are written, these have their bounds. */
const fixture = useMember(new ExportsFixture()) as ExportsFixture;

const WAYS: Readonly<Record<string, () => Promise<string>>> = {
  'a CRD of its own': async () => {
    const cluster = await fixture.cluster('own');
    await fixture.client.create(`/clusters/${cluster}${CRDS}`, crdOf({ ...WIDGETS, versions: [VERSION] }));
    const path = fixture.widgets(cluster);
    await fixture.client.until(path, (_, status) => status === 200);
    return path;
  },
  'a binding': async () => fixture.widgets((await fixture.pair()).consumer),
  'the view of the export': async () => {
    const { provider, consumer } = await fixture.pair();
    return `/services/apiexport/${provider}/widgets${fixture.widgets(consumer)}`;
  },
};
const VERSION = { name: 'v1', subresources: { status: {} } };

describe.each(Object.entries(WAYS))('an object of a kind by %s', (_, open) => {
  test('has as many bytes as any object, and no more', async () => {
    const path = await open();
    // What the server puts beside the text takes less than a kilobyte.
    expect((await send('POST', path, widget('fits', limits.objectBytesMax - 1024))).status).toBe(201);
    expectTooLarge(await send('POST', path, widget('over', limits.objectBytesMax)), limits.objectBytesMax);
    const body = widget('body', limits.requestBodyBytesMax);
    expectTooLarge(await send('POST', path, body), limits.requestBodyBytesMax);
    const { items } = await fixture.client.list(path);
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['fits']);
  });

  test('does not grow beyond that by any write, and can be deleted when it is as large', async () => {
    const path = await open();
    await fixture.client.create(path, widget('w', 10));
    const before = await fixture.client.get(`${path}/w`);
    const half = 'x'.repeat(limits.objectBytesMax / 2);
    const over = 'x'.repeat(limits.objectBytesMax);
    const replaced = { ...before, spec: { text: over } };
    const apply = `${path}/w?fieldManager=test&force=true`;
    for (const reply of [
      await send('PUT', `${path}/w`, replaced),
      await send('PATCH', `${path}/w`, { spec: { text: over } }, MERGE),
      await send('PATCH', `${path}/w`, [{ op: 'add', path: '/spec/text', value: over }], JSON_PATCH),
      await send('PATCH', apply, widget('w', limits.objectBytesMax), APPLY),
      await send('PATCH', `${path}/w/status`, { status: { text: over } }, MERGE),
      await send('PUT', `${path}/w/status`, { ...before, status: { text: over } }),
    ]) {
      expectTooLarge(reply, limits.objectBytesMax);
    }
    expect(await fixture.client.get(`${path}/w`)).toEqual(before);
    // The halves count together, whoever may write which.
    await fixture.client.patch(`${path}/w`, { spec: { text: half }, metadata: { finalizers: ['a.com/b'] } });
    const whole = { status: { text: half } };
    expectTooLarge(await send('PATCH', `${path}/w/status`, whole, MERGE), limits.objectBytesMax);
    const nearly = { status: { text: half.slice(2048) } };
    expect((await send('PATCH', `${path}/w/status`, nearly, MERGE)).status).toBe(200);
    await fixture.client.delete(`${path}/w`);
    const marked = (await fixture.client.get(`${path}/w`)) as KubeObject;
    expect(marked.metadata.deletionTimestamp).toBeDefined();
    await fixture.client.patch(`${path}/w`, { metadata: { finalizers: null } });
    await fixture.client.untilGone(`${path}/w`);
  });
});

const MERGE = 'application/merge-patch+json';
const JSON_PATCH = 'application/json-patch+json';
const APPLY = 'application/apply-patch+yaml';

function widget(name: string, length: number): Record<string, unknown> {
  return {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name },
    spec: { text: 'x'.repeat(length) },
  };
}

function send(method: string, path: string, body: unknown, type = 'application/json'): Promise<Reply> {
  return fixture.client.call(path, { method, body, headers: { 'content-type': type } });
}

function expectTooLarge({ status, text }: Reply, bytesMax: number): void {
  const { message, reason } = JSON.parse(text) as { readonly message: string; readonly reason: string };
  expect([status, reason, message]).toEqual([
    413,
    'RequestEntityTooLarge',
    `Request entity too large: limit is ${bytesMax}`,
  ]);
}
