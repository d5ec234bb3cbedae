import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../http/client.ts';
import { answerOf, type ConvertedObject, converting } from '../support/conversion-webhook.ts';
import { convert, useConversions, V1, V2 } from './conversion.suite.ts';

const fixture = useConversions();

describe('a kind with a conversion webhook', () => {
  test('is converted on the way in and out, and asked nothing for its stored version', async () => {
    const kind = await fixture.define();
    const created = await fixture.client.create(
      kind.path('v2'),
      kind.object('v2', 'a', { host: 'example.com', port: '80' }),
    );
    expect(created).toMatchObject({ apiVersion: `${kind.group}/v2`, host: 'example.com', port: '80' });
    // In to the stored version, and back for the answer. A write that meets another one begins anew, and asks again.
    const wanted = fixture.webhook.reviews.map(({ request }) => request.desiredAPIVersion);
    expect(wanted.filter((version, index) => version !== wanted[index - 1])).toEqual([
      `${kind.group}/v1`,
      `${kind.group}/v2`,
    ]);
    expect([...new Set(fixture.webhook.urls)]).toEqual(['/convert?timeout=30s']);
    fixture.forget();
    const stored = await fixture.client.get(kind.path('v1', 'a'));
    expect(stored).toMatchObject({ apiVersion: `${kind.group}/v1`, hostPort: 'example.com:80', kept: 'one' });
    expect(fixture.webhook.reviews).toEqual([]);
    const shown = await fixture.client.get(kind.path('v2', 'a'));
    expect(shown).toMatchObject({ host: 'example.com', port: '80', kept: 'one' });
    expect(shown.metadata).toEqual(stored.metadata);
    expect(fixture.webhook.reviews).toHaveLength(1);
    expect(fixture.webhook.reviews[0]).toMatchObject({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'ConversionReview',
      request: { objects: [{ apiVersion: `${kind.group}/v1`, kind: 'Place', hostPort: 'example.com:80' }] },
    });
  });

  test('shows the webhook what is stored, without what only the server shows', async () => {
    const kind = await fixture.define();
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    await fixture.client.get(kind.path('v2', 'a'));
    const [sent] = fixture.webhook.reviews[0]!.request.objects;
    expect(sent!.metadata['resourceVersion']).toBeUndefined();
    expect(sent!.metadata['annotations']).toBeUndefined();
  });

  test('gets no defaults of the version it is converted to, but loses what that one does not know', async () => {
    const kind = await fixture.define();
    fixture.webhook.answer = converting((object, apiVersion) => ({
      ...(convert(object, apiVersion) as object),
      unknown: 'field',
    }));
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    const shown = await fixture.client.get(kind.path('v2', 'a'));
    expect(shown['later']).toBeUndefined();
    expect(shown['unknown']).toBeUndefined();
    const written = await fixture.client.create(
      kind.path('v2'),
      kind.object('v2', 'b', { host: 'b', port: '2' }),
    );
    // Defaulted as a request in v2, and then lost in v1, which is stored.
    expect(written['later']).toBeUndefined();
  });

  test('is converted for updates, patches, status and deletions', async () => {
    // A default that the stored version cannot keep would make every update a change, as upstream.
    const { later: _later, ...properties } = V2.schema.openAPIV3Schema.properties;
    const plain = { ...V2, schema: { openAPIV3Schema: { type: 'object', properties } } };
    const kind = await fixture.define([V1, plain]);
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    const shown = await fixture.client.get(kind.path('v2', 'a'));
    const updated = await fixture.client.put(kind.path('v2', 'a'), { ...shown, port: '2' });
    expect(updated).toMatchObject({ host: 'a', port: '2', metadata: { generation: 2 } });
    expect(await fixture.client.get(kind.path('v1', 'a'))).toMatchObject({ hostPort: 'a:2' });
    const patched = await fixture.client.patch(kind.path('v2', 'a'), { host: 'b' });
    expect(patched).toMatchObject({ host: 'b', port: '2' });
    expect(await fixture.client.get(kind.path('v1', 'a'))).toMatchObject({ hostPort: 'b:2' });
    const same = await fixture.client.patch(kind.path('v2', 'a'), { host: 'b' });
    expect(same.metadata.resourceVersion).toBe(patched.metadata.resourceVersion);
    const status = { ...patched, host: 'ignored', status: {} };
    expect(await fixture.client.put(`${kind.path('v2', 'a')}/status`, status)).toMatchObject({ host: 'b' });
    const conflict = await fixture.client.refuse(409, kind.path('v2', 'a'), { method: 'PUT', body: shown });
    expect(conflict.reason).toBe('Conflict');
    await fixture.client.patch(kind.path('v2', 'a'), { metadata: { finalizers: ['example.com/hold'] } });
    const deleted = await fixture.client.delete(kind.path('v2', 'a'));
    expect(deleted).toMatchObject({ host: 'b', port: '2' });
    expect(deleted.metadata.deletionTimestamp).toBeDefined();
    await fixture.client.patch(kind.path('v2', 'a'), { metadata: { finalizers: null } });
    await fixture.client.untilGone(kind.path('v1', 'a'));
  });

  test('a dry run of a creation shows it in its version', async () => {
    const kind = await fixture.define();
    const reply = await fixture.client.create(
      `${kind.path('v2')}?dryRun=All`,
      kind.object('v2', 'a', { host: 'h', port: '1' }),
    );
    expect(reply).toMatchObject({ apiVersion: `${kind.group}/v2`, host: 'h', port: '1' });
    expect(reply.metadata.resourceVersion).toBeUndefined();
    expect((await fixture.client.call(kind.path('v1', 'a'))).status).toBe(404);
  });
});

