import type { LogicalCluster } from '../base/mod.ts';
import { type GroupResource, newForbidden } from '../machinery/mod.ts';
import type { User } from './user.ts';

/** What is asked for: a verb on a resource of a logical cluster. */
export interface ResourceAttributes {
  readonly user: User;
  readonly cluster: LogicalCluster;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

/** The same for a path outside the resources. */
export interface PathAttributes {
  readonly user: User;
  readonly cluster: LogicalCluster;
  readonly verb: string;
  readonly path: string;
}

declare const authorized: unique symbol;
/** A request that {@link authorize} has let pass. Nothing else makes one: the read and write paths take no other. */
export type Authorized<Request> = Request & { readonly [authorized]: true };

const SUPERUSERS = 'system:masters';

/** Lets a request on a resource pass, or throws 403 in the words of Kubernetes' RBAC authorizer. */
export function authorize<Request extends ResourceAttributes>(request: Request): Authorized<Request> {
  if (!isAllowed(request.user)) throw forbidden(request);
  return request as Authorized<Request>;
}

/** The same for a path outside the resources. */
export function authorizePath<Request extends PathAttributes>(request: Request): Authorized<Request> {
  if (!isAllowed(request.user)) {
    const detail = `User "${escapeText(request.user.name)}" cannot ${request.verb} path "${escapeText(request.path)}"`;
    throw newForbidden({ group: '', resource: '' }, '', detail);
  }
  return request as Authorized<Request>;
}

/** Whether a user may do something, for access reviews. */
export function isAllowed(user: User): boolean {
  return user.groups.includes(SUPERUSERS);
}

/** The answer for a workspace that does not exist or that the user may not enter: the two look the same. */
export function newWorkspaceForbidden(request: ResourceAttributes | PathAttributes): Error {
  return 'path' in request
    ? newForbidden(
        { group: '', resource: '' },
        '',
        `User "${escapeText(request.user.name)}" cannot ${request.verb} path "${escapeText(request.path)}": access denied`,
      )
    : forbidden(request, ': access denied');
}

function forbidden(request: ResourceAttributes, suffix = ''): Error {
  const { user, verb, group, resource, subresource, namespace, name } = request;
  const printed = subresource === '' ? resource : `${resource}/${subresource}`;
  const scope = namespace === '' ? 'at the cluster scope' : `in the namespace "${escapeText(namespace)}"`;
  const groupResource: GroupResource = { group, resource };
  const detail = `User "${escapeText(user.name)}" cannot ${verb} resource "${escapeText(printed)}" in API group "${escapeText(group)}" ${scope}${suffix}`;
  return newForbidden(groupResource, name, detail);
}

// Upstream escapes its texts like HTML, since a browser may show them.
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
