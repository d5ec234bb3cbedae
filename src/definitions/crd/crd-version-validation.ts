import {
  at,
  CompileEffort,
  child,
  deepEqual,
  dns1035LabelErrors,
  type FieldError,
  invalid,
  type JsonValue,
  required,
  SchemaHistory,
  textAt,
  validateSchemaEffort,
  validateStructural,
} from '../../machinery/mod.ts';
import { validateColumn, validateScale, validateSelectableFields } from './crd-field-paths.ts';
import type { VersionView } from './crd-view.ts';

/**
 * The rules for spec.versions. Upstream keeps schema, subresources, columns and selectable fields once
 * where all versions agree on them, which shows in the paths: `spec.validation.openAPIV3Schema…` instead
 * of `spec.versions[0].schema.openAPIV3Schema…`.
 *
 * @param old the versions before the update: what they broke already they may go on to break
 */
export function validateVersions(
  versions: readonly VersionView[],
  old: readonly VersionView[] = [],
): FieldError[] {
  const first = versions[0];
  if (first === undefined) return [];
  const errors: FieldError[] = [];
  const shared = sharedParts(versions);
  const effortErrors = validateSchemaEffort(
    versions.flatMap(({ schema }) => schema ?? []),
    'spec.versions',
  );
  if (effortErrors.length > 0) return effortErrors;
  const before = {
    effort: new CompileEffort(),
    old,
    history: new SchemaHistory(old.flatMap(({ schema }) => schema ?? [])),
  };
  const isSchemaMissing = shared.schema && first.schema === undefined;
  versions.forEach((version, index) => {
    const path = at('spec.versions', index);
    if (isSchemaMissing || (!shared.schema && version.schema === undefined)) {
      errors.push(required(child(path, 'schema.openAPIV3Schema')));
    }
    const nameErrors = dns1035LabelErrors(version.name);
    if (nameErrors.length > 0) errors.push(invalid(child(path, 'name'), version.name, nameErrors.join(',')));
    for (const detail of deprecationErrors(version)) {
      errors.push(
        invalid(child(path, 'deprecationWarning'), textAt(version.raw, 'deprecationWarning'), detail),
      );
    }
    errors.push(
      ...validateParts(version, { ...PER_VERSION, ...before, isPart: (part) => !shared[part], path }),
    );
  });
  const hasAnyStatus = versions.some((version) => version.hasStatus);
  errors.push(
    ...validateParts(
      { ...first, hasStatus: hasAnyStatus },
      { ...SHARED, ...before, isPart: (part) => shared[part], path: 'spec' },
    ),
  );
  return errors;
}

/**
 * The same rules where upstream keeps everything with each version, as kcp does for APIResourceSchemas: every path is
 * `spec.versions[0].schema.openAPIV3Schema…`.
 */
export function validateEachVersion(versions: readonly VersionView[]): FieldError[] {
  const effortErrors = validateSchemaEffort(
    versions.flatMap(({ schema }) => schema ?? []),
    'spec.versions',
  );
  if (effortErrors.length > 0) return effortErrors;
  const parts = {
    ...PER_VERSION,
    effort: new CompileEffort(),
    old: [],
    history: new SchemaHistory([]),
    isPart: () => true,
  };
  const names = new Set(versions.map(({ name }) => name));
  const errors = versions.flatMap((version, index) => {
    const path = at('spec.versions', index);
    const nameErrors = dns1035LabelErrors(version.name);
    const warning = textAt(version.raw, 'deprecationWarning');
    return [
      ...(nameErrors.length > 0 ? [invalid(child(path, 'name'), version.name, nameErrors.join(','))] : []),
      ...deprecationErrors(version).map((detail) =>
        invalid(child(path, 'deprecationWarning'), warning, detail),
      ),
      ...(version.schema === undefined ? [required(child(path, 'schema'))] : []),
      ...validateParts(version, { ...parts, path }),
    ];
  });
  if (names.size === versions.length) return errors;
  return [
    ...errors,
    invalid(
      'spec.versions',
      [...versions].map(({ name }) => name),
      'must contain unique version names',
    ),
  ];
}

type Part = 'schema' | 'subresources' | 'columns' | 'selectableFields';

interface Parts {
  readonly path: string;
  readonly schemaPath: string;
  readonly noSchemaDetail: string;
  readonly old: readonly VersionView[];
  readonly history: SchemaHistory;
  readonly effort: CompileEffort;
  isPart(part: Part): boolean;
}

const PER_VERSION = {
  schemaPath: 'schema.openAPIV3Schema',
  noSchemaDetail: 'may only be set when `version.schema.openAPIV3Schema` is not included',
} as const;
const SHARED = {
  schemaPath: 'validation.openAPIV3Schema',
  noSchemaDetail: 'may only be set when validations.schema is included',
} as const;

function validateParts(version: VersionView, parts: Parts): FieldError[] {
  const { path, schemaPath, noSchemaDetail, isPart } = parts;
  const errors: FieldError[] = [];
  const { schema } = version;
  if (isPart('schema') && schema !== undefined) {
    errors.push(
      ...validateStructural(schema, child(path, schemaPath), {
        isStatusEnabled: version.hasStatus,
        history: parts.history,
        effort: parts.effort,
        isUnchanged: deepEqual(version.raw['schema'], oldSchemaOf(version, parts)),
      }),
    );
  }
  if (isPart('subresources') && version.scale !== undefined) {
    errors.push(...validateScale(version.scale, child(path, 'subresources.scale')));
  }
  if (isPart('columns')) {
    version.columns.forEach((column, index) => {
      errors.push(...validateColumn(column, at(child(path, 'additionalPrinterColumns'), index)));
    });
  }
  if (isPart('selectableFields') && version.selectableFields.length > 0) {
    const fieldsPath = child(path, 'selectableFields');
    // Where the schema is kept elsewhere than the fields, upstream refuses the fields.
    if (isPart('schema') && schema !== undefined) {
      errors.push(...validateSelectableFields(version.selectableFields, schema, fieldsPath));
    } else errors.push(invalid(fieldsPath, '', noSchemaDetail));
  }
  return errors;
}

function oldSchemaOf({ name }: VersionView, { old }: Parts): JsonValue | undefined {
  return old.find((version) => version.name === name)?.raw['schema'];
}

function sharedParts(versions: readonly VersionView[]): Readonly<Record<Part, boolean>> {
  const agree = (key: string): boolean =>
    versions.every(({ raw }) => deepEqual(presentOf(raw[key]), presentOf(versions[0]?.raw[key])));
  return {
    schema: agree('schema'),
    subresources: agree('subresources'),
    columns: agree('additionalPrinterColumns'),
    selectableFields: agree('selectableFields'),
  };
}

/** An empty list is an absent one for Go, and null always is. */
function presentOf(value: JsonValue | undefined): JsonValue | undefined {
  return value === null || (Array.isArray(value) && value.length === 0) ? undefined : value;
}

function deprecationErrors({ raw }: VersionView): string[] {
  const warning = raw['deprecationWarning'];
  if (typeof warning !== 'string') return [];
  if (raw['deprecated'] !== true) return ['can only be set for deprecated versions'];
  const errors: string[] = [];
  if (Buffer.byteLength(warning) > 256) errors.push('must be <= 256 characters long');
  if (warning === '') errors.push('must not be an empty string');
  const odd = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.exec(warning);
  if (odd !== null) {
    const index = Buffer.byteLength(warning.slice(0, odd.index));
    const detail = 'must only contain printable UTF-8 characters; non-printable character found at index';
    errors.push(`${detail} ${index}`);
  }
  return errors;
}
