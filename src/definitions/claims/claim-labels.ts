import { base62Sha224, numberText } from '../../base/mod.ts';
import type { PermissionClaim } from './permission-claim.ts';

/** Labels of this domain say which providers may see an object. The server alone writes them. */
export const CLAIM_LABEL_PREFIX = 'claimed.internal.apis.kcp.io/';
/** A label of every APIBinding: the hash of its export. */
export const EXPORT_LABEL = 'internal.apis.kcp.io/export';

/** An export by where it lies. */
export interface ExportName {
  readonly cluster: string;
  readonly name: string;
}

export interface Label {
  readonly key: string;
  readonly value: string;
}

/** What an export is called where a label has to say it: in {@link EXPORT_LABEL} and behind {@link CLAIM_LABEL_PREFIX}. */
export function exportHash({ cluster, name }: ExportName): string {
  return base62Sha224(`${cluster}:${name}`);
}

/**
 * The label of the objects that a claim of an export covers. What can change about a claim (verbs, selectors) is not in
 * it, so that a change of it leaves the objects alone.
 */
export function claimLabel(claimant: ExportName, claim: PermissionClaim): Label {
  return { key: labelKey(claimant), value: base62Sha224(hashedText(claim)) };
}

/**
 * The label of a binding that its own provider may see, whether it has accepted a claim of bindings or not, by the hash
 * of the export.
 */
export function reflexiveLabel(hash: string): Label {
  return { key: `${CLAIM_LABEL_PREFIX}${hash}`, value: REFLEXIVE_VALUE };
}

/** What an APIBinding refers to that has accepted a claim: whoever looks for its objects finds where to look. */
export function claimReference({ key, value }: Label): string {
  return `claim:${key.slice(CLAIM_LABEL_PREFIX.length)}:${value}`;
}

function labelKey(claimant: ExportName): string {
  return `${CLAIM_LABEL_PREFIX}${exportHash(claimant)}`;
}

// Bytes that no hash has, in kcp as here.
const REFLEXIVE_VALUE = numberText(
  Uint8Array.from({ length: 28 }, (_, index) => index % 10),
  62,
);

/** As Go's encoding/json writes kcp's struct without verbs: its fields in order, empty ones left out. */
function hashedText({ group, resource, identityHash }: PermissionClaim): string {
  const fields = [
    ...(group === '' ? [] : [`"group":${JSON.stringify(group)}`]),
    `"resource":${JSON.stringify(resource)}`,
    '"verbs":null',
    ...(identityHash === '' ? [] : [`"identityHash":${JSON.stringify(identityHash)}`]),
  ];
  return `{${fields.join(',')}}`;
}
