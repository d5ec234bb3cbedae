const RESOLUTION_MS = 0.05;
const MS_MAX = 20_000;

/** Durations in milliseconds, counted in buckets of 50 µs: recording one allocates nothing. */
export class Histogram {
  #buckets = new Uint32Array(MS_MAX / RESOLUTION_MS + 1);
  #count = 0;

  get count() {
    return this.#count;
  }

  /** @param {number} ms Longer ones than 20 s count as 20 s, negative ones as 0. */
  record(ms) {
    const bounded = ms > MS_MAX ? MS_MAX : ms > 0 ? ms : 0;
    this.#buckets[(bounded / RESOLUTION_MS) | 0] += 1;
    this.#count += 1;
  }

  clear() {
    this.#buckets.fill(0);
    this.#count = 0;
  }

  /**
   * @param {number} fraction 0.99 for p99.
   * @returns {number} Milliseconds; NaN if nothing was recorded.
   */
  quantile(fraction) {
    if (this.#count === 0) return Number.NaN;
    let left = Math.ceil(this.#count * fraction);
    for (let index = 0; index < this.#buckets.length; index += 1) {
      left -= this.#buckets[index];
      if (left <= 0) return index * RESOLUTION_MS;
    }
    return MS_MAX;
  }
}
