import { CRD_GROUP, CRD_RESOURCE } from '../definitions/mod.ts';
import type { KubeObject } from '../machinery/mod.ts';
import { isObject } from '../machinery/mod.ts';
import type { AdmissionPlugin } from './chain.ts';
import { isAbout, newAdmissionForbidden } from './refusal.ts';

const CRDS = { group: CRD_GROUP, resource: CRD_RESOURCE };
const APIS_GROUP = 'apis.kcp.io';
/** Where kcp keeps the definitions of its own kinds, and of bound ones. */
const SYSTEM_CRDS_CLUSTER = 'system:system-crds';
const BOUND_CRDS_CLUSTER = 'system:bound-crds';

/** Nobody defines kinds in kcp's own groups: what is served there must be what the server means. */
export const reservedCrdGroups: AdmissionPlugin = {
  name: 'kcp.io/ReservedCRDGroups',
  operations: ['CREATE', 'UPDATE'],
  validate(request) {
    if (!isAbout(request, CRDS) || request.cluster === SYSTEM_CRDS_CLUSTER) return;
    const group = groupOf(request.object);
    // A suffix of the text, as kcp has it: `notapis.kcp.io` is taken as well.
    if (group.endsWith(APIS_GROUP)) throw newAdmissionForbidden(request, `${group} is a reserved group`);
  },
};

/** The groups of kcp's system APIs: the server keeps objects of its own under them, whoever defines what. */
const SYSTEM_GROUPS = new Set(['apis', 'cache', 'core', 'tenancy', 'topology'].map((api) => `${api}.kcp.io`));

/**
 * Nobody defines kinds where the server keeps its own objects: they would be that kind's objects, for everybody to
 * change and delete. No plugin of kcp's, and none that can be switched off: whether a logical cluster exists, and
 * whom it lets in, hangs on it. An existing definition may still be changed, so that it can go.
 */
export const systemCrdGroups: AdmissionPlugin = {
  name: 'SystemCRDGroups',
  operations: ['CREATE'],
  validate(request) {
    if (!isAbout(request, CRDS)) return;
    const group = groupOf(request.object);
    if (SYSTEM_GROUPS.has(group)) throw newAdmissionForbidden(request, `${group} is a reserved group`);
  },
};

/** Annotations of this domain say which API a definition was bound from: only the server may say so. */
export const reservedCrdAnnotations: AdmissionPlugin = {
  name: 'apis.kcp.io/ReservedCRDAnnotations',
  operations: ['CREATE', 'UPDATE'],
  validate(request) {
    if (!isAbout(request, CRDS) || request.cluster === BOUND_CRDS_CLUSTER) return;
    const reserved = Object.keys(request.object?.metadata.annotations ?? {})
      .filter((key) => {
        const domain = key.split('/', 1)[0] ?? '';
        return domain === APIS_GROUP || domain.endsWith(`.${APIS_GROUP}`);
      })
      .sort()
      .map((key) => `${key} is a reserved annotation`);
    if (reserved.length === 0) return;
    // Several errors as Go's aggregates print them.
    const detail = reserved.length === 1 ? reserved[0]! : `[${reserved.join(', ')}]`;
    throw newAdmissionForbidden(request, detail);
  },
};

function groupOf(object: KubeObject | undefined): string {
  const spec = object?.['spec'];
  const group = isObject(spec) ? spec['group'] : undefined;
  return typeof group === 'string' ? group : '';
}
