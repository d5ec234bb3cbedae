import type { ClusterScope } from '../base/mod.ts';
import { type GroupResource, newForbidden, type StatusError } from '../machinery/mod.ts';
import type { PathAttributes, Question, ResourceAttributes } from './attributes.ts';

/** The refusal of a request, with an authorizer's reason where there is one. */
export function newRequestForbidden(request: Question, reason = ''): StatusError {
  // Upstream escapes the request, which the client wrote, but not the reason, which it did not.
  const suffix = reason === '' ? '' : `: ${reason}`;
  return 'path' in request ? forbiddenPath(request, suffix) : forbidden(request, suffix);
}

/** The answer for a workspace that does not exist or that the user may not enter: the two look the same. */
export function newWorkspaceForbidden(request: Question): StatusError {
  return newRequestForbidden(request, 'access denied');
}

function forbiddenPath({ user, verb, path }: PathAttributes<ClusterScope>, suffix: string): StatusError {
  const detail = `User "${escapeText(user.name)}" cannot ${verb} path "${escapeText(path)}"${suffix}`;
  return newForbidden({ group: '', resource: '' }, '', detail);
}

function forbidden(request: ResourceAttributes<ClusterScope>, suffix: string): StatusError {
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
