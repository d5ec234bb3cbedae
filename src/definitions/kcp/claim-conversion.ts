import {
  deepEqual,
  isObject,
  type JsonObject,
  type JsonValue,
  objectOf,
  textAt,
} from '../../machinery/mod.ts';

/** How claims of one list are said in v1alpha1 and in v1alpha2, as far as both can say them. */
export interface ClaimForms {
  toLegacy(claim: JsonObject): JsonObject;
  fromLegacy(claim: JsonObject): JsonObject;
  /** The fields that only v1alpha2 has. */
  readonly fields: readonly string[];
}

/** What a provider asks for: all objects, and in v1alpha1 everything that can be done with them. */
export const askedClaims: ClaimForms = {
  toLegacy: (claim) => legacyBase(claim, { isAll: true }),
  fromLegacy: modernBase,
  fields: ['verbs', 'defaultSelector'],
};

/** What a provider has got. v1alpha1 has no labels: what is selected by them is not all. */
export const grantedClaims: ClaimForms = {
  toLegacy: (claim) => legacyBase(claim, { isAll: selectsAll(claim) }),
  fromLegacy: (claim) =>
    objectOf({ ...modernBase(claim), selector: isForAll(claim) ? objectOf({ matchAll: true }) : nothing() }),
  fields: ['verbs', 'defaultSelector', 'selector'],
};

/** What a consumer answers. */
export const answeredClaims: ClaimForms = {
  toLegacy: (claim) => withState(grantedClaims.toLegacy(claim), claim),
  fromLegacy: (claim) => withState(grantedClaims.fromLegacy(claim), claim),
  fields: grantedClaims.fields,
};

const LEGACY_FIELDS = ['all', 'resourceSelector'];

export interface ConvertedClaims {
  readonly claims: JsonObject[];
  /** The claims, as they were, of which the way back would lose something. */
  readonly kept: JsonObject[];
}

/** Claims of v1alpha2 in v1alpha1, with what is remembered of an earlier way here. */
export function legacyClaims(
  claims: readonly JsonObject[],
  forms: ClaimForms,
  remembered: readonly JsonObject[],
): ConvertedClaims {
  const there = (claim: JsonObject): JsonObject => restored(forms.toLegacy(claim), remembered, LEGACY_FIELDS);
  return convert(claims, there, forms.fromLegacy);
}

/** Claims of v1alpha1 in v1alpha2, with what is remembered of an earlier way here. */
export function modernClaims(
  claims: readonly JsonObject[],
  forms: ClaimForms,
  remembered: readonly JsonObject[],
): ConvertedClaims {
  const there = (claim: JsonObject): JsonObject => {
    const converted = forms.fromLegacy(claim);
    const modern = restored(converted, remembered, forms.fields);
    // It was for all objects when it was remembered, and has been narrowed since.
    return selectsAll(modern) && !isForAll(claim)
      ? objectOf({ ...modern, selector: converted['selector'] })
      : modern;
  };
  return convert(claims, there, forms.toLegacy);
}

/** Whether two claims are for the same resource: kcp's EqualGRI. */
export function claimsTheSame(a: JsonObject, b: JsonObject): boolean {
  return CLAIM_KEY.every((key) => textAt(a, key) === textAt(b, key));
}

const CLAIM_KEY = ['group', 'resource', 'identityHash'];

function convert(
  claims: readonly JsonObject[],
  there: (claim: JsonObject) => JsonObject,
  back: (claim: JsonObject) => JsonObject,
): ConvertedClaims {
  const converted = claims.map(there);
  const kept = claims.filter((claim, index) => !isSaid(claim, back(converted[index]!)));
  return { claims: converted, kept };
}

/** An empty text and no text are the same in a claim. */
function isSaid(claim: JsonObject, again: JsonObject): boolean {
  const keys = new Set([...Object.keys(claim), ...Object.keys(again)]);
  return [...keys].every((key) => deepEqual(claim[key] || undefined, again[key] || undefined));
}

function restored(
  claim: JsonObject,
  remembered: readonly JsonObject[],
  fields: readonly string[],
): JsonObject {
  const known = remembered.find((candidate) => claimsTheSame(candidate, claim));
  if (known === undefined) return claim;
  const copy = objectOf({ ...claim });
  for (const field of fields) {
    if (known[field] === undefined) delete copy[field];
    else copy[field] = known[field];
  }
  return copy;
}

function legacyBase(claim: JsonObject, { isAll }: { readonly isAll: boolean }): JsonObject {
  return objectOf({
    group: claim['group'],
    resource: claim['resource'],
    ...(textAt(claim, 'identityHash') === '' ? {} : { identityHash: claim['identityHash'] }),
    ...(isAll ? { all: true } : {}),
  });
}

function modernBase(claim: JsonObject): JsonObject {
  return objectOf({
    group: claim['group'],
    resource: claim['resource'],
    verbs: ['*'],
    identityHash: textAt(claim, 'identityHash'),
  });
}

function withState(converted: JsonObject, { state }: JsonObject): JsonObject {
  return state === undefined ? converted : objectOf({ ...converted, state });
}

function selectsAll({ selector }: JsonObject): boolean {
  return isObject(selector as JsonValue) && (selector as JsonObject)['matchAll'] === true;
}

/** Whether a claim of v1alpha1 is for all objects. One that names objects, or none, is not: v1alpha2 has no names. */
function isForAll(legacy: JsonObject): boolean {
  return legacy['all'] === true;
}

/** A selector that takes no object, whatever its labels: what cannot be said must not become all. */
function nothing(): JsonObject {
  const key = 'kcp.io/cluster';
  return objectOf({
    matchExpressions: ['Exists', 'DoesNotExist'].map((operator) => objectOf({ key, operator })),
  });
}
