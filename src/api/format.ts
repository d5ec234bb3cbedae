import type { IncludeObject, MetaApiVersion } from '../machinery/mod.ts';

/** What a response looks like, as negotiated. */
export interface Format {
  readonly media: 'json' | 'yaml' | 'protobuf';
  readonly as: 'Object' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
  /** Of the transformed object. */
  readonly apiVersion: MetaApiVersion;
  readonly includeObject: IncludeObject;
  readonly isPretty: boolean;
}

export const PLAIN_JSON: Format = {
  media: 'json',
  as: 'Object',
  apiVersion: 'meta.k8s.io/v1',
  includeObject: 'Metadata',
  isPretty: false,
};

/** Equal texts are equal formats: watchers of one format share the encoded bytes. */
export function formatKey(format: Format): string {
  return `${format.media} ${format.as} ${format.apiVersion} ${format.includeObject} ${format.isPretty}`;
}
