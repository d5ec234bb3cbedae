import { createHash } from 'node:crypto';
import { limits } from '../base/mod.ts';
import { DIGEST_BYTES } from './document-digest.ts';
import type { Identity } from './identity.ts';

/** A document in the eyes of those who compare: where it is, and the digest of what it says. */
export interface DigestEntry {
  /** Its place among all documents (`digestPlace`). */
  readonly place: string;
  readonly uid: string;
  /** `documentDigest`, kept beside the row. */
  readonly digest: Uint8Array;
}

/** What one region says of all its documents whose places begin alike. Some kilobytes at most. */
export type DigestSummary =
  | {
      readonly form: 'sums';
      readonly prefix: string;
      /** By the next two digits of the place: the digests of all documents there, combined. */
      readonly sums: ReadonlyMap<string, Uint8Array>;
    }
  | {
      readonly form: 'documents';
      readonly prefix: string;
      /** The digests of all documents there, by uid. */
      readonly documents: ReadonlyMap<string, Uint8Array>;
    };

/** What came of a comparison. */
export interface DigestComparison {
  /** What to answer: a closer look at what differs. Empty when nothing does, or all that does is known. */
  readonly answer: readonly DigestSummary[];
  /** Documents that differ, or that one side does not have: both sides send the states that they have. */
  readonly differing: readonly string[];
}

/**
 * The place of a document: 24 hexadecimal digits, of which the first eight are those of its logical cluster and kind, so
 * that what belongs together is compared together.
 */
export function digestPlace(
  identity: Pick<Identity, 'logicalCluster' | 'group' | 'resource' | 'uid'>,
): string {
  const { logicalCluster, group, resource, uid } = identity;
  return (
    hexOf(`${logicalCluster}/${resource}.${group}`).slice(0, BUCKET_DIGITS) + hexOf(uid).slice(0, UID_DIGITS)
  );
}

/** How a comparison begins: the digests of everything, in some kilobytes. */
export function summarise(entries: Iterable<DigestEntry>): DigestSummary {
  const summary = new Summary('');
  for (const entry of entries) summary.add(entry);
  return summary.result();
}

/**
 * Compares what another region says with what is here. Regions that differ in one document find it after a handful of
 * messages. One answer has a bounded size; what does not fit in it is found the next time.
 *
 * @param entries all documents of this region; walked once or twice
 */
export function compareDigests(
  entries: () => Iterable<DigestEntry>,
  theirs: readonly DigestSummary[],
): DigestComparison {
  const looks = theirs.slice(0, limits.digestSummariesMax).map((summary) => new Look(summary));
  for (const entry of entries()) for (const look of looks) look.add(entry);
  const differing = new Set(looks.flatMap((look) => look.differing()));
  const prefixes = looks.flatMap((look) => look.prefixes()).slice(0, limits.digestSummariesMax);
  const answer = prefixes.map((prefix) => new Summary(prefix));
  if (answer.length > 0) for (const entry of entries()) for (const summary of answer) summary.add(entry);
  return {
    answer: answer.map((summary) => summary.result()),
    differing: [...differing].sort().slice(0, limits.digestDifferencesMax),
  };
}

const BUCKET_DIGITS = 8;
const UID_DIGITS = 16;
const STEP = 2;

/** The own summary of what is below a prefix. */
class Summary {
  readonly #prefix: string;
  readonly #sums = new Map<string, Uint8Array>();
  readonly #documents = new Map<string, Uint8Array>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  add({ place, uid, digest }: DigestEntry): void {
    if (!place.startsWith(this.#prefix)) return;
    addTo(this.#sums, nextDigits(place, this.#prefix), digest);
    if (this.#documents.size <= limits.digestDocumentsMax) this.#documents.set(uid, digest);
  }

  result(): DigestSummary {
    const prefix = this.#prefix;
    // Nothing is left to tell places apart by, once all of their digits are the same.
    const isLast = prefix.length >= BUCKET_DIGITS + UID_DIGITS;
    return this.#documents.size <= limits.digestDocumentsMax || isLast
      ? { form: 'documents', prefix, documents: this.#documents }
      : { form: 'sums', prefix, sums: this.#sums };
  }
}

/** One look at what somebody else says. */
class Look {
  readonly #theirs: DigestSummary;
  readonly #sums = new Map<string, Uint8Array>();
  readonly #other = new Set<string>();
  readonly #same = new Set<string>();

  constructor(theirs: DigestSummary) {
    this.#theirs = theirs;
  }

  add({ place, uid, digest }: DigestEntry): void {
    const { prefix } = this.#theirs;
    if (!place.startsWith(prefix)) return;
    if (this.#theirs.form === 'sums') addTo(this.#sums, nextDigits(place, prefix), digest);
    else (isSame(this.#theirs.documents.get(uid), digest) ? this.#same : this.#other).add(uid);
  }

  /** The documents that are known to differ. */
  differing(): readonly string[] {
    if (this.#theirs.form === 'sums') return [];
    const theirs = [...this.#theirs.documents.keys()].filter((uid) => !this.#same.has(uid));
    return [...theirs, ...this.#other];
  }

  /** Where to look closer. */
  prefixes(): readonly string[] {
    if (this.#theirs.form === 'documents') return [];
    const { prefix, sums } = this.#theirs;
    return [...new Set([...sums.keys(), ...this.#sums.keys()])]
      .filter((digits) => !isSame(sums.get(digits), this.#sums.get(digits)))
      .sort()
      .map((digits) => prefix + digits);
  }
}

function nextDigits(place: string, prefix: string): string {
  return place.slice(prefix.length, prefix.length + STEP);
}

/** Combined so that the order does not matter, and that a document can be taken out again. */
function addTo(sums: Map<string, Uint8Array>, digits: string, digest: Uint8Array): void {
  let sum = sums.get(digits);
  if (sum === undefined) {
    sum = new Uint8Array(DIGEST_BYTES);
    sums.set(digits, sum);
  }
  for (let index = 0; index < DIGEST_BYTES; index++) sum[index]! ^= digest[index] ?? 0;
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;
}

function hexOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
