import { limits } from '../../base/mod.ts';
import {
  at,
  CompileEffort,
  child,
  compileTransformation,
  deepCopy,
  encodeJson,
  type FieldError,
  invalid,
  isObject,
  type JsonObject,
  JsonSyntaxError,
  type JsonValue,
  type KubeObject,
  newInternalError,
  newObject,
  objectsAt,
  parseJson,
  propertySchemaOf,
  type Schema,
  type Transformation,
  TransformationError,
  textAt,
  textsAt,
} from '../../machinery/mod.ts';

/** What versions lack is kept in annotations of this domain, named after the version that has it. */
export const PRESERVE_PREFIX = 'preserve.conversion.apis.kcp.io/';
/** Who and where an object is, and who may see it, is nothing that a conversion decides. */
const FIXED_FIELDS = new Set(['apiVersion', 'kind', 'metadata']);

interface Rule {
  readonly field: readonly string[];
  readonly destination: readonly string[];
  readonly transformation?: Transformation;
}

interface Way {
  readonly from: string;
  readonly to: string;
  readonly rules: readonly Rule[];
  readonly preserve: readonly (readonly string[])[];
}

/** The rules of an APIConversion, compiled, and what is wrong with them. */
export interface ConversionRules {
  readonly errors: readonly FieldError[];
  /**
   * Makes a copy of the object in another version; what its schema does not have is still in it. Throws `StatusError`
   * 500 when a rule fails.
   */
  convert(
    object: KubeObject,
    way: { readonly from: string; readonly to: string; readonly apiVersion: string },
  ): KubeObject;
}

/** Compiles `spec.conversions` of an APIConversion for versions with these schemas, with kcp's texts. */
export function compileConversionRules(
  conversions: readonly JsonObject[],
  schemas: ReadonlyMap<string, Schema>,
): ConversionRules {
  const errors: FieldError[] = [];
  const effort = new CompileEffort();
  const count = conversions.reduce((sum, conversion) => sum + objectsAt(conversion, 'rules').length, 0);
  if (count > limits.conversionRulesMax) {
    const detail = `must have at most ${limits.conversionRulesMax} rules in all`;
    return { errors: [invalid('spec.conversions', count, detail)], convert: (object) => deepCopy(object) };
  }
  const ways = conversions.map((conversion, index): Way => {
    const path = at('spec.conversions', index);
    const [from, to] = [textAt(conversion, 'from'), textAt(conversion, 'to')];
    const schema = schemas.get(from);
    for (const [key, version] of [
      ['from', from],
      ['to', to],
    ] as const) {
      if (schemas.has(version)) continue;
      errors.push(invalid(child(path, key), version, 'unable to find structural schema for version'));
    }
    const preserve = textsAt(conversion, 'preserve').map(fieldsOf);
    preserve.forEach((fields, at_) => {
      errors.push(...fixedErrors(fields, at(child(path, 'preserve'), at_)));
    });
    const rules = objectsAt(conversion, 'rules').flatMap((rule, at_) =>
      schema === undefined
        ? []
        : compileRule(rule, schema, { path: at(child(path, 'rules'), at_), errors, effort }),
    );
    return { from, to, rules, preserve };
  });
  return {
    errors,
    convert: (object, { from, to, apiVersion }) =>
      convert(object, { way: ways.find((one) => one.from === from && one.to === to), from, to, apiVersion }),
  };
}

function compileRule(
  rule: JsonObject,
  schema: Schema,
  {
    path,
    errors,
    effort,
  }: { readonly path: string; readonly errors: FieldError[]; readonly effort: CompileEffort },
): Rule[] {
  const field = fieldsOf(textAt(rule, 'field'));
  const destination = fieldsOf(textAt(rule, 'destination'));
  const fixed = fixedErrors(destination, child(path, 'destination'));
  errors.push(...fixed);
  const found = schemaOfField(schema, field);
  if (typeof found === 'string') {
    errors.push(invalid(child(path, 'field'), rule['field'] ?? '', found));
    return [];
  }
  if (fixed.length > 0) return [];
  const expression = textAt(rule, 'transformation');
  if (expression === '') return [{ field, destination }];
  const complain = (detail: string): Rule[] => {
    errors.push(invalid(child(path, 'transformation'), expression, detail));
    return [];
  };
  if (effort.isSpent) return complain('the expressions have too many parts in all');
  try {
    const transformation = compileTransformation(found, expression);
    effort.spend(transformation.partCount);
    return [{ field, destination, transformation }];
  } catch (error) {
    if (!(error instanceof TransformationError)) throw error;
    // Nobody counted its parts.
    effort.spend(expression.length / CHARACTERS_PER_PART);
    return complain(`error compiling CEL program: ${error.message}`);
  }
}

