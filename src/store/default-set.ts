import { hash } from 'node:crypto';
import protobuf from 'protobufjs/minimal.js';
import { assert, type LogicalCluster, reservedRevision } from '../base/mod.ts';
import type { ClusterDefaults } from './cluster-defaults.ts';
import { type CollectionKey, kindText, type ObjectKey, relativeKeyText } from './object-key.ts';
import { ALIASES_FIELD, decodeRow, type NewRow, REFERENCES_FIELD, textsOfField, writeRow } from './row.ts';

const { Reader, Writer } = protobuf;

/** Stands in the rows of a default set wherever a logical cluster's own objects have their uid. */
export const BLANK_UID = '00000000-0000-0000-0000-000000000000';
/** The same for the time of creation. Neither can be a uid or a time of a real object. */
export const BLANK_TIME = '0001-01-01T00:00:00Z';

/** An object that logical clusters begin with. */
export interface DefaultObject {
  readonly key: Omit<ObjectKey, 'cluster'>;
  /** With {@link BLANK_UID} and {@link BLANK_TIME} where uid and times belong. */
  readonly row: NewRow;
}

/** One object of a set, as bytes that need nothing but their blanks filled in. */
interface Template {
  readonly key: Omit<ObjectKey, 'cluster'>;
  readonly keyText: string;
  /** The encoded row behind its revision. */
  readonly bytes: Buffer;
  readonly uidOffsets: readonly number[];
  readonly timeOffsets: readonly number[];
}

/** What logical clusters begin with, in a fixed order. Immutable, and named by the hash of its bytes. */
export class DefaultSet {
  /** `DefaultSet` in proto/antipode/log/v1/log.proto. */
  readonly bytes: Buffer;
  /** Hexadecimal SHA-256 of the bytes. */
  readonly hash: string;
  readonly #templates: readonly Template[];
  readonly #indexes = new Map<string, number>();
  readonly #groups: readonly string[];
  /** By collection, in the order of keys. */
  readonly #collections = new Map<string, number[]>();
  /** What its objects take and refer to, which most sets have not. */
  readonly #aliases = new Map<string, number>();
  readonly #references = new Map<string, number[]>();

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes);
    this.hash = hash('sha256', this.bytes, 'hex');
    this.#templates = decodeTemplates(this.bytes);
    this.#templates.forEach(({ key, keyText }, index) => {
      assert(!this.#indexes.has(keyText), 'a default set has an object once');
      this.#indexes.set(keyText, index);
      const kind = kindText(key);
      this.#collections.set(kind, [...(this.#collections.get(kind) ?? []), index]);
      this.#noteNames(index);
    });
    this.#groups = [...new Set(this.#templates.map(({ key }) => key.group))];
    for (const lists of [this.#collections, this.#references]) {
      for (const indexes of lists.values()) indexes.sort((a, b) => this.#compareKeys(a, b));
    }
  }

  static of(objects: readonly DefaultObject[]): DefaultSet {
    assert(objects.length > 0, 'a default set has objects');
    const writer = Writer.create();
    for (const object of objects) writeObject(writer.uint32(10).fork(), object).ldelim();
    return new DefaultSet(writer.finish());
  }

  get count(): number {
    return this.#templates.length;
  }

  /** The keys of its objects without their logical cluster. */
  get keyTexts(): Iterable<string> {
    return this.#indexes.keys();
  }

  get kindTexts(): Iterable<string> {
    return this.#collections.keys();
  }

  /** The API groups that its objects are of. */
  get groups(): readonly string[] {
    return this.#groups;
  }

  /** The names that its objects take. */
  get aliases(): Iterable<string> {
    return this.#aliases.keys();
  }

  /** The things that its objects refer to. */
  get references(): Iterable<string> {
    return this.#references.keys();
  }

  /** The object that takes a name. */
  indexOfAlias(alias: string): number | undefined {
    return this.#aliases.get(alias);
  }

  /** The objects that refer to something, in the order of their keys. */
  indexesReferring(reference: string): readonly number[] {
    return this.#references.get(reference) ?? [];
  }

  /** Where in the set an object is. */
  indexOf(keyText: string): number | undefined {
    return this.#indexes.get(keyText);
  }

  /** Which of its objects a collection has, in the order of their keys. */
  indexesIn(collection: Omit<CollectionKey, 'cluster'>): readonly number[] {
    return this.#collections.get(kindText(collection)) ?? [];
  }

  keyOf(index: number, cluster: LogicalCluster): ObjectKey {
    // Not spread: this happens for every object of every logical cluster that is made.
    const { group, resource, identity, namespace, name } = this.#templates[index]!.key;
    return { cluster, group, resource, identity, namespace, name };
  }

  /** The bytes of the row that a logical cluster has of an object, just as a write would have stored them. */
  rowBytes(index: number, defaults: ClusterDefaults): Buffer {
    const { keyText, bytes, uidOffsets, timeOffsets } = this.#templates[index]!;
    const revision = encodeRevision(reservedRevision(defaults.firstRevision, index));
    const row = Buffer.allocUnsafe(revision.length + bytes.length);
    row.set(revision);
    row.set(bytes, revision.length);
    const uid = derivedUid(defaults.seed, keyText);
    for (const offset of uidOffsets) row.write(uid, revision.length + offset, 'latin1');
    for (const offset of timeOffsets) row.write(defaults.creationTime, revision.length + offset, 'latin1');
    return row;
  }

  #noteNames(index: number): void {
    const { bytes } = this.#templates[index]!;
    // Nearly no object has such fields, and need not be decoded.
    if (!bytes.includes(ALIASES_FIELD) && !bytes.includes(REFERENCES_FIELD)) return;
    const row = decodeRow(Buffer.concat([NO_REVISION, bytes]));
    for (const alias of textsOfField(row, ALIASES_FIELD)) this.#aliases.set(alias, index);
    for (const reference of textsOfField(row, REFERENCES_FIELD)) {
      this.#references.set(reference, [...(this.#references.get(reference) ?? []), index]);
    }
  }

  #compareKeys(a: number, b: number): number {
    return Buffer.compare(Buffer.from(this.#templates[a]!.keyText), Buffer.from(this.#templates[b]!.keyText));
  }
}

