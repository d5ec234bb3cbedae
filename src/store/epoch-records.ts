import type protobuf from 'protobufjs/minimal.js';
import type { Revision } from '../base/mod.ts';
import type { Head } from './head.ts';
import { toNumber } from './row.ts';

/** The first record of a home's term of office: `EpochOpening` in proto/antipode/log/v1/log.proto. */
export interface EpochOpening {
  /** Where the epoch before ended: its last commit that is adopted. `epoch` 0 and `sequence` 0 for an empty log. */
  readonly former: Head;
  /** Where the new one begins: above all that was given out before, as far as its home knows. */
  readonly revision: Revision;
}

export function writeOpening(writer: protobuf.Writer, { former, revision }: EpochOpening): protobuf.Writer {
  writer.uint32(8).uint64(former.epoch);
  writer.uint32(16).uint64(former.sequence);
  writer.uint32(26).bytes(former.hash);
  writer.uint32(32).uint64(former.revision);
  return writer.uint32(40).uint64(revision);
}

export function readOpening(reader: protobuf.Reader, length: number): EpochOpening {
  const end = reader.pos + length;
  const former = { epoch: 0, sequence: 0, hash: new Uint8Array(32) as Uint8Array, revision: 0 as Revision };
  let revision = 0;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag >>> 3) {
      case 1:
        former.epoch = toNumber(reader.uint64());
        break;
      case 2:
        former.sequence = toNumber(reader.uint64());
        break;
      case 3:
        former.hash = reader.bytes();
        break;
      case 4:
        former.revision = toNumber(reader.uint64()) as Revision;
        break;
      case 5:
        revision = toNumber(reader.uint64());
        break;
      default:
        reader.skipType(tag & 7);
    }
  }
  return { former, revision: revision as Revision };
}

/** The last record of an epoch that was given up: `EpochSeal` in proto/antipode/log/v1/log.proto. */
export interface EpochSeal {
  /** Not below any revision that the home has announced: all of them stay valid. */
  readonly revision: Revision;
}

export function writeSeal(writer: protobuf.Writer, seal: EpochSeal): protobuf.Writer {
  return writer.uint32(8).uint64(seal.revision);
}

export function readSeal(reader: protobuf.Reader, length: number): EpochSeal {
  const end = reader.pos + length;
  let revision = 0;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) revision = toNumber(reader.uint64());
    else reader.skipType(tag & 7);
  }
  return { revision: revision as Revision };
}
