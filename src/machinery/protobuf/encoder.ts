import type protobuf from 'protobufjs/minimal.js';
import { assert } from '../../base/mod.ts';
import { encodeJson, JSON_DEPTH_MAX } from '../json.ts';
import { isObject, type JsonObject, type JsonValue, newObject } from '../json-value.ts';
import type { Field, Message, Scalar } from './descriptor.ts';
import { microTimeMessage, type Timestamp, timeMessage } from './time-message.ts';

/**
 * Writes the fields of an object, in the order and with the zeros of Go's encoder. The object is
 * valid by now, so that a value of the wrong type is our own fault.
 */
export function encodeFields(writer: protobuf.Writer, message: Message, object: JsonObject, depth = 1): void {
  // A union of the schema language adds a message where JSON adds nothing.
  assert(depth <= 2 * JSON_DEPTH_MAX, `${message.name} nests too deeply`);
  for (const field of message.fields) {
    if (field.shape === 'inline') {
      writer.uint32(field.tag).fork();
      encodeFields(writer, field.type as Message, object, depth + 1);
      writer.ldelim();
      continue;
    }
    const value = object[field.name];
    if (value !== undefined && value !== null) encodeField(writer, field, value, depth);
    else if (field.shape === 'single') encodeZero(writer, field, depth);
  }
}

const EMPTY = newObject();

function encodeField(writer: protobuf.Writer, field: Field, value: JsonValue, depth: number): void {
  if (field.shape === 'list') {
    assert(Array.isArray(value), `${field.name} is no list`);
    for (const item of value) {
      writer.uint32(field.tag);
      encodeValue(writer, field.type, item, depth);
    }
    return;
  }
  if (field.shape === 'map') {
    assert(isObject(value), `${field.name} is no map`);
    for (const key of Object.keys(value).sort()) {
      const item = value[key];
      if (item !== undefined) encodeMapEntry(writer, field, key, item, depth);
    }
    return;
  }
  writer.uint32(field.tag);
  encodeValue(writer, field.type, value, depth);
}

function encodeMapEntry(
  writer: protobuf.Writer,
  field: Field,
  key: string,
  value: JsonValue,
  depth: number,
): void {
  writer.uint32(field.tag).fork().uint32(10).string(key);
  // All map values of the table are length-delimited: text, bytes or messages. Nil bytes are left out.
  if (value !== null || field.type !== 'bytes') {
    writer.uint32(18);
    encodeValue(writer, field.type, value, depth);
  }
  writer.ldelim();
}

/** Go leaves out nil bytes, and writes every other field that is no pointer. */
function encodeZero(writer: protobuf.Writer, field: Field, depth: number): void {
  const { type, tag } = field;
  if (type === 'bytes') return;
  writer.uint32(tag);
  if (typeof type !== 'string') {
    writer.fork();
    if (type.form === 'object') encodeFields(writer, type, EMPTY, depth + 1);
    writer.ldelim();
  } else if (type === 'string') writer.string('');
  else if (type === 'double') writer.double(0);
  else writer.uint32(0);
}

function encodeValue(writer: protobuf.Writer, type: Scalar | Message, value: JsonValue, depth: number): void {
  if (typeof type === 'string') encodeScalar(writer, type, value);
  else {
    writer.fork();
    encodeMessage(writer, type, value, depth + 1);
    writer.ldelim();
  }
}

function encodeScalar(writer: protobuf.Writer, type: Scalar, value: JsonValue): void {
  switch (type) {
    case 'string':
      writer.string(textOf(value));
      break;
    case 'bytes':
      writer.bytes(Buffer.from(textOf(value), 'base64'));
      break;
    case 'bool':
      writer.bool(value === true);
      break;
    case 'int32':
      writer.int32(Number(value));
      break;
    case 'int64':
      writer.int64(typeof value === 'bigint' ? String(value) : Number(value));
      break;
    case 'double':
      writer.double(Number(value));
      break;
  }
}

/** The inside of a message, without its length. Null is the empty message of any form. */
function encodeMessage(writer: protobuf.Writer, message: Message, value: JsonValue, depth: number): void {
  switch (message.form) {
    case 'object':
      assert(value === null || isObject(value), `${message.name} is no object`);
      encodeFields(writer, message, value ?? EMPTY, depth);
      break;
    case 'time':
      encodeTimestamp(writer, value === null ? undefined : timeMessage(textOf(value)));
      break;
    case 'micro_time':
      encodeTimestamp(writer, value === null ? undefined : microTimeMessage(textOf(value)));
      break;
    case 'quantity':
      writer.uint32(10).string(value === null ? '0' : String(value));
      break;
    case 'int_or_string':
      encodeIntOrString(writer, value);
      break;
    case 'raw_json':
    case 'raw_extension':
      if (value !== null) writer.uint32(10).string(encodeJson(value));
      break;
    case 'items':
      for (const item of listOf(value)) writer.uint32(10).string(textOf(item));
      break;
    default:
      encodeSchemaUnion(writer, message, value, depth);
  }
}

function encodeTimestamp(writer: protobuf.Writer, time: Timestamp | undefined): void {
  if (time === undefined) return;
  writer.uint32(8).int64(Number(time.seconds)).uint32(16).int32(time.nanos);
}

function encodeIntOrString(writer: protobuf.Writer, value: JsonValue): void {
  const isText = typeof value === 'string';
  writer.uint32(8).uint32(isText ? 1 : 0);
  writer.uint32(16).int32(isText ? 0 : Number(value));
  writer.uint32(26).string(isText ? value : '');
}

/** Writes the side of the union that the JSON value is: field 1 and 2 of each union lie as in proto/k8s. */
function encodeSchemaUnion(writer: protobuf.Writer, message: Message, value: JsonValue, depth: number): void {
  const [first, second] = message.fields;
  assert(first !== undefined && second !== undefined, `${message.name} is no union`);
  if (message.form === 'schema_or_bool') {
    // A schema allows what matches it, and Go says so in the boolean too.
    writer.uint32(first.tag).bool(value === true || isObject(value));
    if (isObject(value)) encodeField(writer, second, value, depth);
  } else if (isObject(value)) encodeField(writer, first, value, depth);
  else encodeField(writer, second, listOf(value), depth);
}

/** Go reads null into a text as the empty one. */
function textOf(value: JsonValue): string {
  assert(value === null || typeof value === 'string', 'a value is no text');
  return value ?? '';
}

function listOf(value: JsonValue): JsonValue[] {
  assert(value === null || Array.isArray(value), 'a value is no list');
  return value ?? [];
}
