import { setImmediate as nextTurn } from 'node:timers/promises';
import { type PolicyRule, ruleToJson, settledRules } from '../access/mod.ts';
import { type Api, CONTROLLERS, decodeStored } from '../api/mod.ts';
import { type LogicalCluster, limits } from '../base/mod.ts';
import { builtinDefinition, collectionOf } from '../definitions/mod.ts';
import { type KubeObject, objectOf } from '../machinery/mod.ts';
import { ControllerClient } from './client.ts';
import type { Controller } from './runtime.ts';

const DEFINITION = builtinDefinition('rbac.authorization.k8s.io', 'clusterroles')!;
const MANAGER = 'clusterrole-aggregation-controller';

/**
 * Gives ClusterRoles with an aggregationRule the rules that they gather. One debt stands for everything that
 * has changed in a logical cluster: the step looks at all of its ClusterRoles, of which there are some hundred.
 */
export function clusterRoleAggregationController(api: Api): Controller {
  return {
    name: CONTROLLERS.aggregation,
    async reconcile({ key: { cluster } }, signal) {
      const roles = await readClusterRoles(api, cluster);
      // Nobody is let in by so many, and so nobody needs them gathered.
      if (roles === undefined) return 'settled';
      const client = new ControllerClient(api, { name: MANAGER, signal });
      for (const [name, rules] of await settle(roles, signal)) {
        const place = { definition: DEFINITION, cluster, namespace: '', name };
        await client.apply(place, configurationOf(name, rules));
      }
      return 'settled';
    },
  };
}

/** All ClusterRoles; undefined when they are more than RBAC reads. */
async function readClusterRoles(api: Api, cluster: LogicalCluster): Promise<KubeObject[] | undefined> {
  const roles: KubeObject[] = [];
  let sizeBytes = 0;
  const snapshot = api.store.snapshot();
  try {
    for await (const rows of snapshot.listRows({ collection: collectionOf(cluster, DEFINITION) })) {
      for (const row of rows) {
        sizeBytes += row.json.length;
        if (sizeBytes > limits.rbacScopeBytesMax) return undefined;
        roles.push(decodeStored(DEFINITION, 'v1', row));
      }
    }
  } finally {
    snapshot.close();
  }
  return roles;
}

async function settle(
  roles: readonly KubeObject[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly PolicyRule[]>> {
  const steps = settledRules(roles);
  for (;;) {
    const { value, done } = steps.next();
    if (done === true) return value;
    await nextTurn();
    signal.throwIfAborted();
  }
}

/** What the controller wants: the rules and nothing else, as upstream applies them. */
function configurationOf(name: string, rules: readonly PolicyRule[]): KubeObject {
  return objectOf({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: objectOf({ name }),
    ...(rules.length === 0 ? {} : { rules: rules.map(ruleToJson) }),
  }) as KubeObject;
}
