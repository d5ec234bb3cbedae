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
    pushChildSchemas(node, pending);
  }
}

// No generator: definitions may have thousands of schemas, and a dozen rules visit them all.
function pushChildSchemas(schema: Schema, pending: Schema[]): void {
  if (schema.properties !== undefined) {
    for (const name of Object.keys(schema.properties)) pending.push(schema.properties[name]!);
  }
  const additional = additionalSchemaOf(schema);
  if (additional !== undefined) pending.push(additional);
  if (schema.items !== undefined) pending.push(schema.items);
  for (const children of [schema.allOf, schema.anyOf, schema.oneOf]) {
    for (const child of children ?? []) pending.push(child);
  }
  if (schema.not !== undefined) pending.push(schema.not);
}
