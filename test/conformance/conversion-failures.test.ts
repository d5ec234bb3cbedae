import { describe, expect, test } from 'vitest';
import { answerOf, converting, type RawAnswer, type Review } from '../support/conversion-webhook.ts';
import { conversionTo, convert, useConversions, V1, V2 } from './conversion.suite.ts';

const fixture = useConversions();

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
      () => ({ code: 302, headers: { location: `${fixture.webhook.origin}/other` }, body: '' }),
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
    const kind = await fixture.define();
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    fixture.webhook.answer = answer;
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
    const kind = await fixture.define();
    const body = kind.object('v1', 'a', { hostPort: 'a:1' });
    body['metadata'] = {
      name: 'a',
      labels: { old: 'x' },
      annotations: { old: 'x' },
      finalizers: ['example.com/a'],
    };
    const created = await fixture.client.create(kind.path('v1'), body);
    fixture.webhook.answer = changeMetadata({
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
    const config = { url: `${fixture.webhook.origin}/convert`, caBundle: fixture.webhook.caBundle };
    const kind = await fixture.define([V1, V2], conversionTo(config, ['v9', 'v1beta1', 'v1']));
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    // v1beta1 never looked at the uid of the answer.
    fixture.webhook.answer = (review) => {
      const { body } = converting(convert)(review) as { body: { response: object } };
      return { body: { ...body, response: { ...body.response, uid: 'another' } } };
    };
    expect(await fixture.client.get(kind.path('v2', 'a'))).toMatchObject({ host: 'a' });
    expect(fixture.webhook.reviews[0]!.apiVersion).toBe('apiextensions.k8s.io/v1beta1');
  });

  test('because it is down is told, and works again once it is back', async () => {
    const kind = await fixture.define();
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    await fixture.client.get(kind.path('v2', 'a'));
    await fixture.webhook.stop();
    try {
      const url = `${fixture.webhook.origin}/convert?timeout=30s`;
      const refused = `conversion webhook for ${kind.group}/v1, Kind=Place failed: Post "${url}": dial tcp 127.0.0.1:${fixture.webhook.port}: connect: connection refused`;
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
      await fixture.webhook.listen();
    }
    expect(await fixture.client.get(kind.path('v2', 'a'))).toMatchObject({ host: 'a' });
    expect((await fixture.client.call(kind.path('v1', 'b'))).status).toBe(404);
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      'with a certificate of somebody else',
      () => ({ url: `${fixture.webhook.origin}/convert` }),
      /Post "https:.*": tls: failed to verify certificate: x509: certificate signed by unknown authority$/,
    ],
    [
      'behind a service, of which there are none',
      () => ({
        service: { namespace: 'default', name: 'converter', path: '/c' },
        caBundle: fixture.webhook.caBundle,
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
    const kind = await fixture.define([V1, V2], conversionTo(config()));
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    const status = await fixture.client.refuse(500, kind.path('v2', 'a'));
    expect(status.message).toMatch(message);
    expect(fixture.webhook.reviews).toEqual([]);
    // A kind whose webhook cannot be reached can still be deleted by way of its stored version.
    await fixture.client.delete(kind.crd);
    await fixture.client.untilGone(kind.crd);
  });

  test('that answers too much is cut off', async () => {
    const kind = await fixture.define();
    await fixture.client.create(kind.path('v1'), kind.object('v1', 'a', { hostPort: 'a:1' }));
    fixture.webhook.answer = () => ({ body: ' '.repeat(5 * 1024 * 1024) });
    const status = await fixture.client.refuse(500, kind.path('v2', 'a'));
    expect(status.message).toContain('the response is larger than 4194304 bytes');
  });
});
