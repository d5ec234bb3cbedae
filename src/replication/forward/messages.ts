import type { ShardName } from '../../base/mod.ts';
import {
  type FieldReader,
  type FieldWriter,
  NO_BYTES,
  newWriter,
  numberOf,
  readFields,
  readNumbers,
} from './fields.ts';

/** A header: names in lower case, values as the Latin-1 text that Node makes of their bytes. */
export type HeaderLine = readonly [name: string, value: string];

/** Who somebody was found to be by the member that took the request. */
export interface ForwardedUser {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** What is to be carried out: the request as it came, but for who makes it. */
export interface RequestContent {
  readonly method: string;
  /** Path and query as they came. */
  readonly url: string;
  readonly headers: readonly HeaderLine[];
  /** Absent: there was none, which for deletions is not the same as an empty one. */
  readonly body: Uint8Array | undefined;
  readonly user: ForwardedUser;
  /** Where clients reach the member that took it. */
  readonly baseUrl: string;
  /** By which the positions of that member are known. */
  readonly memberNumber: number;
  /** How that member shows the object in question, and which revision of the shard that is. */
  readonly shown?: { readonly text: string; readonly revision: number } | undefined;
}

/** `ForwardedRequest` of the proto file. */
export interface ForwardedRequest extends RequestContent {
  readonly shard: ShardName;
  readonly service: Uint8Array;
  readonly nonce: Uint8Array;
  readonly id: Uint8Array;
  readonly sentMs: number;
  readonly lifetimeMs: number;
  readonly leftMs: number;
}

/** What a request came to at the home. */
export interface ForwardedResponse {
  readonly status: number;
  readonly headers: readonly HeaderLine[];
  readonly body: Uint8Array;
  /** What the home had committed when it answered. */
  readonly revision: number;
  /** Revisions that the body shows as positions of the member that took the request. */
  readonly shownRevisions: readonly number[];
  /** Nobody knows whether it was carried out. */
  readonly isUnknown: boolean;
}

export const REFUSALS = ['service', 'away', 'busy', 'denied', 'clock', 'replayed'] as const;
/** Why a home did not carry a request out. */
export type Refusal = (typeof REFUSALS)[number];

export type ForwardedAnswer = { readonly nonce: Uint8Array; readonly service: Uint8Array } & (
  | { readonly kind: 'response'; readonly response: ForwardedResponse }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly detail: string }
);

export function encodeRequest(request: ForwardedRequest): Uint8Array {
  const writer = newWriter();
  writer.uint32(10).string(request.shard).uint32(18).bytes(request.service);
  writer.uint32(26).bytes(request.nonce).uint32(34).bytes(request.id);
  writer.uint32(40).uint64(request.sentMs).uint32(48).uint32(request.lifetimeMs);
  writer.uint32(56).uint32(request.leftMs);
  encodeContent(writer, request);
  return writer.finish();
}

/** What makes two requests the same one: all that is carried out, and for whom. */
export function encodeContentAlone(content: RequestContent): Uint8Array {
  const writer = newWriter();
  encodeContent(writer, content);
  return writer.finish();
}

function encodeContent(writer: FieldWriter, content: RequestContent): void {
  writer.uint32(66).string(content.method).uint32(74).string(content.url);
  for (const line of content.headers) encodeHeader(writer.uint32(82), line);
  if (content.body !== undefined) writer.uint32(90).bytes(content.body).uint32(96).bool(true);
  const { user, shown } = content;
  writer.uint32(106).fork().uint32(10).string(user.name).uint32(18).string(user.uid);
  for (const group of user.groups) writer.uint32(26).string(group);
  for (const [key, values] of Object.entries(user.extra)) {
    writer.uint32(34).fork().uint32(10).string(key);
    for (const value of values) writer.uint32(18).string(value);
    writer.ldelim();
  }
  writer.ldelim();
  writer.uint32(114).string(content.baseUrl).uint32(120).uint32(content.memberNumber);
  if (shown !== undefined) writer.uint32(130).string(shown.text).uint32(136).uint64(shown.revision);
}

export function decodeRequest(bytes: Uint8Array): ForwardedRequest {
  const request = {
    shard: '' as ShardName,
    service: NO_BYTES,
    nonce: NO_BYTES,
    id: NO_BYTES,
    sentMs: 0,
    lifetimeMs: 0,
    leftMs: 0,
    method: '',
    url: '',
    body: NO_BYTES as Uint8Array | undefined,
    user: { name: '', uid: '', groups: [], extra: {} } as ForwardedUser,
    baseUrl: '',
    memberNumber: 0,
  };
  const headers: HeaderLine[] = [];
  const shown = { text: '', revision: 0 };
  let hasBody = false;
  readFields(bytes, 'a forwarded request', (reader, field) => {
    if (field === 1) request.shard = reader.string() as ShardName;
    else if (field === 2) request.service = reader.bytes();
    else if (field === 3) request.nonce = reader.bytes();
    else if (field === 4) request.id = reader.bytes();
    else if (field === 5) request.sentMs = numberOf(reader.uint64());
    else if (field === 6) request.lifetimeMs = reader.uint32();
    else if (field === 7) request.leftMs = reader.uint32();
    else if (field === 8) request.method = reader.string();
    else if (field === 9) request.url = reader.string();
    else if (field === 10) headers.push(decodeHeader(reader));
    else if (field === 11) request.body = reader.bytes();
    else if (field === 12) hasBody = reader.bool();
    else if (field === 13) request.user = decodeUser(reader.bytes());
    else if (field === 14) request.baseUrl = reader.string();
    else if (field === 15) request.memberNumber = reader.uint32();
    else if (field === 16) shown.text = reader.string();
    else if (field === 17) shown.revision = numberOf(reader.uint64());
    else return false;
    return true;
  });
  return {
    ...request,
    body: hasBody ? request.body : undefined,
    headers,
    shown: shown.text === '' ? undefined : shown,
  };
}