describe('lists of a kind with a conversion webhook', () => {
  test('ask once per page, and only for what is not in the version', async () => {
    const kind = await fixture.define();
    for (const name of ['a', 'b', 'c']) {
      await fixture.client.create(kind.path('v1'), kind.object('v1', name, { hostPort: `${name}:1` }));
    }
    await fixture.client.patch(kind.crd, {
      spec: {
        versions: withSchemas([
          { ...V1, storage: false },
          { ...V2, storage: true },
        ]),
      },
    });
    await fixture.client.create(kind.path('v2'), kind.object('v2', 'd', { host: 'd', port: '1' }));
    fixture.forget();
    const all = await fixture.client.list(kind.path('v2'));
    expect(all.items.map((item) => [item.apiVersion, item['host']])).toEqual(
      ['a', 'b', 'c', 'd'].map((host) => [`${kind.group}/v2`, host]),
    );
    expect(fixture.asked()).toEqual([['a', 'b', 'c']]);
    fixture.forget();
    const page = await fixture.client.list(`${kind.path('v2')}?limit=2`);
    expect(page.items.map((item) => item['host'])).toEqual(['a', 'b']);
    expect(fixture.asked()).toEqual([['a', 'b']]);
    fixture.forget();
    const rest = await fixture.client.list(
      `${kind.path('v2')}?limit=2&continue=${encodeURIComponent(page.metadata.continue ?? '')}`,
    );
    expect(rest.items.map((item) => item['host'])).toEqual(['c', 'd']);
    expect(fixture.asked()).toEqual([['c']]);
    fixture.forget();
    expect((await fixture.client.list(kind.path('v1'))).items.map((item) => item['hostPort'])).toEqual([
      'a:1',
      'b:1',
      'c:1',
      'd:1',
    ]);
    expect(fixture.asked()).toEqual([['d']]);
  });

  test('at an exact revision show what was there, converted', async () => {
    const kind = await fixture.define();
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    const before = await fixture.client.list(kind.path('v1'));
    await fixture.client.patch(kind.path('v1', 'a'), { hostPort: 'a:2' });
    const { resourceVersion } = before.metadata;
    const exact = await fixture.client.list(
      `${kind.path('v2')}?resourceVersion=${resourceVersion}&resourceVersionMatch=Exact`,
    );
    expect(exact.items).toMatchObject([{ host: 'a', port: '1' }]);
    expect(exact.items[0]!.metadata).toEqual(before.items[0]!.metadata);
  });

  test('select by fields and labels of the version in which they are asked for', async () => {
    const kind = await fixture.define();
    fixture.webhook.answer = converting((object, apiVersion) => ({
      ...(convert(object, apiVersion) as ConvertedObject),
      metadata: { ...object.metadata, labels: { in: apiVersion.endsWith('v2') ? 'two' : 'one' } },
    }));
    for (const name of ['a', 'b']) {
      await fixture.client.create(kind.path('v1'), kind.object('v1', name, { hostPort: `${name}:1` }));
    }
    const names = async (version: string, query: string) =>
      (await fixture.client.list(`${kind.path(version)}?${query}`)).items.map(
        ({ metadata }) => metadata.name,
      );
    expect(await names('v1', 'fieldSelector=hostPort=b:1')).toEqual(['b']);
    expect(await names('v2', 'fieldSelector=host=b')).toEqual(['b']);
    expect(await names('v2', 'labelSelector=in=two')).toEqual(['a', 'b']);
    expect(await names('v1', 'labelSelector=in=two')).toEqual([]);
    const wrong = await fixture.client.refuse(400, `${kind.path('v1')}?fieldSelector=host=b`);
    expect(wrong.message).toContain('field label not supported: host');
  });

  test('as tables and as metadata show the version too', async () => {
    const kind = await fixture.define();
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    const as = async (path: string, form: string) =>
      JSON.parse(
        (
          await fixture.client.call(path, {
            headers: { accept: `application/json;as=${form};g=meta.k8s.io;v=v1` },
          })
        ).text,
      ) as { rows: { cells: unknown[] }[]; items: KubeObject[]; kind: string };
    expect((await as(kind.path('v1'), 'Table')).rows[0]!.cells).toEqual(['a', 'a:1']);
    expect((await as(kind.path('v2'), 'Table')).rows[0]!.cells).toEqual(['a', 'a', '1']);
    const metadata = await as(kind.path('v2'), 'PartialObjectMetadataList');
    expect(metadata.items.map((item) => item.metadata.name)).toEqual(['a']);
    const protobuf = await fixture.client.call(kind.path('v2', 'a'), {
      headers: { accept: 'application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' },
    });
    expect(protobuf.status).toBe(200);
    expect(protobuf.bytes.subarray(0, 4).toString('latin1')).toBe('k8s\0');
    const yaml = await fixture.client.call(kind.path('v2', 'a'), { headers: { accept: 'application/yaml' } });
    expect(yaml.text).toContain('host: a\n');
  });

  test('a deleted collection is converted as its list is', async () => {
    const kind = await fixture.define();
    for (const name of ['a', 'b']) {
      await fixture.client.create(kind.path('v1'), kind.object('v1', name, { hostPort: `${name}:1` }));
    }
    await fixture.client.delete(`${kind.path('v2')}?fieldSelector=host=b`);
    expect((await fixture.client.list(kind.path('v1'))).items.map(({ metadata }) => metadata.name)).toEqual([
      'a',
    ]);
  });
});

