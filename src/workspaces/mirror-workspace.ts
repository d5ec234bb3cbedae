import {
  type JsonObject,
  type KubeObject,
  madeObjectAt,
  objectAt,
  objectsAt,
  textAt,
  textsAt,
} from '../machinery/mod.ts';
import { type Condition, withCondition } from './conditions.ts';
import {
  BINDINGS_INITIALIZED,
  CONTENT_DELETED,
  DELETING,
  INITIALIZED,
  INITIALIZING,
  READY,
  TERMINATING,
  UNAVAILABLE,
} from './lifecycle-names.ts';
import { forgetOwner, initializersLeft, withLifecycleLabels } from './settle-logical-cluster.ts';

/** Where a workspace that has a logical cluster is on its way to being ready. */
const BEGINNING = ['', 'Scheduling', INITIALIZING];

/**
 * Makes a Workspace say, in place, what there is to say of its logical cluster; undefined: it is gone. As in kcp, what
 * becomes of a ready one is not repeated here but its end.
 */
export function mirrorWorkspace(
  workspace: KubeObject,
  logicalCluster: KubeObject | undefined,
  now: string,
): void {
  const status = madeObjectAt(workspace, 'status');
  if (logicalCluster === undefined) mirrorAbsence(workspace, status, now);
  else mirrorPresence(workspace, status, { logicalCluster, now });
  settleWorkspace(workspace);
}

/**
 * Makes the phase of a Workspace, in place, what its conditions make of it: with one of its own that is false it
 * cannot be used, until all are true. Labels and what is left of the owner follow.
 */
export function settleWorkspace(workspace: KubeObject): void {
  const status = madeObjectAt(workspace, 'status');
  const phase = textAt(status, 'phase');
  if (phase === READY || phase === UNAVAILABLE) {
    status['phase'] = isSpoiled(status) ? UNAVAILABLE : READY;
  }
  if (textAt(status, 'phase') === READY) forgetOwner(workspace);
  if (objectAt(objectAt(workspace, 'spec'), 'mount') !== undefined) return;
  const { metadata } = workspace;
  const isGoing = metadata.deletionTimestamp !== undefined;
  const shown = textAt(status, 'phase');
  const isShown = !isGoing || shown === TERMINATING || shown === DELETING;
  metadata.labels = withLifecycleLabels(metadata.labels, isShown ? shown : DELETING, {
    initializers: textsAt(status, 'initializers'),
    terminators: textsAt(status, 'terminators'),
  });
}

function mirrorPresence(
  workspace: KubeObject,
  status: JsonObject,
  { logicalCluster, now }: { readonly logicalCluster: KubeObject; readonly now: string },
): void {
  const theirs = objectAt(logicalCluster, 'status');
  for (const field of ['initializers', 'terminators']) {
    const names = textsAt(theirs, field);
    if (names.length > 0) status[field] = names;
    else delete status[field];
  }
  const set = (condition: Condition) => {
    status['conditions'] = withCondition(workspace, condition, now);
  };
  const phase = textAt(theirs, 'phase');
  if (phase === TERMINATING || phase === DELETING) {
    status['phase'] = phase;
    const deleted = conditionAt(theirs, CONTENT_DELETED);
    if (deleted !== undefined) set(conditionOf(deleted));
    return;
  }
  const bindings = conditionAt(theirs, BINDINGS_INITIALIZED);
  if (bindings !== undefined) set(conditionOf(bindings));
  const isBeginning = BEGINNING.includes(textAt(status, 'phase'));
  const initializers = textsAt(theirs, 'initializers');
  if (isBeginning && initializers.length > 0) {
    status['phase'] = INITIALIZING;
    set(initializersLeft(initializers));
    return;
  }
  if (!isBeginning && !isDisappeared(status)) return;
  if (isBeginning) status['phase'] = READY;
  set({ type: INITIALIZED, status: 'True' });
}

function mirrorAbsence(workspace: KubeObject, status: JsonObject, now: string): void {
  const condition: Condition =
    workspace.metadata.deletionTimestamp !== undefined
      ? { type: CONTENT_DELETED, status: 'True' }
      : {
          type: INITIALIZED,
          status: 'False',
          severity: 'Error',
          reason: 'WorkspaceDisappeared',
          message: 'LogicalCluster disappeared',
        };
  status['conditions'] = withCondition(workspace, condition, now);
  if (condition.status === 'False') status['phase'] = UNAVAILABLE;
}

function isDisappeared(status: JsonObject): boolean {
  return objectsAt(status, 'conditions').some(
    (entry) => textAt(entry, 'type') === INITIALIZED && textAt(entry, 'status') === 'False',
  );
}

function isSpoiled(status: JsonObject): boolean {
  return objectsAt(status, 'conditions').some(
    (entry) => textAt(entry, 'type').startsWith('Workspace') && textAt(entry, 'status') === 'False',
  );
}

function conditionAt(status: JsonObject | undefined, type: string): JsonObject | undefined {
  return objectsAt(status, 'conditions').find((entry) => textAt(entry, 'type') === type);
}

function conditionOf(entry: JsonObject): Condition {
  const said = (field: string) => textAt(entry, field) || undefined;
  const [severity, reason, message] = [said('severity'), said('reason'), said('message')];
  return {
    type: textAt(entry, 'type'),
    status: textAt(entry, 'status') === 'True' ? 'True' : 'False',
    ...(severity === undefined ? {} : { severity: severity as NonNullable<Condition['severity']> }),
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
  };
}
