import { hash } from 'node:crypto';
import protobuf from 'protobufjs/minimal.js';
import type { RegionName } from '../../base/mod.ts';
import { numberOf, readFields, readVersioned, type TakeField } from './fields.ts';
import type { LogTerm, MemberName } from './names.ts';

const { Writer } = protobuf;

/** What this program writes, and the newest that it reads. */
export const MESSAGE_VERSION = 1;

/** Frames of a log that follow each other, and travel as one message. `LogMessage` in the proto file beside. */
export interface FrameBatch {
  /** Sequences of the first and the last frame. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** SHA-256 of the last frame. */
  readonly lastHash: Uint8Array;
  /** The encoded frames. */
  readonly frames: readonly Uint8Array[];
  /** Says that nothing follows in this epoch, and where the log goes on. */
  readonly end?: LogEnd;
}

export interface LogEnd {
  readonly nextEpoch?: number;
  readonly nextRegion?: RegionName;
}

/** A message of a log's stream, as it was read. */
export interface LogMessage extends FrameBatch {
  readonly log: string;
  readonly epoch: number;
}

/** How far a log is, said by its home every second. */
export interface Heartbeat extends LogTerm {
  readonly member: string;
  /** Sequence and hash of the last frame that has met its survival goal. */
  readonly sequence: number;
  readonly hash: Uint8Array;
  /** Whoever holds exactly that frame holds everything up to this revision. */
  readonly revision: number;
  /** Wall clock of the home, milliseconds since 1970. */
  readonly timeMs: number;
  /** In which the home publishes; absent: in that of the frame. */
  readonly publishedEpoch?: number;
  /** Other regions that the member has heard lately; absent from programs that do not say it. */
  readonly hears?: readonly RegionName[];
}

export interface Question {
  readonly from: MemberName;
  readonly timeoutMs: number;
  readonly body: Uint8Array;
}

export const ANSWER_STATUSES = ['answered', 'busy', 'unsupported', 'refused', 'failed'] as const;
export type AnswerStatus = (typeof ANSWER_STATUSES)[number];

export interface Answer {
  readonly status: AnswerStatus;
  readonly detail: string;
  readonly body: Uint8Array;
  /** Names the parts that the answer comes in; empty when `body` is all. */
  readonly parts: string;
  readonly from: MemberName;
  readonly last: boolean;
}

export interface PartRequest {
  readonly parts: string;
  readonly index: number;
  readonly arrived: number;
  readonly stop: boolean;
}

export function encodeLogMessage(log: string, epoch: number, batch: FrameBatch): Uint8Array {
  const writer = Writer.create().uint32(8).uint32(MESSAGE_VERSION);
  writer.uint32(18).string(log).uint32(24).uint64(epoch);
  writer.uint32(32).uint64(batch.firstSequence).uint32(40).uint64(batch.lastSequence);
  writer.uint32(50).bytes(batch.lastHash);
  for (const frame of batch.frames) writer.uint32(58).bytes(frame);
  if (batch.end !== undefined) {
    writer.uint32(66).fork();
    if (batch.end.nextEpoch !== undefined) writer.uint32(8).uint64(batch.end.nextEpoch);
    if (batch.end.nextRegion !== undefined) writer.uint32(18).string(batch.end.nextRegion);
    writer.ldelim();
  }
  return writer.finish();
}

/** @throws {TransportError} `unsupported` for a newer version, `failed` for what is no such message. */
export function decodeLogMessage(bytes: Uint8Array): LogMessage {
  const message = { log: '', epoch: 0, firstSequence: 0, lastSequence: 0, lastHash: EMPTY };
  const frames: Uint8Array[] = [];
  let end: LogEnd | undefined;
  decodeFields(bytes, 'a message of a log', (reader, field) => {
    if (field === 2) message.log = reader.string();
    else if (field === 3) message.epoch = numberOf(reader.uint64());
    else if (field === 4) message.firstSequence = numberOf(reader.uint64());
    else if (field === 5) message.lastSequence = numberOf(reader.uint64());
    else if (field === 6) message.lastHash = reader.bytes();
    else if (field === 7) frames.push(reader.bytes());
    else if (field === 8) end = decodeEnd(reader.bytes());
    else return false;
    return true;
  });
  return { ...message, frames, ...(end === undefined ? {} : { end }) };
}

/**
 * Names the content of a message: the same frames of the same log have the same id whoever sends them and whenever,
 * so that the stream takes them once, and others never have the id of ours.
 */
export function messageIdOf(payload: Uint8Array): string {
  return hash('sha256', payload, 'hex').slice(0, 40);
}

export function encodeHeartbeat(beat: Heartbeat): Uint8Array {
  const writer = Writer.create().uint32(8).uint32(MESSAGE_VERSION);
  writer.uint32(18).string(beat.log).uint32(24).uint64(beat.epoch);
  writer.uint32(34).string(beat.region).uint32(42).string(beat.member);
  writer.uint32(48).uint64(beat.sequence).uint32(58).bytes(beat.hash);
  writer.uint32(64).uint64(beat.revision).uint32(72).uint64(beat.timeMs);
  if (beat.publishedEpoch !== undefined) writer.uint32(80).uint64(beat.publishedEpoch);
  if (beat.hears !== undefined) {
    writer.uint32(90).fork();
    for (const region of beat.hears) writer.uint32(10).string(region);
    writer.ldelim();
  }
  return writer.finish();
}

