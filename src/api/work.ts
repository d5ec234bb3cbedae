import { isClusterWide, isQuota } from '../admission/mod.ts';
import type { LogicalCluster, Random } from '../base/mod.ts';
import { CRD_GROUP, CRD_RESOURCE, type Definition, nextCrdStatus } from '../definitions/mod.ts';
import { deepEqual, type KubeObject } from '../machinery/mod.ts';
import type { ObjectKey, WorkChange, WorkKey } from '../store/mod.ts';
import type { Api } from './api.ts';
import {
  DEFAULT_SERVICE_ACCOUNT,
  isRootCaCurrent,
  ROOT_CA_CONFIG_MAP,
  SYSTEM_NAMESPACES,
} from './default-objects.ts';
import { isNamespace } from './target.ts';

/** Names of the controllers that a write may put in debt: the first part of a work row's key. */
export const CONTROLLERS = {
  namespace: 'namespace',
  crd: 'customresourcedefinition',
  /** Owner references of this object have to be checked: key is the object's. */
  dependents: 'garbage-dependent',
  /** This uid is gone: key is the uid. */
  owners: 'garbage-owner',
  /** This object waits for its dependents (foreground) or to be left by them (orphan): key is the object's. */
  deletion: 'garbage-deletion',
  /** What this quota bounds has to be counted: key is the object's. */
  quota: 'resourcequota',
  /** This namespace may lack what every namespace has: key is its name. */
  namespaceDefaults: 'namespace-defaults',
  /** A namespace that every logical cluster has is gone: key is its name. */
  systemNamespace: 'system-namespace',
  /** ClusterRoles have changed that others may gather: one debt of the whole logical cluster. */
  aggregation: 'clusterrole-aggregation',
  /** A Secret for a service account's token, or all of a namespace: key is namespace and name, or no name. */
  serviceAccountToken: 'service-account-token',
  /** Namespaces may still show an old certificate authority: one debt of all logical clusters. */
  rootCa: 'root-ca',
  /** This logical cluster goes: one debt of each. */
  logicalCluster: 'logicalcluster-deletion',
  /** Another object has the name of this one: key is the uid of the one that is not served. */
  nameConflict: 'name-conflict',
} as const;

/** The finalizers by which the garbage collector holds back a deletion. */
export const FOREGROUND_FINALIZER = 'foregroundDeletion';
export const ORPHAN_FINALIZER = 'orphan';

/** Key text of a work row about an object, and back. */
export function objectWorkKey(key: ObjectKey): string {
  return [key.group, key.resource, key.identity, key.namespace, key.name].join('\0');
}
export function parseObjectWorkKey(cluster: LogicalCluster, text: string): ObjectKey {
  const [group = '', resource = '', identity = '', namespace = '', name = ''] = text.split('\0');
  return { cluster, group, resource, identity, namespace, name };
}

/** What controllers owe once an object was put: written by the very commit that causes it. */
export function workAfterPut(
  api: Pick<Api, 'store' | 'random' | 'caBundle'>,
  change: {
    readonly definition: Definition;
    readonly key: ObjectKey;
    readonly object: KubeObject;
    readonly old: KubeObject | undefined;
    /** It is what the quota controller has written. */
    readonly isCounted: boolean;
  },
): WorkChange[] {
  const { definition, key, object, old, isCounted } = change;
  const work: WorkChange[] = [];
  const owe = (controller: string, text: string) => {
    work.push({ controller, cluster: key.cluster, key: text, payload: api.random.bytes(8) });
  };
  // Nobody collects events, and they own nothing: they go by themselves.
  if (isEvent(key)) return old === undefined ? [eventExpiryDebt(key, api.store.nowMs())] : [];
  const isTerminating = object.metadata.deletionTimestamp !== undefined;
  if (isNamespace(definition)) {
    if (isTerminating) owe(CONTROLLERS.namespace, key.name);
    else if (old === undefined) owe(CONTROLLERS.namespaceDefaults, key.name);
  }
  if (isRootCa(key) && !isRootCaCurrent(object, api.caBundle))
    owe(CONTROLLERS.namespaceDefaults, key.namespace);
  if (isClusterRole(key) && isGrantChanged(object, old)) owe(CONTROLLERS.aggregation, '');
  if (definition.group === CRD_GROUP && definition.names.plural === CRD_RESOURCE) {
    // Whatever makes its status wrong, be it the status itself. What only the names of others explain owes
    // once more: the controller looks, and finds nothing to write.
    const isSettled =
      old !== undefined &&
      !isTerminating &&
      deepEqual(object['spec'], old['spec']) &&
      nextCrdStatus(object, [], '') === undefined;
    if (!isSettled) owe(CONTROLLERS.crd, key.name);
  }
  const finalizers = object.metadata.finalizers ?? [];
  if (isTerminating && (finalizers.includes(FOREGROUND_FINALIZER) || finalizers.includes(ORPHAN_FINALIZER))) {
    owe(CONTROLLERS.deletion, objectWorkKey(key));
  }
  const owners = object.metadata.ownerReferences ?? [];
  if (owners.length > 0 && !deepEqual(owners, old?.metadata.ownerReferences)) {
    owe(CONTROLLERS.dependents, objectWorkKey(key));
  }
  const isToken = isSecret(key) && object['type'] === 'kubernetes.io/service-account-token';
  if (isToken && !isTerminating) owe(CONTROLLERS.serviceAccountToken, `${key.namespace}\0${key.name}`);
  if (isQuota(key) && !isCounted && isOutOfCount(object, old)) owe(CONTROLLERS.quota, objectWorkKey(key));
  return work;
}

