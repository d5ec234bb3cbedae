import {
  deepEqual,
  goQuote,
  type JsonObject,
  type KubeObject,
  newBadRequest,
  newForbidden,
  newNotFound,
  objectOf,
  StatusError,
} from '../../machinery/mod.ts';
import type { User } from '../user.ts';
import { missingRules } from './covers.ts';
import {
  problemText,
  RBAC_GROUP,
  type RbacState,
  type RoleProblem,
  type RoleRef,
  readRole,
} from './policy.ts';
import { type PolicyRule, rulesOf } from './policy-rule.ts';
import { aggregateText, compactRules, quotedList, ruleText } from './rule-text.ts';

/** Somebody who wants to grant something, and what they have in the scope of the object, as `rulesFor` returns it. */
export interface Granter {
  readonly user: User;
  readonly rules: readonly PolicyRule[];
  readonly problems: readonly RoleProblem[];
}

const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'], resourceNames: [], nonResourceURLs: [] },
  { verbs: ['*'], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: ['*'] },
];

/**
 * Why somebody may not grant rules by writing an object of a resource: they do not hold them. Undefined when they do.
 * The text is upstream's, rule for rule, so that people find the answers that exist for it.
 */
export function escalationProblem(
  granter: Granter,
  rules: readonly PolicyRule[],
  resource: string,
): string | undefined {
  const missing = missingRules(granter.rules, rules);
  if (missing.length === 0) return undefined;
  const { user, problems } = granter;
  const texts = [...new Set(compactRules(missing).map(ruleText))].sort(compareBytes);
  const who = `user ${goQuote(user.name)} (groups=${quotedList(user.groups)})`;
  const errors = problems.map((problem) => problemText(problem, resource));
  const resolution = errors.length === 0 ? '' : `; resolution errors: [${aggregateText(errors)}]`;
  return `${who} is attempting to grant RBAC permissions not currently held:\n${texts.join('\n')}${resolution}`;
}

/**
 * The refusal of a Role or ClusterRole that would hold more than its writer; undefined when it may be written.
 * Asked before the object is validated, and also when its rules stay as they are. Not asked of those in
 * system:masters, of those who may `escalate` the role, nor where {@link isOnlyForGarbageCollection}.
 */
export function roleRefusal(
  granter: Granter,
  write: {
    readonly resource: 'roles' | 'clusterroles';
    readonly name: string;
    readonly rules: readonly PolicyRule[];
    /** Whether the role has selectors in its aggregationRule, before or after the write. */
    readonly isAggregated: boolean;
  },
): StatusError | undefined {
  const resource = { group: RBAC_GROUP, resource: write.resource };
  const problem = escalationProblem(granter, write.rules, write.resource);
  if (problem !== undefined) return newForbidden(resource, write.name, problem);
  // An aggregated role gathers whatever anybody labels.
  if (write.isAggregated && missingRules(granter.rules, EVERYTHING).length > 0) {
    return newForbidden(
      resource,
      write.name,
      'must have cluster-admin privileges to use the aggregationRule',
    );
  }
  return undefined;
}

/**
 * The refusal of a binding whose role holds more than its writer: 403, or 404 for a role that does not exist.
 * Undefined when it may be written. Not asked of those in system:masters, of those who may `bind` the role in the
 * namespace of the binding, nor where {@link isOnlyForGarbageCollection}.
 */
export function bindingRefusal(
  granter: Granter,
  write: {
    readonly resource: 'rolebindings' | 'clusterrolebindings';
    readonly name: string;
    /** Empty for a ClusterRoleBinding. */
    readonly namespace: string;
    readonly roleRef: RoleRef;
    /** Of the scope that the binding lies in. */
    readonly state: Pick<RbacState, 'role' | 'clusterRole'>;
  },
): StatusError | undefined {
  const resource = { group: RBAC_GROUP, resource: write.resource };
  const { kind } = write.roleRef;
  // What validation would say of these comes too late, and these are upstream's answers.
  if (kind === 'Role' && write.namespace === '') return newBadRequest('Namespace parameter required.');
  if (kind !== 'Role' && kind !== 'ClusterRole') {
    return new StatusError({ code: 500, reason: '', message: problemText(write.roleRef) });
  }
  const role = readRole(write.state, write.roleRef);
  // Upstream calls the role a binding here, as in its other errors about roles that are missed during a write.
  if (role === undefined) return newNotFound(resource, write.roleRef.name);
  const problem = escalationProblem(granter, rulesOf(role), write.resource);
  if (problem === undefined) return undefined;
  return newForbidden(resource, write.name, problem);
}

/** Whether an update only changes owners, finalizers and managed fields, which anybody has to be able to settle. */
export function isOnlyForGarbageCollection(object: KubeObject, old: KubeObject): boolean {
  return deepEqual(withoutSettled(object), withoutSettled(old));
}

function withoutSettled(object: KubeObject): JsonObject {
  const metadata = objectOf({
    ...object.metadata,
    ownerReferences: undefined,
    finalizers: undefined,
    managedFields: undefined,
    // Only one of the two may have it.
    resourceVersion: undefined,
  });
  return objectOf({ ...object, metadata });
}

// Go sorts texts by their bytes.
function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
