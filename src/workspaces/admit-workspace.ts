import {
  type AdmissionPlugin,
  type AdmissionReads,
  type AdmissionRequest,
  isAbout,
  newAdmissionForbidden,
} from '../admission/mod.ts';
import { logicalClusterKey } from '../api/mod.ts';
import { type JsonObject, type KubeObject, objectAt, objectOf, textAt } from '../machinery/mod.ts';
import { logicalClusterFacts } from './facts.ts';
import { OWNER, REQUIRED_GROUPS, TENANCY_GROUP, WORKSPACES } from './names.ts';
import { ownerText } from './owner.ts';

const MASTERS = 'system:masters';

/**
 * kcp's plugin `tenancy.kcp.io/Workspace`: says in annotations who creates a workspace and which groups may enter it,
 * and keeps everybody but the system from writing where it is.
 */
export const admitWorkspace: AdmissionPlugin = {
  name: 'tenancy.kcp.io/Workspace',
  operations: ['CREATE', 'UPDATE'],
  mutate(request, reads) {
    const { object, oldObject } = request;
    if (!isAbout(request, KIND) || object === undefined) return;
    if (oldObject !== undefined) return keepOwner(request, object, oldObject);
    const annotations = objectOf({ ...object.metadata.annotations }) as Record<string, string>;
    if (!isPrivileged(request)) annotations[OWNER] = ownerText(request.user);
    if (!isPrivileged(request) || annotations[REQUIRED_GROUPS] === undefined) {
      const required = requiredGroupsHere(request, reads);
      if (required === undefined) delete annotations[REQUIRED_GROUPS];
      else annotations[REQUIRED_GROUPS] = required;
    }
    if (Object.keys(annotations).length > 0) object.metadata.annotations = annotations;
    else delete object.metadata.annotations;
  },
  validate(request, reads) {
    const { object, oldObject, operation } = request;
    if (!isAbout(request, KIND) || object === undefined) return;
    const problem =
      operation === 'CREATE'
        ? creationProblem(request, object, reads)
        : updateProblem(request, object, oldObject ?? object);
    if (problem !== undefined) throw newAdmissionForbidden(request, problem);
  },
};

const KIND = { group: TENANCY_GROUP, resource: WORKSPACES };

/**
 * What says who made a workspace is copied when it gets its logical cluster. Until then, nobody else's name may come
 * to stand there.
 */
function keepOwner(request: AdmissionRequest, object: KubeObject, old: KubeObject): void {
  if (isPrivileged(request) || textAt(objectAt(old, 'spec'), 'cluster') !== '') return;
  const annotations = objectOf({ ...object.metadata.annotations }) as Record<string, string>;
  for (const name of [OWNER, REQUIRED_GROUPS]) {
    const known = old.metadata.annotations?.[name];
    if (known === undefined) delete annotations[name];
    else annotations[name] = known;
  }
  object.metadata.annotations = annotations;
}

function creationProblem(
  request: AdmissionRequest,
  object: KubeObject,
  reads: AdmissionReads,
): string | undefined {
  const spec = objectAt(object, 'spec');
  const mount = mountOf(object);
  if (!isPrivileged(request)) {
    if (textAt(spec, 'cluster') !== '') return 'spec.Cluster can only be set by system privileged users';
    if (textAt(spec, 'URL') !== '') return 'spec.URL can only be set by system privileged users';
    const annotations = object.metadata.annotations ?? {};
    const owner = ownerText(request.user);
    if (annotations[OWNER] !== owner) return `expected user annotation ${OWNER}=${owner}`;
    const required = requiredGroupsHere(request, reads) ?? '';
    if ((annotations[REQUIRED_GROUPS] ?? '') !== required) {
      return `missing required groups annotation ${REQUIRED_GROUPS}=${required}`;
    }
  }
  if (mount === undefined) return undefined;
  for (const field of ['kind', 'name', 'apiVersion']) {
    if (textAt(mount, field) === '') return `spec.mount.${field} must be set`;
  }
  if (!isPrivileged(request) && spec?.['type'] !== undefined)
    return 'spec.type cannot be set for mounted workspaces';
  return undefined;
}

function updateProblem(request: AdmissionRequest, object: KubeObject, old: KubeObject): string | undefined {
  const spec = objectAt(object, 'spec');
  const before = objectAt(old, 'spec');
  const isSame = (field: string) => textAt(spec, field) === textAt(before, field);
  if (textAt(before, 'cluster') !== '' && textAt(spec, 'cluster') === '')
    return 'spec.cluster cannot be unset';
  // Of mounts as well: whoever could say where a path leads would have a door to any workspace.
  if (!isPrivileged(request)) {
    if (!isSame('cluster')) return 'spec.cluster can only be changed by system privileged users';
    if (!isSame('URL')) return 'spec.URL can only be changed by system privileged users';
  }
  const mount = mountOf(old);
  if (mount !== undefined) return mountProblem(request, object, { old, mount });
  if (isTypeChanged(spec, before)) return 'spec.type is immutable';
  const isReady = textAt(objectAt(object, 'status'), 'phase') === 'Ready';
  if (!isReady || textAt(objectAt(old, 'status'), 'phase') === 'Ready') return undefined;
  for (const field of ['cluster', 'URL']) {
    if (textAt(spec, field) === '') return `spec.${field} must be set for phase Ready`;
  }
  return undefined;
}

function mountProblem(
  request: AdmissionRequest,
  object: KubeObject,
  { old, mount }: { readonly old: KubeObject; readonly mount: JsonObject },
): string | undefined {
  for (const field of ['kind', 'name', 'namespace', 'apiVersion']) {
    if (textAt(mountOf(object), field) !== textAt(mount, field)) return `spec.mount.${field} is immutable`;
  }
  if (isPrivileged(request)) return undefined;
  const spec = objectAt(object, 'spec');
  if (spec?.['type'] !== undefined) return 'spec.type cannot be set for mounted workspaces';
  return isTypeChanged(spec, objectAt(old, 'spec')) ? 'spec.type is immutable' : undefined;
}

function isTypeChanged(spec: JsonObject | undefined, before: JsonObject | undefined): boolean {
  const type = objectAt(spec, 'type');
  const old = objectAt(before, 'type');
  return textAt(type, 'name') !== textAt(old, 'name') || textAt(type, 'path') !== textAt(old, 'path');
}

/** What a workspace is a door to, if it has no logical cluster of its own. */
export function mountOf(workspace: KubeObject): JsonObject | undefined {
  return objectAt(objectAt(objectAt(workspace, 'spec'), 'mount'), 'ref');
}

function requiredGroupsHere(request: AdmissionRequest, reads: AdmissionReads): string | undefined {
  const row = reads.read(logicalClusterKey(request.cluster));
  return row && logicalClusterFacts(row).requiredGroups;
}

function isPrivileged({ user }: AdmissionRequest): boolean {
  return user.groups.includes(MASTERS);
}
