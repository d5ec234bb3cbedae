import { APIS_GROUP, SYSTEM_USER } from '../../access/mod.ts';
import {
  type Api,
  type Attempt,
  type Companions,
  type KindChange,
  type KindHooks,
  type KindWork,
  logicalClusterKey,
} from '../../api/mod.ts';
import {
  BOUND_CRDS_CLUSTER,
  collectionOf,
  identityOfBinding,
  readBoundResources,
} from '../../definitions/mod.ts';
import { deepEqual, type KubeObject, madeObjectAt, newForbidden, objectAt } from '../../machinery/mod.ts';
import type { CollectionKey, WorkChange } from '../../store/mod.ts';
import type { ReadRow } from '../../workspaces/mod.ts';
import { debt, EXPORT_CONTROLLERS } from '../debts.ts';
import { API_BINDINGS, BINDING_FINALIZER } from '../kcp-objects.ts';
import { keepStatus } from '../keep-status.ts';
import { adoptionBy } from './adoption.ts';
import { assertRoomForBinding } from './binding-room.ts';
import { assertMayBind, exportCluster, exportReferenceOf } from './export-of-binding.ts';
import { labelForProvider } from './label-for-provider.ts';
import { boundSchemas, reconcileBinding } from './reconcile-binding.ts';
import { namedBinding } from './wanted-bindings.ts';

/**
 * What belongs to every write of an APIBinding: the right to bind, and the whole of its status, which is settled by the
 * very commit that creates or changes it. Controllers that want a binding brought up to date just write it.
 */
export const bindingHooks: KindHooks = {
  group: APIS_GROUP,
  resource: API_BINDINGS,
  async complete(api, attempt, change) {
    const { operation, object, old, oldRow, user, key } = change;
    if (operation === 'delete') return released(api, attempt, change);
    // Nobody but the server says what is bound: whoever could would reach the objects of others.
    if (user !== SYSTEM_USER) keepStatus(object, old);
    await assertAllowed(api, attempt, change);
    if (operation === 'create') await assertRoomForBinding(api, key.cluster);
    keepFinalizer(object, old, { isController: user === SYSTEM_USER });
    if (object.metadata.deletionTimestamp !== undefined) return undefined;
    if (operation === 'create' && user === SYSTEM_USER) settleProvider(api, attempt, change);
    const companions = await reconcileBinding(api, attempt.reads, {
      cluster: key.cluster,
      binding: object,
      identity: oldRow && identityOfBinding(oldRow),
    });
    labelForProvider(object);
    return companions;
  },
  work: workOf,
};

/** What the server binds by default belongs to whom the type was written to mean, wherever its path leads by now. */
function settleProvider(api: Api, { reads }: Attempt, { object, key: { cluster, name } }: KindChange): void {
  const row = reads.read(logicalClusterKey(cluster));
  const read: ReadRow = (key) => reads.read(key);
  const meant = row && namedBinding(api, { cluster, row, read }, name)?.reference.meant;
  if (meant !== undefined) madeObjectAt(object, 'status')['apiExportClusterName'] = meant;
}

async function assertAllowed(api: Api, attempt: Attempt, change: KindChange): Promise<void> {
  const { object, old, user, key } = change;
  const isSame =
    old !== undefined &&
    deepEqual(objectAt(old, 'spec')?.['reference'], objectAt(object, 'spec')?.['reference']);
  if (isSame || user === SYSTEM_USER) return;
  const provider = exportCluster(api, key.cluster, exportReferenceOf(object));
  const action = old === undefined ? 'create' : 'update';
  await assertMayBind(api, attempt, { user, binding: object, action, provider });
}

/** What a binding has brought is deleted before the binding goes: only the server takes this finalizer off. */
function keepFinalizer(
  object: KubeObject,
  old: KubeObject | undefined,
  { isController }: { readonly isController: boolean },
): void {
  const finalizers = object.metadata.finalizers ?? [];
  if (finalizers.includes(BINDING_FINALIZER)) return;
  const isLeaving = object.metadata.deletionTimestamp !== undefined;
  // Nothing may be added to what is on its way out.
  if (isLeaving && (isController || old?.metadata.finalizers?.includes(BINDING_FINALIZER) !== true)) return;
  object.metadata.finalizers = [...finalizers, BINDING_FINALIZER];
}

/** The binding goes now: whoever may follow it takes over what is left, in the same commit. */
async function released(api: Api, attempt: Attempt, change: KindChange): Promise<Companions | undefined> {
  const { oldRow, key, user } = change;
  if (oldRow === undefined) return undefined;
  const adoption = await adoptionBy(api, attempt.reads, { key, row: oldRow });
  const isAdopted = (resource: string, group: string) => adoption.resources.has(`${resource}.${group}`);
  const left = readBoundResources(oldRow).resources.filter(
    ({ resource, group }) => !isAdopted(resource, group),
  );
  for (const resource of left) {
    const { group } = resource;
    const kind = api.registry.bound(resource, { isLeaving: true });
    if (kind === undefined || !(await hasObjects(api, collectionOf(key.cluster, kind)))) continue;
    const rest =
      user === SYSTEM_USER ? 'the server deletes them first' : `leave ${BINDING_FINALIZER} to the server`;
    throw newForbidden(
      { group: APIS_GROUP, resource: API_BINDINGS },
      key.name,
      `there are still objects of ${resource.resource}.${group}: ${rest}`,
    );
  }
  return adoption.companions;
}

async function hasObjects(api: Api, collection: CollectionKey): Promise<boolean> {
  const snapshot = api.store.snapshot();
  try {
    return (await snapshot.count({ collection }, 1)) > 0;
  } finally {
    snapshot.close();
  }
}

function workOf(api: Api, { operation, object, old, key }: KindWork): readonly WorkChange[] {
  const work: WorkChange[] = [];
  const { cluster } = key;
  const owe = (controller: string, text: string) => work.push(debt(api, controller, { cluster, key: text }));
  const isGone = operation === 'delete';
  const isLeaving = object.metadata.deletionTimestamp !== undefined;
  if (!isGone && isLeaving && (object.metadata.finalizers ?? []).includes(BINDING_FINALIZER))
    owe(EXPORT_CONTROLLERS.deletion, key.name);
  if (isGone) owe(EXPORT_CONTROLLERS.conflicts, '');
  const kept = isGone ? new Set<string>() : boundSchemas(object);
  for (const uid of boundSchemas(old)) {
    if (!kept.has(uid))
      work.push(debt(api, EXPORT_CONTROLLERS.unbound, { cluster: BOUND_CRDS_CLUSTER, key: uid }));
  }
  return work;
}
