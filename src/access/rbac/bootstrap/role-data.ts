import { type JsonObject, newObject, objectOf } from '../../../machinery/mod.ts';
import { RBAC_GROUP } from '../policy.ts';
import { type PolicyRule, ruleToJson } from '../policy-rule.ts';

/** A default Role or ClusterRole before it is an object of a logical cluster: without uid and time. */
export interface RoleData {
  readonly name: string;
  /** Of a Role. */
  readonly namespace?: string;
  /** Besides those that all defaults have. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The label whose bearers it gathers. */
  readonly aggregates?: string;
  readonly rules: readonly PolicyRule[];
}

/** A default binding. All subjects are groups. */
export interface BindingData {
  readonly name: string;
  readonly clusterRole: string;
  readonly groups: readonly string[];
}

/** What all defaults of Kubernetes carry: the mark of a default, and the leave to be mended at a start. */
const DEFAULT_LABELS = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
const DEFAULT_ANNOTATIONS = { 'rbac.authorization.kubernetes.io/autoupdate': 'true' };

/** The label by which a ClusterRole becomes part of admin, edit or view. */
export function aggregationLabel(role: 'admin' | 'edit' | 'view'): string {
  return `${RBAC_GROUP}/aggregate-to-${role}`;
}

export function resourceRule(
  verbs: readonly string[],
  apiGroup: string,
  resources: readonly string[],
): PolicyRule {
  return { verbs, apiGroups: [apiGroup], resources, resourceNames: [], nonResourceURLs: [] };
}

export function pathRule(verbs: readonly string[], nonResourceURLs: readonly string[]): PolicyRule {
  return { verbs, apiGroups: [], resources: [], resourceNames: [], nonResourceURLs };
}

export function roleObject(data: RoleData): JsonObject {
  const object = objectOf({
    apiVersion: `${RBAC_GROUP}/v1`,
    kind: data.namespace === undefined ? 'ClusterRole' : 'Role',
    metadata: metadataOf(data, data.labels),
  });
  if (data.aggregates !== undefined) {
    const selector = objectOf({ matchLabels: objectOf({ [data.aggregates]: 'true' }) });
    object['aggregationRule'] = objectOf({ clusterRoleSelectors: [selector] });
  }
  object['rules'] = data.rules.map(ruleToJson);
  return object;
}

export function bindingObject({ name, clusterRole, groups }: BindingData): JsonObject {
  return objectOf({
    apiVersion: `${RBAC_GROUP}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: metadataOf({ name }),
    roleRef: objectOf({ apiGroup: RBAC_GROUP, kind: 'ClusterRole', name: clusterRole }),
    subjects: groups.map((group) => objectOf({ apiGroup: RBAC_GROUP, kind: 'Group', name: group })),
  });
}

function metadataOf(
  data: { readonly name: string; readonly namespace?: string },
  labels: Readonly<Record<string, string>> = {},
): JsonObject {
  const metadata = newObject();
  metadata['annotations'] = objectOf(DEFAULT_ANNOTATIONS);
  metadata['labels'] = objectOf({ ...DEFAULT_LABELS, ...labels });
  metadata['name'] = data.name;
  if (data.namespace !== undefined) metadata['namespace'] = data.namespace;
  return metadata;
}
