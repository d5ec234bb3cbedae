import type { ObjectKey } from '../store/mod.ts';

/** Whether two keys are of the same object: the parts that differ most often first. */
export function isSameKey(a: ObjectKey, b: ObjectKey): boolean {
  return (
    a.name === b.name &&
    a.resource === b.resource &&
    a.cluster === b.cluster &&
    a.namespace === b.namespace &&
    a.group === b.group &&
    a.identity === b.identity
  );
}
