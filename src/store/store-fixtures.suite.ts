import type { Clock, LogicalCluster, ShardName } from '../base/mod.ts';
import { systemRandom } from '../base/mod.ts';
import type { KeyRange, KeyValueStore } from './key-value.ts';
import type { ObjectKey } from './object-key.ts';
import type { Outcome } from './outcome.ts';
import type { StoreEvent } from './projection.ts';
import type { Mutation, Proposal } from './proposal.ts';
import type { NewRow } from './row.ts';
import type { ListedObject } from './snapshot.ts';
import { Store } from './store.ts';

export const ROOT = 'root' as LogicalCluster;
export const START_MS = Date.UTC(2026, 0, 1);

/** Time that passes only when a test says so. */
export class TestClock implements Clock {
  wallMs = START_MS;
  elapsedMs = 0;
  readonly #tasks = new Set<{ readonly dueMs: number; readonly task: () => void }>();

  nowMs(): number {
    return this.wallMs;
  }
  monotonicMs(): number {
    return this.elapsedMs;
  }
  after(delayMs: number, task: () => void): () => void {
    const entry = { dueMs: this.elapsedMs + delayMs, task };
    this.#tasks.add(entry);
    return () => this.#tasks.delete(entry);
  }

  /** Lets time pass on both clocks, and runs what has become due. */
  advance(durationMs: number): void {
    this.wallMs += durationMs;
    this.elapsedMs += durationMs;
    for (const entry of [...this.#tasks].sort((a, b) => a.dueMs - b.dueMs)) {
      if (entry.dueMs <= this.elapsedMs && this.#tasks.delete(entry)) entry.task();
    }
  }
}

export function openStore(keyValue: KeyValueStore, clock: Clock = new TestClock()): Promise<Store> {
  return Store.open({ keyValue, shard: 'main' as ShardName, clock, random: systemRandom });
}

export function keyOf(name: string, options: Partial<ObjectKey> = {}): ObjectKey {
  return {
    cluster: ROOT,
    group: '',
    resource: 'configmaps',
    identity: '',
    namespace: 'default',
    ...options,
    name,
  };
}

export function rowOf(text: string, options: Partial<NewRow> = {}): NewRow {
  return {
    uid: 'uid',
    definitionHash: 'hash',
    json: Buffer.from(text),
    metadataOffset: 0,
    isAnnotated: false,
    labels: {},
    fields: {},
    owners: [],
    ...options,
  };
}

export function proposalOf(mutations: readonly Mutation[], options: Partial<Proposal> = {}): Proposal {
  return { actor: 'tester', originRegion: 'local', ...options, mutations };
}

/** Puts (with text) or deletes (without) one object. */
export function change(
  store: Store,
  key: ObjectKey,
  options: { readonly text?: string; readonly expected?: number } = {},
): Promise<Outcome> {
  const { text, ...expectation } = options;
  const mutation = text === undefined ? {} : { row: rowOf(text) };
  return store.commit(proposalOf([{ key, ...expectation, ...mutation }]));
}

export function commitIdOf(number: number): Uint8Array {
  const id = Buffer.alloc(16);
  id.writeUInt32BE(number, 12);
  return id;
}

/** Everything that a stream of batches brings; empty batches are an error. */
export async function collect<Item>(batches: AsyncIterable<readonly Item[]>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const batch of batches) {
    if (batch.length === 0) throw new Error('a batch is empty');
    items.push(...batch);
  }
  return items;
}

export function textOf(row: { readonly json: Buffer } | undefined): string | undefined {
  return row?.json.toString();
}

/** `name=text` of each object. */
export function printObjects(objects: readonly ListedObject[]): string[] {
  return objects.map(({ key, row }) => `${key.name}=${textOf(row)}`);
}

/** `name: old > new` of each event. */
export function printEvents(events: readonly StoreEvent[]): string[] {
  return events.map(
    ({ key, oldRow, newRow }) => `${key.name}: ${textOf(oldRow) ?? '-'} > ${textOf(newRow) ?? '-'}`,
  );
}

/** The entries of some tables in hexadecimal, to compare stores byte by byte. */
export async function dump(keyValue: KeyValueStore, tables: readonly KeyRange[]): Promise<string[]> {
  const lines: string[] = [];
  for (const table of tables) {
    for await (const entries of keyValue.iterate(table)) {
      for (const [key, value] of entries) lines.push(`${key.toString('latin1')}=${value.toString('hex')}`);
    }
  }
  return lines;
}

/** Lets everything run that waits for nothing but the event loop. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
