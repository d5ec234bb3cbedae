import { isClusterWide, isQuota } from '../admission/mod.ts';
import type { LogicalCluster, Random } from '../base/mod.ts';
import { CRD_GROUP, CRD_RESOURCE, type Definition, nextCrdStatus } from '../definitions/mod.ts';
import { deepEqual, type KubeObject } from '../machinery/mod.ts';
import type { ObjectKey, WorkChange } from '../store/mod.ts';
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
export function workAfterPut(options: {
  readonly definition: Definition;
  readonly key: ObjectKey;
  readonly object: KubeObject;
  readonly old: KubeObject | undefined;
  /** It is what the quota controller has written. */
  readonly isCounted: boolean;
  readonly random: Random;
}): WorkChange[] {
  const { definition, key, object, old, isCounted, random } = options;
  const work: WorkChange[] = [];
  const owe = (controller: string, text: string) => {
    work.push({ controller, cluster: key.cluster, key: text, payload: random.bytes(8) });
  };
  const isTerminating = object.metadata.deletionTimestamp !== undefined;
  if (isTerminating && isNamespace(definition)) owe(CONTROLLERS.namespace, key.name);
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
  if (isQuota(key) && !isCounted && isOutOfCount(object, old)) owe(CONTROLLERS.quota, objectWorkKey(key));
  return work;
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

/** What is owed once an object is gone that others may name as their owner. */
export function workAfterDelete(key: ObjectKey, uid: string, random: Random): WorkChange {
  return { controller: CONTROLLERS.owners, cluster: key.cluster, key: uid, payload: random.bytes(8) };
}
