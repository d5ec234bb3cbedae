import {
  encodeJson,
  encodeProtobuf,
  encodeWatchFrame,
  type JsonObject,
  type KubeObject,
  objectOf,
  partialMetadata,
} from '../machinery/mod.ts';
import { type ListedObject, type Row, type StoreEvent, withRevision } from '../store/mod.ts';
import { type Format, formatKey } from './format.ts';
import { encodeIn, renderRow, tableOfObject, type View } from './render.ts';
import { decodeRow } from './row-codec.ts';
import type { Selection } from './selection.ts';
import { apiVersionOf, type CollectionResource, payerOf } from './target.ts';

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';

const INITIAL_END_ANNOTATION = 'k8s.io/initial-events-end';

// The bytes that one batch of events has in one encoding, shared by all watchers that want the same. The
// batch is the array that the feed hands to all of them, and takes its bytes along when it goes.
const sharedBytes = new WeakMap<readonly StoreEvent[], Map<string, Buffer | undefined>>();

/** Turns changes into the frames of one watch. */
export class WatchEncoder {
  readonly #resource: CollectionResource;
  readonly #selection: Selection;
  readonly #namespace: string | undefined;
  readonly #format: Format;
  readonly #nowMs: () => number;
  readonly #key: string;
  #hasSentColumns: boolean;

  constructor(options: {
    readonly resource: CollectionResource;
    readonly selection: Selection;
    readonly namespace: string | undefined;
    readonly format: Format;
    readonly nowMs: () => number;
  }) {
    const { resource, selection, format } = options;
    this.#resource = resource;
    this.#selection = selection;
    this.#namespace = options.namespace;
    this.#format = format;
    this.#nowMs = options.nowMs;
    this.#hasSentColumns = format.as !== 'Table';
    const { definition, version, target, revisions } = resource;
    this.#key = [
      revisions.name,
      definition.hash,
      version.name,
      formatKey(format),
      options.namespace,
      target.name,
      selection.text,
    ].join('\n');
  }

  /** The frames of a batch of changes, as far as this watch sees them; undefined when it sees none. */
  encode(events: readonly StoreEvent[]): Buffer | undefined {
    // The first table of a watch carries the columns, so its bytes are nobody else's.
    if (!this.#hasSentColumns) return this.#encodeAll(events);
    let byKey = sharedBytes.get(events);
    if (byKey === undefined) {
      byKey = new Map();
      sharedBytes.set(events, byKey);
    } else if (byKey.has(this.#key)) {
      return byKey.get(this.#key);
    }
    const bytes = this.#encodeAll(events);
    byKey.set(this.#key, bytes);
    return bytes;
  }

  /** Synthetic ADDED frames for what is there when a watch begins. */
  added(objects: readonly ListedObject[]): Buffer | undefined {
    const frames: Buffer[] = [];
    for (const { key, row } of objects) {
      if (this.#sees(key.namespace) && this.#selection.matches(key, row))
        frames.push(this.#frame('ADDED', key, row));
    }
    return frames.length === 0 ? undefined : Buffer.concat(frames);
  }

  bookmark(revision: number, options: { readonly isInitialEnd: boolean }): Buffer {
    const { definition, version, revisions } = this.#resource;
    const resourceVersion = revisions.ofState(revision);
    const annotations = options.isInitialEnd ? objectOf({ [INITIAL_END_ANNOTATION]: 'true' }) : undefined;
    const object = objectOf({
      kind: definition.names.kind,
      apiVersion: apiVersionOf(definition.group, version.name),
      metadata: objectOf({ resourceVersion, annotations }),
    }) as KubeObject;
    const { format } = this.#view();
    if (format.as === 'Table') {
      const row = objectOf({ cells: [], object: partialMetadata(object, format.apiVersion) });
      const table = objectOf({
        kind: 'Table',
        apiVersion: format.apiVersion,
        metadata: objectOf({ resourceVersion }),
        columnDefinitions: null,
        rows: [row],
      });
      return this.#wrap('BOOKMARK', encodeIn(format, table));
    }
    const shown = format.as === 'Object' ? object : partialMetadata(object, format.apiVersion);
    return this.#wrap('BOOKMARK', encodeIn({ ...format, isPretty: false }, shown));
  }

  error(status: JsonObject): Buffer {
    if (this.#format.media === 'protobuf') return this.#wrap('ERROR', Buffer.from(encodeProtobuf(status)));
    return this.#wrap('ERROR', Buffer.from(encodeJson(status)));
  }

  #encodeAll(events: readonly StoreEvent[]): Buffer | undefined {
    const frames: Buffer[] = [];
    for (const event of events) {
      const frame = this.#frameOf(event);
      if (frame !== undefined) frames.push(frame);
    }
    if (frames.length === 0) return undefined;
    return frames.length === 1 ? frames[0] : Buffer.concat(frames);
  }

  /** An object that enters the selection is ADDED, one that leaves it is DELETED in its last state. */
  #frameOf(event: StoreEvent): Buffer | undefined {
    const { key, oldRow, newRow, revision } = event;
    if (!this.#sees(key.namespace)) return undefined;
    const wasSeen = oldRow !== undefined && this.#selection.matches(key, oldRow);
    const isSeen = newRow !== undefined && this.#selection.matches(key, newRow);
    if (isSeen) return this.#frame(wasSeen ? 'MODIFIED' : 'ADDED', key, newRow);
    return wasSeen ? this.#frame('DELETED', key, withRevision(oldRow, revision)) : undefined;
  }

  #frame(type: EventType, key: StoreEvent['key'], row: Row): Buffer {
    const view = this.#view();
    if (view.format.as !== 'Table') return this.#wrap(type, renderRow(view, key, row));
    const object = decodeRow({ ...view, key, row });
    const table = tableOfObject(view, object, { omitColumns: this.#hasSentColumns });
    this.#hasSentColumns = true;
    return this.#wrap(type, encodeIn(view.format, table));
  }

  #wrap(type: EventType, object: Buffer): Buffer {
    if (this.#format.media === 'protobuf') return Buffer.from(encodeWatchFrame(type, object));
    const head = `{"type":"${type}","object":`;
    const frame = Buffer.allocUnsafe(head.length + object.length + 2);
    frame.write(head, 0, 'latin1');
    object.copy(frame, head.length);
    frame.write('}\n', head.length + object.length, 'latin1');
    return frame;
  }

  #view(): View {
    const { target, definition, version, revisions } = this.#resource;
    // Frames are separated by newlines, so they are never indented.
    return {
      cluster: payerOf(target),
      definition,
      version: version.name,
      revisions,
      format: { ...this.#format, isPretty: false },
      nowMs: this.#nowMs(),
    };
  }

  #sees(namespace: string): boolean {
    return !this.#namespace || this.#namespace === namespace;
  }
}
