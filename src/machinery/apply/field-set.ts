import {
  compareItems,
  type FieldPath,
  fieldElement,
  type ItemElement,
  type PathElement,
  parseItem,
} from './path-element.ts';
import { compareTexts } from './value-order.ts';

/** What a set says of one element: whether it is a member, and which members are below it. */
export interface FieldSetEntry {
  readonly isMember: boolean;
  readonly children: FieldSet | undefined;
}

/** Entries by the name of the field, or by the FieldsV1 text of the item. Never empty. */
export type FieldSetEntries = ReadonlyMap<string, FieldSetEntry>;

/**
 * An immutable set of paths, as a tree. Sets share subtrees, and operations return one of their operands
 * where that is the result, so `===` is a cheap first test. No node is empty except {@link FieldSet.empty}.
 *
 * Members of objects and items of lists are kept apart, since the names of members need no encoding and
 * are by far the most frequent.
 */
export class FieldSet {
  static readonly empty = new FieldSet(undefined, undefined);

  readonly fields: FieldSetEntries | undefined;
  readonly items: FieldSetEntries | undefined;

  private constructor(fields: FieldSetEntries | undefined, items: FieldSetEntries | undefined) {
    this.fields = fields;
    this.items = items;
  }

  /** The set of these paths. The empty path is never a member: nobody owns an object as a whole. */
  static of(...paths: readonly FieldPath[]): FieldSet {
    return paths.reduce((set: FieldSet, path) => set.insert(path), FieldSet.empty);
  }

  /** The set with these entries. The maps must not be changed afterwards. */
  static from(fields: FieldSetEntries | undefined, items: FieldSetEntries | undefined): FieldSet {
    const hasFields = fields !== undefined && fields.size > 0;
    const hasItems = items !== undefined && items.size > 0;
    if (!hasFields && !hasItems) return FieldSet.empty;
    return new FieldSet(hasFields ? fields : undefined, hasItems ? items : undefined);
  }

  get isEmpty(): boolean {
    return this.fields === undefined && this.items === undefined;
  }

  /** How many paths are members. */
  get size(): number {
    return sizeOf(this.fields) + sizeOf(this.items);
  }

  /** The entry of an element, if it or anything below it is a member. */
  entry(element: PathElement): FieldSetEntry | undefined {
    return element.kind === 'field' ? this.fields?.get(element.name) : this.items?.get(element.text);
  }

  has(path: FieldPath): boolean {
    let set: FieldSet | undefined = this;
    for (let index = 0; index < path.length; index++) {
      const entry: FieldSetEntry | undefined = set.entry(path[index]!);
      if (entry === undefined) return false;
      if (index === path.length - 1) return entry.isMember;
      set = entry.children;
      if (set === undefined) return false;
    }
    return false;
  }

  /** What is below the element, without the element itself. */
  below(element: PathElement): FieldSet {
    return this.entry(element)?.children ?? FieldSet.empty;
  }

  /** This set and one more path. Builds a path at a time: for many, use the set operations. */
  insert(path: FieldPath): FieldSet {
    const [first, ...rest] = path;
    if (first === undefined) return this;
    const known = this.entry(first);
    const below = rest.length === 0 ? undefined : (known?.children ?? FieldSet.empty).insert(rest);
    return this.with(first, {
      isMember: rest.length === 0 || known?.isMember === true,
      children: below ?? known?.children,
    });
  }

  /** This set with another entry for one element. */
  with(element: PathElement, entry: FieldSetEntry): FieldSet {
    return element.kind === 'field'
      ? new FieldSet(new Map(this.fields).set(element.name, entry), this.items)
      : new FieldSet(this.fields, new Map(this.items).set(element.text, entry));
  }

  equals(other: FieldSet): boolean {
    return this === other || (sameEntries(this.fields, other.fields) && sameEntries(this.items, other.items));
  }

  /** The entries in upstream's order: fields by name, then items by their values. */
  *entriesInOrder(): Iterable<readonly [PathElement, FieldSetEntry]> {
    if (this.fields !== undefined) {
      for (const name of sortedNames(this.fields)) yield [fieldElement(name), this.fields.get(name)!];
    }
    if (this.items !== undefined) {
      for (const item of sortedItems(this.items)) yield [item, this.items.get(item.text)!];
    }
  }

  /** All paths in upstream's order: of each node first its members, then what is below each element. */
  *[Symbol.iterator](): Iterator<FieldPath> {
    yield* this.#paths([]);
  }

  *#paths(prefix: FieldPath): Iterable<FieldPath> {
    const entries = [...this.entriesInOrder()];
    for (const [element, { isMember }] of entries) if (isMember) yield [...prefix, element];
    for (const [element, { children }] of entries) {
      if (children !== undefined) yield* children.#paths([...prefix, element]);
    }
  }
}

/** An element that is a member and has nothing below it: shared, as most entries are of this kind. */
export const LEAF: FieldSetEntry = { isMember: true, children: undefined };

/** The names in the order of their UTF-8 bytes. */
export function sortedNames(entries: FieldSetEntries): string[] {
  const names = [...entries.keys()];
  for (let index = 1; index < names.length; index++) {
    if (compareTexts(names[index - 1]!, names[index]!) > 0) return names.sort(compareTexts);
  }
  return names;
}

/** The items in upstream's order. */
export function sortedItems(entries: FieldSetEntries): ItemElement[] {
  return [...entries.keys()].map(parseItem).sort(compareItems);
}

function sizeOf(entries: FieldSetEntries | undefined): number {
  let size = 0;
  for (const { isMember, children } of entries?.values() ?? [])
    size += (isMember ? 1 : 0) + (children?.size ?? 0);
  return size;
}

function sameEntries(a: FieldSetEntries | undefined, b: FieldSetEntries | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.size !== b.size) return false;
  for (const [key, entry] of a) {
    const other = b.get(key);
    if (other === undefined) return false;
    if (entry !== other && (entry.isMember !== other.isMember || !sameChildren(entry, other))) return false;
  }
  return true;
}

function sameChildren(a: FieldSetEntry, b: FieldSetEntry): boolean {
  if (a.children === undefined || b.children === undefined) return a.children === b.children;
  return a.children.equals(b.children);
}
