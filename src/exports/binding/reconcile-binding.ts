import { APIS_GROUP } from '../../access/mod.ts';
import type { Api, Companion, Companions, Reads } from '../../api/mod.ts';
import { type LogicalCluster, limits, type Pause, pauseFor } from '../../base/mod.ts';
import {
  type BoundResource,
  boundResourcesOf,
  type Definition,
  EXPORT_LABEL,
  exportHash,
  isOwnConvergent,
} from '../../definitions/mod.ts';
import {
  deepEqual,
  formatTime,
  type JsonObject,
  type KubeObject,
  madeObjectAt,
  newObject,
  objectAt,
  objectOf,
  objectsAt,
  setOrDrop,
  textAt,
} from '../../machinery/mod.ts';
import { stateClaims } from '../claims/mod.ts';
import {
  API_EXPORTS,
  API_RESOURCE_SCHEMAS,
  apisKey,
  readApisObject,
  type StoredObject,
} from '../kcp-objects.ts';
import { formConflict } from '../kept-form.ts';
import { type BindingProgress, bindingConditions } from './binding-conditions.ts';
import { exportCluster, exportReferenceOf } from './export-of-binding.ts';
import { copyExtraAnnotations } from './extra-annotations.ts';
import { assertNamesFree, holderOf, type NameHolder, nameConflict, takenNames } from './name-conflicts.ts';
import { shadowOf } from './shadow-schema.ts';

/** A binding that is to be brought as far as it can get. */
export interface BindingStep {
  readonly cluster: LogicalCluster;
  /** As it will be stored, in the storage version: its status is settled in place. */
  readonly binding: KubeObject;
  /** Of the export that it was made with, as far as that is known. */
  readonly identity?: string | undefined;
  /** A binding that goes with the same commit, whose names are free then. */
  readonly leaving?: string;
  /** Bindings that the same commit makes, which makes the logical cluster too. */
  readonly beside?: readonly KubeObject[];
  /** What its conditions take for the time of their change, if not the present. */
  readonly now?: string;
}

/**
 * Brings the status of an APIBinding up to date with its export: what is bound, and what stands in the way. Everything
 * that it looked at is a precondition of the commit, and the schemas that are bound are kept by the same commit, so
 * that no binding is ever half there.
 */
export async function reconcileBinding(
  api: Api,
  reads: Pick<Reads, 'read'>,
  step: BindingStep,
): Promise<Companions> {
  const { cluster, binding } = step;
  const reference = exportReferenceOf(binding);
  const provider = exportCluster(api, cluster, reference);
  const found =
    provider && readApisObject(reads, { cluster: provider, resource: API_EXPORTS, name: reference.name });
  const where = `${reference.path === '' ? cluster : reference.path}|${reference.name}`;
  const status = madeObjectAt(binding, 'status');
  // Who has been asked for the right to bind, and whose claims have been accepted. A path may come to lead to somebody
  // else's workspace of the same name, who has nothing to do with this binding.
  const known = textAt(status, 'apiExportClusterName') as LogicalCluster | '';
  const settled = known === '' ? provider : known;
  if (settled === undefined) return settle(api, step, { at: 'noExport', where });
  label(binding, exportHash({ cluster: settled, name: reference.name }));
  // Also where there is no export yet: so the binding is found when there is.
  status['apiExportClusterName'] = settled;
  if (provider !== settled || found === undefined) return settle(api, step, { at: 'noExport', where });
  const identity = textAt(objectAt(found.object, 'status'), 'identityHash');
  if (identity === '') return settle(api, step, { at: 'noIdentity', where });
  // Objects lie under the identity that they were created with: another one would lose them, and is another API.
  // Nor was anything accepted for that one.
  if (madeWith(step).some((one) => one !== identity))
    return settle(api, step, { at: 'otherIdentity', where });
  setOrDrop(status, 'exportPermissionClaims', objectsAt(objectAt(found.object, 'spec'), 'permissionClaims'));
  stateClaims(found.object, binding, step.now ?? formatTime(api.store.nowMs()));
  copyExtraAnnotations(found.object, binding);
  const pause = pauseBetween(found.object);
  const schemas = await schemasOf(reads, { cluster: provider, apiExport: found.object, pause });
  const rest =
    typeof schemas === 'string'
      ? settle(api, step, { at: 'noSchema', schema: schemas })
      : await bind(api, reads, { ...step, provider, identity, schemas, pause });
  // What is bound says it itself.
  return boundResourcesOf(binding).length > 0 ? rest : { ...rest, remembered: identity };
}

