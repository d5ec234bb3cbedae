import {
  deepEqual,
  type JsonObject,
  type KubeObject,
  madeObjectAt,
  objectAt,
  objectOf,
  objectsAt,
  textAt,
  textsAt,
} from '../machinery/mod.ts';
import { type Condition, inOrder, withCondition } from './conditions.ts';
import { lifecycleLabels } from './lifecycle-labels.ts';
import {
  CONTENT_DELETED,
  DELETING,
  INACTIVE,
  INACTIVE_ANNOTATIONS,
  INITIALIZED,
  INITIALIZING,
  READY,
  RESOURCES_REMAIN,
  TERMINATING,
  TERMINATORS_FINALIZER,
} from './lifecycle-names.ts';
import {
  INITIALIZER_LABEL_PREFIX,
  LOGICAL_CLUSTER_FINALIZER,
  OWNER,
  PHASE_LABEL,
  TERMINATOR_LABEL_PREFIX,
} from './names.ts';
import { ownerNameText } from './owner.ts';

/**
 * Makes of a LogicalCluster, in place, what follows from what somebody has just made of it: its phase, the condition,
 * labels and finalizers that go with it. Done once more it changes nothing. What kcp's controllers do one after the
 * other is one step here, so that nobody sees anything in between.
 */
export function settleLogicalCluster(object: KubeObject, now: string): void {
  const status = madeObjectAt(object, 'status');
  const phase = nextPhase(object, status);
  if (phase !== '') status['phase'] = phase;
  settleInitialized(object, status, now);
  settleFinalizers(object, status);
  settleLabels(object, status);
  if (phase === READY) forgetOwner(object);
}

/**
 * Gives a LogicalCluster, in place, the conditions back that are the server's to say: its Workspace shows them, and
 * nobody else is to have it say what they like.
 */
export function restoreConditions(object: KubeObject, old: KubeObject | undefined): void {
  const [theirs, known] = [object, old].map((one) => objectsAt(objectAt(one, 'status'), 'conditions')) as [
    JsonObject[],
    JsonObject[],
  ];
  const [owned, others] = [known.filter(isOwned), theirs.filter((entry) => !isOwned(entry))];
  if (deepEqual(theirs.filter(isOwned), owned)) return;
  madeObjectAt(object, 'status')['conditions'] = inOrder([...others, ...owned]);
}

function isOwned(condition: JsonObject): boolean {
  return [INITIALIZED, CONTENT_DELETED].includes(textAt(condition, 'type'));
}

/** Marks a LogicalCluster as one that goes away, in place; without effect on one that is going already. */
export function markDeleted(object: KubeObject, now: string): void {
  if (object.metadata.deletionTimestamp !== undefined) return;
  noteDeleted(object, now);
  settleLogicalCluster(object, now);
}

/** What a deletion writes into an object that finalizers keep, unless it was there already. */
export function noteDeleted({ metadata }: KubeObject, now: string): void {
  if (metadata.deletionTimestamp !== undefined) return;
  metadata.deletionTimestamp = now;
  metadata.deletionGracePeriodSeconds = 0;
  if (metadata.generation !== undefined) metadata.generation += 1;
}

/** Makes a LogicalCluster that goes say, in place, what is left in it; nothing: it is empty. */
export function tellContent(object: KubeObject, left: string | undefined, now: string): void {
  const condition: Condition =
    left === undefined
      ? { type: CONTENT_DELETED, status: 'True' }
      : {
          type: CONTENT_DELETED,
          status: 'False',
          severity: 'Info',
          reason: RESOURCES_REMAIN,
          message: left,
        };
  madeObjectAt(object, 'status')['conditions'] = withCondition(object, condition, now);
}

/** Whether a logical cluster is switched off by its annotation. */
export function isMarkedInactive({ metadata }: KubeObject): boolean {
  return INACTIVE_ANNOTATIONS.some((name) => metadata.annotations?.[name] === 'true');
}

