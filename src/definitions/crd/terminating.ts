import type { JsonObject, KubeObject } from '../../machinery/mod.ts';
import { objectsAt } from '../../machinery/mod.ts';
import { type Condition, statusWith, withCondition } from './conditions.ts';
import { statusOfCrd } from './crd-view.ts';

/** Added to a CRD when its deletion begins, and removed when no object of its kind is left. */
export const CRD_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

/** The steps of the deletion of a CRD. */
export type TerminatingPhase =
  | 'pending'
  | 'inProgress'
  | 'deletionFailed'
  | 'checkFailed'
  | 'completed'
  | 'neverEstablished';

/**
 * The status of a CRD with the condition Terminating as in the given step of its deletion.
 *
 * @param now RFC 3339, for the condition if its status changes
 */
export function terminatingStatus(crd: KubeObject, phase: TerminatingPhase, now: string): JsonObject {
  const condition: Condition = { type: 'Terminating', ...CONDITIONS[phase] };
  const conditions = withCondition(objectsAt(statusOfCrd(crd), 'conditions'), condition, now);
  return statusWith(statusOfCrd(crd), { conditions });
}

const CONDITIONS: Readonly<Record<TerminatingPhase, Omit<Condition, 'type'>>> = {
  pending: {
    status: 'True',
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  },
  inProgress: {
    status: 'True',
    reason: 'InstanceDeletionInProgress',
    message: 'CustomResource deletion is in progress',
  },
  deletionFailed: {
    status: 'True',
    reason: 'InstanceDeletionFailed',
    message: 'could not issue all deletes',
  },
  checkFailed: {
    status: 'True',
    reason: 'InstanceDeletionCheck',
    message: 'could not confirm zero CustomResources remaining: timed out waiting for the condition',
  },
  completed: {
    status: 'False',
    reason: 'InstanceDeletionCompleted',
    message: 'removed all instances',
  },
  neverEstablished: {
    status: 'False',
    reason: 'NeverEstablished',
    message: 'resource was never established',
  },
};
