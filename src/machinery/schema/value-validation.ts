import { goQuote, invalid, required, tooMany } from '../field-error.ts';
import { isObject, type JsonObject, type JsonValue } from '../json-value.ts';
import { type Checked, checkEnum, checkNumber, checkString, checkType } from './scalar-checks.ts';
import type { Schema } from './schema.ts';
import { additionalSchemaOf, propertySchemaOf } from './schema-nodes.ts';
import { ValidationReport, ValidationScope, type WorkBudget } from './validation-report.ts';

/**
 * Validates a value against a schema as kube-openapi does (draft 4 of JSON schema with `nullable`), with
 * its texts. Work and number of errors are bounded, so that no pair of object and schema can stall.
 */
export function validateValue(
  schema: Schema,
  value: JsonValue,
  { base, budget }: { readonly base: string; readonly budget?: WorkBudget },
): ValidationReport {
  const scope = new ValidationScope(base, budget);
  const report = new ValidationReport();
  validateNode(schema, { value, path: '', scope, report });
  if (scope.isExhausted) {
    const exhausted = new ValidationReport();
    exhausted.add(scope.exhaustedError());
    return exhausted;
  }
  return report;
}

function validateNode(schema: Schema, checked: Checked): void {
  const { value, scope, report } = checked;
  if (!scope.spend(1)) return;
  checkType(schema, checked);
  // As upstream, null is only checked for type and enum.
  if (value === null) {
    checkEnum(schema, checked);
    return;
  }
  checkBranches(schema, checked);
  if (typeof value === 'string') checkString(schema, value, checked);
  else if (typeof value === 'number' || typeof value === 'bigint') checkNumber(schema, value, checked);
  else if (Array.isArray(value)) checkArray(schema, value, checked);
  checkEnum(schema, checked);
  if (isObject(value)) checkObject(schema, value, checked);
  report.matches += 4;
}

function checkBranches(schema: Schema, checked: Checked): void {
  if (schema.anyOf !== undefined && schema.anyOf.length > 0) checkAnyOf(schema.anyOf, checked);
  if (schema.oneOf !== undefined && schema.oneOf.length > 0) checkOneOf(schema.oneOf, checked);
  if (schema.allOf !== undefined && schema.allOf.length > 0) checkAllOf(schema.allOf, checked);
  if (schema.not !== undefined && branch(schema.not, checked).isValid) {
    complain(checked, 'must not validate the schema (not)');
  }
}

function checkAnyOf(schemas: readonly Schema[], checked: Checked): void {
  let best: ValidationReport | undefined;
  for (const schema of schemas) {
    const report = branch(schema, checked);
    if (report.isValid) {
      checked.report.merge(report);
      return;
    }
    if (best === undefined || report.matches > best.matches) best = report;
  }
  complain(checked, 'must validate at least one schema (anyOf)');
  if (best !== undefined) checked.report.merge(best);
}

function checkOneOf(schemas: readonly Schema[], checked: Checked): void {
  let best: ValidationReport | undefined;
  let valid: ValidationReport | undefined;
  let validCount = 0;
  for (const schema of schemas) {
    const report = branch(schema, checked);
    if (report.isValid) {
      validCount++;
      valid ??= report;
    } else if (best === undefined || report.matches > best.matches) {
      best = report;
    }
  }
  if (validCount === 1 && valid !== undefined) {
    checked.report.merge(valid);
    return;
  }
  const found = validCount === 0 ? 'Found none valid' : `Found ${validCount} valid alternatives`;
  complain(checked, `must validate one and only one schema (oneOf). ${found}`);
  if (validCount === 0 && best !== undefined) checked.report.merge(best);
}

function checkAllOf(schemas: readonly Schema[], checked: Checked): void {
  let validCount = 0;
  for (const schema of schemas) {
    const report = branch(schema, checked);
    if (report.isValid) validCount++;
    checked.report.merge(report);
  }
  if (validCount === schemas.length) return;
  complain(checked, `must validate all the schemas (allOf)${validCount === 0 ? '. None validated' : ''}`);
}

function branch(schema: Schema, { value, path, scope }: Checked): ValidationReport {
  const report = new ValidationReport();
  validateNode(schema, { value, path, scope, report });
  return report;
}

/** Errors of branches carry the path in their text; their field is the root. */
function complain({ path, scope, report }: Checked, what: string): void {
  report.add(invalid(scope.field(''), '', `${goQuote(path)} ${what}`));
}

function checkArray(schema: Schema, array: readonly JsonValue[], { path, scope, report }: Checked): void {
  const items = schema.items;
  if (items !== undefined) {
    for (let index = 0; index < array.length; index++) {
      validateNode(items, { value: array[index] ?? null, path: `${path}[${index}]`, scope, report });
    }
  }
  if (schema.minItems !== undefined && array.length < schema.minItems) {
    const detail = `${path} in body should have at least ${schema.minItems} items`;
    report.add(invalid(scope.field(path), array.length, detail));
  }
  if (schema.maxItems !== undefined && array.length > schema.maxItems) {
    report.add(tooMany(scope.field(path), array.length, schema.maxItems));
  }
}

function checkObject(schema: Schema, object: JsonObject, checked: Checked): void {
  const { path, scope, report } = checked;
  const keys = Object.keys(object);
  if (schema.minProperties !== undefined && keys.length < schema.minProperties) {
    const detail = `${path} in body should have at least ${schema.minProperties} properties`;
    report.add(invalid(scope.field(path), keys.length, detail));
    return;
  }
  if (schema.maxProperties !== undefined && keys.length > schema.maxProperties) {
    report.add(tooMany(scope.field(path), keys.length, schema.maxProperties));
    return;
  }
  const additional = additionalSchemaOf(schema);
  for (const key of keys) {
    const value = object[key];
    if (value === undefined) continue;
    const property = propertySchemaOf(schema, key);
    if (property !== undefined) {
      validateNode(property, { value, path: path === '' ? key : `${path}.${key}`, scope, report });
    } else if (additional !== undefined) {
      validateNode(additional, { value, path: `${path}.${key}`, scope, report });
    } else if (schema.additionalProperties === false) {
      report.add(invalid(scope.field(path), key, `${path}.${key} in body is a forbidden property`));
    }
  }
  const requiredKeys = schema.required;
  if (requiredKeys === undefined || !scope.spend(requiredKeys.length)) return;
  for (const key of requiredKeys) {
    if (object[key] === undefined) report.add(required(scope.field(`${path}.${key}`)));
  }
}
