import { deepCopy, type JsonObject, type KubeObject, objectAt, objectsAt } from '../../machinery/mod.ts';
import {
  answeredClaims,
  askedClaims,
  type ClaimForms,
  grantedClaims,
  legacyClaims,
  modernClaims,
} from './claim-conversion.ts';
import { KEPT, keep, takeKept } from './kept-annotation.ts';

/** The lists of claims in an APIBinding, and where each version keeps what the other cannot say. */
const LISTS: readonly {
  readonly in: 'spec' | 'status';
  readonly field: string;
  readonly forms: ClaimForms;
  /** In v1alpha1, what v1alpha2 said. */
  readonly modern: string;
  /** In v1alpha2, what v1alpha1 said. */
  readonly legacy: string;
}[] = [
  {
    in: 'spec',
    field: 'permissionClaims',
    forms: answeredClaims,
    modern: KEPT.answers,
    legacy: KEPT.legacyClaims,
  },
  {
    in: 'status',
    field: 'exportPermissionClaims',
    forms: askedClaims,
    modern: KEPT.exported,
    legacy: KEPT.legacyExported,
  },
  {
    in: 'status',
    field: 'appliedPermissionClaims',
    forms: grantedClaims,
    modern: KEPT.applied,
    legacy: KEPT.legacyApplied,
  },
];

/** An APIBinding of v1alpha2 in v1alpha1. Nothing is lost: what v1alpha1 cannot say is in annotations. */
export function legacyApiBinding(modern: KubeObject): KubeObject {
  const object = deepCopy(modern);
  for (const list of LISTS) {
    const remembered = takeKept(object, list.legacy);
    takeKept(object, list.modern);
    const parent = objectAt(object, list.in);
    if (!hasList(parent, list.field)) continue;
    const { claims, kept } = legacyClaims(objectsAt(parent, list.field), list.forms, remembered);
    parent[list.field] = claims;
    keep(object, list.modern, kept);
  }
  return object;
}

/** An APIBinding of v1alpha1 in v1alpha2, with what annotations have kept of it. */
export function modernApiBinding(legacy: KubeObject): KubeObject {
  const object = deepCopy(legacy);
  for (const list of LISTS) {
    const remembered = takeKept(object, list.modern);
    takeKept(object, list.legacy);
    const parent = objectAt(object, list.in);
    if (!hasList(parent, list.field)) continue;
    const { claims, kept } = modernClaims(objectsAt(parent, list.field), list.forms, remembered);
    parent[list.field] = claims;
    keep(object, list.legacy, kept);
  }
  return object;
}

function hasList(parent: JsonObject | undefined, field: string): parent is JsonObject {
  return Array.isArray(parent?.[field]);
}
