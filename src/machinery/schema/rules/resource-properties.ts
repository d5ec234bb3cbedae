import type { Schema } from '../schema.ts';
import { propertySchemaOf } from '../schema-nodes.ts';

/**
 * The schema with what rules may always say about a resource: kind, apiVersion, and name and generateName
 * of its metadata, and of metadata nothing else.
 */
export function withResourceProperties(schema: Schema): Schema {
  const known = extended.get(schema);
  if (known !== undefined) return known;
  const result = hasResourceProperties(schema)
    ? schema
    : { ...schema, properties: { ...schema.properties, ...RESOURCE_PROPERTIES } };
  extended.set(schema, result);
  return result;
}

/** What is derived from a schema lives as long as the schema. */
const extended = new WeakMap<Schema, Schema>();

const STRING: Schema = { type: 'string' };
const RESOURCE_PROPERTIES: Readonly<Record<string, Schema>> = {
  kind: STRING,
  apiVersion: STRING,
  metadata: { type: 'object', properties: { name: STRING, generateName: STRING } },
};

function hasResourceProperties(schema: Schema): boolean {
  const metadata = propertySchemaOf(schema, 'metadata');
  return (
    propertySchemaOf(schema, 'kind')?.type === 'string' &&
    propertySchemaOf(schema, 'apiVersion')?.type === 'string' &&
    metadata?.type === 'object' &&
    propertySchemaOf(metadata, 'name')?.type === 'string' &&
    propertySchemaOf(metadata, 'generateName')?.type === 'string'
  );
}
