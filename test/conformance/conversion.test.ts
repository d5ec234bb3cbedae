import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { KubeObject } from '../http/client.ts';
import {
  answerOf,
  ConversionWebhook,
  type ConvertedObject,
  converting,
  type RawAnswer,
  type Review,
} from '../support/conversion-webhook.ts';
import { CRDS, type CustomKind, crdOf, useMember } from './suite.ts';

const fixture = useMember();
let webhook: ConversionWebhook;

beforeAll(async () => {
  webhook = await ConversionWebhook.start();
});
afterAll(() => webhook.stop());
beforeEach(() => {
  webhook.answer = converting(convert);
  forget();
});

function forget(): void {
  webhook.reviews.length = 0;
  webhook.urls.length = 0;
}

/** v1 keeps host and port in one text `hostPort`, v2 in two fields. */
function convert(object: ConvertedObject, apiVersion: string): unknown {
  if (object.apiVersion === apiVersion) throw new Error('it is in that version already');
  const { hostPort, host, port, ...rest } = object as ConvertedObject & Record<string, string | undefined>;
  if (apiVersion.endsWith('/v1')) {
    return { ...rest, apiVersion, ...(host === undefined ? {} : { hostPort: `${host}:${port}` }) };
  }
  const [newHost, newPort] = (hostPort ?? '').split(':');
  return { ...rest, apiVersion, ...(hostPort === undefined ? {} : { host: newHost, port: newPort }) };
}

const text = { type: 'string' };
const V1 = {
  name: 'v1',
  schema: {
    openAPIV3Schema: {
      type: 'object',
      properties: { hostPort: text, kept: { type: 'string', default: 'one' } },
    },
  },
  selectableFields: [{ jsonPath: '.hostPort' }],
  additionalPrinterColumns: [{ name: 'Place', type: 'string', jsonPath: '.hostPort' }],
};
const V2 = {
  name: 'v2',
  schema: {
    openAPIV3Schema: {
      type: 'object',
      properties: { host: text, port: text, kept: text, later: { type: 'string', default: 'two' } },
    },
  },
  selectableFields: [{ jsonPath: '.host' }],
  additionalPrinterColumns: [
    { name: 'Host', type: 'string', jsonPath: '.host' },
    { name: 'Port', type: 'string', jsonPath: '.port' },
  ],
  subresources: { status: {} },
};

interface Kind {
  readonly group: string;
  readonly crd: string;
  path(version: string, name?: string): string;
  object(version: string, name: string, fields?: Readonly<Record<string, unknown>>): Record<string, unknown>;
}

function conversionTo(clientConfig: unknown, conversionReviewVersions = ['v1', 'v1beta1']): unknown {
  return { strategy: 'Webhook', webhook: { clientConfig, conversionReviewVersions } };
}

const toWebhook = () => conversionTo({ url: `${webhook.origin}/convert`, caBundle: webhook.caBundle });

/** A kind whose first version is stored, converted by the webhook. */
async function define(
  versions: NonNullable<CustomKind['versions']> = [V1, V2],
  conversion: unknown = toWebhook(),
): Promise<Kind> {
  const group = `${fixture.name('conv-')}.example.com`;
  const crd = crdOf({ group, plural: 'places', kind: 'Place', versions });
  (crd['spec'] as Record<string, unknown>)['conversion'] = conversion;
  await fixture.client.create(CRDS, crd);
  const kind: Kind = {
    group,
    crd: `${CRDS}/places.${group}`,
    path: (version, name) =>
      `/apis/${group}/${version}/namespaces/default/places${name === undefined ? '' : `/${name}`}`,
    object: (version, name, fields = {}) => ({
      apiVersion: `${group}/${version}`,
      kind: 'Place',
      metadata: { name },
      ...fields,
    }),
  };
  await fixture.client.until(kind.path(versions[0]!.name), (_list, status) => status === 200);
  forget();
  return kind;
}

const asked = () =>
  webhook.reviews.map(({ request }) => request.objects.map(({ metadata }) => metadata.name));

