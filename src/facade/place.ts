import { homeOfServiceAccount, type User } from '../access/mod.ts';
import type { Mount, Paths, Services, VirtualWorkspace } from '../api/mod.ts';
import {
  type ClusterScope,
  EVERYWHERE,
  type LogicalCluster,
  parseLogicalCluster,
  SYSTEM_ADMIN_CLUSTER,
} from '../base/mod.ts';
import type { RoutedPath } from './path.ts';

/** Where a request goes. */
export interface Place {
  readonly cluster: ClusterScope;
  /** Through whose view of it. */
  readonly view: VirtualWorkspace | undefined;
  /** Where it is judged whom somebody may be made; whoever is made somebody else is nobody elsewhere. */
  readonly home: LogicalCluster;
  /** It is there, but cannot be used now. */
  readonly isUnavailable: boolean;
  /** It is no logical cluster but a door to a server elsewhere. */
  readonly mount?: Mount | undefined;
}

/** The place that a path names for a user; undefined when there cannot be one. */
export function placeOf(
  routed: RoutedPath,
  user: User,
  { services, paths }: { readonly services: Services; readonly paths: Paths },
): Place | undefined {
  const { service, isEverywhere } = routed;
  const isUnavailable = false;
  if (service !== undefined) {
    const view = services.get(service.name)?.view(service.parameters);
    const isHome = view?.isEverywhereAtHome === true && routed.cluster === view.home;
    const cluster = isEverywhere || isHome ? EVERYWHERE : routed.cluster;
    // Names of logical clusters, never paths: a view is asked for by programs, which have them from annotations.
    return view === undefined || cluster === undefined
      ? undefined
      : { cluster, view, home: view.home, isUnavailable };
  }
  const view = undefined;
  if (isEverywhere) return { cluster: EVERYWHERE, view, home: SYSTEM_ADMIN_CLUSTER, isUnavailable };
  // On the bare URL a service account is at home in its own logical cluster, as in kcp; everybody else in the root.
  const own = routed.prefix === '' ? homeOfServiceAccount(user) : undefined;
  const named = own === undefined ? routed.cluster : parseLogicalCluster(own);
  if (named === undefined) return undefined;
  if (routed.prefix === '') return { cluster: named, view, home: named, isUnavailable };
  const resolved = paths.resolve(named);
  if (resolved !== undefined) return { ...resolved, view, home: resolved.cluster };
  const mount = paths.mountAt(named);
  // What leads nowhere goes on as the name of a logical cluster that is not there.
  const cluster = mount?.cluster ?? named;
  return { cluster, isUnavailable, mount, view, home: cluster };
}
