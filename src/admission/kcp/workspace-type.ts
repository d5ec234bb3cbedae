import { ROOT_CLUSTER } from '../../base/mod.ts';
import { type JsonObject, objectAt, objectsAt, textAt } from '../../machinery/mod.ts';
import type { AdmissionPlugin } from '../chain.ts';
import { isAbout, newAdmissionForbidden } from '../refusal.ts';

const TYPES = { group: 'tenancy.kcp.io', resource: 'workspacetypes' };
const ROOT_TYPE = 'root';

/** A type says of every other type where it lies; the type of the root is in the root alone. */
export const workspaceTypes: AdmissionPlugin = {
  name: 'tenancy.kcp.io/WorkspaceType',
  operations: ['CREATE', 'UPDATE'],
  validate(request) {
    const { object, cluster } = request;
    if (!isAbout(request, TYPES) || object === undefined) return;
    if (object.metadata.name === ROOT_TYPE && cluster !== ROOT_CLUSTER)
      throw newAdmissionForbidden(request, 'root workspace type can only be created in root cluster');
    const missing = typeWithoutPath(objectAt(object, 'spec'));
    if (missing !== undefined) throw newAdmissionForbidden(request, `${missing}.path must be set`);
  },
};

function typeWithoutPath(spec: JsonObject | undefined): string | undefined {
  const child = objectAt(spec, 'defaultChildWorkspaceType');
  if (child !== undefined && textAt(child, 'path') === '') return '.spec.defaultChildWorkspaceType';
  for (const limit of ['limitAllowedChildren', 'limitAllowedParents']) {
    const index = objectsAt(objectAt(spec, limit), 'types').findIndex((type) => textAt(type, 'path') === '');
    if (index >= 0) return `.spec.${limit}.types[${index}]`;
  }
  return undefined;
}
