import { assert, limits, type Revision } from '../base/mod.ts';
import type { ClusterDefaults } from './cluster-defaults.ts';
import { creationsOf, type DerivedObjects, deletionsOf } from './derived-objects.ts';
import type { FormerDefaults } from './former-defaults.ts';
import { type Change, decodeFrame, type Frame, firstRevisionOf, lastRevisionOf, rowOf } from './frame.ts';
import { revisionBefore } from './log-reader.ts';
import { mergeBatches, singleBatch } from './merge.ts';
import { type CollectionKey, type ObjectKey, objectKeyText } from './object-key.ts';
import { decodeEventPointer, type StoreEvent } from './projection.ts';
import { decodeRow } from './row.ts';
import { eventRange, logKey, logRange, parseEventKey, versionKey } from './tables.ts';
import type { TablesView } from './tables-view.ts';

type Kind = Omit<CollectionKey, 'cluster'>;

/** Revisions after one up to another (inclusive). */
export interface RevisionRange {
  readonly after: number;
  readonly upTo: number;
}

/** A commit in which something begins, and the one before it. */
export interface Around {
  /** The first revision of the commit; undefined when there is none. */
  readonly first: Revision | undefined;
  /** The last revision before it. */
  readonly before: number;
}

/** What happened, from the stored log. */
export class History {
  readonly #tables: TablesView;
  readonly #derived: DerivedObjects;

  readonly #former: FormerDefaults;

  constructor(tables: TablesView, derived: DerivedObjects, former: FormerDefaults) {
    this.#tables = tables;
    this.#derived = derived;
    this.#former = former;
  }

  /** The events of a collection, oldest first, in batches. */
  async *ofCollection(
    collection: CollectionKey,
    range: RevisionRange,
  ): AsyncGenerator<readonly StoreEvent[]> {
    const changes = this.#changesIn(collection, range);
    const derived = [
      ...(await this.#former.eventsIn(collection, range)),
      ...this.#derived.creationsIn(collection, range),
    ];
    if (derived.length === 0) yield* changes;
    else yield* mergeBatches(changes, singleBatch(derived), (a, b) => a.revision < b.revision);
  }

  /** The events of one kind in all logical clusters, read from the log itself; `sequence` is its end. */
  async *ofKind(kind: Kind, range: RevisionRange, sequence: number): AsyncGenerator<readonly StoreEvent[]> {
    let next = this.#firstSequenceAfter(range.after, sequence);
    for await (const entries of this.#tables.iterate(logRange(next))) {
      const batches = new EventBatches();
      for (const [, frameBytes] of entries) {
        const frame = decodeFrame(frameBytes);
        assert(frame.sequence === next, 'the log has no gaps');
        next++;
        for (const event of this.#eventsOf(frame, kind)) {
          if (event.revision <= range.after) continue;
          if (event.revision > range.upTo) {
            yield* batches.rest();
            return;
          }
          yield* batches.add(event);
        }
      }
      yield* batches.rest();
    }
  }

  /**
   * The keys of what was changed of one kind in all logical clusters, repeated as often as it was: without what has
   * only come into being with its logical cluster.
   */
  async *keysOfKind(kind: Kind, range: RevisionRange, sequence: number): AsyncGenerator<ObjectKey> {
    const first = this.#firstSequenceAfter(range.after, sequence);
    for await (const entries of this.#tables.iterate(logRange(first))) {
      for (const [, frameBytes] of entries) {
        const frame = decodeFrame(frameBytes);
        for (const { key, revision } of frame.changes) {
          if (revision > range.upTo) return;
          if (revision > range.after && isOfKind(key, kind)) yield key;
        }
        const { ended } = frame;
        if (ended === undefined) continue;
        for (const { key, revision } of deletionsOf(this.#derived.sets.get(ended.defaults.setHash), ended)) {
          if (!isOfKind(key, kind)) continue;
          if (revision > range.after && revision <= range.upTo) yield key;
        }
      }
    }
  }

  async *#changesIn(collection: CollectionKey, range: RevisionRange): AsyncGenerator<readonly StoreEvent[]> {
    // A range delete is one frame with many events: it is decoded once, not once for each of them.
    let sequence = 0;
    let changes: readonly Change[] = [];
    for await (const entries of this.#tables.iterate(eventRange(collection, range.after, range.upTo))) {
      const batches = new EventBatches();
      for (const [eventKeyBytes, pointerBytes] of entries) {
        const pointer = decodeEventPointer(pointerBytes);
        if (pointer.sequence !== sequence) {
          sequence = pointer.sequence;
          changes = this.#changesOf(sequence);
        }
        const change = changes[pointer.index];
        assert(change?.revision === parseEventKey(eventKeyBytes), 'an event points to its change in the log');
        yield* batches.add(this.#event(change));
      }
      yield* batches.rest();
    }
  }

  /** What a commit did to the objects of a kind. */
  *#eventsOf({ changes, ended, defaults }: Frame, kind: Kind): Generator<StoreEvent> {
    for (const change of changes) if (isOfKind(change.key, kind)) yield this.#event(change);
    if (!this.#derived.sets.haveKind(kind)) return;
    const setOf = ({ setHash }: ClusterDefaults) => this.#derived.sets.get(setHash);
    const derived = [
      ...(ended === undefined ? [] : deletionsOf(setOf(ended.defaults), ended)),
      ...(defaults === undefined ? [] : creationsOf(setOf(defaults), defaults)),
    ];
    for (const event of derived) if (isOfKind(event.key, kind)) yield event;
  }

  #changesOf(sequence: number): readonly Change[] {
    const frameBytes = this.#tables.get(logKey(sequence));
    assert(frameBytes !== undefined, 'an event points to a frame of the log');
    return decodeFrame(frameBytes).changes;
  }

  #event(change: Change): StoreEvent {
    const { key, revision } = change;
    const oldBytes = this.#tables.get(versionKey(objectKeyText(key), revision));
    return {
      revision,
      key,
      oldRow: oldBytes === undefined ? undefined : decodeRow(oldBytes),
      newRow: change.verb === 'put' ? rowOf(change) : undefined,
    };
  }

