import type { LogicalCluster } from '../base/mod.ts';
import { type Definition, type ScalePaths, scaleDefinition } from '../definitions/mod.ts';
import {
  encodeJson,
  encodeObject,
  encodePretty,
  encodeProtobuf,
  encodeYaml,
  type JsonObject,
  type KubeObject,
  newNotAcceptable,
  parseJson,
  partialMetadata,
  tableOf,
  tableRow,
} from '../machinery/mod.ts';
import type { ObjectKey, Row } from '../store/mod.ts';
import type { Format } from './format.ts';
import type { RevisionForm } from './revision-form.ts';
import { decodeRow, isServedAsStored } from './row-codec.ts';
import { scalePathsOf, shownScale } from './scale-view.ts';
import { spliceObject } from './splice.ts';
import { type CollectionResource, payerOf } from './target.ts';

/** What is needed to show rows of one kind in one version. */
export interface View {
  /** On whose account webhooks are called. Every row says itself where it lies. */
  readonly cluster: LogicalCluster;
  readonly definition: Definition;
  readonly version: string;
  readonly format: Format;
  readonly revisions: RevisionForm;
  readonly nowMs: number;
  /** Objects are shown as their Scale. */
  readonly scale?: ScalePaths | undefined;
}

/** The view of a resource that a request has. */
export function viewOf(
  resource: CollectionResource,
  options: { readonly format: Format; readonly nowMs: number },
): View {
  const { definition, version, target, revisions } = resource;
  const scale = scalePathsOf(target, version);
  return { cluster: payerOf(target), definition, version: version.name, revisions, ...options, scale };
}

/** The bytes of one stored object. Plain JSON of what is stored anyway is copied, not parsed. */
export function renderRow(view: View, key: ObjectKey, row: Row): Buffer {
  const { definition, version, format, revisions } = view;
  if (view.scale !== undefined) {
    const scale = shownScale(decodeRow({ definition, version, key, row, revisions }), view.scale);
    return renderObject({ ...view, scale: undefined, definition: scaleDefinition, version: 'v1' }, scale);
  }
  if (format.as === 'Object' && format.media === 'json' && isServedAsStored(definition, version, row)) {
    const spliced = spliceObject({ row, cluster: key.cluster, revisions });
    return format.isPretty ? Buffer.from(encodePretty(parseJson(spliced).value)) : spliced;
  }
  return renderObject(view, decodeRow({ definition, version, key, row, revisions }));
}

/** The bytes of one object in the view's version. */
export function renderObject(view: View, object: KubeObject): Buffer {
  const { format } = view;
  switch (format.as) {
    case 'Object':
      return encodeIn(format, object);
    case 'Table':
      return encodeIn(format, tableOfObject(view, object, {}));
    case 'PartialObjectMetadata':
      return encodeIn(format, partialMetadata(object, format.apiVersion));
    case 'PartialObjectMetadataList':
      throw newNotAcceptable(
        `you requested PartialObjectMetadataList, but the requested object is not a list (${goType(view)})`,
      );
  }
}

/** One object as a table of one row. */
export function tableOfObject(
  view: View,
  object: KubeObject,
  options: { readonly omitColumns?: boolean },
): JsonObject {
  const printer = view.definition.printer(view.version);
  return tableOf({
    columns: printer.columns,
    rows: [tableRowOf(view, object)],
    metadata: object.metadata,
    apiVersion: view.format.apiVersion,
    ...options,
  });
}

/** The cells of one object, with as much of the object beside them as the client asked for. */
export function tableRowOf(view: View, object: KubeObject): JsonObject {
  const cells = view.definition.printer(view.version).cells(object, view.nowMs);
  const { includeObject, apiVersion } = view.format;
  if (includeObject === 'None') return tableRow(cells, null);
  return tableRow(cells, includeObject === 'Object' ? object : partialMetadata(object, apiVersion));
}

/** Any object of the wire in a media type. */
export function encodeIn(format: Pick<Format, 'media' | 'isPretty'>, object: JsonObject): Buffer {
  switch (format.media) {
    case 'json':
      if (format.isPretty) return Buffer.from(encodePretty(object));
      return Buffer.from('metadata' in object ? encodeObject(object as KubeObject) : encodeJson(object));
    case 'yaml':
      return Buffer.from(encodeYaml(object));
    case 'protobuf':
      return Buffer.from(encodeProtobuf(object));
  }
}

/** Roughly what upstream prints as the Go type of an object, in an error text that nobody parses. */
export function goType(view: Pick<View, 'definition' | 'version'>): string {
  return `*${view.version}.${view.definition.names.kind}`;
}
