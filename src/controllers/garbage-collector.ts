import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type Api,
  CONTROLLERS,
  decodeStored,
  departuresEnded,
  FOREGROUND_FINALIZER,
  isEvent,
  ORPHAN_FINALIZER,
  objectWorkKey,
  parseObjectWorkKey,
} from '../api/mod.ts';
import { type LogicalCluster, limits } from '../base/mod.ts';
import {
  type BoundResource,
  collectionOf,
  type Definition,
  isBindingKind,
  readBoundResources,
} from '../definitions/mod.ts';
import { type KubeObject, type OwnerReference, objectOf } from '../machinery/mod.ts';
import type { ListedObject, ObjectKey, Row, StoreEvent, WorkKey } from '../store/mod.ts';
import { ControllerClient, type Place } from './client.ts';
import { isCrdEvent } from './custom-resource-definition.ts';
import { type Misplaced, misplacedOwners, reportOwnerElsewhere } from './misplaced-owner.ts';
import { changeAll } from './objects.ts';
import { groupOf, isDefinable, OwnerKinds } from './owner-kinds.ts';
import type { Controller, Debt, Result } from './runtime.ts';
import { definitionTopic, groupTopic, WaitingDebts } from './waiting-debts.ts';

/** What became of an owner that a dependent names. */
type OwnerState =
  | 'solid'
  | 'absent'
  /** It waits in the foreground for its dependents to go. */
  | 'waiting'
  /** Its kind is not known here yet: a CRD may bring it. */
  | 'unknown'
  /** Its kind cannot be known, or lies in a scope that this dependent cannot refer to. */
  | 'unresolvable';

/** A debt that waits for a CRD is told apart: how many such there are has a bound. */
type Outcome = Result | 'unknown';

interface Step {
  readonly debt: WorkKey;
  readonly client: ControllerClient;
  readonly signal: AbortSignal;
}

// Objects that wait for each other in a circle are a mistake of their makers, and few.
const CIRCLE_OBJECTS_MAX = 1_000;
// Owners that are looked at in one go, some microseconds each: nearly all objects have one or two.
const OWNERS_PER_TURN = 50;

/** Deletes what nobody owns any more, and what stands in the way of a foreground deletion. */
export function garbageCollector(api: Api): readonly Controller[] {
  const collector = new GarbageCollector(api);
  return [
    {
      name: CONTROLLERS.dependents,
      reconcile: (debt, signal) => collector.run(debt, signal, (step) => collector.reconcileDependent(step)),
      wakes: (event) => collector.wakesForKinds(event),
      wakesWith: [CONTROLLERS.owners],
    },
    {
      name: CONTROLLERS.owners,
      reconcile: (debt, signal) => collector.run(debt, signal, (step) => collector.reconcileOwner(step)),
    },
    {
      name: CONTROLLERS.deletion,
      reconcile: (debt, signal) => collector.run(debt, signal, (step) => collector.reconcileDeletion(step)),
      wakes: (event) => collector.wakes(event),
    },
  ];
}

class GarbageCollector {
  readonly #api: Api;
  readonly #kinds: OwnerKinds;
  /** Deletions that wait in the foreground, by uid of the object: a dependent's end may free them. */
  readonly #waiting = new Map<string, WorkKey>();
  /** What looks at owners whose kinds CRDs bring, or waits for such a kind: a CRD of its group may free it. */
  readonly #unknown = new WaitingDebts();

  constructor(api: Api) {
    this.#api = api;
    this.#kinds = new OwnerKinds(api);
  }