/** The debt to count what a quota counts, whatever it says. */
export function recountDebt(random: Random, quota: ObjectKey): WorkChange {
  const payload = random.bytes(8);
  return { controller: CONTROLLERS.quota, cluster: quota.cluster, key: objectWorkKey(quota), payload };
}

/** Whether a quota's numbers have to be counted anew: what it counts was changed, or somebody wrote its status. */
function isOutOfCount(quota: KubeObject, old: KubeObject | undefined): boolean {
  return (
    old === undefined ||
    !deepEqual(quota['spec'], old['spec']) ||
    !deepEqual(quota['status'], old['status']) ||
    isClusterWide(quota) !== isClusterWide(old)
  );
}

/** What is owed once an object is gone: by those who named it as their owner, and where it may not be missing. */
export function workAfterDelete(
  api: Pick<Api, 'random'>,
  {
    key,
    uid,
    hasDependents,
  }: { readonly key: ObjectKey; readonly uid: string; readonly hasDependents: boolean },
): WorkChange[] {
  const work: WorkChange[] = [];
  const owe = (controller: string, text: string) => {
    work.push({ controller, cluster: key.cluster, key: text, payload: api.random.bytes(8) });
  };
  if (hasDependents && !isEvent(key)) owe(CONTROLLERS.owners, uid);
  if (isRootCa(key) || isDefaultServiceAccount(key)) owe(CONTROLLERS.namespaceDefaults, key.namespace);
  if (isClusterRole(key)) owe(CONTROLLERS.aggregation, '');
  // Its Secrets with tokens go with it.
  if (isServiceAccount(key)) owe(CONTROLLERS.serviceAccountToken, `${key.namespace}\0`);
  const isSystem = (SYSTEM_NAMESPACES as readonly string[]).includes(key.name);
  if (key.group === '' && key.resource === 'namespaces' && isSystem)
    owe(CONTROLLERS.systemNamespace, key.name);
  return work;
}

function isSecret({ group, resource }: ObjectKey): boolean {
  return group === '' && resource === 'secrets';
}

function isServiceAccount({ group, resource }: ObjectKey): boolean {
  return group === '' && resource === 'serviceaccounts';
}

/** Whether this is the key of an event, of either API: they share their storage. */
export function isEvent({ group, resource }: Pick<ObjectKey, 'group' | 'resource'>): boolean {
  return group === '' && resource === 'events';
}

/**
 * Debts to let events expire: the name of the controller has the second in which the event was written, so that
 * their rows lie in the order of time over all logical clusters, and whoever looks for the next one reads one row.
 *
 * An event has one such row, from its creation on. Updates leave it alone; when its time has come it moves to
 * where the event's last update belongs. So updates, of which there are many, cost nothing more.
 */
export const EVENT_EXPIRY = 'event-expiry/';
const SECOND_DIGITS = 12;
// The row says all there is to say.
const EXPIRY_PAYLOAD = Buffer.of(1);

export function eventExpiryDebt(key: ObjectKey, writtenAtMs: number): WorkChange {
  const second = String(Math.floor(writtenAtMs / 1000)).padStart(SECOND_DIGITS, '0');
  const controller = `${EVENT_EXPIRY}${second}`;
  return { controller, cluster: key.cluster, key: objectWorkKey(key), payload: EXPIRY_PAYLOAD };
}

/** When the second is over in which the event was written that such a debt is about. */
export function eventWrittenBeforeMs({ controller }: Pick<WorkKey, 'controller'>): number {
  return (Number(controller.slice(EVENT_EXPIRY.length)) + 1) * 1000;
}

function isRootCa({ group, resource, name }: ObjectKey): boolean {
  return group === '' && resource === 'configmaps' && name === ROOT_CA_CONFIG_MAP;
}

function isDefaultServiceAccount({ group, resource, name }: ObjectKey): boolean {
  return group === '' && resource === 'serviceaccounts' && name === DEFAULT_SERVICE_ACCOUNT;
}

function isClusterRole({ group, resource }: ObjectKey): boolean {
  return group === 'rbac.authorization.k8s.io' && resource === 'clusterroles';
}

/** What others may gather of a ClusterRole, and what it gathers itself. */
function isGrantChanged(object: KubeObject, old: KubeObject | undefined): boolean {
  if (old === undefined) return true;
  return (
    !deepEqual(object['rules'], old['rules']) ||
    !deepEqual(object['aggregationRule'], old['aggregationRule']) ||
    !deepEqual(object.metadata.labels, old.metadata.labels)
  );
}
