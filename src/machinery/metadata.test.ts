import { describe, expect, test } from 'vitest';
import { type FieldError, fieldErrorText } from './field-error.ts';
import { parseJson } from './json.ts';
import type { JsonValue } from './json-value.ts';
import type { ObjectMeta } from './kube-object.ts';
import {
  checkMetadataTypes,
  dedupeOwnerReferences,
  generateName,
  metadataWarnings,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from './metadata.ts';
import { validateDns1123SubdomainName, validatePathSegmentName } from './names.ts';

const json = (text: string): JsonValue => parseJson(text).value;
const meta = (text: string): ObjectMeta => json(text) as ObjectMeta;
const texts = (errors: readonly FieldError[]): string[] => errors.map(fieldErrorText);

const CREATE = { isNamespaced: true, validateName: validateDns1123SubdomainName, isCustomResource: true };
const created = (text: string, options: Partial<typeof CREATE> = {}): string[] =>
  texts(validateObjectMeta(meta(text), { ...CREATE, ...options }));
const GOOD = '"name":"a","namespace":"default"';

describe('validateObjectMeta', () => {
  test('accepts ordinary metadata', () => {
    const text = `{${GOOD},"labels":{"app.kubernetes.io/name":"x","e":null},"annotations":{"Upper.Case/key":"any <text>"},
      "finalizers":["example.com/x","foregroundDeletion"],"ownerReferences":[{"apiVersion":"apps/v1","kind":"D","name":"d","uid":"u","controller":true}],
      "managedFields":[{"manager":"m","operation":"Apply","fieldsType":"FieldsV1","fieldsV1":{}}]}`;
    expect(created(text)).toEqual([]);
    expect(created(text, { isCustomResource: false })).toEqual([]);
  });

  test('wants a name and a namespace', () => {
    expect(created('{}')).toEqual([
      'metadata.name: Required value: name or generateName is required',
      'metadata.namespace: Required value',
    ]);
    expect(created('{"name":"a","namespace":"x"}', { isNamespaced: false })).toEqual([
      'metadata.namespace: Forbidden: not allowed on this type',
    ]);
  });

  test('names follow the rule of the kind, and always that of path segments', () => {
    const [error] = created('{"name":"Foo","namespace":"default"}');
    expect(error).toMatch(/^metadata\.name: Invalid value: "Foo": a lowercase RFC 1123 subdomain must/);
    expect(created('{"name":"a/b","namespace":"n"}', { validateName: () => [] })).toEqual([
      'metadata.name: Invalid value: "a/b": may not contain \'/\'',
    ]);
    expect(created('{"name":"..","namespace":"n"}', { validateName: validatePathSegmentName })).toEqual([
      'metadata.name: Invalid value: "..": may not be \'..\'',
    ]);
    expect(created('{"name":"web-x","generateName":"web-","namespace":"n"}')).toEqual([]);
    expect(created('{"name":"x","generateName":"Web-","namespace":"n"}')[0]).toMatch(
      /^metadata\.generateName: /,
    );
  });

  test('labels, annotations and generation are checked', () => {
    const errors = created(`{${GOOD},"labels":{"a b":"c d"},"annotations":{"x y":""},"generation":-1}`);
    expect(errors.map((text) => text.split(': ', 3).join(': '))).toEqual([
      'metadata.generation: Invalid value: -1',
      'metadata.labels: Invalid value: "a b"',
      'metadata.labels: Invalid value: "c d"',
      'metadata.annotations: Invalid value: "x y"',
    ]);
  });

  test('annotations may have 262144 bytes in total', () => {
    const withBytes = (count: number) => `{${GOOD},"annotations":{"k":"${'é'.repeat(count / 2)}"}}`;
    expect(created(withBytes(262_142))).toEqual([]);
    expect(created(withBytes(262_144))).toEqual([
      'metadata.annotations: Too long: may not be more than 262144 bytes',
    ]);
  });

  test('owner references are complete, have one controller and are no Events', () => {
    expect(created(`{${GOOD},"ownerReferences":[{"apiVersion":"a/b/c"}]}`)).toEqual([
      'metadata.ownerReferences.apiVersion: Invalid value: "a/b/c": version must not be empty',
      'metadata.ownerReferences.kind: Invalid value: "": must not be empty',
      'metadata.ownerReferences.name: Invalid value: "": must not be empty',
      'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
    ]);
    const owner = (kind: string) =>
      `{"apiVersion":"v1","kind":"${kind}","name":"n","uid":"u-${kind}","controller":true}`;
    expect(created(`{${GOOD},"ownerReferences":[${owner('A')},${owner('B')}]}`)[0]).toContain(
      'Only one reference can have Controller set to true. Found "true" in references for A/n and B/n',
    );
    expect(created(`{${GOOD},"ownerReferences":[${owner('Event')}]}`)[0]).toContain(
      '/v1, Kind=Event is disallowed from being an owner',
    );
  });

  test('finalizers are qualified names, and the two of the garbage collector exclude each other', () => {
    expect(created(`{${GOOD},"finalizers":["orphan","foregroundDeletion"]}`)).toEqual([
      'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
    ]);
    expect(created(`{${GOOD},"finalizers":["cleanup"]}`)).toEqual([]);
    expect(created(`{${GOOD},"finalizers":["x/y","cleanup"]}`, { isCustomResource: false })).toEqual([
      'metadata.finalizers[1]: Invalid value: "cleanup": name is neither a standard finalizer name nor is it fully qualified',
    ]);
    expect(created(`{${GOOD},"finalizers":[""]}`)).not.toEqual([]);
  });

  test('managed fields name a known operation and type', () => {
    const entry = `{"operation":"Patch","fieldsType":"X","manager":"${'m'.repeat(129)}"}`;
    expect(created(`{${GOOD},"managedFields":[${entry}]}`)).toEqual([
      'metadata.managedFields[0].operation: Invalid value: "Patch": must be `Apply` or `Update`',
      'metadata.managedFields[0].fieldsType: Invalid value: "X": must be `FieldsV1`',
      'metadata.managedFields[0].manager: Too long: may not be more than 128 bytes',
    ]);
  });
});

describe('validateObjectMetaUpdate', () => {
  const OLD = `${GOOD},"uid":"u","resourceVersion":"5","generation":3,"creationTimestamp":"2024-01-02T03:04:05Z"`;
  const updated = (newText: string, oldText: string): string[] =>
    texts(validateObjectMetaUpdate(meta(newText), meta(oldText)));

  test('accepts an unchanged object', () => {
    expect(updated(`{${OLD}}`, `{${OLD}}`)).toEqual([]);
  });

  test('names, namespace, uid and server times are immutable', () => {
    expect(
      updated('{"name":"b","namespace":"c","uid":"v","resourceVersion":"5","generation":3}', `{${OLD}}`),
    ).toEqual([
      'metadata.name: Invalid value: "b": field is immutable',
      'metadata.namespace: Invalid value: "c": field is immutable',
      'metadata.uid: Invalid value: "v": field is immutable',
      'metadata.creationTimestamp: Invalid value: null: field is immutable',
    ]);
  });

  test('a version is needed and the generation only grows', () => {
    expect(updated(`{${OLD.replace('"5"', '""').replace('3,', '2,')}}`, `{${OLD}}`)).toEqual([
      'metadata.resourceVersion: Invalid value: 0: must be specified for an update',
      'metadata.generation: Invalid value: 2: must not be decremented',
    ]);
  });

  test('an object that is being deleted gets no new finalizers', () => {
    const deleting = `${OLD},"deletionTimestamp":"2024-01-02T03:04:06Z"`;
    const with_ = (finalizers: string) => `{${deleting},"finalizers":${finalizers}}`;
    expect(updated(with_('["a/a"]'), with_('["a/a","b/b"]'))).toEqual([]);
    expect(updated(with_('["z/z","a/a","c/c"]'), with_('["a/a"]'))).toEqual([
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"c/c", "z/z"}',
    ]);
    expect(updated(`{${OLD},"finalizers":["a/a"]}`, `{${OLD}}`)).toEqual([]);
  });
});

