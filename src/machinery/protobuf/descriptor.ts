import { assert } from '../../base/mod.ts';
import { MESSAGE_ROWS } from './descriptors.gen.ts';

export type Scalar = 'string' | 'bytes' | 'bool' | 'int32' | 'int64' | 'double';

/**
 * How often a field occurs and what its absence means. `single` fields are always on the wire, and
 * absent they are zero; `pointer` fields can be absent; an `inline` message has its fields in place
 * of itself in JSON.
 */
export type Shape = 'single' | 'pointer' | 'list' | 'map' | 'inline';

/** What JSON writes for a message: an object of its fields, or one of the forms of proto/k8s/options.proto. */
export type Form =
  | 'object'
  | 'time'
  | 'micro_time'
  | 'quantity'
  | 'int_or_string'
  | 'raw_json'
  | 'raw_extension'
  | 'items'
  | 'schema_or_array'
  | 'schema_or_bool'
  | 'schema_or_strings';

/** Number, JSON name, type (a scalar or the name of a message), shape, and whether JSON shows it when empty. */
export type FieldRow = readonly [number: number, name: string, type: string, shape: Shape, keep?: 'keep'];

/** One message as the generated table has it. */
export interface MessageRow {
  readonly name: string;
  readonly form: Form;
  /** Where the message is a kind: its API versions, `*` for any. */
  readonly apiVersions: readonly string[];
  readonly fields: readonly FieldRow[];
}

export interface Field {
  readonly number: number;
  /** The JSON name. */
  readonly name: string;
  readonly shape: Shape;
  /** JSON shows the field when it is empty: as zero, or as null where it is a list, a map or a pointer. */
  readonly isKept: boolean;
  readonly type: Scalar | Message;
  /** The tag that stands before the field on the wire. */
  readonly tag: number;
}

export interface Message {
  readonly name: string;
  readonly form: Form;
  readonly apiVersions: readonly string[];
  /** In the order of their numbers, which is the order on the wire. */
  readonly fields: readonly Field[];
  readonly byNumber: ReadonlyMap<number, Field>;
}

/** The message of a kind; undefined where the kind has no protobuf form (custom resources, Table). */
export function messageOfKind(apiVersion: string, kind: string): Message | undefined {
  const { byKind } = registry();
  return byKind.get(kindKey(apiVersion, kind)) ?? byKind.get(kindKey('*', kind));
}

/** The message of a name such as `core.v1.Secret`. */
export function messageNamed(name: string): Message {
  const message = registry().byName.get(name);
  assert(message !== undefined, `no protobuf message ${name}`);
  return message;
}

/** All messages of the table. */
export function allMessages(): readonly Message[] {
  return [...registry().byName.values()];
}

/** The wire type that a single value of a type has. */
export function wireTypeOf(type: Scalar | Message): 0 | 1 | 2 {
  if (type === 'bool' || type === 'int32' || type === 'int64') return 0;
  return type === 'double' ? 1 : 2;
}

interface Registry {
  readonly byName: ReadonlyMap<string, Message>;
  readonly byKind: ReadonlyMap<string, Message>;
}

let linked: Registry | undefined;

/** Links the table on first use, since most processes that load this module never see protobuf. */
function registry(): Registry {
  linked ??= link();
  return linked;
}

interface OpenMessage extends Message {
  readonly fields: Field[];
  readonly byNumber: Map<number, Field>;
}

const SCALARS: ReadonlySet<string> = new Set<Scalar>(['string', 'bytes', 'bool', 'int32', 'int64', 'double']);

function link(): Registry {
  const byName = new Map<string, OpenMessage>();
  const byKind = new Map<string, Message>();
  // Messages contain each other, so all of them exist before the first field is made.
  for (const { name, form, apiVersions } of MESSAGE_ROWS) {
    const message: OpenMessage = { name, form, apiVersions, fields: [], byNumber: new Map() };
    byName.set(name, message);
    const kind = name.slice(name.lastIndexOf('.') + 1);
    for (const apiVersion of apiVersions) byKind.set(kindKey(apiVersion, kind), message);
  }
  for (const row of MESSAGE_ROWS) {
    const message = byName.get(row.name)!;
    for (const [number, name, typeName, shape, keep] of row.fields) {
      const type = isScalar(typeName) ? typeName : byName.get(typeName);
      assert(type !== undefined, `${row.name}.${name} has the unknown type ${typeName}`);
      const wireType = shape === 'map' ? 2 : wireTypeOf(type);
      const tag = number * 8 + wireType;
      const field: Field = { number, name, shape, isKept: keep === 'keep', type, tag };
      message.fields.push(field);
      message.byNumber.set(number, field);
    }
  }
  return { byName, byKind };
}

function isScalar(name: string): name is Scalar {
  return SCALARS.has(name);
}

function kindKey(apiVersion: string, kind: string): string {
  return `${apiVersion} ${kind}`;
}
