import { limits } from '../../base/mod.ts';
import type { PolicyRule } from './policy-rule.ts';
import { RuleIndex } from './rule-index.ts';

/**
 * What of the wanted rules is not held by somebody who has the other rules, cut into rules of one verb on one
 * resource (or URL) each; empty when everything is held. The algorithm is upstream's: each smallest part has to
 * be held by one rule alone.
 *
 * A rule of many lists has as many parts as their product. Where looking at them would take more than
 * `rbacCoverStepsMax` steps, and no single rule holds it as a whole, the rule is returned uncut: refusing is
 * safe, counting is not.
 */
export function missingRules(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  const index = new RuleIndex(held);
  const missing: PolicyRule[] = [];
  let stepsLeft = limits.rbacCoverStepsMax;
  // In the worst case a part is compared with every rule; even in the best one it costs something.
  const stepsPerPart = Math.max(64, held.length);
  for (const rule of wanted) {
    const steps = partCount(rule) * stepsPerPart;
    if (steps <= stepsLeft) {
      stepsLeft -= steps;
      for (const part of partsOf(rule)) if (!holdsPart(index, part)) missing.push(part);
      continue;
    }
    stepsLeft -= held.length;
    if (stepsLeft < 0 || !held.some((one) => coversRule(one, rule))) missing.push(rule);
  }
  return missing;
}

/** Whether all wanted rules are held. */
export function covers(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): boolean {
  return missingRules(held, wanted).length === 0;
}

/** A rule cut into its smallest parts: one verb on one resource of one group and one name, or on one URL. */
export function* partsOf(rule: PolicyRule): Generator<PolicyRule> {
  const nameLists = rule.resourceNames.length === 0 ? [[]] : rule.resourceNames.map((name) => [name]);
  for (const group of rule.apiGroups) {
    for (const resource of rule.resources) {
      for (const verb of rule.verbs) {
        for (const resourceNames of nameLists) {
          yield {
            verbs: [verb],
            apiGroups: [group],
            resources: [resource],
            resourceNames,
            nonResourceURLs: [],
          };
        }
      }
    }
  }
  for (const url of rule.nonResourceURLs) {
    for (const verb of rule.verbs) {
      yield { verbs: [verb], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [url] };
    }
  }
}

function partCount(rule: PolicyRule): number {
  const names = Math.max(1, rule.resourceNames.length);
  const resources = rule.apiGroups.length * rule.resources.length * names;
  return rule.verbs.length * (resources + rule.nonResourceURLs.length);
}

/*
 * A part is held if a request for just that part would be allowed: stars in it are then asked for literally,
 * and only a star (or a prefix) in a held rule takes them.
 */
function holdsPart(index: RuleIndex, part: PolicyRule): boolean {
  const verb = part.verbs[0]!;
  const url = part.nonResourceURLs[0];
  if (url !== undefined) return index.findPath({ verb, path: url }) >= 0;
  const group = part.apiGroups[0]!;
  const name = part.resourceNames[0];
  return resourcesOf(part.resources[0]!).some(
    (resource) => index.findResource({ verb, group, name, ...resource }) >= 0,
  );
}

/** What would have to be asked for to be asked for an entry of `resources`. */
function resourcesOf(entry: string): { readonly resource: string; readonly subresource: string }[] {
  const slash = entry.indexOf('/');
  if (slash < 0) return [{ resource: entry, subresource: '' }];
  const subresource = entry.slice(slash + 1);
  if (subresource !== '') return [{ resource: entry.slice(0, slash), subresource }];
  // No request has an empty subresource after a slash, yet such a rule can be written.
  return [entry, '*/'].map((resource) => ({ resource, subresource }));
}

/** Whether one rule alone holds all of another: list by list, so a star or the same entries. */
function coversRule(held: PolicyRule, wanted: PolicyRule): boolean {
  return (
    includesAll(held.verbs, wanted.verbs) &&
    includesAll(held.apiGroups, wanted.apiGroups) &&
    includesAll(held.resources, wanted.resources) &&
    includesAll(held.nonResourceURLs, wanted.nonResourceURLs) &&
    (held.resourceNames.length === 0 ||
      (wanted.resourceNames.length > 0 && hasAll(held.resourceNames, wanted.resourceNames)))
  );
}

function includesAll(held: readonly string[], wanted: readonly string[]): boolean {
  return held.includes('*') || hasAll(held, wanted);
}

// The first comparison already fails for nearly all pairs of rules.
function hasAll(held: readonly string[], wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true;
  if (held.length === 0 || !held.includes(wanted[0]!)) return false;
  if (wanted.length === 1) return true;
  const known = new Set(held);
  return wanted.every((entry) => known.has(entry));
}
