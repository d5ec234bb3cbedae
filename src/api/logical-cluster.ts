import { groundsOf, RBAC_GROUP, type RbacAt, SYSTEM_USER } from '../access/mod.ts';
import { assert, type LogicalCluster } from '../base/mod.ts';
import {
  builtinDefinition,
  collectionOf,
  LOGICAL_CLUSTER_NAME,
  LOGICAL_CLUSTERS,
  logicalClusterKey,
  systemDefinition,
} from '../definitions/mod.ts';
import { formatTime, type JsonObject, type KubeObject, newForbidden, objectOf } from '../machinery/mod.ts';
import {
  type DefaultObject,
  ExpectationFailed,
  type NewDefaults,
  type Precondition,
  type Row,
} from '../store/mod.ts';
import type { Api } from './api.ts';
import { defaultSetOf, encodeNew, FOUNDER } from './cluster-default-set.ts';
import { companionPut } from './companions.ts';
import type { Companion } from './kind-hooks.ts';

export { LOGICAL_CLUSTERS, logicalClusterKey };

const { group: GROUP, resource: RESOURCE } = LOGICAL_CLUSTERS;
const KIND = 'LogicalCluster';
const OWNER_BINDING = 'workspace-admin';

export const INACTIVE = 'Inactive';

/** Throws 403 in a logical cluster that is switched off, as kcp does for all but its API documents and itself. */
export function assertActive(cluster: LogicalCluster, row: Row): void {
  if (row.fields['status.phase'] !== INACTIVE) return;
  throw newForbidden(LOGICAL_CLUSTERS, cluster, 'logical cluster is marked inactive');
}

/** The row of a logical cluster; undefined when there is none of that name. */
export function readLogicalCluster(api: Api, cluster: LogicalCluster): Row | undefined {
  return api.store.get(logicalClusterKey(cluster));
}

/** What a new logical cluster is to be. */
export interface NewLogicalCluster {
  readonly cluster: LogicalCluster;
  /** The name of the user who owns it, as the logical cluster itself knows them. */
  readonly owner?: string | undefined;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly spec?: JsonObject;
  /** Ready, if it does not say otherwise. */
  readonly status?: JsonObject;
  /** What it begins with besides what all have: a key that tells these from others, and the objects. */
  readonly more?: { readonly key: string; readonly objects: readonly DefaultObject[] } | undefined;
  /** See `Companions.remembered`. */
  readonly remembered?: string | undefined;
}

/**
 * What belongs into the commit that makes a logical cluster: its LogicalCluster, the binding that makes its owner the
 * administrator, and all that it contains from the beginning. The objects that all have alike are derived from that
 * commit, so that they cost nothing.
 */
export async function newLogicalCluster(
  api: Api,
  wanted: NewLogicalCluster,
): Promise<{ readonly companions: readonly Companion[]; readonly defaults: NewDefaults }> {
  const { cluster, owner, more } = wanted;
  const creationTime = formatTime(api.store.nowMs());
  const uid = api.random.uuid();
  const companions = [companionOf(api, wanted, { uid, creationTime })];
  if (owner !== undefined) companions.push(await ownerBinding(api, { cluster, owner, now: creationTime }));
  const set = await defaultSetOf(api, cluster, more);
  return { companions, defaults: { cluster, set, seed: uid, creationTime } };
}

/**
 * Commits a logical cluster that comes with no other object. False when it exists already, or what it was decided by has
 * changed: look again.
 */
export async function commitLogicalCluster(
  api: Api,
  commit: {
    readonly companions: readonly Companion[];
    readonly defaults: NewDefaults;
    readonly preconditions?: readonly Precondition[];
    /** The rights of whoever asks for it. */
    readonly reliesOn?: readonly RbacAt[];
    readonly actor: string;
    /** The shard that it is to be on, if that is not the first one. */
    readonly log?: string;
  },
): Promise<boolean> {
  const { companions, defaults, preconditions = [], reliesOn = [], actor, log } = commit;
  const proposal = {
    mutations: companions.map(({ mutation }) => mutation),
    preconditions,
    settled: groundsOf(reliesOn),
    work: companions.flatMap(({ work }) => work),
    defaults,
    ...(log === undefined ? {} : { log }),
    actor,
    originRegion: api.region,
  };
  const assertCurrent = () => {
    if (api.access.isCurrent(reliesOn)) return;
    throw new ExpectationFailed({ key: proposal.mutations[0]!.key, current: 0, isPrecondition: true });
  };
  try {
    await api.quotas.commit(proposal, { assertCurrent, isCount: false });
    return true;
  } catch (error) {
    if (error instanceof ExpectationFailed) return false;
    throw error;
  }
}

/** Creates a logical cluster that belongs to no workspace, in one commit. False when it exists already. */
export async function createLogicalCluster(
  api: Api,
  cluster: LogicalCluster,
  options: Omit<NewLogicalCluster, 'cluster'> = {},
): Promise<boolean> {
  const parts = await newLogicalCluster(api, { cluster, ...options });
  return commitLogicalCluster(api, { ...parts, actor: SYSTEM_USER.name });
}

function companionOf(
  api: Api,
  wanted: NewLogicalCluster,
  { uid, creationTime }: { readonly uid: string; readonly creationTime: string },
): Companion {
  const { cluster, labels = {}, annotations = {}, finalizers = [], remembered } = wanted;
  const definition = systemDefinition(GROUP, RESOURCE);
  assert(definition !== undefined, 'every logical cluster has its own kind');
  const object = objectOf({
    apiVersion: `${GROUP}/${definition.storageVersion}`,
    kind: KIND,
    metadata: objectOf({
      annotations: objectOf(annotations),
      creationTimestamp: creationTime,
      finalizers: [...finalizers],
      generation: 1,
      labels: objectOf(labels),
      name: LOGICAL_CLUSTER_NAME,
      uid,
    }),
    spec: wanted.spec ?? objectOf({}),
    status: wanted.status ?? objectOf({ phase: 'Ready' }),
  }) as KubeObject;
  return companionPut(api, { definition, key: logicalClusterKey(cluster), object, remembered });
}

/** As kcp does it: `workspace-admin` gives the owner everything. */
async function ownerBinding(
  api: Api,
  options: { readonly cluster: LogicalCluster; readonly owner: string; readonly now: string },
): Promise<Companion> {
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
  const row = await encodeNew(api, { definition, object, manager: FOUNDER, uid, now });
  return { mutation: { key, expected: 0, row }, work: [] };
}
