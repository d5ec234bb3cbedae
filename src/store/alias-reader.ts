import { type LogicalCluster, limits } from '../base/mod.ts';
import type { DerivedObjects } from './derived-objects.ts';
import type { KeyValueStore, WriteOperation } from './key-value.ts';
import { type ObjectKey, parseObjectKeyText } from './object-key.ts';
import { aliasKey, isAliasKey } from './tables.ts';

/**
 * Finds objects by the names that they have taken in their logical clusters, as far as that is durable, and remembers the
 * ones asked for last: every request for a bound API begins with such a name. Whoever makes changes durable says so
 * with {@link forget}, in the same step in which they become visible.
 */
export class AliasReader {
  readonly #keyValue: KeyValueStore;
  readonly #derived: DerivedObjects;
  /** By the key in its table, as text. */
  readonly #known = new Map<string, ObjectKey>();

  constructor(keyValue: KeyValueStore, derived: DerivedObjects) {
    this.#keyValue = keyValue;
    this.#derived = derived;
  }

  read(cluster: LogicalCluster, alias: string): ObjectKey | undefined {
    const text = `${cluster}\0${alias}`;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const relative = this.#keyValue.get(aliasKey(cluster, alias));
    if (relative === undefined) return this.#derived.aliased(cluster, alias);
    const key = parseObjectKeyText(`${cluster}\0${relative.toString()}`);
    // All at once: what is in use is read again, and nothing has to be kept in order for it.
    if (this.#known.size >= limits.aliasesCachedMax) this.#known.clear();
    this.#known.set(text, key);
    return key;
  }

  forget(operations: readonly WriteOperation[]): void {
    for (const { key } of operations) if (isAliasKey(key)) this.#known.delete(textOf(key));
  }

  /** The tables have been replaced. */
  forgetAll(): void {
    this.#known.clear();
  }
}

// Without the byte of the table.
function textOf(key: Uint8Array): string {
  return Buffer.from(key).toString('utf8', 1);
}
