import type { LogicalCluster } from '../base/mod.ts';
import { type GroupResource, newForbidden, type StatusError } from '../machinery/mod.ts';
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
  if (!isAllowed(request.user)) throw newRequestForbidden(request);
  return request as Authorized<Request>;
}

/** The same for a path outside the resources. */
export function authorizePath<Request extends PathAttributes>(request: Request): Authorized<Request> {
  if (!isAllowed(request.user)) throw newRequestForbidden(request);
  return request as Authorized<Request>;
}

/** The refusal of a request, with an authorizer's reason where there is one. */
export function newRequestForbidden(request: ResourceAttributes | PathAttributes, reason = ''): StatusError {
  // Upstream escapes the request, which the client wrote, but not the reason, which it did not.
  const suffix = reason === '' ? '' : `: ${reason}`;
  return 'path' in request ? forbiddenPath(request, suffix) : forbidden(request, suffix);
}

/** Whether a user may do something, for access reviews. */
export function isAllowed(user: User): boolean {
  return user.groups.includes(SUPERUSERS);
}

/** The answer for a workspace that does not exist or that the user may not enter: the two look the same. */
export function newWorkspaceForbidden(request: ResourceAttributes | PathAttributes): StatusError {
  return newRequestForbidden(request, 'access denied');
}

function forbiddenPath({ user, verb, path }: PathAttributes, suffix: string): StatusError {
  const detail = `User "${escapeText(user.name)}" cannot ${verb} path "${escapeText(path)}"${suffix}`;
  return newForbidden({ group: '', resource: '' }, '', detail);
}

function forbidden(request: ResourceAttributes, suffix: string): StatusError {
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
