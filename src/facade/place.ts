import { homeOfServiceAccount, type User } from '../access/mod.ts';
import type { Services, VirtualWorkspace } from '../api/mod.ts';
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
}

/** The place that a path names for a user; undefined when there cannot be one. */
export function placeOf(routed: RoutedPath, user: User, services: Services): Place | undefined {
  const { service, isEverywhere } = routed;
  if (service !== undefined) {
    const view = services.get(service.name)?.view(service.parameters);
    const cluster = isEverywhere ? EVERYWHERE : routed.cluster;
    return view === undefined || cluster === undefined ? undefined : { cluster, view, home: view.home };
  }
  if (isEverywhere) return { cluster: EVERYWHERE, view: undefined, home: SYSTEM_ADMIN_CLUSTER };
  const cluster = clusterOf(routed, user);
  return cluster === undefined ? undefined : { cluster, view: undefined, home: cluster };
}

/** On the bare URL a service account is at home in its own logical cluster, as in kcp; everybody else in the root. */
function clusterOf(routed: RoutedPath, user: User): LogicalCluster | undefined {
  if (routed.prefix !== '') return routed.cluster;
  const home = homeOfServiceAccount(user);
  return home === undefined ? routed.cluster : parseLogicalCluster(home);
}