/** The identities that a binding knows its export by. */
function madeWith({ binding, identity }: BindingStep): readonly string[] {
  const bound = boundResourcesOf(binding).map((one) => one.identity);
  return bound.length > 0 || identity === undefined ? bound : [identity];
}

interface Offer extends BindingStep {
  readonly provider: LogicalCluster;
  readonly identity: string;
  readonly schemas: readonly StoredObject[];
  readonly pause: Pause;
}

async function bind(api: Api, reads: Pick<Reads, 'read'>, offer: Offer): Promise<Companions> {
  const { cluster, binding, provider, identity, schemas, leaving, beside, pause } = offer;
  const own = apisKey(cluster, 'apibindings', binding.metadata.name ?? '');
  const taken = await takenNames(api, {
    cluster,
    binding: own.name,
    leaving,
    ...(beside === undefined ? {} : { beside }),
  });
  const skipped = new Map<string, NameHolder>();
  const companions: Companion[] = [];
  const bound: JsonObject[] = objectsAt(madeObjectAt(binding, 'status'), 'boundResources');
  const names: { readonly group: string; readonly resource: string }[] = [];
  const before = boundResourcesOf(binding);
  const kept = new Map<string, string>();
  for (const schema of schemas) {
    await pause();
    const definition = api.registry.exported(schema.row, identity);
    const name = { group: definition.group, resource: definition.names.plural };
    const holder = holderOf(api, reads, taken, name);
    if (holder !== undefined) {
      skipped.set(`${name.resource}.${name.group}`, holder);
      continue;
    }
    // What is bound stays: others may have come since, or the export may have dropped what it had.
    if (!isNamed(bound, name) && taken.count + bound.length >= limits.boundKindsMax)
      return settle(api, offer, { at: 'tooManyKinds', max: limits.boundKindsMax });
    const isElsewhere = formConflictWith(api, before, { schema, definition });
    if (isElsewhere !== undefined) {
      kept.set(`${name.resource}.${name.group}`, isElsewhere);
      continue;
    }
    const conflict = nameConflict(taken, definition);
    if (conflict !== undefined) return settle(api, offer, { at: 'nameConflict', message: conflict });
    const shadow = shadowOf(api, reads, { schema, cluster: provider });
    if (shadow.companion !== undefined) companions.push(shadow.companion);
    upsert(bound, boundResource(definition, { schema, identity, storedVersions: shadow.storedVersions }));
    names.push(name);
  }
  setOrDrop(madeObjectAt(binding, 'status'), 'boundResources', bound);
  const rest = settle(api, offer, progressOf(skipped, kept));
  return {
    ...rest,
    companions,
    // No other binding of the logical cluster may be on its way to the disk, which may want the same names.
    settled: [{ cluster, group: APIS_GROUP }],
    assertCurrent: () => assertNamesFree(api, own, { names, leaving }),
  };
}

/** Why a kind that is bound cannot be what another schema makes of it; its objects stay what they are then. */
function formConflictWith(
  api: Api,
  before: readonly BoundResource[],
  { schema, definition }: { readonly schema: StoredObject; readonly definition: Definition },
): string | undefined {
  const bound = before.find(
    ({ group, resource }) => group === definition.group && resource === definition.names.plural,
  );
  // kcp's own kinds converge whatever a schema says, and their versions are the program's.
  if (bound === undefined || bound.schemaUid === schema.row.uid || isOwnConvergent(bound)) return undefined;
  const kept = api.registry.bound(bound, { isLeaving: false });
  return kept && formConflict(kept, definition);
}

