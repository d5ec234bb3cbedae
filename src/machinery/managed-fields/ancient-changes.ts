import { unionOf } from '../apply/mod.ts';
import { type Managed, managerIdentifier } from './managed.ts';

/** Managers that only ever updated, beyond which the oldest lose their names; upstream's number. */
const UPDATERS_MAX = 10;
const ANCIENT = 'ancient-changes';

/**
 * Keeps metadata.managedFields short: beyond ten managers that update, the oldest of each version become
 * one, `ancient-changes`. Appliers are never merged, as their fields decide what their next apply removes.
 */
export function capUpdaters(managed: Managed): Managed {
  const updaters = [...managed.owners].filter(([, owner]) => !owner.isApplied).map(([id]) => id);
  if (updaters.length <= UPDATERS_MAX) return managed;
  const owners = new Map(managed.owners);
  const times = new Map(managed.times);
  updaters.sort((a, b) => compare(times.get(a) ?? '', times.get(b) ?? '') || compare(a, b));
  const firstOfVersion = new Map<string, string>();
  let left = updaters.length;
  for (const id of updaters) {
    if (left <= UPDATERS_MAX) break;
    const owner = owners.get(id)!;
    const { apiVersion } = owner;
    const first = firstOfVersion.get(apiVersion);
    if (first === undefined) {
      firstOfVersion.set(apiVersion, id);
      continue;
    }
    const bucket = managerIdentifier({ manager: ANCIENT, operation: 'Update', apiVersion, subresource: '' });
    const merged = owners.get(bucket) ?? owners.get(first)!;
    if (!owners.has(bucket)) owners.delete(first);
    owners.delete(id);
    owners.set(bucket, { ...owner, set: unionOf(owner.set, merged.set) });
    left--;
    // The time of the younger of both, which is the one that came later in the order.
    const time = managed.times.get(id);
    if (time === undefined) times.delete(bucket);
    else times.set(bucket, time);
  }
  return { ...managed, owners, times };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
