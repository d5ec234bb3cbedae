import type { Api } from '../api/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import type { WorkChange } from '../store/mod.ts';

/** Debts about exports and bindings, by the controllers that owe them. */
export const EXPORT_CONTROLLERS = {
  /** An export has changed, and those who bind it have to follow: key is its name. */
  consumers: 'apiexport-consumers',
  /** A schema is new, which exports of its logical cluster may wait for: key is its name. */
  schema: 'apiresourceschema',
  /** Something that stood in the way of bindings may be gone: one debt of the whole logical cluster. */
  conflicts: 'apibinding-conflicts',
  /** A binding goes, with all that it has brought: key is its name. */
  deletion: 'apibinding-deletion',
  /** A Secret has changed that may be the identity of exports: key is its namespace, a slash and its name. */
  identity: 'apiexport-identity',
  /** A schema may be bound by nobody any more: key is its uid. */
  unbound: 'bound-schema',
} as const;

export function debt(
  api: Pick<Api, 'random'>,
  controller: string,
  place: { readonly cluster: LogicalCluster; readonly key: string },
): WorkChange {
  return { controller, cluster: place.cluster, key: place.key, payload: api.random.bytes(8) };
}
