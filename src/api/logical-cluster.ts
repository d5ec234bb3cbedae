import { SYSTEM_USER } from '../access/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import { builtinDefinition, collectionOf } from '../definitions/mod.ts';
import { formatTime, type KubeObject, newObject, objectOf } from '../machinery/mod.ts';
import { ExpectationFailed, type Mutation, type NewRow, type ObjectKey, type Row } from '../store/mod.ts';
import type { Api } from './api.ts';
import { SYSTEM_NAMESPACES } from './default-objects.ts';
import { noteOwnership } from './ownership.ts';
import { encodeRow } from './row-codec.ts';

const GROUP = 'core.kcp.io';
const KIND = 'LogicalCluster';
/** A LogicalCluster is alone in its own cluster, and always has this name. */
const NAME = 'cluster';
/** The field manager of what every logical cluster begins with, as upstream's bootstrap objects have it. */
const FOUNDER = 'kube-apiserver';

/** The object that makes a logical cluster exist. */
export function logicalClusterKey(cluster: LogicalCluster): ObjectKey {
  return { cluster, group: GROUP, resource: 'logicalclusters', identity: '', namespace: '', name: NAME };
}

/** The row of a logical cluster; undefined when there is none of that name. */
export function readLogicalCluster(api: Api, cluster: LogicalCluster): Row | undefined {
  return api.store.get(logicalClusterKey(cluster));
}

/**
 * Creates a logical cluster with the namespaces that every Kubernetes API has, in one commit. False when
 * it exists already.
 */
export async function createLogicalCluster(api: Api, cluster: LogicalCluster): Promise<boolean> {
  const now = formatTime(api.store.nowMs());
  const mutations: Mutation[] = [
    { key: logicalClusterKey(cluster), expected: 0, row: logicalClusterRow(api, now) },
    ...(await Promise.all(SYSTEM_NAMESPACES.map((name) => namespaceMutation(api, { cluster, name, now })))),
  ];
  try {
    await api.store.commit({ mutations, actor: SYSTEM_USER.name, originRegion: api.region });
    return true;
  } catch (error) {
    if (error instanceof ExpectationFailed) return false;
    throw error;
  }
}

async function namespaceMutation(
  api: Api,
  options: { readonly cluster: LogicalCluster; readonly name: string; readonly now: string },
): Promise<Mutation> {
  const definition = builtinDefinition('', 'namespaces')!;
  const namespace = objectOf({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: objectOf({ name: options.name, uid: api.random.uuid(), creationTimestamp: options.now }),
  }) as KubeObject;
  definition.decode(namespace, 'v1');
  const writer = { manager: FOUNDER, now: options.now };
  const endpoint = { definition, version: definition.versions[0]!, subresource: '' };
  await noteOwnership(api, endpoint, { live: undefined, object: namespace, writer });
  definition.strategy.prepareForCreate(namespace, { subresource: '', now: options.now });
  const key = { ...collectionOf(options.cluster, definition), namespace: '', name: options.name };
  return { key, expected: 0, row: encodeRow(definition, 'v1', namespace) };
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
