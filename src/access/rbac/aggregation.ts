import { limits } from '../../base/mod.ts';
import {
  type JsonObject,
  type LabelSelector,
  labelSelectorFromObject,
  objectAt,
  objectsAt,
  StatusError,
  textAt,
} from '../../machinery/mod.ts';
import { type PolicyRule, ruleFrom } from './policy-rule.ts';

// Around a circle rules travel one role a pass: one that has not come to rest by then never will, or is no use.
const PASSES_MAX = 16;
// Each takes up to half a microsecond, so that others wait for about a tenth of a millisecond.
const STEPS_PER_TURN = 250;

/** The selectors by which a ClusterRole gathers others; empty when it has rules of its own. */
export function aggregationSelectors(clusterRole: JsonObject): JsonObject[] {
  return objectsAt(objectAt(clusterRole, 'aggregationRule'), 'clusterRoleSelectors');
}

/** A ClusterRole by its place among all of them, which are sorted by name. */
type RoleIndex = number;
/** A rule by its place among all that were looked at: equal rules are one. */
type RuleIndex = number;

/**
 * The rules that have to be written so that all ClusterRoles of a logical cluster have what they gather, by name:
 * as upstream's controller, selector by selector, roles by name, each rule once; also what roles gather that others
 * only gather now. Roles that gather each other in a circle, and those that gather from them, are left as they are
 * when they never come to rest, as are those whose selectors cannot be read and those that are too much work
 * (`limits.rbacGatherStepsMax`). What is written is at rest: to settle it again changes nothing.
 *
 * A generator, so that whoever runs it can let others have their turn at each step.
 */
export function* settledRules(
  clusterRoles: readonly JsonObject[],
): Generator<undefined, ReadonlyMap<string, readonly PolicyRule[]>> {
  const roles = [...clusterRoles].sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
  const sources = yield* sourcesOf(roles);
  const { ordered, circular } = yield* orderOf(sources);
  const table = new RuleTable(roles);
  const work = new Work();
  const settled = new Map<RoleIndex, readonly RuleIndex[]>();
  for (const role of ordered) {
    const rules = yield* gather({ table, work, settled, sources: sources.get(role)! });
    if (rules !== undefined) settled.set(role, rules);
  }
  const tried = new Map(settled);
  let isAtRest = false;
  for (let pass = 0; pass < PASSES_MAX && !isAtRest; pass++) {
    isAtRest = true;
    for (const role of circular) {
      const rules = yield* gather({ table, work, settled: tried, sources: sources.get(role)! });
      if (rules !== undefined && isSame(rules, tried.get(role) ?? (yield* table.storedRules(role)))) continue;
      isAtRest = false;
      if (rules !== undefined) tried.set(role, rules);
    }
  }
  const changed = new Map<string, readonly PolicyRule[]>();
  for (const [role, rules] of isAtRest ? tried : settled) {
    if (isSame(rules, yield* table.storedRules(role))) continue;
    const all = rules.map((index) => table.rules[index]!);
    changed.set(nameOf(roles[role]!), all);
  }
  return changed;
}

/**
 * What each role gathers from, in the order in which it does: each source once, where the first selector finds it.
 * The cheap ones come first, so that no role can keep the usual ones from gathering.
 */
function* sourcesOf(
  roles: readonly JsonObject[],
): Generator<undefined, ReadonlyMap<RoleIndex, readonly RoleIndex[]>> {
  const gathering = [...roles.keys()]
    .filter((index) => objectAt(roles[index], 'aggregationRule') !== undefined)
    .map((index) => ({ index, selectors: aggregationSelectors(roles[index]!) }))
    .sort((one, other) => one.selectors.length - other.selectors.length);
  const labels = roles.map(labelsOf);
  const work = new Work();
  const sources = new Map<RoleIndex, readonly RoleIndex[]>();
  for (const { index, selectors } of gathering) {
    const distinct = yield* distinctSelectors(selectors, work);
    const terms = distinct?.reduce((sum, selector) => sum + weightOf(selector), 0) ?? 0;
    if (distinct === undefined || terms * roles.length > work.left) continue;
    const found: RoleIndex[][] = distinct.map(() => []);
    for (const other of roles.keys()) {
      if (other === index) continue;
      for (const [rank, selector] of distinct.entries()) {
        if (work.takes(weightOf(selector))) yield;
        if (!selector.matches(labels[other])) continue;
        found[rank]!.push(other);
        break;
      }
    }
    sources.set(index, found.flat());
  }
  return sources;
}

