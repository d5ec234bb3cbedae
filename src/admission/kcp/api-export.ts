import { limits } from '../../base/mod.ts';
import { claimsTheSame, isClaimableWithoutIdentity, KEPT, readKept } from '../../definitions/mod.ts';
import {
  at,
  child,
  duplicate,
  type FieldError,
  invalid,
  type JsonObject,
  type KubeObject,
  objectAt,
  objectsAt,
  textAt,
  textsAt,
  tooMany,
} from '../../machinery/mod.ts';
import type { AdmissionPlugin } from '../chain.ts';
import { isAbout } from '../refusal.ts';
import { newRefusal } from './refuse-invalid.ts';

const EXPORTS = { group: 'apis.kcp.io', resource: 'apiexports' };

/**
 * What an APIExport may claim and offer. Who writes it in v1alpha1 brings along, in annotations, what only v1alpha2 can
 * say: that has to fit the rest.
 */
export const apiExports: AdmissionPlugin = {
  name: 'apis.kcp.io/APIExport',
  operations: ['CREATE', 'UPDATE'],
  validate(request) {
    const { object, oldObject, givenObject, subresource } = request;
    if (!isAbout(request, EXPORTS) || object === undefined || subresource !== '') return;
    const error =
      (givenObject && (overhangingResources(givenObject) ?? overhangingClaims(givenObject, KEPT.claims))) ??
      excessive(object, oldObject) ??
      unclaimable(object) ??
      misnamedSchema(object) ??
      namedTwice(givenObject, object);
    if (error !== undefined) throw newRefusal(request, error);
  },
};

/** One that has too many already may have them, so that it can still be changed otherwise. */
function excessive(object: KubeObject, old: KubeObject | undefined): FieldError | undefined {
  const count = resourcesOf(object).length;
  if (count <= Math.max(limits.exportedKindsMax, resourcesOf(old).length)) return undefined;
  return tooMany('spec.resources', count, limits.exportedKindsMax);
}

function resourcesOf(object: KubeObject | undefined): readonly JsonObject[] {
  return objectsAt(objectAt(object, 'spec'), 'resources');
}

function unclaimable(object: KubeObject): FieldError | undefined {
  const claims = objectsAt(objectAt(object, 'spec'), 'permissionClaims');
  const index = claims.findIndex(
    (claim) => textAt(claim, 'identityHash') === '' && !isClaimableWithoutIdentity(kindOf(claim)),
  );
  if (index < 0) return undefined;
  const path = child(at('spec.permissionClaims', index), 'identityHash');
  return invalid(path, '', 'identityHash is required for API types that are not built-in');
}

/** A subresource is claimed with what it belongs to. */
function kindOf(claim: JsonObject): { readonly group: string; readonly resource: string } {
  const [resource = ''] = textAt(claim, 'resource').split('/');
  return { group: textAt(claim, 'group'), resource };
}

function misnamedSchema(object: KubeObject): FieldError | undefined {
  for (const [index, resource] of resourcesOf(object).entries()) {
    const suffix = `.${textAt(resource, 'name')}.${textAt(resource, 'group') || 'core'}`;
    const schema = textAt(resource, 'schema');
    if (!schema.endsWith(suffix))
      return invalid(child(at('spec.resources', index), 'schema'), schema, `must end in ${suffix}`);
  }
  return undefined;
}

/** v1alpha1 has schemas where v1alpha2 has resources: two schemas of one resource are that resource twice. */
function namedTwice(given: KubeObject | undefined, object: KubeObject): FieldError | undefined {
  const resources = objectsAt(objectAt(object, 'spec'), 'resources');
  const seen = new Set<string>();
  for (const [index, resource] of resources.entries()) {
    const key = `${textAt(resource, 'name')}.${textAt(resource, 'group')}`;
    if (!seen.has(key)) {
      seen.add(key);
      continue;
    }
    const schema = textAt(resource, 'schema');
    const place = textsAt(objectAt(given, 'spec'), 'latestResourceSchemas').lastIndexOf(schema);
    return place < 0
      ? duplicate(at('spec.resources', index), key)
      : duplicate(at('spec.latestResourceSchemas', place), schema);
  }
  return undefined;
}

function overhangingResources(given: KubeObject): FieldError | undefined {
  const kept = readKept(given, KEPT.resources);
  if (kept === undefined)
    return annotationError(given, KEPT.resources, 'failed to decode overhanging resource schemas');
  const names = objectAt(given, 'spec')?.['latestResourceSchemas'];
  const all = [...(Array.isArray(names) ? names : []), ...kept.map(({ schema }) => schema)];
  const isUnclear = kept.length > 0 && new Set(all).size !== all.length;
  return isUnclear ? annotationError(given, KEPT.resources, 'duplicate resource schema') : undefined;
}

/** What v1alpha2 says of claims in an annotation is about claims that are still there. */
export function overhangingClaims(given: KubeObject, annotation: string): FieldError | undefined {
  const kept = readKept(given, annotation);
  if (kept === undefined)
    return annotationError(given, annotation, 'failed to decode overhanging permission claims');
  const claims = objectsAt(objectAt(given, 'spec'), 'permissionClaims');
  if (kept.every((one) => claims.some((claim) => claimsTheSame(claim, one)))) return undefined;
  const detail = 'permission claims defined in annotation do not match permission claims defined in spec';
  return annotationError(given, annotation, detail);
}

function annotationError(given: KubeObject, annotation: string, detail: string): FieldError {
  const value = given.metadata.annotations?.[annotation] ?? '';
  return invalid(at('metadata.annotations', annotation), value, detail);
}