const CHARACTERS_PER_PART = 4;

function fixedErrors(fields: readonly string[], path: string): FieldError[] {
  if (!FIXED_FIELDS.has(fields[0] ?? '')) return [];
  return [invalid(path, `.${fields.join('.')}`, 'apiVersion, kind and metadata cannot be converted')];
}

/** `.spec.name` as its parts; the dot in front may be missing. */
function fieldsOf(path: string): readonly string[] {
  return path.replace(/^\./, '').split('.');
}

function schemaOfField(root: Schema, fields: readonly string[]): Schema | string {
  let schema = root;
  for (const [index, field] of fields.entries()) {
    if (schema.type !== 'object')
      return `expected field "${fields.slice(0, index).join('.')}" to be an object`;
    const next = propertySchemaOf(schema, field);
    if (next === undefined) return `field "${fields.slice(0, index + 1).join('.')}" doesn't exist`;
    schema = next;
  }
  return schema;
}

function convert(
  object: KubeObject,
  step: {
    readonly way: Way | undefined;
    readonly from: string;
    readonly to: string;
    readonly apiVersion: string;
  },
): KubeObject {
  const { way, from, to, apiVersion } = step;
  const converted = deepCopy(object);
  converted.apiVersion = apiVersion;
  // Of one object, on the way of every read: a fraction of what rules of validation may take.
  const budget = { cost: limits.conversionCostMax, work: limits.conversionCostMax };
  for (const { field, destination, transformation } of way?.rules ?? []) {
    const value = valueAt(object, field);
    if (value === undefined) continue;
    try {
      setAt(converted, destination, transformation?.apply(value, budget) ?? deepCopy(value));
    } catch (error) {
      if (!(error instanceof TransformationError)) throw error;
      throw newInternalError(`error converting: error executing transformation: ${error.message}`);
    }
  }
  restore(converted, `${PRESERVE_PREFIX}${to}`);
  preserve(converted, { annotation: `${PRESERVE_PREFIX}${from}`, fields: way?.preserve ?? [], object });
  return converted;
}

/** Puts back what the object had when it was in this version last. */
function restore(object: KubeObject, annotation: string): void {
  const annotations: JsonValue | undefined = object.metadata.annotations;
  const text = isObject(annotations) ? annotations[annotation] : undefined;
  if (!isObject(annotations) || typeof text !== 'string') return;
  for (const [path, value] of Object.entries(parseKept(text))) {
    const fields = fieldsOf(path);
    if (value !== undefined && !FIXED_FIELDS.has(fields[0] ?? '')) setAt(object, fields, value);
  }
  delete annotations[annotation];
  if (Object.keys(annotations).length === 0) delete object.metadata.annotations;
}

/** What somebody else has written there means nothing. */
function parseKept(text: string): JsonObject {
  try {
    const { value } = parseJson(text);
    return isObject(value) ? value : newObject();
  } catch (error) {
    if (error instanceof JsonSyntaxError) return newObject();
    throw error;
  }
}

function preserve(
  converted: KubeObject,
  from: {
    readonly annotation: string;
    readonly fields: readonly (readonly string[])[];
    readonly object: KubeObject;
  },
): void {
  const kept = newObject();
  for (const fields of from.fields) {
    const value = valueAt(from.object, fields);
    if (value !== undefined) kept[fields.join('.')] = value;
  }
  if (Object.keys(kept).length === 0) return;
  const annotations = (converted.metadata.annotations ?? newObject()) as { [key: string]: string };
  annotations[from.annotation] = encodeJson(kept);
  converted.metadata.annotations = annotations;
}

function valueAt(object: JsonObject, fields: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = object;
  for (const field of fields) {
    if (!isObject(value)) return undefined;
    value = value[field];
  }
  return value;
}

function setAt(object: JsonObject, fields: readonly string[], value: JsonValue): void {
  let parent = object;
  for (const field of fields.slice(0, -1)) {
    const next = parent[field];
    // What is in the way has no place in this version.
    const inner = isObject(next) ? next : newObject();
    parent[field] = inner;
    parent = inner;
  }
  const last = fields.at(-1);
  if (last !== undefined) parent[last] = value;
}