/** What kcp says while somebody still has to prepare a workspace; lists as Go prints them. */
export function initializersLeft(initializers: readonly string[]) {
  return {
    type: INITIALIZED,
    status: 'False',
    severity: 'Info',
    reason: 'InitializerExists',
    message: `Initializers still exist: [${initializers.join(' ')}]`,
  } as const;
}

function nextPhase(object: KubeObject, status: JsonObject): string {
  if (object.metadata.deletionTimestamp !== undefined) {
    return textsAt(status, 'terminators').length > 0 ? TERMINATING : DELETING;
  }
  let phase = textAt(status, 'phase');
  if (phase === '' || phase === 'Scheduling') {
    // Where it is scheduled to is where it lies. Who has to do with it is noted as this begins.
    copyNames(object, status);
    phase = INITIALIZING;
  }
  if (phase === INITIALIZING && textsAt(status, 'initializers').length === 0) phase = READY;
  if (phase === READY && isMarkedInactive(object)) return INACTIVE;
  if (phase === INACTIVE && !isMarkedInactive(object)) return READY;
  return phase;
}

function copyNames(object: KubeObject, status: JsonObject): void {
  const spec = objectAt(object, 'spec');
  for (const field of ['initializers', 'terminators']) {
    const names = textsAt(spec, field);
    if (names.length > 0) status[field] = names;
    else delete status[field];
  }
}

function settleInitialized(object: KubeObject, status: JsonObject, now: string): void {
  const phase = textAt(status, 'phase');
  const initializers = textsAt(status, 'initializers');
  if (phase === INITIALIZING) {
    status['conditions'] = withCondition(object, initializersLeft(initializers), now);
  } else if (phase === READY) {
    status['conditions'] = withCondition(object, { type: INITIALIZED, status: 'True' }, now);
  }
}

function settleFinalizers({ metadata }: KubeObject, status: JsonObject): void {
  let finalizers = metadata.finalizers ?? [];
  const isHeld = textsAt(status, 'terminators').length > 0;
  if (!isHeld) finalizers = finalizers.filter((name) => name !== TERMINATORS_FINALIZER);
  else if (!finalizers.includes(TERMINATORS_FINALIZER)) finalizers = [...finalizers, TERMINATORS_FINALIZER];
  const isGoing = metadata.deletionTimestamp !== undefined;
  if (!isGoing && !finalizers.includes(LOGICAL_CLUSTER_FINALIZER)) {
    finalizers = [...finalizers, LOGICAL_CLUSTER_FINALIZER];
  }
  metadata.finalizers = finalizers;
}

function settleLabels({ metadata }: KubeObject, status: JsonObject): void {
  const waiting = {
    initializers: textsAt(status, 'initializers'),
    terminators: textsAt(status, 'terminators'),
  };
  metadata.labels = withLifecycleLabels(metadata.labels, textAt(status, 'phase'), waiting);
}

/** Labels with those of a phase and of who is waited for, and without those of a moment before. */
export function withLifecycleLabels(
  labels: Readonly<Record<string, string>> = {},
  phase: string,
  waiting: { readonly initializers: readonly string[]; readonly terminators: readonly string[] },
): Record<string, string> {
  const others = Object.entries(labels).filter(
    ([name]) => !name.startsWith(INITIALIZER_LABEL_PREFIX) && !name.startsWith(TERMINATOR_LABEL_PREFIX),
  );
  return objectOf({
    ...Object.fromEntries(others),
    ...lifecycleLabels(waiting),
    ...(phase === '' ? {} : { [PHASE_LABEL]: phase }),
  }) as Record<string, string>;
}

/** Once it is ready, nobody needs more of its owner than the name. */
export function forgetOwner({ metadata }: KubeObject): void {
  const owner = metadata.annotations?.[OWNER];
  if (owner === undefined) return;
  const { [OWNER]: _, ...others } = metadata.annotations ?? {};
  const name = ownerNameText(owner);
  metadata.annotations = objectOf(name === undefined ? others : { ...others, [OWNER]: name }) as Record<
    string,
    string
  >;
}
