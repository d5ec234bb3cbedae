import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { encodeProtobuf, objectOf } from '../../src/machinery/mod.ts';
import { kinds } from './kinds.ts';
import { anyJson, anyText, oneOf, pick, RawJson, toJson } from './values.ts';

export interface HostileBody {
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

const JSON_HEADERS = { 'content-type': 'application/json' };
const YAML_HEADERS = { 'content-type': 'application/yaml' };
const PROTOBUF_HEADERS = { 'content-type': 'application/vnd.kubernetes.protobuf' };
const MERGE_HEADERS = { 'content-type': 'application/merge-patch+json' };
const STRATEGIC_HEADERS = { 'content-type': 'application/strategic-merge-patch+json' };

const BROKEN_JSON = [
  '',
  '{',
  '[]',
  'null',
  '"x"',
  '1e999',
  '{"a":}',
  '{"a":1,}',
  "{'a':1}",
  '{"a":"\u0001"}',
  '{"a":"\\ud800"}',
  '{"metadata":null}',
  '{"metadata":[]}',
  '{"metadata":{"name":{}}}',
  '{"metadata":{"name":1}}',
  '{"metadata":{"labels":[]}}',
  '{"metadata":{"labels":{"a":1}}}',
  '{"metadata":{"annotations":{"a":null}}}',
  '{"metadata":{"name":"n0","name":"n1"},"metadata":{"name":"n2"}}',
  '{"metadata":{"name":"n0","ownerReferences":[null,{}]}}',
  '{"metadata":{"name":"n0","finalizers":[null,1,""]}}',
  '{"metadata":{"name":"n0","managedFields":[{}],"creationTimestamp":"never"}}',
  '{"metadata":{"name":"n0","creationTimestamp":"0000-00-00T00:00:00Z"}}',
  '{"metadata":{"name":"n0","creationTimestamp":null,"generation":9223372036854775808}}',
  '{"metadata":{"name":"n0","deletionTimestamp":"2024-01-01T00:00:00Z","deletionGracePeriodSeconds":-1}}',
  '{"metadata":{"name":"n0","uid":"x","resourceVersion":"abc","selfLink":"/"}}',
  '{"metadata":{"name":"n0","resourceVersion":"18446744073709551616"}}',
  '{"metadata":{"name":"../n0","namespace":"fuzz-a/.."}}',
  '{"metadata":{"name":"n0"},"__proto__":{"data":{"x":"y"}},"constructor":{"prototype":{}}}',
  '{"metadata":{"__proto__":{"name":"n0"}}}',
  '{"kind":1,"apiVersion":{}}',
  '{"kind":"Secret","apiVersion":"v1","metadata":{"name":"n0"}}',
  '{"kind":"List","apiVersion":"v1","items":[]}',
  '{"metadata":{"name":"n0"},"data":{"":"x","..":"y","a/b":"z"}}',
  '{"metadata":{"name":"n0"},"data":null,"spec":"x","rules":{},"subjects":1,"roleRef":[]}',
  '{"metadata":{"generateName":"g-"},"data":{"a":"AA=="}}',
  '\ufeff{"metadata":{"name":"n0"}}',
];
const BROKEN_YAML = [
  'a: &a [*a]',
  'a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]',
  'metadata: {name: n0}\n---\nmetadata: {name: n1}',
  '%YAML 1.1\n---\nmetadata:\n  name: n0\n',
  '!!js/function "x"',
  '!!binary aGVsbG8=',
  'metadata:\n\tname: n0',
  '? {a: b}\n: c',
  '<<: {metadata: {name: n0}}',
  'metadata: {name: yes}',
  'metadata: {name: 0o17}',
  'metadata:\n  name: 2024-01-01\ndata: {a: .nan, b: -.inf, c: 1_000}',
  '- - - - - a',
  '{'.repeat(3_000),
  '- '.repeat(3_000),
  'a: |\n  x\n y',
  '"\\',
  '# nothing',
];
const PATCHES = [
  '[{"op":"add","path":"/metadata/labels/a~1b~0c","value":"x"}]',
  '[{"op":"add","path":"metadata","value":1}]',
  '[{"op":"remove","path":""}]',
  '[{"op":"replace","path":"","value":null}]',
  '[{"op":"add","path":"/__proto__/x","value":1},{"op":"add","path":"/constructor","value":{}}]',
  '[{"op":"copy","from":"","path":"/data"}]',
  '[{"op":"move","from":"/metadata","path":"/metadata/x"}]',
  '[{"op":"test","path":"/metadata/resourceVersion","value":"1"}]',
  '[{"op":"nothing","path":"/"}]',
  '[{"op":"add","path":"/metadata/finalizers/-1","value":"x"}]',
  '[{"op":"add","path":"/metadata/finalizers/99999999999","value":"x"}]',
  '[null]',
  '[1,2]',
  '{"op":"add"}',
  `[${'{"op":"test","path":"/kind","value":"x"},'.repeat(10_001)}{"op":"remove","path":"/x"}]`,
  `[{"op":"add","path":"/data","value":{}},${Array.from({ length: 30 }, () => '{"op":"copy","from":"/data","path":"/data/x"}').join(',')}]`,
];
const STRATEGIC = [
  '{"$patch":"delete"}',
  '{"$patch":"nothing"}',
  '{"$patch":"replace","metadata":{"name":"n0"}}',
  '{"metadata":{"$patch":"delete"}}',
  '{"metadata":{"$patch":"replace"}}',
  '{"metadata":{"$retainKeys":["name"]}}',
  '{"metadata":{"$retainKeys":1}}',
  '{"metadata":{"ownerReferences":[{"name":"x"}]}}',
  '{"metadata":{"ownerReferences":[{"$patch":"delete","uid":"x"},null,1]}}',
  '{"metadata":{"$setElementOrder/finalizers":["a/b"],"finalizers":["c/d"]}}',
  '{"metadata":{"$setElementOrder/ownerReferences":[{"uid":"a"}]}}',
  '{"metadata":{"$deleteFromPrimitiveList/finalizers":"x"}}',
  '{"metadata":{"$deleteFromPrimitiveList/labels":["x"]}}',
  '{"$setElementOrder/":[]}',
  '{"secrets":[{"name":"a"},{"name":"a","$patch":"replace"}],"$setElementOrder/secrets":[{"name":"a"}]}',
  '{"data":{"$patch":"replace","x":"y"}}',
  '{"rules":[[1]]}',
];

/** Bodies that are broken, huge, deep, or almost right. */
export function hostileBody(): fc.Arbitrary<HostileBody> {
  return oneOf<HostileBody>(
    [8, fc.constantFrom(...BROKEN_JSON).map(text(JSON_HEADERS))],
    [4, anyJson.map((value) => text(JSON_HEADERS)(toJson(value)))],
    [5, fc.constantFrom(...BROKEN_YAML).map(text(YAML_HEADERS))],
    [2, anyText.map(text(YAML_HEADERS))],
    [4, fc.constantFrom(...PATCHES).map(text({ 'content-type': 'application/json-patch+json' }))],
    [4, fc.constantFrom(...STRATEGIC).map(text(STRATEGIC_HEADERS))],
    [
      3,
      fc
        .tuple(anyJson, pick([1, MERGE_HEADERS], [1, STRATEGIC_HEADERS]))
        .map(([value, headers]) => text(headers)(toJson(value))),
    ],
    [6, strangeObject()],
    [5, brokenProtobuf()],
    [
      2,
      fc.uint8Array({ maxLength: 64 }).map((bytes) => ({
        bytes: Buffer.from(bytes),
        headers: { ...JSON_HEADERS, 'content-encoding': 'gzip' },
      })),
    ],
    [1, hugeBody()],
  );
}

/** An object of a real kind, in which anything may stand where it does not belong. */
function strangeObject(): fc.Arbitrary<HostileBody> {
  const kind = fc.constantFrom(...kinds);
  const slots = fc.array(
    fc.tuple(
      fc.constantFrom(
        'metadata',
        'spec',
        'status',
        'data',
        'labels',
        'rules',
        'name',
        'finalizers',
        '__proto__',
      ),
      anyJson,
    ),
    { maxLength: 3 },
  );
  return kind.chain((one) =>
    fc.tuple(one.fields, slots, fc.constantFrom('n0', 'n1')).map(([fields, changes, name]) => {
      const inner = changes.slice(0, 1).map(([key, value]) => `${JSON.stringify(key)}:${toJson(value)}`);
      const metadata = new RawJson(`{${[`"name":"${name}"`, ...inner].join(',')}}`);
      const outer = changes.slice(1).map(([key, value]) => `,${JSON.stringify(key)}:${toJson(value)}`);
      const whole = toJson({ apiVersion: one.apiVersion, kind: one.kind, ...fields, metadata });
      return text(JSON_HEADERS)(`${whole.slice(0, -1)}${outer.join('')}}`);
    }),
  );
}

function brokenProtobuf(): fc.Arbitrary<HostileBody> {
  const metadata = objectOf({ name: 'n0', labels: objectOf({ app: 'a' }) });
  const whole = ['ConfigMap', 'Secret', 'Namespace', 'ServiceAccount'].map((kind) =>
    Buffer.from(encodeProtobuf(objectOf({ apiVersion: 'v1', kind, metadata }))),
  );
  return fc
    .tuple(
      fc.constantFrom(...whole),
      fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 }),
      fc.nat({ max: 80 }),
    )
    .map(([bytes, changes, cut]) => {
      const copy = Buffer.from(bytes);
      for (const [index, value] of changes) copy[index % copy.length] = value;
      return { bytes: cut < 20 ? copy.subarray(0, copy.length - cut) : copy, headers: PROTOBUF_HEADERS };
    });
}

