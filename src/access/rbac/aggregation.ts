import {
  deepEqual,
  type JsonObject,
  labelSelectorFromObject,
  objectAt,
  objectsAt,
  StatusError,
  textAt,
} from '../../machinery/mod.ts';
import { type PolicyRule, rulesOf, ruleToJson } from './policy-rule.ts';

/** The selectors by which a ClusterRole gathers others; empty when it has rules of its own. */
export function aggregationSelectors(clusterRole: JsonObject): JsonObject[] {
  return objectsAt(objectAt(clusterRole, 'aggregationRule'), 'clusterRoleSelectors');
}

/**
 * The rules that a ClusterRole gathers from all others, as upstream's controller: selector by selector, roles by
 * name, each rule once. Undefined for a role without aggregationRule, whose rules are its own.
 *
 * A role that it gathers may be gathered itself: one pass takes the rules that it has now, and the next one those
 * that this pass gave it.
 *
 * @throws StatusError for a selector that cannot be read
 */
export function aggregatedRules(
  clusterRole: JsonObject,
  clusterRoles: readonly JsonObject[],
): PolicyRule[] | undefined {
  if (!isAggregated(clusterRole)) return undefined;
  const others = clusterRoles
    .filter((other) => nameOf(other) !== nameOf(clusterRole))
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const gathered = new Map<string, PolicyRule>();
  for (const selector of aggregationSelectors(clusterRole).map(labelSelectorFromObject)) {
    for (const other of others) {
      if (!selector.matches(labelsOf(other))) continue;
      for (const rule of rulesOf(other)) gathered.set(JSON.stringify(Object.values(rule)), rule);
    }
  }
  return [...gathered.values()];
}

// Around a circle rules travel one role a pass: one that has not come to rest by then never will, or is no use.
const PASSES_MAX = 16;

/**
 * The rules that have to be written so that all ClusterRoles of a logical cluster have what they gather, by name:
 * also of those that gather what others only gather now. Roles that gather each other in a circle, and those that
 * gather from them, are left as they are when they never come to rest, as are those whose selectors cannot be read.
 * What is written is at rest: to settle it again changes nothing.
 *
 * A generator, so that whoever runs it can let others have their turn at each step.
 */
export function* settledRules(
  clusterRoles: readonly JsonObject[],
): Generator<undefined, ReadonlyMap<string, readonly PolicyRule[]>> {
  const stored = new Map(clusterRoles.map((role) => [nameOf(role), role]));
  const settled = new Map(stored);
  const { ordered, circular } = yield* orderOf(clusterRoles);
  for (const name of ordered) {
    yield;
    gather(settled, name);
  }
  const tried = new Map(settled);
  let isAtRest = false;
  for (let pass = 0; pass < PASSES_MAX && !isAtRest; pass++) {
    isAtRest = true;
    for (const name of circular) {
      yield;
      if (gather(tried, name)) isAtRest = false;
    }
  }
  const result = isAtRest ? tried : settled;
  const changed = new Map<string, readonly PolicyRule[]>();
  for (const name of [...ordered, ...circular]) {
    const rules = rulesOf(result.get(name)!);
    if (!hasRules(stored.get(name)!, rules)) changed.set(name, rules);
  }
  return changed;
}

/** The roles that gather, each after those that it gathers from; apart from them those for which there is no such order. */
function* orderOf(
  clusterRoles: readonly JsonObject[],
): Generator<undefined, { readonly ordered: readonly string[]; readonly circular: readonly string[] }> {
  const gathering = clusterRoles
    .filter(isAggregated)
    .sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
  const gatherers = new Map<string, string[]>(gathering.map((role) => [nameOf(role), []]));
  const missing = new Map<string, number>();
  for (const role of gathering) {
    yield;
    const sources = gathering.filter((other) => other !== role && isGathered(other, role));
    missing.set(nameOf(role), sources.length);
    for (const source of sources) gatherers.get(nameOf(source))!.push(nameOf(role));
  }
  const ordered = gathering.map(nameOf).filter((name) => missing.get(name) === 0);
  // The list grows while it is walked.
  for (const name of ordered) {
    for (const gatherer of gatherers.get(name)!) {
      const left = missing.get(gatherer)! - 1;
      missing.set(gatherer, left);
      if (left === 0) ordered.push(gatherer);
    }
  }
  return { ordered, circular: gathering.map(nameOf).filter((name) => missing.get(name)! > 0) };
}

/** Gives a role what it gathers from the others as they are. False when it has that already. */
function gather(roles: Map<string, JsonObject>, name: string): boolean {
  const role = roles.get(name)!;
  const rules = readable(() => aggregatedRules(role, [...roles.values()]));
  if (rules === undefined || hasRules(role, rules)) return false;
  roles.set(name, { ...role, rules: rules.map(ruleToJson) });
  return true;
}

function isGathered(other: JsonObject, role: JsonObject): boolean {
  const labels = labelsOf(other);
  const selectors = readable(() => aggregationSelectors(role).map(labelSelectorFromObject)) ?? [];
  return selectors.some((selector) => selector.matches(labels));
}

function isAggregated(clusterRole: JsonObject): boolean {
  return objectAt(clusterRole, 'aggregationRule') !== undefined;
}

/** Undefined for a selector that cannot be read. */
function readable<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}

/** Whether a ClusterRole already has these rules, so that nothing has to be written. */
export function hasRules(clusterRole: JsonObject, rules: readonly PolicyRule[]): boolean {
  return deepEqual(rulesOf(clusterRole).map(ruleToJson), rules.map(ruleToJson));
}

function nameOf(object: JsonObject): string {
  return textAt(objectAt(object, 'metadata'), 'name');
}

function labelsOf(object: JsonObject): Record<string, string> | undefined {
  return objectAt(objectAt(object, 'metadata'), 'labels') as Record<string, string> | undefined;
}
