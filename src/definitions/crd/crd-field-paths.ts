import {
  at,
  child,
  duplicate,
  type FieldError,
  invalid,
  type JsonObject,
  required,
  type Schema,
  textAt,
  tooMany,
  validateSimplePath,
} from '../../machinery/mod.ts';

/** The rules for one of additionalPrinterColumns. */
export function validateColumn(column: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const [type, format, jsonPath] = [
    textAt(column, 'type'),
    textAt(column, 'format'),
    textAt(column, 'jsonPath'),
  ];
  if (textAt(column, 'name') === '') errors.push(required(child(path, 'name')));
  const typeDetail = `must be one of ${COLUMN_TYPES.join(',')}`;
  if (type === '') errors.push(required(child(path, 'type'), typeDetail));
  else if (!COLUMN_TYPES.includes(type)) errors.push(invalid(child(path, 'type'), type, typeDetail));
  if (format !== '' && !COLUMN_FORMATS.includes(format)) {
    errors.push(invalid(child(path, 'format'), format, `must be one of ${COLUMN_FORMATS.join(',')}`));
  }
  if (jsonPath === '') errors.push(required(child(path, 'JSONPath')));
  else errors.push(...validatePath(jsonPath, child(path, 'JSONPath')));
  return errors;
}

/** The rules for subresources.scale. */
export function validateScale(scale: JsonObject, path: string): FieldError[] {
  return [
    ...validateReplicas(scale, child(path, 'specReplicasPath'), '.spec'),
    ...validateReplicas(scale, child(path, 'statusReplicasPath'), '.status'),
    ...validateLabelSelectorPath(textAt(scale, 'labelSelectorPath'), child(path, 'labelSelectorPath')),
  ];
}

/** The rules for selectableFields: simple paths to scalars that the schema has, at most eight. */
export function validateSelectableFields(
  fields: readonly JsonObject[],
  schema: Schema,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  fields.forEach((field, index) => {
    const jsonPath = textAt(field, 'jsonPath');
    const place = child(at(path, index), 'jsonPath');
    if (jsonPath === '') {
      errors.push(required(place));
      return;
    }
    const target = targetOf(schema, jsonPath);
    if (typeof target === 'string') {
      errors.push(invalid(place, jsonPath, `is an invalid path: ${target}`));
      return;
    }
    if (/^\.metadata(\.|$)/.test(jsonPath)) {
      errors.push(invalid(place, jsonPath, 'must not point to fields in metadata'));
    }
    if (!SELECTABLE_TYPES.has(target.type ?? '')) errors.push(invalid(place, jsonPath, SELECTABLE_DETAIL));
    if (seen.has(jsonPath)) errors.push(duplicate(place, jsonPath));
    seen.add(jsonPath);
  });
  if (seen.size > SELECTABLE_FIELDS_MAX) errors.push(tooMany(path, seen.size, SELECTABLE_FIELDS_MAX));
  return errors;
}

const COLUMN_TYPES: readonly string[] = ['boolean', 'date', 'integer', 'number', 'string'];
const COLUMN_FORMATS: readonly string[] = [
  'byte',
  'date',
  'date-time',
  'double',
  'float',
  'int32',
  'int64',
  'password',
];

/** Each selectable field is stored beside every object. */
const SELECTABLE_FIELDS_MAX = 8;
const SELECTABLE_TYPES: ReadonlySet<string> = new Set(['string', 'boolean', 'integer']);
const SELECTABLE_DETAIL =
  'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';

/** The schema that a path with dots leads to, or what is wrong with the path (apiextensions' ValidFieldPath). */
function targetOf(schema: Schema, path: string): Schema | string {
  const tokens = path.match(/[.[\]]|[^.[\]]+/g) ?? [];
  let node: Schema | undefined = schema;
  for (let index = 0; index < tokens.length; index += 2) {
    if (tokens[index] === '[') return 'array notation is not allowed';
    if (tokens[index] !== '.') return `expected [ or . but got: ${tokens[index]}`;
    const name = tokens[index + 1];
    if (name === undefined) return 'unexpected end of JSON path';
    node = memberOf(node, name);
    if (node === undefined) return 'does not refer to a valid field';
  }
  return node;
}

function memberOf({ properties, additionalProperties }: Schema, name: string): Schema | undefined {
  if (properties !== undefined) return Object.hasOwn(properties, name) ? properties[name] : undefined;
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

function validateReplicas(scale: JsonObject, field: string, root: string): FieldError[] {
  const path = textAt(scale, field.slice(field.lastIndexOf('.') + 1));
  if (path === '') return [required(field)];
  const errors = validatePath(path, field);
  if (errors.length > 0) return errors;
  return isBelow(path, root) ? [] : [invalid(field, path, `should be a json path under ${root}`)];
}

function validateLabelSelectorPath(path: string, field: string): FieldError[] {
  if (path === '') return [];
  const errors = validatePath(path, field);
  if (errors.length > 0 || isBelow(path, '.spec') || isBelow(path, '.status')) return errors;
  return [invalid(field, path, 'should be a json path under either .spec or .status')];
}

function isBelow(path: string, root: string): boolean {
  return path.startsWith(`${root}.`);
}

function validatePath(path: string, field: string): FieldError[] {
  const problem = validateSimplePath(path);
  return problem === undefined ? [] : [invalid(field, path, problem)];
}