  /** The revisions around the first change of which something holds that holds of all later ones. */
  around(isAfter: (revision: number) => boolean, lastSequence: number): Around {
    const sequence = this.#firstSequence(isAfter, lastSequence);
    const bytes = this.#tables.get(logKey(sequence));
    const first = bytes === undefined ? undefined : firstRevisionOf(decodeFrame(bytes));
    return { first, before: revisionBefore(this.#tables, sequence) };
  }

  #firstSequenceAfter(revision: number, lastSequence: number): number {
    return this.#firstSequence((last) => last > revision, lastSequence);
  }

  /** Frames are dense and their revisions grow, so a binary search finds the place. */
  #firstSequence(isAfter: (revision: number) => boolean, lastSequence: number): number {
    let low = 1;
    let high = lastSequence + 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      const bytes = this.#tables.get(logKey(middle));
      const last = bytes === undefined ? undefined : lastRevisionOf(decodeFrame(bytes));
      if (bytes === undefined || (last !== undefined && !isAfter(last))) low = middle + 1;
      else if (last !== undefined) high = middle;
      else if (!isAfter(revisionBefore(this.#tables, middle))) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Cuts events into batches that fit in memory: pointers are small, the rows that they lead to need not be. */
class EventBatches {
  #events: StoreEvent[] = [];
  #sizeBytes = 0;

  *add(event: StoreEvent): Generator<readonly StoreEvent[]> {
    this.#events.push(event);
    this.#sizeBytes += (event.oldRow?.json.length ?? 0) + (event.newRow?.json.length ?? 0);
    if (this.#sizeBytes >= limits.iteratorBatchBytes) yield* this.rest();
  }

  *rest(): Generator<readonly StoreEvent[]> {
    if (this.#events.length === 0) return;
    yield this.#events;
    this.#events = [];
    this.#sizeBytes = 0;
  }
}

function isOfKind(key: CollectionKey, kind: Kind): boolean {
  return key.group === kind.group && key.resource === kind.resource && key.identity === kind.identity;
}
