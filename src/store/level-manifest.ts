import { readLevelLog } from './level-log-file.ts';
import { LogDamaged } from './replay.ts';

/** What LevelDB's manifest says that there is. */
export interface LevelManifest {
  /** The oldest write-ahead log that is still needed. */
  readonly logNumber: number;
  /** Sizes in bytes of the live tables, by number. */
  readonly tables: ReadonlyMap<number, number>;
}

// The fields of LevelDB's VersionEdit, as they are stored.
const COMPARATOR = 1;
const LOG_NUMBER = 2;
const NEXT_FILE_NUMBER = 3;
const LAST_SEQUENCE = 4;
const COMPACT_POINTER = 5;
const DELETED_FILE = 6;
const NEW_FILE = 7;
const PREVIOUS_LOG_NUMBER = 9;

/** Reads a manifest. Throws {@link LogDamaged} unless it is whole, but for a torn end. */
export function readManifest(name: string, bytes: Buffer): LevelManifest {
  const { records, faultOffset, hasMore } = readLevelLog(bytes);
  if (records.length === 0 || hasMore) {
    throw new LogDamaged(`its file ${name} is damaged at byte ${faultOffset ?? 0}`);
  }
  let logNumber = 0;
  const tables = new Map<number, number>();
  for (const record of records) {
    const edit = new EditReader(Buffer.concat(record), name);
    while (!edit.isDone) {
      switch (edit.number()) {
        case LOG_NUMBER:
          logNumber = edit.number();
          break;
        case COMPARATOR:
          edit.skipText();
          break;
        case NEXT_FILE_NUMBER:
        case LAST_SEQUENCE:
        case PREVIOUS_LOG_NUMBER:
          edit.number();
          break;
        case COMPACT_POINTER:
          edit.number();
          edit.skipText();
          break;
        case DELETED_FILE:
          edit.number();
          tables.delete(edit.number());
          break;
        case NEW_FILE: {
          edit.number();
          const table = edit.number();
          tables.set(table, edit.number());
          edit.skipText();
          edit.skipText();
          break;
        }
        default:
          throw new LogDamaged(`its file ${name} holds something unknown`);
      }
    }
  }
  return { logNumber, tables };
}

class EditReader {
  readonly #bytes: Buffer;
  readonly #name: string;
  #at = 0;

  constructor(bytes: Buffer, name: string) {
    this.#bytes = bytes;
    this.#name = name;
  }

  get isDone(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** A varint. Sequences have 56 bits; nothing that is used here comes near what a number can hold. */
  number(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || factor > 2 ** 63) throw new LogDamaged(`its file ${this.#name} is cut off`);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  skipText(): void {
    const length = this.number();
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new LogDamaged(`its file ${this.#name} is cut off`);
  }
}