export function encodeAnswer(answer: ForwardedAnswer): Uint8Array {
  const writer = newWriter().uint32(10).bytes(answer.nonce).uint32(18).bytes(answer.service);
  if (answer.kind === 'refused') {
    return writer.uint32(26).string(answer.refusal).uint32(34).string(answer.detail).finish();
  }
  const { response } = answer;
  writer.uint32(40).uint32(response.status);
  for (const line of response.headers) encodeHeader(writer.uint32(50), line);
  writer.uint32(58).bytes(response.body).uint32(64).uint64(response.revision);
  for (const revision of response.shownRevisions) writer.uint32(72).uint64(revision);
  if (response.isUnknown) writer.uint32(80).bool(true);
  return writer.finish();
}

export function decodeAnswer(bytes: Uint8Array): ForwardedAnswer {
  let nonce = NO_BYTES;
  let service = NO_BYTES;
  let refusal = '';
  let detail = '';
  const response = { status: 0, body: NO_BYTES, revision: 0, isUnknown: false };
  const headers: HeaderLine[] = [];
  const shownRevisions: number[] = [];
  readFields(bytes, 'the answer to a forwarded request', (reader, field, wire) => {
    if (field === 1) nonce = reader.bytes();
    else if (field === 2) service = reader.bytes();
    else if (field === 3) refusal = reader.string();
    else if (field === 4) detail = reader.string();
    else if (field === 5) response.status = reader.uint32();
    else if (field === 6) headers.push(decodeHeader(reader));
    else if (field === 7) response.body = reader.bytes();
    else if (field === 8) response.revision = numberOf(reader.uint64());
    else if (field === 9) readNumbers(reader, wire, shownRevisions);
    else if (field === 10) response.isUnknown = reader.bool();
    else return false;
    return true;
  });
  if (refusal === '')
    return { kind: 'response', nonce, service, response: { ...response, headers, shownRevisions } };
  // A reason that this version does not know is at least known to be one: it was not carried out.
  const known = REFUSALS.find((candidate) => candidate === refusal) ?? 'busy';
  return { kind: 'refused', nonce, service, refusal: known, detail };
}

export interface ConfirmQuestion {
  readonly nonce: Uint8Array;
  readonly shard: ShardName;
}

export interface Confirmed {
  readonly nonce: Uint8Array;
  readonly refusal: string;
  readonly detail: string;
  readonly revision: number;
}

export function encodeConfirmQuestion({ nonce, shard }: ConfirmQuestion): Uint8Array {
  return newWriter().uint32(10).bytes(nonce).uint32(18).string(shard).finish();
}

export function decodeConfirmQuestion(bytes: Uint8Array): ConfirmQuestion {
  const question = { nonce: NO_BYTES, shard: '' as ShardName };
  readFields(bytes, 'a question for the state of a log', (reader, field) => {
    if (field === 1) question.nonce = reader.bytes();
    else if (field === 2) question.shard = reader.string() as ShardName;
    else return false;
    return true;
  });
  return question;
}

export function encodeConfirmed({ nonce, refusal, detail, revision }: Confirmed): Uint8Array {
  const writer = newWriter().uint32(10).bytes(nonce).uint32(18).string(refusal);
  return writer.uint32(26).string(detail).uint32(32).uint64(revision).finish();
}

export function decodeConfirmed(bytes: Uint8Array): Confirmed {
  const confirmed = { nonce: NO_BYTES, refusal: '', detail: '', revision: 0 };
  readFields(bytes, 'the state of a log', (reader, field) => {
    if (field === 1) confirmed.nonce = reader.bytes();
    else if (field === 2) confirmed.refusal = reader.string();
    else if (field === 3) confirmed.detail = reader.string();
    else if (field === 4) confirmed.revision = numberOf(reader.uint64());
    else return false;
    return true;
  });
  return confirmed;
}

function encodeHeader(writer: FieldWriter, [name, value]: HeaderLine): void {
  writer.fork().uint32(10).string(name).uint32(18).bytes(Buffer.from(value, 'latin1')).ldelim();
}

function decodeHeader(reader: FieldReader): HeaderLine {
  let name = '';
  let value = '';
  readFields(reader.bytes(), 'a header', (inner, field) => {
    if (field === 1) name = inner.string();
    else if (field === 2) value = Buffer.from(inner.bytes()).toString('latin1');
    else return false;
    return true;
  });
  return [name, value];
}

function decodeUser(bytes: Uint8Array): ForwardedUser {
  const user = { name: '', uid: '' };
  const groups: string[] = [];
  const extra = Object.create(null) as Record<string, readonly string[]>;
  readFields(bytes, 'a user', (reader, field) => {
    if (field === 1) user.name = reader.string();
    else if (field === 2) user.uid = reader.string();
    else if (field === 3) groups.push(reader.string());
    else if (field === 4) {
      const [key, values] = decodeExtra(reader.bytes());
      extra[key] = values;
    } else return false;
    return true;
  });
  return { ...user, groups, extra };
}

function decodeExtra(bytes: Uint8Array): readonly [string, readonly string[]] {
  let key = '';
  const values: string[] = [];
  readFields(bytes, 'what else is known of a user', (reader, field) => {
    if (field === 1) key = reader.string();
    else if (field === 2) values.push(reader.string());
    else return false;
    return true;
  });
  return [key, values];
}
