import protobuf from 'protobufjs/minimal.js';
import type { RegionName } from '../../base/mod.ts';
import type { Position } from '../../store/mod.ts';
import { numberOf, readFields, readVersioned, type TakeField, TransportError } from '../transport/mod.ts';
import type { Answer, Question, VoterState } from './protocol.ts';
import { type ShardSettings, SURVIVAL_GOALS, type Voter, type VoterName } from './settings.ts';

const { Writer } = protobuf;

/** What this program writes, and the newest that it reads. */
const VERSION = 1;
const KINDS = ['state', 'promise', 'holding', 'take-over'] as const;
const NOBODY: VoterName = { region: '' as RegionName, member: '', incarnation: '' };
const NOWHERE: Position = { epoch: 0, sequence: 0, hash: new Uint8Array(0) };

/** What a log's frame says of how the shard is replicated. */
export function encodeSettings(settings: ShardSettings): Uint8Array {
  const writer = Writer.create().uint32(8).uint32(VERSION);
  writer.uint32(16).int32(SURVIVAL_GOALS.indexOf(settings.goal));
  writer.uint32(24).int32(SURVIVAL_GOALS.indexOf(settings.formerGoal));
  for (const voter of settings.voters) {
    writer.uint32(34).fork();
    writeName(writer.uint32(10).fork(), voter).ldelim();
    writer.uint32(16).uint32(voter.slot).ldelim();
  }
  return writer.finish();
}

/** @throws {TransportError} `unsupported` for a newer version, `failed` for what is none. */
export function decodeSettings(bytes: Uint8Array): ShardSettings {
  const voters: Voter[] = [];
  let goal = 0;
  let formerGoal = 0;
  readMessage(bytes, 'settings of a shard', (reader, field) => {
    if (field === 2) goal = reader.int32();
    else if (field === 3) formerGoal = reader.int32();
    else if (field === 4) voters.push(readVoter(reader.bytes()));
    else return false;
    return true;
  });
  return { goal: goalOf(goal), formerGoal: goalOf(formerGoal), voters };
}

export function encodeQuestion(shard: string, question: Question): Uint8Array {
  const writer = Writer.create().uint32(8).uint32(VERSION).uint32(18).string(shard);
  writer.uint32(24).int32(KINDS.indexOf(question.kind));
  if (question.kind === 'holding') writeState(writer.uint32(50).fork(), question.state).ldelim();
  else writeName(writer.uint32(34).fork(), question.from).ldelim();
  if (question.kind === 'promise') writer.uint32(40).uint64(question.epoch);
  if (question.kind === 'take-over') {
    writePosition(writer.uint32(58).fork(), question.sealed).ldelim();
    writer.uint32(64).uint64(question.revision);
  }
  return writer.finish();
}

/** @throws {TransportError} as {@link decodeSettings}. */
export function decodeQuestion(bytes: Uint8Array): { readonly shard: string; readonly question: Question } {
  let shard = '';
  let kind = 0;
  let from = NOBODY;
  let epoch = 0;
  let state: VoterState | undefined;
  let sealed = NOWHERE;
  let revision = 0;
  readMessage(bytes, 'a question about homes', (reader, field) => {
    if (field === 2) shard = reader.string();
    else if (field === 3) kind = reader.int32();
    else if (field === 4) from = readName(reader.bytes());
    else if (field === 5) epoch = numberOf(reader.uint64());
    else if (field === 6) state = readState(reader.bytes());
    else if (field === 7) sealed = readPosition(reader.bytes());
    else if (field === 8) revision = numberOf(reader.uint64());
    else return false;
    return true;
  });
  switch (KINDS[kind]) {
    case 'state':
      return { shard, question: { kind: 'state', from } };
    case 'promise':
      return { shard, question: { kind: 'promise', epoch, from } };
    case 'take-over':
      return { shard, question: { kind: 'take-over', from, sealed, revision } };
    case 'holding':
      if (state !== undefined) return { shard, question: { kind: 'holding', state } };
  }
  throw new TransportError('failed', `this member does not know the question ${kind} about homes`);
}

export function encodeAnswer(answer: Answer): Uint8Array {
  const writer = Writer.create().uint32(8).uint32(VERSION).uint32(16).bool(answer.isGranted);
  writeState(writer.uint32(26).fork(), answer.state).ldelim();
  if (answer.mark !== undefined) writePosition(writer.uint32(34).fork(), answer.mark).ldelim();
  return writer.finish();
}

