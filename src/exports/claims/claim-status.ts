import {
  claimsOfBinding,
  claimsOfExport,
  claimText,
  isSameClaim,
  type PermissionClaim,
  type ScopedClaim,
} from '../../definitions/mod.ts';
import {
  type ConditionVerdict,
  deepEqual,
  goQuote,
  type JsonObject,
  objectAt,
  objectOf,
  objectsAt,
  saysSo,
  textAt,
} from '../../machinery/mod.ts';

/** What the status of a binding has to say of its permission claims. */
export interface ClaimStatus {
  readonly conditions: readonly ConditionVerdict[];
  /** `status.exportPermissionClaims`: what the provider asks for now. */
  readonly exported: readonly JsonObject[];
  /** `status.appliedPermissionClaims`: what is in force. */
  readonly applied: readonly JsonObject[];
}

// As many as kcp shows.
const INVALID_SHOWN_MAX = 10;
const MISMATCHES_SHOWN_MAX = 5;

/**
 * The status of a binding's claims, once all objects have the labels that they should have. Whatever was accepted and
 * is not asked for is a mistake, and where both sides mean something else by the same claim is worth a warning: the
 * provider gets what both say.
 */
export function claimStatusOf(apiExport: JsonObject, binding: JsonObject): ClaimStatus {
  const exported = claimsOfExport(apiExport);
  const accepted = claimsOfBinding(binding).filter(({ isAccepted }) => isAccepted);
  const inForce = byText(accepted.filter((claim) => exported.some((other) => isSameClaim(claim, other))));
  const invalid = byText(accepted.filter((claim) => !inForce.includes(claim)));
  return {
    conditions: [
      validity({ exported, inForce, invalid }),
      { type: 'PermissionClaimsApplied', status: 'True' },
    ],
    exported: objectsAt(objectAt(apiExport, 'spec'), 'permissionClaims'),
    applied: inForce.map(appliedEntry),
  };
}

/** Says in the status of a binding that objects could not be labelled. */
export function notApplied(errors: readonly string[]): ConditionVerdict {
  return {
    type: 'PermissionClaimsApplied',
    status: 'False',
    severity: 'Error',
    reason: 'InternalError',
    message: `Permission claims have not been fully applied: ${aggregate(errors)}`,
  };
}

/**
 * The claims whose objects may have other labels than they should: those that are in force and were not, or have
 * another selector, by what the status says to be applied, and those that are accepted no longer.
 */
export function claimsToApply(apiExport: JsonObject, binding: JsonObject): readonly PermissionClaim[] {
  const exported = claimsOfExport(apiExport);
  const accepted = claimsOfBinding(binding).filter(({ isAccepted }) => isAccepted);
  const applied = appliedClaims(binding);
  const isApplied = (claim: ScopedClaim): boolean => {
    const known = applied.find((other) => isSameClaim(claim, other));
    return known !== undefined && deepEqual(known.selector, claim.selector);
  };
  const isExported = (claim: ScopedClaim) => exported.some((other) => isSameClaim(claim, other));
  const changed = accepted.filter((claim) => isExported(claim) && !isApplied(claim));
  const gone = applied.filter((claim) => !accepted.some((other) => isSameClaim(claim, other)));
  return [...changed, ...gone];
}

/** All claims of a binding that objects may have labels of. */
export function claimsWithLabels(binding: JsonObject): readonly PermissionClaim[] {
  const accepted = claimsOfBinding(binding).filter(({ isAccepted }) => isAccepted);
  const others = appliedClaims(binding).filter((claim) => !accepted.some((one) => isSameClaim(claim, one)));
  return [...accepted, ...others];
}

/** `status.appliedPermissionClaims`, read as answers. */
function appliedClaims(binding: JsonObject): readonly ScopedClaim[] {
  const entries = objectsAt(objectAt(binding, 'status'), 'appliedPermissionClaims');
  return claimsOfBinding(objectOf({ spec: objectOf({ permissionClaims: entries }) }));
}

