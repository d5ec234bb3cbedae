import type { LogicalCluster } from '../base/mod.ts';
import {
  dns1123LabelErrors,
  dns1123SubdomainErrors,
  newForbidden,
  type StatusError,
} from '../machinery/mod.ts';
import type { ResourceAttributes } from './attributes.ts';
import { isReservedExtra } from './authentication/mod.ts';
import type { Vouchers } from './authorize.ts';
import { SCOPES_EXTRA } from './chain/mod.ts';
import {
  ADMIN_GROUP,
  ANONYMOUS_USER,
  AUTHENTICATED_GROUP,
  BOUND_PREFIX,
  EXTERNAL_LOGICAL_CLUSTER_ADMIN_GROUP,
  LOGICAL_CLUSTER_ADMIN_GROUP,
  MASTERS_GROUP,
  SERVICE_ACCOUNT_PREFIX,
  serviceAccountGroups,
  UNAUTHENTICATED_GROUP,
  WORKSPACE_BOOTSTRAPPER_GROUP,
} from './groups.ts';
import { isMasterOf } from './masters.ts';
import type { User } from './user.ts';

/** Whom a request wants to be made as: what its headers say, decoded. */
export interface Impersonation {
  readonly name: string;
  readonly groups: readonly string[];
  /** Empty when none is given. */
  readonly uid: string;
  readonly extra: ReadonlyMap<string, readonly string[]>;
}

/** Groups whose power reaches beyond a logical cluster: its owners may not hand them out, nor take them. */
const SPECIAL_GROUPS = new Set([
  MASTERS_GROUP,
  ADMIN_GROUP,
  WORKSPACE_BOOTSTRAPPER_GROUP,
  LOGICAL_CLUSTER_ADMIN_GROUP,
  EXTERNAL_LOGICAL_CLUSTER_ADMIN_GROUP,
]);
const SPECIAL_PREFIXES = ['system:kcp:initializer:', 'system:kcp:terminator:', BOUND_PREFIX];
const AUTHENTICATION_GROUP = 'authentication.k8s.io';

/**
 * The refusal of an impersonation that nobody's roles can allow: into a special group that the requester does not
 * hold (unless they may do everything here), out of being anonymous, into what only permission policies see, or with
 * extras that only the server sets.
 */
export function impersonationRefusal(
  requester: { readonly user: User; readonly cluster: LogicalCluster },
  wanted: Impersonation,
): StatusError | undefined {
  const { user, cluster } = requester;
  const isReserved = [...wanted.extra.keys()].some(isReservedExtra);
  const mayHold = (group: string) => user.groups.includes(group) || isMasterOf(user, cluster);
  const isAllowed = wanted.groups.every((group) => !isSpecial(group) || mayHold(group));
  const isNobody = wanted.name.startsWith(BOUND_PREFIX) && !isMasterOf(user, cluster);
  if (isAllowed && !isReserved && !isNobody) return undefined;
  return newForbidden({ group: '', resource: '' }, '', 'impersonation is not allowed for the requestor');
}

/** A request that is made as somebody else, and what has to be so for that. */
export interface Impersonated {
  readonly user: User;
  readonly vouchers: Vouchers;
}

/** What the requester needs the verb `impersonate` for: each piece by itself, in upstream's order. */
export function impersonationQuestions(
  requester: { readonly user: User; readonly cluster: LogicalCluster },
  wanted: Impersonation,
): ResourceAttributes[] {
  const ask = (what: Pick<ResourceAttributes, 'resource' | 'name'> & Partial<ResourceAttributes>) => ({
    ...requester,
    verb: 'impersonate',
    group: '',
    subresource: '',
    namespace: '',
    ...what,
  });
  const account = serviceAccountOf(wanted.name);
  return [
    account === undefined
      ? ask({ resource: 'users', name: wanted.name })
      : ask({ resource: 'serviceaccounts', ...account }),
    ...wanted.groups.map((name) => ask({ resource: 'groups', name })),
    ...[...wanted.extra].flatMap(([subresource, values]) =>
      values.map((name) => ask({ group: AUTHENTICATION_GROUP, resource: 'userextras', subresource, name })),
    ),
    ...(wanted.uid === '' ? [] : [ask({ group: AUTHENTICATION_GROUP, resource: 'uids', name: wanted.uid })]),
  ];
}

/** The user that the request is made as. In every other logical cluster they are nobody. */
export function impersonatedUser(cluster: LogicalCluster, wanted: Impersonation): User {
  const extra = Object.create(null) as Record<string, readonly string[]>;
  for (const [key, values] of wanted.extra) extra[key] = values;
  extra[SCOPES_EXTRA] = [`cluster:${cluster}`];
  return { name: wanted.name, uid: wanted.uid, groups: groupsOf(wanted), extra };
}

function groupsOf({ name, groups: given }: Impersonation): readonly string[] {
  const account = serviceAccountOf(name);
  const groups =
    account === undefined || given.length > 0 ? [...given] : serviceAccountGroups(account.namespace);
  if (name === ANONYMOUS_USER) {
    if (!groups.includes(UNAUTHENTICATED_GROUP)) groups.push(UNAUTHENTICATED_GROUP);
  } else if (!groups.includes(AUTHENTICATED_GROUP) && !groups.includes(UNAUTHENTICATED_GROUP)) {
    groups.push(AUTHENTICATED_GROUP);
  }
  return groups;
}

function isSpecial(group: string): boolean {
  return (
    group === AUTHENTICATED_GROUP ||
    SPECIAL_GROUPS.has(group) ||
    SPECIAL_PREFIXES.some((prefix) => group.startsWith(prefix))
  );
}

/** What no service account can be called is the name of a user. */
function serviceAccountOf(name: string): { readonly namespace: string; readonly name: string } | undefined {
  if (!name.startsWith(SERVICE_ACCOUNT_PREFIX)) return undefined;
  const [namespace = '', account = '', ...rest] = name.slice(SERVICE_ACCOUNT_PREFIX.length).split(':');
  if (rest.length > 0 || dns1123LabelErrors(namespace).length > 0) return undefined;
  return dns1123SubdomainErrors(account).length > 0 ? undefined : { namespace, name: account };
}