test('finalizers of custom resources without domain or path draw a warning, unless they were there', () => {
  const object = meta('{"finalizers":["b","orphan","a.example.com","example.com/ok"]}');
  const both = [
    'metadata.finalizers: "a.example.com": prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers',
    'metadata.finalizers: "b": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers',
  ];
  expect(metadataWarnings(object, { isCustomResource: true })).toEqual(both);
  expect(metadataWarnings(object, { isCustomResource: true, old: meta('{"finalizers":["b"]}') })).toEqual([
    both[0],
  ]);
  expect(metadataWarnings(object, { isCustomResource: false })).toEqual([]);
});

test('only exact duplicates of owner references are dropped, with a warning', () => {
  const one = '{"apiVersion":"v1","kind":"A","name":"n","uid":"u1"}';
  const reordered = '{"uid":"u1","name":"n","kind":"A","apiVersion":"v1"}';
  const other = '{"apiVersion":"v1","kind":"A","name":"n","uid":"u1","controller":true}';
  const object = meta(`{"ownerReferences":[${one},${reordered},${other},${other}]}`);
  expect(dedupeOwnerReferences(object)).toMatch(/; duplicate UID\(s\) observed: u1, u1$/);
  expect(object.ownerReferences).toEqual([json(one), json(other)]);
  expect(dedupeOwnerReferences(object)).toBeUndefined();
});

