import { ownLabelOf } from '../../definitions/mod.ts';
import {
  isObject,
  type KubeObject,
  newObject,
  objectAt,
  objectsAt,
  setOrDrop,
  withConditions,
} from '../../machinery/mod.ts';
import { claimStatusOf, claimsToApply } from './claim-status.ts';

/**
 * Says in a binding that is about to be stored what there is to say of its claims at once: by which label its provider
 * sees it, and, where no objects need other labels, what is in force. Otherwise that is said once they have them.
 */
export function stateClaims(apiExport: KubeObject, binding: KubeObject, now: string): void {
  const own = ownLabelOf(binding);
  if (own !== undefined) {
    const labels = (binding.metadata.labels ?? newObject()) as { [key: string]: string };
    labels[own.key] ??= own.value;
    binding.metadata.labels = labels;
  }
  if (claimsToApply(apiExport, binding).length === 0)
    writeClaimStatus(binding, claimStatusOf(apiExport, binding), now);
}

/** Writes what is in force into the status of a binding. */
export function writeClaimStatus(
  binding: KubeObject,
  claims: Pick<ReturnType<typeof claimStatusOf>, 'applied' | 'exported' | 'conditions'>,
  now: string,
): void {
  const status = objectAt(binding, 'status') ?? newObject();
  setOrDrop(status, 'exportPermissionClaims', claims.exported);
  setOrDrop(status, 'appliedPermissionClaims', claims.applied);
  status['conditions'] = withConditions(objectsAt(status, 'conditions'), claims.conditions, now);
  if (!isObject(binding['status'])) binding['status'] = status;
}
