import type { DocumentMerger } from '../../api/mod.ts';
import { limits, type RegionName } from '../../base/mod.ts';
import { compareDigests, summarise } from '../../convergent/mod.ts';
import { collect, QuestionRefused, type Transport } from '../../replication/mod.ts';
import type { ObjectStore } from '../../store/mod.ts';
import { digestEntry, documentsOf, type PlacedDigest } from './document-walk.ts';
import { sentDocument } from './followed-region.ts';
import {
  type DigestMessage,
  type DocumentMessage,
  decodeDigests,
  decodeDocuments,
  encodeDigests,
  encodeDocuments,
  type SentDocument,
} from './messages.ts';

const DIGESTS_TOPIC = 'convergent-digests';
const DOCUMENTS_TOPIC = 'convergent-documents';
const TIMEOUT_MS = 10_000;
/** From everything to one document there are no more steps than that; what is left is found the next time. */
const ROUNDS_MAX = 16;
/** Documents in one message, of which each may be as large as a document can be. */
const MESSAGE_BYTES_MAX = 3 * 1024 * 1024;
const MESSAGE_DOCUMENTS_MAX = 64;
/** Walking all documents for somebody else takes time: two at once will do. */
const ANSWERS_AT_ONCE_MAX = 2;

/**
 * Compares with other regions what both have, and exchanges what differs: the streams bring everything as a rule, and this
 * finds what they have not. A few kilobytes where nothing differs.
 */
export class DigestRepair {
  readonly #options: {
    readonly transport: Transport;
    readonly store: ObjectStore;
    readonly merger: DocumentMerger;
  };
  readonly #stops: readonly (() => void)[];

  constructor(options: {
    readonly transport: Transport;
    readonly store: ObjectStore;
    readonly merger: DocumentMerger;
  }) {
    this.#options = options;
    const { transport } = options;
    this.#stops = [
      transport.serve({
        topic: DIGESTS_TOPIC,
        isForRegion: true,
        atOnceMax: ANSWERS_AT_ONCE_MAX,
        answer: async ({ body }) => this.#compareFor(readable(() => decodeDigests(body))),
      }),
      transport.serve({
        topic: DOCUMENTS_TOPIC,
        isForRegion: true,
        atOnceMax: ANSWERS_AT_ONCE_MAX,
        answer: async ({ body, from }) =>
          this.#exchangeFor(
            readable(() => decodeDocuments(body)),
            from.region,
          ),
      }),
    ];
  }

  /** Resolves with how many documents were exchanged; undefined when the region cannot be asked now. */
  async repair(region: RegionName): Promise<number | undefined> {
    const entries = await this.#entries();
    const differing = new Set<string>();
    let message: DigestMessage = { summaries: [summarise(entries.values())], differing: [] };
    for (let round = 0; round < ROUNDS_MAX && message.summaries.length > 0; round++) {
      const answer = await this.#ask(region, DIGESTS_TOPIC, encodeDigests(message));
      if (answer === undefined) return undefined;
      const theirs = decodeDigests(answer);
      const ours = compareDigests(() => entries.values(), theirs.summaries);
      for (const uid of [...theirs.differing, ...ours.differing]) differing.add(uid);
      message = { summaries: ours.answer, differing: [] };
    }
    return this.#exchange(region, [...differing], entries);
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  async #exchange(
    region: RegionName,
    uids: readonly string[],
    entries: ReadonlyMap<string, PlacedDigest>,
  ): Promise<number | undefined> {
    let from = 0;
    while (from < uids.length) {
      const documents: SentDocument[] = [];
      const wanted: string[] = [];
      for (let bytes = 0; from < uids.length && wanted.length < MESSAGE_DOCUMENTS_MAX; from++) {
        const uid = uids[from]!;
        const own = this.#documentOf(entries.get(uid));
        bytes += own?.document.byteLength ?? 0;
        if (wanted.length > 0 && bytes > MESSAGE_BYTES_MAX) break;
        if (own !== undefined) documents.push(own);
        wanted.push(uid);
      }
      const answer = await this.#ask(region, DOCUMENTS_TOPIC, encodeDocuments({ documents, wanted }));
      if (answer === undefined) return undefined;
      await this.#mergeAll(decodeDocuments(answer).documents, region);
    }
    return uids.length;
  }

  async #compareFor({ summaries }: DigestMessage): Promise<Uint8Array> {
    const entries = await this.#entries();
    const { answer, differing } = compareDigests(() => entries.values(), summaries);
    return encodeDigests({ summaries: answer, differing });
  }

  async #exchangeFor({ documents, wanted }: DocumentMessage, region: RegionName): Promise<Uint8Array> {
    const own: SentDocument[] = [];
    let bytes = 0;
    const entries = await this.#entries();
    for (const uid of wanted.slice(0, MESSAGE_DOCUMENTS_MAX)) {
      const document = this.#documentOf(entries.get(uid));
      if (document === undefined) continue;
      bytes += document.document.byteLength;
      // What does not fit is found to differ the next time.
      if (own.length > 0 && bytes > MESSAGE_BYTES_MAX) break;
      own.push(document);
    }
    await this.#mergeAll(documents.slice(0, MESSAGE_DOCUMENTS_MAX), region);
    return encodeDocuments({ documents: own, wanted: [] });
  }

  async #mergeAll(documents: readonly SentDocument[], region: RegionName): Promise<void> {
    for (const document of documents) await this.#options.merger.merge({ ...document, region });
  }

  #documentOf(entry: PlacedDigest | undefined): SentDocument | undefined {
    const row = entry && this.#options.store.get(entry.key);
    return row && row.uid === entry!.uid ? sentDocument(entry!.key, row) : undefined;
  }

  async #entries(): Promise<ReadonlyMap<string, PlacedDigest>> {
    const entries = new Map<string, PlacedDigest>();
    for await (const document of documentsOf(this.#options.store)) {
      const entry = digestEntry(document);
      entries.set(entry.uid, entry);
    }
    return entries;
  }

  async #ask(region: RegionName, topic: string, body: Uint8Array): Promise<Uint8Array | undefined> {
    const { transport } = this.#options;
    const asked = await transport.ask({ to: { region }, topic, body, timeoutMs: TIMEOUT_MS });
    return asked.kind === 'answered' ? collect(asked.parts, limits.transportMessageBytesMax) : undefined;
  }
}

function readable<Message>(decode: () => Message): Message {
  try {
    return decode();
  } catch (error) {
    throw new QuestionRefused('the message cannot be read', { cause: error });
  }
}
