import protobuf from 'protobufjs/minimal.js';
import type { RegionName } from '../../base/mod.ts';
import { readFields, type TakeField } from '../../replication/mod.ts';

const { Writer } = protobuf;

/** What this program writes, and the newest that it reads. */
export const JOIN_VERSION = 1;
const NOTHING: Uint8Array = new Uint8Array(0);
const TIME_MS_MAX = 8.64e15;

/** `JoinRequest` of the proto file. */
export interface JoinRequest {
  readonly application: Uint8Array;
  readonly tokenSignature: Uint8Array;
  readonly memberSignature: Uint8Array;
}

export interface JoinApplication {
  readonly tokenId: string;
  readonly region: string;
  readonly memberKey: Uint8Array;
  readonly answerKey: Uint8Array;
  readonly timeMs: number;
}

export interface JoinAnswer {
  readonly sealed: Uint8Array;
  readonly signature: Uint8Array;
}

export interface JoinGrant {
  readonly number: number;
  readonly joinedMs: number;
  readonly certificate: Uint8Array;
  readonly planetSeed: Uint8Array;
  readonly files: readonly PlanetFile[];
}

/** A file of a member's directory that all members have alike. */
export interface PlanetFile {
  readonly name: string;
  readonly content: Uint8Array;
}

/** What came is no such message, or one of a newer program; the message says which. */
export class UnreadableJoin extends Error {
  override readonly name = 'UnreadableJoin';
}

/** What signatures of applications are for. */
export const TOKEN_PURPOSE = 'join by token';
export const MEMBER_PURPOSE = 'join as member';
export const ANSWER_PURPOSE = 'join answer';

export function encodeJoinRequest(request: JoinRequest): Uint8Array {
  const writer = Writer.create().uint32(8).uint32(JOIN_VERSION).uint32(18).bytes(request.application);
  return writer.uint32(26).bytes(request.tokenSignature).uint32(34).bytes(request.memberSignature).finish();
}

/** Throws {@link UnreadableJoin}, as do all that read. */
export function decodeJoinRequest(bytes: Uint8Array): JoinRequest {
  const request = { application: NOTHING, tokenSignature: NOTHING, memberSignature: NOTHING };
  decode(bytes, 'a request to join', (reader, field) => {
    if (field === 1) checkVersion(reader.uint32(), 'a request to join');
    else if (field === 2) request.application = reader.bytes();
    else if (field === 3) request.tokenSignature = reader.bytes();
    else if (field === 4) request.memberSignature = reader.bytes();
    else return false;
    return true;
  });
  return request;
}

export function encodeJoinApplication(application: JoinApplication): Uint8Array {
  const { tokenId, region, memberKey, answerKey, timeMs } = application;
  const writer = Writer.create().uint32(10).string(tokenId).uint32(18).string(region);
  return writer.uint32(26).bytes(memberKey).uint32(34).bytes(answerKey).uint32(40).uint64(timeMs).finish();
}

export function decodeJoinApplication(bytes: Uint8Array): JoinApplication {
  const application = { tokenId: '', region: '', memberKey: NOTHING, answerKey: NOTHING, timeMs: 0 };
  decode(bytes, 'a request to join', (reader, field) => {
    if (field === 1) application.tokenId = reader.string();
    else if (field === 2) application.region = reader.string();
    else if (field === 3) application.memberKey = reader.bytes();
    else if (field === 4) application.answerKey = reader.bytes();
    else if (field === 5) application.timeMs = timeOf(reader);
    else return false;
    return true;
  });
  return application;
}

export function encodeJoinAnswer(answer: JoinAnswer): Uint8Array {
  const writer = Writer.create().uint32(8).uint32(JOIN_VERSION);
  return writer.uint32(18).bytes(answer.sealed).uint32(26).bytes(answer.signature).finish();
}

export function decodeJoinAnswer(bytes: Uint8Array): JoinAnswer {
  const answer = { sealed: NOTHING, signature: NOTHING };
  decode(bytes, 'the answer to a request to join', (reader, field) => {
    if (field === 1) checkVersion(reader.uint32(), 'the answer to a request to join');
    else if (field === 2) answer.sealed = reader.bytes();
    else if (field === 3) answer.signature = reader.bytes();
    else return false;
    return true;
  });
  return answer;
}

export function encodeJoinGrant(grant: JoinGrant): Uint8Array {
  const writer = Writer.create().uint32(8).uint32(JOIN_VERSION).uint32(16).uint32(grant.number);
  writer.uint32(24).uint64(grant.joinedMs).uint32(34).bytes(grant.certificate);
  writer.uint32(42).bytes(grant.planetSeed);
  for (const { name, content } of grant.files) {
    writer.uint32(50).fork().uint32(10).string(name).uint32(18).bytes(content).ldelim();
  }
  return writer.finish();
}

export function decodeJoinGrant(bytes: Uint8Array): JoinGrant {
  const what = 'what a planet gives its members';
  const grant = { number: 0, joinedMs: 0, certificate: NOTHING, planetSeed: NOTHING };
  const files: PlanetFile[] = [];
  decode(bytes, what, (reader, field) => {
    if (field === 1) checkVersion(reader.uint32(), what);
    else if (field === 2) grant.number = reader.uint32();
    else if (field === 3) grant.joinedMs = timeOf(reader);
    else if (field === 4) grant.certificate = reader.bytes();
    else if (field === 5) grant.planetSeed = reader.bytes();
    else if (field === 6) files.push(decodeFile(reader.bytes(), what));
    else return false;
    return true;
  });
  return { ...grant, files };
}

export function regionOf(application: JoinApplication): RegionName | undefined {
  const isName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(application.region);
  return isName ? (application.region as RegionName) : undefined;
}

function decodeFile(bytes: Uint8Array, what: string): PlanetFile {
  const file = { name: '', content: NOTHING };
  decode(bytes, what, (reader, field) => {
    if (field === 1) file.name = reader.string();
    else if (field === 2) file.content = reader.bytes();
    else return false;
    return true;
  });
  return file;
}

function decode(bytes: Uint8Array, what: string, take: TakeField): void {
  try {
    readFields(bytes, take);
  } catch (error) {
    if (error instanceof UnreadableJoin) throw error;
    throw new UnreadableJoin(`${what} cannot be read`, { cause: error });
  }
}

function checkVersion(version: number, what: string): void {
  if (version <= JOIN_VERSION) return;
  throw new UnreadableJoin(
    `${what} is of version ${version}, and this program reads ${JOIN_VERSION}: upgrade it`,
  );
}

function timeOf(reader: protobuf.Reader): number {
  // Not from a `Long`, which is what the reader gives for 64 bits.
  const value = Number(reader.uint64().toString());
  return value <= TIME_MS_MAX ? value : TIME_MS_MAX;
}
