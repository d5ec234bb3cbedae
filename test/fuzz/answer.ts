import { parse as parseYaml } from 'yaml';
import { decodeProtobuf, type JsonValue, parseJson } from '../../src/machinery/mod.ts';
import type { Answer, Call } from './transport.ts';

/** An object on the wire. */
export interface Wire {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: WireMetadata;
  readonly items?: readonly Wire[];
  readonly [field: string]: unknown;
}

export interface WireMetadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly finalizers?: readonly string[];
  readonly deletionTimestamp?: string;
}

const EVENT_START = Buffer.from('{"type":');
const NOT_FOUND = '404 page not found\n';
/** For these upstream's servers have no class of error either: their plain texts come with a 5xx. */
const ALLOWED_FAILURES: readonly (readonly [number, RegExp])[] = [
  [500, /resourceVersion should not be set on objects to be created/],
  [500, /map: .* does not contain declared merge key: \w+/],
  [500, /unknown patch type: .* in map: /],
  [500, /expected a .*, but received a /],
  [500, /list element types are not identical: /],
  // What an apply says of a configuration that is not of the kind's type, or that its type cannot hold.
  [500, /failed to create typed (?:patch|live) object \(/],
  [500, /failed to convert new object \(/],
  [504, /Timeout: Too large resource version: /],
  [504, /Timeout: request did not complete within requested timeout/],
];

/** What is in a complete answer, or undefined for one without an object. Throws for what may not be sent. */
export function readAnswer(call: Call, answer: Answer): Wire | undefined {
  const { status, contentType, body } = answer;
  if (status === 0) return undefined;
  if (status === 200 && isWatch(answer)) return readWatch(answer);
  if (answer.isOpen) return undefined;
  // A watch of a kind that goes away ends, perhaps before it has told anything.
  if (status === 200 && body.length === 0 && /[?&]watch=/.test(call.path)) return undefined;
  if (call.method === 'HEAD' || status === 304 || status === 301) {
    if (body.length > 0) throw new Error(`a body in answer to ${call.method}`);
    return undefined;
  }
  const [mediaType = ''] = contentType.split(';');
  if (mediaType === 'text/plain') return readText(answer);
  const value = parseBody(mediaType, body);
  if (status >= 400) assertStatus(answer, value);
  return value;
}

/** Whether an answer of failure is one that Kubernetes' servers give as well. */
export function isAllowedFailure(status: number, message: string): boolean {
  return ALLOWED_FAILURES.some(([code, pattern]) => code === status && pattern.test(message));
}

/** Events one after the other; the last one may be cut where the stream was left. */
function readWatch({ body, contentType, isOpen }: Answer): undefined {
  if (contentType.endsWith('stream=watch')) {
    let offset = 0;
    while (offset + 4 <= body.length) offset += 4 + body.readUInt32BE(offset);
    if (!isOpen && offset !== body.length) throw new Error('a frame of a watch is cut');
    return undefined;
  }
  const lines = body.toString().split('\n');
  const rest = lines.pop();
  if (!isOpen && rest !== '' && contentType === 'application/json' && lines.length > 0)
    throw new Error(`a watch ends with ${rest}`);
  for (const line of lines) {
    const { type, object } = JSON.parse(line) as { type?: string; object?: Wire };
    if (type === 'ERROR' && object?.['code'] !== 410) throw new Error(`a watch was told ${line}`);
    if (object?.kind === undefined || type === undefined) throw new Error(`a watch was told ${line}`);
  }
  return undefined;
}

function readText({ status, body }: Answer): undefined {
  const text = body.toString();
  if (status === 200 || (status === 404 && text === NOT_FOUND)) return undefined;
  // The documents of OpenAPI come in their own types.
  if (status === 406 && text === '') return undefined;
  throw new Error(`the text ${JSON.stringify(text.slice(0, 500))} with ${status}`);
}

function parseBody(mediaType: string, body: Buffer): Wire {
  switch (mediaType) {
    case 'application/json':
      return JSON.parse(body.toString()) as Wire;
    case 'application/yaml':
      return parseYaml(body.toString(), { maxAliasCount: 0 }) as Wire;
    case 'application/vnd.kubernetes.protobuf':
      return decodeProtobuf(body).object as unknown as Wire;
    case 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf':
    case 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf':
      return {};
    default:
      throw new Error(`the content type ${mediaType}`);
  }
}

function assertStatus({ status, body }: Answer, value: Wire): void {
  const { kind, apiVersion, status: outcome, message, reason, code } = value;
  const isWhole =
    kind === 'Status' &&
    apiVersion === 'v1' &&
    outcome === 'Failure' &&
    code === status &&
    typeof message === 'string';
  if (!isWhole || message === '')
    throw new Error(`${status} without a Status: ${body.toString().slice(0, 500)}`);
  const isAllowed = isAllowedFailure(status, message);
  if (status >= 500 && !isAllowed) throw new Error(`${status}: ${message}`);
  if (!isAllowed && (typeof reason !== 'string' || reason === ''))
    throw new Error(`${status} without a reason: ${message}`);
}

/** By what it is, since hostile requests ask for watches in strange ways. */
function isWatch({ contentType, body }: Answer): boolean {
  return contentType.endsWith('stream=watch') || body.subarray(0, 8).equals(EVENT_START);
}

/** The value without kind and apiVersion, keys in order: equal texts are equal objects in any encoding. */
export function canonical(text: string): string {
  const { value } = parseJson(text);
  return order(withoutTypes(value)) ?? '';
}

/** The same of a value that was parsed elsewhere. */
export function canonicalValue(value: unknown): string {
  return order(withoutTypes(value as JsonValue)) ?? '';
}

function withoutTypes(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const { apiVersion: _version, kind: _kind, ...rest } = value;
  return rest as JsonValue;
}

function order(value: JsonValue | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'bigint') return String(Number(value));
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(order).join(',')}]`;
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${order(value[key])}`);
  return `{${members.join(',')}}`;
}
