import {
  deepEqual,
  type JsonObject,
  labelSelectorFromObject,
  objectAt,
  objectsAt,
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
  if (objectAt(clusterRole, 'aggregationRule') === undefined) return undefined;
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

/** Whether a ClusterRole already has these rules, so that nothing has to be written. */
export function hasRules(clusterRole: JsonObject, rules: readonly PolicyRule[]): boolean {
  return deepEqual(rulesOf(clusterRole).map(ruleToJson), rules.map(ruleToJson));
}

function nameOf(object: JsonObject): string {
  return textAt(objectAt(object, 'metadata'), 'name');
}
