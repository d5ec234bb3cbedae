import { deepCopy, type KubeObject, objectAt } from '../machinery/mod.ts';

/** Gives an object, in place, the status that it had: what a user writes there is not theirs to say. */
export function keepStatus(object: KubeObject, old: KubeObject | undefined): void {
  const status = objectAt(old, 'status');
  if (status === undefined) delete object['status'];
  else object['status'] = deepCopy(status);
}
