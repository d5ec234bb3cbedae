import { deepEqual } from '../machinery/mod.ts';
import type { ListOrder, Piece, Pieces } from './cut.ts';
import { itemPath, lifePath, type RegisterPath, ROOT_PATH } from './register-path.ts';

/** What a document shall say after an edit. */
export class Target implements Pieces {
  /** Items come before what is in them. */
  registers: Map<RegisterPath, Piece>;
  orders: Map<RegisterPath, ListOrder>;

  private constructor({ registers, orders }: Pieces) {
    this.registers = new Map(registers);
    this.orders = new Map(orders);
  }

  static of(pieces: Pieces): Target {
    return new Target(pieces);
  }

  /**
   * Takes only what makes the wanted object different from `old`, on top of `current`. What was changed inside of an item
   * that is not there any more goes with it, and so does the place in a list of an item that is gone.
   */
  rebase(old: Pieces, current: Pieces): void {
    const wanted: Pieces = { registers: this.registers, orders: this.orders };
    const registers = new Map(current.registers);
    for (const path of old.registers.keys()) if (!wanted.registers.has(path)) registers.delete(path);
    for (const [path, piece] of wanted.registers) {
      if (!deepEqual(old.registers.get(path)?.value, piece.value)) registers.set(path, piece);
    }
    this.registers = withItemsFirst(registers);
    this.orders = new Map();
    for (const [path, order] of [...current.orders, ...wanted.orders]) {
      const isMoved = !areSame(old.orders.get(path), wanted.orders.get(path));
      const preferred = isMoved ? wanted.orders.get(path) : current.orders.get(path);
      const texts = [...new Set([...(preferred ?? order).texts, ...(current.orders.get(path)?.texts ?? [])])];
      const present = texts.filter((text) => this.#hasItem(path, text));
      if (present.length > 0 && this.#isThere(order.item))
        this.orders.set(path, { texts: present, item: order.item });
    }
  }

  #hasItem(list: RegisterPath, text: string): boolean {
    const path = itemPath(list, text);
    return this.registers.has(path) || this.registers.has(lifePath(path));
  }

  #isThere(item: RegisterPath): boolean {
    return item === ROOT_PATH || this.registers.has(lifePath(item));
  }
}

/** Sorted by the items that they are in, and without those whose item is gone. */
function withItemsFirst(registers: ReadonlyMap<RegisterPath, Piece>): Map<RegisterPath, Piece> {
  // The path of an item is longer than that of the item around it.
  const sorted = [...registers].sort(([, a], [, b]) => a.item.length - b.item.length);
  const kept = new Map<RegisterPath, Piece>();
  for (const [path, piece] of sorted) {
    if (piece.item === ROOT_PATH || kept.has(lifePath(piece.item))) kept.set(path, piece);
  }
  return kept;
}

function areSame(a: ListOrder | undefined, b: ListOrder | undefined): boolean {
  return (
    a?.texts.length === b?.texts.length && (a?.texts ?? []).every((text, index) => text === b?.texts[index])
  );
}
