import { type Api, CONTROLLERS, decodeStored } from '../api/mod.ts';
import { type LogicalCluster, Turns } from '../base/mod.ts';
import {
  builtinDefinition,
  CRD_FINALIZER,
  CRD_GROUP,
  CRD_RESOURCE,
  collectionOf,
  conditionOf,
  type Definition,
  isBindingKind,
  isConditionTrue,
  nextCrdStatus,
  readBoundResources,
  terminatingStatus,
} from '../definitions/mod.ts';
import { formatTime, isObject, type JsonObject, type KubeObject, objectOf } from '../machinery/mod.ts';
import type { ListScope, StoreEvent, WorkKey } from '../store/mod.ts';
import { ControllerClient, type Place } from './client.ts';
import { batchesOf, changeAll, isLeaving } from './objects.ts';
import type { Controller, Debt, Result } from './runtime.ts';
import { definitionTopic, groupTopic, WaitingDebts } from './waiting-debts.ts';

/** Brings CRDs to the state Established, and deletes the objects of those that go. */
export function customResourceDefinitionController(api: Api): Controller {
  // One that goes or is renamed frees its names for the others of its group.
  const conflicts = new WaitingDebts();
  // Of several that want the same free name one is first, and the others see that it has it.
  const turns = new Turns();
  return {
    name: CONTROLLERS.crd,
    async reconcile(debt, signal) {
      // Before the look at the others, so that one that changes after it is not missed.
      conflicts.wait(debt.key, definitionTopic(debt.key.cluster, debt.key.key));
      const result = await reconcile(api, { debt, turns }, signal);
      if (result === 'settled') conflicts.stop(debt.key);
      return result;
    },
    wakes(event) {
      const { key, oldRow } = event;
      if (isCrdEvent(event)) return conflicts.of(definitionTopic(key.cluster, key.name));
      if (!isBindingKind(key)) return wakes(event);
      // What a binding gives up may be what a CRD waits for.
      const groups =
        oldRow === undefined ? [] : readBoundResources(oldRow).resources.map(({ group }) => group);
      return [...new Set(groups)].flatMap((group) => conflicts.of(groupTopic(key.cluster, group)));
    },
  };
}

/** An object that is gone may have been its CRD's last. */
function wakes({ key, newRow, oldRow }: StoreEvent): readonly WorkKey[] {
  if (newRow !== undefined || oldRow === undefined || !key.group.includes('.')) return [];
  return [{ controller: CONTROLLERS.crd, cluster: key.cluster, key: `${key.resource}.${key.group}` }];
}

/** Whether an event is about a CRD. */
export function isCrdEvent({ key }: StoreEvent): boolean {
  return key.group === CRD_GROUP && key.resource === CRD_RESOURCE;
}

interface Step {
  readonly debt: Debt;
  readonly turns: Turns;
}

async function reconcile(api: Api, step: Step, signal: AbortSignal): Promise<Result> {
  const { cluster, key: name } = step.debt.key;
  const definition = builtinDefinition(CRD_GROUP, CRD_RESOURCE)!;
  const row = api.store.get({ ...collectionOf(cluster, definition), namespace: '', name });
  if (row === undefined) return 'settled';
  const crd = decodeStored(definition, 'v1', row);
  crd.metadata.resourceVersion = String(row.revision);
  const client = new ControllerClient(api, { name: 'kube-apiserver', signal });
  const place: Place = { definition, cluster, namespace: '', name };
  const now = formatTime(api.store.nowMs());
  if (crd.metadata.deletionTimestamp !== undefined) {
    return finalize(api, { crd, client, place, now, signal });
  }
  const isChanged = await step.turns.take(`${cluster}/${groupOf(crd)}`, async () => {
    const status = nextCrdStatus(crd, await othersInGroup(api, cluster, crd), now);
    if (status !== undefined) await updateStatus(client, place, crd, status);
    return status !== undefined;
  });
  if (isChanged) return reconcile(api, step, signal);
  return isConditionTrue(crd, 'NamesAccepted') ? 'settled' : 'waiting';
}

