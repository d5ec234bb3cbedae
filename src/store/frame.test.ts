import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import type { LogicalCluster, Revision } from '../base/mod.ts';
import { type ClusterDefaults, decodeDefaults, encodeDefaults } from './cluster-defaults.ts';
import { sampleKey, sampleRow, sampleSet } from './default-objects.suite.ts';
import { BLANK_TIME, BLANK_UID } from './default-set.ts';
import { decodeFrame, encodeFrame, type Frame, frameHash, NO_PREVIOUS_HASH } from './frame.ts';
import { decodeRow, encodeRow, type NewRow } from './row.ts';

const protoFile = fileURLToPath(new URL('../../proto/antipode/log/v1/log.proto', import.meta.url));
const schema = new protobuf.Root().loadSync(protoFile, { keepCase: true });
const frameType = schema.lookupType('antipode.log.v1.Frame');
const rowType = schema.lookupType('antipode.log.v1.Row');
const setType = schema.lookupType('antipode.log.v1.DefaultSet');

const text = fc.string({ maxLength: 6, unit: 'grapheme' });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(toBuffer);
const blob = fc.uint8Array({ maxLength: 20 }).map(toBuffer);
const number = fc.oneof(fc.nat(300), fc.maxSafeNat());
// Names from a user: also those that are something else on an ordinary object.
const pairs = fc
  .dictionary(fc.oneof(text, fc.constantFrom('__proto__', 'constructor')), text, {
    maxKeys: 4,
    noNullPrototype: false,
  })
  .map((entries) => Object.assign(Object.create(null), entries) as Record<string, string>);

const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const rowArbitrary: fc.Arbitrary<NewRow> = fc.record({
  uid: text,
  definitionHash: text,
  json: blob,
  metadataOffset: fc.nat(),
  isAnnotated: fc.boolean(),
  labels: pairs,
  fields: pairs,
  owners: fc.array(text, { maxLength: 3 }),
  document: optional(blob),
});
const defaultsArbitrary: fc.Arbitrary<ClusterDefaults> = fc.record({
  cluster: text.map((each) => each as LogicalCluster),
  setHash: bytes(32).map(hex),
  firstRevision: fc.nat(2 ** 40).map((each) => each as Revision),
  count: fc.integer({ min: 1, max: 99 }),
  seed: text,
  creationTime: text,
  superseded: blob,
});
const plainFrameArbitrary: fc.Arbitrary<Frame> = fc.record({
  shard: text,
  epoch: number,
  sequence: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  previousHash: bytes(32),
  commitId: bytes(16),
  mark: number,
  timeMs: number,
  actor: text,
  originRegion: text,
  changes: fc.array(
    fc.record({
      revision: number.map((each) => each as Revision),
      verb: fc.constantFrom('put' as const, 'delete' as const),
      key: fc.record({
        cluster: text.map((each) => each as LogicalCluster),
        group: text,
        resource: text,
        identity: text,
        namespace: text,
        name: text,
      }),
      row: rowArbitrary,
    }),
    { maxLength: 3 },
  ),
  work: fc.array(
    fc
      .record({
        controller: text,
        cluster: text.map((each) => each as LogicalCluster),
        key: text,
        payload: fc.option(blob, { nil: undefined }),
      })
      .map(({ payload, ...key }) => (payload === undefined ? key : { ...key, payload })),
    { maxLength: 3 },
  ),
  compactionFloor: number,
});
const setBytes = sampleSet(['configmaps/a/b', 'namespaces//a']).bytes;
const frameArbitrary: fc.Arbitrary<Frame> = fc
  .tuple(plainFrameArbitrary, optional(defaultsArbitrary), optional(fc.constant(setBytes)))
  .map(([frame, defaults, defaultSet]) => ({
    ...frame,
    ...(defaultSet && { defaultSet }),
    ...(defaults && { defaults }),
  }));

/** The frame as the schema describes it. */
function messageOf(frame: Frame): Record<string, unknown> {
  return {
    shard: frame.shard,
    epoch: frame.epoch,
    sequence: frame.sequence,
    previous_hash: hex(frame.previousHash),
    commit_id: hex(frame.commitId),
    mark: frame.mark,
    time_ms: frame.timeMs,
    actor: frame.actor,
    origin_region: frame.originRegion,
    changes: frame.changes.map(({ revision, verb, key, row }) => ({
      revision,
      verb: verb === 'put' ? 0 : 1,
      ...key,
      row: rowMessageOf(row, revision),
    })),
    work: frame.work.map(({ payload, ...key }) =>
      payload === undefined ? key : { ...key, payload: hex(payload) },
    ),
    compaction_floor: frame.compactionFloor,
    ...(frame.defaultSet && { default_set: read(setType, frame.defaultSet) }),
    ...(frame.defaults && { defaults: defaultsMessageOf(frame.defaults) }),
  };
}

function defaultsMessageOf(defaults: ClusterDefaults): Record<string, unknown> {
  return {
    cluster: defaults.cluster,
    set_hash: defaults.setHash,
    first_revision: defaults.firstRevision,
    count: defaults.count,
    seed: defaults.seed,
    creation_time: defaults.creationTime,
    superseded: hex(defaults.superseded),
  };
}

function rowMessageOf(row: NewRow, revision: number): Record<string, unknown> {
  return {
    revision,
    uid: row.uid,
    definition_hash: row.definitionHash,
    json: hex(row.json),
    metadata_offset: row.metadataOffset,
    annotated: row.isAnnotated,
    labels: Object.entries(row.labels).flat(),
    fields: Object.entries(row.fields).flat(),
    owners: [...row.owners],
    ...(row.document === undefined ? {} : { document: hex(row.document) }),
  };
}

