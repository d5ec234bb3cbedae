import { FieldSet, type FieldSetEntries, type FieldSetEntry, LEAF } from './field-set.ts';

/** The paths of either set. */
export function unionOf(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || b.isEmpty) return a;
  if (a.isEmpty) return b;
  const fields = uniteEntries(a.fields, b.fields);
  const items = uniteEntries(a.items, b.items);
  return fields === a.fields && items === a.items ? a : FieldSet.from(fields, items);
}

/** The paths of both sets. */
export function intersectionOf(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || a.isEmpty) return a;
  if (b.isEmpty) return b;
  return FieldSet.from(intersectEntries(a.fields, b.fields), intersectEntries(a.items, b.items));
}

/** The paths of `a` that are not in `b`. What is below a path of `b` stays. */
export function differenceOf(a: FieldSet, b: FieldSet): FieldSet {
  return subtract(a, b, plainRemainder);
}

/** The paths of `a` that neither are in `b` nor lie below a path of `b`. */
export function recursiveDifferenceOf(a: FieldSet, b: FieldSet): FieldSet {
  return subtract(a, b, recursiveRemainder);
}

/** The members that have no members below them. */
export function leavesOf(set: FieldSet): FieldSet {
  return FieldSet.from(mapEntries(set.fields, leafEntry), mapEntries(set.items, leafEntry));
}

export type EntryChange = (entry: FieldSetEntry, key: string) => FieldSetEntry | undefined;

/** The entries changed one by one; the very same map where nothing changes. */
export function mapEntries(
  entries: FieldSetEntries | undefined,
  change: EntryChange,
): FieldSetEntries | undefined {
  if (entries === undefined) return undefined;
  let copy: Map<string, FieldSetEntry> | undefined;
  for (const [key, entry] of entries) {
    const changed = change(entry, key);
    if (changed === entry) continue;
    copy ??= new Map(entries);
    if (changed === undefined) copy.delete(key);
    else copy.set(key, changed);
  }
  return copy === undefined ? entries : copy.size === 0 ? undefined : copy;
}

/** The entry, or undefined where it would say nothing. */
export function entryOf(isMember: boolean, children: FieldSet | undefined): FieldSetEntry | undefined {
  if (children === undefined || children.isEmpty) return isMember ? LEAF : undefined;
  return { isMember, children };
}

function uniteEntries(
  a: FieldSetEntries | undefined,
  b: FieldSetEntries | undefined,
): FieldSetEntries | undefined {
  if (a === undefined || a === b) return b;
  if (b === undefined) return a;
  let copy: Map<string, FieldSetEntry> | undefined;
  for (const [key, theirs] of b) {
    const ours = a.get(key);
    if (ours === theirs) continue;
    const united = ours === undefined ? theirs : uniteEntry(ours, theirs);
    if (united === ours) continue;
    copy ??= new Map(a);
    copy.set(key, united);
  }
  return copy ?? a;
}

function uniteEntry(a: FieldSetEntry, b: FieldSetEntry): FieldSetEntry {
  const isMember = a.isMember || b.isMember;
  const children =
    a.children === undefined
      ? b.children
      : b.children === undefined
        ? a.children
        : unionOf(a.children, b.children);
  if (isMember === a.isMember && children === a.children) return a;
  return { isMember, children };
}

function intersectEntries(
  a: FieldSetEntries | undefined,
  b: FieldSetEntries | undefined,
): FieldSetEntries | undefined {
  if (a === undefined || b === undefined) return undefined;
  const [small, large] = a.size <= b.size ? [a, b] : [b, a];
  const both = new Map<string, FieldSetEntry>();
  for (const [key, entry] of small) {
    const other = large.get(key);
    if (other === undefined) continue;
    const common = entry === other ? entry : intersectEntry(entry, other);
    if (common !== undefined) both.set(key, common);
  }
  return both;
}

function intersectEntry(a: FieldSetEntry, b: FieldSetEntry): FieldSetEntry | undefined {
  const children =
    a.children === undefined || b.children === undefined ? undefined : intersectionOf(a.children, b.children);
  return entryOf(a.isMember && b.isMember, children);
}

type Remainder = (entry: FieldSetEntry, taken: FieldSetEntry) => FieldSetEntry | undefined;

function plainRemainder(entry: FieldSetEntry, taken: FieldSetEntry): FieldSetEntry | undefined {
  return remainder(entry, taken, plainRemainder);
}

function recursiveRemainder(entry: FieldSetEntry, taken: FieldSetEntry): FieldSetEntry | undefined {
  return taken.isMember ? undefined : remainder(entry, taken, recursiveRemainder);
}

function remainder(entry: FieldSetEntry, taken: FieldSetEntry, below: Remainder): FieldSetEntry | undefined {
  const isMember = entry.isMember && !taken.isMember;
  const children =
    entry.children === undefined || taken.children === undefined
      ? entry.children
      : subtract(entry.children, taken.children, below);
  if (isMember === entry.isMember && children === entry.children) return entry;
  return entryOf(isMember, children);
}

function subtract(a: FieldSet, b: FieldSet, remain: Remainder): FieldSet {
  if (a.isEmpty || b.isEmpty) return a;
  const fields = subtractEntries(a.fields, b.fields, remain);
  const items = subtractEntries(a.items, b.items, remain);
  return fields === a.fields && items === a.items ? a : FieldSet.from(fields, items);
}

function subtractEntries(
  a: FieldSetEntries | undefined,
  b: FieldSetEntries | undefined,
  remain: Remainder,
): FieldSetEntries | undefined {
  if (a === undefined || b === undefined) return a;
  let copy: Map<string, FieldSetEntry> | undefined;
  for (const [key, taken] of b) {
    const entry = a.get(key);
    if (entry === undefined) continue;
    const left = remain(entry, taken);
    if (left === entry) continue;
    copy ??= new Map(a);
    if (left === undefined) copy.delete(key);
    else copy.set(key, left);
  }
  return copy ?? a;
}

function leafEntry(entry: FieldSetEntry): FieldSetEntry | undefined {
  if (entry.children === undefined) return entry;
  return entryOf(false, leavesOf(entry.children));
}
