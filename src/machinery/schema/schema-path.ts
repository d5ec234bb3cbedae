import type { Schema } from './schema.ts';
import { additionalSchemaOf, propertySchemaOf } from './schema-nodes.ts';

/**
 * The keys of a simple field path such as `.spec.color` or `.spec['my-key']`. Array indices, wildcards
 * and anything else of JSONPath give undefined.
 */
export function splitFieldPath(path: string): string[] | undefined {
  const keys: string[] = [];
  let rest = path;
  while (rest !== '') {
    const match = DOTTED.exec(rest) ?? BRACKETED.exec(rest);
    if (match === null) return undefined;
    keys.push((match[1] ?? match[2] ?? '').replaceAll("\\'", "'"));
    rest = rest.slice(match[0].length);
  }
  return keys.length === 0 ? undefined : keys;
}

/** The schema that a simple field path leads to, or undefined if there is no such field. */
export function schemaAtPath(schema: Schema, path: string): Schema | undefined {
  let node: Schema | undefined = schema;
  const keys = splitFieldPath(path);
  if (keys === undefined) return undefined;
  for (const key of keys) {
    if (node === undefined) return undefined;
    node = propertySchemaOf(node, key) ?? additionalSchemaOf(node);
  }
  return node;
}

const DOTTED = /^\.([^.[\]'"\\\s]+)/;
const BRACKETED = /^\['((?:[^'\\]|\\')+)'\]|^\["([^"\\]+)"\]/;
