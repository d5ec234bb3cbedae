import protobuf from 'protobufjs/minimal.js';
import { assert, type Revision } from '../base/mod.ts';

const { Reader, Writer } = protobuf;

/** What is kept of one object: its bytes, and beside them what lists and watches need without parsing. */
export interface Row {
  readonly revision: Revision;
  readonly uid: string;
  /** Hash of the definition that wrote the bytes. */
  readonly definitionHash: string;
  /** The object's JSON without resourceVersion. */
  readonly json: Buffer;
  /** Offset in `json` just after `"metadata":{`, where resourceVersion is spliced in. */
  readonly metadataOffset: number;
  /** Whether `json` continues at that offset with `"annotations":{`. */
  readonly isAnnotated: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Values of selectable fields by label, and the server's own (their names begin with a dot). */
  readonly fields: Readonly<Record<string, string>>;
  readonly owners: readonly string[];
  /** Of a convergent object: the state of the document that `json` was made of, which other regions merge. */
  readonly document?: Uint8Array | undefined;
}

const NO_TEXTS: readonly string[] = Object.freeze([]);

/** A row as a write proposes it: its revision comes from the sequencer. */
export type NewRow = Omit<Row, 'revision'>;

/**
 * The server's own field with the names that an object takes in its logical cluster, so that it is found by one read:
 * a line each. Whoever writes sees to it that no other object has taken them.
 */
export const ALIASES_FIELD = '.aliases';
/** The server's own field with the things anywhere that an object refers to, so that all who do are found. */
export const REFERENCES_FIELD = '.references';

/**
 * The server's own field with what an object does not say and no later write is to lose: each keeps what the one before
 * has left, unless it knows better.
 */
export const REMEMBERED_FIELD = '.remembered';

/** What a write leaves beside an object that says nothing of it: what was there. */
export function withRemembered<Kept extends Pick<NewRow, 'fields'>>(
  row: Kept,
  text: string | undefined,
  before: Pick<Row, 'fields'> | undefined,
): Kept {
  const kept = text ?? before?.fields[REMEMBERED_FIELD];
  return kept === undefined ? row : { ...row, fields: { ...row.fields, [REMEMBERED_FIELD]: kept } };
}

/** The texts of one of these fields. */
export function textsOfField(row: Pick<Row, 'fields'>, field: string): readonly string[] {
  const text = row.fields[field];
  return text === undefined || text === '' ? NO_TEXTS : text.split('\n');
}

/** The wire form of `Row` in proto/antipode/log/v1/log.proto. */
export function encodeRow(row: NewRow, revision: number): Uint8Array {
  return writeRow(Writer.create(), row, revision).finish();
}

export function writeRow(writer: protobuf.Writer, row: NewRow, revision: number): protobuf.Writer {
  writer.uint32(8).uint64(revision);
  writer.uint32(18).string(row.uid);
  writer.uint32(26).string(row.definitionHash);
  writer.uint32(34).bytes(row.json);
  writer.uint32(40).uint32(row.metadataOffset);
  if (row.isAnnotated) writer.uint32(48).bool(true);
  writePairs(writer, 58, row.labels);
  writePairs(writer, 66, row.fields);
  for (const owner of row.owners) writer.uint32(74).string(owner);
  if (row.document !== undefined) writer.uint32(82).bytes(row.document);
  return writer;
}

export function decodeRow(bytes: Uint8Array): Row {
  return readRow(Reader.create(bytes), bytes.length);
}

const NOTHING: Readonly<Record<string, string>> = Object.freeze(Object.create(null));
const NO_BYTES = Buffer.alloc(0);

