import { at, child, type FieldError, forbidden, invalid, required } from '../field-error.ts';
import { compilePattern, PatternError } from './pattern.ts';
import type { Schema } from './schema.ts';
import { additionalSchemaOf } from './schema-nodes.ts';

/** Where in the object a node stands: upstream's texts differ by it. */
type Level = 'root' | 'item' | 'field';

/**
 * The form of a structural schema: every node outside of allOf, anyOf, oneOf and not has a type, and
 * nothing inside of them says anything but restrictions on values.
 */
export function validateInvariants(schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  checkNode(schema, 'root', { path, errors });
  return errors;
}

interface Place {
  readonly path: string;
  readonly errors: FieldError[];
}

function checkNode(schema: Schema, level: Level, { path, errors }: Place): void {
  if (schema.type === 'array' && schema.items === undefined) {
    errors.push(required(child(path, 'items'), 'must be specified'));
  }
  if (schema.items !== undefined) checkNode(schema.items, 'item', { path: child(path, 'items'), errors });
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    checkNode(property, 'field', { path: at(child(path, 'properties'), key), errors });
  }
  if (hasAdditional(schema)) {
    const additionalPath = child(path, 'additionalProperties');
    if (level === 'root') errors.push(forbidden(additionalPath, 'must not be used at the root'));
    const additional = additionalSchemaOf(schema);
    if (additional !== undefined) checkNode(additional, 'field', { path: additionalPath, errors });
  }
  checkIntOrString(schema, { path, errors });
  checkRestrictions(schema, { path, errors }, schema);
  checkNodeType(schema, level, { path, errors });
  checkResource(schema, level, { path, errors });
}

function checkIntOrString(schema: Schema, { path, errors }: Place): void {
  if (schema['x-kubernetes-int-or-string'] !== true) return;
  for (const extension of [
    'x-kubernetes-preserve-unknown-fields',
    'x-kubernetes-embedded-resource',
  ] as const) {
    if (schema[extension] !== true) continue;
    errors.push(invalid(child(path, extension), true, 'must be false if x-kubernetes-int-or-string is true'));
  }
}

const MISSING_TYPE: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

function checkNodeType(schema: Schema, level: Level, { path, errors }: Place): void {
  const type = schema.type ?? '';
  const typePath = child(path, 'type');
  if (schema['x-kubernetes-embedded-resource'] === true && type !== 'object') {
    const detail = 'must be object if x-kubernetes-embedded-resource is true';
    errors.push(type === '' ? required(typePath, detail) : invalid(typePath, type, detail));
  } else if (type === '' && !isTypeImplied(schema)) {
    errors.push(required(typePath, MISSING_TYPE[level]));
  }
  if (level === 'root' && type !== '' && type !== 'object') {
    errors.push(invalid(typePath, type, 'must be object at the root'));
  }
}

function isTypeImplied(schema: Schema): boolean {
  return (
    schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true
  );
}

/** Embedded resources, and the root, have apiVersion, kind and metadata whose types are given. */
function checkResource(schema: Schema, level: Level, { path, errors }: Place): void {
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true;
  const properties = schema.properties ?? {};
  if (isEmbedded && hasAdditional(schema)) {
    const detail = 'must not be used if x-kubernetes-embedded-resource is set';
    errors.push(forbidden(child(path, 'additionalProperties'), detail));
  }
  if (
    isEmbedded &&
    schema['x-kubernetes-preserve-unknown-fields'] !== true &&
    Object.keys(properties).length === 0
  ) {
    const detail =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    errors.push(required(child(path, 'properties'), detail));
  }
  if (!isEmbedded && level !== 'root') return;
  for (const [key, type] of META_TYPES) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (property === undefined) continue;
    const propertyPath = at(child(path, 'properties'), key);
    if (property.type !== type) {
      errors.push(invalid(child(propertyPath, 'type'), property.type ?? '', `must be ${type}`));
    }
    if (key === 'metadata' && level === 'root' && restrictsMetadata(property)) {
      const detail =
        'must not specify anything other than name and generateName, but metadata is implicitly specified';
      errors.push(forbidden(propertyPath, detail));
    }
  }
}

const META_TYPES: readonly (readonly [string, string])[] = [
  ['kind', 'string'],
  ['apiVersion', 'string'],
  ['metadata', 'object'],
];

function restrictsMetadata(metadata: Schema): boolean {
  if (hasAdditional(metadata)) return true;
  const names = Object.keys(metadata.properties ?? {});
  if (names.some((name) => name !== 'name' && name !== 'generateName')) return true;
  return Object.keys(metadata).some(
    (keyword) => !METADATA_KEYWORDS.has(keyword) && isGiven(metadata[keyword as keyof Schema]),
  );
}

