import {
  combinedResource,
  type PathQuestion,
  type PolicyRule,
  type ResourceQuestion,
  subresourceOfAll,
  urlPrefix,
} from './policy-rule.ts';

/** What a list of a rule takes: everything, or the texts in a list or (when there are many) in a set. */
type Matcher = 'all' | readonly string[] | ReadonlySet<string>;

interface CompiledRule {
  readonly position: number;
  readonly verbs: Matcher;
  readonly groups: Matcher;
  readonly names: Matcher;
}

/** Up to here looking through a list is quicker than hashing. */
const LIST_MAX = 8;
/** What V8 spends on an object of five lists, and on an entry of a list with a place in a map. */
const RULE_BYTES = 200;
const ENTRY_BYTES = 64;
const NONE: readonly CompiledRule[] = [];

/**
 * The compiled form of a list of rules. A rule is found by its resources or URLs alone: an index over verbs,
 * groups and names as well would multiply their numbers, and a rule of 1 MiB would become terabytes. So this
 * takes memory in proportion to the rules. Immutable.
 */
export class RuleIndex {
  readonly #byResource = new Map<string, CompiledRule[]>();
  readonly #bySubresource = new Map<string, CompiledRule[]>();
  readonly #ofAllResources: CompiledRule[] = [];
  readonly #byPath = new Map<string, CompiledRule[]>();
  readonly #byPathPrefix = new Map<string, CompiledRule[]>();
  readonly #prefixLengths: readonly number[];
  /** What it costs in memory, roughly. */
  readonly sizeBytes: number;

  constructor(rules: readonly PolicyRule[]) {
    let sizeBytes = 0;
    for (const [position, rule] of rules.entries()) {
      this.#add(rule, compile(rule, position));
      sizeBytes += ruleSizeBytes(rule);
    }
    this.sizeBytes = sizeBytes;
    const lengths = new Set([...this.#byPathPrefix.keys()].map((prefix) => prefix.length));
    this.#prefixLengths = [...lengths].sort((a, b) => a - b);
  }

  /** The position of the first rule that allows something on a resource; -1 when none does. */
  findResource(question: ResourceQuestion): number {
    const { resource, subresource } = question;
    const exact = this.#byResource.get(combinedResource(resource, subresource)) ?? NONE;
    let first = firstOf(exact, question, Number.POSITIVE_INFINITY);
    if (subresource !== '') {
      first = firstOf(this.#bySubresource.get(subresource) ?? NONE, question, first);
    }
    first = firstOf(this.#ofAllResources, question, first);
    return first === Number.POSITIVE_INFINITY ? -1 : first;
  }

  /** The same for a path. */
  findPath({ verb, path }: PathQuestion): number {
    let first = firstWithVerb(this.#byPath.get(path) ?? NONE, verb, Number.POSITIVE_INFINITY);
    // One look-up per length of a prefix, however many prefixes there are.
    for (const length of this.#prefixLengths) {
      if (length > path.length) break;
      first = firstWithVerb(this.#byPathPrefix.get(path.slice(0, length)) ?? NONE, verb, first);
    }
    return first === Number.POSITIVE_INFINITY ? -1 : first;
  }

  #add(rule: PolicyRule, compiled: CompiledRule): void {
    for (const entry of rule.resources) {
      if (entry === '*') push(this.#ofAllResources, compiled);
      else {
        const subresource = subresourceOfAll(entry);
        if (subresource === undefined || subresource === '') put(this.#byResource, entry, compiled);
        else put(this.#bySubresource, subresource, compiled);
      }
    }
    for (const url of rule.nonResourceURLs) {
      const prefix = urlPrefix(url);
      if (prefix === undefined) put(this.#byPath, url, compiled);
      else put(this.#byPathPrefix, prefix, compiled);
    }
  }
}

/** What a rule costs in memory, roughly; its compiled form costs no more. */
export function ruleSizeBytes(rule: PolicyRule): number {
  const lists = [rule.verbs, rule.apiGroups, rule.resources, rule.resourceNames, rule.nonResourceURLs];
  return lists.reduce((sum, list) => sum + textsSizeBytes(list), RULE_BYTES);
}

/** What a list of texts costs in memory, roughly. */
export function textsSizeBytes(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + ENTRY_BYTES + text.length, 0);
}

function compile(rule: PolicyRule, position: number): CompiledRule {
  return {
    position,
    verbs: matcherOf(rule.verbs),
    groups: matcherOf(rule.apiGroups),
    // A star is no wildcard among names: it would be the name of an object.
    names: rule.resourceNames.length === 0 ? 'all' : listOrSet(rule.resourceNames),
  };
}

function matcherOf(entries: readonly string[]): Matcher {
  return entries.includes('*') ? 'all' : listOrSet(entries);
}

function listOrSet(entries: readonly string[]): Matcher {
  return entries.length > LIST_MAX ? new Set(entries) : entries;
}

function takes(matcher: Matcher, wanted: string | undefined): boolean {
  if (matcher === 'all') return true;
  if (wanted === undefined) return false;
  return matcher instanceof Set ? matcher.has(wanted) : (matcher as readonly string[]).includes(wanted);
}

// Rules stand in the order of their positions, so that the search ends where it can find nothing earlier.
function firstOf(rules: readonly CompiledRule[], question: ResourceQuestion, before: number): number {
  for (const rule of rules) {
    if (rule.position >= before) return before;
    // A thousand rules about one resource differ in their names: these are looked at first.
    if (
      takes(rule.names, question.name) &&
      takes(rule.groups, question.group) &&
      takes(rule.verbs, question.verb)
    )
      return rule.position;
  }
  return before;
}

function firstWithVerb(rules: readonly CompiledRule[], verb: string, before: number): number {
  for (const rule of rules) {
    if (rule.position >= before) return before;
    if (takes(rule.verbs, verb)) return rule.position;
  }
  return before;
}

function put(map: Map<string, CompiledRule[]>, key: string, rule: CompiledRule): void {
  const rules = map.get(key);
  if (rules === undefined) map.set(key, [rule]);
  else push(rules, rule);
}

// An entry that a rule names twice counts once.
function push(rules: CompiledRule[], rule: CompiledRule): void {
  if (rules.at(-1) !== rule) rules.push(rule);
}
