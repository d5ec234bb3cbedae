import { type Api, CONTROLLERS, decodeStored } from '../api/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import { builtinDefinition, collectionOf, type Definition } from '../definitions/mod.ts';
import {
  deepEqual,
  formatTime,
  isObject,
  type JsonObject,
  type KubeObject,
  objectOf,
  StatusError,
} from '../machinery/mod.ts';
import type { StoreEvent, WorkKey } from '../store/mod.ts';
import { ControllerClient } from './client.ts';
import { batchesOf, changeAll, isLeaving, type Remainder, remainderOf } from './objects.ts';
import type { Controller, Debt, Result } from './runtime.ts';

/** What is left of one kind in a terminating namespace. */
interface KindRemainder extends Remainder {
  readonly definition: Definition;
}

/** Empties namespaces that are being deleted, tells of it in their conditions, and lets them go. */
export function namespaceController(api: Api): Controller {
  return {
    name: CONTROLLERS.namespace,
    reconcile: (debt, signal) => reconcile(api, debt, signal),
    wakes: (event) => wakes(event),
  };
}

/** Whatever disappears from a namespace may have been the last thing in it. */
function wakes({ key, newRow }: StoreEvent): readonly WorkKey[] {
  if (newRow !== undefined || key.namespace === '') return [];
  return [{ controller: CONTROLLERS.namespace, cluster: key.cluster, key: key.namespace }];
}

async function reconcile(api: Api, debt: Debt, signal: AbortSignal): Promise<Result> {
  const { cluster, key: name } = debt.key;
  const definition = builtinDefinition('', 'namespaces')!;
  const row = api.store.get({ ...collectionOf(cluster, definition), namespace: '', name });
  if (row === undefined) return 'settled';
  const namespace = decodeStored(definition, 'v1', row);
  if (namespace.metadata.deletionTimestamp === undefined) return 'settled';
  const client = new ControllerClient(api, { name: 'kube-controller-manager', signal });
  const { remainders, failures } = await removeContent(api, { client, cluster, namespace: name, signal });
  namespace.metadata.resourceVersion = String(row.revision);
  const place = { definition, cluster, namespace: '', name };
  const before = namespace['status'];
  const status = statusOf(namespace, { remainders, failures }, formatTime(api.store.nowMs()));
  if (!deepEqual(before, status)) {
    namespace['status'] = status;
    await client.update({ ...place, subresource: 'status' }, namespace);
    // The change comes back as a new debt with the new revision.
    return 'waiting';
  }
  // It is tried again, ever more rarely; what only finalizers hold comes back when one of them goes.
  if (failures.length > 0) throw failures[0];
  if (remainders.length > 0) return 'waiting';
  const spec = isObject(namespace['spec']) ? namespace['spec'] : objectOf({});
  const finalizers = Array.isArray(spec['finalizers']) ? spec['finalizers'] : [];
  if (!finalizers.includes('kubernetes')) return 'settled';
  spec['finalizers'] = finalizers.filter((finalizer) => finalizer !== 'kubernetes');
  namespace['spec'] = spec;
  await client.update({ ...place, subresource: 'finalize' }, namespace);
  return 'settled';
}

/** What came of the deletion of everything in a namespace. */
interface Outcome {
  /** What is left, which finalizers hold unless there are failures. */
  readonly remainders: readonly KindRemainder[];
  /** Why kinds could not be deleted: one for each. */
  readonly failures: readonly StatusError[];
}

/** Deletes everything in the namespace. A kind that cannot be deleted does not hold up the others. */
async function removeContent(
  api: Api,
  scope: {
    readonly client: ControllerClient;
    readonly cluster: LogicalCluster;
    readonly namespace: string;
    readonly signal: AbortSignal;
  },
): Promise<Outcome> {
  const { client, cluster, namespace, signal } = scope;
  const remainders: KindRemainder[] = [];
  const failures: StatusError[] = [];
  const { definitions } = await api.registry.setOf(cluster);
  for (const definition of definitions) {
    // Kinds that share another's storage are deleted there.
    if (definition.scope !== 'Namespaced' || definition.isVirtual || definition.storedAs !== undefined)
      continue;
    const content = { collection: collectionOf(cluster, definition), namespace };
    try {
      await changeAll(batchesOf(api, content), signal, async ({ key, row }) => {
        if (isLeaving(row)) return;
        await client.remove({ definition, cluster, namespace, name: key.name }, { uid: row.uid });
      });
    } catch (error) {
      if (!(error instanceof StatusError) || isPassing(error)) throw error;
      failures.push(error);
    }
    const left = await remainderOf(api, content);
    if (left.count > 0) remainders.push({ definition, ...left });
  }
  return { remainders, failures };
}

/** Races and a full log are over soon, and no news for a user. */
function isPassing({ code }: StatusError): boolean {
  return code === 409 || code === 429;
}

function statusOf(namespace: KubeObject, outcome: Outcome, now: string): JsonObject {
  const status = isObject(namespace['status']) ? namespace['status'] : objectOf({});
  const old = Array.isArray(status['conditions']) ? status['conditions'].filter(isObject) : [];
  const wanted = conditionsOf(outcome);
  const conditions = wanted.map((condition) => {
    const before = old.find(({ type }) => type === condition['type']);
    const isSame = before?.['status'] === condition['status'];
    return objectOf({ lastTransitionTime: isSame ? before?.['lastTransitionTime'] : now, ...condition });
  });
  const others = old.filter(({ type }) => !wanted.some((condition) => condition['type'] === type));
  return objectOf({ ...status, phase: 'Terminating', conditions: [...conditions, ...others] });
}

function conditionsOf({ remainders, failures }: Outcome): JsonObject[] {
  const finalizers = new Map<string, number>();
  for (const remainder of remainders) {
    for (const [name, count] of remainder.finalizers)
      finalizers.set(name, (finalizers.get(name) ?? 0) + count);
  }
  const resources = remainders
    .map(
      ({ definition, count }) =>
        `${definition.names.plural}.${definition.group} has ${count} resource instances`,
    )
    .sort();
  const held = [...finalizers].map(([name, count]) => `${name} in ${count} resource instances`).sort();
  return [
    condition(
      'NamespaceDeletionDiscoveryFailure',
      'ResourcesDiscovered',
      'All resources successfully discovered',
    ),
    condition(
      'NamespaceDeletionGroupVersionParsingFailure',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    failures.length === 0
      ? condition(
          'NamespaceDeletionContentFailure',
          'ContentDeleted',
          'All content successfully deleted, may be waiting on finalization',
        )
      : remaining(
          'NamespaceDeletionContentFailure',
          'ContentDeletionFailed',
          `Failed to delete all resource types, ${failures.length} remaining: ${messagesOf(failures)}`,
        ),
    resources.length === 0
      ? condition('NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed')
      : remaining(
          'NamespaceContentRemaining',
          'SomeResourcesRemain',
          `Some resources are remaining: ${resources.join(', ')}`,
        ),
    held.length === 0
      ? condition(
          'NamespaceFinalizersRemaining',
          'ContentHasNoFinalizers',
          'All content-preserving finalizers finished',
        )
      : remaining(
          'NamespaceFinalizersRemaining',
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${held.join(', ')}`,
        ),
  ];
}

function messagesOf(failures: readonly StatusError[]): string {
  return failures
    .map(({ message }) => message)
    .sort()
    .join(', ');
}

function condition(type: string, reason: string, message: string): JsonObject {
  return objectOf({ type, status: 'False', reason, message });
}

function remaining(type: string, reason: string, message: string): JsonObject {
  return objectOf({ type, status: 'True', reason, message });
}
