/**
 * Remembers computed values up to a total weight and forgets those that were not asked for longest.
 * One value heavier than the bound is still remembered, alone, so that it is not computed per request.
 */
export class WeightedCache<V> {
  readonly #weightMax: number;
  readonly #weigh: (value: V) => number;
  // A Map iterates in the order of insertion; a hit moves its entry to the end.
  readonly #entries = new Map<string, { readonly value: V; readonly weight: number }>();
  #weight = 0;

  constructor(options: { readonly weightMax: number; readonly weigh: (value: V) => number }) {
    this.#weightMax = options.weightMax;
    this.#weigh = options.weigh;
  }

  /** Number of values that are remembered now. */
  get size(): number {
    return this.#entries.size;
  }

  /** The value of a key, computed now if it is not remembered. An error of `compute` is not remembered. */
  getOrCompute(key: string, compute: () => V): V {
    const found = this.#entries.get(key);
    if (found !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, found);
      return found.value;
    }
    const value = compute();
    this.#remember(key, value);
    return value;
  }

  /** Remembers another value for a key that is still there, with its own weight. */
  replace(key: string, value: V): void {
    if (this.#entries.has(key)) this.#remember(key, value);
  }

  /** Forgets a value that turned out to be wrong. */
  delete(key: string): void {
    this.#weight -= this.#entries.get(key)?.weight ?? 0;
    this.#entries.delete(key);
  }

  #remember(key: string, value: V): void {
    const weight = this.#weigh(value);
    // Computing may have asked for the same key already.
    const earlier = this.#entries.get(key);
    if (earlier !== undefined) this.#weight -= earlier.weight;
    this.#entries.delete(key);
    this.#entries.set(key, { value, weight });
    this.#weight += weight;
    for (const [oldest, entry] of this.#entries) {
      if (this.#weight <= this.#weightMax || this.#entries.size === 1) break;
      this.#entries.delete(oldest);
      this.#weight -= entry.weight;
    }
  }
}
