import { assert, limits } from '../base/mod.ts';
import type {
  Entry,
  IterateOptions,
  KeyRange,
  KeyValueSnapshot,
  KeyValueStore,
  ReadOptions,
  WriteOperation,
} from './key-value.ts';

// Blocks are immutable, so a snapshot or the durable state is one array of references.
type Block = readonly Entry[];
const BLOCK_ENTRIES_MAX = 256;

class Snapshot implements KeyValueSnapshot {
  blocks: readonly Block[] | undefined;
  constructor(blocks: readonly Block[]) {
    this.blocks = blocks;
  }
  close(): void {
    this.blocks = undefined;
  }
}

/** How a simulated disk behaves; a test that wants trouble hands in its own. */
export interface MemoryDisk {
  /** Called in the middle of every sync, before its batch is durable. May wait, or throw to fail the write. */
  beforeSync?(): Promise<void>;
}

/**
 * The in-memory twin of LevelDB, with a disk that can lose power: {@link MemoryKeyValue.crash} forgets
 * everything that no completed sync covered.
 */
export class MemoryKeyValue implements KeyValueStore {
  readonly #disk: MemoryDisk;
  #blocks: readonly Block[] = [];
  #durable: readonly Block[] = [];
  #writes: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(disk: MemoryDisk = {}) {
    this.#disk = disk;
  }

  /** Loses power: this instance is dead, and the returned one holds what the last completed sync covered. */
  crash(disk: MemoryDisk = this.#disk): MemoryKeyValue {
    this.#closed = true;
    const survivor = new MemoryKeyValue(disk);
    survivor.#blocks = this.#durable;
    survivor.#durable = this.#durable;
    return survivor;
  }

  get(key: Uint8Array, options?: ReadOptions): Buffer | undefined {
    const blocks = this.#state(options);
    const block = blocks[findBlock(blocks, key)];
    if (block === undefined) return undefined;
    const entry = block[lowerBound(block, key)];
    return entry !== undefined && Buffer.compare(entry[0], key) === 0 ? entry[1] : undefined;
  }

  async *iterate(range: KeyRange, options: IterateOptions = {}): AsyncIterableIterator<readonly Entry[]> {
    const blocks = this.#state(options);
    let remaining = options.limit ?? Number.POSITIVE_INFINITY;
    let batch: Entry[] = [];
    let sizeBytes = 0;
    for (const entry of entriesOf(blocks, range, options.reverse ?? false)) {
      if (remaining-- <= 0) break;
      batch.push(options.keysOnly ? [entry[0], Buffer.alloc(0)] : entry);
      sizeBytes += entry[1].length;
      if (batch.length >= limits.iteratorBatchEntries || sizeBytes >= limits.iteratorBatchBytes) {
        // Real disks answer later: what happens between two batches must not matter.
        await Promise.resolve();
        yield batch;
        batch = [];
        sizeBytes = 0;
      }
    }
    await Promise.resolve();
    if (batch.length > 0) yield batch;
  }

  write(operations: readonly WriteOperation[], options: { readonly sync: boolean }): Promise<void> {
    const run = this.#writes.then(async () => {
      this.#assertOpen();
      if (options.sync) await this.#disk.beforeSync?.();
      this.#assertOpen();
      this.#blocks = applyAll(this.#blocks, operations);
      if (options.sync) this.#durable = this.#blocks;
    });
    this.#writes = run.catch(() => {});
    return run;
  }

  snapshot(): KeyValueSnapshot {
    this.#assertOpen();
    return new Snapshot(this.#blocks);
  }

  async approximateSizeBytes(range: KeyRange): Promise<number> {
    let sizeBytes = 0;
    for (const [key, value] of entriesOf(this.#blocks, range, false)) sizeBytes += key.length + value.length;
    return sizeBytes;
  }

  async close(): Promise<void> {
    await this.#writes;
    this.#closed = true;
  }

  #state(options: ReadOptions | undefined): readonly Block[] {
    this.#assertOpen();
    if (options?.snapshot === undefined) return this.#blocks;
    const { blocks } = options.snapshot as Snapshot;
    assert(blocks !== undefined, 'a snapshot is not read after it was closed');
    return blocks;
  }

  #assertOpen(): void {
    if (this.#closed) throw new Error('the store is closed');
  }
}

function applyAll(blocks: readonly Block[], operations: readonly WriteOperation[]): readonly Block[] {
  const result = [...blocks];
  for (const { key, value } of operations) applyOne(result, Buffer.from(key), value);
  return result;
}

function applyOne(blocks: Block[], key: Buffer, value: Uint8Array | undefined): void {
  if (blocks.length === 0) {
    if (value !== undefined) blocks.push([[key, Buffer.from(value)]]);
    return;
  }
  const index = findBlock(blocks, key);
  const block = blocks[index]!;
  const position = lowerBound(block, key);
  const found = position < block.length && Buffer.compare(block[position]![0], key) === 0;
  const changed = [...block];
  if (value === undefined) {
    if (!found) return;
    changed.splice(position, 1);
  } else {
    changed.splice(position, found ? 1 : 0, [key, Buffer.from(value)]);
  }
  if (changed.length === 0) blocks.splice(index, 1);
  else if (changed.length <= BLOCK_ENTRIES_MAX) blocks[index] = changed;
  else blocks.splice(index, 1, changed.slice(0, changed.length >> 1), changed.slice(changed.length >> 1));
}

/** The last block that begins at or before the key (the first one for smaller keys). */
function findBlock(blocks: readonly Block[], key: Uint8Array): number {
  let low = 0;
  let high = blocks.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (Buffer.compare(blocks[middle]![0]![0], key) <= 0) low = middle;
    else high = middle - 1;
  }
  return low;
}

function lowerBound(block: Block, key: Uint8Array): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Buffer.compare(block[middle]![0], key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function* entriesOf(blocks: readonly Block[], range: KeyRange, isReverse: boolean): Generator<Entry> {
  if (blocks.length === 0) return;
  const isInside = (key: Buffer) =>
    Buffer.compare(key, range.start) >= 0 && Buffer.compare(key, range.end) < 0;
  const first = findBlock(blocks, range.start);
  const last = findBlock(blocks, range.end);
  if (isReverse) {
    for (let index = last; index >= first; index--) {
      const block = blocks[index]!;
      for (let at = block.length - 1; at >= 0; at--) if (isInside(block[at]![0])) yield block[at]!;
    }
    return;
  }
  for (let index = first; index <= last; index++) {
    for (const entry of blocks[index]!) if (isInside(entry[0])) yield entry;
  }
}
