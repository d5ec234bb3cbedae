import protobuf from 'protobufjs/minimal.js';
import { limits } from '../base/mod.ts';
import type { CommitGroup } from './commit-group.ts';
import { decodeHead, encodeHead, type Head } from './head.ts';
import type { KeyValueStore, WriteOperation } from './key-value.ts';
import {
  FLOOR_KEY,
  FORMER_FLOORS,
  formerFloorKey,
  isFreshKey,
  readRevision,
  UNDO_RANGE,
  undoKey,
} from './tables.ts';

const { Reader, Writer } = protobuf;

/** What a commit has replaced: enough to have the tables as they were before it, byte for byte. */
export interface UndoRecord {
  readonly former: Head;
  /** The values before, in the order in which the commit wrote; without one where there was none. */
  readonly before: readonly WriteOperation[];
}

const FORGOTTEN_PER_STEP = 10_000;

/**
 * Writes down what commits replace, in the batches that replace it. Values from before, and not the reverse of what a
 * frame says: a settled debt, a moved floor, a name that changed hands cannot be told from the log alone, and whatever
 * a projection will write one day is covered as it is. The price is a read for each key that may have been there.
 */
export class UndoWriter {
  readonly #keyValue: KeyValueStore;
  /** The oldest commit that can be undone. */
  #first: number | undefined;
  /** The commits above it that have moved the floor, oldest first. */
  #floors: number[];

  private constructor(keyValue: KeyValueStore, first: number | undefined, floors: number[]) {
    this.#keyValue = keyValue;
    this.#first = first;
    this.#floors = floors;
  }

  static async open(keyValue: KeyValueStore): Promise<UndoWriter> {
    const writer = new UndoWriter(keyValue, undefined, []);
    await writer.reload();
    return writer;
  }

  /** The oldest commit that can be undone; undefined if none can. */
  get first(): number | undefined {
    return this.#first;
  }

  /** Records have come or gone without this writer. */
  async reload(): Promise<void> {
    this.#first = undefined;
    this.#floors = [];
    for await (const [entry] of this.#keyValue.iterate(UNDO_RANGE, { limit: 1, keysOnly: true })) {
      if (entry !== undefined) this.#first = readRevision(entry[0], 1);
    }
    for await (const entries of this.#keyValue.iterate(FORMER_FLOORS, { keysOnly: true })) {
      for (const [key] of entries) this.#floors.push(readRevision(key, key.length - 8));
    }
  }

  /** Begins a batch: its commits see each other's changes. */
  batch(): UndoBatch {
    const overlay = new Map<string, Uint8Array | undefined>();
    return { recordOf: (group, former) => this.#recordOf(group, former, overlay) };
  }

  #recordOf(
    group: CommitGroup,
    former: Head,
    overlay: Map<string, Uint8Array | undefined>,
  ): WriteOperation[] {
    const { sequence } = group.head;
    const before = group.operations.map(({ key, value }): WriteOperation => {
      if (isFreshKey(key)) return { key };
      const text = Buffer.from(key).toString('latin1');
      const known = overlay.has(text) ? overlay.get(text) : this.#keyValue.get(key);
      overlay.set(text, value);
      return known === undefined ? { key } : { key, value: known };
    });
    const operations: WriteOperation[] = [{ key: undoKey(sequence), value: encodeUndo({ former, before }) }];
    if (group.movesFloor) {
      const floor = before.find(({ key }) => Buffer.compare(key, FLOOR_KEY) === 0)?.value;
      operations.push({ key: formerFloorKey(sequence), value: floor ?? Buffer.alloc(8) });
      this.#floors.push(sequence);
    }
    this.#first ??= sequence;
    if (sequence - this.#first >= limits.undoCommitsMax) operations.push(...this.forget(this.#first));
    return operations;
  }

  /** Makes commits up to one final. */
  async finalize(upTo: number): Promise<void> {
    while (this.#first !== undefined && this.#first <= upTo) {
      const operations = this.forget(Math.min(upTo, this.#first + FORGOTTEN_PER_STEP));
      await this.#keyValue.write(operations, { sync: true });
    }
  }

  /** What makes commits up to one final. The caller writes it. */
  forget(upTo: number): WriteOperation[] {
    const operations: WriteOperation[] = [];
    if (this.#first === undefined) return operations;
    for (; this.#first <= upTo; this.#first++) operations.push({ key: undoKey(this.#first) });
    while (this.#floors[0] !== undefined && this.#floors[0] <= upTo) {
      operations.push({ key: formerFloorKey(this.#floors.shift()!) });
    }
    return operations;
  }

  /** The floor below which nothing is needed whatever is undone, if it is not the floor itself. */
  get finalFloor(): number | undefined {
    const [first] = this.#floors;
    if (first === undefined) return undefined;
    const former = this.#keyValue.get(formerFloorKey(first));
    return former && readRevision(former, 0);
  }
}

export interface UndoBatch {
  /** What a group of one commit, projected onto a former head and the groups before it, adds to the batch. */
  recordOf(group: CommitGroup, former: Head): WriteOperation[];
}

function encodeUndo({ former, before }: UndoRecord): Uint8Array {
  const writer = Writer.create().uint32(10).bytes(encodeHead(former));
  for (const { key, value } of before) {
    writer.uint32(18).fork().uint32(10).bytes(key);
    if (value !== undefined) writer.uint32(18).bytes(value);
    writer.ldelim();
  }
  return writer.finish();
}

export function decodeUndo(bytes: Buffer): UndoRecord {
  const reader = Reader.create(bytes);
  let former: Head | undefined;
  const before: WriteOperation[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) former = decodeHead(Buffer.from(reader.bytes()));
    else if (tag >>> 3 === 2) before.push(readBefore(reader, reader.uint32()));
    else reader.skipType(tag & 7);
  }
  if (former === undefined) throw new Error('an undo record has a head');
  return { former, before };
}

function readBefore(reader: protobuf.Reader, length: number): WriteOperation {
  const end = reader.pos + length;
  let key: Uint8Array = Buffer.alloc(0);
  let value: Uint8Array | undefined;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) key = reader.bytes();
    else if (tag >>> 3 === 2) value = reader.bytes();
    else reader.skipType(tag & 7);
  }
  return value === undefined ? { key } : { key, value };
}
