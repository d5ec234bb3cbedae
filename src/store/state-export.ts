import { assert, limits } from '../base/mod.ts';
import { decodeHead, type Head } from './head.ts';
import type { Entry, KeyRange, KeyValueSnapshot, KeyValueStore } from './key-value.ts';
import { baseOf, headAt } from './log-reader.ts';
import { encodeStatePart, STATE_VERSION, type StateEntry, StateHash } from './state-parts.ts';
import {
  COMPACTED_KEY,
  FLOOR_KEY,
  HEAD_KEY,
  LOG_RANGE,
  logKey,
  PROJECTION_TABLES,
  readRevision,
  SETTINGS_KEY,
} from './tables.ts';

/** What of the meta table belongs to the state; the rest is about a member's own files. */
const META_KEYS = [COMPACTED_KEY, FLOOR_KEY, SETTINGS_KEY];

/**
 * The state of a shard as everybody can see it at one moment, in parts of bounded size: all tables that follow from the
 * log, and of the log itself what history and commit ids point to. What has not met its goal is not in it.
 */
export async function* exportState(
  keyValue: KeyValueStore,
  shard: string,
): AsyncGenerator<Buffer, void, undefined> {
  const snapshot = keyValue.snapshot();
  try {
    yield* new StateExport(pinned(keyValue, snapshot), shard).parts();
  } finally {
    snapshot.close();
  }
}

class StateExport {
  readonly #tables: KeyValueStore;
  readonly #shard: string;
  readonly #hash = new StateHash();
  #entries: StateEntry[] = [];
  #sizeBytes = 0;

  constructor(tables: KeyValueStore, shard: string) {
    this.#tables = tables;
    this.#shard = shard;
  }

  async *parts(): AsyncGenerator<Buffer, void, undefined> {
    const headBytes = this.#tables.get(HEAD_KEY);
    assert(headBytes !== undefined, 'a state has commits');
    const head = decodeHead(headBytes);
    const base = this.#baseBefore(head);
    const header = { version: STATE_VERSION, shard: this.#shard, head, base };
    yield encodeStatePart({ kind: 'header', header });
    for (const range of rangesOf(base, head)) {
      for await (const entries of this.#tables.iterate(range)) {
        for (const entry of entries) yield* this.#add(entry);
      }
    }
    yield* this.#rest();
    yield encodeStatePart({ kind: 'end', count: this.#hash.count, hash: this.#hash.digest() });
  }

  /** What was freed of history has no use for its frames; the last frame goes along, to go on from. */
  #baseBefore(head: Head): Head {
    const compacted = this.#tables.get(COMPACTED_KEY);
    const freed = compacted === undefined ? 0 : readRevision(compacted, 0);
    const wanted = Math.max(Math.min(freed, head.sequence - 1), baseOf(this.#tables).sequence);
    const base = headAt(this.#tables, wanted);
    assert(base !== undefined, 'the log is kept as far back as history reaches');
    return base;
  }

  *#add([key, value]: Entry): Generator<Buffer> {
    this.#hash.add(key, value);
    this.#entries.push({ key, value });
    this.#sizeBytes += key.length + value.length;
    if (this.#sizeBytes >= limits.stateChunkBytes) yield* this.#rest();
  }

  *#rest(): Generator<Buffer> {
    if (this.#entries.length === 0) return;
    yield encodeStatePart({ kind: 'entries', entries: this.#entries });
    this.#entries = [];
    this.#sizeBytes = 0;
  }
}

/** What is handed over, in the order of keys. */
function rangesOf(base: Head, head: Head): KeyRange[] {
  const isMeta = (range: KeyRange) => range.start[0] === HEAD_KEY[0];
  const log = { start: logKey(base.sequence + 1), end: logKey(head.sequence + 1) };
  const single = (key: Buffer) => ({ start: key, end: Buffer.concat([key, Buffer.of(0)]) });
  const tables = PROJECTION_TABLES.filter((range) => !isMeta(range));
  return [...tables, log, ...META_KEYS.map(single)].sort((a, b) => Buffer.compare(a.start, b.start));
}

/** Whether a state may have such a key: a member's own affairs are none of anybody else's. */
export function isStateKey(key: Buffer): boolean {
  if (META_KEYS.some((metaKey) => metaKey.equals(key))) return true;
  const ranges = [...PROJECTION_TABLES, LOG_RANGE];
  return (
    key[0] !== HEAD_KEY[0] &&
    ranges.some(({ start, end }) => Buffer.compare(key, start) >= 0 && Buffer.compare(key, end) < 0)
  );
}

/** The tables at one moment, for what reads them without knowing of moments. */
function pinned(inner: KeyValueStore, snapshot: KeyValueSnapshot): KeyValueStore {
  return {
    get: (key) => inner.get(key, { snapshot }),
    iterate: (range, options) => inner.iterate(range, { ...options, snapshot }),
    write: () => Promise.reject(new Error('a moment is not written')),
    snapshot: () => snapshot,
    approximateSizeBytes: (range) => inner.approximateSizeBytes(range),
    close: async () => {},
  };
}
