import { KEPT } from '../../definitions/mod.ts';
import {
  at,
  child,
  duplicate,
  type FieldError,
  forbidden,
  goQuote,
  invalid,
  type JsonObject,
  type KubeObject,
  objectAt,
  objectsAt,
  required,
  textAt,
} from '../../machinery/mod.ts';
import type { AdmissionPlugin } from '../chain.ts';
import { isAbout } from '../refusal.ts';
import { overhangingClaims } from './api-export.ts';
import { newRefusal, refuseInvalid } from './refuse-invalid.ts';

const BINDINGS = { group: 'apis.kcp.io', resource: 'apibindings' };

/** What can be said of an APIBinding without looking at its export. Whether it may be bound is for others to say. */
export const apiBindings: AdmissionPlugin = {
  name: 'apis.kcp.io/APIBinding',
  operations: ['CREATE', 'UPDATE'],
  validate(request) {
    const { object, oldObject, givenObject } = request;
    if (!isAbout(request, BINDINGS) || object === undefined) return;
    const overhanging = givenObject && overhangingClaims(givenObject, KEPT.answers);
    if (overhanging !== undefined) throw newRefusal(request, overhanging);
    refuseInvalid(request, [
      ...(givenObject === undefined ? [] : namedObjects(givenObject)),
      ...referenceErrors(object),
      ...objectsAt(objectAt(object, 'spec'), 'permissionClaims').flatMap(selectorErrors),
      ...repeatedClaims(object),
      ...(oldObject === undefined ? [] : phaseErrors(object, oldObject)),
    ]);
  },
};

function referenceErrors(object: KubeObject): FieldError[] {
  const found = objectAt(objectAt(objectAt(object, 'spec'), 'reference'), 'export');
  if (found === undefined) return [required('spec.reference.export')];
  return textAt(found, 'name') === '' ? [required('spec.reference.export.name')] : [];
}

/** v1alpha1 can name the objects of a claim. The stored version cannot, and what is accepted must not be other objects. */
function namedObjects(given: KubeObject): FieldError[] {
  return objectsAt(objectAt(given, 'spec'), 'permissionClaims').flatMap((claim, index) => {
    if (textAt(claim, 'state') !== 'Accepted' || !hasContent(claim['resourceSelector'])) return [];
    const path = child(at('spec.permissionClaims', index), 'resourceSelector');
    const detail = 'a claim is accepted for all objects, or in v1alpha2 for those with some labels';
    return [forbidden(path, detail)];
  });
}

function selectorErrors(claim: JsonObject, index: number): FieldError[] {
  const selector = objectAt(claim, 'selector');
  const path = child(at('spec.permissionClaims', index), 'selector');
  const used = ['matchLabels', 'matchExpressions'].filter((key) => hasContent(selector?.[key]));
  if (selector?.['matchAll'] !== true) {
    const detail = 'either one of matchAll, matchLabels, or matchExpressions must be set';
    return used.length === 0 ? [required(path, detail)] : [];
  }
  return used.map((key) => invalid(child(path, key), selector, `${key} cannot be used with matchAll`));
}

function hasContent(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

/** v1alpha1 has a plain list where v1alpha2 has one by resource: two answers to one claim could not be stored. */
function repeatedClaims(object: KubeObject): FieldError[] {
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  for (const [index, claim] of objectsAt(objectAt(object, 'spec'), 'permissionClaims').entries()) {
    const key = ['group', 'resource', 'identityHash'].map((field) => textAt(claim, field)).join('|');
    if (seen.has(key)) errors.push(duplicate(at('spec.permissionClaims', index), key));
    seen.add(key);
  }
  return errors;
}

function phaseErrors(object: KubeObject, old: KubeObject): FieldError[] {
  const [phase, before] = [object, old].map((one) => textAt(objectAt(one, 'status'), 'phase'));
  if (before === '' || phase !== '') return [];
  return [forbidden('status.phase', `cannot transition from ${goQuote(before ?? '')} to ${goQuote('')}`)];
}
