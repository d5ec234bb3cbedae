import { APIS_GROUP } from '../../access/mod.ts';
import { type Api, type Companions, companionPut, type Reads } from '../../api/mod.ts';
import { base62Sha224, type LogicalCluster, ROOT_CLUSTER } from '../../base/mod.ts';
import { isForNamedObjects, isRootExport, PATH_ANNOTATION } from '../../definitions/mod.ts';
import {
  formatTime,
  type JsonObject,
  type KubeObject,
  objectAt,
  objectOf,
  objectsAt,
} from '../../machinery/mod.ts';
import {
  API_BINDINGS,
  API_EXPORTS,
  apisDefinition,
  apisKey,
  BINDING_FINALIZER,
  readApisObject,
} from '../kcp-objects.ts';
import { type ExportReference, exportCluster } from './export-of-binding.ts';
import { labelForProvider } from './label-for-provider.ts';
import { reconcileBinding } from './reconcile-binding.ts';

const NAME_LENGTH_MAX = 247;
const HASH_LENGTH = 5;

/**
 * The name that kcp gives a binding which a workspace has by default. Those of root's own exports are called the same in
 * all of them: they are derived, and cost no workspace anything.
 */
export function defaultBindingName(cluster: LogicalCluster, reference: ExportReference): string {
  const { path, name } = reference;
  const place = isOfRoot(reference) ? '' : cluster;
  const hash = base62Sha224(`${place}|${path}|${name}`).toLowerCase().slice(0, HASH_LENGTH);
  return `${name.slice(0, NAME_LENGTH_MAX)}-${hash}`;
}

/** Whether an export is one that the server itself makes in the root. */
export function isOfRoot({ path, name }: ExportReference): boolean {
  return path === ROOT_CLUSTER && isRootExport(name);
}

/**
 * A binding of an export with the claims of its provider accepted, bound as far as it can be, and what its commit has
 * to contain besides: the binding itself is the last of the companions. `beside` are bindings that the same commit makes
 * with the logical cluster.
 */
export async function bindingFor(
  api: Api,
  reads: Pick<Reads, 'read'>,
  request: {
    readonly cluster: LogicalCluster;
    /** Its canonical path, where the binding can say it. */
    readonly path?: string;
    readonly reference: ExportReference;
    readonly beside?: readonly KubeObject[];
    /** The uid and the time that it gets, if not new ones. */
    readonly born?: { readonly uid: string; readonly now: string };
  },
): Promise<{ readonly binding: KubeObject; readonly companions: NonNullable<Companions['companions']> }> {
  const { cluster, path, reference, beside } = request;
  const born = request.born ?? { uid: api.random.uuid(), now: formatTime(api.store.nowMs()) };
  const definition = apisDefinition(API_BINDINGS);
  const provider = exportCluster(api, cluster, reference);
  const found =
    provider && readApisObject(reads, { cluster: provider, resource: API_EXPORTS, name: reference.name });
  const binding = objectOf({
    apiVersion: `${APIS_GROUP}/${definition.storageVersion}`,
    kind: definition.names.kind,
    metadata: objectOf({
      // What admission puts on bindings that somebody writes.
      ...(path === undefined ? {} : { annotations: objectOf({ [PATH_ANNOTATION]: path }) }),
      creationTimestamp: born.now,
      finalizers: [BINDING_FINALIZER],
      generation: 1,
      name: defaultBindingName(cluster, reference),
      uid: born.uid,
    }),
    spec: defaultBindingSpec(reference, acceptedClaims(found?.object)),
  }) as KubeObject;
  const rest = await reconcileBinding(api, reads, {
    cluster,
    binding,
    now: born.now,
    ...(beside === undefined ? {} : { beside }),
  });
  labelForProvider(binding);
  const key = apisKey(cluster, API_BINDINGS, binding.metadata.name ?? '');
  const put = companionPut(api, { definition, key, object: binding, remembered: rest.remembered });
  return { binding, companions: [...(rest.companions ?? []), put] };
}

/** As kcp answers in the name of a new workspace: yes, to as much as the provider asks for by default. */
export function acceptedClaims(apiExport: KubeObject | undefined): JsonObject[] {
  const open = openClaims(apiExport);
  const claims = claimsOf(apiExport).filter((claim) => !open.includes(claim));
  return claims.map(({ defaultSelector, ...claim }) =>
    objectOf({ ...claim, selector: defaultSelector ?? objectOf({ matchAll: true }), state: 'Accepted' }),
  );
}

/**
 * The claims that nobody answers in the name of a workspace: those that their provider has made for objects by their
 * names. An answer can only be one for all objects, or for some by their labels, and would give more than was asked for.
 */
export function openClaims(apiExport: KubeObject | undefined): JsonObject[] {
  return claimsOf(apiExport).filter(
    (claim) => claim['defaultSelector'] === undefined && isForNamedObjects(apiExport!, claim),
  );
}

function claimsOf(apiExport: KubeObject | undefined): JsonObject[] {
  return objectsAt(objectAt(apiExport, 'spec'), 'permissionClaims');
}

/** The spec of a default binding. */
export function defaultBindingSpec(reference: ExportReference, claims: readonly JsonObject[]): JsonObject {
  return objectOf({
    ...(claims.length === 0 ? {} : { permissionClaims: [...claims] }),
    reference: objectOf({ export: objectOf({ name: reference.name, path: reference.path }) }),
  });
}
