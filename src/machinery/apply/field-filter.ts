import { FieldSet, type FieldSetEntry } from './field-set.ts';
import { entryOf, mapEntries, recursiveDifferenceOf } from './field-set-algebra.ts';
import { elementText, type PathElement } from './path-element.ts';

/** Which fields an endpoint lets its writers own. */
export type FieldFilter = ExcludeFilter | IncludeFilter;

/** Leaves out these fields with everything below them. */
export interface ExcludeFilter {
  readonly kind: 'exclude';
  readonly set: FieldSet;
}

/** Leaves out everything but what matches. */
export interface IncludeFilter {
  readonly kind: 'include';
  readonly matcher: SetMatcher;
}

/** Matches sets: `all` everything, else what one of the members matches. Make one with {@link pathMatcher}. */
export interface SetMatcher {
  readonly all: boolean;
  /** Matchers for single elements and what is below them. */
  readonly elements: ReadonlyMap<string, SetMatcher>;
  /** For any element; goes before the ones for single elements. */
  readonly each: SetMatcher | undefined;
}

export function excludeFields(set: FieldSet): ExcludeFilter {
  return { kind: 'exclude', set };
}

/** Lets through what any of the matchers matches; without matchers, everything. */
export function includeFields(...matchers: readonly SetMatcher[]): IncludeFilter {
  const [first, ...rest] = matchers;
  return { kind: 'include', matcher: rest.reduce(mergeMatchers, first ?? MATCH_ALL) };
}

/** Matches everything that begins with this path; `*` stands for any element. */
export function pathMatcher(path: readonly (PathElement | '*')[]): SetMatcher {
  return path.reduceRight<SetMatcher>(
    (below, element) =>
      element === '*'
        ? { all: false, elements: new Map(), each: below }
        : { all: false, elements: new Map([[elementText(element), below]]), each: undefined },
    MATCH_ALL,
  );
}

/** The part of the set that the filter lets through; without a filter, the set. */
export function filterSet(set: FieldSet, filter: FieldFilter | undefined): FieldSet {
  if (filter === undefined) return set;
  if (filter.kind === 'exclude') return recursiveDifferenceOf(set, filter.set);
  return matching(set, filter.matcher);
}

const MATCH_ALL: SetMatcher = { all: true, elements: new Map(), each: undefined };

function mergeMatchers(a: SetMatcher, b: SetMatcher): SetMatcher {
  if (a.all || b.all) return MATCH_ALL;
  const elements = new Map(a.elements);
  for (const [text, below] of b.elements) {
    const known = elements.get(text);
    elements.set(text, known === undefined ? below : mergeMatchers(known, below));
  }
  const each =
    a.each === undefined || b.each === undefined ? (a.each ?? b.each) : mergeMatchers(a.each, b.each);
  return { all: false, elements, each };
}

function matching(set: FieldSet, matcher: SetMatcher): FieldSet {
  if (matcher.all || set.isEmpty) return set;
  return FieldSet.from(
    mapEntries(set.fields, (entry, name) => matchEntry(entry, matcher, `f:${name}`)),
    mapEntries(set.items, (entry, text) => matchEntry(entry, matcher, text)),
  );
}

function matchEntry(entry: FieldSetEntry, matcher: SetMatcher, text: string): FieldSetEntry | undefined {
  const below = matcher.each ?? matcher.elements.get(text);
  if (below === undefined) return undefined;
  // A member on the way to what is matched is let through too, as upstream does.
  return entryOf(entry.isMember, entry.children && matching(entry.children, below));
}