/** @throws {TransportError} as {@link decodeLogMessage}. */
export function decodeHeartbeat(bytes: Uint8Array): Heartbeat {
  const beat = {
    log: '',
    epoch: 0,
    region: '',
    member: '',
    sequence: 0,
    hash: EMPTY,
    revision: 0,
    timeMs: 0,
    publishedEpoch: undefined as number | undefined,
    hears: undefined as RegionName[] | undefined,
  };
  decodeFields(bytes, 'a heartbeat', (reader, field) => {
    if (field === 2) beat.log = reader.string();
    else if (field === 3) beat.epoch = numberOf(reader.uint64());
    else if (field === 4) beat.region = reader.string();
    else if (field === 5) beat.member = reader.string();
    else if (field === 6) beat.sequence = numberOf(reader.uint64());
    else if (field === 7) beat.hash = reader.bytes();
    else if (field === 8) beat.revision = numberOf(reader.uint64());
    else if (field === 9) beat.timeMs = numberOf(reader.uint64());
    else if (field === 10) beat.publishedEpoch = numberOf(reader.uint64());
    else if (field === 11) beat.hears = decodeRegions(reader.bytes());
    else return false;
    return true;
  });
  const { publishedEpoch, hears, ...said } = beat;
  return {
    ...said,
    region: beat.region as RegionName,
    ...(publishedEpoch !== undefined && { publishedEpoch }),
    ...(hears !== undefined && { hears }),
  };
}

export function encodeQuestion(question: Question): Uint8Array {
  const writer = Writer.create().uint32(8).uint32(MESSAGE_VERSION);
  writer.uint32(18).string(question.from.region).uint32(26).string(question.from.member);
  return writer.uint32(32).uint32(question.timeoutMs).uint32(42).bytes(question.body).finish();
}

/** @throws {TransportError} as {@link decodeLogMessage}. */
export function decodeQuestion(bytes: Uint8Array): Question {
  const question = { region: '', member: '', timeoutMs: 0, body: EMPTY };
  decodeFields(bytes, 'a question', (reader, field) => {
    if (field === 2) question.region = reader.string();
    else if (field === 3) question.member = reader.string();
    else if (field === 4) question.timeoutMs = reader.uint32();
    else if (field === 5) question.body = reader.bytes();
    else return false;
    return true;
  });
  const { region, member, timeoutMs, body } = question;
  return { from: { region: region as RegionName, member }, timeoutMs, body };
}

export function encodeAnswer(answer: Answer): Uint8Array {
  const writer = Writer.create().uint32(8).uint32(MESSAGE_VERSION);
  writer.uint32(16).int32(ANSWER_STATUSES.indexOf(answer.status));
  writer.uint32(26).string(answer.detail).uint32(34).bytes(answer.body).uint32(42).string(answer.parts);
  writer.uint32(50).string(answer.from.region).uint32(58).string(answer.from.member);
  return writer.uint32(64).bool(answer.last).finish();
}

/** @throws {TransportError} as {@link decodeLogMessage}. */
export function decodeAnswer(bytes: Uint8Array): Answer {
  const answer = { status: 0, detail: '', body: EMPTY, parts: '', region: '', member: '', last: false };
  decodeFields(bytes, 'an answer', (reader, field) => {
    if (field === 2) answer.status = reader.int32();
    else if (field === 3) answer.detail = reader.string();
    else if (field === 4) answer.body = reader.bytes();
    else if (field === 5) answer.parts = reader.string();
    else if (field === 6) answer.region = reader.string();
    else if (field === 7) answer.member = reader.string();
    else if (field === 8) answer.last = reader.bool();
    else return false;
    return true;
  });
  const { region, member, detail, body, parts, last } = answer;
  // A status that a newer member made up is no success.
  const status = ANSWER_STATUSES[answer.status] ?? 'failed';
  return { status, detail, body, parts, last, from: { region: region as RegionName, member } };
}

export function encodePartRequest(request: PartRequest): Uint8Array {
  const writer = Writer.create().uint32(8).uint32(MESSAGE_VERSION);
  writer.uint32(18).string(request.parts).uint32(24).uint64(request.index).uint32(32).uint64(request.arrived);
  return writer.uint32(40).bool(request.stop).finish();
}

/** @throws {TransportError} as {@link decodeLogMessage}. */
export function decodePartRequest(bytes: Uint8Array): PartRequest {
  const request = { parts: '', index: 0, arrived: 0, stop: false };
  decodeFields(bytes, 'a request for a part', (reader, field) => {
    if (field === 2) request.parts = reader.string();
    else if (field === 3) request.index = numberOf(reader.uint64());
    else if (field === 4) request.arrived = numberOf(reader.uint64());
    else if (field === 5) request.stop = reader.bool();
    else return false;
    return true;
  });
  return request;
}

const EMPTY: Uint8Array = new Uint8Array(0);

/** The version is field 1 of all. */
function decodeFields(bytes: Uint8Array, what: string, take: TakeField): void {
  readVersioned(bytes, { what, newest: MESSAGE_VERSION }, take);
}

function decodeEnd(bytes: Uint8Array): LogEnd {
  let end: LogEnd = {};
  readFields(bytes, (reader, field) => {
    if (field === 1) end = { ...end, nextEpoch: numberOf(reader.uint64()) };
    else if (field === 2) end = { ...end, nextRegion: reader.string() as RegionName };
    else return false;
    return true;
  });
  return end;
}

function decodeRegions(bytes: Uint8Array): RegionName[] {
  const regions: RegionName[] = [];
  readFields(bytes, (reader, field) => {
    if (field !== 1) return false;
    regions.push(reader.string() as RegionName);
    return true;
  });
  return regions;
}