function validity(claims: {
  readonly exported: readonly PermissionClaim[];
  readonly inForce: readonly ScopedClaim[];
  readonly invalid: readonly ScopedClaim[];
}): ConditionVerdict {
  const type = 'PermissionClaimsValid';
  const { exported, inForce, invalid } = claims;
  // kcp reports the mismatches last, over what else is wrong.
  const mismatches = inForce.flatMap((claim) => mismatchOf(claim, exported) ?? []);
  if (mismatches.length > 0) {
    const shown = mismatches.slice(0, MISMATCHES_SHOWN_MAX);
    return {
      type,
      status: 'False',
      severity: 'Warning',
      reason: 'PermissionClaimsMismatch',
      message: `${mismatches.length} permission claim(s) have mismatched verbs or selectors (showing first ${shown.length}): ${shown.join(', ')}`,
    };
  }
  if (invalid.length === 0) return { type, status: 'True' };
  const shown = invalid
    .slice(0, INVALID_SHOWN_MAX)
    .map(
      ({ group, resource, identityHash }) =>
        `unexpected/invalid claim for ${resource}.${group} (identity ${goQuote(identityHash)})`,
    );
  return {
    type,
    status: 'False',
    severity: 'Error',
    reason: 'InvalidPermissionClaims',
    message: `${invalid.length} unexpected and/or invalid permission claims (showing first ${shown.length}): ${aggregate(shown)}`,
  };
}

function mismatchOf(claim: ScopedClaim, exported: readonly PermissionClaim[]): string | undefined {
  const asked = exported.find((other) => isSameClaim(claim, other));
  if (asked === undefined) return undefined;
  const parts: string[] = [];
  if (isVerbMismatch(claim.verbs, asked.verbs)) {
    parts.push(`verbs: accepted [${claim.verbs.join(' ')}], exported [${asked.verbs.join(' ')}]`);
  }
  if (asked.defaultSelector !== undefined && !deepEqual(asked.defaultSelector, claim.selector)) {
    parts.push('selector differs from defaultSelector');
  }
  return parts.length === 0 ? undefined : `${claim.resource}.${claim.group} (${parts.join('; ')})`;
}

/** kcp does not compare where one side says `*`, although that gives nothing where the other does not. */
function isVerbMismatch(accepted: readonly string[], exported: readonly string[]): boolean {
  if (accepted.includes('*') || exported.includes('*')) return false;
  return accepted.length !== exported.length || accepted.some((verb) => !exported.includes(verb));
}

/** The answer without what it answers with. */
function appliedEntry({ entry }: ScopedClaim): JsonObject {
  const { state: _, ...applied } = entry;
  return objectOf(applied);
}

function byText(claims: readonly ScopedClaim[]): readonly ScopedClaim[] {
  const texts = new Map(claims.map((claim) => [claim, claimText(claim)]));
  return [...claims].sort((a, b) => ((texts.get(a) ?? '') < (texts.get(b) ?? '') ? -1 : 1));
}

/** Several errors as Go's aggregates print them. */
function aggregate(errors: readonly string[]): string {
  return errors.length === 1 ? errors[0]! : `[${errors.join(', ')}]`;
}

/** Whether the status of a binding says what it should. */
export function isStatedBy(binding: JsonObject, wanted: ClaimStatus): boolean {
  const status = objectAt(binding, 'status');
  return (
    deepEqual(objectsAt(status, 'exportPermissionClaims'), [...wanted.exported]) &&
    deepEqual(objectsAt(status, 'appliedPermissionClaims'), [...wanted.applied]) &&
    wanted.conditions.every((verdict) => isStated(objectsAt(status, 'conditions'), verdict))
  );
}

function isStated(conditions: readonly JsonObject[], verdict: ConditionVerdict): boolean {
  return saysSo(
    conditions.find((condition) => textAt(condition, 'type') === verdict.type),
    verdict,
  );
}
