import {
  additionalSchemaOf,
  at,
  checkMetadataTypes,
  child,
  dns1035LabelErrors,
  type FieldError,
  invalid,
  isObject,
  type JsonObject,
  type JsonValue,
  type ObjectMeta,
  objectOf,
  propertySchemaOf,
  required,
  type Schema,
  validateObjectMeta,
  validatePathSegmentName,
  visitSchema,
} from '../../machinery/mod.ts';

/** Has the schema a node with `x-kubernetes-embedded-resource`. Most have none, and need no second walk. */
export function hasEmbeddedResources(schema: Schema): boolean {
  let isFound = false;
  visitSchema(schema, (node) => {
    if (node['x-kubernetes-embedded-resource'] === true) isFound = true;
  });
  return isFound;
}

/** Embedded resources need apiVersion and kind, and their metadata must be valid. */
export function validateEmbeddedResources(object: JsonValue, schema: Schema): FieldError[] {
  return embeddedIn({ value: object, schema, path: '' }).flatMap(({ resource, path }) =>
    validateResource(resource, path),
  );
}

/** The first embedded resource whose metadata Go could not decode, as the error that upstream makes of it. */
export function embeddedMetadataError(object: JsonValue, schema: Schema): FieldError | undefined {
  for (const { resource, path } of embeddedIn({ value: object, schema, path: '' })) {
    const { metadata } = resource;
    const problem = metadata === undefined ? undefined : checkMetadataTypes(metadata);
    if (problem !== undefined) return invalid(child(path, 'metadata'), metadata ?? null, problem);
  }
  return undefined;
}

interface Place {
  readonly value: JsonValue;
  readonly schema: Schema;
  readonly path: string;
}

interface Embedded {
  readonly resource: JsonObject;
  readonly path: string;
}

function embeddedIn({ value, schema, path }: Place): Embedded[] {
  if (Array.isArray(value)) {
    const items = schema.items;
    if (items === undefined) return [];
    return value.flatMap((item, index) => embeddedIn({ value: item, schema: items, path: at(path, index) }));
  }
  if (!isObject(value)) return [];
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true;
  const found: Embedded[] = isEmbedded ? [{ resource: value, path }] : [];
  const additional = additionalSchemaOf(schema);
  for (const key of Object.keys(value)) {
    const item = value[key] ?? null;
    const property = propertySchemaOf(schema, key);
    if (property !== undefined) {
      found.push(...embeddedIn({ value: item, schema: property, path: child(path, key) }));
    } else if (additional !== undefined) {
      found.push(...embeddedIn({ value: item, schema: additional, path: at(path, key) }));
    }
  }
  return found;
}

function validateResource(resource: JsonObject, path: string): FieldError[] {
  const { apiVersion, kind, metadata } = resource;
  const errors: FieldError[] = [];
  const [versionPath, kindPath] = [child(path, 'apiVersion'), child(path, 'kind')];
  if (apiVersion === undefined || apiVersion === '') errors.push(required(versionPath));
  else if (typeof apiVersion !== 'string') errors.push(invalid(versionPath, apiVersion, 'must be a string'));
  else if (apiVersion.split('/').length > 2) {
    errors.push(invalid(versionPath, apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
  }
  if (kind === undefined || kind === '') errors.push(required(kindPath));
  else if (typeof kind !== 'string') errors.push(invalid(kindPath, kind, 'must be a string'));
  else {
    const problems = dns1035LabelErrors(kind.toLowerCase());
    const detail = `may have mixed case, but should otherwise match: ${problems.join(',')}`;
    if (problems.length > 0) errors.push(invalid(kindPath, kind, detail));
  }
  if (metadata !== undefined) errors.push(...validateMetadata(metadata, path));
  return errors;
}

function validateMetadata(metadata: JsonValue, path: string): FieldError[] {
  const problem = checkMetadataTypes(metadata);
  if (problem !== undefined) return [invalid(child(path, 'metadata'), metadata, problem)];
  if (!isObject(metadata)) return [];
  // Templates often have no name, which is no error here.
  const named = metadata['name'] === undefined ? objectOf({ ...metadata, name: 'fakename' }) : metadata;
  const isNamespaced = typeof metadata['namespace'] === 'string' && metadata['namespace'] !== '';
  const options = { isNamespaced, validateName: validatePathSegmentName, isCustomResource: true };
  return validateObjectMeta(named as ObjectMeta, options).map((error) => ({
    ...error,
    field: child(path, error.field),
  }));
}
