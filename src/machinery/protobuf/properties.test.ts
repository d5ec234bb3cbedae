import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import { encodeJson } from '../json.ts';
import { isObject, type JsonObject, type JsonValue, newObject } from '../json-value.ts';
import { StatusError } from '../status-error.ts';
import { allMessages, type Field, type Message, messageOfKind, type Scalar } from './descriptor.ts';
import { openEnvelope } from './envelope.ts';
import { decodeProtobuf, encodeProtobuf } from './mod.ts';
import { SAMPLES } from './samples.suite.ts';

const PROTO_ROOT = fileURLToPath(new URL('../../../proto/', import.meta.url));

const kinds = allMessages().flatMap((message) =>
  message.apiVersions.map((apiVersion) => ({
    apiVersion: apiVersion === '*' ? 'v1' : apiVersion,
    kind: message.name.slice(message.name.lastIndexOf('.') + 1),
    message,
  })),
);

test('the descriptor table is what proto/generate.mjs makes of the .proto files', () => {
  execFileSync(process.execPath, [join(PROTO_ROOT, 'generate.mjs'), '--check']);
});

// Each kind by itself, so that none is left to chance.
test.each(kinds)('any $kind of $apiVersion is the same after a round trip', (kind) => {
  fc.assert(
    fc.property(objectOfKind(kind), (object) => {
      const decoded = decodeProtobuf(encodeProtobuf(object)).object;
      expect(encodeJson(canonical(decoded))).toBe(encodeJson(canonical(object)));
      // What was decoded is already in the form that a second round trip does not change.
      expect(encodeJson(decodeProtobuf(encodeProtobuf(decoded)).object)).toBe(encodeJson(decoded));
    }),
    { numRuns: 12 },
  );
});

