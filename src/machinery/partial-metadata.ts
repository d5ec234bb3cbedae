import { type JsonObject, objectOf } from './json-value.ts';
import type { KubeObject } from './kube-object.ts';

/** The versions in which Table and PartialObjectMetadata are served. */
export type MetaApiVersion = 'meta.k8s.io/v1' | 'meta.k8s.io/v1beta1';

/**
 * The view of an object that metadata clients ask for. It shares `metadata` with the object: whoever
 * changes it must copy first.
 */
export function partialMetadata(object: KubeObject, apiVersion: MetaApiVersion): JsonObject {
  return objectOf({ kind: 'PartialObjectMetadata', apiVersion, metadata: object.metadata });
}

/** The same for a list; `metadata` is the list's own. Every item carries kind and apiVersion, as upstream. */
export function partialMetadataList({
  items,
  metadata,
  apiVersion,
}: {
  readonly items: readonly KubeObject[];
  readonly metadata: JsonObject;
  readonly apiVersion: MetaApiVersion;
}): JsonObject {
  return objectOf({
    kind: 'PartialObjectMetadataList',
    apiVersion,
    metadata,
    items: items.map((item) => partialMetadata(item, apiVersion)),
  });
}
