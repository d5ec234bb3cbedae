import { fieldErrorText } from '../../field-error.ts';
import { parseJson } from '../../json.ts';
import type { JsonValue } from '../../json-value.ts';
import { CorrelatedValue } from '../correlated-value.ts';
import type { Schema, ValidationRule } from '../schema.ts';
import { RuleValidator } from './rule-validator.ts';

/** A value as the parser makes it. */
export function json(value: unknown): JsonValue {
  return parseJson(JSON.stringify(value)).value;
}

export function withRules(schema: Schema, ...rules: readonly (string | ValidationRule)[]): Schema {
  const list = rules.map((rule) => (typeof rule === 'string' ? { rule } : rule));
  return { ...schema, 'x-kubernetes-validations': list };
}

export function objectWith(properties: Readonly<Record<string, Schema>>, rest: Schema = {}): Schema {
  return { type: 'object', properties, ...rest };
}

export interface Outcome {
  readonly errors: string[];
  readonly warnings: string[];
}

/** What the rules of a field `f` say of a value, which replaces an old one if that is given. */
export function judge(field: Schema, value: unknown, old?: unknown): Outcome {
  const schema = objectWith({ f: field });
  const validator = RuleValidator.of(schema, { isResourceRoot: true });
  if (validator === undefined) throw new Error('the schema has no rules');
  const [next, before] = [json({ f: value }), old === undefined ? undefined : json({ f: old })];
  const warnings: string[] = [];
  const errors = validator.validate(next, {
    path: '',
    old: before,
    correlation: before === undefined ? undefined : new CorrelatedValue(next, before, schema),
    warn: (error) => warnings.push(fieldErrorText(error)),
  });
  return { errors: errors.map(fieldErrorText), warnings };
}

export function errorsOf(field: Schema, value: unknown, old?: unknown): string[] {
  return judge(field, value, old).errors;
}
