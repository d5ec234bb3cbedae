import { type FieldFilter, filterSet } from './field-filter.ts';
import { FieldSet, type FieldSetEntry } from './field-set.ts';
import { entryOf, unionOf } from './field-set-algebra.ts';

/** How one object became another. */
export interface Comparison {
  readonly removed: FieldSet;
  readonly modified: FieldSet;
  readonly added: FieldSet;
}

export const NO_CHANGES: Comparison = {
  removed: FieldSet.empty,
  modified: FieldSet.empty,
  added: FieldSet.empty,
};

/** What has a new value: modified or added. */
export function changedFields({ modified, added }: Comparison): FieldSet {
  return unionOf(modified, added);
}

/** The comparison, with only the fields that the filter lets through. */
export function filterComparison(comparison: Comparison, filter: FieldFilter | undefined): Comparison {
  if (filter === undefined) return comparison;
  return {
    removed: filterSet(comparison.removed, filter),
    modified: filterSet(comparison.modified, filter),
    added: filterSet(comparison.added, filter),
  };
}

/** The three sets of a comparison below one node, while a walk is there. */
export class ChangeNode {
  readonly removed = new GrowingSet();
  readonly modified = new GrowingSet();
  readonly added = new GrowingSet();
}

/** The part of a set that lies below one node, and whether the node is a member itself. */
export class GrowingSet {
  isMember = false;
  #fields: Map<string, FieldSetEntry> | undefined;
  #items: Map<string, FieldSetEntry> | undefined;

  /** Puts in an entry for a field, unless it says nothing. */
  putField(name: string, entry: FieldSetEntry | undefined): void {
    if (entry === undefined) return;
    this.#fields ??= new Map();
    this.#fields.set(name, entry);
  }

  /** Puts in an entry for an item, unless it says nothing. */
  putItem(text: string, entry: FieldSetEntry | undefined): void {
    if (entry === undefined) return;
    this.#items ??= new Map();
    this.#items.set(text, entry);
  }

  /** What is below the node. Nothing may be put in afterwards. */
  children(): FieldSet {
    return FieldSet.from(this.#fields, this.#items);
  }

  /** The entry of the node itself, if it says anything. */
  entry(): FieldSetEntry | undefined {
    return this.#fields === undefined && this.#items === undefined && !this.isMember
      ? undefined
      : entryOf(this.isMember, this.children());
  }
}
