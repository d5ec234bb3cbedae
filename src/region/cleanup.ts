/** Something to undo when a member stops. */
export type Cleanup = () => Promise<void>;

/**
 * Runs all cleanups in order, one after the other, also after one that fails: what is left open would be in
 * the way of the next start. Rethrows the first failure at the end.
 */
export async function runAll(cleanups: readonly Cleanup[]): Promise<void> {
  const failures: unknown[] = [];
  for (const cleanup of cleanups) {
    try {
      await cleanup();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