export function readRow(reader: protobuf.Reader, length: number): Row {
  const end = reader.pos + length;
  let revision = 0;
  let uid = '';
  let definitionHash = '';
  let json: Uint8Array = NO_BYTES;
  let metadataOffset = 0;
  let isAnnotated = false;
  let labels: string[] | undefined;
  let fields: string[] | undefined;
  let owners: string[] | undefined;
  let document: Uint8Array | undefined;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag >>> 3) {
      case 1:
        revision = toNumber(reader.uint64());
        break;
      case 2:
        uid = reader.string();
        break;
      case 3:
        definitionHash = reader.string();
        break;
      case 4:
        json = reader.bytes();
        break;
      case 5:
        metadataOffset = reader.uint32();
        break;
      case 6:
        isAnnotated = reader.bool();
        break;
      case 7:
        labels ??= [];
        labels.push(reader.string());
        break;
      case 8:
        fields ??= [];
        fields.push(reader.string());
        break;
      case 9:
        owners ??= [];
        owners.push(reader.string());
        break;
      case 10:
        document = reader.bytes();
        break;
      default:
        reader.skipType(tag & 7);
    }
  }
  return new DecodedRow({
    revision: revision as Revision,
    uid,
    definitionHash,
    json: json as Buffer,
    metadataOffset,
    isAnnotated,
    labels,
    fields,
    owners: owners ?? NO_TEXTS,
    document,
  });
}

/** The same row at a revision: that of its change, or of the deletion that ended it. */
export function withRevision(row: NewRow, revision: Revision): Row {
  const { uid, definitionHash, json, metadataOffset, isAnnotated, labels, fields, owners, document } = row;
  const plain = { revision, uid, definitionHash, json, metadataOffset, isAnnotated, labels, fields, owners };
  return document === undefined ? plain : { ...plain, document };
}

/** A row whose labels and fields are made when somebody looks: most reads never do. */
class DecodedRow implements Row {
  readonly revision: Revision;
  readonly uid: string;
  readonly definitionHash: string;
  readonly json: Buffer;
  readonly metadataOffset: number;
  readonly isAnnotated: boolean;
  readonly owners: readonly string[];
  readonly document: Uint8Array | undefined;
  #labels: readonly string[] | Readonly<Record<string, string>> | undefined;
  #fields: readonly string[] | Readonly<Record<string, string>> | undefined;

  constructor(
    parts: Omit<Row, 'labels' | 'fields'> & {
      readonly labels: readonly string[] | undefined;
      readonly fields: readonly string[] | undefined;
    },
  ) {
    this.revision = parts.revision;
    this.uid = parts.uid;
    this.definitionHash = parts.definitionHash;
    this.json = parts.json;
    this.metadataOffset = parts.metadataOffset;
    this.isAnnotated = parts.isAnnotated;
    this.owners = parts.owners;
    this.document = parts.document;
    this.#labels = parts.labels;
    this.#fields = parts.fields;
  }

  get labels(): Readonly<Record<string, string>> {
    if (this.#labels === undefined || Array.isArray(this.#labels)) this.#labels = fromPairs(this.#labels);
    return this.#labels as Readonly<Record<string, string>>;
  }

  get fields(): Readonly<Record<string, string>> {
    if (this.#fields === undefined || Array.isArray(this.#fields)) this.#fields = fromPairs(this.#fields);
    return this.#fields as Readonly<Record<string, string>>;
  }
}

/** 64-bit numbers of ours are below 2^53; anything else is damage. */
export function toNumber(value: unknown): number {
  const long = value as { toNumber?(): number; low?: number; high?: number };
  const number = typeof value === 'number' ? value : (long.high! >>> 0) * 0x1_0000_0000 + (long.low! >>> 0);
  assert(Number.isSafeInteger(number), 'a stored number has 53 bits');
  return number;
}

function writePairs(writer: protobuf.Writer, tag: number, pairs: Readonly<Record<string, string>>): void {
  for (const key of Object.keys(pairs)) writer.uint32(tag).string(key).uint32(tag).string(pairs[key]!);
}

function fromPairs(pairs: readonly string[] | undefined): Readonly<Record<string, string>> {
  if (pairs === undefined) return NOTHING;
  const record: Record<string, string> = Object.create(null);
  for (let index = 0; index + 1 < pairs.length; index += 2) record[pairs[index]!] = pairs[index + 1]!;
  return record;
}
