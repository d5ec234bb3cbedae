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
      const labels = objectAt(objectAt(other, 'metadata'), 'labels') as Record<string, string> | undefined;
      if (!selector.matches(labels)) continue;
      for (const rule of rulesOf(other)) gathered.set(JSON.stringify(Object.values(rule)), rule);
    }
  }
  return [...gathered.values()];
}

// Roles that gather roles that gather: two steps are usual, as `edit` is gathered by `admin`.
const PASSES_MAX = 16;

/**
 * The rules that have to be written so that all ClusterRoles of a logical cluster have what they gather, by name:
 * also of those that gather what others only gather now. Roles that gather each other in a circle and never come
 * to rest are left as they are, as are those whose selectors cannot be read.
 *
 * A generator, so that whoever runs it can let others have their turn at each step.
 */
export function* settledRules(
  clusterRoles: readonly JsonObject[],
): Generator<undefined, ReadonlyMap<string, readonly PolicyRule[]>> {
  const roles = new Map(clusterRoles.map((role) => [nameOf(role), role]));
  const names = [...roles.keys()].filter((name) => isAggregated(roles.get(name)!)).sort();
  let unsettled: string[] = [];
  const changed = new Map<string, readonly PolicyRule[]>();
  for (let pass = 0; pass < PASSES_MAX; pass++) {
    unsettled = [];
    for (const name of names) {
      yield;
      const role = roles.get(name)!;
      const rules = readableRules(role, [...roles.values()]);
      if (rules === undefined || hasRules(role, rules)) continue;
      roles.set(name, { ...role, rules: rules.map(ruleToJson) });
      changed.set(name, rules);
      unsettled.push(name);
    }
    if (unsettled.length === 0) break;
  }
  for (const name of unsettled) changed.delete(name);
  const stored = new Map(clusterRoles.map((role) => [nameOf(role), role]));
  for (const [name, rules] of changed) if (hasRules(stored.get(name)!, rules)) changed.delete(name);
  return changed;
}

function isAggregated(clusterRole: JsonObject): boolean {
  return objectAt(clusterRole, 'aggregationRule') !== undefined;
}

function readableRules(role: JsonObject, roles: readonly JsonObject[]): PolicyRule[] | undefined {
  try {
    return aggregatedRules(role, roles);
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