  /** Takes a step. A CRD that changes meanwhile, or while it waits for unknown kinds, starts it again. */
  async run(debt: Debt, signal: AbortSignal, reconcile: (step: Step) => Promise<Outcome>): Promise<Result> {
    const client = new ControllerClient(this.#api, { name: 'kube-controller-manager', signal });
    const outcome = await reconcile({ debt: debt.key, client, signal });
    if (outcome === 'unknown' && this.#unknown.size <= limits.unknownOwnersMax) return 'waiting';
    this.#unknown.stop(debt.key);
    // Without a debt that waits, changes of CRDs are not told to us.
    if (this.#unknown.size === 0) this.#kinds.forgetUnknown();
    // Too many owners of unknown kinds to wait for: their dependents are kept.
    return outcome === 'unknown' ? 'settled' : outcome;
  }

  /** Owner references of an object are new: do its owners exist? */
  async reconcileDependent(step: Step): Promise<Outcome> {
    const key = parseObjectWorkKey(step.debt.cluster, step.debt.key);
    const found = this.#read(key);
    if (found === undefined) return 'settled';
    // An owner whose deletion has looked for dependents already may not have seen this one.
    const owners = found.object.metadata.ownerReferences ?? [];
    await departuresEnded(
      this.#api,
      owners.map(({ uid }) => uid),
    );
    return this.#collect({ key, ...found }, step);
  }

  /** An object is gone that others named as their owner. */
  async reconcileOwner(step: Step): Promise<Outcome> {
    const { cluster, key: goneOwner } = step.debt;
    let outcome: Outcome = 'settled';
    await changeAll(this.#dependents(cluster, goneOwner), step.signal, async ({ key }) => {
      const found = this.#read(key);
      if (found === undefined) return;
      if ((await this.#collect({ key, ...found, goneOwner }, step)) === 'unknown') outcome = 'unknown';
    });
    return outcome;
  }

  /** A terminating object is held by one of our finalizers. */
  async reconcileDeletion(step: Step): Promise<Outcome> {
    const key = parseObjectWorkKey(step.debt.cluster, step.debt.key);
    const found = this.#read(key);
    const finalizers = found?.object.metadata.finalizers ?? [];
    const uid = found?.object.metadata.uid ?? '';
    if (found === undefined || found.object.metadata.deletionTimestamp === undefined) return 'settled';
    if (finalizers.includes(ORPHAN_FINALIZER)) {
      await changeAll(this.#dependents(key.cluster, uid), step.signal, (dependent) =>
        this.#dropReferences(dependent.key, [uid], step),
      );
      await this.#dropFinalizer({ key, ...found }, ORPHAN_FINALIZER, step);
      return 'settled';
    }
    if (!finalizers.includes(FOREGROUND_FINALIZER)) return 'settled';
    this.#waiting.set(uid, step.debt);
    if (await this.#isBlocked(key.cluster, uid, step)) return 'waiting';
    this.#waiting.delete(uid);
    await this.#dropFinalizer({ key, ...found }, FOREGROUND_FINALIZER, step);
    return 'settled';
  }

  wakes({ oldRow, newRow }: StoreEvent): readonly WorkKey[] {
    if (this.#waiting.size === 0 || oldRow === undefined) return [];
    // Somebody else has let it go: nobody waits any more.
    if (newRow === undefined) this.#waiting.delete(oldRow.uid);
    if (oldRow.owners.length === 0) return [];
    const isFree = newRow === undefined || mayHaveStoppedBlocking(oldRow, newRow);
    const lost = isFree ? oldRow.owners : oldRow.owners.filter((uid) => !newRow.owners.includes(uid));
    return lost.flatMap((uid) => this.#waiting.get(uid) ?? []);
  }

  /** A CRD frees what waits for the kinds of its group; what is gone needs not wait. */
  wakesForKinds(event: StoreEvent): readonly WorkKey[] {
    const { key, oldRow, newRow } = event;
    if (isCrdEvent(event)) {
      this.#kinds.forgetUnknown();
      return this.#unknown.of(definitionTopic(key.cluster, key.name));
    }
    if (isBindingKind(key)) {
      this.#kinds.forgetUnknown();
      const groups = new Set(
        (newRow === undefined ? [] : readBoundResources(newRow).resources).map(groupOfBound),
      );
      return [...groups].flatMap((group) => this.#unknown.of(groupTopic(key.cluster, group)));
    }
    if (this.#unknown.size === 0 || newRow !== undefined || (oldRow?.owners.length ?? 0) === 0) return [];
    return [{ controller: CONTROLLERS.dependents, cluster: key.cluster, key: objectWorkKey(key) }];
  }

  /** Sends the dependents of a foreground deletion on their way; true while one of them blocks it. */
  async #isBlocked(cluster: LogicalCluster, uid: string, step: Step): Promise<boolean> {
    let isBlocked = false;
    await changeAll(this.#dependents(cluster, uid), step.signal, async ({ key }) => {
      const found = this.#read(key);
      if (found === undefined) return;
      await this.#collect({ key, ...found }, step);
      const after = this.#read(key)?.object;
      const reference = after?.metadata.ownerReferences?.find((owner) => owner.uid === uid);
      if (isBlocked || after === undefined || reference?.['blockOwnerDeletion'] !== true) return;
      // Objects that own each other would wait for ever: one that waits for us does not hold us.
      if (!(await this.#waitsFor(uid, after, { ...step, cluster }))) isBlocked = true;
    });
    return isBlocked;
  }

  /** What upstream calls attemptToDelete: keeps, trims or deletes one dependent. */
  async #collect(dependent: Found, step: Step): Promise<'settled' | 'unknown'> {
    const { key, definition, object } = dependent;
    const owners = object.metadata.ownerReferences ?? [];
    if (owners.length === 0 || object.metadata.deletionTimestamp !== undefined) return 'settled';
    const states = await this.#statesOf(dependent, owners, step);
    const isState = (state: OwnerState) => owners.filter((_owner, index) => states[index] === state);
    if (states.includes('unresolvable')) return 'settled';
    if (states.includes('unknown')) return 'unknown';
    const gone = [...isState('absent'), ...isState('waiting')].map((owner) => owner.uid);
    if (gone.length === 0) return 'settled';
    if (states.includes('solid')) {
      await this.#dropReferences(key, gone, step);
      return 'settled';
    }
    const uid = object.metadata.uid ?? '';
    const isChain = states.includes('waiting') && (await this.#hasDependents(key.cluster, uid));
    const own = object.metadata.finalizers ?? [];
    const propagationPolicy = own.includes(ORPHAN_FINALIZER)
      ? 'Orphan'
      : isChain || own.includes(FOREGROUND_FINALIZER)
        ? 'Foreground'
        : 'Background';
    await step.client.remove(placeOf(key, definition), { uid, propagationPolicy });
    return 'settled';
  }

  /** One after the other: an object may name thousands of owners. */
  async #statesOf(dependent: Found, owners: readonly OwnerReference[], step: Step): Promise<OwnerState[]> {
    const states: OwnerState[] = [];
    const missing: Misplaced[] = [];
    for (const owner of owners) {
      const { state, lookedFor } = await this.#stateOf(dependent, owner, step);
      states.push(state);
      if (lookedFor !== undefined && missing.length < limits.misplacedOwnersMax)
        missing.push({ ...dependent, owner, ownerKind: lookedFor });
      if (states.length % OWNERS_PER_TURN !== 0) continue;
      await nextTurn();
      step.signal.throwIfAborted();
    }
    await this.#reportElsewhere(missing, step);
    return states;
  }

  /** What became of an owner; with the kind in whose namespaces it may be elsewhere. */
  async #stateOf(
    dependent: Found,
    owner: OwnerReference,
    step: Step,
  ): Promise<{ readonly state: OwnerState; readonly lookedFor?: Definition }> {
    const { key, definition, goneOwner } = dependent;
    // Before the look, so that a CRD that comes after it is not missed.
    if (isDefinable(owner)) this.#unknown.wait(step.debt, groupTopic(key.cluster, groupOf(owner)));
    const ownerKind = await this.#kinds.find(key.cluster, owner);
    if (ownerKind === undefined) {
      // Its CRD may have gone right after it. In a namespace it is absent whatever its scope was.
      if (owner.uid === goneOwner && definition.scope === 'Namespaced') return { state: 'absent' };
      return { state: isDefinable(owner) ? 'unknown' : 'unresolvable' };
    }
    const isNamespaced = ownerKind.scope === 'Namespaced';
    if (definition.scope === 'Cluster' && isNamespaced)
      return { state: 'unresolvable', lookedFor: ownerKind };
    const namespace = isNamespaced ? key.namespace : '';
    const found = this.#read({ ...collectionOf(key.cluster, ownerKind), namespace, name: owner.name });
    if (found === undefined || found.object.metadata.uid !== owner.uid)
      return isNamespaced ? { state: 'absent', lookedFor: ownerKind } : { state: 'absent' };
    const { deletionTimestamp, finalizers = [] } = found.object.metadata;
    const isWaitingForUs = deletionTimestamp !== undefined && finalizers.includes(FOREGROUND_FINALIZER);
    return { state: isWaitingForUs ? 'waiting' : 'solid' };
  }

  /** Warns of owners in other namespaces when the references are new: later it would be about owners that go. */
  async #reportElsewhere(missing: readonly Misplaced[], { debt, client, signal }: Step): Promise<void> {
    if (debt.controller !== CONTROLLERS.dependents || missing.length === 0) return;
    for (const misplaced of await misplacedOwners(this.#api, missing, signal))
      await reportOwnerElsewhere(this.#api, client, misplaced);
  }

  /** Takes owner references out of a dependent, if nobody changed it meanwhile. */
  async #dropReferences(key: ObjectKey, uids: readonly string[], step: Step): Promise<void> {
    const found = this.#read(key);
    if (found === undefined) return;
    const { metadata } = found.object;
    const dropped = new Set(uids);
    const kept = (metadata.ownerReferences ?? []).filter((owner) => !dropped.has(owner.uid));
    const change = objectOf({
      metadata: objectOf({
        uid: metadata.uid,
        resourceVersion: found.resourceVersion,
        ownerReferences: kept.length === 0 ? null : kept,
      }),
    });
    await step.client.mergePatch(placeOf(key, found.definition), change);
  }

  async #dropFinalizer(found: Found, finalizer: string, step: Step): Promise<void> {
    const { metadata } = found.object;
    const kept = (metadata.finalizers ?? []).filter((name) => name !== finalizer);
    const change = objectOf({
      metadata: objectOf({
        uid: metadata.uid,
        resourceVersion: found.resourceVersion,
        finalizers: kept.length === 0 ? null : kept,
      }),
    });
    await step.client.mergePatch(placeOf(found.key, found.definition), change);
  }

  /**
   * Whether a dependent's own deletion in the foreground waits for the object of that uid, be it at the end
   * of a chain of such deletions.
   */
  async #waitsFor(
    uid: string,
    dependent: KubeObject,
    step: Step & { readonly cluster: LogicalCluster },
  ): Promise<boolean> {
    if (!isWaiting(dependent)) return false;
    const seen = new Set([dependent.metadata.uid ?? '']);
    for (const waiting of seen) {
      if (waiting === uid) return true;
      // Too large to follow: a user can end it by taking the finalizers away.
      if (seen.size > CIRCLE_OBJECTS_MAX) return false;
      for await (const batch of this.#dependents(step.cluster, waiting)) {
        step.signal.throwIfAborted();
        for (const { key } of batch) {
          const object = this.#read(key)?.object;
          const reference = object?.metadata.ownerReferences?.find((owner) => owner.uid === waiting);
          if (object === undefined || reference?.['blockOwnerDeletion'] !== true || !isWaiting(object))
            continue;
          seen.add(object.metadata.uid ?? '');
        }
      }
    }
    return false;
  }

  #read(key: ObjectKey): Omit<Found, 'key'> | undefined {
    const definition = this.#definitionOf(key);
    const row = definition === undefined ? undefined : this.#api.store.get(key);
    if (definition === undefined || row === undefined) return undefined;
    const object = decodeStored(definition, definition.storageVersion, row);
    return { definition, object, resourceVersion: String(row.revision) };
  }

  #definitionOf(key: ObjectKey): Definition | undefined {
    return this.#api.registry.findStored(key);
  }

  async *#dependents(cluster: LogicalCluster, uid: string): AsyncGenerator<ListedObject[]> {
    const snapshot = this.#api.store.snapshot();
    try {
      // Nobody collects events: they go by themselves.
      for await (const batch of snapshot.dependents(cluster, uid))
        yield batch.filter(({ key }) => !isEvent(key));
    } finally {
      snapshot.close();
    }
  }

  async #hasDependents(cluster: LogicalCluster, uid: string): Promise<boolean> {
    const snapshot = this.#api.store.snapshot();
    try {
      return await snapshot.hasDependents(cluster, uid);
    } finally {
      snapshot.close();
    }
  }
}

interface Found {
  readonly key: ObjectKey;
  readonly definition: Definition;
  readonly object: KubeObject;
  readonly resourceVersion: string;
  /** The uid of an owner that is known to be gone. */
  readonly goneOwner?: string;
}

function isWaiting({ metadata }: KubeObject): boolean {
  return (
    metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(FOREGROUND_FINALIZER)
  );
}

/** Whether a dependent that goes already was changed: its `blockOwnerDeletion` may be false by now. */
function mayHaveStoppedBlocking(before: Row, after: Row): boolean {
  return (
    before.json.includes('"blockOwnerDeletion":true') &&
    [before, after].every(({ json }) => json.includes('"deletionTimestamp":'))
  );
}

function groupOfBound({ group }: BoundResource): string {
  return group;
}

function placeOf(key: ObjectKey, definition: Definition): Place {
  return { definition, cluster: key.cluster, namespace: key.namespace, name: key.name };
}
