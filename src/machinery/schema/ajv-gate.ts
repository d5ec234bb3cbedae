import { createRequire } from 'node:module';
import { type JsonObject, type JsonValue, newObject } from '../json-value.ts';
import { checkEnum, checkNumber, checkString, checkType, enforcedFormat } from './scalar-checks.ts';
import type { Schema } from './schema.ts';
import { additionalSchemaOf, visitSchema } from './schema-nodes.ts';
import { ValidationReport, ValidationScope } from './validation-report.ts';

/** Says quickly that a value is valid. False means: not sure, ask the validation that explains. */
export type Gate = (value: JsonValue) => boolean;

/**
 * Compiles a schema with ajv into a gate, or returns undefined for a schema for which that does not pay.
 * ajv walks the structure; types of numbers, enums, formats, patterns and lengths are left to the checks
 * that explain them, because JavaScript's numbers, strings and expressions differ from Go's. It stops at
 * the first problem: with all errors, an object of some megabytes could make millions of them.
 *
 * Every gate has an Ajv of its own, which is dropped with it: a shared one keeps what it compiled.
 */
export function compileGate(schema: Schema): Gate | undefined {
  if (!isWorthCompiling(schema)) return undefined;
  let scope = new ValidationScope('');
  const ajv = new (loadAjv().Ajv)({ strict: false, meta: false, validateSchema: false, messages: false });
  ajv.addKeyword({
    keyword: SCALAR_KEYWORD,
    errors: false,
    compile: (node: Schema) => (value: JsonValue) => passesScalarChecks(node, value, scope),
  });
  const validate = ajv.compile(gateSchema(schema));
  return (value) => {
    scope = new ValidationScope('');
    return validate(value) && !scope.isExhausted;
  };
}

/** ajv compiles about five nodes in a millisecond, in which the event loop stands still. */
const NODES_MAX = 500;

/** Branches multiply the work of every value, and ajv's code does not count what it does. */
const BRANCHES_MAX = 64;

const SCALAR_KEYWORD = 'kubeScalar';

type AjvPackage = typeof import('ajv');

let ajvPackage: AjvPackage | undefined;

// Loading ajv takes longer than everything else that happens before a server answers its first request.
function loadAjv(): AjvPackage {
  ajvPackage ??= createRequire(import.meta.url)('ajv') as AjvPackage;
  return ajvPackage;
}

function isWorthCompiling(schema: Schema): boolean {
  let nodes = 0;
  let branches = 0;
  let isSupported = true;
  visitSchema(schema, (node) => {
    nodes++;
    branches += (node.anyOf?.length ?? 0) + (node.oneOf?.length ?? 0) + (node.allOf?.length ?? 0);
    // ajv skips a property of this name, which a gate must not.
    if (node.properties !== undefined && Object.hasOwn(node.properties, '__proto__')) isSupported = false;
  });
  return isSupported && nodes <= NODES_MAX && branches <= BRANCHES_MAX;
}

function gateSchema(schema: Schema): JsonObject {
  const gate = newObject();
  const plainType = plainTypeOf(schema);
  if (plainType !== undefined) gate['type'] = schema.nullable === true ? [plainType, 'null'] : plainType;
  // The node itself is the keyword's argument; it is only handed through.
  if (plainType === undefined || hasScalarRules(schema))
    gate[SCALAR_KEYWORD] = schema as unknown as JsonObject;
  if (schema.properties !== undefined) {
    const properties = newObject();
    for (const [key, property] of Object.entries(schema.properties)) properties[key] = gateSchema(property);
    gate['properties'] = properties;
  }
  const additional = additionalSchemaOf(schema);
  if (additional !== undefined) gate['additionalProperties'] = gateSchema(additional);
  else if (schema.additionalProperties === false) gate['additionalProperties'] = false;
  if (schema.items !== undefined) gate['items'] = gateSchema(schema.items);
  if (schema.required !== undefined && schema.required.length > 0)
    gate['required'] = [...new Set(schema.required)];
  for (const keyword of COUNT_KEYWORDS) if (schema[keyword] !== undefined) gate[keyword] = schema[keyword];
  for (const keyword of BRANCH_KEYWORDS) {
    const branches = schema[keyword];
    if (branches !== undefined && branches.length > 0) gate[keyword] = branches.map(gateSchema);
  }
  if (schema.not !== undefined) gate['not'] = gateSchema(schema.not);
  return gate;
}

const COUNT_KEYWORDS = ['minItems', 'maxItems', 'minProperties', 'maxProperties'] as const;
const BRANCH_KEYWORDS = ['anyOf', 'oneOf', 'allOf'] as const;

/** The types on which ajv and Kubernetes agree. */
function plainTypeOf(schema: Schema): string | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) return undefined;
  const type = schema.type ?? '';
  return type === 'object' || type === 'array' || type === 'string' || type === 'boolean' ? type : undefined;
}

function hasScalarRules(schema: Schema): boolean {
  return (
    (schema.enum !== undefined && schema.enum.length > 0) ||
    enforcedFormat(schema) !== undefined ||
    SCALAR_KEYWORDS.some((keyword) => schema[keyword] !== undefined)
  );
}

const SCALAR_KEYWORDS = ['pattern', 'minLength', 'maxLength', 'minimum', 'maximum', 'multipleOf'] as const;

function passesScalarChecks(schema: Schema, value: JsonValue, scope: ValidationScope): boolean {
  if (!scope.spend(1)) return false;
  const report = new ValidationReport();
  const checked = { value, path: '', scope, report };
  checkType(schema, checked);
  if (typeof value === 'string') checkString(schema, value, checked);
  else if (typeof value === 'number' || typeof value === 'bigint') checkNumber(schema, value, checked);
  checkEnum(schema, checked);
  return report.isValid;
}
