import { goQuote, invalid, required, tooMany } from '../field-error.ts';
import { isObject, type JsonObject, type JsonValue } from '../json-value.ts';
import type { CorrelatedValue } from './correlated-value.ts';
import { type Checked, checkEnum, checkNumber, checkString, checkType } from './scalar-checks.ts';
import type { Schema } from './schema.ts';
import { additionalSchemaOf, propertySchemaOf } from './schema-nodes.ts';
import { ValidationReport, ValidationScope, type WorkBudget } from './validation-report.ts';

export interface ValueOptions {
  /** The path of the value. */
  readonly base: string;
  readonly budget?: WorkBudget;
  /** The value is the default of a schema, where upstream takes anything for an int-or-string. */
  readonly isDefault?: boolean;
  /** The value with what it replaces: what is wrong where nothing changed is not held against an update. */
  readonly correlation?: CorrelatedValue | undefined;
}

/**
 * Validates a value against a schema as kube-openapi does (draft 4 of JSON schema with `nullable`), with
 * its texts. Work and number of errors are bounded, so that no pair of object and schema can stall.
 */
export function validateValue(schema: Schema, value: JsonValue, options: ValueOptions): ValidationReport {
  const { base, correlation } = options;
  const scope = new ValidationScope(base, options);
  const report = new ValidationReport();
  validateCorrelated(schema, { value, path: '', scope, report, correlation });
  if (scope.isExhausted) {
    const exhausted = new ValidationReport();
    exhausted.add(scope.exhaustedError());
    return exhausted;
  }
  return report;
}

/** A value at its place, with its counterpart if the place has one. */
interface Correlated extends Checked {
  readonly correlation?: CorrelatedValue | undefined;
}

/** Forgets the errors of a value that did not change, those of everything below it included. */
function validateCorrelated(schema: Schema, checked: Correlated): void {
  const { correlation, report } = checked;
  if (correlation === undefined) {
    validateNode(schema, checked);
    return;
  }
  const own = new ValidationReport();
  validateNode(schema, { ...checked, report: own });
  if (own.isValid || !correlation.isUnchanged) report.merge(own);
  else report.matches += own.matches;
}

function validateNode(schema: Schema, checked: Correlated): void {
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

/** As upstream, a branch does not know what was there before: its errors are dropped only with its node's. */
function branch(schema: Schema, { value, path, scope }: Checked): ValidationReport {
  const report = new ValidationReport();
  validateNode(schema, { value, path, scope, report });
  return report;
}

/** Errors of branches carry the path in their text; their field is the root. */
function complain({ path, scope, report }: Checked, what: string): void {
  report.add(invalid(scope.field(''), '', `${goQuote(path)} ${what}`));
}

function checkArray(schema: Schema, array: readonly JsonValue[], checked: Correlated): void {
  const { path, scope, report } = checked;
  report.matches += 2;
  const items = schema.items;
  if (items !== undefined) {
    for (let index = 0; index < array.length; index++) {
      const correlation = checked.correlation?.index(index);
      const value = array[index] ?? null;
      validateCorrelated(items, { value, path: `${path}[${index}]`, scope, report, correlation });
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

function checkObject(schema: Schema, object: JsonObject, checked: Correlated): void {
  const { path, scope, report } = checked;
  report.matches += 1;
  const keys = Object.keys(object);
  if (schema.minProperties !== undefined && keys.length < schema.minProperties) {
    const detail = `${path} in body should have at least ${schema.minProperties} properties`;
    report.add(invalid(scope.field(path), keys.length, detail));
  }
  if (schema.maxProperties !== undefined && keys.length > schema.maxProperties) {
    report.add(tooMany(scope.field(path), keys.length, schema.maxProperties));
  }
  const additional = additionalSchemaOf(schema);
  for (const key of keys) {
    const value = object[key];
    if (value === undefined) continue;
    const property = propertySchemaOf(schema, key);
    if (property !== undefined) {
      const correlation = correlationOf(key, checked);
      const at = path === '' ? key : `${path}.${key}`;
      validateCorrelated(property, { value, path: at, scope, report, correlation });
    } else if (additional !== undefined) {
      const correlation = correlationOf(key, checked);
      validateCorrelated(additional, { value, path: `${path}.${key}`, scope, report, correlation });
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

/** Both objects were converted to one version, so that a change of the root's apiVersion cannot be seen. */
function correlationOf(key: string, { path, correlation }: Correlated): CorrelatedValue | undefined {
  if (correlation === undefined) return undefined;
  return path === '' && (key === 'apiVersion' || key === 'kind') ? undefined : correlation.key(key);
}
