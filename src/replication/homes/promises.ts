import type { Random } from '../../base/mod.ts';
import type { KeyValueStore } from '../../store/mod.ts';
import type { PromiseRecord } from './core-types.ts';

const INCARNATION_KEY = Buffer.from('incarnation');

/**
 * What a member has promised, one row for each shard, in a small store of its own beside the shards' logs: in the same
 * directory, so that one is not lost without the other.
 */
export class PromiseTable {
  readonly #keyValue: KeyValueStore;
  /** Names this directory; another one has promised nothing, and is another voter. */
  readonly incarnation: string;

  private constructor(keyValue: KeyValueStore, incarnation: string) {
    this.#keyValue = keyValue;
    this.incarnation = incarnation;
  }

  static async open(keyValue: KeyValueStore, random: Random): Promise<PromiseTable> {
    const known = keyValue.get(INCARNATION_KEY);
    if (known !== undefined) return new PromiseTable(keyValue, known.toString());
    const incarnation = random.uuid();
    await keyValue.write([{ key: INCARNATION_KEY, value: Buffer.from(incarnation) }], { sync: true });
    return new PromiseTable(keyValue, incarnation);
  }

  get(shard: string): PromiseRecord | undefined {
    const row = this.#keyValue.get(keyOf(shard));
    return row === undefined ? undefined : (JSON.parse(row.toString()) as PromiseRecord);
  }

  /** Resolves when the promise would survive a loss of power. */
  save(shard: string, record: PromiseRecord): Promise<void> {
    const value = Buffer.from(JSON.stringify(record));
    return this.#keyValue.write([{ key: keyOf(shard), value }], { sync: true });
  }

  close(): Promise<void> {
    return this.#keyValue.close();
  }
}

function keyOf(shard: string): Buffer {
  return Buffer.from(`promise/${shard}`);
}