function progressOf(
  skipped: ReadonlyMap<string, NameHolder>,
  kept: ReadonlyMap<string, string>,
): BindingProgress {
  if (skipped.size > 0) return { at: 'taken', skipped };
  return kept.size > 0 ? { at: 'kept', kept } : { at: 'bound' };
}

function settle(api: Api, { binding, now: said }: BindingStep, progress: BindingProgress): Companions {
  const status = madeObjectAt(binding, 'status');
  const now = said ?? formatTime(api.store.nowMs());
  if (progress.at === 'bound') status['phase'] = 'Bound';
  else if (textAt(status, 'phase') === '') status['phase'] = 'Binding';
  status['conditions'] = bindingConditions(objectsAt(status, 'conditions'), progress, now);
  return {};
}

/** The schemas of an export, or the name of one that is missing. */
async function schemasOf(
  reads: Pick<Reads, 'read'>,
  options: { readonly cluster: LogicalCluster; readonly apiExport: KubeObject; readonly pause: Pause },
): Promise<readonly StoredObject[] | string> {
  const { cluster, apiExport, pause } = options;
  const schemas: StoredObject[] = [];
  for (const resource of objectsAt(objectAt(apiExport, 'spec'), 'resources')) {
    // What is served from somewhere else is not kept here, and not served yet.
    if (objectAt(objectAt(resource, 'storage'), 'virtual') !== undefined) continue;
    const name = textAt(resource, 'schema');
    await pause();
    const schema = readApisObject(reads, { cluster, resource: API_RESOURCE_SCHEMAS, name });
    if (schema === undefined) return name;
    schemas.push(schema);
  }
  return schemas;
}

/** Each schema is read and compiled, as long as nobody remembers it: some milliseconds. */
function pauseBetween(apiExport: KubeObject): Pause {
  const resources = objectsAt(objectAt(apiExport, 'spec'), 'resources');
  return pauseFor(resources.length * limits.definitionBytesMin);
}

function boundResource(
  definition: Definition,
  options: {
    readonly schema: StoredObject;
    readonly identity: string;
    readonly storedVersions: readonly string[];
  },
): JsonObject {
  const { schema, identity, storedVersions } = options;
  return objectOf({
    group: definition.group,
    resource: definition.names.plural,
    schema: objectOf({ UID: schema.row.uid, identityHash: identity, name: schema.key.name }),
    storageVersions: [...storedVersions],
  });
}

function isNamed(
  bound: readonly JsonObject[],
  { group, resource }: { readonly group: string; readonly resource: string },
): boolean {
  return bound.some((one) => textAt(one, 'group') === group && textAt(one, 'resource') === resource);
}

/** Puts a kind in the place of what was bound under its name; versions that objects were stored in stay named. */
function upsert(bound: JsonObject[], wanted: JsonObject): void {
  const at = bound.findIndex(
    (one) => textAt(one, 'group') === wanted['group'] && textAt(one, 'resource') === wanted['resource'],
  );
  const versions = (one: JsonObject | undefined): string[] => {
    const list = one?.['storageVersions'];
    return Array.isArray(list) ? list.filter((version) => typeof version === 'string') : [];
  };
  const all = [...new Set([...versions(bound[at]), ...versions(wanted)])].sort();
  wanted['storageVersions'] = all;
  if (at < 0) bound.push(wanted);
  else if (!deepEqual(bound[at], wanted)) bound[at] = wanted;
}

/** The uids of the schemas that a binding has bound. */
export function boundSchemas(binding: KubeObject | undefined): ReadonlySet<string> {
  const resources: readonly BoundResource[] = binding === undefined ? [] : boundResourcesOf(binding);
  return new Set(resources.map(({ schemaUid }) => schemaUid));
}

function label(binding: KubeObject, value: string): void {
  const labels = (binding.metadata.labels ?? newObject()) as { [key: string]: string };
  labels[EXPORT_LABEL] = value;
  binding.metadata.labels = labels;
}
