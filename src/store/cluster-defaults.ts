import protobuf from 'protobufjs/minimal.js';
import { assert, type LogicalCluster, type Revision, reservedRevision } from '../base/mod.ts';
import { toNumber } from './row.ts';

const { Reader, Writer } = protobuf;

/** What a logical cluster began with: `ClusterDefaults` in proto/antipode/log/v1/log.proto. */
export interface ClusterDefaults {
  readonly cluster: LogicalCluster;
  /** Hexadecimal SHA-256 of the set. */
  readonly setHash: string;
  /** Of the first object of the set; the others follow in its order. */
  readonly firstRevision: Revision;
  /** How many objects the set has. */
  readonly count: number;
  /** What the uids are made of: something that no other logical cluster has. */
  readonly seed: string;
  readonly creationTime: string;
  /** One bit for each object that a commit has changed. As long as the highest of them needs. */
  readonly superseded: Uint8Array;
}

export const NOTHING_SUPERSEDED: Uint8Array = Buffer.alloc(0);

/** The last of the revisions that the derived objects have. */
export function lastDerivedRevision(defaults: ClusterDefaults): Revision {
  return reservedRevision(defaults.firstRevision, defaults.count - 1);
}

/** Whether an object is not derived any more, because a commit has changed or deleted it. */
export function isSuperseded(defaults: ClusterDefaults, index: number): boolean {
  return ((defaults.superseded[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
}

/** The same defaults after a change of one object. There is no way back: a deleted default stays deleted. */
export function supersede(defaults: ClusterDefaults, index: number): ClusterDefaults {
  const superseded = Buffer.alloc(Math.max(defaults.superseded.length, (index >> 3) + 1));
  superseded.set(defaults.superseded);
  superseded[index >> 3] = superseded[index >> 3]! | (1 << (index & 7));
  return { ...defaults, superseded };
}

/** Which objects of a set a logical cluster still has from there, in the order of the set. */
export function remainingIndexes(defaults: ClusterDefaults): number[] {
  const indexes: number[] = [];
  for (let index = 0; index < defaults.count; index++)
    if (!isSuperseded(defaults, index)) indexes.push(index);
  return indexes;
}

/** Whether nothing has become of any object in between. */
export function isSameDefaults(a: ClusterDefaults, b: ClusterDefaults): boolean {
  return a.firstRevision === b.firstRevision && Buffer.compare(a.superseded, b.superseded) === 0;
}

/**
 * The end of all that a logical cluster still had by default: `EndedDefaults` in proto/antipode/log/v1/log.proto. Each
 * of these objects has a revision of its own at which it went, in the order of the set.
 */
export interface EndedDefaults {
  readonly defaults: ClusterDefaults;
  /** At which the first of them went; 0 if none was left. */
  readonly firstRevision: Revision;
}

/** At which the last of them went; undefined if none was left. */
export function lastEndedRevision({ defaults, firstRevision }: EndedDefaults): Revision | undefined {
  const { length } = remainingIndexes(defaults);
  return length === 0 ? undefined : reservedRevision(firstRevision, length - 1);
}

export function encodeEnded(ended: EndedDefaults): Buffer {
  return writeEnded(Writer.create(), ended).finish() as Buffer;
}

export function writeEnded(writer: protobuf.Writer, ended: EndedDefaults): protobuf.Writer {
  writeDefaults(writer.uint32(10).fork(), ended.defaults).ldelim();
  return writer.uint32(16).uint64(ended.firstRevision);
}

export function decodeEnded(bytes: Uint8Array): EndedDefaults {
  return readEnded(Reader.create(bytes), bytes.length);
}

export function readEnded(reader: protobuf.Reader, length: number): EndedDefaults {
  const end = reader.pos + length;
  let defaults: ClusterDefaults | undefined;
  let firstRevision = 0;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag >>> 3) {
      case 1:
        defaults = readDefaults(reader, reader.uint32());
        break;
      case 2:
        firstRevision = toNumber(reader.uint64());
        break;
      default:
        reader.skipType(tag & 7);
    }
  }
  assert(defaults !== undefined, 'what ends has been there');
  return { defaults, firstRevision: firstRevision as Revision };
}

export function encodeDefaults(defaults: ClusterDefaults): Buffer {
  return writeDefaults(Writer.create(), defaults).finish() as Buffer;
}

export function writeDefaults(writer: protobuf.Writer, defaults: ClusterDefaults): protobuf.Writer {
  writer.uint32(10).string(defaults.cluster);
  writer.uint32(18).bytes(Buffer.from(defaults.setHash, 'hex'));
  writer.uint32(24).uint64(defaults.firstRevision);
  writer.uint32(32).uint32(defaults.count);
  writer.uint32(42).string(defaults.seed);
  writer.uint32(50).string(defaults.creationTime);
  if (defaults.superseded.length > 0) writer.uint32(58).bytes(defaults.superseded);
  return writer;
}

export function decodeDefaults(bytes: Uint8Array): ClusterDefaults {
  return readDefaults(Reader.create(bytes), bytes.length);
}

export function readDefaults(reader: protobuf.Reader, length: number): ClusterDefaults {
  const end = reader.pos + length;
  const defaults = { cluster: '', setHash: '', firstRevision: 0, count: 0, seed: '', creationTime: '' };
  let superseded = NOTHING_SUPERSEDED;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag >>> 3) {
      case 1:
        defaults.cluster = reader.string();
        break;
      case 2:
        defaults.setHash = Buffer.from(reader.bytes()).toString('hex');
        break;
      case 3:
        defaults.firstRevision = toNumber(reader.uint64());
        break;
      case 4:
        defaults.count = reader.uint32();
        break;
      case 5:
        defaults.seed = reader.string();
        break;
      case 6:
        defaults.creationTime = reader.string();
        break;
      case 7:
        superseded = reader.bytes();
        break;
      default:
        reader.skipType(tag & 7);
    }
  }
  assert(defaults.count > 0, 'a set of defaults has objects');
  return {
    ...defaults,
    cluster: defaults.cluster as LogicalCluster,
    firstRevision: defaults.firstRevision as Revision,
    superseded,
  };
}