/** Deletes the CRD's objects, and lets it go when none is left. */
async function finalize(
  api: Api,
  step: {
    readonly crd: KubeObject;
    readonly client: ControllerClient;
    readonly place: Place;
    readonly now: string;
    readonly signal: AbortSignal;
  },
): Promise<Result> {
  const { crd, client, place, now, signal } = step;
  if (!(crd.metadata.finalizers ?? []).includes(CRD_FINALIZER)) return 'settled';
  const kind = definitionOf(api, place.cluster, crd);
  if (kind !== undefined && hasPhase(crd, 'InstanceDeletionPending')) {
    await updateStatus(client, place, crd, terminatingStatus(crd, 'inProgress', now));
    return 'waiting';
  }
  if (kind !== undefined) {
    const { cluster } = place;
    const scope = { collection: collectionOf(cluster, kind) };
    await changeAll(batchesOf(api, scope), signal, async ({ key, row }) => {
      if (isLeaving(row)) return;
      await client.remove(
        { definition: kind, cluster, namespace: key.namespace, name: key.name },
        { uid: row.uid },
      );
    });
    if (await hasObjects(api, scope)) return 'waiting';
  }
  if (!hasPhase(crd, 'InstanceDeletionCompleted') && !hasPhase(crd, 'NeverEstablished')) {
    const phase = kind === undefined ? 'neverEstablished' : 'completed';
    await updateStatus(client, place, crd, terminatingStatus(crd, phase, now));
    return 'waiting';
  }
  crd.metadata.finalizers = (crd.metadata.finalizers ?? []).filter((name) => name !== CRD_FINALIZER);
  await client.update(place, crd);
  return 'settled';
}

async function updateStatus(
  client: ControllerClient,
  place: Place,
  crd: KubeObject,
  status: JsonObject,
): Promise<void> {
  await client.update({ ...place, subresource: 'status' }, { ...crd, status } as KubeObject);
}

/** The definition that a CRD serves; undefined when it never came that far. */
function definitionOf(api: Api, cluster: LogicalCluster, crd: KubeObject): Definition | undefined {
  const spec = isObject(crd['spec']) ? crd['spec'] : undefined;
  const names = isObject(spec?.['names']) ? spec['names'] : undefined;
  // Not what a binding brings under that name: its objects are not the CRD's.
  return api.registry.findCustom(cluster, String(spec?.['group']), String(names?.['plural']))?.definition;
}

async function othersInGroup(api: Api, cluster: LogicalCluster, crd: KubeObject): Promise<KubeObject[]> {
  const definition = builtinDefinition(CRD_GROUP, CRD_RESOURCE)!;
  const group = groupOf(crd);
  const others: KubeObject[] = [];
  const snapshot = api.store.snapshot();
  try {
    for await (const batch of snapshot.list({ collection: collectionOf(cluster, definition) })) {
      for (const { key, row } of batch) {
        // The name ends with the group, so that most others need no parsing.
        if (key.name === crd.metadata.name || !key.name.endsWith(`.${group}`)) continue;
        const other = decodeStored(definition, 'v1', row);
        if (groupOf(other) === group) others.push(other);
      }
    }
  } finally {
    snapshot.close();
  }
  // Names that bindings have brought are taken as well.
  const bound = (await api.registry.boundIn(cluster)).filter((kind) => kind.group === group);
  return [...others, ...bound.map(namesHolder)];
}

/** What a bound kind looks like beside CRDs: it has its names. */
function namesHolder({ names, group, identity }: Definition): KubeObject {
  const { shortNames, categories, ...rest } = names;
  return objectOf({
    metadata: objectOf({ name: `${names.plural}.${group}:${identity}` }),
    status: objectOf({
      acceptedNames: objectOf({ ...rest, shortNames: [...shortNames], categories: [...categories] }),
    }),
  }) as unknown as KubeObject;
}

async function hasObjects(api: Api, scope: ListScope): Promise<boolean> {
  const snapshot = api.store.snapshot();
  try {
    return (await snapshot.count(scope, 1)) > 0;
  } finally {
    snapshot.close();
  }
}

function groupOf(crd: KubeObject): string {
  return isObject(crd['spec']) ? String(crd['spec']['group']) : '';
}

function hasPhase(crd: KubeObject, reason: string): boolean {
  return conditionOf(crd, 'Terminating')?.['reason'] === reason;
}