function read(type: protobuf.Type, encoded: Uint8Array): Record<string, unknown> {
  const plain = type.toObject(type.decode(encoded), { defaults: true, arrays: true, longs: Number });
  return normal(plain) as Record<string, unknown>;
}

/** Bytes as hexadecimal, and without what an absent optional field is shown as. */
function normal(value: unknown): unknown {
  if (value instanceof Uint8Array) return hex(value);
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([name, each]) => each !== null && !name.startsWith('_'));
  return Object.fromEntries(entries.map(([name, each]) => [name, normal(each)]));
}

function write(type: protobuf.Type, message: Record<string, unknown>): Uint8Array {
  return type.encode(type.fromObject(message)).finish();
}

/** The message with real bytes in place of hexadecimal text. */
function encodable(frame: Frame): Record<string, unknown> {
  const message = messageOf(frame);
  return {
    ...message,
    previous_hash: frame.previousHash,
    commit_id: frame.commitId,
    changes: (message['changes'] as Record<string, unknown>[]).map((change, index) => ({
      ...change,
      row: { ...(change['row'] as object), ...bytesOf(frame.changes[index]!.row) },
    })),
    work: frame.work,
    ...(frame.defaultSet && { default_set: setType.decode(frame.defaultSet) }),
    ...(frame.defaults && {
      defaults: {
        ...defaultsMessageOf(frame.defaults),
        set_hash: Buffer.from(frame.defaults.setHash, 'hex'),
        superseded: frame.defaults.superseded,
      },
    }),
  };
}

function hex(value: Uint8Array): string {
  return Buffer.from(value).toString('hex');
}

/** What messages hold as bytes, and is compared in hexadecimal. */
function bytesOf({ json, document }: NewRow): Record<string, unknown> {
  return { json, ...(document === undefined ? {} : { document }) };
}

function toBuffer(value: Uint8Array): Buffer {
  return Buffer.from(value);
}

/** A decoded frame's rows carry their revision, and all its bytes may be views. */
function comparable(frame: Frame): unknown {
  return messageOf(frame);
}

describe('the codec of frames', () => {
  test('what it writes is what the schema reads', () => {
    fc.assert(
      fc.property(frameArbitrary, (frame) => {
        const message = read(frameType, encodeFrame(frame));
        // A resource with identity is one field more; an empty one is not written.
        expect(message).toEqual(messageOf(frame));
      }),
      { numRuns: 200 },
    );
  });

  test('what the schema writes is what it reads', () => {
    fc.assert(
      fc.property(frameArbitrary, (frame) => {
        expect(comparable(decodeFrame(write(frameType, encodable(frame))))).toEqual(comparable(frame));
      }),
      { numRuns: 200 },
    );
  });

  test('a frame survives its own round trip, byte for byte', () => {
    fc.assert(
      fc.property(frameArbitrary, (frame) => {
        const encoded = encodeFrame(frame);
        expect(encodeFrame(decodeFrame(encoded)).equals(encoded)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('defaults survive their own round trip, and a default set is what the schema reads', () => {
    fc.assert(
      fc.property(defaultsArbitrary, (defaults) => {
        expect(defaultsMessageOf(decodeDefaults(encodeDefaults(defaults)))).toEqual(
          defaultsMessageOf(defaults),
        );
      }),
    );
    const set = sampleSet(['configmaps/a/b']);
    expect(read(setType, set.bytes)).toEqual({
      objects: [
        { ...sampleKey('configmaps/a/b'), row: rowMessageOf(sampleRow('b', BLANK_UID, BLANK_TIME), 0) },
      ],
    });
  });

  test('a row is written and read as the schema says', () => {
    fc.assert(
      fc.property(rowArbitrary, number, (row, revision) => {
        const encoded = encodeRow(row, revision);
        expect(read(rowType, encoded)).toEqual(rowMessageOf(row, revision));
        const decoded = decodeRow(write(rowType, { ...rowMessageOf(row, revision), ...bytesOf(row) }));
        expect(rowMessageOf(decoded, decoded.revision)).toEqual(rowMessageOf(row, revision));
      }),
      { numRuns: 200 },
    );
  });

  test('fields that it does not know are passed over', () => {
    const frame = { ...plainFrame, changes: [] };
    const unknown = Buffer.from([0xa2, 0x06, 3, 1, 2, 3, 0xa8, 0x06, 7]);
    expect(decodeFrame(Buffer.concat([encodeFrame(frame), unknown]))).toMatchObject({
      sequence: 1,
      shard: 's',
    });
  });

  test('bytes that are not a frame are an error, never a frame', () => {
    const encoded = encodeFrame(plainFrame);
    expect(() => decodeFrame(new Uint8Array(0))).toThrow();
    expect(() => decodeFrame(Buffer.from('not a frame at all'))).toThrow();
    for (const length of [3, 20, encoded.length - 1])
      expect(() => decodeFrame(encoded.subarray(0, length))).toThrow();
  });

  test('numbers beyond 53 bits are damage', () => {
    const tooLarge = Buffer.concat([encodeFrame(plainFrame), Buffer.from([0x30, ...Array(9).fill(0xff), 1])]);
    expect(() => decodeFrame(tooLarge)).toThrow('53 bits');
  });

  test('the hash of a frame is the SHA-256 of its bytes', () => {
    expect(hex(frameHash(Buffer.from('abc')))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    expect(NO_PREVIOUS_HASH).toEqual(new Uint8Array(32));
  });
});

const plainFrame: Frame = {
  shard: 's',
  epoch: 1,
  sequence: 1,
  previousHash: NO_PREVIOUS_HASH,
  commitId: Buffer.alloc(16),
  mark: 0,
  timeMs: 5,
  actor: 'a',
  originRegion: 'r',
  changes: [],
  work: [],
  compactionFloor: 0,
};
