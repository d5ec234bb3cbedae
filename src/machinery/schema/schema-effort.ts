import { limits } from '../../base/mod.ts';
import { type FieldError, forbidden } from '../field-error.ts';
import { patternSizeOf } from './pattern-size.ts';
import type { Schema } from './schema.ts';
import { visitSchema } from './schema-nodes.ts';

/**
 * Says of all schemas of one CRD whether compiling their patterns and expressions would hold up everybody
 * else: upstream has no such bounds, and needs none where a tenant has a server of his own.
 */
export function validateSchemaEffort(schemas: readonly Schema[], path: string): FieldError[] {
  const patterns = new Set<string>();
  let textLength = 0;
  let count = 0;
  for (const schema of schemas) {
    visitSchema(schema, (node) => {
      count += 1;
      if (typeof node.pattern === 'string') patterns.add(node.pattern);
      for (const { rule, messageExpression } of node['x-kubernetes-validations'] ?? []) {
        textLength += rule.length + (messageExpression?.length ?? 0);
      }
    });
  }
  const errors: FieldError[] = [];
  let patternSize = 0;
  for (const pattern of patterns) patternSize += patternSizeOf(pattern);
  if (count > limits.definitionSchemasMax) {
    errors.push(forbidden(path, `must not have more than ${limits.definitionSchemasMax} schemas in all`));
  }
  if (patternSize > limits.patternsDefinitionSizeMax) {
    const max = limits.patternsDefinitionSizeMax;
    const detail = `must not have patterns of more than ${max} parts in all when their repetitions are written out`;
    errors.push(forbidden(path, detail));
  }
  if (textLength > limits.celDefinitionTextMax) {
    const max = limits.celDefinitionTextMax;
    const detail = `must not have more than ${max} characters of x-kubernetes-validations expressions in all`;
    errors.push(forbidden(path, detail));
  }
  return errors;
}

/** What the expressions of one CRD may still take to compile, in parts. */
export class CompileEffort {
  #partsLeft: number = limits.celDefinitionPartsMax;

  get isSpent(): boolean {
    return this.#partsLeft < 0;
  }

  spend(parts: number): void {
    this.#partsLeft -= parts;
  }
}
