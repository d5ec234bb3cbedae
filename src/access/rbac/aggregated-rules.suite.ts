import {
  deepEqual,
  type JsonObject,
  labelSelectorFromObject,
  objectAt,
  textAt,
} from '../../machinery/mod.ts';
import { aggregationSelectors } from './aggregation.ts';
import { type PolicyRule, rulesOf, ruleToJson } from './policy-rule.ts';

/**
 * The rules that a ClusterRole gathers from all others as they are, in the plainest words: selector by selector,
 * roles by name, each rule once. Undefined for a role without aggregationRule. Tests compare with it.
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
      const labels = objectAt(objectAt(other, 'metadata'), 'labels');
      if (!selector.matches(labels as Record<string, string> | undefined)) continue;
      for (const rule of rulesOf(other)) gathered.set(JSON.stringify(Object.values(rule)), rule);
    }
  }
  return [...gathered.values()];
}

export function hasRules(clusterRole: JsonObject, rules: readonly PolicyRule[]): boolean {
  return deepEqual(rulesOf(clusterRole).map(ruleToJson), rules.map(ruleToJson));
}

function nameOf(object: JsonObject): string {
  return textAt(objectAt(object, 'metadata'), 'name');
}
