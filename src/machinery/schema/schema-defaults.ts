import { at, child, type FieldError, invalid } from '../field-error.ts';
import { deepCopy, deepEqual, isObject, type JsonValue, objectOf } from '../json-value.ts';
import { pruneUnknown } from './prune.ts';
import type { Schema } from './schema.ts';
import { WorkBudget } from './validation-report.ts';
import { validateValue } from './value-validation.ts';

/**
 * Every default must be valid against its own schema and hold no field that pruning would remove:
 * otherwise defaulting would make objects invalid, or change at each read.
 */
export function validateSchemaDefaults(schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  checkNode(schema, { path, errors, budget: new WorkBudget(), isResource: true, isInsideMeta: false });
  return errors;
}

interface Place {
  readonly path: string;
  readonly errors: FieldError[];
  readonly budget: WorkBudget;
  readonly isResource: boolean;
  readonly isInsideMeta: boolean;
}

function checkNode(schema: Schema, place: Place): void {
  const { path, errors, budget, isResource, isInsideMeta } = place;
  if (budget.isExhausted) return;
  const isEmbedded = isResource || schema['x-kubernetes-embedded-resource'] === true;
  const isMeta = isInsideMeta && !isEmbedded;
  if (schema.default !== undefined && schema.default !== null) {
    const defaultPath = child(path, 'default');
    if (!isMeta && !isPruned(schema.default, schema)) {
      errors.push(invalid(defaultPath, schema.default, 'must not have unknown fields'));
    }
    errors.push(...validateValue(schema, schema.default, { base: defaultPath, budget }).distinctErrors());
  }
  // Defaults below additionalProperties are never applied to a key that is absent, and upstream ignores them.
  if (schema.items !== undefined) {
    const items = child(path, 'items');
    checkNode(schema.items, { ...place, path: items, isResource: false, isInsideMeta: isMeta });
  }
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const isMetaField = key === 'metadata' || key === 'apiVersion' || key === 'kind';
    checkNode(property, {
      ...place,
      path: at(child(path, 'properties'), key),
      isResource: false,
      isInsideMeta: isMeta || (isEmbedded && isMetaField),
    });
  }
}

function isPruned(value: JsonValue, schema: Schema): boolean {
  if (!isObject(value) && !Array.isArray(value)) return true;
  const copy = objectOf({ default: deepCopy(value) });
  pruneUnknown(copy, { type: 'object', properties: { default: schema } }, { isResourceRoot: false });
  return deepEqual(copy['default'], value);
}
