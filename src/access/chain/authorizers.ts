import type { LogicalCluster } from '../../base/mod.ts';
import { systemDefinition } from '../../definitions/mod.ts';
import { goQuote } from '../../machinery/mod.ts';
import {
  ADMIN_GROUP,
  EXTERNAL_LOGICAL_CLUSTER_ADMIN_GROUP,
  LOGICAL_CLUSTER_ADMIN_GROUP,
  WORKSPACE_BOOTSTRAPPER_GROUP,
} from '../groups.ts';
import { APIS_GROUP, type RbacAuthorizer, type RbacDecision } from '../rbac/mod.ts';
import type { User } from '../user.ts';
import {
  type AccessRequest,
  type Authorizer,
  after,
  type Decision,
  decision,
  type Eventual,
  outside,
  together,
  withGround,
} from './decision.ts';
import { effectiveUsers, isInScope, isServiceAccount } from './effective-users.ts';

/** What authorizers have to know of a logical cluster. */
export interface LogicalClusterFacts {
  readonly phase: string;
  /** The annotation `authorization.kcp.io/required-groups`. */
  readonly requiredGroups: string | undefined;
  /** It goes, with all that is in it, and nobody has anything to do in it any more. */
  readonly isClosed?: boolean;
}

/** Undefined when there is no such logical cluster. */
export type FindLogicalCluster = (cluster: LogicalCluster) => LogicalClusterFacts | undefined;

const LIFECYCLE_GROUPS = ['system:kcp:initializer:', 'system:kcp:terminator:'];
const LIFECYCLE_PHASES = ['Initializing', 'Terminating', 'Deleting'];
// In a cluster that is going away, terminators and finalizers still have to be served.
const ENTERED_PHASES = ['Ready', 'Inactive', ...LIFECYCLE_PHASES];

/** The reason of a decision that lets pass whatever is asked, since others have judged it. */
export const LIFECYCLE_ALLOWED = 'lifecycle VW pre-authorized access';

/** Allows everything to members of a group, in the logical clusters that they are in scope of. */
export function allowGroups(groups: readonly string[]): Authorizer {
  return ({ user, cluster }) =>
    decision(
      groups.some((group) => user.groups.includes(group)) && isInScope(user, cluster)
        ? 'allow'
        : 'no-opinion',
      '',
    );
}

/** Allows paths to everybody: those of health checks. An entry with `*` at its end stands for all that begin so. */
export function allowPaths(paths: readonly string[]): Authorizer {
  const takes = (entry: string, path: string) =>
    entry.endsWith('*') ? path.startsWith(entry.slice(0, -1)) : path === entry;
  return (request) =>
    decision(
      'path' in request && paths.some((entry) => takes(entry, request.path)) ? 'allow' : 'no-opinion',
      '',
    );
}

/** RBAC as an authorizer: of the logical cluster of the request, or of one that counts for all. */
export function byRbac(rbac: RbacAuthorizer, of?: LogicalCluster): Authorizer {
  return (request) => {
    const cluster = of ?? request.cluster;
    const decided = rbac.authorize(cluster === request.cluster ? request : { ...request, cluster });
    return decided instanceof Promise
      ? decided.then((late) => rbacDecision(cluster, late))
      : rbacDecision(cluster, decided);
  };
}

function rbacDecision(cluster: LogicalCluster, { isAllowed, reason, revision }: RbacDecision): Decision {
  return decision(isAllowed ? 'allow' : 'no-opinion', reason, [{ cluster, revision }]);
}

/**
 * Asks for everybody whom the user counts as here (scopes, warrants, global service accounts). Each of them has to
 * pass all of what comes after by themselves: what one lacks, another does not lend.
 */
export function forEffectiveUsers(next: Authorizer): Authorizer {
  return (request) => {
    const users = effectiveUsers(request.user, request.cluster);
    return users.length === 1 && users[0] === request.user
      ? next(request)
      : askFrom(next, { request, users }, []);
  };
}

