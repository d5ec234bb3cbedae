import type { LogicalCluster } from '../base/mod.ts';
import type { Store } from '../store/mod.ts';

// Entries live only as long as somebody runs or waits.
const turns = new WeakMap<Store, Map<LogicalCluster, Promise<unknown>>>();

/**
 * Runs one after the other, in the order of asking, what would only get in each other's way: writes of one logical
 * cluster that rely on its roles and bindings, and change them. All others go on meanwhile.
 */
export async function inTurn<Result>(
  store: Store,
  cluster: LogicalCluster,
  run: () => Promise<Result>,
): Promise<Result> {
  const all = turns.get(store) ?? new Map<LogicalCluster, Promise<unknown>>();
  turns.set(store, all);
  const before = all.get(cluster) ?? Promise.resolve();
  const result = before.then(run);
  const over = result.catch(() => {});
  all.set(cluster, over);
  try {
    return await result;
  } finally {
    if (all.get(cluster) === over) all.delete(cluster);
  }
}
