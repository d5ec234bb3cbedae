import type { LogicalCluster } from '../../base/mod.ts';
import { goQuote } from '../../machinery/mod.ts';
import { ADMIN_GROUP, SERVICE_ACCOUNT_PREFIX } from '../groups.ts';
import type { User } from '../user.ts';
import { type AccessRequest, type Authorizer, after, decision, type RbacAt, withGround } from './decision.ts';
import { homeOfServiceAccount, isServiceAccount } from './effective-users.ts';

/** Users and groups of consumers are called so in the roles of a provider that bound what they may do. */
export const POLICY_PREFIX = 'apis.kcp.io:binding:';
const SERVICE_ACCOUNT_GROUPS = 'system:serviceaccounts';

/** Where the kind of a request comes from: an export that says what may be done with it at most, or not. */
export interface ApiOrigin {
  readonly cluster: LogicalCluster;
  readonly name: string;
  /** The export has a policy: the roles of its logical cluster have to allow the request, too. */
  readonly isBounded: boolean;
  /** What this was found in. */
  readonly reliesOn: readonly RbacAt[];
}

/** Undefined for a kind that comes from no export, or from one that is not there any more. */
export type FindApiOrigin = (request: {
  readonly cluster: LogicalCluster;
  readonly group: string;
  readonly resource: string;
}) => ApiOrigin | undefined;

/**
 * Holds requests for bound APIs to what their provider allows at most: the request has to be allowed there as well, to
 * the user and groups with a prefix. `roles` is RBAC in the logical cluster of a request.
 */
export function maximalPermissionPolicy(
  options: { readonly find: FindApiOrigin; readonly roles: Authorizer },
  next: Authorizer,
): Authorizer {
  return (request) => {
    if ('path' in request || request.isDeepReview || isWarrantOfView(request.user)) return next(request);
    const origin = options.find(request);
    if (origin === undefined) return next(request);
    const ground = decision('no-opinion', '', origin.reliesOn);
    if (!origin.isBounded) return after(next(request), (answer) => withGround(answer, [ground]));
    return after(allowedBy(options.roles, origin, request), (policy) => {
      if (policy.verdict !== 'allow') return withGround(policy, [ground]);
      return after(next(request), (answer) => withGround(answer, [policy, ground]));
    });
  };
}

/** What the roles where an export lies say of a request for its API. */
export function allowedBy(
  roles: Authorizer,
  { cluster, name }: Pick<ApiOrigin, 'cluster' | 'name'>,
  request: AccessRequest,
) {
  const asked = {
    ...request,
    cluster,
    user: boundUser(request.user, { from: request.cluster, to: cluster }),
  };
  return after(roles(asked), (answer) => ({
    ...answer,
    verdict: answer.verdict === 'allow' ? ('allow' as const) : ('no-opinion' as const),
    reason: `API export ${goQuote(cluster)}|${goQuote(name)} policy: ${answer.reason}`,
  }));
}

/**
 * Views send somebody on with a warrant once they have judged them, by the policies of others as well. Nobody else is
 * a service account and an administrator of everything.
 */
function isWarrantOfView({ name, groups }: User): boolean {
  return name === VIEW_WARRANT && groups.includes(ADMIN_GROUP);
}

/** The service account that the warrants of views name. Nobody has to have it. */
export const VIEW_WARRANT = `${SERVICE_ACCOUNT_PREFIX}default:rest`;

const bound = new WeakMap<User, { readonly to: LogicalCluster; readonly user: User }>();

/** A user as the roles of a provider name them. A service account is known by its global name elsewhere. */
function boundUser(user: User, place: { readonly from: LogicalCluster; readonly to: LogicalCluster }): User {
  const known = bound.get(user);
  if (known?.to === place.to) return known.user;
  const { name, groups } = named(user, place);
  const made = {
    name: `${POLICY_PREFIX}${name}`,
    uid: user.uid,
    groups: groups.map((group) => `${POLICY_PREFIX}${group}`),
    extra: {},
  };
  bound.set(user, { to: place.to, user: made });
  return made;
}

function named(
  user: User,
  { from, to }: { readonly from: LogicalCluster; readonly to: LogicalCluster },
): { readonly name: string; readonly groups: readonly string[] } {
  if (!isServiceAccount(user)) return user;
  const home = homeOfServiceAccount(user) ?? from;
  if (home === to) return user;
  // The groups of service accounts are those of their own logical cluster.
  return {
    name: `system:kcp:serviceaccount:${home}:${user.name.slice(SERVICE_ACCOUNT_PREFIX.length)}`,
    groups: user.groups.filter((group) => !group.startsWith(SERVICE_ACCOUNT_GROUPS)),
  };
}
