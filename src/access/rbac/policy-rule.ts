import { type JsonObject, newObject, textsAt } from '../../machinery/mod.ts';

/** A rule of a Role or ClusterRole (rbac.authorization.k8s.io PolicyRule). Rules only add up. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  /** Plurals such as `secrets`, `pods/log`, `*` + `/scale`, or `*` for all. */
  readonly resources: readonly string[];
  /** Names that the rule is limited to; empty for all. */
  readonly resourceNames: readonly string[];
  /** Paths; a trailing `*` takes everything that begins like it. */
  readonly nonResourceURLs: readonly string[];
}

/** What a rule is asked about a resource. Empty texts where a request names nothing. */
export interface ResourceQuestion {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  /** Undefined asks for all names, which no request does: only a rule that is not limited to names takes it. */
  readonly name: string | undefined;
}

/** The same for a path that is no resource. */
export interface PathQuestion {
  readonly verb: string;
  readonly path: string;
}

const ALL = '*';
const SUBRESOURCE_OF_ALL = '*/';

/** The rules of a stored Role or ClusterRole, in their order. */
export function rulesOf(role: JsonObject): PolicyRule[] {
  const rules = role['rules'];
  return Array.isArray(rules) ? rules.map((rule) => ruleFrom(rule as JsonObject)) : [];
}

/** One stored rule. */
export function ruleFrom(rule: JsonObject): PolicyRule {
  return {
    verbs: textsAt(rule, 'verbs'),
    apiGroups: textsAt(rule, 'apiGroups'),
    resources: textsAt(rule, 'resources'),
    resourceNames: textsAt(rule, 'resourceNames'),
    nonResourceURLs: textsAt(rule, 'nonResourceURLs'),
  };
}

/** A rule as JSON, without its empty lists, as it is stored. */
export function ruleToJson(rule: PolicyRule): JsonObject {
  const object = newObject();
  object['verbs'] = [...rule.verbs];
  if (rule.apiGroups.length > 0) object['apiGroups'] = [...rule.apiGroups];
  if (rule.resources.length > 0) object['resources'] = [...rule.resources];
  if (rule.resourceNames.length > 0) object['resourceNames'] = [...rule.resourceNames];
  if (rule.nonResourceURLs.length > 0) object['nonResourceURLs'] = [...rule.nonResourceURLs];
  return object;
}

/** `resource` or `resource/subresource`, as rules name it. */
export function combinedResource(resource: string, subresource: string): string {
  return subresource === '' ? resource : `${resource}/${subresource}`;
}

/** The subresource of an entry that takes it on every resource; undefined for any other entry. */
export function subresourceOfAll(entry: string): string | undefined {
  return entry.startsWith(SUBRESOURCE_OF_ALL) ? entry.slice(SUBRESOURCE_OF_ALL.length) : undefined;
}

/** What a URL of a rule must be the beginning of; undefined for a URL that has to be met exactly. */
export function urlPrefix(url: string): string | undefined {
  // Upstream trims all stars at the end, not only the last.
  let end = url.length;
  while (end > 0 && url[end - 1] === ALL) end -= 1;
  return end === url.length ? undefined : url.slice(0, end);
}

/** Whether a URL of a rule takes a path, or another URL with a star of its own. */
export function urlCovers(url: string, path: string): boolean {
  if (url === path) return true;
  const prefix = urlPrefix(url);
  return prefix !== undefined && path.startsWith(prefix);
}
