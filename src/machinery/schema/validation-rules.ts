import { at, child, type FieldError, invalid, notSupported, required } from '../field-error.ts';
import { normalizeFieldPath } from './rules/mod.ts';
import type { Schema, ValidationRule } from './schema.ts';

/** The rules for the form of `x-kubernetes-validations` of one node. What the expressions say is checked elsewhere. */
export function validateRules(schema: Schema, path: string): FieldError[] {
  return (schema['x-kubernetes-validations'] ?? []).flatMap((rule, index) =>
    validateRule(rule, schema, at(child(path, 'x-kubernetes-validations'), index)),
  );
}

function validateRule(rule: ValidationRule, schema: Schema, path: string): FieldError[] {
  return [
    ...validateTexts(rule, path),
    ...validateReason(rule, path),
    ...validateFieldPath(rule, schema, path),
  ];
}

function validateTexts(
  { rule = '', message = '', messageExpression = '' }: ValidationRule,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const messagePath = child(path, 'message');
  if (rule.trim() === '') {
    errors.push(required(child(path, 'rule'), 'rule is not specified'));
  } else if (message !== '' && message.trim() === '') {
    errors.push(invalid(messagePath, message, 'must be non-empty if specified'));
  } else if (hasLineBreak(message.trim())) {
    errors.push(invalid(messagePath, message, 'must not contain line breaks'));
  } else if (hasLineBreak(rule.trim()) && message.trim() === '') {
    errors.push(required(messagePath, 'message must be specified if rule contains line breaks'));
  }
  if (messageExpression !== '' && messageExpression.trim() === '') {
    const detail = 'messageExpression must be non-empty if specified';
    errors.push(required(child(path, 'messageExpression'), detail));
  }
  return errors;
}

function validateReason({ reason }: ValidationRule, path: string): FieldError[] {
  if (reason === undefined || reason === null || REASONS.includes(reason)) return [];
  return [notSupported(child(path, 'reason'), reason, REASONS)];
}

const REASONS: readonly string[] = [
  'FieldValueDuplicate',
  'FieldValueForbidden',
  'FieldValueInvalid',
  'FieldValueRequired',
];

function validateFieldPath({ fieldPath = '' }: ValidationRule, schema: Schema, path: string): FieldError[] {
  if (fieldPath === '') return [];
  const errors: FieldError[] = [];
  const place = child(path, 'fieldPath');
  if (fieldPath.trim() === '') errors.push(invalid(place, fieldPath, 'must be non-empty if specified'));
  if (hasLineBreak(fieldPath)) errors.push(invalid(place, fieldPath, 'must not contain line breaks'));
  if (normalizeFieldPath(fieldPath, schema) === undefined) {
    errors.push(invalid(place, fieldPath, 'must be a valid path'));
  }
  return errors;
}

function hasLineBreak(text: string): boolean {
  return /[\r\n]/.test(text);
}
