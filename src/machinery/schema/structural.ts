import { child, type FieldError, fieldErrorText, forbidden, invalid } from '../field-error.ts';
import { checkRules } from './rules/mod.ts';
import type { Schema } from './schema.ts';
import { validateSchemaDefaults } from './schema-defaults.ts';
import type { CompileEffort } from './schema-effort.ts';
import type { SchemaHistory } from './schema-history.ts';
import { hasUnsupportedKeywords, validateSchemaKeywords } from './schema-keywords.ts';
import { validateCompleteness } from './structural-completeness.ts';
import { validateInvariants } from './structural-invariants.ts';
import { ERRORS_MAX } from './validation-report.ts';

export interface StructuralOptions {
  /** A status subresource splits the schema, so that its root may only say what survives the split. */
  readonly isStatusEnabled: boolean;
  /** What an update of an older CRD may keep. */
  readonly history?: SchemaHistory;
  /** The schema was accepted before, so that the estimated cost of its rules is not held against it. */
  readonly isUnchanged?: boolean;
  /** What the rules of all versions may take to compile. */
  readonly effort?: CompileEffort;
}

/**
 * The rules for the schema of a version of a CRD (`openAPIV3Schema`): banned keywords, structural form,
 * list and map types, valid defaults and patterns, and rules in CEL that compile and do not cost too much,
 * with upstream's texts. At most 100 errors.
 *
 * @param path where the schema stands, as in `spec.versions[0].schema.openAPIV3Schema`
 */
export function validateStructural(schema: Schema, path: string, options: StructuralOptions): FieldError[] {
  if (!isDepthBounded(schema))
    return [invalid(path, '', `must not nest deeper than ${SCHEMA_DEPTH_MAX} levels`)];
  const errors: FieldError[] = [];
  const keep = (found: readonly FieldError[]): FieldError[] =>
    found.filter((error) => options.history?.tolerates(error) !== true);
  let isSound = false;
  if (options.isStatusEnabled) errors.push(...validateSplittableRoot(schema, path));
  if (schema.nullable === true) {
    errors.push(forbidden(child(path, 'nullable'), 'nullable cannot be true at the root'));
  }
  // What the keyword rules refuse below has no structural form that could be looked at.
  if (!hasUnsupportedKeywords(schema)) {
    const structural = [...validateInvariants(schema, path), ...validateCompleteness(schema, path)];
    const found =
      structural.length > 0 ? structural.sort(compareTexts) : keep(validateSchemaDefaults(schema, path));
    errors.push(...found);
    isSound = found.length === 0;
  }
  const schemaErrors = keep(validateSchemaKeywords(schema, path));
  errors.push(...schemaErrors);
  // Types that expressions are checked against follow from a sound schema only.
  if (isSound) {
    errors.push(
      ...checkRules(schema, path, {
        schemaErrors,
        isUnchanged: options.isUnchanged === true,
        known: options.history,
        effort: options.effort,
      }),
    );
  }
  return errors.slice(0, ERRORS_MAX);
}

/** Two levels per field: enough for objects as deep as the JSON parser takes. */
const SCHEMA_DEPTH_MAX = 200;

function isDepthBounded(schema: unknown, depth = 0): boolean {
  if (typeof schema !== 'object' || schema === null) return true;
  if (depth > SCHEMA_DEPTH_MAX) return false;
  return Object.values(schema).every((value) => isDepthBounded(value, depth + 1));
}

function validateSplittableRoot(schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const keyword of Object.keys(schema)) {
    if (keyword === 'type') {
      if (schema.type === 'object') continue;
      const detail =
        'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
      errors.push(invalid(child(path, 'type'), schema.type ?? '', detail));
    } else if (!ROOT_KEYWORDS.has(keyword) && isSet(schema[keyword as keyof Schema])) {
      const names = [...ROOT_KEYWORDS.values()].join(' ');
      const detail = `only [${names}] fields are allowed at the root of the schema if the status subresource is enabled`;
      // Upstream prints the whole schema as the value, which can be megabytes.
      errors.push(invalid(path, keyword, detail));
      break;
    }
  }
  return errors;
}

/** By JSON name, the Go name that upstream's text lists. */
const ROOT_KEYWORDS: ReadonlyMap<string, string> = new Map([
  ['description', 'Description'],
  ['type', 'Type'],
  ['format', 'Format'],
  ['title', 'Title'],
  ['maximum', 'Maximum'],
  ['exclusiveMaximum', 'ExclusiveMaximum'],
  ['minimum', 'Minimum'],
  ['exclusiveMinimum', 'ExclusiveMinimum'],
  ['maxLength', 'MaxLength'],
  ['minLength', 'MinLength'],
  ['pattern', 'Pattern'],
  ['maxItems', 'MaxItems'],
  ['minItems', 'MinItems'],
  ['uniqueItems', 'UniqueItems'],
  ['multipleOf', 'MultipleOf'],
  ['required', 'Required'],
  ['items', 'Items'],
  ['properties', 'Properties'],
  ['externalDocs', 'ExternalDocs'],
  ['example', 'Example'],
  ['x-kubernetes-preserve-unknown-fields', 'XPreserveUnknownFields'],
  ['x-kubernetes-validations', 'XValidations'],
]);

/** Zero values are not there for Go. */
function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '' || value === 0) return false;
  return !(Array.isArray(value) && value.length === 0);
}

function compareTexts(a: FieldError, b: FieldError): number {
  const left = fieldErrorText(a);
  const right = fieldErrorText(b);
  return left < right ? -1 : left > right ? 1 : 0;
}
