import { assert, limits, type Revision } from '../base/mod.ts';
import { type Change, decodeFrame, rowOf } from './frame.ts';
import { encodeHead, type Head, headOperation } from './head.ts';
import type { KeyValueStore, WriteOperation } from './key-value.ts';
import { headAt } from './log-reader.ts';
import { keepNotAdopted } from './not-adopted.ts';
import { type ObjectKey, objectKeyText } from './object-key.ts';
import type { StoreEvent } from './projection.ts';
import type { Row } from './row.ts';
import type { RowReader } from './row-reader.ts';
import { formerFloorKey, HEAD_KEY, logKey, TAIL_KEY, undoKey } from './tables.ts';
import { decodeUndo } from './undo-writer.ts';

/**
 * Removes the frames above one that have not met their goal: nothing was made of them. From the end on, so that the log
 * is whole after each step. Returns how many there were.
 */
export async function undoTail(
  keyValue: KeyValueStore,
  { visible, end, to }: { readonly visible: Head; readonly end: Head; readonly to: number },
): Promise<number> {
  const last = Math.max(to, visible.sequence);
  for (let next = end.sequence; next > last; ) {
    const operations: WriteOperation[] = [];
    for (let sizeBytes = 0; next > last && sizeBytes < limits.undoStepBytes; next--) {
      const frameBytes = keyValue.get(logKey(next));
      assert(frameBytes !== undefined, 'the log has no gaps');
      operations.push({ key: logKey(next) }, keepNotAdopted(frameBytes, false));
      sizeBytes += frameBytes.length;
    }
    const tail = headAt(keyValue, next);
    assert(tail !== undefined, 'the log has no gaps');
    operations.push(
      next === visible.sequence ? { key: TAIL_KEY } : { key: TAIL_KEY, value: encodeHead(tail) },
    );
    await keyValue.write(operations, { sync: true });
  }
  return Math.max(0, end.sequence - last);
}

/** One step of an undo: the tables are those of `head` now. */
export interface UndoStep {
  readonly head: Head;
  readonly changes: readonly Change[];
  readonly commits: number;
}

/**
 * Takes back what commits above one have made of the tables, the newest first: each step is a state that there was. The
 * caller has removed the tail, made sure that all of them can be undone, and keeps everybody else from writing.
 */
export async function* undoVisible(
  keyValue: KeyValueStore,
  { from, to }: { readonly from: Head; readonly to: number },
): AsyncGenerator<UndoStep> {
  for (let head = from; head.sequence > to; ) {
    const operations: WriteOperation[] = [];
    const changes: Change[] = [];
    let commits = 0;
    for (let sizeBytes = 0; head.sequence > to && sizeBytes < limits.undoStepBytes; commits++) {
      const { sequence } = head;
      const undoBytes = keyValue.get(undoKey(sequence));
      const frameBytes = keyValue.get(logKey(sequence));
      assert(undoBytes !== undefined && frameBytes !== undefined, 'what is undone was written down');
      const { former, before } = decodeUndo(undoBytes);
      for (const operation of [...before].reverse()) operations.push(operation);
      operations.push(
        { key: logKey(sequence) },
        { key: undoKey(sequence) },
        { key: formerFloorKey(sequence) },
      );
      operations.push(keepNotAdopted(frameBytes, true));
      for (const change of [...decodeFrame(frameBytes).changes].reverse()) changes.push(change);
      sizeBytes += undoBytes.length + frameBytes.length;
      head = former;
    }
    operations.push(head.sequence === 0 ? { key: HEAD_KEY } : headOperation(head));
    await keyValue.write(operations, { sync: true });
    yield { head, changes, commits };
  }
}

/** A change back, for those who remember something about an object: at a revision that nothing else has. */
export class UndoneChange implements StoreEvent {
  readonly revision: Revision;
  readonly key: ObjectKey;
  readonly oldRow: Row | undefined;
  readonly #rows: RowReader;

  constructor(change: Change, { revision, rows }: { readonly revision: Revision; readonly rows: RowReader }) {
    this.revision = revision;
    this.key = change.key;
    this.oldRow = change.verb === 'put' ? rowOf(change) : undefined;
    this.#rows = rows;
  }

  get newRow(): Row | undefined {
    return this.#rows.read(objectKeyText(this.key))?.row;
  }
}
