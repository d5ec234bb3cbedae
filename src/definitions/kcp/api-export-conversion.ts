import {
  deepCopy,
  isObject,
  type JsonObject,
  type KubeObject,
  newObject,
  objectAt,
  objectOf,
  objectsAt,
  textAt,
  textsAt,
} from '../../machinery/mod.ts';
import { askedClaims, claimsTheSame, legacyClaims, modernClaims } from './claim-conversion.ts';
import { KEPT, keep, readKept, takeKept } from './kept-annotation.ts';
import { parseSchemaName } from './schema-name.ts';

/** An APIExport of v1alpha2 in v1alpha1. Nothing is lost: what v1alpha1 cannot say is in annotations. */
export function legacyApiExport(modern: KubeObject): KubeObject {
  const object = deepCopy(modern);
  const remembered = takeKept(object, KEPT.legacyClaims);
  takeKept(object, KEPT.claims);
  takeKept(object, KEPT.resources);
  const spec = objectAt(object, 'spec');
  if (spec === undefined) return object;
  if (Array.isArray(spec['permissionClaims'])) {
    const { claims, kept } = legacyClaims(objectsAt(spec, 'permissionClaims'), askedClaims, remembered);
    spec['permissionClaims'] = claims;
    keep(object, KEPT.claims, kept);
  }
  if (Array.isArray(spec['resources'])) {
    const resources = objectsAt(spec, 'resources');
    const names = resources.filter(isSaidByItsSchema).map((resource) => textAt(resource, 'schema'));
    // With the place that each has among the others, since a list that comes back in another order is another one.
    const others = resources.flatMap((resource, index) =>
      isSaidByItsSchema(resource) ? [] : [objectOf({ ...resource, index })],
    );
    delete spec['resources'];
    if (names.length > 0 || others.length === 0) spec['latestResourceSchemas'] = names;
    keep(object, KEPT.resources, others);
  }
  return object;
}

/** An APIExport of v1alpha1 in v1alpha2, with what annotations have kept of it. */
export function modernApiExport(legacy: KubeObject): KubeObject {
  const object = deepCopy(legacy);
  const rememberedClaims = takeKept(object, KEPT.claims);
  const rememberedResources = takeKept(object, KEPT.resources);
  takeKept(object, KEPT.legacyClaims);
  if (objectAt(object, 'spec') === undefined && rememberedResources.length === 0) return object;
  const spec = objectAt(object, 'spec') ?? newObject();
  object['spec'] = spec;
  if (Array.isArray(spec['permissionClaims'])) {
    const { claims, kept } = modernClaims(objectsAt(spec, 'permissionClaims'), askedClaims, rememberedClaims);
    spec['permissionClaims'] = claims;
    keep(object, KEPT.legacyClaims, kept);
  }
  const hasNames = Array.isArray(spec['latestResourceSchemas']);
  const resources = textsAt(spec, 'latestResourceSchemas').map(resourceOf);
  delete spec['latestResourceSchemas'];
  for (const { index, ...resource } of rememberedResources) {
    const isFitting = typeof index === 'number' && index >= 0 && index <= resources.length;
    resources.splice(isFitting ? index : resources.length, 0, objectOf(resource));
  }
  if (hasNames || resources.length > 0) spec['resources'] = resources;
  return object;
}

/**
 * Whether a claim of an APIExport, in v1alpha2, was made in v1alpha1 for objects by their names: v1alpha2 has none, and
 * says nothing of it but in an annotation.
 */
export function isForNamedObjects(apiExport: KubeObject, claim: JsonObject): boolean {
  const legacy = (readKept(apiExport, KEPT.legacyClaims) ?? []).find((one) => claimsTheSame(one, claim));
  return legacy !== undefined && legacy['all'] !== true;
}

/** Kept as a custom resource, and called what its schema is called: v1alpha1 says that by the schema's name. */
function isSaidByItsSchema(resource: JsonObject): boolean {
  const { storage } = resource;
  const isCrd =
    storage === undefined ||
    (isObject(storage) && Object.keys(storage).length === 1 && isEmpty(storage['crd']));
  const parsed = parseSchemaName(textAt(resource, 'schema'));
  return isCrd && parsed?.resource === resource['name'] && parsed?.group === resource['group'];
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function resourceOf(schema: string): JsonObject {
  const parsed = parseSchemaName(schema);
  return objectOf({
    group: parsed?.group ?? '',
    name: parsed?.resource ?? '',
    schema,
    storage: objectOf({ crd: newObject() }),
  });
}
