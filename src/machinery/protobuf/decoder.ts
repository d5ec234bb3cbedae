import protobuf from 'protobufjs/minimal.js';
import { JSON_DEPTH_MAX, JSON_NODES_MAX, parseJson } from '../json.ts';
import { type JsonObject, type JsonValue, newObject, objectOf } from '../json-value.ts';
import { type Field, type Message, messageOfKind, type Scalar, wireTypeOf } from './descriptor.ts';
import { hasProtobufMagic, openEnvelope } from './envelope.ts';
import { microTimeText, type Timestamp, timeText } from './time-message.ts';
import { asBuffer, WireError } from './wire.ts';

/**
 * Reads the fields of a message into `object`, and fills in what Go's JSON encoder prints for absent
 * ones. Where a single field occurs more than once the last occurrence wins; other libraries merge
 * messages, which no encoder of Kubernetes relies on.
 *
 * @throws errors that `wireErrorText` turns into words for the caller.
 */
export function decodeMessage(bytes: Uint8Array, message: Message, object: JsonObject): void {
  new Decoder(bytes, { nodes: 0 }).fields(message, { end: bytes.length, depth: 1 }, object);
}

/** What is left to read of the innermost message, and how many JSON containers its value is in. */
interface Extent {
  readonly end: number;
  /** Counted like the levels of a JSON text, so that whatever is accepted here can be stored as JSON. */
  readonly depth: number;
}

/** How many values there are so far. Two bytes of an empty message may become twenty values. */
interface Budget {
  nodes: number;
}

class Decoder {
  readonly #reader: protobuf.Reader;
  readonly #budget: Budget;

  constructor(bytes: Uint8Array, budget: Budget) {
    this.#reader = protobuf.Reader.create(asBuffer(bytes));
    this.#budget = budget;
  }

  fields(message: Message, { end, depth }: Extent, into: JsonObject): void {
    if (depth > JSON_DEPTH_MAX) throw new WireError('exceeded max depth');
    const reader = this.#reader;
    while (reader.pos < end) {
      const tag = reader.tag();
      const field = message.byNumber.get(tag >>> 3);
      if (field === undefined) this.#skip(tag);
      else if (tag === field.tag) this.#field(field, { end, depth }, into);
      else throw new WireError(`proto: wrong wireType = ${tag & 7} for field ${field.name}`);
    }
    if (reader.pos !== end) throw new WireError('unexpected EOF');
    this.#fillAbsent(message, depth, into);
  }

