import { limits } from '../base/mod.ts';
import type { ListedObject } from './snapshot.ts';

/** An object, and where it stands among others. */
export interface PlacedObject {
  /** The key by which it is found, without the first byte that names the table. */
  readonly place: Buffer;
  readonly object: ListedObject;
}

export function isPlacedBefore(a: PlacedObject, b: PlacedObject): boolean {
  return a.place.compare(b.place) < 0;
}

/** Cuts objects into batches that fit in memory. */
export class PlacedBatches {
  #items: PlacedObject[] = [];
  #sizeBytes = 0;

  *add(item: PlacedObject): Generator<PlacedObject[]> {
    this.#items.push(item);
    this.#sizeBytes += item.object.row.json.length;
    if (this.#sizeBytes >= limits.iteratorBatchBytes) yield* this.rest();
  }

  *rest(): Generator<PlacedObject[]> {
    if (this.#items.length === 0) return;
    yield this.#items;
    this.#items = [];
    this.#sizeBytes = 0;
  }
}
