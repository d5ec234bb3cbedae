import { assert, type Revision } from '../base/mod.ts';
import type { ApplyClock, Placement } from './apply-clock.ts';
import type { KeyValueStore, WriteOperation } from './key-value.ts';
import { APPLIED_RANGE, APPLY_START_KEY, appliedKey, encodeNumber, readRevision } from './tables.ts';

/** 64 ms of revisions: so many stand together, and are written again with each that comes. */
const BLOCK_UNITS = 2 ** 18;
const ENTRY_BYTES = 12;
const START_BYTES = 8;
const UNDER_WAY = new Uint8Array(0);

interface Entry {
  /** Revisions of the block from here on, counted from where it begins. */
  readonly offset: number;
  readonly shift: number;
}

interface Block {
  readonly number: number;
  readonly entries: Entry[];
}

/**
 * When this member has applied the changes of one log, in the order of all its logs: how much later than their revisions.
 * Kept beside the log and not part of it, in blocks by revision, so that the place of a change is found by one read. A
 * block that is not there says that its changes are where their revisions are.
 *
 * Entries go with nothing: an object shows its place for as long as it is not changed. There is at most one of twelve bytes
 * for a batch of commits that another log has overtaken.
 */
export class ApplyLog {
  readonly #keyValue: KeyValueStore;
  readonly #clock: ApplyClock;
  #start: Revision;
  /** Whether any change has another place than its revision. */
  #hasShifts: boolean;
  #block: Block | undefined;
  readonly #dirty = new Set<Block>();

  private constructor(
    keyValue: KeyValueStore,
    clock: ApplyClock,
    known: { readonly start: Revision; readonly hasShifts: boolean },
  ) {
    this.#keyValue = keyValue;
    this.#clock = clock;
    this.#start = known.start;
    this.#hasShifts = known.hasShifts;
  }

  static async open(
    keyValue: KeyValueStore,
    { clock, last }: { readonly clock: ApplyClock /** Of the log. */; readonly last: Revision },
  ): Promise<ApplyLog> {
    const startBytes = keyValue.get(APPLY_START_KEY);
    const isUnderWay = startBytes !== undefined && startBytes.length < START_BYTES;
    const start = (startBytes === undefined || isUnderWay ? 0 : readRevision(startBytes, 0)) as Revision;
    let hasShifts = false;
    for await (const entries of keyValue.iterate(APPLIED_RANGE, { keysOnly: true, limit: 1 })) {
      if (entries.length > 0) hasShifts = true;
    }
    const log = new ApplyLog(keyValue, clock, { start, hasShifts });
    clock.recall(Math.max(start, log.placeOf(last)));
    if (isUnderWay) await log.begun(last);
    return log;
  }

  /** Places before this say nothing of the log: what it has was taken over, or taken back, since. */
  get start(): Revision {
    return this.#start;
  }

  get hasShifts(): boolean {
    return this.#hasShifts;
  }

  /** The place of a change that this member has applied. */
  placeOf(revision: number): Revision {
    if (!this.#hasShifts) return revision as Revision;
    const number = Math.floor(revision / BLOCK_UNITS);
    const bytes = this.#keyValue.get(appliedKey(number));
    if (bytes === undefined) return revision as Revision;
    const offset = revision - number * BLOCK_UNITS;
    let shift = 0;
    for (let at = 0; at < bytes.length && bytes.readUInt32BE(at) <= offset; at += ENTRY_BYTES) {
      shift = bytes.readDoubleBE(at + 4);
    }
    return (revision + shift) as Revision;
  }

  /** Gives the changes of some commits their places; {@link operations} has what must come to the disk with them. */
  place(first: number, last: number): Placement {
    const placement = this.#clock.place(first, last);
    if (placement.shift === 0 && !this.#hasShifts) return placement;
    this.#hasShifts = true;
    try {
      const end = Math.floor(last / BLOCK_UNITS);
      // Commits of one batch were sequenced while the batch before was on its way: they span few blocks.
      for (let number = Math.floor(first / BLOCK_UNITS); number <= end; number++) {
        const offset = Math.max(0, first - number * BLOCK_UNITS);
        this.#note(number, { offset, shift: placement.shift });
      }
    } catch (error) {
      // The disk cannot be read. The other logs go on, and do not wait for what nobody will write.
      this.#clock.settle(placement);
      throw error;
    }
    return placement;
  }

  /** What has to be written since the last call. */
  operations(): WriteOperation[] {
    if (this.#dirty.size === 0) return [];
    const operations = [...this.#dirty].map(operationOf);
    this.#dirty.clear();
    return operations;
  }

  /** It has come to the disk, or will never. */
  settle(placement: Placement): void {
    this.#clock.settle(placement);
  }

  /** The state is about to be replaced: after a crash from now on, nobody goes on from before. */
  async beginAnew(): Promise<void> {
    await this.#keyValue.write([{ key: APPLY_START_KEY, value: UNDER_WAY }], { sync: true });
  }

  /** It was replaced, up to a revision. */
  async begun(revision: Revision): Promise<void> {
    const placement = this.#clock.freshStart(revision);
    try {
      const value = encodeNumber(placement.last);
      await this.#keyValue.write([{ key: APPLY_START_KEY, value }], { sync: true });
    } finally {
      this.#start = placement.last;
      this.#block = undefined;
      this.#clock.settle(placement);
    }
  }

  #note(number: number, entry: Entry): void {
    const block = this.#blockAt(number);
    const { entries } = block;
    // Of changes that were taken back: a log has none behind those that come.
    while ((entries.at(-1)?.offset ?? -1) >= entry.offset) {
      entries.pop();
      this.#dirty.add(block);
    }
    if ((entries.at(-1)?.shift ?? 0) === entry.shift) return;
    entries.push(entry);
    this.#dirty.add(block);
  }

  #blockAt(number: number): Block {
    if (this.#block?.number !== number) this.#block = { number, entries: this.#read(number) };
    return this.#block;
  }

  #read(number: number): Entry[] {
    const bytes = this.#keyValue.get(appliedKey(number));
    const entries: Entry[] = [];
    if (bytes === undefined) return entries;
    assert(bytes.length % ENTRY_BYTES === 0, 'a block has whole entries');
    for (let at = 0; at < bytes.length; at += ENTRY_BYTES)
      entries.push({ offset: bytes.readUInt32BE(at), shift: bytes.readDoubleBE(at + 4) });
    return entries;
  }
}

function operationOf({ number, entries }: Block): WriteOperation {
  if (entries.length === 0) return { key: appliedKey(number) };
  const value = Buffer.allocUnsafe(entries.length * ENTRY_BYTES);
  entries.forEach(({ offset, shift }, index) => {
    value.writeUInt32BE(offset, index * ENTRY_BYTES);
    value.writeDoubleBE(shift, index * ENTRY_BYTES + 4);
  });
  return { key: appliedKey(number), value };
}
