import { RBAC_GROUP, SYSTEM_USER } from '../access/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import { builtinDefinition, collectionOf } from '../definitions/mod.ts';
import { formatTime, newObject, objectOf } from '../machinery/mod.ts';
import { ExpectationFailed, type Mutation, type NewRow, type ObjectKey, type Row } from '../store/mod.ts';
import type { Api } from './api.ts';
import { defaultSetOf, encodeNew, FOUNDER } from './cluster-default-set.ts';

const GROUP = 'core.kcp.io';
const KIND = 'LogicalCluster';
/** A LogicalCluster is alone in its own cluster, and always has this name. */
const NAME = 'cluster';
const OWNER_BINDING = 'workspace-admin';

/** The object that makes a logical cluster exist. */
export function logicalClusterKey(cluster: LogicalCluster): ObjectKey {
  return { cluster, group: GROUP, resource: 'logicalclusters', identity: '', namespace: '', name: NAME };
}

/** The row of a logical cluster; undefined when there is none of that name. */
export function readLogicalCluster(api: Api, cluster: LogicalCluster): Row | undefined {
  return api.store.get(logicalClusterKey(cluster));
}

/**
 * Creates a logical cluster with everything that it contains from the beginning, in one commit. The objects that all
 * have alike are derived from that commit, so that they cost nothing; the owner, if it has one, is made its
 * administrator by an ordinary ClusterRoleBinding. False when it exists already.
 */
export async function createLogicalCluster(
  api: Api,
  cluster: LogicalCluster,
  options: {
    /** The name of the user who owns it. */
    readonly owner?: string;
  } = {},
): Promise<boolean> {
  const now = formatTime(api.store.nowMs());
  const row = logicalClusterRow(api, now);
  const mutations: Mutation[] = [{ key: logicalClusterKey(cluster), expected: 0, row }];
  if (options.owner !== undefined)
    mutations.push(await ownerMutation(api, { cluster, now, owner: options.owner }));
  const set = await defaultSetOf(api, cluster);
  try {
    await api.store.commit({
      mutations,
      defaults: { cluster, set, seed: row.uid, creationTime: now },
      actor: SYSTEM_USER.name,
      originRegion: api.region,
    });
    return true;
  } catch (error) {
    if (error instanceof ExpectationFailed) return false;
    throw error;
  }
}

/** As kcp does it: `workspace-admin` gives the owner everything. */
async function ownerMutation(
  api: Api,
  options: { readonly cluster: LogicalCluster; readonly owner: string; readonly now: string },
): Promise<Mutation> {
  const { cluster, owner, now } = options;
  const definition = builtinDefinition(RBAC_GROUP, 'clusterrolebindings')!;
  const object = objectOf({
    apiVersion: `${RBAC_GROUP}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: objectOf({ name: OWNER_BINDING }),
    roleRef: objectOf({ apiGroup: RBAC_GROUP, kind: 'ClusterRole', name: 'cluster-admin' }),
    subjects: [objectOf({ apiGroup: RBAC_GROUP, kind: 'User', name: owner })],
  });
  const uid = api.random.uuid();
  const key = { ...collectionOf(cluster, definition), namespace: '', name: OWNER_BINDING };
  return { key, expected: 0, row: await encodeNew(api, { definition, object, manager: FOUNDER, uid, now }) };
}

function logicalClusterRow(api: Api, now: string): NewRow {
  const uid = api.random.uuid();
  const header = `{"apiVersion":"${GROUP}/v1alpha1","kind":"${KIND}","metadata":{`;
  const body = `"creationTimestamp":"${now}","name":"${NAME}","uid":"${uid}"},"spec":{},"status":{"phase":"Ready"}}`;
  return {
    uid,
    definitionHash: '',
    json: Buffer.from(header + body),
    metadataOffset: header.length,
    isAnnotated: false,
    labels: newObject() as Record<string, string>,
    fields: { 'status.phase': 'Ready' },
    owners: [],
  };
}
