import type { JsonObject } from '../../machinery/mod.ts';
import type { RbacReader } from './rbac-authorizer.ts';

/**
 * The same roles and bindings, but a ClusterRole that a logical cluster lacks is looked for among the defaults:
 * workspaces bind `system:kcp:workspace:access`, which lies in `system:admin`.
 */
export function withFallbackRoles(reader: RbacReader, defaults: ReadonlyMap<string, JsonObject>): RbacReader {
  return {
    revision: (cluster) => reader.revision(cluster),
    async read(cluster, namespace) {
      const { revision, state } = await reader.read(cluster, namespace);
      const clusterRole = (name: string) => state.clusterRole(name) ?? defaults.get(name);
      const { clusterRoleBindings, roleBindings } = state;
      const role = (name: string) => state.role(name);
      return {
        revision,
        state: { namespace: state.namespace, clusterRoleBindings, roleBindings, role, clusterRole },
      };
    },
  };
}
