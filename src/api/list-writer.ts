import { assert, EVERYWHERE, limits } from '../base/mod.ts';
import {
  encodeJson,
  type JsonObject,
  type KubeObject,
  newObject,
  objectOf,
  ProtobufListEncoder,
  partialMetadata,
} from '../machinery/mod.ts';
import type { ListedObject } from '../store/mod.ts';
import type { Format } from './format.ts';
import type { ListPlan } from './list-plan.ts';
import { type ListSyntax, listSyntaxOf } from './list-syntax.ts';
import { tableRowOf, type View } from './render.ts';
import { decodeRow, isServedAsStored } from './row-codec.ts';
import { type Splice, spliceBytesMax, writeSplice } from './splice.ts';
import { apiVersionOf, payerOf } from './target.ts';

/** What is known only when the last item of a page is there. */
export interface PageEnd {
  readonly continueToken?: string;
  readonly remaining?: number;
}

/** Writes a list piece by piece. */
export interface ListWriter {
  /** Objects written so far. */
  readonly count: number;
  /** No more objects should be handed in: what is collected has reached its bound. */
  readonly isFull: boolean;
  /** What can be sent before any object is read; may be empty. */
  head(): Buffer;
  /** What can be sent for a batch of objects, at least one; may be empty. */
  items(objects: readonly ListedObject[]): Buffer;
  tail(page: PageEnd): readonly Buffer[];
}

interface WriterOptions {
  readonly plan: ListPlan;
  readonly format: Format;
  readonly nowMs: number;
}

export function createListWriter(options: WriterOptions): ListWriter {
  return options.format.media === 'protobuf' ? new CollectingWriter(options) : new StreamingWriter(options);
}

/**
 * JSON and YAML. Without a limit the metadata comes first; a page can only know its continue token at the end,
 * and so its metadata comes last.
 */
class StreamingWriter implements ListWriter {
  readonly #plan: ListPlan;
  readonly #view: View;
  readonly #syntax: ListSyntax;
  readonly #copiesRows: boolean;
  readonly isFull = false;
  #count = 0;

  constructor(options: WriterOptions) {
    const { format, plan } = options;
    this.#plan = plan;
    this.#view = viewOf(options);
    this.#syntax = listSyntaxOf(format);
    this.#copiesRows = format.media === 'json' && !format.isPretty && format.as === 'Object';
  }

  get count(): number {
    return this.#count;
  }

  head(): Buffer {
    const envelope = envelopeOf(this.#view);
    if (this.#plan.limit === 0) envelope['metadata'] = metadataOf(this.#plan, this.#view, {});
    const itemsKey = this.#view.format.as === 'Table' ? 'rows' : 'items';
    return Buffer.from(this.#syntax.open(envelope, itemsKey));
  }

  items(objects: readonly ListedObject[]): Buffer {
    const isFirst = this.#count === 0;
    this.#count += objects.length;
    if (this.#copiesRows) return this.#spliced(objects, isFirst);
    const items = objects.map((object) => itemOf(this.#view, object));
    return Buffer.from(this.#syntax.items(items, { isFirst }));
  }

  tail(page: PageEnd): readonly Buffer[] {
    const members =
      this.#plan.limit === 0 ? newObject() : objectOf({ metadata: metadataOf(this.#plan, this.#view, page) });
    return [Buffer.from(this.#syntax.close(members, { isEmpty: this.#count === 0 }))];
  }

  /** Stored bytes as they are, all of a batch in one buffer. */
  #spliced(objects: readonly ListedObject[], isFirst: boolean): Buffer {
    const { definition, version, revisions } = this.#view;
    const { cluster } = this.#plan.resource.target;
    // Upstream's typed lists leave out the items' kind and apiVersion; unstructured ones keep them.
    const skipTypes = definition.origin === 'builtin';
    const parts = objects.map((object): Splice | Buffer =>
      isServedAsStored(definition, version, object.row)
        ? {
            row: object.row,
            cluster: cluster === EVERYWHERE ? object.key.cluster : cluster,
            revisions,
            skipTypes,
          }
        : Buffer.from(encodeJson(itemOf(this.#view, object))),
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
}

const COMMA = 0x2c;

/** Protobuf, which begins with its length: the encoded items are kept until the last one is there. */
class CollectingWriter implements ListWriter {
  readonly #plan: ListPlan;
  readonly #view: View;
  readonly #encoder: ProtobufListEncoder;
  #count = 0;

  constructor(options: WriterOptions) {
    this.#plan = options.plan;
    this.#view = viewOf(options);
    const { apiVersion, kind } = envelopeOf(this.#view);
    assert(typeof apiVersion === 'string' && typeof kind === 'string', 'a list has apiVersion and kind');
    this.#encoder = new ProtobufListEncoder({ apiVersion, kind });
  }

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#encoder.sizeBytes > limits.pageBytesMax;
  }

  head(): Buffer {
    return Buffer.alloc(0);
  }

  items(objects: readonly ListedObject[]): Buffer {
    this.#count += objects.length;
    this.#encoder.add(objects.map((object) => itemOf(this.#view, object)));
    return Buffer.alloc(0);
  }

  tail(page: PageEnd): readonly Buffer[] {
    return this.#encoder.finish(metadataOf(this.#plan, this.#view, page));
  }
}

function viewOf({ plan, format, nowMs }: WriterOptions): View {
  const { target, definition, version, revisions } = plan.resource;
  return { cluster: payerOf(target), definition, version: version.name, revisions, format, nowMs };
}

/** Everything of the list but metadata and items. */
function envelopeOf({ definition, version, format }: View): JsonObject {
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

function metadataOf(plan: ListPlan, view: View, page: PageEnd): JsonObject {
  // Upstream's lists of custom resources are untyped, and leave nothing out.
  const noToken = view.definition.origin === 'crd' && view.format.as === 'Object' ? '' : undefined;
  return objectOf({
    resourceVersion: view.revisions.ofState(plan.revision),
    continue: page.continueToken ?? noToken,
    remainingItemCount: page.remaining,
  });
}

function itemOf(view: View, { key, row }: ListedObject): JsonObject {
  const { definition, version, format, revisions } = view;
  const object = decodeRow({ definition, version, key, row, revisions });
  if (format.as === 'Table') return tableRowOf(view, object);
  if (format.as === 'PartialObjectMetadataList') return partialMetadata(object, format.apiVersion);
  // As in the spliced items above.
  return definition.origin === 'builtin' ? withoutTypes(object) : object;
}

function withoutTypes(object: KubeObject): JsonObject {
  const { apiVersion: _apiVersion, kind: _kind, ...rest } = object;
  return objectOf(rest);
}
