import type { Schema } from './schema.ts';

/** The schema of one named property. Own keys only: `constructor` is a name like any other. */
export function propertySchemaOf(schema: Schema, key: string): Schema | undefined {
  const properties = schema.properties;
  return properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
}

/** The schema that all keys without a property of their own share, if there is one. */
export function additionalSchemaOf(schema: Schema): Schema | undefined {
  const additional = schema.additionalProperties;
  return typeof additional === 'object' && additional !== null ? additional : undefined;
}

/**
 * Calls back for the node and every node below it, including those under allOf, anyOf, oneOf and not.
 * The schema must be a finite tree (of a CRD, not the linked schema of a built-in kind).
 */
export function visitSchema(schema: Schema, visit: (node: Schema) => void): void {
  const pending: Schema[] = [schema];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    visit(node);
    for (const child of childSchemas(node)) pending.push(child);
  }
}

function* childSchemas(schema: Schema): Iterable<Schema> {
  if (schema.properties !== undefined) yield* Object.values(schema.properties);
  const additional = additionalSchemaOf(schema);
  if (additional !== undefined) yield additional;
  if (schema.items !== undefined) yield schema.items;
  yield* schema.allOf ?? [];
  yield* schema.anyOf ?? [];
  yield* schema.oneOf ?? [];
  if (schema.not !== undefined) yield schema.not;
}
