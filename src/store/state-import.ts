import { decodeFrame, frameHash } from './frame.ts';
import { encodeHead, type Head, headOperation, type Position } from './head.ts';
import type { KeyRange, KeyValueStore, WriteOperation } from './key-value.ts';
import { isStateKey } from './state-export.ts';
import {
  decodeStatePart,
  type StateEntry,
  StateHash,
  type StateHeader,
  StateRefused,
} from './state-parts.ts';
import {
  BASE_KEY,
  FORMAT_KEY,
  FORMER_FLOORS,
  HEAD_KEY,
  IMPORT_KEY,
  LOG_RANGE,
  logKey,
  PROJECTION_TABLES,
  QUARANTINE_KEY,
  TAIL_KEY,
  UNDO_RANGE,
} from './tables.ts';

/** A state that says what it is of, and has not been taken over. */
export interface OpenedState {
  readonly header: StateHeader;
  readonly rest: AsyncIterator<Uint8Array>;
}

/**
 * Reads of what a state is, before anything is given up for it. Throws {@link StateRefused} for one that cannot be taken
 * over; whatever it throws, nothing was changed.
 *
 * @param atLeast the state must not end before this, in the order of histories: later epochs, then later commits.
 */
export async function openState(
  parts: AsyncIterable<Uint8Array>,
  { shard, atLeast }: { readonly shard: string; readonly atLeast?: Position | undefined },
): Promise<OpenedState> {
  const rest = parts[Symbol.asyncIterator]();
  try {
    const header = await readHeader(rest, shard);
    const { epoch, sequence } = header.head;
    const isBehind =
      atLeast !== undefined &&
      (epoch < atLeast.epoch || (epoch === atLeast.epoch && sequence < atLeast.sequence));
    if (isBehind)
      throw new StateRefused(
        `the state ends with commit ${sequence} of epoch ${epoch}, and this member has commit ${atLeast.sequence} of epoch ${atLeast.epoch}`,
      );
    return { header, rest };
  } catch (error) {
    await rest.return?.();
    throw error;
  }
}

/**
 * Replaces what a store has by a state from elsewhere. Verifies that it is whole, in order, and that its frames are the
 * chain that ends in its head; throws {@link StateRefused} otherwise. Until it is there as a whole, the store says that
 * it is neither one nor the other ({@link discardImport}), also after a crash. What was undone stays known.
 */
export async function importState(
  keyValue: KeyValueStore,
  { header, rest: iterator }: OpenedState,
): Promise<Head> {
  try {
    // The head goes first: nobody may take what is left for a log that ends there.
    await keyValue.write(
      [{ key: IMPORT_KEY, value: encodeHead(header.head) }, { key: HEAD_KEY }, { key: TAIL_KEY }],
      { sync: true },
    );
    await clearTables(keyValue);
    await new StateImport(keyValue, header).take(iterator);
    await keyValue.write(
      [
        headOperation(header.head),
        { key: BASE_KEY, value: encodeHead(header.base) },
        { key: IMPORT_KEY },
        { key: QUARANTINE_KEY },
      ],
      { sync: true },
    );
    return header.head;
  } finally {
    await iterator.return?.();
  }
}

/** Whether taking over a state was interrupted. */
export function isImporting(keyValue: KeyValueStore): boolean {
  return keyValue.get(IMPORT_KEY) !== undefined;
}

/** Makes a store empty in which taking over a state was interrupted. */
export async function discardImport(keyValue: KeyValueStore): Promise<void> {
  await clearTables(keyValue);
  await keyValue.write([{ key: BASE_KEY }, { key: IMPORT_KEY }], { sync: true });
}

class StateImport {
  readonly #keyValue: KeyValueStore;
  readonly #header: StateHeader;
  readonly #hash = new StateHash();
  #sequence: number;
  #chain: Uint8Array;
  #last: Buffer | undefined;

  constructor(keyValue: KeyValueStore, header: StateHeader) {
    this.#keyValue = keyValue;
    this.#header = header;
    this.#sequence = header.base.sequence;
    this.#chain = header.base.hash;
  }

  async take(parts: AsyncIterator<Uint8Array>): Promise<void> {
    for (;;) {
      const { value, done } = await parts.next();
      if (done === true) throw new StateRefused('the state ends before its end');
      const part = decodeStatePart(value);
      if (part.kind === 'header') throw new StateRefused('the state begins twice');
      if (part.kind === 'end') {
        this.#check(part.count, part.hash);
        return;
      }
      for (const entry of part.entries) this.#verify(entry);
      await this.#keyValue.write(part.entries, { sync: true });
    }
  }

  #verify({ key, value }: StateEntry): void {
    if (this.#last !== undefined && Buffer.compare(key, this.#last) <= 0)
      throw new StateRefused('the state is out of order');
    if (!isStateKey(key)) throw new StateRefused('the state has what is none of its own');
    this.#last = key;
    this.#hash.add(key, value);
    if (key[0] !== LOG_RANGE.start[0]) return;
    const frame = decodeFrame(value);
    const follows =
      key.equals(logKey(this.#sequence + 1)) &&
      frame.sequence === this.#sequence + 1 &&
      Buffer.compare(frame.previousHash, this.#chain) === 0;
    if (!follows) throw new StateRefused(`frame ${frame.sequence} does not follow frame ${this.#sequence}`);
    this.#sequence = frame.sequence;
    this.#chain = frameHash(value);
  }

  #check(count: number, hash: Uint8Array): void {
    if (count !== this.#hash.count || Buffer.compare(hash, this.#hash.digest()) !== 0)
      throw new StateRefused('the rows of the state are not those that were sent');
    const { head } = this.#header;
    if (this.#sequence !== head.sequence || Buffer.compare(this.#chain, head.hash) !== 0)
      throw new StateRefused('the frames of the state do not end in its head');
  }
}

async function readHeader(parts: AsyncIterator<Uint8Array>, shard: string): Promise<StateHeader> {
  const first = await parts.next();
  if (first.done === true) throw new StateRefused('the state is empty');
  const part = decodeStatePart(first.value);
  if (part.kind !== 'header') throw new StateRefused('the state does not begin with what it is of');
  if (part.header.shard !== shard)
    throw new StateRefused(`the state is of shard ${part.header.shard}, not of ${shard}`);
  return part.header;
}

/** Removes what follows from the log, the log, and how to undo it. */
async function clearTables(keyValue: KeyValueStore): Promise<void> {
  for (const range of [...PROJECTION_TABLES, LOG_RANGE, UNDO_RANGE, FORMER_FLOORS])
    await clear(keyValue, range);
}

async function clear(keyValue: KeyValueStore, range: KeyRange): Promise<void> {
  for await (const entries of keyValue.iterate(range, { keysOnly: true })) {
    const operations = entries.flatMap(([key]): WriteOperation[] =>
      FORMAT_KEY.equals(key) ? [] : [{ key }],
    );
    await keyValue.write(operations, { sync: true });
  }
}
