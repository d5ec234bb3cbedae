import {
  encodeJson,
  encodePretty,
  encodeProtobuf,
  encodeYaml,
  type JsonObject,
  type JsonValue,
  type KubeObject,
  objectOf,
  partialMetadata,
} from '../machinery/mod.ts';
import type { ListedObject } from '../store/mod.ts';
import type { Format } from './format.ts';
import type { ListPlan } from './list.ts';
import { tableRowOf, type View } from './render.ts';
import { decodeRow, isServedAsStored } from './row-codec.ts';
import { type Splice, spliceBytesMax, writeSplice } from './splice.ts';
import { apiVersionOf } from './target.ts';

const COMMA = 0x2c;

/**
 * Writes a list piece by piece. Without a limit the metadata comes first; a page can only know its
 * continue token at the end, and so its metadata comes last: JSON objects have no order.
 *
 * Media types that cannot be written in pieces (YAML, protobuf, indented JSON) are collected.
 */
export class ListWriter {
  readonly #plan: ListPlan;
  readonly #view: View;
  readonly #isStreamed: boolean;
  readonly #collected: JsonValue[] = [];
  #count = 0;

  constructor(options: { readonly plan: ListPlan; readonly format: Format; readonly nowMs: number }) {
    const { plan, format, nowMs } = options;
    this.#plan = plan;
    this.#view = { definition: plan.resource.definition, version: plan.resource.version.name, format, nowMs };
    this.#isStreamed = format.media === 'json' && !format.isPretty;
  }

  /** Objects written so far. */
  get count(): number {
    return this.#count;
  }

  head(): Buffer {
    if (!this.#isStreamed) return Buffer.alloc(0);
    const head = encodeJson(this.#envelope());
    const metadata = this.#plan.limit === 0 ? `,"metadata":${encodeJson(this.#metadata({}))}` : '';
    return Buffer.from(`${head.slice(0, -1)}${metadata},"${this.#itemsKey}":[`);
  }

  items(objects: readonly ListedObject[]): Buffer {
    const isFirst = this.#count === 0;
    this.#count += objects.length;
    if (!this.#isStreamed) {
      for (const { key, row } of objects) {
        const { definition, version } = this.#view;
        this.#collected.push(this.#itemOf(decodeRow({ definition, version, key, row })));
      }
      return Buffer.alloc(0);
    }
    return this.#view.format.as === 'Object'
      ? this.#spliced(objects, isFirst)
      : this.#encoded(objects, isFirst);
  }

  tail(page: { readonly continueToken?: string; readonly remaining?: number }): Buffer {
    if (this.#isStreamed) {
      const metadata = this.#plan.limit === 0 ? '' : `,"metadata":${encodeJson(this.#metadata(page))}`;
      return Buffer.from(`]${metadata}}\n`);
    }
    const object = this.#envelope();
    object['metadata'] = this.#metadata(page);
    object[this.#itemsKey] = this.#collected;
    const { media } = this.#view.format;
    if (media === 'protobuf') return Buffer.from(encodeProtobuf(object));
    return Buffer.from(media === 'yaml' ? encodeYaml(object) : encodePretty(object));
  }

  get #itemsKey(): string {
    return this.#view.format.as === 'Table' ? 'rows' : 'items';
  }

  #envelope(): JsonObject {
    const { definition, version, format } = this.#view;
    switch (format.as) {
      case 'Table': {
        const columns = definition.printer(version).columns.map((column) => objectOf({ ...column }));
        return objectOf({ apiVersion: format.apiVersion, columnDefinitions: columns, kind: 'Table' });
      }
      case 'Object':
        return objectOf({
          apiVersion: apiVersionOf(definition.group, version),
          kind: definition.names.listKind,
        });
      default:
        return objectOf({ apiVersion: format.apiVersion, kind: 'PartialObjectMetadataList' });
    }
  }

  #metadata(page: { readonly continueToken?: string; readonly remaining?: number }): JsonObject {
    return objectOf({
      resourceVersion: String(this.#plan.revision),
      continue: page.continueToken,
      remainingItemCount: page.remaining,
    });
  }

  /** Stored bytes as they are, all of a batch in one buffer. */
  #spliced(objects: readonly ListedObject[], isFirst: boolean): Buffer {
    const { definition, version } = this.#view;
    const { cluster } = this.#plan.resource.target;
    // Upstream's typed lists leave out the items' kind and apiVersion; unstructured ones keep them.
    const skipTypes = definition.origin === 'builtin';
    const parts = objects.map((object): Splice | Buffer =>
      isServedAsStored(definition, version, object.row)
        ? { row: object.row, cluster, skipTypes }
        : Buffer.from(
            encodeJson(this.#itemOf(decodeRow({ definition, version, key: object.key, row: object.row }))),
          ),
    );
    const sizeBytesMax = parts.reduce(
      (sum, part) => sum + 1 + ('row' in part ? spliceBytesMax(part) : part.length),
      0,
    );
    const target = Buffer.allocUnsafe(sizeBytesMax);
    let offset = 0;
    parts.forEach((part, index) => {
      if (index > 0 || !isFirst) target[offset++] = COMMA;
      offset = 'row' in part ? writeSplice(target, offset, part) : offset + part.copy(target, offset);
    });
    return target.subarray(0, offset);
  }

  #encoded(objects: readonly ListedObject[], isFirst: boolean): Buffer {
    const { definition, version } = this.#view;
    const texts = objects.map(({ key, row }) =>
      encodeJson(this.#itemOf(decodeRow({ definition, version, key, row }))),
    );
    return Buffer.from((isFirst ? '' : ',') + texts.join(','));
  }

  #itemOf(object: KubeObject): JsonObject {
    const { format, definition } = this.#view;
    if (format.as === 'Table') return tableRowOf(this.#view, object);
    if (format.as === 'PartialObjectMetadataList') return partialMetadata(object, format.apiVersion);
    if (definition.origin === 'builtin' && format.media === 'json') return withoutTypes(object);
    return object;
  }
}

function withoutTypes(object: KubeObject): JsonObject {
  const { apiVersion: _apiVersion, kind: _kind, ...rest } = object;
  return objectOf(rest);
}