/** Asks for all users after those who were refused. */
function askFrom(
  next: Authorizer,
  asked: { readonly request: AccessRequest; readonly users: readonly User[] },
  refused: readonly Decision[],
): Eventual<Decision> {
  const { request, users } = asked;
  if (refused.length === users.length) {
    return together(refused.some(({ verdict }) => verdict === 'deny') ? 'deny' : 'no-opinion', refused);
  }
  // The warrants are for what the user may not do: a refusal of the user does not end the search.
  return after(next({ ...request, user: users[refused.length]! }), (answer) =>
    answer.verdict === 'allow' ? answer : askFrom(next, asked, [...refused, answer]),
  );
}

/**
 * Lets users into a logical cluster only with the groups that it requires: `a,b;c` is (a and b) or c. Service
 * accounts need none, they belong to it; nor do those who run the planet.
 */
export function requiredGroups(find: FindLogicalCluster, next: Authorizer): Authorizer {
  return (request) => {
    const { user, cluster } = request;
    const isMember = (groups: string) => groups.split(',').every((group) => user.groups.includes(group));
    if (request.isDeepReview || isMember(LOGICAL_CLUSTER_ADMIN_GROUP) || isServiceAccount(user))
      return next(request);
    const facts = find(cluster);
    if (facts === undefined) return outside('no-opinion', 'logical cluster not found');
    const required = facts.requiredGroups;
    if (required === undefined || isMember(EXTERNAL_LOGICAL_CLUSTER_ADMIN_GROUP)) return next(request);
    const alternatives = [...required.split(';'), ADMIN_GROUP, WORKSPACE_BOOTSTRAPPER_GROUP];
    if (alternatives.some(isMember)) return next(request);
    return outside('deny', `user is not a member of required groups: ${required}`);
  };
}

/**
 * Lets users into a logical cluster that is there, in a phase in which it can be entered, and that they have the
 * verb `access` on the path `/` of; a service account has that in its own. To enter is not to do: `next` decides
 * about the request.
 */
export function workspaceContent(
  options: { readonly find: FindLogicalCluster; readonly access: Authorizer },
  next: Authorizer,
): Authorizer {
  return (request) => {
    const { user, cluster } = request;
    // Those who may reach them have been let pass before.
    if (cluster.startsWith('system:')) return outside('no-opinion', 'empty or system workspace');
    if (request.isDeepReview || user.groups.includes(LOGICAL_CLUSTER_ADMIN_GROUP)) return next(request);
    const facts = options.find(cluster);
    if (facts === undefined) return outside('deny', 'LogicalCluster not found');
    const { phase } = facts;
    if (!ENTERED_PHASES.includes(phase)) {
      return outside('no-opinion', `not permitted due to phase ${goQuote(phase)}`);
    }
    // The lifecycle views have judged these by the permissions of the workspace's type, and nobody else can be one.
    if (LIFECYCLE_PHASES.includes(phase) && hasLifecycleGroup(user.groups)) {
      return decision('allow', LIFECYCLE_ALLOWED);
    }
    if (facts.isClosed === true) return outside('deny', 'LogicalCluster is being deleted');
    if (isServiceAccount(user)) return next(request);
    return after(options.access({ user, cluster, verb: 'access', path: '/' }), (entering) => {
      if (entering.verdict !== 'allow')
        return { ...entering, reason: 'no verb=access permission on /', isOutside: true };
      return after(next(request), (answer) => withGround(answer, [entering]));
    });
  };
}

/** Keeps everybody from writing what only the system reports: the status of bindings and exports. */
export function systemStatus(next: Authorizer): Authorizer {
  const kinds = new Map([
    ['apibindings', 'apibinding'],
    ['apiexports', 'apiexport'],
  ]);
  return (request) => {
    if ('path' in request || request.subresource !== 'status') return next(request);
    const kind = kinds.get(request.resource);
    if (kind === undefined || homeGroup(request.group, request.resource) !== APIS_GROUP) return next(request);
    return decision('deny', `${kind} status updates not permitted`);
  };
}

/** The group whose objects those of a kind are: the form in which they were first shown has another one. */
function homeGroup(group: string, resource: string): string {
  return systemDefinition(group, resource)?.storedAs?.group ?? group;
}

function hasLifecycleGroup(groups: readonly string[]): boolean {
  return groups.some((group) => LIFECYCLE_GROUPS.some((prefix) => group.startsWith(prefix)));
}
