import { isObject, type JsonObject, objectOf } from '../../machinery/mod.ts';
import { V2_PREFIX, V3_PREFIX } from './component-names.ts';
import { mapChildSchemas } from './schema-walk.ts';

/**
 * The OpenAPI v2 form of a built-in component: references stand beside their descriptions, defaults are
 * left out, and values of several types become strings, as upstream publishes them.
 */
export function toV2Schema(schema: JsonObject): JsonObject {
  const copy = mapChildSchemas(schema, toV2Schema);
  delete copy['default'];
  delete copy['nullable'];
  mergeReference(copy);
  const isAlternative = copy['oneOf'] !== undefined || copy['anyOf'] !== undefined;
  if (isAlternative && copy['type'] === undefined && copy['$ref'] === undefined) copy['type'] = 'string';
  for (const key of ['allOf', 'anyOf', 'oneOf', 'not']) delete copy[key];
  return copy;
}

/** Puts the target of a reference, or of a sole `allOf` around one, into the schema itself. */
function mergeReference(schema: JsonObject): void {
  const allOf = schema['allOf'];
  const first = Array.isArray(allOf) && allOf.length === 1 ? allOf[0] : undefined;
  const reference = schema['$ref'] ?? (isObject(first) ? first['$ref'] : undefined);
  if (typeof reference !== 'string') return;
  schema['$ref'] = reference.startsWith(V3_PREFIX)
    ? `${V2_PREFIX}${reference.slice(V3_PREFIX.length)}`
    : reference;
}

/** A reference to a component in an OpenAPI v2 document. */
export function v2Reference(component: string): JsonObject {
  return objectOf({ $ref: `${V2_PREFIX}${component}` });
}
