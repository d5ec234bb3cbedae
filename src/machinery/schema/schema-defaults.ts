import { at, child, type FieldError, invalid } from '../field-error.ts';
import { deepCopy, deepEqual, isObject, type JsonValue, objectOf } from '../json-value.ts';
import { pruneUnknown } from './prune.ts';
import { RuleBudget, RuleValidator } from './rules/mod.ts';
import type { Schema } from './schema.ts';
import { WorkBudget } from './validation-report.ts';
import { validateValue } from './value-validation.ts';

/**
 * Every default must be valid against its own schema, rules included, and hold no field that pruning would
 * remove: otherwise defaulting would make objects invalid, or change at each read.
 */
export function validateSchemaDefaults(schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const budgets = { budget: new WorkBudget(), rules: new RuleBudget() };
  checkNode(schema, { path, errors, ...budgets, isResource: true, isInsideMeta: false });
  return errors;
}

interface Place {
  readonly path: string;
  readonly errors: FieldError[];
  readonly budget: WorkBudget;
  readonly rules: RuleBudget;
  readonly isResource: boolean;
  readonly isInsideMeta: boolean;
}

function checkNode(schema: Schema, place: Place): void {
  const { path, errors, budget, rules, isResource, isInsideMeta } = place;
  if (budget.isExhausted || rules.isOver) return;
  const isEmbedded = isResource || schema['x-kubernetes-embedded-resource'] === true;
  const isMeta = isInsideMeta && !isEmbedded;
  if (schema.default !== undefined && schema.default !== null) {
    const defaultPath = child(path, 'default');
    if (!isMeta && !isPruned(schema.default, schema)) {
      errors.push(invalid(defaultPath, schema.default, 'must not have unknown fields'));
    }
    const invalidities = validateValue(schema, schema.default, {
      base: defaultPath,
      budget,
      isDefault: true,
    }).distinctErrors();
    errors.push(...invalidities);
    if (invalidities.length === 0)
      errors.push(...brokenRules(schema, schema.default, { ...place, isEmbedded }));
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

interface DefaultPlace extends Place {
  readonly isEmbedded: boolean;
}

/**
 * The rules that a default breaks. It must pass when it replaces itself, and when it comes from nothing,
 * which is another question to rules that look back.
 */
function brokenRules(
  schema: Schema,
  value: JsonValue,
  { path, rules, isEmbedded }: DefaultPlace,
): FieldError[] {
  const validator = RuleValidator.of(schema, { isResourceRoot: isEmbedded });
  if (validator === undefined) return [];
  const options = { path: child(path, 'default'), budget: rules };
  const errors = validator.validate(value, { ...options, old: value });
  return errors.length > 0 ? errors : validator.validate(value, options);
}

function isPruned(value: JsonValue, schema: Schema): boolean {
  if (!isObject(value) && !Array.isArray(value)) return true;
  const copy = objectOf({ default: deepCopy(value) });
  pruneUnknown(copy, { type: 'object', properties: { default: schema } }, { isResourceRoot: false });
  return deepEqual(copy['default'], value);
}