/** The selectors that say different things; undefined when one cannot be read. */
function* distinctSelectors(
  selectors: readonly JsonObject[],
  work: Work,
): Generator<undefined, readonly LabelSelector[] | undefined> {
  const distinct = new Map<string, LabelSelector>();
  for (const object of selectors) {
    try {
      const selector = labelSelectorFromObject(object);
      if (!distinct.has(selector.text)) distinct.set(selector.text, selector);
      if (work.pauses(weightOf(selector))) yield;
    } catch (error) {
      if (error instanceof StatusError) return undefined;
      throw error;
    }
  }
  return [...distinct.values()];
}

function weightOf({ requirements }: LabelSelector): number {
  return Math.max(1, requirements.length);
}

/** The roles that gather, each after those that it gathers from; apart from them those for which there is no such order. */
function* orderOf(
  sources: ReadonlyMap<RoleIndex, readonly RoleIndex[]>,
): Generator<undefined, { readonly ordered: readonly RoleIndex[]; readonly circular: readonly RoleIndex[] }> {
  const gathering = [...sources.keys()].sort((one, other) => one - other);
  const gatherers = new Map<RoleIndex, RoleIndex[]>(gathering.map((role) => [role, []]));
  const missing = new Map<RoleIndex, number>();
  const work = new Work();
  for (const role of gathering) {
    let count = 0;
    for (const source of sources.get(role)!) {
      if (work.pauses(1)) yield;
      const waiting = gatherers.get(source);
      if (waiting === undefined) continue;
      waiting.push(role);
      count += 1;
    }
    missing.set(role, count);
  }
  const ordered = gathering.filter((role) => missing.get(role) === 0);
  // The list grows while it is walked.
  for (const role of ordered) {
    for (const gatherer of gatherers.get(role)!) {
      if (work.pauses(1)) yield;
      const left = missing.get(gatherer)! - 1;
      missing.set(gatherer, left);
      if (left === 0) ordered.push(gatherer);
    }
  }
  return { ordered, circular: gathering.filter((role) => missing.get(role)! > 0) };
}

/** What a role gathers from its sources as they are; undefined when that is too much. */
function* gather(options: {
  readonly table: RuleTable;
  readonly work: Work;
  readonly settled: ReadonlyMap<RoleIndex, readonly RuleIndex[]>;
  readonly sources: readonly RoleIndex[];
}): Generator<undefined, readonly RuleIndex[] | undefined> {
  const { table, work, settled, sources } = options;
  const gathered = new Set<RuleIndex>();
  for (const source of sources) {
    const rules = settled.get(source) ?? (yield* table.storedRules(source));
    if (rules.length + 1 > work.left) return undefined;
    if (work.takes(1)) yield;
    for (const rule of rules) {
      gathered.add(rule);
      if (work.takes(1)) yield;
    }
  }
  return [...gathered];
}

/** The rules of all roles that were looked at, each read once. */
class RuleTable {
  readonly rules: PolicyRule[] = [];
  readonly #roles: readonly JsonObject[];
  readonly #indices = new Map<string, RuleIndex>();
  readonly #stored = new Map<RoleIndex, readonly RuleIndex[]>();

  constructor(roles: readonly JsonObject[]) {
    this.#roles = roles;
  }

  /** The rules that a role has before anything is settled. */
  *storedRules(role: RoleIndex): Generator<undefined, readonly RuleIndex[]> {
    const known = this.#stored.get(role);
    if (known !== undefined) return known;
    const work = new Work();
    const indices: RuleIndex[] = [];
    for (const object of objectsAt(this.#roles[role], 'rules')) {
      const rule = ruleFrom(object);
      const text = JSON.stringify(Object.values(rule));
      if (work.pauses(text.length)) yield;
      const index = this.#indices.get(text) ?? this.rules.push(rule) - 1;
      this.#indices.set(text, index);
      indices.push(index);
    }
    this.#stored.set(role, indices);
    return indices;
  }
}

/** Counts what is done: for the turns of others, and up to what is too much. */
class Work {
  #left: number = limits.rbacGatherStepsMax;
  #sinceTurn = 0;

  get left(): number {
    return this.#left;
  }

  /** Counts steps. True when it is time to let others have their turn. */
  takes(steps: number): boolean {
    this.#left -= steps;
    return this.pauses(steps);
  }

  /** The same for steps that grow with what is stored alone, which has a bound of its own. */
  pauses(steps: number): boolean {
    this.#sinceTurn += steps;
    if (this.#sinceTurn < STEPS_PER_TURN) return false;
    this.#sinceTurn = 0;
    return true;
  }
}

function isSame(one: readonly RuleIndex[], other: readonly RuleIndex[]): boolean {
  return one.length === other.length && one.every((rule, place) => rule === other[place]);
}

function nameOf(object: JsonObject): string {
  return textAt(objectAt(object, 'metadata'), 'name');
}

function labelsOf(object: JsonObject): Record<string, string> | undefined {
  return objectAt(objectAt(object, 'metadata'), 'labels') as Record<string, string> | undefined;
}
