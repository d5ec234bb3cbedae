import { Level } from 'level';
import { limits } from '../base/mod.ts';
import type {
  Entry,
  IterateOptions,
  KeyRange,
  KeyValueSnapshot,
  KeyValueStore,
  ReadOptions,
  WriteOperation,
} from './key-value.ts';
import { checkLevelDirectory } from './level-check.ts';

/**
 * LevelDB with one shortcut: batches of bytes go to the database as they are. The public `batch()` copies
 * every operation to look up encodings and hooks, which cost a tenth of a durable create.
 */
class Database extends Level<Buffer, Buffer> {
  writeBytes(operations: readonly WriteOperation[], options: { readonly sync: boolean }): Promise<void> {
    // The check that the shortcut leaves out: the native side must not see a closed database.
    if (this.status !== 'open') return Promise.reject(new Error('the store is closed'));
    const batch = operations.map(({ key, value }) =>
      value === undefined ? { type: 'del' as const, key } : { type: 'put' as const, key, value },
    );
    return (this as unknown as BytesBatch)._batch(batch, options);
  }
}

/** What abstract-level asks of every implementation, after encoding: classic-level writes it natively. */
interface BytesBatch {
  _batch(
    operations: readonly {
      readonly type: 'put' | 'del';
      readonly key: Uint8Array;
      readonly value?: Uint8Array;
    }[],
    options: { readonly sync: boolean },
  ): Promise<void>;
}

type LevelSnapshot = ReturnType<Database['snapshot']>;

class Snapshot implements KeyValueSnapshot {
  readonly level: LevelSnapshot;
  constructor(level: LevelSnapshot) {
    this.level = level;
  }
  close(): void {
    void this.level.close();
  }
}

const NO_VALUE = Buffer.alloc(0);

/**
 * Opens (or creates) a LevelDB in a directory. Rejects with LevelDB's error: `LEVEL_LOCKED` when another
 * process has it, `LEVEL_CORRUPTION` or `LogDamaged` when its files are damaged.
 */
export async function openLevelKeyValue(directory: string): Promise<KeyValueStore> {
  await checkLevelDirectory(directory);
  const database: Database = new Database(directory, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
  });
  await database.open({
    // Larger write buffers mean fewer, longer sorted runs: creates are group-committed in big batches.
    writeBufferSize: 16 * 1024 * 1024,
    cacheSize: 16 * 1024 * 1024,
    blockSize: 8 * 1024,
    maxOpenFiles: 1000,
  } as Parameters<Database['open']>[0]);
  return new LevelKeyValue(database);
}

class LevelKeyValue implements KeyValueStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get(key: Uint8Array, options?: ReadOptions): Buffer | undefined {
    const snapshot = options?.snapshot as Snapshot | undefined;
    if (snapshot === undefined) return this.#database.getSync(asBuffer(key));
    return this.#database.getSync(asBuffer(key), { snapshot: snapshot.level });
  }

  async *iterate(range: KeyRange, options: IterateOptions = {}): AsyncIterableIterator<readonly Entry[]> {
    const snapshot = options.snapshot as Snapshot | undefined;
    const iterator = this.#database.iterator({
      gte: asBuffer(range.start),
      lt: asBuffer(range.end),
      reverse: options.reverse ?? false,
      values: options.keysOnly !== true,
      limit: options.limit ?? -1,
      // One nextv() fills up to this many bytes in the thread pool before it comes back.
      highWaterMarkBytes: limits.iteratorBatchBytes,
      // A scan over a million objects must not drive the point reads out of the block cache.
      fillCache: false,
      ...(snapshot === undefined ? {} : { snapshot: snapshot.level }),
    } as Parameters<Database['iterator']>[0]);
    try {
      while (true) {
        const entries = await iterator.nextv(limits.iteratorBatchEntries);
        if (entries.length === 0) return;
        if (options.keysOnly) for (const entry of entries) entry[1] = NO_VALUE;
        yield entries as unknown as readonly Entry[];
      }
    } finally {
      await iterator.close();
    }
  }

  async write(operations: readonly WriteOperation[], options: { readonly sync: boolean }): Promise<void> {
    if (operations.length > 0) await this.#database.writeBytes(operations, options);
  }

  snapshot(): KeyValueSnapshot {
    return new Snapshot(this.#database.snapshot());
  }

  async approximateSizeBytes(range: KeyRange): Promise<number> {
    const sizes = this.#database as unknown as {
      approximateSize(start: Buffer, end: Buffer): Promise<number>;
    };
    return sizes.approximateSize(asBuffer(range.start), asBuffer(range.end));
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