describe('watches of a kind with a conversion webhook', () => {
  test('show changes in order and in their version', async () => {
    const kind = await fixture.define();
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    const watch = await fixture.client.watch(`${kind.path('v2')}?watch=1`);
    const first = await watch.next();
    expect([first.type, first.object['host']]).toEqual(['ADDED', 'a']);
    await fixture.client.patch(kind.path('v1', 'a'), { hostPort: 'b:1' });
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'z', { hostPort: 'z:1' }));
    await fixture.client.patch(kind.path('v2', 'a'), { host: 'c' });
    await fixture.client.delete(kind.path('v1', 'a'));
    const events = await watch.take(4);
    expect(events.map(({ type, object }) => [type, object.apiVersion, object['host']])).toEqual([
      ['MODIFIED', `${kind.group}/v2`, 'b'],
      ['ADDED', `${kind.group}/v2`, 'z'],
      ['MODIFIED', `${kind.group}/v2`, 'c'],
      ['DELETED', `${kind.group}/v2`, 'c'],
    ]);
    watch.close();
  });

  test('with a selector see objects enter and leave it by the fields of their version', async () => {
    const kind = await fixture.define();
    const watch = await fixture.client.watch(`${kind.path('v2')}?watch=1&fieldSelector=host=a`);
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'x', { hostPort: 'b:1' }));
    await fixture.client.patch(kind.path('v1', 'x'), { hostPort: 'a:1' });
    await fixture.client.patch(kind.path('v1', 'x'), { hostPort: 'a:2' });
    await fixture.client.patch(kind.path('v1', 'x'), { hostPort: 'b:2' });
    const events = await watch.take(3);
    expect(events.map(({ type, object }) => [type, object['port']])).toEqual([
      ['ADDED', '1'],
      ['MODIFIED', '2'],
      ['DELETED', '2'],
    ]);
    watch.close();
  });

  test('many of one version cost one call per change', async () => {
    const kind = await fixture.define();
    const watches = await Promise.all(
      Array.from({ length: 20 }, () => fixture.client.watch(`${kind.path('v2')}?watch=1`)),
    );
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    for (const watch of watches) expect((await watch.next()).object['host']).toBe('a');
    expect(fixture.asked()).toEqual([['a']]);
    for (const watch of watches) watch.close();
  });

  test('end with an ERROR when the webhook fails', async () => {
    const kind = await fixture.define();
    const watch = await fixture.client.watch(`${kind.path('v2')}?watch=1`);
    fixture.webhook.answer = (review) =>
      answerOf(review, { result: { status: 'Failure', message: 'not today' } });
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    const event = await watch.next();
    expect(event).toMatchObject({
      type: 'ERROR',
      object: { code: 500, message: `conversion webhook for ${kind.group}/v1, Kind=Place failed: not today` },
    });
    await watch.ended;
  });
});

