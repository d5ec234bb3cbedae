import { goQuote } from '../../machinery/mod.ts';
import type { PolicyRule } from './policy-rule.ts';

/** A rule as an escalation error shows it: `{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}`. */
export function ruleText(rule: PolicyRule): string {
  const parts: string[] = [];
  const add = (field: string, entries: readonly string[]) => {
    if (entries.length > 0) parts.push(`${field}:${quotedList(entries)}`);
  };
  add('APIGroups', rule.apiGroups);
  add('Resources', rule.resources);
  add('NonResourceURLs', rule.nonResourceURLs);
  add('ResourceNames', rule.resourceNames);
  add('Verbs', rule.verbs);
  return `{${parts.join(', ')}}`;
}

/** A Go slice of strings as `%q` prints it: `["a" "b"]`. */
export function quotedList(texts: readonly string[]): string {
  return `[${texts.map(goQuote).join(' ')}]`;
}

/** Several errors as upstream prints them together: each once, in brackets when there is more than one. */
export function aggregateText(errors: readonly string[]): string {
  const distinct = [...new Set(errors)];
  return distinct.length === 1 ? distinct[0]! : `[${distinct.join(', ')}]`;
}

/**
 * Rules about one resource and the same names become one rule with all their verbs: a text for people, not a
 * normal form. Order of appearance.
 */
export function compactRules(rules: readonly PolicyRule[]): PolicyRule[] {
  const compacted: PolicyRule[] = [];
  const simple = new Map<string, { readonly rule: PolicyRule; readonly verbs: string[] }>();
  for (const rule of rules) {
    if (!isSimple(rule)) {
      compacted.push(rule);
      continue;
    }
    const key = JSON.stringify([rule.apiGroups[0], rule.resources[0], rule.resourceNames]);
    const known = simple.get(key);
    if (known === undefined) simple.set(key, { rule, verbs: [...rule.verbs] });
    else known.verbs.push(...rule.verbs);
  }
  for (const { rule, verbs } of simple.values()) compacted.push({ ...rule, verbs });
  return compacted;
}

function isSimple(rule: PolicyRule): boolean {
  return (
    rule.apiGroups.length === 1 &&
    rule.resources.length === 1 &&
    rule.resourceNames.length <= 1 &&
    rule.nonResourceURLs.length === 0
  );
}
