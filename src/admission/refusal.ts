import { newForbidden, type StatusCause, type StatusError } from '../machinery/mod.ts';
import type { AdmissionRequest } from './chain.ts';

/**
 * The 403 of a plugin. It names the object as upstream's admission does: by its name, by what its name is to
 * begin with while it has none, or as `Unknown`.
 */
export function newAdmissionForbidden(
  { definition, name, object }: AdmissionRequest,
  detail: string,
  causes: readonly StatusCause[] = [],
): StatusError {
  const resource = { group: definition.group, resource: definition.names.plural };
  const shown = name || object?.metadata.name || object?.metadata.generateName || 'Unknown';
  return newForbidden(resource, shown, detail, causes);
}

/** Whether a request is about objects of a kind themselves, or a subresource of them. */
export function isAbout(
  { definition }: AdmissionRequest,
  kind: { readonly group: string; readonly resource: string },
): boolean {
  return definition.group === kind.group && definition.names.plural === kind.resource;
}