/** @throws {TransportError} as {@link decodeSettings}. */
export function decodeAnswer(bytes: Uint8Array): Answer {
  let isGranted = false;
  let state: VoterState | undefined;
  let mark: Position | undefined;
  readMessage(bytes, 'an answer about homes', (reader, field) => {
    if (field === 2) isGranted = reader.bool();
    else if (field === 3) state = readState(reader.bytes());
    else if (field === 4) mark = readPosition(reader.bytes());
    else return false;
    return true;
  });
  if (state === undefined) throw new TransportError('failed', 'an answer about homes says nothing');
  return { isGranted, state, ...(mark && { mark }) };
}

function writeName(writer: protobuf.Writer, name: VoterName): protobuf.Writer {
  return writer
    .uint32(10)
    .string(name.region)
    .uint32(18)
    .string(name.member)
    .uint32(26)
    .string(name.incarnation);
}

function readName(bytes: Uint8Array): VoterName {
  let { region, member, incarnation } = NOBODY;
  readFields(bytes, (reader, field) => {
    if (field === 1) region = reader.string() as RegionName;
    else if (field === 2) member = reader.string();
    else if (field === 3) incarnation = reader.string();
    else return false;
    return true;
  });
  return { region, member, incarnation };
}

function readVoter(bytes: Uint8Array): Voter {
  let name = NOBODY;
  let slot = 0;
  readFields(bytes, (reader, field) => {
    if (field === 1) name = readName(reader.bytes());
    else if (field === 2) slot = reader.uint32();
    else return false;
    return true;
  });
  return { ...name, slot };
}

function writePosition(writer: protobuf.Writer, position: Position): protobuf.Writer {
  writer.uint32(8).uint64(position.epoch).uint32(16).uint64(position.sequence);
  return writer.uint32(26).bytes(position.hash);
}

function readPosition(bytes: Uint8Array): Position {
  let { epoch, sequence, hash } = NOWHERE;
  readFields(bytes, (reader, field) => {
    if (field === 1) epoch = numberOf(reader.uint64());
    else if (field === 2) sequence = numberOf(reader.uint64());
    else if (field === 3) hash = reader.bytes();
    else return false;
    return true;
  });
  return { epoch, sequence, hash };
}

function writeState(writer: protobuf.Writer, state: VoterState): protobuf.Writer {
  writeName(writer.uint32(10).fork(), state.voter).ldelim();
  writer.uint32(16).uint64(state.promised);
  for (const epoch of state.pending) writer.uint32(24).uint64(epoch);
  writePosition(writer.uint32(34).fork(), state.end).ldelim();
  writer.uint32(40).bool(state.isSealed);
  if (state.settings !== undefined) writer.uint32(50).bytes(encodeSettings(state.settings));
  return writer.uint32(56).uint64(state.revision);
}

function readState(bytes: Uint8Array): VoterState {
  let voter = NOBODY;
  let promised = 0;
  let end = NOWHERE;
  let isSealed = false;
  let settings: ShardSettings | undefined;
  let revision = 0;
  const pending: number[] = [];
  readFields(bytes, (reader, field, wire) => {
    if (field === 1) voter = readName(reader.bytes());
    else if (field === 2) promised = numberOf(reader.uint64());
    else if (field === 3 && wire === 0) pending.push(numberOf(reader.uint64()));
    else if (field === 3 && wire === 2) {
      // As other writers pack them.
      const stop = reader.uint32() + reader.pos;
      while (reader.pos < stop) pending.push(numberOf(reader.uint64()));
    } else if (field === 4) end = readPosition(reader.bytes());
    else if (field === 5) isSealed = reader.bool();
    else if (field === 6) settings = decodeSettings(reader.bytes());
    else if (field === 7) revision = numberOf(reader.uint64());
    else return false;
    return true;
  });
  return { voter, promised, pending, end, isSealed, settings, revision };
}

function readMessage(bytes: Uint8Array, what: string, take: TakeField): void {
  readVersioned(bytes, { what, newest: VERSION }, take);
}

function goalOf(number: number): ShardSettings['goal'] {
  const goal = SURVIVAL_GOALS[number];
  // A goal that is not known here is one to be met nowhere, and no weaker one.
  if (goal === undefined)
    throw new TransportError('unsupported', 'a survival goal that this member does not know');
  return goal;
}