test('generated names have five characters more, and at most 63', () => {
  let next = 0;
  const random = (max: number) => next++ % max;
  expect(generateName('web-', random)).toBe('web-bcdfg');
  expect(generateName('x'.repeat(100), random)).toHaveLength(63);
});

test('generateName cuts after bytes, and never leaves half of a surrogate pair', () => {
  const name = generateName(`a${'😀'.repeat(40)}`, () => 0);
  expect(name).toBe(`a${'😀'.repeat(14)}\ufffdbbbbb`);
  expect(Buffer.from(name).toString()).toBe(name);
});

describe('checkMetadataTypes', () => {
  test.each([
    ['{"name":"a","labels":{"a":"b"},"finalizers":["x"],"generation":1,"unknown":{}}', undefined],
    [
      '{"labels":null,"creationTimestamp":null,"managedFields":[{"fieldsV1":{"f:x":{}},"time":null}]}',
      undefined,
    ],
    ['"x"', 'json: cannot unmarshal string into Go value of type v1.ObjectMeta'],
    ['{"name":1}', 'json: cannot unmarshal number into Go struct field ObjectMeta.name of type string'],
    [
      '{"labels":{"a":true}}',
      'json: cannot unmarshal bool into Go struct field ObjectMeta.labels of type string',
    ],
    [
      '{"labels":["a"]}',
      'json: cannot unmarshal array into Go struct field ObjectMeta.labels of type map[string]string',
    ],
    [
      '{"finalizers":"a"}',
      'json: cannot unmarshal string into Go struct field ObjectMeta.finalizers of type []string',
    ],
    [
      '{"generation":1.5}',
      'json: cannot unmarshal number 1.5 into Go struct field ObjectMeta.generation of type int64',
    ],
    [
      '{"ownerReferences":[{"uid":{}}]}',
      'json: cannot unmarshal object into Go struct field OwnerReference.ownerReferences.uid of type types.UID',
    ],
    ['{"creationTimestamp":5}', 'json: cannot unmarshal number into Go value of type string'],
    [
      '{"deletionTimestamp":"soon"}',
      'parsing time "soon" as "2006-01-02T15:04:05Z07:00": cannot parse "soon" as "2006"',
    ],
  ])('%s', (text, expected) => {
    expect(checkMetadataTypes(json(text))).toBe(expected);
  });
});
