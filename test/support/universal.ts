import type { Api } from '../../src/api/mod.ts';
import type { LogicalCluster } from '../../src/base/mod.ts';
import { type DefaultBindingsMade, defaultBindings } from '../../src/exports/mod.ts';

const EXPORTS = ['tenancy.kcp.io', 'topology.kcp.io'].map((name) => ({ path: 'root', name }));

/** What a logical cluster begins with whose type extends the universal one: it can have workspaces. */
export async function universalBindings(
  api: Api,
  cluster: LogicalCluster,
): Promise<DefaultBindingsMade['derived']> {
  const reads = { read: (key: Parameters<Api['store']['newest']>[0]) => api.store.newest(key) };
  return (await defaultBindings(api, reads, { cluster, path: cluster, exports: EXPORTS })).derived;
}
