import { kcpRbacDefaults, kubernetesRbacDefaults, RBAC_GROUP, rootRbacDefaults } from '../access/mod.ts';
import {
  BoundedCache,
  type LogicalCluster,
  limits,
  ROOT_CLUSTER,
  SYSTEM_ADMIN_CLUSTER,
} from '../base/mod.ts';
import { type BuiltinDefinition, builtinDefinition } from '../definitions/mod.ts';
import { deepCopy, type JsonObject, type KubeObject } from '../machinery/mod.ts';
import { BLANK_TIME, BLANK_UID, type DefaultObject, DefaultSet, type NewRow } from '../store/mod.ts';
import type { Api } from './api.ts';
import {
  defaultServiceAccount,
  NAMESPACE_DEFAULTS_MANAGER,
  rootCaConfigMap,
  SYSTEM_NAMESPACES,
  systemNamespace,
} from './default-objects.ts';
import { noteOwnership } from './ownership.ts';
import { encodeRow } from './row-codec.ts';

/** The field manager of what every logical cluster begins with, as upstream's bootstrap objects have it. */
export const FOUNDER = 'kube-apiserver';

/** Objects of one kind as they are sent to be created, and the field manager that would send them. */
interface DefaultsOfKind {
  readonly group: string;
  readonly resource: string;
  readonly manager: string;
  readonly objects: readonly JsonObject[];
}

/** RBAC objects by resource, such as `clusterRoles`. */
interface RbacDefaults {
  readonly clusterRoles?: readonly JsonObject[];
  readonly clusterRoleBindings?: readonly JsonObject[];
  readonly roles?: readonly JsonObject[];
  readonly roleBindings?: readonly JsonObject[];
}

/**
 * What a logical cluster contains by default: the namespaces of every Kubernetes cluster with what every namespace
 * has, and RBAC. It depends on nothing but the name and the certificates, so all logical clusters of a kind share
 * one set, which is made once. A change of its objects or of their order makes another set, for new logical clusters.
 */
export function defaultSetOf(
  api: Api,
  cluster: LogicalCluster,
  more: { readonly key: string; readonly objects: readonly DefaultObject[] } = NOTHING_MORE,
): Promise<DefaultSet> {
  const kind = kindOf(cluster);
  const setsHere = sets.getOrMake(api.caBundle, newSetCache);
  return setsHere.getOrMake(`${kind} ${more.key}`, () => makeSet(api, RBAC_DEFAULTS[kind], more.objects));
}

const NOTHING_MORE = { key: '', objects: [] } as const;

/** Sets by all that they depend on: the certificates, the kind of logical cluster, and what else belongs to it. */
const sets = new BoundedCache<string, SetCache>(limits.defaultSetsMadeMax);
type SetCache = BoundedCache<string, Promise<DefaultSet>>;

function newSetCache(): SetCache {
  return new BoundedCache(limits.defaultSetVariantsMax);
}

type ClusterKind = keyof typeof RBAC_DEFAULTS;

/** Where the RBAC of each kind of logical cluster comes from. */
const RBAC_DEFAULTS = {
  ordinary: [kubernetesRbacDefaults],
  root: [kubernetesRbacDefaults, rootRbacDefaults],
  systemAdmin: [kubernetesRbacDefaults, kcpRbacDefaults],
} satisfies Readonly<Record<string, readonly (() => RbacDefaults)[]>>;

function kindOf(cluster: LogicalCluster): ClusterKind {
  if (cluster === SYSTEM_ADMIN_CLUSTER) return 'systemAdmin';
  return cluster === ROOT_CLUSTER ? 'root' : 'ordinary';
}

async function makeSet(
  api: Api,
  rbac: readonly (() => RbacDefaults)[],
  more: readonly DefaultObject[],
): Promise<DefaultSet> {
  const objects: DefaultObject[] = [];
  for (const { group, resource, manager, objects: sent } of defaultsOf(api.caBundle, rbac)) {
    const definition = builtinDefinition(group, resource)!;
    for (const object of sent) {
      const { name = '', namespace = '' } = object['metadata'] as { name?: string; namespace?: string };
      const row = await encodeNew(api, { definition, object, manager, uid: BLANK_UID, now: BLANK_TIME });
      objects.push({ key: { group, resource, identity: '', namespace, name }, row });
    }
  }
  return DefaultSet.of([...objects, ...more]);
}

/** In the order that revisions follow: what others refer to comes first. */
function defaultsOf(caBundle: string, rbac: readonly (() => RbacDefaults)[]): DefaultsOfKind[] {
  const parts = rbac.map((make) => make());
  const rbacOf = (resource: string, objects: readonly JsonObject[]): DefaultsOfKind => ({
    group: RBAC_GROUP,
    resource,
    manager: FOUNDER,
    objects,
  });
  return [
    { group: '', resource: 'namespaces', manager: FOUNDER, objects: SYSTEM_NAMESPACES.map(systemNamespace) },
    {
      group: '',
      resource: 'serviceaccounts',
      manager: NAMESPACE_DEFAULTS_MANAGER,
      objects: SYSTEM_NAMESPACES.map(defaultServiceAccount),
    },
    {
      group: '',
      resource: 'configmaps',
      manager: NAMESPACE_DEFAULTS_MANAGER,
      objects: SYSTEM_NAMESPACES.map((namespace) => rootCaConfigMap(namespace, caBundle)),
    },
    rbacOf(
      'clusterroles',
      parts.flatMap(({ clusterRoles = [] }) => clusterRoles),
    ),
    rbacOf(
      'clusterrolebindings',
      parts.flatMap(({ clusterRoleBindings = [] }) => clusterRoleBindings),
    ),
    rbacOf(
      'roles',
      parts.flatMap(({ roles = [] }) => roles),
    ),
    rbacOf(
      'rolebindings',
      parts.flatMap(({ roleBindings = [] }) => roleBindings),
    ),
  ];
}

/** The row of an object of ours that no request has sent, as a request that creates it would store it. */
export async function encodeNew(
  api: Api,
  options: {
    readonly definition: BuiltinDefinition;
    readonly object: JsonObject;
    readonly manager: string;
    readonly uid: string;
    readonly now: string;
  },
): Promise<NewRow> {
  const { definition, manager, uid, now } = options;
  const version = definition.versions[0]!;
  const object = deepCopy(options.object) as KubeObject;
  definition.decode(object, version.name);
  const endpoint = { definition, version, subresource: '' };
  await noteOwnership(api, endpoint, { live: undefined, object, writer: { manager, now } });
  object.metadata.uid = uid;
  object.metadata.creationTimestamp = now;
  definition.strategy.prepareForCreate(object, { subresource: '', now });
  return encodeRow(definition, version.name, object);
}