describe('a kind with a conversion webhook', () => {
  test('is converted on the way in and out, and asked nothing for its stored version', async () => {
    const kind = await define();
    const created = await fixture.client.create(
      kind.path('v2'),
      kind.object('v2', 'a', { host: 'example.com', port: '80' }),
    );
    expect(created).toMatchObject({ apiVersion: `${kind.group}/v2`, host: 'example.com', port: '80' });
    // In to the stored version, and back for the answer.
    expect(webhook.reviews.map(({ request }) => request.desiredAPIVersion)).toEqual([
      `${kind.group}/v1`,
      `${kind.group}/v2`,
    ]);
    expect(webhook.urls).toEqual(['/convert?timeout=30s', '/convert?timeout=30s']);
    forget();
    const stored = await fixture.client.get(kind.path('v1', 'a'));
    expect(stored).toMatchObject({ apiVersion: `${kind.group}/v1`, hostPort: 'example.com:80', kept: 'one' });
    expect(webhook.reviews).toEqual([]);
    const shown = await fixture.client.get(kind.path('v2', 'a'));
    expect(shown).toMatchObject({ host: 'example.com', port: '80', kept: 'one' });
    expect(shown.metadata).toEqual(stored.metadata);
    expect(webhook.reviews).toHaveLength(1);
    expect(webhook.reviews[0]).toMatchObject({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'ConversionReview',
      request: { objects: [{ apiVersion: `${kind.group}/v1`, kind: 'Place', hostPort: 'example.com:80' }] },
    });
  });

  test('shows the webhook what is stored, without what only the server shows', async () => {
    const kind = await define();
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    await fixture.client.get(kind.path('v2', 'a'));
    const [sent] = webhook.reviews[0]!.request.objects;
    expect(sent!.metadata['resourceVersion']).toBeUndefined();
    expect(sent!.metadata['annotations']).toBeUndefined();
  });

  test('gets no defaults of the version it is converted to, but loses what that one does not know', async () => {
    const kind = await define();
    webhook.answer = converting((object, apiVersion) => ({
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
    const kind = await define([V1, plain]);
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
    const kind = await define();
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
    const kind = await define();
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
    forget();
    const all = await fixture.client.list(kind.path('v2'));
    expect(all.items.map((item) => [item.apiVersion, item['host']])).toEqual(
      ['a', 'b', 'c', 'd'].map((host) => [`${kind.group}/v2`, host]),
    );
    expect(asked()).toEqual([['a', 'b', 'c']]);
    forget();
    const page = await fixture.client.list(`${kind.path('v2')}?limit=2`);
    expect(page.items.map((item) => item['host'])).toEqual(['a', 'b']);
    expect(asked()).toEqual([['a', 'b']]);
    forget();
    const rest = await fixture.client.list(
      `${kind.path('v2')}?limit=2&continue=${encodeURIComponent(page.metadata.continue ?? '')}`,
    );
    expect(rest.items.map((item) => item['host'])).toEqual(['c', 'd']);
    expect(asked()).toEqual([['c']]);
    forget();
    expect((await fixture.client.list(kind.path('v1'))).items.map((item) => item['hostPort'])).toEqual([
      'a:1',
      'b:1',
      'c:1',
      'd:1',
    ]);
    expect(asked()).toEqual([['d']]);
  });

  test('at an exact revision show what was there, converted', async () => {
    const kind = await define();
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
    const kind = await define();
    webhook.answer = converting((object, apiVersion) => ({
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
    const kind = await define();
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
    const kind = await define();
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
    const kind = await define();
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
    const kind = await define();
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
    const kind = await define();
    const watches = await Promise.all(
      Array.from({ length: 20 }, () => fixture.client.watch(`${kind.path('v2')}?watch=1`)),
    );
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    for (const watch of watches) expect((await watch.next()).object['host']).toBe('a');
    expect(asked()).toEqual([['a']]);
    for (const watch of watches) watch.close();
  });

  test('end with an ERROR when the webhook fails', async () => {
    const kind = await define();
    const watch = await fixture.client.watch(`${kind.path('v2')}?watch=1`);
    webhook.answer = (review) => answerOf(review, { result: { status: 'Failure', message: 'not today' } });
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    const event = await watch.next();
    expect(event).toMatchObject({
      type: 'ERROR',
      object: { code: 500, message: `conversion webhook for ${kind.group}/v1, Kind=Place failed: not today` },
    });
    await watch.ended;
  });
});

describe('a conversion webhook that fails', () => {
  const success = { status: 'Success' };
  const change = (fields: object) => (review: Review) =>
    answerOf(review, {
      convertedObjects: review.request.objects.map((object) => ({
        ...(convert(object, review.request.desiredAPIVersion) as object),
        ...fields,
      })),
      result: success,
    });
  const changeMetadata = (fields: object) => (review: Review) =>
    answerOf(review, {
      convertedObjects: review.request.objects.map((object) => ({
        ...(convert(object, review.request.desiredAPIVersion) as object),
        metadata: { ...object.metadata, ...fields },
      })),
      result: success,
    });

  test.each<[string, (review: Review) => RawAnswer, string]>([
    ['refuses', (review) => answerOf(review, { result: { status: 'Failure', message: 'no' } }), 'failed: no'],
    [
      'says nothing',
      (review) => answerOf(review, { result: {} }),
      "failed: response.result.status was '', not 'Success'",
    ],
    [
      'answers nobody',
      (review) => ({ body: { apiVersion: review.apiVersion, kind: review.kind } }),
      'failed: no response provided',
    ],
    [
      'answers something else',
      () => ({ body: { apiVersion: 'apiextensions.k8s.io/v1', kind: 'Other', response: {} } }),
      'failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got apiextensions.k8s.io/v1, Kind=Other',
    ],
    [
      'loses an object',
      (review) => answerOf(review, { convertedObjects: [], result: success }),
      'returned 0 objects, expected 1',
    ],
    [
      'is broken',
      () => ({ code: 500, body: 'oops' }),
      'failed: an error on the server ("unknown") has prevented the request from succeeding',
    ],
    [
      'is not there',
      () => ({ code: 404, body: 'gone' }),
      'failed: the server could not find the requested resource',
    ],
    [
      'sends somewhere else',
      () => ({ code: 302, headers: { location: `${webhook.origin}/other` }, body: '' }),
      'failed: the server responded with the status code 302 but did not return more information',
    ],
    [
      'returns another version',
      change({ apiVersion: 'other.example.com/v2' }),
      'returned invalid object at index 0: invalid groupVersion',
    ],
    [
      'returns another kind',
      change({ kind: 'Other' }),
      'returned invalid object at index 0: invalid kind (expected Place, received Other)',
    ],
    [
      'returns another name',
      changeMetadata({ name: 'b' }),
      'returned invalid object: must have the same name: a != b',
    ],
    [
      'returns another namespace',
      changeMetadata({ namespace: 'b' }),
      'returned invalid object: must have the same namespace: default != b',
    ],
    [
      'returns another uid',
      changeMetadata({ uid: 'b' }),
      'returned invalid object: must have the same UID: ',
    ],
    [
      'returns labels that are no text',
      changeMetadata({ labels: { a: 1 } }),
      'returned invalid metadata: metadata.labels[a] must be a string, but is int64 in converted object',
    ],
    [
      'returns bad labels',
      changeMetadata({ labels: { 'a b': 'c' } }),
      'returned invalid metadata: metadata.labels: Invalid value: "a b": name part must consist of',
    ],
    [
      'returns no metadata',
      change({ metadata: undefined }),
      'returned invalid object: must have the same name: a != ',
    ],
  ])('and %s is told as upstream does', async (_what, answer, message) => {
    const kind = await define();
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    webhook.answer = answer;
    const prefix = `conversion webhook for ${kind.group}/v1, Kind=Place ${message}`;
    for (const path of [kind.path('v2', 'a'), kind.path('v2')]) {
      const status = await fixture.client.refuse(500, path);
      expect(status.message.slice(0, prefix.length)).toBe(prefix);
      expect(status.reason).toBeUndefined();
    }
    // The stored version needs no webhook.
    expect(await fixture.client.get(kind.path('v1', 'a'))).toMatchObject({ hostPort: 'a:1' });
  });

  test('may change labels and annotations, and nothing else of the metadata', async () => {
    const kind = await define();
    const body = kind.object('v1', 'a', { hostPort: 'a:1' });
    body['metadata'] = {
      name: 'a',
      labels: { old: 'x' },
      annotations: { old: 'x' },
      finalizers: ['example.com/a'],
    };
    const created = await fixture.client.create(kind.path('v1'), body);
    webhook.answer = changeMetadata({
      labels: { new: 'x' },
      annotations: null,
      finalizers: [],
      creationTimestamp: null,
      generation: 7,
    });
    const { metadata } = await fixture.client.get(kind.path('v2', 'a'));
    expect(metadata).toEqual({
      ...created.metadata,
      labels: { new: 'x' },
      annotations: { 'kcp.io/cluster': created.metadata.annotations!['kcp.io/cluster'] },
    });
    await fixture.client.patch(kind.path('v1', 'a'), { metadata: { finalizers: null } });
  });

  test('with other review versions is asked in the first that both know', async () => {
    const config = { url: `${webhook.origin}/convert`, caBundle: webhook.caBundle };
    const kind = await define([V1, V2], conversionTo(config, ['v9', 'v1beta1', 'v1']));
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    // v1beta1 never looked at the uid of the answer.
    webhook.answer = (review) => {
      const { body } = converting(convert)(review) as { body: { response: object } };
      return { body: { ...body, response: { ...body.response, uid: 'another' } } };
    };
    expect(await fixture.client.get(kind.path('v2', 'a'))).toMatchObject({ host: 'a' });
    expect(webhook.reviews[0]!.apiVersion).toBe('apiextensions.k8s.io/v1beta1');
  });

  test('because it is down is told, and works again once it is back', async () => {
    const kind = await define();
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    await fixture.client.get(kind.path('v2', 'a'));
    await webhook.stop();
    try {
      const url = `${webhook.origin}/convert?timeout=30s`;
      const refused = `conversion webhook for ${kind.group}/v1, Kind=Place failed: Post "${url}": dial tcp 127.0.0.1:${webhook.port}: connect: connection refused`;
      expect((await fixture.client.refuse(500, kind.path('v2', 'a'))).message).toBe(refused);
      expect((await fixture.client.refuse(500, kind.path('v2'))).message).toBe(refused);
      const body = kind.object('v2', 'b', { host: 'b', port: '1' });
      const write = await fixture.client.refuse(500, kind.path('v2'), { method: 'POST', body });
      expect(write.message).toBe(refused.replace('/v1, Kind', '/v2, Kind'));
      const patch = {
        method: 'PATCH',
        headers: { 'content-type': 'application/merge-patch+json' },
        body: {},
      };
      expect((await fixture.client.refuse(500, kind.path('v2', 'a'), patch)).message).toBe(refused);
      expect((await fixture.client.refuse(500, kind.path('v2', 'a'), { method: 'DELETE' })).message).toBe(
        refused,
      );
    } finally {
      await webhook.listen();
    }
    expect(await fixture.client.get(kind.path('v2', 'a'))).toMatchObject({ host: 'a' });
    expect((await fixture.client.call(kind.path('v1', 'b'))).status).toBe(404);
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      'with a certificate of somebody else',
      () => ({ url: `${webhook.origin}/convert` }),
      /Post "https:.*": tls: failed to verify certificate: x509: certificate signed by unknown authority$/,
    ],
    [
      'behind a service, of which there are none',
      () => ({
        service: { namespace: 'default', name: 'converter', path: '/c' },
        caBundle: webhook.caBundle,
      }),
      /Post "https:\/\/converter\.default\.svc:443\/c\?timeout=30s": service "converter" not found$/,
    ],
    [
      'near the server, where credentials may be had',
      () => ({ url: 'https://169.254.169.254/latest/meta-data' }),
      /dial tcp 169\.254\.169\.254: this address is not allowed for webhooks$/,
    ],
    [
      'in a private network that nobody opened',
      () => ({ url: 'https://10.1.2.3/convert' }),
      /dial tcp 10\.1\.2\.3: this address is not allowed for webhooks$/,
    ],
  ])('%s is not asked', async (_where, config, message) => {
    const kind = await define([V1, V2], conversionTo(config()));
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    const status = await fixture.client.refuse(500, kind.path('v2', 'a'));
    expect(status.message).toMatch(message);
    expect(webhook.reviews).toEqual([]);
    // A kind whose webhook cannot be reached can still be deleted by way of its stored version.
    await fixture.client.delete(kind.crd);
    await fixture.client.untilGone(kind.crd);
  });

  test('that answers too much is cut off', async () => {
    const kind = await define();
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    webhook.answer = () => ({ body: ' '.repeat(5 * 1024 * 1024) });
    const status = await fixture.client.refuse(500, kind.path('v2', 'a'));
    expect(status.message).toContain('the response is larger than 4194304 bytes');
  });
});

describe('the connections to a conversion webhook', () => {
  test('are used again', async () => {
    const kind = await define();
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    await fixture.client.get(kind.path('v2', 'a'));
    const before = webhook.connections;
    for (let i = 0; i < 10; i++) await fixture.client.get(kind.path('v2', 'a'));
    expect(webhook.connections).toBe(before);
  });
});

describe('the storage version', () => {
  test('may change: objects stay as they are until they are written', async () => {
    const kind = await define();
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
    forget();
    expect(await fixture.client.get(kind.path('v1', 'a'))).toMatchObject({ hostPort: 'a:1' });
    expect(asked()).toEqual([]);
    expect(await fixture.client.get(kind.path('v2', 'a'))).toMatchObject({ host: 'a', port: '1' });
    expect(asked()).toEqual([['a']]);
    // A write of nothing at all stores it in the new version, which its resourceVersion shows.
    const before = await fixture.client.get(kind.path('v1', 'a'));
    const after = await fixture.client.put(kind.path('v1', 'a'), before);
    expect(after.metadata.resourceVersion).not.toBe(before.metadata.resourceVersion);
    forget();
    expect(await fixture.client.get(kind.path('v2', 'a'))).toMatchObject({
      host: 'a',
      port: '1',
      later: 'two',
    });
    expect(asked()).toEqual([]);
  });

  test('may change without a webhook: then only the version of an object does', async () => {
    const kind = await define([V1, V2], { strategy: 'None' });
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
    expect(webhook.reviews).toEqual([]);
  });

  test('controllers reach objects of a kind of which only the webhook version is left', async () => {
    const kind = await define();
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
    expect(asked().flat()).toContain('a');
  });
});

/** Versions as a CRD has them, from those of `define`. */
function withSchemas(versions: readonly object[]): unknown {
  return versions.map((version) => ({ served: true, ...version }));
}
