import { hash } from 'node:crypto';
import protobuf from 'protobufjs/minimal.js';
import { assert, type LogicalCluster, type Revision } from '../base/mod.ts';
import {
  type ClusterDefaults,
  type EndedDefaults,
  lastDerivedRevision,
  lastEndedRevision,
  readDefaults,
  readEnded,
  writeDefaults,
  writeEnded,
} from './cluster-defaults.ts';
import {
  type EpochOpening,
  type EpochSeal,
  readOpening,
  readSeal,
  writeOpening,
  writeSeal,
} from './epoch-records.ts';
import type { ObjectKey } from './object-key.ts';
import { type NewRow, type Row, readRow, toNumber, withRevision, writeRow } from './row.ts';
import type { WorkKey } from './tables.ts';

const { Reader, Writer } = protobuf;

/** Put (with row) or delete of one object, at its revision. A delete's row carries only the uid. */
export interface Change {
  readonly revision: Revision;
  readonly key: ObjectKey;
  readonly verb: 'put' | 'delete';
  readonly row: NewRow;
}

/** A debt of a controller; without payload, that it is settled. */
export interface WorkChange extends WorkKey {
  readonly payload?: Uint8Array;
}

/** One commit as it stands in the log: `Frame` in proto/antipode/log/v1/log.proto. */
export interface Frame {
  readonly shard: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly previousHash: Uint8Array;
  readonly commitId: Uint8Array;
  readonly mark: number;
  readonly timeMs: number;
  readonly actor: string;
  readonly originRegion: string;
  readonly changes: readonly Change[];
  readonly work: readonly WorkChange[];
  /** Zero unless this record moves the compaction floor. */
  readonly compactionFloor: number;
  /** The default set that the defaults name, if no commit before has written it. */
  readonly defaultSet?: Uint8Array;
  /** What the logical cluster that this commit makes contains by default. Its revisions follow those of the changes. */
  readonly defaults?: ClusterDefaults;
  /** The logical cluster goes, and all that it still had by default. Its revisions follow those of the changes. */
  readonly ended?: EndedDefaults;
  /** A home's term of office begins with this record, which has no changes. */
  readonly opening?: EpochOpening;
  /** A home's term of office ends with this record, which has no changes: nothing follows in its epoch. */
  readonly seal?: EpochSeal;
  /** How the shard is replicated from now on, in the words of those who replicate. */
  readonly settings?: Uint8Array;
}

/** What the first frame of a log has in place of a predecessor's hash. */
export const NO_PREVIOUS_HASH: Uint8Array = new Uint8Array(32);

/** The link of the chain: SHA-256 of an encoded frame. */
export function frameHash(frameBytes: Uint8Array): Uint8Array {
  return hash('sha256', frameBytes, 'buffer');
}

/** The last revision that a commit has given out; undefined when it gave none. */
export function lastRevisionOf(frame: Frame): Revision | undefined {
  if (frame.defaults !== undefined) return lastDerivedRevision(frame.defaults);
  const record = frame.opening ?? frame.seal;
  if (record !== undefined) return record.revision;
  return (frame.ended && lastEndedRevision(frame.ended)) ?? frame.changes.at(-1)?.revision;
}

/** The first revision that a commit has given out; undefined when it gave none. */
export function firstRevisionOf({ changes, ended, defaults, opening, seal }: Frame): Revision | undefined {
  const derived = defaults ?? (ended !== undefined && lastEndedRevision(ended) ? ended : undefined);
  return changes[0]?.revision ?? derived?.firstRevision ?? (opening ?? seal)?.revision;
}

export function encodeFrame(frame: Frame): Buffer {
  const writer = Writer.create();
  writer.uint32(10).string(frame.shard);
  writer.uint32(16).uint64(frame.epoch);
  writer.uint32(24).uint64(frame.sequence);
  writer.uint32(34).bytes(frame.previousHash);
  writer.uint32(42).bytes(frame.commitId);
  writer.uint32(48).uint64(frame.mark);
  writer.uint32(56).uint64(frame.timeMs);
  writer.uint32(66).string(frame.actor);
  writer.uint32(74).string(frame.originRegion);
  for (const change of frame.changes) writeChange(writer.uint32(82).fork(), change).ldelim();
  for (const work of frame.work) writeWork(writer.uint32(90).fork(), work).ldelim();
  if (frame.compactionFloor > 0) writer.uint32(96).uint64(frame.compactionFloor);
  if (frame.defaultSet !== undefined) writer.uint32(106).bytes(frame.defaultSet);
  if (frame.defaults !== undefined) writeDefaults(writer.uint32(114).fork(), frame.defaults).ldelim();
  if (frame.ended !== undefined) writeEnded(writer.uint32(122).fork(), frame.ended).ldelim();
  if (frame.opening !== undefined) writeOpening(writer.uint32(130).fork(), frame.opening).ldelim();
  if (frame.seal !== undefined) writeSeal(writer.uint32(138).fork(), frame.seal).ldelim();
  if (frame.settings !== undefined) writer.uint32(146).bytes(frame.settings);
  return writer.finish() as Buffer;
}

