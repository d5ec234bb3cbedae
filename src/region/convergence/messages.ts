import protobuf from 'protobufjs/minimal.js';
import type { IncomingDocument } from '../../api/mod.ts';
import type { LogicalCluster } from '../../base/mod.ts';
import type { DigestSummary } from '../../convergent/mod.ts';
import { readFields } from '../../replication/mod.ts';

const { Writer } = protobuf;
const NO_BYTES = Buffer.alloc(0);

/** A comparison of what two regions have, as it goes to and fro: proto/antipode/replication/v1/convergence.proto. */
export interface DigestMessage {
  readonly summaries: readonly DigestSummary[];
  readonly differing: readonly string[];
}

/** A document with all that is needed to merge it, but for whom it came from. */
export type SentDocument = Omit<IncomingDocument, 'region'>;

export interface DocumentMessage {
  readonly documents: readonly SentDocument[];
  readonly wanted: readonly string[];
}

export function encodeDigests({ summaries, differing }: DigestMessage): Uint8Array {
  const writer = Writer.create();
  for (const summary of summaries) {
    writer.uint32(10).fork().uint32(10).string(summary.prefix);
    if (summary.form === 'sums') writer.uint32(16).bool(true);
    const digests = summary.form === 'sums' ? summary.sums : summary.documents;
    for (const name of digests.keys()) writer.uint32(26).string(name);
    for (const digest of digests.values()) writer.uint32(34).bytes(digest);
    writer.ldelim();
  }
  for (const uid of differing) writer.uint32(18).string(uid);
  return writer.finish();
}

/** Throws for what is no such message, as does the other one. */
export function decodeDigests(bytes: Uint8Array): DigestMessage {
  const summaries: DigestSummary[] = [];
  const differing: string[] = [];
  readFields(bytes, (reader, field) => {
    if (field === 1) summaries.push(readSummary(reader.bytes()));
    else if (field === 2) differing.push(reader.string());
    else return false;
    return true;
  });
  return { summaries, differing };
}

function readSummary(bytes: Uint8Array): DigestSummary {
  const names: string[] = [];
  const digests: Uint8Array[] = [];
  let prefix = '';
  let isSums = false;
  readFields(bytes, (reader, field) => {
    if (field === 1) prefix = reader.string();
    else if (field === 2) isSums = reader.bool();
    else if (field === 3) names.push(reader.string());
    else if (field === 4) digests.push(reader.bytes());
    else return false;
    return true;
  });
  const byName = new Map(names.map((name, index) => [name, digests[index] ?? NO_BYTES]));
  return isSums ? { form: 'sums', prefix, sums: byName } : { form: 'documents', prefix, documents: byName };
}

export function encodeDocuments({ documents, wanted }: DocumentMessage): Uint8Array {
  const writer = Writer.create();
  for (const { key, uid, document, remembered } of documents) {
    writer.uint32(10).fork();
    writer.uint32(10).string(key.cluster).uint32(18).string(key.group).uint32(26).string(key.resource);
    writer.uint32(34).string(key.identity).uint32(42).string(key.namespace).uint32(50).string(key.name);
    writer.uint32(58).string(uid).uint32(66).bytes(document);
    if (remembered !== undefined) writer.uint32(74).string(remembered);
    writer.ldelim();
  }
  for (const uid of wanted) writer.uint32(18).string(uid);
  return writer.finish();
}

export function decodeDocuments(bytes: Uint8Array): DocumentMessage {
  const documents: SentDocument[] = [];
  const wanted: string[] = [];
  readFields(bytes, (reader, field) => {
    if (field === 1) documents.push(readDocument(reader.bytes()));
    else if (field === 2) wanted.push(reader.string());
    else return false;
    return true;
  });
  return { documents, wanted };
}

function readDocument(bytes: Uint8Array): SentDocument {
  const texts: string[] = ['', '', '', '', '', '', ''];
  let document: Uint8Array = NO_BYTES;
  let remembered: string | undefined;
  readFields(bytes, (reader, field) => {
    if (field >= 1 && field <= texts.length) texts[field - 1] = reader.string();
    else if (field === 8) document = reader.bytes();
    else if (field === 9) remembered = reader.string();
    else return false;
    return true;
  });
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
  return { key, uid, document, ...(remembered === undefined ? {} : { remembered }) };
}
