import type { AccessRequest, Authorizer } from '../access/mod.ts';
import type { Definition } from '../definitions/mod.ts';
import { deepEqual, goQuote, type OwnerReference } from '../machinery/mod.ts';
import type { AdmissionPlugin, AdmissionRequest } from './chain.ts';
import { newAdmissionForbidden } from './refusal.ts';

/** What the check asks of its surroundings. */
export interface OwnerReferenceGround {
  readonly authorize: Authorizer;
  /** All kinds of the logical cluster of a request. */
  definitionsOf(request: AdmissionRequest): Promise<readonly Definition[]>;
}

/**
 * Who changes the owners of an object must be allowed to delete it, since to name an owner that goes is to
 * delete it; and who makes an owner wait for it (`blockOwnerDeletion`) must be allowed to set the owner's
 * finalizers. Off by default, as upstream.
 */
export function ownerReferencesPermission(given: OwnerReferenceGround): AdmissionPlugin {
  return {
    name: 'OwnerReferencesPermissionEnforcement',
    operations: ['CREATE', 'UPDATE'],
    async validate(request, reads) {
      if (!isChanged(request)) return;
      const authorize: Authorizer = async (question) => {
        const answer = await given.authorize(question);
        reads.reliesOn.push(...answer.reliesOn);
        return answer;
      };
      const ground = { ...given, authorize };
      // Who creates an object could as well have left it alone.
      if (request.operation !== 'CREATE') await assertMayDelete(ground, request);
      const blocking = newlyBlocking(request);
      if (blocking.length === 0 || (await mayFinalizeAnything(ground, request))) return;
      for (const owner of blocking) await assertMayFinalize(ground, request, owner);
    },
  };
}

async function assertMayDelete(
  { authorize }: OwnerReferenceGround,
  request: AdmissionRequest,
): Promise<void> {
  const { definition, subresource, namespace, name } = request;
  const answer = await authorize({
    ...ofUser(request),
    verb: 'delete',
    group: definition.group,
    resource: definition.names.plural,
    subresource,
    namespace,
    name,
  });
  if (answer.verdict === 'allow') return;
  throw newAdmissionForbidden(
    request,
    `cannot set an ownerRef on a resource you can't delete: ${answer.reason}, <nil>`,
  );
}

/** One question that most who may at all can be let through by, without a look at the kinds of owners. */
async function mayFinalizeAnything(
  { authorize }: OwnerReferenceGround,
  request: AdmissionRequest,
): Promise<boolean> {
  const anything = {
    verb: 'update',
    group: '*',
    resource: '*',
    subresource: 'finalizers',
    namespace: '',
    name: '*',
  };
  return (await authorize({ ...ofUser(request), ...anything })).verdict === 'allow';
}

async function assertMayFinalize(
  ground: OwnerReferenceGround,
  request: AdmissionRequest,
  owner: OwnerReference,
): Promise<void> {
  const { group, version, fault } = parseApiVersion(owner.apiVersion);
  const owners = (await ground.definitionsOf(request)).filter(
    (definition) =>
      definition.group === group &&
      definition.names.kind === owner.kind &&
      definition.versions.some(({ name, served }) => name === version && served),
  );
  if (fault !== undefined || owners.length === 0) {
    const reason =
      fault ?? `no matches for kind ${goQuote(owner.kind)} in version ${goQuote(owner.apiVersion)}`;
    throw newAdmissionForbidden(
      request,
      `cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion ${owner.apiVersion} Kind ${owner.kind}: ${reason}`,
    );
  }
  for (const definition of owners) {
    const answer = await ground.authorize({
      ...ofUser(request),
      verb: 'update',
      group,
      resource: definition.names.plural,
      subresource: 'finalizers',
      // An owner with a namespace is in that of its dependent.
      namespace: definition.scope === 'Namespaced' ? request.namespace : '',
      name: owner.name,
    });
    if (answer.verdict === 'allow') continue;
    throw newAdmissionForbidden(
      request,
      `cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: ${answer.reason}, <nil>`,
    );
  }
}

function ofUser({ user, cluster }: AdmissionRequest): Pick<AccessRequest, 'user' | 'cluster'> {
  return { user, cluster };
}

function isChanged({ object, oldObject }: AdmissionRequest): boolean {
  const [now, before] = [object?.metadata.ownerReferences ?? [], oldObject?.metadata.ownerReferences ?? []];
  return !deepEqual(now, before);
}

function newlyBlocking({ object, oldObject }: AdmissionRequest): readonly OwnerReference[] {
  const before = new Map((oldObject?.metadata.ownerReferences ?? []).map((owner) => [owner.uid, owner]));
  return (object?.metadata.ownerReferences ?? []).filter(
    (owner) => owner.blockOwnerDeletion === true && before.get(owner.uid)?.blockOwnerDeletion !== true,
  );
}

function parseApiVersion(text: string): {
  readonly group: string;
  readonly version: string;
  readonly fault?: string;
} {
  const parts = text.split('/');
  if (parts.length > 2) return { group: '', version: '', fault: `unexpected GroupVersion string: ${text}` };
  const version = parts.at(-1) ?? '';
  return { group: parts.length === 2 ? parts[0]! : '', version };
}