/** `default` is refused by the rules for keywords; documentation has no structural form. */
const METADATA_KEYWORDS: ReadonlySet<string> = new Set([
  'type',
  'properties',
  'default',
  'example',
  'externalDocs',
]);

/**
 * Checks what a node says of values: its own pattern, and its branches.
 *
 * @param outer the node itself where it stands outside of all branches: only there `anyOf: [integer, string]`
 *   may give types, directly or as the first of allOf
 */
function checkRestrictions(schema: Schema, { path, errors }: Place, outer?: Schema): void {
  if (!isIntOrStringPattern(outer)) {
    (schema.anyOf ?? []).forEach((branch, index) => {
      checkBranch(branch, { path: at(child(path, 'anyOf'), index), errors });
    });
  }
  (schema.allOf ?? []).forEach((branch, index) => {
    const place = { path: at(child(path, 'allOf'), index), errors };
    checkBranch(branch, place, index === 0 && outer !== undefined ? branch : undefined);
  });
  (schema.oneOf ?? []).forEach((branch, index) => {
    checkBranch(branch, { path: at(child(path, 'oneOf'), index), errors });
  });
  if (schema.not !== undefined) checkBranch(schema.not, { path: child(path, 'not'), errors });
  checkPatternSyntax(schema, { path, errors });
}

function checkPatternSyntax({ pattern }: Schema, { path, errors }: Place): void {
  if (pattern === undefined || pattern === '') return;
  try {
    compilePattern(pattern);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    const detail = `must be a valid regular expression, but isn't: ${error.message}`;
    errors.push(invalid(child(path, 'pattern'), pattern, detail));
  }
}

function checkBranch(schema: Schema, { path, errors }: Place, outer?: Schema): void {
  checkRestrictionsOfBranch(schema, { path, errors }, outer);
  if (schema.items !== undefined) checkBranch(schema.items, { path: child(path, 'items'), errors });
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    checkBranch(property, { path: at(child(path, 'properties'), key), errors });
  }
  if (hasAdditional(schema)) {
    errors.push(forbidden(child(path, 'additionalProperties'), 'must be undefined to be structural'));
  }
  for (const [keyword, detail] of FORBIDDEN_IN_BRANCHES) {
    if (isGiven(schema[keyword])) errors.push(forbidden(child(path, keyword), `${detail} to be structural`));
  }
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, 'metadata')) {
    const detail = 'must not be specified in a nested context';
    errors.push(forbidden(at(child(path, 'properties'), 'metadata'), detail));
  }
}

/** Inside a branch only the first anyOf of an int-or-string keeps its exception. */
function checkRestrictionsOfBranch(schema: Schema, place: Place, outer: Schema | undefined): void {
  if (outer !== undefined && isIntOrStringPattern(outer)) {
    const { anyOf: _, ...rest } = schema;
    checkRestrictions(rest, place);
  } else {
    checkRestrictions(schema, place);
  }
}

const FORBIDDEN_IN_BRANCHES: readonly (readonly [keyof Schema, string])[] = [
  ['type', 'must be empty'],
  ['default', 'must be undefined'],
  ['title', 'must be empty'],
  ['description', 'must be empty'],
  ['nullable', 'must be false'],
  ['externalDocs', 'must be undefined'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false'],
  ['x-kubernetes-embedded-resource', 'must be false'],
  ['x-kubernetes-int-or-string', 'must be false'],
  ['x-kubernetes-list-map-keys', 'must be empty'],
  ['x-kubernetes-list-type', 'must be undefined'],
  ['x-kubernetes-map-type', 'must be undefined'],
  ['x-kubernetes-validations', 'must be empty'],
];

function isIntOrStringPattern(schema: Schema | undefined): boolean {
  const [first, second, ...more] = schema?.anyOf ?? [];
  return more.length === 0 && isOnlyType(first, 'integer') && isOnlyType(second, 'string');
}

function isOnlyType(schema: Schema | undefined, type: string): boolean {
  return schema?.type === type && Object.keys(schema).length === 1;
}

/** Even `additionalProperties: false` is there for Go, which keeps it in a struct of its own. */
function hasAdditional(schema: Schema): boolean {
  return schema.additionalProperties !== undefined && schema.additionalProperties !== null;
}

/** Go cannot tell a zero value from an absent one. */
function isGiven(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false;
  if (Array.isArray(value)) return value.length > 0;
  return value !== false && value !== 0;
}
