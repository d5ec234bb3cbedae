import { limits } from '../../base/mod.ts';
import {
  at,
  CompileEffort,
  child,
  compileTransformation,
  copyWithin,
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
  type TransformationBudget,
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
   * Makes a copy of the object in another version; what its schema does not have is still in it. When a rule fails it
   * throws `StatusError` 500, or, to show the object all the same, leaves out what the rule would make and says so in
   * an annotation: one object must not hide all others of a list.
   */
  convert(object: KubeObject, way: Conversion): KubeObject;
}

interface Conversion {
  readonly from: string;
  readonly to: string;
  readonly apiVersion: string;
  readonly isToShow: boolean;
}

/** On objects that are shown without what could not be converted: what was wrong first. */
export const FAILED_CONVERSION = 'conversion.apis.kcp.io/failed';
const FAILURE_CHARACTERS_MAX = 256;

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
    convert: (object, conversion) => {
      const { from, to } = conversion;
      return convert(
        object,
        ways.find((one) => one.from === from && one.to === to),
        conversion,
      );
    },
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

function convert(object: KubeObject, way: Way | undefined, conversion: Conversion): KubeObject {
  const { from, to, apiVersion, isToShow } = conversion;
  const converted = deepCopy(object);
  converted.apiVersion = apiVersion;
  let failure: string | undefined;
  const attempt = (run: () => void): void => {
    try {
      run();
    } catch (error) {
      if (!(error instanceof TransformationError)) throw error;
      if (!isToShow) {
        throw newInternalError(`error converting: error executing transformation: ${error.message}`);
      }
      failure ??= error.message.slice(0, FAILURE_CHARACTERS_MAX);
    }
  };
  // Of one object, on the way of every read: a fraction of what rules of validation may take.
  const budget = { left: limits.conversionCostMax };
  for (const { field, destination, transformation } of way?.rules ?? []) {
    const value = valueAt(object, field);
    if (value === undefined) continue;
    attempt(() => {
      const made =
        transformation === undefined ? copyWithin(value, budget) : transformation.apply(value, budget);
      setAt(converted, destination, made);
    });
  }
  restore(converted, `${PRESERVE_PREFIX}${to}`);
  const annotation = `${PRESERVE_PREFIX}${from}`;
  attempt(() => preserve(converted, { annotation, fields: way?.preserve ?? [], object, budget }));
  if (failure !== undefined) annotationsOf(converted)[FAILED_CONVERSION] = failure;
  return converted;
}

function annotationsOf({ metadata }: KubeObject): { [key: string]: string } {
  metadata.annotations ??= newObject() as { [key: string]: string };
  return metadata.annotations;
}

/** Puts back what the object had when it was in this version last. */
function restore(object: KubeObject, annotation: string): void {
  const annotations: JsonValue | undefined = object.metadata.annotations;
  const text = isObject(annotations) ? annotations[annotation] : undefined;
  if (!isObject(annotations) || typeof text !== 'string') return;
  for (const [path, value] of Object.entries(parseKept(text))) {
    const fields = fieldsOf(path);
    const isDeep = fields.length > limits.jsonDepthMax;
    if (value !== undefined && !isDeep && !FIXED_FIELDS.has(fields[0] ?? '')) setAt(object, fields, value);
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
    readonly budget: TransformationBudget;
  },
): void {
  const kept = newObject();
  for (const fields of from.fields) {
    const value = valueAt(from.object, fields);
    if (value !== undefined) kept[fields.join('.')] = copyWithin(value, from.budget);
  }
  if (Object.keys(kept).length === 0) return;
  annotationsOf(converted)[from.annotation] = encodeJson(kept);
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