  #field(field: Field, { end, depth }: Extent, into: JsonObject): void {
    const { name, shape, type } = field;
    if (shape === 'list') {
      this.#spend(1);
      let list = into[name];
      if (!Array.isArray(list)) {
        list = [];
        into[name] = list;
      }
      list.push(this.#value(type, { end, depth: depth + 2 }));
      return;
    }
    if (shape === 'map') {
      this.#mapEntry(field, { end, depth: depth + 1 }, into);
      return;
    }
    if (shape === 'inline') {
      this.fields(asMessage(type), { end: this.#length(end), depth }, into);
      return;
    }
    const value = this.#value(type, { end, depth: depth + 1 });
    const isShown = shape === 'pointer' ? value !== null : !isZero(value);
    if (isShown || field.isKept) into[name] = value;
    else if (into[name] !== undefined) delete into[name];
  }

  #mapEntry(field: Field, { end, depth }: Extent, into: JsonObject): void {
    const entryEnd = this.#length(end);
    let key = '';
    let value: JsonValue | undefined;
    const wireTypeOfValue = wireTypeOf(field.type);
    this.#each(entryEnd, (number, wireType) => {
      if (number === 1 && wireType === 2) key = this.#reader.string();
      else if (number === 2 && wireType === wireTypeOfValue) {
        value = this.#value(field.type, { end: entryEnd, depth: depth + 1 });
      } else if (number <= 2) {
        throw new WireError(`proto: wrong wireType = ${wireType} for field ${field.name}`);
      } else return false;
      return true;
    });
    let map = into[field.name] as JsonObject | undefined;
    if (map === undefined) {
      map = newObject();
      into[field.name] = map;
    }
    map[key] = value ?? this.#absent(field.type, depth + 1);
  }

  /** A value of the type, whose tag has been read. `depth` is the level that it has if it is a container. */
  #value(type: Scalar | Message, { end, depth }: Extent): JsonValue {
    this.#spend(1);
    const reader = this.#reader;
    switch (type) {
      case 'string':
        return reader.string();
      case 'bytes':
        return asBuffer(reader.bytes()).toString('base64');
      case 'bool':
        return reader.bool();
      case 'int32':
        return reader.int32();
      case 'int64':
        return exactInteger(reader.int64());
      case 'double':
        return jsonNumber(reader.double());
      default:
        return this.#message(type, { end: this.#length(end), depth });
    }
  }

  /** The JSON form of a message, which lies between the position and `end`. */
  #message(message: Message, extent: Extent): JsonValue {
    switch (message.form) {
      case 'object': {
        const object = newObject();
        this.fields(message, extent, object);
        return object;
      }
      case 'time':
        return this.#isEmpty(extent) ? null : timeText(this.#timestamp(extent.end));
      case 'micro_time':
        return this.#isEmpty(extent) ? null : microTimeText(this.#timestamp(extent.end));
      case 'quantity':
        return this.#quantity(extent.end);
      case 'int_or_string':
        return this.#intOrString(extent.end);
      case 'raw_json':
        return rawJson(this.#rawBytes(extent.end), extent.depth);
      case 'raw_extension':
        return this.#embedded(this.#rawBytes(extent.end), extent.depth);
      case 'items':
        return this.#items(extent);
      default:
        return this.#schemaUnion(message, extent);
    }
  }

  #timestamp(end: number): Timestamp {
    let seconds: number | bigint = 0;
    let nanos = 0;
    this.#each(end, (number, wireType) => {
      if (number === 1 && wireType === 0) seconds = exactInteger(this.#reader.int64());
      else if (number === 2 && wireType === 0) nanos = this.#reader.int32();
      else return false;
      return true;
    });
    return { seconds, nanos };
  }

  #quantity(end: number): string {
    let text = '0';
    this.#each(end, (number, wireType) => {
      if (number !== 1 || wireType !== 2) return false;
      text = this.#reader.string();
      return true;
    });
    return text;
  }

  #intOrString(end: number): JsonValue {
    let isText = false;
    let number = 0;
    let text = '';
    this.#each(end, (fieldNumber, wireType) => {
      if (fieldNumber === 1 && wireType === 0) isText = exactInteger(this.#reader.int64()) === 1;
      else if (fieldNumber === 2 && wireType === 0) number = this.#reader.int32();
      else if (fieldNumber === 3 && wireType === 2) text = this.#reader.string();
      else return false;
      return true;
    });
    return isText ? text : number;
  }

  /** The only field of FieldsV1, JSON and RawExtension. */
  #rawBytes(end: number): Uint8Array {
    let raw: Uint8Array = new Uint8Array(0);
    this.#each(end, (number, wireType) => {
      if (number !== 1 || wireType !== 2) return false;
      raw = this.#reader.bytes();
      return true;
    });
    return raw;
  }

  #embedded(raw: Uint8Array, depth: number): JsonValue {
    if (!hasProtobufMagic(raw)) return rawJson(raw, depth);
    const { apiVersion, kind, raw: bytes } = openEnvelope(raw);
    const message = messageOfKind(apiVersion, kind);
    if (message === undefined) {
      throw new WireError(`no kind "${kind}" is registered for version "${apiVersion}"`);
    }
    const object = objectOf({ kind, apiVersion });
    new Decoder(bytes, this.#budget).fields(message, { end: bytes.length, depth }, object);
    return object;
  }

  #items({ end }: Extent): JsonValue {
    const items: string[] = [];
    this.#each(end, (number, wireType) => {
      if (number !== 1 || wireType !== 2) return false;
      this.#spend(1);
      items.push(this.#reader.string());
      return true;
    });
    return items;
  }

  /** JSON writes a union as one of its sides; a schema beats a boolean, a list beats a schema. */
  #schemaUnion(message: Message, { end, depth }: Extent): JsonValue {
    const parts = newObject();
    this.#each(end, (number, wireType) => {
      const field = message.byNumber.get(number);
      if (field === undefined || wireType !== wireTypeOf(field.type)) return false;
      // The parts object is not in the result, so its fields are one level less deep than they look.
      this.#field(field, { end, depth: depth - 1 }, parts);
      return true;
    });
    if (message.form === 'schema_or_bool') return parts['schema'] ?? parts['allows'] ?? false;
    return parts['jSONSchemas'] ?? parts['property'] ?? parts['schema'] ?? null;
  }

  /**
   * Shows what JSON shows of absent fields: messages that Go embeds by value, zero scalars without
   * omitempty, and null for nil lists, maps and pointers without it.
   */
  #fillAbsent(message: Message, depth: number, into: JsonObject): void {
    for (const { name, shape, type, isKept } of message.fields) {
      if (shape === 'inline') this.#fillAbsent(asMessage(type), depth, into);
      else if (into[name] !== undefined) continue;
      else if (shape === 'single') {
        if (isKept || isObjectMessage(type)) into[name] = this.#absent(type, depth + 1);
      } else if (isKept) into[name] = null;
    }
  }

  /** The JSON form of an absent single field or map value. */
  #absent(type: Scalar | Message, depth: number): JsonValue {
    this.#spend(1);
    if (type === 'string' || type === 'bytes') return '';
    if (type === 'bool') return false;
    if (type === 'int32' || type === 'int64' || type === 'double') return 0;
    return this.#message(type, { end: this.#reader.pos, depth });
  }

  /** Walks over the fields up to `end`; what `take` does not take is skipped. */
  #each(end: number, take: (number: number, wireType: number) => boolean): void {
    const reader = this.#reader;
    while (reader.pos < end) {
      const tag = reader.tag();
      if (!take(tag >>> 3, tag & 7)) this.#skip(tag);
    }
    if (reader.pos !== end) throw new WireError('unexpected EOF');
  }

  #skip(tag: number): void {
    const wireType = tag & 7;
    if (tag >>> 3 === 0) throw new WireError(`proto: illegal tag 0 (wire type ${wireType})`);
    this.#reader.skipType(wireType, 0, tag >>> 3);
  }

  /** Reads the length of a message within `end`, and says where the message ends. */
  #length(end: number): number {
    const size = this.#reader.size();
    const innerEnd = this.#reader.pos + size;
    if (innerEnd > end) throw new WireError('unexpected EOF');
    return innerEnd;
  }

  #isEmpty({ end }: Extent): boolean {
    return this.#reader.pos === end;
  }

  #spend(nodes: number): void {
    this.#budget.nodes += nodes;
    if (this.#budget.nodes > JSON_NODES_MAX) throw new WireError('too many values');
  }
}

function rawJson(raw: Uint8Array, depth: number): JsonValue {
  if (raw.length === 0) return null;
  return parseJson(raw, { depthMax: Math.max(0, JSON_DEPTH_MAX - depth + 1) }).value;
}

function isZero(value: JsonValue): boolean {
  return value === null || value === '' || value === 0 || value === false;
}

function isObjectMessage(type: Scalar | Message): boolean {
  return typeof type !== 'string' && type.form === 'object';
}

function asMessage(type: Scalar | Message): Message {
  return type as Message;
}

/** A number where that is exact, else a bigint. protobufjs returns a pair of 32-bit halves. */
function exactInteger(value: number | { readonly low: number; readonly high: number }): number | bigint {
  if (typeof value === 'number') return value;
  const { low, high } = value;
  const approximate = high * 0x1_0000_0000 + (low >>> 0);
  if (Number.isSafeInteger(approximate)) return approximate;
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}

/** JSON has neither NaN nor infinities, and -0 is 0 to it. */
function jsonNumber(value: number): number {
  if (!Number.isFinite(value)) throw new WireError(`json: unsupported value: ${goFloat(value)}`);
  return value === 0 ? 0 : value;
}

function goFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}
