import type { Schema } from '../schema.ts';
import { additionalSchemaOf, propertySchemaOf } from '../schema-nodes.ts';

/**
 * The field that the fieldPath of a rule means, as paths of errors spell it (`a.b[key]`), or undefined if
 * it is no path of names and keys, such as `.a['b']`, that the schema knows.
 */
export function normalizeFieldPath(path: string, schema: Schema): string | undefined {
  const tokens = tokensOf(path);
  let node: Schema | undefined = schema;
  let normalized = '';
  while (tokens.length > 0) {
    const name = nextName(tokens);
    if (name === undefined || node === undefined) return undefined;
    const hasFields: boolean = Object.keys(node.properties ?? {}).length > 0;
    if (hasFields) {
      node = propertySchemaOf(node, name);
      if (node === undefined) return undefined;
      normalized += normalized === '' ? name : `.${name}`;
    } else {
      if (node.additionalProperties === undefined) return undefined;
      node = additionalSchemaOf(node);
      normalized += `[${name}]`;
    }
  }
  return normalized;
}

/** Takes `.name` or `['name']` from the front; undefined if there is neither. */
function nextName(tokens: string[]): string | undefined {
  const start = tokens.shift();
  if (start === '.') return tokens.shift();
  if (start !== '[') return undefined;
  const quoted = tokens.shift() ?? '';
  if (quoted.length < 2 || !quoted.startsWith("'") || !quoted.endsWith("'")) return undefined;
  return tokens.shift() === ']' ? unescapeQuoted(quoted.slice(1, -1)) : undefined;
}

/** Dots and brackets, and what stands between them; nothing splits a text in single quotes. */
function tokensOf(path: string): string[] {
  return path.match(/'[\s\S]*?(?<!\\)'|'[\s\S]*|[.[\]]|[^.[\]]+/g) ?? [];
}

function unescapeQuoted(text: string): string | undefined {
  let isValid = true;
  const unescaped = text.replace(/\\(.)/g, (_, directive: string) => {
    const character = ESCAPES.get(directive);
    if (character === undefined) isValid = false;
    return character ?? '';
  });
  return isValid ? unescaped : undefined;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ["'", "'"],
  ['\\', '\\'],
]);
