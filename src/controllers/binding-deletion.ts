import { type Api, decodeStored } from '../api/mod.ts';
import { boundAlias, collectionOf, type Definition, readBoundResources } from '../definitions/mod.ts';
import {
  API_BINDINGS,
  adoptionBy,
  apisDefinition,
  apisKey,
  BINDING_FINALIZER,
  EXPORT_CONTROLLERS,
} from '../exports/mod.ts';
import {
  type ConditionVerdict,
  deepEqual,
  formatTime,
  type JsonObject,
  objectAt,
  objectOf,
  objectsAt,
  withConditions,
} from '../machinery/mod.ts';
import type { Row, StoreEvent, WorkKey } from '../store/mod.ts';
import { ControllerClient, type Place } from './client.ts';
import { batchesOf, changeAll, isLeaving, type Remainder, remainderOf } from './objects.ts';
import type { Controller, Debt, Result } from './runtime.ts';

/** Deletes what a binding has brought, tells in its conditions what is left, and lets it go when nothing is. */
export function bindingDeletionController(api: Api): Controller {
  return {
    name: EXPORT_CONTROLLERS.deletion,
    reconcile: (debt, signal) => reconcile(api, debt, signal),
    wakes: (event) => wakes(api, event),
  };
}

/** An object that is gone, or has lost a finalizer, may have been the last thing that a binding waits for. */
function wakes(api: Api, { key, newRow }: StoreEvent): readonly WorkKey[] {
  if (newRow !== undefined || key.identity === '') return [];
  const binding = api.store.aliased(key.cluster, boundAlias(key.group, key.resource));
  if (binding === undefined) return [];
  return [{ controller: EXPORT_CONTROLLERS.deletion, cluster: key.cluster, key: binding.name }];
}

async function reconcile(api: Api, debt: Debt, signal: AbortSignal): Promise<Result> {
  const { cluster, key: name } = debt.key;
  const definition = apisDefinition(API_BINDINGS);
  const key = apisKey(cluster, API_BINDINGS, name);
  const row = api.store.get(key);
  if (row === undefined || !readBoundResources(row).isLeaving) return 'settled';
  const binding = decodeStored(definition, definition.storageVersion, row);
  binding.metadata.resourceVersion = String(row.revision);
  const finalizers = binding.metadata.finalizers ?? [];
  if (!finalizers.includes(BINDING_FINALIZER)) return 'settled';
  const client = new ControllerClient(api, { name: 'kcp-apibindingdeletion', signal });
  const place: Place = { definition, cluster, namespace: '', name };
  const adopted = await adoptionBy(api, { read: (other) => api.store.newest(other) }, { key, row });
  const left = await removeObjects(api, { client, row, place, adopted: adopted.resources, signal });
  if (left.length === 0) {
    binding.metadata.finalizers = finalizers.filter((finalizer) => finalizer !== BINDING_FINALIZER);
    await client.update(place, binding);
    return 'settled';
  }
  const status = objectAt(binding, 'status') ?? objectOf({});
  const before = objectsAt(status, 'conditions');
  const conditions = withConditions(before, [verdictOn(left)], formatTime(api.store.nowMs()));
  if (!deepEqual(before as JsonObject[], conditions)) {
    binding['status'] = objectOf({ ...status, conditions });
    await client.update({ ...place, subresource: 'status' }, binding);
  }
  return 'waiting';
}

interface Left extends Remainder {
  readonly kind: Definition;
}

/** Deletes the objects of the kinds that nobody takes over; returns what finalizers hold. */
async function removeObjects(
  api: Api,
  step: {
    readonly client: ControllerClient;
    readonly row: Row;
    readonly place: Place;
    readonly adopted: ReadonlySet<string>;
    readonly signal: AbortSignal;
  },
): Promise<readonly Left[]> {
  const { client, row, signal, adopted } = step;
  const { cluster } = step.place;
  const left: Left[] = [];
  for (const bound of readBoundResources(row).resources) {
    const { group, resource } = bound;
    if (adopted.has(`${resource}.${group}`)) continue;
    const kind = api.registry.bound(bound, { isLeaving: true });
    if (kind === undefined) continue;
    const scope = { collection: collectionOf(cluster, kind) };
    await changeAll(batchesOf(api, scope), signal, async ({ key, row: object }) => {
      if (isLeaving(object)) return;
      const { namespace, name } = key;
      await client.remove({ definition: kind, cluster, namespace, name }, { uid: object.uid });
    });
    const rest = await remainderOf(api, scope);
    if (rest.count > 0) left.push({ kind, ...rest });
  }
  return left;
}

/** In kcp's words. */
function verdictOn(left: readonly Left[]): ConditionVerdict {
  const finalizers = new Map<string, number>();
  for (const rest of left) {
    for (const [name, count] of rest.finalizers) finalizers.set(name, (finalizers.get(name) ?? 0) + count);
  }
  const failed = { type: 'BindingResourceDeleteSuccess', status: 'False', severity: 'Error' } as const;
  if (finalizers.size > 0) {
    const held = [...finalizers].map(([name, count]) => `${name} in ${count} resource instances`).sort();
    const message = `Some content in the workspace has finalizers remaining: ${held.join(', ')}`;
    return { ...failed, reason: 'SomeFinalizersRemain', message };
  }
  const rest = left
    .map(({ kind, count }) => `${kind.names.plural}.${kind.group} has ${count} resource instances`)
    .sort();
  return {
    ...failed,
    reason: 'SomeResourcesRemain',
    message: `Some resources are remaining: ${rest.join(', ')}`,
  };
}