describe('the connections to a conversion webhook', () => {
  test('are used again', async () => {
    const kind = await fixture.define();
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    await fixture.client.get(kind.path('v2', 'a'));
    const before = fixture.webhook.connections;
    for (let i = 0; i < 10; i++) await fixture.client.get(kind.path('v2', 'a'));
    expect(fixture.webhook.connections).toBe(before);
  });
});

describe('the storage version', () => {
  test('may change: objects stay as they are until they are written', async () => {
    const kind = await fixture.define();
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    const crd = await fixture.client.patch(kind.crd, {
      spec: {
        versions: withSchemas([
          { ...V1, storage: false },
          { ...V2, storage: true },
        ]),
      },
    });
    expect(crd['status']).toMatchObject({ storedVersions: ['v1', 'v2'] });
    fixture.forget();
    expect(await fixture.client.get(kind.path('v1', 'a'))).toMatchObject({ hostPort: 'a:1' });
    expect(fixture.asked()).toEqual([]);
    expect(await fixture.client.get(kind.path('v2', 'a'))).toMatchObject({ host: 'a', port: '1' });
    expect(fixture.asked()).toEqual([['a']]);
    // A write of nothing at all stores it in the new version, which its resourceVersion shows.
    const before = await fixture.client.get(kind.path('v1', 'a'));
    const after = await fixture.client.put(kind.path('v1', 'a'), before);
    expect(after.metadata.resourceVersion).not.toBe(before.metadata.resourceVersion);
    fixture.forget();
    expect(await fixture.client.get(kind.path('v2', 'a'))).toMatchObject({
      host: 'a',
      port: '1',
      later: 'two',
    });
    expect(fixture.asked()).toEqual([]);
  });

  test('may change without a webhook: then only the version of an object does', async () => {
    const kind = await fixture.define([V1, V2], { strategy: 'None' });
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { kept: 'x', hostPort: 'a:1' }));
    await fixture.client.patch(kind.crd, {
      spec: {
        versions: withSchemas([
          { ...V1, storage: false },
          { ...V2, storage: true },
        ]),
      },
    });
    expect(await fixture.client.get(kind.path('v1', 'a'))).toMatchObject({ kept: 'x', hostPort: 'a:1' });
    const shown = await fixture.client.get(kind.path('v2', 'a'));
    expect(shown).toMatchObject({ apiVersion: `${kind.group}/v2`, kept: 'x' });
    expect(shown['hostPort']).toBeUndefined();
    expect(fixture.webhook.reviews).toEqual([]);
  });

  test('controllers reach objects of a kind of which only the webhook version is left', async () => {
    const kind = await fixture.define();
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    await fixture.client.patch(kind.crd, {
      spec: {
        versions: withSchemas([
          { ...V1, storage: false, served: false },
          { ...V2, storage: true },
        ]),
      },
    });
    await fixture.client.delete(kind.crd);
    await fixture.client.untilGone(kind.crd);
    expect(fixture.asked().flat()).toContain('a');
  });
});

/** Versions as a CRD has them, from those of `define`. */
function withSchemas(versions: readonly object[]): unknown {
  return versions.map((version) => ({ served: true, ...version }));
}
