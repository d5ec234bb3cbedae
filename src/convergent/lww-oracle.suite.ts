import type { JsonValue } from '../machinery/mod.ts';
import type { Edit } from './edit.ts';
import type { Register } from './register.ts';

/** A write as the oracle remembers it: with all that its writer had heard of, instead of what the product says it had. */
interface Write extends Register {
  readonly heard: ReadonlyMap<number, number>;
  /** When it was written, on a clock that is never wrong. */
  readonly trueMs: number;
}

/**
 * What a document has to be, without Yjs and without the product: the writes that nobody has taken away, and how many of
 * each client were heard of. Tests let every history run through both, and compare what is there, what counts at each path,
 * and what is materialised.
 */
export class LwwOracle {
  #writes: Map<string, Write>;
  #heard: Map<number, number>;

  private constructor(
    writes: Iterable<readonly [string, Write]>,
    heard: Iterable<readonly [number, number]>,
  ) {
    this.#writes = new Map(writes);
    this.#heard = new Map(heard);
  }

  static create(): LwwOracle {
    return new LwwOracle([], []);
  }

  /** A copy of the state, as bytes are one of a document's. */
  copy(): LwwOracle {
    return new LwwOracle(this.#writes, this.#heard);
  }

  registers(): Iterable<Register> {
    return this.#writes.values();
  }

  /** A region's last word at a path takes away what it has said there before, whatever its clock did. */
  write({ registers }: Edit, trueMs: number): void {
    const heard = new Map(this.#heard);
    for (const register of registers) {
      const { client, path, region } = register;
      for (const [key, old] of this.#writes) {
        if (old.path === path && old.region === region) this.#writes.delete(key);
      }
      const clock = this.#heard.get(client) ?? 0;
      this.#heard.set(client, clock + 1);
      this.#writes.set(`${client} ${clock}`, { ...register, clock, heard, trueMs });
    }
  }

  /** What one of the two has and the other one has heard of, but does not have, was taken away. */
  merge(other: LwwOracle): void {
    const mine = this.#writes;
    this.#writes = new Map([
      ...[...mine].filter(([key, write]) => other.#writes.has(key) || !hasHeard(other.#heard, write)),
      ...[...other.#writes].filter(([key, write]) => mine.has(key) || !hasHeard(this.#heard, write)),
    ]);
    for (const [client, count] of other.#heard) {
      this.#heard.set(client, Math.max(count, this.#heard.get(client) ?? 0));
    }
  }

  /** The writes at each path of the object, those that count first, as the product must rank them at this time. */
  ranking(nowMs: number): ReadonlyMap<string, readonly Write[]> {
    const { words, byPath } = this.#ranked(nowMs, (write) => write);
    if (words.size === 0) return byPath;
    const told = (write: Write): Write => {
      const [above, as] = (words.get(write.client) ?? [write.stamp, 0]) as [number, number];
      return write.stamp > above ? { ...write, stamp: as } : write;
    };
    return this.#ranked(nowMs, told).byPath;
  }

  /** What counts at each path, and of the operators' words about clients. */
  #ranked(nowMs: number, told: (write: Write) => Write) {
    const byPath = new Map<string, Write[]>();
    for (const write of this.#writes.values()) {
      byPath.set(write.path, [...(byPath.get(write.path) ?? []), told(write)]);
    }
    const words = new Map<number, JsonValue>();
    for (const [path, writes] of byPath) {
      const ranked = rankWrites(writes, nowMs);
      byPath.set(path, ranked);
      if (path.startsWith(WORD)) words.set(Number.parseInt(path.slice(WORD.length), 36), ranked[0]!.value!);
      if (!isRanked(path)) byPath.delete(path);
    }
    return { words, byPath };
  }

  /**
   * Where an older write counts though there is a newer one that nobody has replaced, and both clocks were right: what must
   * not be, whatever the rule is. A clock was right if the write has the time of its making.
   */
  upsets(nowMs: number): readonly string[] {
    const upsets: string[] = [];
    for (const [path, writes] of this.ranking(nowMs)) {
      const [first, ...others] = writes;
      if (!isTimely(first!)) continue;
      for (const other of others) {
        const isReplaced = writes.some(({ heard }) => hasHeard(heard, other));
        if (isTimely(other) && other.trueMs > first!.trueMs && !isReplaced) upsets.push(path);
      }
    }
    return upsets;
  }
}

/** Ranks by taking away, group by group: what is not parked, and of that what none of it has replaced. */
function rankWrites(writes: readonly Write[], nowMs: number): Write[] {
  const timely = writes.filter(({ stamp }) => timeOf(stamp) <= nowMs + PARKED_AHEAD_MS);
  const parked = writes.filter((write) => !timely.includes(write));
  return [
    [timely, timely],
    [parked, writes],
  ].flatMap(([group, judges]) => {
    const isReplaced = (write: Write) => judges!.some(({ heard }) => hasHeard(heard, write));
    return [group!.filter((write) => !isReplaced(write)), group!.filter(isReplaced)].flatMap((equals) =>
      equals.sort((a, b) => (isNewer(a, b) ? -1 : 1)),
    );
  });
}

function isNewer(a: Write, b: Write): boolean {
  if (a.stamp !== b.stamp) return a.stamp > b.stamp;
  return a.region === b.region ? a.client > b.client : a.region > b.region;
}

function hasHeard(heard: ReadonlyMap<number, number>, { client, clock }: Write): boolean {
  return (heard.get(client) ?? 0) > clock;
}

function isTimely({ stamp, trueMs }: Write): boolean {
  return timeOf(stamp) === trueMs;
}

function timeOf(stamp: number): number {
  return Math.floor(stamp / 4096) + Date.UTC(2025, 0, 1);
}

const PARKED_AHEAD_MS = 5_000;
/** Where an operator says what a client's stamps count for. */
const WORD = '@restamp:';

/** Beside the object nothing is ranked, and of a deletion the earliest time counts. */
function isRanked(path: string): boolean {
  return !path.startsWith('@') && !path.startsWith('/metadata/deletion');
}
