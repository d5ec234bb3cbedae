import type { LogicalCluster, Revision } from '../base/mod.ts';
import type { ClusterDefaults } from './cluster-defaults.ts';
import { compactHistory } from './compaction.ts';
import type { DefaultSet } from './default-set.ts';
import { DefaultSets } from './default-sets.ts';
import { DerivedObjects } from './derived-objects.ts';
import { decodeFrame, type Frame, frameHash, lastRevisionOf, NO_PREVIOUS_HASH } from './frame.ts';
import { decodeHead, HEAD_BYTES, type Head, headOperation } from './head.ts';
import type { KeyValueStore } from './key-value.ts';
import { baseOf } from './log-reader.ts';
import { type ProjectedState, projectFrame, type StoredRow } from './projection.ts';
import { decodeRow } from './row.ts';
import { FORMAT_KEY, FORMAT_VERSION, HEAD_KEY, LOG_RANGE, logKey, objectRowKey, TAIL_KEY } from './tables.ts';

/** The stored log is not what was written. Nothing was changed; the message says what was found where. */
export class LogDamaged extends Error {
  override readonly name = 'LogDamaged';
}

/**
 * Rebuilds everything that is not the log from the log, into an empty store: objects, indexes, history,
 * commit ids. The result is byte-identical to the projection that the sequencer wrote. Verifies the hash
 * chain on the way; throws {@link LogDamaged}.
 */
export async function replayLog(
  from: KeyValueStore,
  to: KeyValueStore,
  options: {
    /** Up to this frame: what follows has not met its goal, or is to be left out. */
    readonly upTo?: number;
  } = {},
): Promise<Head> {
  // The chain links every frame to the one before it; only a stored head, if there is one, knows the last.
  if (from.get(HEAD_KEY) !== undefined) readHead(from);
  let head: Head = { sequence: 0, epoch: 0, revision: 0 as Revision, hash: NO_PREVIOUS_HASH };
  const { sequence: first } = baseOf(from);
  if (first > 0)
    throw new LogDamaged(`the log begins after frame ${first}, with a state that it does not have`);
  await to.write([{ key: FORMAT_KEY, value: FORMAT_VERSION }], { sync: false });
  const state = await ReplayedState.open(to);
  for await (const entries of from.iterate(LOG_RANGE)) {
    for (const [, frameBytes] of entries) {
      if (head.sequence === options.upTo) break;
      const frame = readFrame(frameBytes, head.sequence + 1);
      if (frame.sequence !== head.sequence + 1) {
        throw new LogDamaged(`after frame ${head.sequence} comes frame ${frame.sequence}`);
      }
      if (Buffer.compare(frame.previousHash, head.hash) !== 0) {
        throw new LogDamaged(
          `frame ${frame.sequence} does not follow frame ${head.sequence}: their hashes differ`,
        );
      }
      head = {
        sequence: frame.sequence,
        epoch: frame.epoch,
        revision: lastRevisionOf(frame) ?? head.revision,
        hash: frameHash(frameBytes),
      };
      const { operations } = projectFrame({ frame, frameBytes }, state);
      await to.write([...operations, headOperation(head)], { sync: false });
      state.settle(frame);
    }
  }
  await compactHistory(to);
  return head;
}

/** The rows as the frames before have made them. */
class ReplayedState implements ProjectedState {
  readonly #to: KeyValueStore;
  readonly #derived: DerivedObjects;

  private constructor(to: KeyValueStore, sets: DefaultSets) {
    this.#to = to;
    this.#derived = new DerivedObjects(sets, (key) => to.get(key));
  }

  static async open(to: KeyValueStore): Promise<ReplayedState> {
    return new ReplayedState(to, await DefaultSets.open(to));
  }

  newest(keyText: string): StoredRow | undefined {
    const bytes = this.#to.get(objectRowKey(keyText));
    return bytes === undefined ? this.#derived.read(keyText) : { row: decodeRow(bytes), bytes };
  }

  defaultsOf(cluster: LogicalCluster): ClusterDefaults | undefined {
    return this.#derived.defaultsOf(cluster);
  }

  defaultSet(hash: string): DefaultSet {
    return this.#derived.sets.get(hash);
  }

  onDefaultSet(set: DefaultSet): void {
    this.#derived.sets.add(set);
  }

  // Everything else is read from where it was written.
  onRow(): void {}
  onDefaults(): void {}

  /** What the frame brought is written. */
  settle(frame: Frame): void {
    if (frame.defaults !== undefined) this.#derived.sets.settled(frame.defaults.setHash);
  }
}

/** The end of a stored log, checked against its last frame; undefined when the store is new. */
export function readHead(keyValue: KeyValueStore): Head | undefined {
  const bytes = keyValue.get(HEAD_KEY);
  if (bytes === undefined) {
    // Going on from nothing would write over it. A log may have a tail only, of which nothing counts yet.
    const hasTail = keyValue.get(TAIL_KEY) !== undefined;
    if (!hasTail && keyValue.get(logKey(1)) !== undefined)
      throw new LogDamaged('the log has frames and no head');
    return undefined;
  }
  if (bytes.length !== HEAD_BYTES) throw new LogDamaged(`the head of the log has ${bytes.length} bytes`);
  const head = decodeHead(bytes);
  const frameBytes = keyValue.get(logKey(head.sequence));
  if (frameBytes === undefined)
    throw new LogDamaged(`the last frame (${head.sequence}) of the log is missing`);
  if (Buffer.compare(frameHash(frameBytes), head.hash) !== 0) {
    throw new LogDamaged(`the last frame (${head.sequence}) of the log is not the one that was written`);
  }
  const tail = keyValue.get(TAIL_KEY);
  const end = tail === undefined ? head.sequence : readTail(keyValue, tail).sequence;
  if (keyValue.get(logKey(end + 1)) !== undefined) {
    throw new LogDamaged(`the log has frames beyond its head (${end})`);
  }
  const frame = readFrame(frameBytes, head.sequence);
  const revision = lastRevisionOf(frame) ?? head.revision;
  if (frame.sequence !== head.sequence || frame.epoch !== head.epoch || revision !== head.revision) {
    throw new LogDamaged(`the head of the log does not agree with its last frame (${head.sequence})`);
  }
  return head;
}

/** The end of frames that have not met their goal. */
function readTail(keyValue: KeyValueStore, bytes: Buffer): Head {
  if (bytes.length !== HEAD_BYTES) throw new LogDamaged(`the tail of the log has ${bytes.length} bytes`);
  const tail = decodeHead(bytes);
  const frameBytes = keyValue.get(logKey(tail.sequence));
  if (frameBytes === undefined || Buffer.compare(frameHash(frameBytes), tail.hash) !== 0) {
    throw new LogDamaged(`the last frame (${tail.sequence}) of the log is not the one that was written`);
  }
  return tail;
}

function readFrame(bytes: Uint8Array, sequence: number): Frame {
  try {
    return decodeFrame(bytes);
  } catch (cause) {
    throw new LogDamaged(`frame ${sequence} cannot be read`, { cause });
  }
}
