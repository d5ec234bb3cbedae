import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import type { LogicalCluster } from '../../base/mod.ts';
import type { DigestSummary } from '../../convergent/mod.ts';
import {
  decodeDigests,
  decodeDocuments,
  encodeDigests,
  encodeDocuments,
  type SentDocument,
} from './messages.ts';

const file = fileURLToPath(
  new URL('../../../proto/antipode/replication/v1/convergence.proto', import.meta.url),
);
const schema = new protobuf.Root().loadSync(file, { keepCase: true });
const digestType = schema.lookupType('antipode.replication.v1.DigestMessage');
const documentType = schema.lookupType('antipode.replication.v1.DocumentMessage');

const text = fc.string({ maxLength: 12 });
const bytes = fc.uint8Array({ maxLength: 20 }).map((each) => Buffer.from(each));
const digests = fc.uniqueArray(fc.tuple(text, bytes), { selector: ([name]) => name, maxLength: 4 });
const summary: fc.Arbitrary<DigestSummary> = fc
  .tuple(fc.boolean(), text, digests)
  .map(([isSums, prefix, all]) =>
    isSums
      ? { form: 'sums', prefix, sums: new Map(all) }
      : { form: 'documents', prefix, documents: new Map(all) },
  );
const document: fc.Arbitrary<SentDocument> = fc
  .record({ texts: fc.array(text, { minLength: 7, maxLength: 7 }), document: bytes, remembered: text })
  .chain(({ texts, document: state, remembered }) => {
    const [cluster, group, resource, identity, namespace, name, uid] = texts as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const key = { cluster: cluster as LogicalCluster, group, resource, identity, namespace, name };
    const plain: SentDocument = { key, uid, document: state };
    return fc.constantFrom<SentDocument>(plain, { ...plain, remembered });
  });

/** Written again by a reader of the schema: what it loses, the next reader misses. */
function throughSchema(type: protobuf.Type, encoded: Uint8Array): Uint8Array {
  return type.encode(type.decode(encoded)).finish();
}

test('comparisons are written as the schema says, and read as they were written', () => {
  fc.assert(
    fc.property(
      fc.array(summary, { maxLength: 3 }),
      fc.array(text, { maxLength: 3 }),
      (summaries, differing) => {
        const message = { summaries, differing };
        const encoded = encodeDigests(message);
        expect(decodeDigests(encoded)).toEqual(message);
        expect(decodeDigests(throughSchema(digestType, encoded))).toEqual(message);
      },
    ),
  );
});

test('documents are written as the schema says, and read as they were written', () => {
  fc.assert(
    fc.property(
      fc.array(document, { maxLength: 3 }),
      fc.array(text, { maxLength: 3 }),
      (documents, wanted) => {
        const message = { documents, wanted };
        const encoded = encodeDocuments(message);
        expect(decodeDocuments(encoded)).toEqual(message);
        expect(decodeDocuments(throughSchema(documentType, encoded))).toEqual(message);
      },
    ),
  );
});

test('what is no such message is refused', () => {
  expect(() => decodeDigests(Buffer.from('no message'))).toThrow();
  expect(() => decodeDocuments(Buffer.from([10, 200]))).toThrow();
});
