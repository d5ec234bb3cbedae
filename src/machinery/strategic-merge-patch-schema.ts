import type { Schema } from './schema/schema.ts';

/** What strategic merge patch must know of a field. */
export interface PatchMetadata {
  /** Absent where the schema says nothing: such maps merge per key, such lists are replaced. */
  readonly schema: Schema | undefined;
  readonly strategy: 'merge' | 'replace' | undefined;
  readonly mergeKey: string | undefined;
}

/** The metadata of the field `key` of an object with this schema, or of an entry of a map. */
export function patchMetadata(parent: Schema | undefined, key: string): PatchMetadata {
  const schema = fieldSchema(parent, key);
  return {
    schema,
    strategy: strategyOf(schema?.['x-kubernetes-patch-strategy']),
    mergeKey: schema?.['x-kubernetes-patch-merge-key'],
  };
}

function fieldSchema(parent: Schema | undefined, key: string): Schema | undefined {
  const properties = parent?.properties;
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key];
  const entries = parent?.additionalProperties;
  return typeof entries === 'object' ? entries : undefined;
}

/** `retainKeys` beside another strategy changes only what clients send. */
function strategyOf(text: string | undefined): 'merge' | 'replace' | undefined {
  const strategies = text?.split(',') ?? [];
  if (strategies.includes('merge')) return 'merge';
  return strategies.includes('replace') ? 'replace' : undefined;
}
