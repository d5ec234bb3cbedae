import { APIS_GROUP } from '../../access/mod.ts';
import { type Api, type Companion, type Companions, companionPut, type Reads } from '../../api/mod.ts';
import { base62Sha224, type LogicalCluster } from '../../base/mod.ts';
import {
  formatTime,
  type JsonObject,
  type KubeObject,
  objectAt,
  objectOf,
  objectsAt,
  textAt,
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

/** The name that kcp gives a binding which a workspace has by default. */
export function defaultBindingName(cluster: LogicalCluster, { path, name }: ExportReference): string {
  const hash = base62Sha224(`${cluster}|${path}|${name}`).toLowerCase().slice(0, HASH_LENGTH);
  return `${name.slice(0, NAME_LENGTH_MAX)}-${hash}`;
}

/** What a logical cluster gets that binds some exports by default. */
export interface DefaultBindingsMade {
  readonly companions: readonly Companion[];
  /** An export or a schema is missing, or names are taken: it is bound once that is over. */
  readonly isIncomplete: boolean;
}

/**
 * The bindings that a new logical cluster has by default, as far as their exports are there: nobody is asked whether they
 * may. What they rely on is noted by `reads`.
 */
export async function defaultBindings(
  api: Api,
  reads: Pick<Reads, 'read'>,
  request: {
    readonly cluster: LogicalCluster;
    /** Its canonical path. */
    readonly path: string;
    readonly exports: readonly ExportReference[];
  },
): Promise<DefaultBindingsMade> {
  const companions = new Map<string, Companion>();
  const beside: KubeObject[] = [];
  let isIncomplete = false;
  for (const reference of request.exports) {
    const made = await bindingFor(api, reads, { ...request, reference, beside });
    beside.push(made.binding);
    for (const companion of made.companions) companions.set(companionText(companion), companion);
    isIncomplete ||= textAt(objectAt(made.binding, 'status'), 'phase') !== 'Bound';
  }
  return { companions: [...companions.values()], isIncomplete };
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
    readonly path: string;
    readonly reference: ExportReference;
    readonly beside?: readonly KubeObject[];
  },
): Promise<{ readonly binding: KubeObject; readonly companions: NonNullable<Companions['companions']> }> {
  const { cluster, path, reference, beside } = request;
  const definition = apisDefinition(API_BINDINGS);
  const provider = exportCluster(api, cluster, reference);
  const found =
    provider && readApisObject(reads, { cluster: provider, resource: API_EXPORTS, name: reference.name });
  const binding = objectOf({
    apiVersion: `${APIS_GROUP}/${definition.storageVersion}`,
    kind: definition.names.kind,
    metadata: objectOf({
      annotations: objectOf({ 'kcp.io/path': path }),
      creationTimestamp: formatTime(api.store.nowMs()),
      finalizers: [BINDING_FINALIZER],
      generation: 1,
      name: defaultBindingName(cluster, reference),
      uid: api.random.uuid(),
    }),
    spec: defaultBindingSpec(reference, acceptedClaims(found?.object)),
  }) as KubeObject;
  const rest = await reconcileBinding(api, reads, {
    cluster,
    binding,
    ...(beside === undefined ? {} : { beside }),
  });
  labelForProvider(binding);
  const key = apisKey(cluster, API_BINDINGS, binding.metadata.name ?? '');
  const put = companionPut(api, { definition, key, object: binding });
  return { binding, companions: [...(rest.companions ?? []), put] };
}

/** As kcp answers in the name of a new workspace: yes, to as much as the provider asks for by default. */
export function acceptedClaims(apiExport: KubeObject | undefined): JsonObject[] {
  const claims = objectsAt(objectAt(apiExport, 'spec'), 'permissionClaims');
  return claims.map(({ defaultSelector, ...claim }) =>
    objectOf({ ...claim, selector: defaultSelector ?? objectOf({ matchAll: true }), state: 'Accepted' }),
  );
}

/** The spec of a default binding. */
export function defaultBindingSpec(reference: ExportReference, claims: readonly JsonObject[]): JsonObject {
  return objectOf({
    ...(claims.length === 0 ? {} : { permissionClaims: [...claims] }),
    reference: objectOf({ export: objectOf({ name: reference.name, path: reference.path }) }),
  });
}

function companionText({ mutation: { key } }: Companion): string {
  return [key.cluster, key.group, key.resource, key.name].join('\0');
}
