import {
  aggregationSelectors,
  bindingRefusal,
  type Granter,
  grantSizeBytes,
  isMasterOf,
  isOnlyForGarbageCollection,
  newRequestForbidden,
  RBAC_GROUP,
  type RbacState,
  type ResourceAttributes,
  roleRefOf,
  roleRefusal,
  rulesFor,
  rulesOf,
} from '../access/mod.ts';
import { limits } from '../base/mod.ts';
import {
  type JsonObject,
  type KubeObject,
  newForbidden,
  objectAt,
  parseJson,
  type StatusError,
  textAt,
} from '../machinery/mod.ts';
import type { Api } from './api.ts';
import { groupResource, type Resource } from './target.ts';
import type { Attempt } from './write.ts';

/** A write of a role or binding, after admission changed it and before it is validated. */
interface GrantWrite {
  readonly attempt: Attempt;
  readonly object: KubeObject;
  /** Undefined: it is created. */
  readonly old: KubeObject | undefined;
}

const ROLES: ReadonlyMap<string, string> = new Map([
  ['ClusterRole', 'clusterroles'],
  ['Role', 'roles'],
]);

/**
 * Refuses a role or binding by which its writer would grant more than they hold (upstream's check against
 * escalation), and one for which there is no room. Whatever this relies on becomes a condition of the commit. Does
 * nothing for all other kinds.
 */
export async function assertMayGrant(api: Api, write: GrantWrite): Promise<void> {
  const { attempt, object, old } = write;
  const { resource } = attempt;
  if (!isGrant(resource)) return;
  await assertRoom(api, write);
  const { user, cluster } = resource.target;
  if (isMasterOf(user, cluster)) return;
  if (old !== undefined && isOnlyForGarbageCollection(object, old)) return;
  const isBinding = resource.target.resource.endsWith('bindings');
  const refusal = isBinding ? await refusalOfBinding(api, write) : await refusalOfRole(api, write);
  if (refusal !== undefined) throw refusal;
}

/** Asks for `create` as well, of a request with another verb that creates its object. */
export async function assertMayCreate(api: Api, attempt: Attempt): Promise<void> {
  const { target } = attempt.resource;
  if (target.verb === 'create') return;
  const question = { ...target, user: target.caller ?? target.user, verb: 'create' };
  const { verdict, reason, reliesOn } = await api.access.decide(question);
  attempt.reads.relyOn(reliesOn);
  if (verdict !== 'allow') throw newRequestForbidden(question, reason);
}

async function refusalOfRole(
  api: Api,
  { attempt, object, old }: GrantWrite,
): Promise<StatusError | undefined> {
  const { target } = attempt.resource;
  // The name in the URL counts, as upstream: whoever may escalate a role by its name may not create it.
  if (await isAllowed(api, attempt, { ...target, verb: 'escalate' })) return undefined;
  const granter = await granterOf(api, attempt);
  return roleRefusal(granter, {
    resource: target.resource as 'roles' | 'clusterroles',
    name: object.metadata.name ?? '',
    rules: rulesOf(object),
    isAggregated: [object, old].some((one) => one !== undefined && aggregationSelectors(one).length > 0),
  });
}

async function refusalOfBinding(api: Api, { attempt, object }: GrantWrite): Promise<StatusError | undefined> {
  const { target } = attempt.resource;
  const roleRef = roleRefOf(object);
  const resource = ROLES.get(roleRef.kind);
  const { name } = roleRef;
  const group = textAt(objectAt(object, 'roleRef'), 'apiGroup');
  const bind = { ...target, verb: 'bind', group, resource: resource ?? '', subresource: '', name };
  if (resource !== undefined && (await isAllowed(api, attempt, bind))) return undefined;
  const granter = await granterOf(api, attempt);
  return bindingRefusal(granter, {
    resource: target.resource as 'rolebindings' | 'clusterrolebindings',
    name: object.metadata.name ?? '',
    namespace: target.namespace,
    roleRef,
    state: rolesOf(api, attempt),
  });
}

/** The roles that a binding can name, as they are now: the one that is looked at must be so still at the commit. */
function rolesOf(api: Api, { reads, resource }: Attempt): Pick<RbacState, 'role' | 'clusterRole'> {
  const { cluster, namespace } = resource.target;
  const read = (plural: string, place: { readonly namespace: string; readonly name: string }) => {
    const row = reads.read({ cluster, group: RBAC_GROUP, resource: plural, identity: '', ...place });
    return row === undefined ? undefined : (parseJson(row.json).value as JsonObject);
  };
  return {
    role: (name) => read('roles', { namespace, name }),
    clusterRole: (name) => read('clusterroles', { namespace: '', name }) ?? api.access.defaultRole(name),
  };
}

/** What the writer holds in the scope of the object, under all identities that they have there. */
async function granterOf(api: Api, attempt: Attempt): Promise<Granter> {
  const { user, cluster, namespace } = attempt.resource.target;
  const rights = await api.access.rightsOf({ user, cluster, namespace });
  attempt.reads.relyOn(rights.map(({ cluster, scope }) => ({ cluster, revision: scope.revision })));
  const found = rights.map((right) => rulesFor(right.scope, right.user));
  return {
    user,
    rules: found.flatMap(({ rules }) => rules),
    problems: found.flatMap(({ problems }) => problems),
  };
}

async function isAllowed(api: Api, attempt: Attempt, question: ResourceAttributes): Promise<boolean> {
  // In the logical cluster itself: no door knows these verbs.
  const { verdict, reliesOn } = await api.access.decide({ ...question, view: undefined });
  if (verdict === 'allow') attempt.reads.relyOn(reliesOn);
  return verdict === 'allow';
}

/** Roles and bindings that nobody can evaluate would let nobody in, nor anybody mend them. */
async function assertRoom(api: Api, { attempt, object, old }: GrantWrite): Promise<void> {
  const added = grantSizeBytes(object) - (old === undefined ? 0 : grantSizeBytes(old));
  if (added <= 0) return;
  const { resource } = attempt;
  const max = limits.rbacClusterBytesMax;
  if ((await api.access.grantBytes(resource.target.cluster)) + added <= max) return;
  throw newForbidden(
    groupResource(resource),
    object.metadata.name ?? '',
    `the roles and bindings of a logical cluster may take ${max} bytes together: delete some first`,
  );
}

function isGrant({ definition, target }: Resource): boolean {
  return definition.group === RBAC_GROUP && definition.origin === 'builtin' && target.subresource === '';
}
