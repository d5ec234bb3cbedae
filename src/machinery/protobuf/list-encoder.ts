import protobuf from 'protobufjs/minimal.js';
import { assert } from '../../base/mod.ts';
import { type JsonObject, objectOf } from '../json-value.ts';
import { type Message, messageOfKind } from './descriptor.ts';
import { encodeFields } from './encoder.ts';
import { envelopeAround } from './envelope.ts';
import { asBuffer } from './wire.ts';

/**
 * Encodes a list whose items come in batches. The bytes are those of `encodeProtobuf` for the whole list, but
 * only their encoded form is kept. All of it has to be: its length stands at the beginning.
 */
export class ProtobufListEncoder {
  readonly #apiVersion: string;
  readonly #kind: string;
  readonly #itemsOnly: Message;
  readonly #allButItems: Message;
  readonly #chunks: Uint8Array[] = [];
  #sizeBytes = 0;

  /** The kind must be a list that has a protobuf form. */
  constructor({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }) {
    const message = messageOfKind(apiVersion, kind);
    assert(message !== undefined, `${kind} in ${apiVersion} has no protobuf form`);
    this.#apiVersion = apiVersion;
    this.#kind = kind;
    const isItems = ({ name }: { readonly name: string }) => name === 'items';
    this.#itemsOnly = { ...message, fields: message.fields.filter(isItems) };
    this.#allButItems = { ...message, fields: message.fields.filter((field) => !isItems(field)) };
    // Lists hold their items behind everything else, so that the pieces can be put one behind the other.
    assert(isItems(message.fields.at(-1)!), `${kind} in ${apiVersion} is no list`);
  }

  /** Of the items so far. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  add(items: readonly JsonObject[]): void {
    const writer = protobuf.Writer.create();
    encodeFields(writer, this.#itemsOnly, objectOf({ items: [...items] }));
    const chunk = writer.finish();
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
  }

  /** The whole list in its envelope, in pieces. */
  finish(metadata: JsonObject): Buffer[] {
    const writer = protobuf.Writer.create();
    encodeFields(writer, this.#allButItems, objectOf({ metadata }));
    const first = writer.finish();
    const { head, tail } = envelopeAround(this.#apiVersion, this.#kind, first.length + this.#sizeBytes);
    return [head, first, ...this.#chunks, tail].map(asBuffer);
  }
}