/** A uid that is the same wherever it is computed: a UUID of version 8 (RFC 9562). */
function derivedUid(seed: string, keyText: string): string {
  const bytes = hash('sha256', `${seed}\0${keyText}`, 'buffer');
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex', 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function encodeRevision(revision: number): Uint8Array {
  return Writer.create().uint32(8).uint64(revision).finish();
}

const NO_REVISION = encodeRevision(0);

function writeObject(writer: protobuf.Writer, { key, row }: DefaultObject): protobuf.Writer {
  writer.uint32(10).string(key.group);
  writer.uint32(18).string(key.resource);
  if (key.identity !== '') writer.uint32(26).string(key.identity);
  writer.uint32(34).string(key.namespace);
  writer.uint32(42).string(key.name);
  writeRow(writer.uint32(50).fork(), row, 0).ldelim();
  return writer;
}

function decodeTemplates(bytes: Buffer): Template[] {
  const reader = Reader.create(bytes);
  const templates: Template[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) templates.push(readTemplate(reader, reader.uint32()));
    else reader.skipType(tag & 7);
  }
  return templates;
}

function readTemplate(reader: protobuf.Reader, length: number): Template {
  const end = reader.pos + length;
  const key = { group: '', resource: '', identity: '', namespace: '', name: '' };
  let row: Buffer | undefined;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag >>> 3) {
      case 1:
        key.group = reader.string();
        break;
      case 2:
        key.resource = reader.string();
        break;
      case 3:
        key.identity = reader.string();
        break;
      case 4:
        key.namespace = reader.string();
        break;
      case 5:
        key.name = reader.string();
        break;
      case 6:
        row = reader.bytes() as Buffer;
        break;
      default:
        reader.skipType(tag & 7);
    }
  }
  assert(row?.subarray(0, NO_REVISION.length).equals(NO_REVISION) === true, 'a default object has a row');
  const bytes = row.subarray(NO_REVISION.length);
  return {
    key,
    keyText: relativeKeyText(key),
    bytes,
    uidOffsets: offsetsOf(bytes, BLANK_UID),
    timeOffsets: offsetsOf(bytes, BLANK_TIME),
  };
}

function offsetsOf(bytes: Buffer, text: string): number[] {
  const offsets: number[] = [];
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + text.length)) offsets.push(at);
  return offsets;
}