/** Throws when the bytes are not a frame. */
export function decodeFrame(bytes: Uint8Array): Frame {
  const reader = Reader.create(bytes);
  const frame = {
    shard: '',
    epoch: 0,
    sequence: 0,
    previousHash: NO_PREVIOUS_HASH,
    commitId: new Uint8Array(0) as Uint8Array,
    mark: 0,
    timeMs: 0,
    actor: '',
    originRegion: '',
    changes: [] as Change[],
    work: [] as WorkChange[],
    compactionFloor: 0,
  };
  let defaultSet: Uint8Array | undefined;
  let defaults: ClusterDefaults | undefined;
  let ended: EndedDefaults | undefined;
  let opening: EpochOpening | undefined;
  let seal: EpochSeal | undefined;
  let settings: Uint8Array | undefined;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    switch (tag >>> 3) {
      case 1:
        frame.shard = reader.string();
        break;
      case 2:
        frame.epoch = toNumber(reader.uint64());
        break;
      case 3:
        frame.sequence = toNumber(reader.uint64());
        break;
      case 4:
        frame.previousHash = reader.bytes();
        break;
      case 5:
        frame.commitId = reader.bytes();
        break;
      case 6:
        frame.mark = toNumber(reader.uint64());
        break;
      case 7:
        frame.timeMs = toNumber(reader.uint64());
        break;
      case 8:
        frame.actor = reader.string();
        break;
      case 9:
        frame.originRegion = reader.string();
        break;
      case 10:
        frame.changes.push(readChange(reader, reader.uint32()));
        break;
      case 11:
        frame.work.push(readWork(reader, reader.uint32()));
        break;
      case 12:
        frame.compactionFloor = toNumber(reader.uint64());
        break;
      case 13:
        defaultSet = reader.bytes();
        break;
      case 14:
        defaults = readDefaults(reader, reader.uint32());
        break;
      case 15:
        ended = readEnded(reader, reader.uint32());
        break;
      case 16:
        opening = readOpening(reader, reader.uint32());
        break;
      case 17:
        seal = readSeal(reader, reader.uint32());
        break;
      case 18:
        settings = reader.bytes();
        break;
      default:
        reader.skipType(tag & 7);
    }
  }
  assert(frame.sequence > 0, 'a frame has a sequence');
  return {
    ...frame,
    ...(defaultSet && { defaultSet }),
    ...(defaults && { defaults }),
    ...(ended && { ended }),
    ...(opening && { opening }),
    ...(seal && { seal }),
    ...(settings && { settings }),
  };
}

/** The row that a put stores, with its revision. */
export function rowOf(change: Change): Row {
  return withRevision(change.row, change.revision);
}

function writeChange(writer: protobuf.Writer, change: Change): protobuf.Writer {
  const { key } = change;
  writer.uint32(8).uint64(change.revision);
  if (change.verb === 'delete') writer.uint32(16).int32(1);
  writer.uint32(26).string(key.cluster);
  writer.uint32(34).string(key.group);
  writer.uint32(42).string(key.resource);
  if (key.identity !== '') writer.uint32(50).string(key.identity);
  writer.uint32(58).string(key.namespace);
  writer.uint32(66).string(key.name);
  writeRow(writer.uint32(74).fork(), change.row, change.revision).ldelim();
  return writer;
}

function readChange(reader: protobuf.Reader, length: number): Change {
  const end = reader.pos + length;
  const key = { cluster: '', group: '', resource: '', identity: '', namespace: '', name: '' };
  let revision = 0;
  let verb: Change['verb'] = 'put';
  let row: Row | undefined;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag >>> 3) {
      case 1:
        revision = toNumber(reader.uint64());
        break;
      case 2:
        verb = reader.int32() === 1 ? 'delete' : 'put';
        break;
      case 3:
        key.cluster = reader.string();
        break;
      case 4:
        key.group = reader.string();
        break;
      case 5:
        key.resource = reader.string();
        break;
      case 6:
        key.identity = reader.string();
        break;
      case 7:
        key.namespace = reader.string();
        break;
      case 8:
        key.name = reader.string();
        break;
      case 9:
        row = readRow(reader, reader.uint32());
        break;
      default:
        reader.skipType(tag & 7);
    }
  }
  assert(row !== undefined, 'a change has a row');
  return {
    revision: revision as Revision,
    key: { ...key, cluster: key.cluster as LogicalCluster },
    verb,
    row,
  };
}

function writeWork(writer: protobuf.Writer, work: WorkChange): protobuf.Writer {
  writer.uint32(10).string(work.controller);
  writer.uint32(18).string(work.cluster);
  writer.uint32(26).string(work.key);
  if (work.payload !== undefined) writer.uint32(34).bytes(work.payload);
  return writer;
}

function readWork(reader: protobuf.Reader, length: number): WorkChange {
  const end = reader.pos + length;
  const work = { controller: '', cluster: '', key: '' };
  let payload: Uint8Array | undefined;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag >>> 3) {
      case 1:
        work.controller = reader.string();
        break;
      case 2:
        work.cluster = reader.string();
        break;
      case 3:
        work.key = reader.string();
        break;
      case 4:
        payload = reader.bytes();
        break;
      default:
        reader.skipType(tag & 7);
    }
  }
  const key = { ...work, cluster: work.cluster as LogicalCluster };
  return payload === undefined ? key : { ...key, payload };
}
