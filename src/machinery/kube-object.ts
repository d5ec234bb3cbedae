import type { JsonObject } from './json-value.ts';

/** metav1.OwnerReference. */
export interface OwnerReference extends JsonObject {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
}

/** metav1.ObjectMeta, as far as the server itself reads it. */
export interface ObjectMeta extends JsonObject {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string | null;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: { [key: string]: string };
  annotations?: { [key: string]: string };
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: JsonObject[];
}

/** Any Kubernetes object after decoding: it has a metadata object, the rest is for its definition to say. */
export interface KubeObject extends JsonObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** `v1` in the core group, else `group/version`. */
export function apiVersionText(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}
