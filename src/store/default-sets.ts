import { assert, limits, WeightedCache } from '../base/mod.ts';
import { DefaultSet } from './default-set.ts';
import type { KeyValueStore } from './key-value.ts';
import type { CollectionKey } from './object-key.ts';
import { kindText } from './object-key.ts';
import { DEFAULT_SETS_RANGE, defaultSetKey, parseDefaultSetKey } from './tables.ts';

/**
 * The default sets of a store. Of every one it knows which objects it is about, so that reads of everything
 * else pay next to nothing; of those used last it has the contents.
 */
export class DefaultSets {
  readonly #keyValue: KeyValueStore;
  /** Sets of commits that may not be durable yet: they are nowhere else. */
  readonly #unsettled = new Map<string, DefaultSet>();
  readonly #sets = new WeightedCache<DefaultSet>({
    weightMax: limits.defaultSetsCachedBytesMax,
    weigh: (set) => set.bytes.length,
  });
  readonly #hashes = new Set<string>();
  readonly #keyTexts = new Set<string>();
  readonly #kindTexts = new Set<string>();
  readonly #aliases = new Set<string>();
  readonly #references = new Set<string>();

  private constructor(keyValue: KeyValueStore) {
    this.#keyValue = keyValue;
  }

  static async open(keyValue: KeyValueStore): Promise<DefaultSets> {
    const sets = new DefaultSets(keyValue);
    for (const set of await readSets(keyValue)) sets.#note(set);
    return sets;
  }

  /** The tables have been replaced: from now on it knows what they have, all at once. */
  async reload(keyValue: KeyValueStore): Promise<void> {
    const stored = await readSets(keyValue);
    this.#unsettled.clear();
    for (const known of [this.#hashes, this.#keyTexts, this.#kindTexts, this.#aliases, this.#references])
      known.clear();
    for (const set of stored) this.#note(set);
  }

  has(hash: string): boolean {
    return this.#hashes.has(hash);
  }

  get(hash: string): DefaultSet {
    return this.#unsettled.get(hash) ?? this.#sets.getOrCompute(hash, () => this.#load(hash));
  }

  /** Takes note of a set that is on its way to the disk. */
  add(set: DefaultSet): void {
    this.#unsettled.set(set.hash, set);
    this.#note(set);
  }

  /** The set is durable: it can be read again. */
  settled(hash: string): void {
    const set = this.#unsettled.get(hash);
    if (set === undefined) return;
    this.#unsettled.delete(hash);
    this.#sets.getOrCompute(hash, () => set);
  }

  /** Whether some set has an object of this key inside its logical cluster. */
  haveObject(keyText: string): boolean {
    return this.#keyTexts.has(keyText);
  }

  /** Whether some set has objects of this kind. */
  haveKind(collection: Omit<CollectionKey, 'cluster'>): boolean {
    return this.#kindTexts.has(kindText(collection));
  }

  /** Whether some set has an object that takes this name. */
  haveAlias(alias: string): boolean {
    return this.#aliases.has(alias);
  }

  /** Whether some set has an object that refers to this. */
  haveReference(reference: string): boolean {
    return this.#references.has(reference);
  }

  #note(set: DefaultSet): void {
    this.#hashes.add(set.hash);
    for (const text of set.keyTexts) this.#keyTexts.add(text);
    for (const text of set.kindTexts) this.#kindTexts.add(text);
    for (const text of set.aliases) this.#aliases.add(text);
    for (const text of set.references) this.#references.add(text);
  }

  #load(hash: string): DefaultSet {
    const bytes = this.#keyValue.get(defaultSetKey(hash));
    assert(bytes !== undefined, 'a default set that is named is in the store');
    return new DefaultSet(bytes);
  }
}

async function readSets(keyValue: KeyValueStore): Promise<DefaultSet[]> {
  const sets: DefaultSet[] = [];
  for await (const entries of keyValue.iterate(DEFAULT_SETS_RANGE)) {
    for (const [key, bytes] of entries) {
      const set = new DefaultSet(bytes);
      assert(set.hash === parseDefaultSetKey(key), 'a default set is what its hash says');
      sets.push(set);
    }
  }
  return sets;
}
