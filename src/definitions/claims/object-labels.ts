import {
  type JsonObject,
  type KubeObject,
  type LabelSelector,
  labelSelectorFromObject,
  objectAt,
  StatusError,
  textAt,
} from '../../machinery/mod.ts';
import {
  CLAIM_LABEL_PREFIX,
  claimLabel,
  EXPORT_LABEL,
  type ExportName,
  exportHash,
  type Label,
  reflexiveLabel,
} from './claim-labels.ts';
import { isClaimableWithoutIdentity } from './claimable.ts';
import { claimsOfBinding, type PermissionClaim, type ScopedClaim } from './permission-claim.ts';

type Labels = Readonly<Record<string, string>>;

/** A claim that a logical cluster has accepted, ready to be held against objects. */
export interface AcceptedClaim {
  readonly group: string;
  readonly resource: string;
  readonly identityHash: string;
  /** The export that claims, by its binding. */
  readonly claimant: ExportName;
  /** The identity of the export that it was accepted for; undefined as long as there was none. */
  readonly claimantIdentity: string | undefined;
  readonly verbs: readonly string[];
  readonly selector: JsonObject;
  readonly label: Label;
  selects(labels: Labels | undefined): boolean;
}

/** The kind of an object, as claims name it. */
export interface ClaimedKind {
  readonly group: string;
  readonly resource: string;
  /** Of the export it comes from; empty for built-in kinds and CRDs. */
  readonly identity: string;
}

/** The export that a binding was bound to; undefined until that is settled. */
export function claimantOf(binding: JsonObject): ExportName | undefined {
  const cluster = textAt(objectAt(binding, 'status'), 'apiExportClusterName');
  const name = textAt(objectAt(objectAt(objectAt(binding, 'spec'), 'reference'), 'export'), 'name');
  return cluster === '' || name === '' ? undefined : { cluster, name };
}

/**
 * The claims of a binding that have been accepted. What the export says of them does not count here: objects carry
 * labels of all that has been accepted, and a provider is shown what it claims besides. So a provider that claims
 * less, or more, changes no object of its consumers.
 */
export function acceptedClaims(binding: JsonObject, identity?: string): readonly AcceptedClaim[] {
  const claimant = claimantOf(binding);
  if (claimant === undefined) return [];
  return claimsOfBinding(binding)
    .filter(({ isAccepted }) => isAccepted)
    .flatMap((claim) => acceptedClaim({ claimant, identity }, claim) ?? []);
}

function acceptedClaim(
  { claimant, identity }: { readonly claimant: ExportName; readonly identity: string | undefined },
  claim: ScopedClaim,
): AcceptedClaim | undefined {
  const selects = selectionOf(claim);
  if (selects === undefined) return undefined;
  const kind = storedKind({ ...claim, identity: claim.identityHash });
  const { verbs, selector } = claim;
  const label = labelOf(claimant, claim);
  const { group, resource, identity: identityHash } = kind;
  return {
    group,
    resource,
    identityHash,
    claimant,
    claimantIdentity: identity,
    verbs,
    selector,
    label,
    selects,
  };
}

/** The label of a claim's objects. Both Event APIs have the same objects, which can have but one label of an export. */
export function labelOf(claimant: ExportName, claim: PermissionClaim): Label {
  const { group, resource } = storedKind({ ...claim, identity: claim.identityHash });
  return claimLabel(claimant, { ...claim, group, resource });
}

/** What an accepted claim selects; undefined where it selects nothing, because it cannot be read. */
export function selectionOf({
  selector,
}: Pick<ScopedClaim, 'selector'>): AcceptedClaim['selects'] | undefined {
  if (selector['matchAll'] === true) return () => true;
  const labels = selectorOf(selector);
  return labels === undefined ? undefined : (given) => labels.matches(given);
}

function selectorOf(selector: JsonObject): LabelSelector | undefined {
  try {
    return labelSelectorFromObject(selector);
  } catch (error) {
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}

/** The claim labels that an object has to have, and no others. */
export function claimLabelsFor(
  claims: readonly AcceptedClaim[],
  object: { readonly kind: ClaimedKind; readonly labels: Labels | undefined },
): Readonly<Record<string, string>> {
  const kind = storedKind(object.kind);
  const labels = Object.create(null) as Record<string, string>;
  for (const claim of claims) {
    if (!isAbout(claim, kind) || !claim.selects(withoutClaimLabels(object.labels))) continue;
    labels[claim.label.key] = claim.label.value;
  }
  return labels;
}

/**
 * The label by which the provider of a binding sees it, even where it has not accepted any claim. Before the binding is
 * bound, its own label says which export it is for.
 */
export function ownLabelOf(binding: KubeObject): Label | undefined {
  const claimant = claimantOf(binding);
  const hash = claimant === undefined ? binding.metadata.labels?.[EXPORT_LABEL] : exportHash(claimant);
  return hash === undefined || hash === '' ? undefined : reflexiveLabel(hash);
}

function isAbout(claim: AcceptedClaim, kind: ClaimedKind): boolean {
  if (claim.group !== kind.group || claim.resource !== kind.resource) return false;
  if (claim.identityHash !== kind.identity) return false;
  // A CRD of the consumer's own has no identity either, and nobody can claim it.
  return kind.identity !== '' || isClaimableWithoutIdentity(kind);
}

/** Both Event APIs are the same objects. */
function storedKind(kind: ClaimedKind): ClaimedKind {
  const { group, resource, identity } = kind;
  const isEvent = group === 'events.k8s.io' && resource === 'events';
  return { group: isEvent ? '' : group, resource, identity };
}

/** A selector must not hang on what it leads to. */
function withoutClaimLabels(labels: Labels | undefined): Labels | undefined {
  if (labels === undefined) return undefined;
  const keys = Object.keys(labels);
  if (!keys.some(isClaimLabel)) return labels;
  return Object.fromEntries(keys.filter((key) => !isClaimLabel(key)).map((key) => [key, labels[key]!]));
}

/** Whether a label belongs to the server: it says who may see an object. */
export function isClaimLabel(key: string): boolean {
  return key.startsWith(CLAIM_LABEL_PREFIX);
}
