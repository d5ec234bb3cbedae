import type { Revision } from '../../base/mod.ts';
import type { ObjectKey } from '../object-key.ts';
import type { StoreEvent } from '../projection.ts';
import type { Row } from '../row.ts';

/** An event at its place in the order of the member. Rows of derived objects are still made when somebody looks. */
export class AppliedEvent implements StoreEvent {
  readonly applied: Revision;
  readonly #event: StoreEvent;

  constructor(event: StoreEvent, applied: number) {
    this.#event = event;
    this.applied = applied as Revision;
  }

  get revision(): Revision {
    return this.#event.revision;
  }

  get key(): ObjectKey {
    return this.#event.key;
  }

  get oldRow(): Row | undefined {
    return this.#event.oldRow;
  }

  get newRow(): Row | undefined {
    return this.#event.newRow;
  }
}