/** Made once: they are what takes time and memory. */
const HUGE: readonly HostileBody[] = [
  { bytes: Buffer.from('['.repeat(100_000)), headers: JSON_HEADERS },
  { bytes: Buffer.from(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`), headers: JSON_HEADERS },
  {
    bytes: Buffer.from(`{"metadata":{"name":"n0"},"spec":{"extra":${'['.repeat(101)}${']'.repeat(101)}}}`),
    headers: JSON_HEADERS,
  },
  {
    bytes: Buffer.from(
      `{"metadata":{"name":"n0"},${Array.from({ length: 20_000 }, (_, index) => `"k${index}":1`).join(',')}}`,
    ),
    headers: JSON_HEADERS,
  },
  {
    bytes: Buffer.from(`{"metadata":{"name":"n0"},"data":{"x":"${'y'.repeat(1_700_000)}"}}`),
    headers: JSON_HEADERS,
  },
  { bytes: Buffer.alloc(3_500_000, 0x20), headers: JSON_HEADERS },
  { bytes: gzipSync(Buffer.alloc(60_000_000)), headers: { ...JSON_HEADERS, 'content-encoding': 'gzip' } },
  { bytes: Buffer.from(`[${'0,'.repeat(400_000)}0]`), headers: JSON_HEADERS },
  { bytes: Buffer.from(`x: ${'"a" '.repeat(50_000)}`), headers: YAML_HEADERS },
  {
    bytes: Buffer.from(Array.from({ length: 20_000 }, (_, index) => `k${index}: v\n`).join('')),
    headers: YAML_HEADERS,
  },
];

function hugeBody(): fc.Arbitrary<HostileBody> {
  return fc.constantFrom(...HUGE);
}

function text(headers: Readonly<Record<string, string>>): (body: string) => HostileBody {
  return (body) => ({ bytes: Buffer.from(body), headers });
}
