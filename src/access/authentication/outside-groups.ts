import { BOUND_PREFIX, LOGICAL_CLUSTER_ADMIN_GROUP } from '../groups.ts';

/**
 * Groups that no credential brings in from outside (kcp's default of `--authentication-drop-groups`), without
 * `system:masters`: they mark steps of a workspace's life, which the server alone knows. With those that it makes
 * for permission policies.
 */
const DROPPED = [
  LOGICAL_CLUSTER_ADMIN_GROUP,
  'system:kcp:initializer:*',
  'system:kcp:terminator:*',
  `${BOUND_PREFIX}*`,
];

const SYSTEM = 'system:';

/**
 * The groups of a credential that the operator of this server hands out: a client certificate of their CA, a
 * line of their token file. `system:masters` is theirs to give: kcp takes it away at its front proxy and
 * honours it where the proxy's own credentials come in, and this server is both.
 */
export function groupsOfOperator(groups: readonly string[]): string[] {
  return groups.filter((group) => !isDropped(group));
}

/** The groups of a credential that somebody else hands out: none of them is one of the system's. */
export function groupsOfStranger(groups: readonly string[]): string[] {
  return groups.filter((group) => !isOfSystem(group));
}

/** Whether a name is one of those that mean something to the server itself. */
export function isOfSystem(name: string): boolean {
  return name.startsWith(SYSTEM) || name.startsWith(BOUND_PREFIX);
}

function isDropped(group: string): boolean {
  return DROPPED.some((pattern) =>
    pattern.endsWith('*') ? group.startsWith(pattern.slice(0, -1)) : group === pattern,
  );
}
