import { beforeAll, describe, expect, test } from 'vitest';
import { crdOf, useMember } from './suite.ts';

const fixture = useMember();
const BUILTIN = '/api/v1/namespaces/default/configmaps';
const CUSTOM = '/apis/refusals.example/v1/namespaces/default/things';
const ROUTED =
  'Available representations: application/json, application/yaml, application/vnd.kubernetes.protobuf';

beforeAll(async () => {
  await fixture.client.create(
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    crdOf({ group: 'refusals.example', plural: 'things', kind: 'Thing' }),
  );
  await fixture.client.until(CUSTOM, (_list, status) => status === 200);
  await fixture.client.create(BUILTIN, { metadata: { name: 'mx' } });
  await fixture.client.create(CUSTOM, { ...thing, metadata: { name: 'mx' } });
});

const thing = { apiVersion: 'refusals.example/v1', kind: 'Thing' };
const post = (body: string, type = 'application/json') => ({
  method: 'POST',
  body,
  headers: { 'content-type': type },
});

// The words are those of kube-apiserver 1.34, recorded from it.
describe('a refusal', () => {
  test.each([
    ['an empty body', BUILTIN, post(''), 400, 'unexpected end of JSON input (<empty>)'],
    [
      'a body that is cut off',
      CUSTOM,
      post(''),
      400,
      "the object provided is unrecognized (must be of type Thing): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)",
    ],
    ['null', BUILTIN, post('null'), 422, 'name or generateName is required'],
    ['no YAML', BUILTIN, post('', 'application/yaml'), 422, 'name or generateName is required'],
    [
      'no protobuf',
      BUILTIN,
      post('', 'application/vnd.kubernetes.protobuf'),
      400,
      'the object provided is unrecognized (must be of type ConfigMap): empty data (<empty>)',
    ],
    [
      'JSON as protobuf',
      BUILTIN,
      post('{"apiVersion":"v1","kind":"ConfigMap"}', 'application/vnd.kubernetes.protobuf'),
      400,
      'the object provided is unrecognized (must be of type ConfigMap): provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] ({"apiVersion":"v1","kind":"Con ...)',
    ],
    [
      'a custom resource without its kind',
      CUSTOM,
      post('{"metadata":{"name":"p1"}}'),
      400,
      `the object provided is unrecognized (must be of type Thing): Object 'Kind' is missing in '{"metadata":{"name":"p1"}}' ({"metadata":{"name":"p1"}})`,
    ],
    [
      'a custom resource without its version',
      CUSTOM,
      post('{"kind":"Thing","metadata":{"name":"p1"}}'),
      400,
      'the API version in the data () does not match the expected API version (refusals.example/v1)',
    ],
    [
      'metadata of a wrong type',
      CUSTOM,
      post(JSON.stringify({ ...thing, metadata: { name: 5 } })),
      400,
      'Thing in version "v1" cannot be handled as a Thing: json: cannot unmarshal number into Go struct field ObjectMeta.name of type string',
    ],
    [
      'duplicate and unknown fields',
      `${CUSTOM}?fieldValidation=Strict`,
      post(
        '{"apiVersion":"refusals.example/v1","kind":"Thing","metadata":{"name":"p1","foo":1},"spec":{"a":1,"a":2}}',
      ),
      400,
      'strict decoding error: duplicate field "spec.a", unknown field "metadata.foo"',
    ],
    [
      'a fieldValidation that there is not',
      `${BUILTIN}?fieldValidation=Bogus`,
      post('{"metadata":{"name":"p1"}}'),
      422,
      'fieldValidation: Unsupported value: "Bogus": supported values: "", "Ignore", "Strict", "Warn"',
    ],
    [
      'a custom resource that is updated without its resourceVersion',
      `${CUSTOM}/mx`,
      {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...thing, metadata: { name: 'mx' } }),
      },
      422,
      'things.refusals.example "mx" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
    ],
    [
      'another uid than the object has',
      `${BUILTIN}/mx`,
      { method: 'DELETE', body: { preconditions: { uid: 'other' } } },
      409,
      'Operation cannot be fulfilled on ConfigMap "mx": the UID in the precondition (other) does not match the UID in record (',
    ],
    [
      'another uid than the custom resource has',
      `${CUSTOM}/mx`,
      { method: 'DELETE', body: { preconditions: { uid: 'other' } } },
      409,
      'Operation cannot be fulfilled on Thing.refusals.example "mx": the UID in the precondition (other)',
    ],
    [
      'a revision beyond all revisions',
      `${BUILTIN}?resourceVersion=99999999999999999`,
      {},
      504,
      'Timeout: Too large resource version: ',
    ],
    ['a type that no route has', BUILTIN, { headers: { accept: 'application/*' } }, 406, ROUTED],
    ['HTML of the version', '/version', { headers: { accept: 'text/html' } }, 406, 'application/json'],
    [
      'a table of a review',
      '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      {
        ...post('{"spec":{"resourceAttributes":{"verb":"get"}}}'),
        headers: {
          accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
          'content-type': 'application/json',
        },
      },
      406,
      'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    ],
  ] as const)('of %s says what upstream says', async (_case, path, call, code, message) => {
    const status = await fixture.client.refuse(code, path, call);
    expect(status.message).toContain(message);
  });

  test('of what takes none of our types is JSON for people', async () => {
    const reply = await fixture.client.call(BUILTIN, { headers: { accept: 'text/html' } });
    expect(reply.text).toMatch(/^\{\n {2}"/);
  });

  test('is never in the form that was asked of the object', async () => {
    const accept = 'application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
    const reply = await fixture.client.call(`${BUILTIN}/none`, { headers: { accept } });
    expect([reply.status, reply.headers['content-type']]).toEqual([404, 'application/json']);
  });
});

test('a self subject review is dated', async () => {
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  expect((await fixture.client.create(path, {})).metadata.creationTimestamp).toMatch(/^\d{4}-.*Z$/);
});

test('the version is always indented', async () => {
  expect((await fixture.client.call('/version?pretty=false')).text).toMatch(/^\{\n {2}"/);
});
