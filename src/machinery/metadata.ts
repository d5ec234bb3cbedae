/** The generic rules of ObjectMeta, which hold for every kind (apimachinery's validation of object metadata). */
export { checkMetadataTypes } from './metadata-types.ts';
export {
  ANNOTATIONS_BYTES_MAX,
  metadataWarnings,
  validateAnnotations,
  validateLabels,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from './metadata-validation.ts';

import { encodeJson } from './json.ts';
import type { ObjectMeta, OwnerReference } from './kube-object.ts';

/** Without vowels and look-alikes, so that no generated name says something or is misread. */
const NAME_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const NAME_LENGTH_MAX = 63;
const SUFFIX_LENGTH = 5;

/**
 * A name from metadata.generateName: the base, cut to 58 bytes, and five random characters. `random(max)`
 * returns an integer from 0 to max - 1. Names may collide; the caller tries again.
 */
export function generateName(base: string, random: (max: number) => number): string {
  // After bytes, as in Go. What is cut in the middle of a character becomes U+FFFD, as in Go's JSON: half of
  // a surrogate pair has no UTF-8, so that a name with one would be stored as another.
  let name = Buffer.from(base)
    .subarray(0, NAME_LENGTH_MAX - SUFFIX_LENGTH)
    .toString();
  for (let i = 0; i < SUFFIX_LENGTH; i++) name += NAME_ALPHABET[random(NAME_ALPHABET.length)];
  return name;
}

/**
 * Drops owner references that repeat an earlier one in every field, in place. Returns the warning that
 * the caller of the request gets, or undefined if there were none.
 */
export function dedupeOwnerReferences(meta: ObjectMeta): string | undefined {
  const references = meta.ownerReferences;
  if (!Array.isArray(references) || references.length < 2) return undefined;
  const seen = new Set<string>();
  const kept: OwnerReference[] = [];
  const repeated: string[] = [];
  for (const reference of references) {
    const text = encodeJson(reference);
    if (seen.has(text)) repeated.push(String(reference.uid));
    else {
      seen.add(text);
      kept.push(reference);
    }
  }
  if (repeated.length === 0) return undefined;
  meta.ownerReferences = kept;
  return `.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${repeated.join(', ')}`;
}