test('protobufjs reads and writes the same bytes by the .proto files', () => {
  const root = loadProtoFiles();
  fc.assert(
    fc.property(fc.constantFrom(...kinds).chain(objectOfKind), (object) => {
      const raw = Buffer.from(openEnvelope(encodeProtobuf(object)).raw);
      const { name } = messageOfKind(String(object['apiVersion']), String(object['kind']))!;
      const type = root.get(name)!;
      expect(Buffer.from(type.encode(type.decode(raw)).finish()).equals(raw)).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test('arbitrary bytes are refused with a StatusError or decoded, and never take long', () => {
  fc.assert(
    fc.property(fc.constantFrom(...kinds), fc.uint8Array({ maxLength: 200 }), ({ apiVersion, kind }, raw) => {
      const bytes = encodeEnvelope(apiVersion, kind, raw);
      decodesOrRefuses(bytes);
      decodesOrRefuses(raw);
    }),
    { numRuns: 2000 },
  );
});

test('damaged objects are refused with a StatusError or decoded to something that can be encoded', () => {
  const originals = SAMPLES.map(({ protobuf: text }) => Buffer.from(text, 'base64'));
  const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(fc.constantFrom(...originals), damage, fc.nat(), (original, edits, cut) => {
      const bytes = Buffer.from(original);
      for (const [position, byte] of edits) bytes[position % bytes.length] = byte;
      const decoded = decodesOrRefuses(cut % 3 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes);
      if (decoded !== undefined) encodeProtobuf(decoded);
    }),
    { numRuns: 1200 },
  );
});

function decodesOrRefuses(bytes: Uint8Array): JsonObject | undefined {
  try {
    return decodeProtobuf(bytes).object;
  } catch (error) {
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}

function encodeEnvelope(apiVersion: string, kind: string, raw: Uint8Array): Uint8Array {
  const writer = protobuf.Writer.create().fixed32(0x0073386b);
  writer.uint32(10).fork().uint32(10).string(apiVersion).uint32(18).string(kind).ldelim();
  return writer.uint32(18).bytes(raw).finish();
}

/** All message types by the names of the descriptor table. */
function loadProtoFiles(): ReadonlyMap<string, protobuf.Type> {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) =>
    target.startsWith('google/')
      ? fileURLToPath(import.meta.resolve(`protobufjs/${target}`))
      : join(PROTO_ROOT, target);
  const folders = new Set(kinds.map(({ message }) => message.name.split('.').slice(0, 2).join('/')));
  root.loadSync(
    [...folders].map((folder) => `k8s/${folder}.proto`),
    { keepCase: true },
  );
  const types = new Map<string, protobuf.Type>();
  const visit = (namespace: protobuf.NamespaceBase): void => {
    for (const child of namespace.nestedArray) {
      if (child instanceof protobuf.Type) types.set(child.fullName.split('.').slice(-3).join('.'), child);
      else if (child instanceof protobuf.Namespace) visit(child);
    }
  };
  visit(root.resolveAll());
  return types;
}

/** JSON without the differences that Go does not see: null, empty lists and maps, and absence. */
function canonical(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(canonical);
  if (!isObject(value)) return value;
  const copy = newObject();
  for (const key of Object.keys(value)) {
    const member = value[key];
    if (member !== undefined && !isEmpty(canonical(member))) copy[key] = canonical(member);
  }
  return copy;
}

function isEmpty(value: JsonValue): boolean {
  if (value === null || value === '' || value === 0 || value === false) return true;
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

function objectOfKind({ apiVersion, kind, message }: (typeof kinds)[number]): fc.Arbitrary<JsonObject> {
  return objectArbitrary(message, 0).map((object) => {
    object['apiVersion'] = apiVersion;
    object['kind'] = kind;
    return object;
  });
}

function objectArbitrary(message: Message, depth: number): fc.Arbitrary<JsonObject> {
  const entries = message.fields.flatMap((field) => fieldArbitrary(field, depth));
  const all = entries.map(([name, value]) =>
    fc.option(value, { nil: undefined }).map((chosen) => [name, chosen] as const),
  );
  return fc.tuple(...all).map((chosen) => {
    const object = newObject();
    for (const [name, value] of chosen) if (value !== undefined) object[name] = value;
    return object;
  });
}

function fieldArbitrary({ name, shape, type }: Field, depth: number): [string, fc.Arbitrary<JsonValue>][] {
  if (shape === 'inline') {
    return (type as Message).fields.flatMap((field) => fieldArbitrary(field, depth));
  }
  // Schemas contain themselves; below some depth only scalars are drawn.
  if (depth > 6 && typeof type !== 'string') return [];
  const value = valueArbitrary(type, depth + 1);
  if (shape === 'list') return [[name, fc.array(value, { maxLength: 2 })]];
  if (shape === 'map')
    return [[name, fc.array(fc.tuple(textArbitrary, value), { maxLength: 2 }).map(fromEntries)]];
  return [[name, value]];
}

function valueArbitrary(type: Scalar | Message, depth: number): fc.Arbitrary<JsonValue> {
  if (typeof type === 'string') return scalarArbitrary(type);
  switch (type.form) {
    case 'object':
      // Each schema may hold fourteen: one level of them is enough, and does not take minutes to make up.
      return objectArbitrary(type, type.name.endsWith('.JSONSchemaProps') ? depth + 1 : depth);
    case 'time':
      return dateArbitrary.map((date) => `${date.toISOString().slice(0, 19)}Z`);
    case 'micro_time':
      return fc
        .tuple(dateArbitrary, fc.integer({ min: 0, max: 999 }))
        .map(([date, micros]) => `${date.toISOString().slice(0, 23)}${String(micros).padStart(3, '0')}Z`);
    case 'quantity':
      return fc.constantFrom('0', '1', '500m', '2Gi', '1e3');
    case 'int_or_string':
      return fc.oneof(fc.integer(), textArbitrary);
    case 'items':
      return fc.array(textArbitrary, { minLength: 1, maxLength: 2 });
    case 'raw_json':
    case 'raw_extension':
      return jsonArbitrary;
    case 'schema_or_bool':
      return fc.boolean();
    case 'schema_or_array':
    case 'schema_or_strings': {
      const [schema, list] = type.fields;
      return fc.oneof(
        valueArbitrary(schema!.type, depth),
        fc.array(valueArbitrary(list!.type, depth), { minLength: 1, maxLength: 2 }),
      );
    }
  }
}

function scalarArbitrary(type: Scalar): fc.Arbitrary<JsonValue> {
  switch (type) {
    case 'string':
      return textArbitrary;
    case 'bytes':
      return fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString('base64'));
    case 'bool':
      return fc.boolean();
    case 'int32':
      return fc.integer();
    case 'int64':
      return fc
        .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
        .map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value));
    case 'double':
      return fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
  }
}

const textArbitrary = fc.oneof(
  fc.string({ maxLength: 12, unit: 'binary' }),
  fc.constantFrom('__proto__', 'constructor', 'x'),
);

const dateArbitrary = fc.date({
  min: new Date('1000-01-01T00:00:00Z'),
  max: new Date('9999-12-31T00:00:00Z'),
  noInvalidDate: true,
});

const jsonArbitrary: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.integer(),
  fc.boolean(),
  textArbitrary,
  fc.array(fc.integer(), { maxLength: 3 }),
  fc.array(fc.tuple(textArbitrary, fc.integer()), { maxLength: 3 }).map(fromEntries),
);

function fromEntries(entries: readonly (readonly [string, JsonValue])[]): JsonObject {
  const object = newObject();
  for (const [key, value] of entries) object[key] = value;
  return object;
}
