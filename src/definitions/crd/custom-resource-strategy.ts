import {
  apiVersionText,
  type CompiledSchema,
  CorrelatedValue,
  compileSchema,
  deepCopy,
  deepEqual,
  type FieldError,
  type FieldErrorType,
  fieldErrorText,
  invalid,
  type KubeObject,
  propertySchemaOf,
  RuleValidator,
  validateDns1123SubdomainName,
  validateListTypes,
  validatePathSegmentName,
} from '../../machinery/mod.ts';
import type { DefinitionVersion, Strategy, StrategyContext } from '../definition.ts';
import { hasEmbeddedResources, validateEmbeddedResources } from './embedded-resources.ts';
import { validateScaleFields } from './scale-validation.ts';

export interface CustomKind {
  readonly group: string;
  readonly kind: string;
  readonly storageVersion: string;
  readonly versions: readonly DefinitionVersion[];
  /** Names need only be possible as a part of a path: schemas may ask for that. */
  readonly hasPathSegmentNames?: boolean;
}

/**
 * The rules of a custom resource. Objects are judged by the schema of the version that they are written
 * in; validators are made when the first object of a version comes, and compile what it comes across.
 */
export function customResourceStrategy(kind: CustomKind): Strategy {
  const rules = new Map(kind.versions.map((version) => [version.name, new VersionRules(version)]));
  const rulesOf = (object: KubeObject): VersionRules | undefined => rules.get(versionOf(object));

  function validate(object: KubeObject, old: KubeObject | undefined, context: StrategyContext): FieldError[] {
    const versionRules = rulesOf(object);
    const errors = validateTypes(object, kind, old?.apiVersion);
    if (errors.length > 0 || versionRules === undefined) return errors;
    return versionRules.validate(object, old, context);
  }

  return {
    hasGeneration: true,
    allowsUnconditionalUpdate: false,
    allowsCreateOnUpdate: false,
    validateName: kind.hasPathSegmentNames === true ? validatePathSegmentName : validateDns1123SubdomainName,
    prepareForCreate(object) {
      if (rulesOf(object)?.hasStatus === true) delete object['status'];
      object.metadata.generation = 1;
    },
    prepareForUpdate(object, old, { subresource }) {
      if (subresource === 'status') restoreAllButStatus(object, old);
      else prepareForSpecUpdate(object, old, { hasStatus: rulesOf(object)?.hasStatus === true });
    },
    resetFields({ subresource, version }) {
      if (subresource === 'status') return ['spec'];
      return rules.get(version)?.hasStatus === true ? ['status'] : [];
    },
    validateCreate: (object, context) => validate(object, undefined, context),
    validateUpdate: (object, old, context) => validate(object, old, context),
  };
}

class VersionRules {
  readonly hasStatus: boolean;
  readonly #version: DefinitionVersion;
  #schema: CompiledSchema | undefined;
  #statusSchema: CompiledSchema | undefined;
  #hasEmbedded: boolean | undefined;
  #rules: RuleValidator | 'none' | undefined;

  constructor(version: DefinitionVersion) {
    this.#version = version;
    this.hasStatus = version.subresources.some(({ name }) => name === 'status');
  }

  validate(object: KubeObject, old: KubeObject | undefined, context: StrategyContext): FieldError[] {
    const { schema, scale } = this.#version;
    const isStatusOnly = context.subresource === 'status';
    const correlation = old === undefined ? undefined : new CorrelatedValue(object, old, schema);
    const errors = isStatusOnly
      ? this.#validateStatus(object, correlation?.key('status'))
      : this.#validateWhole(object, correlation);
    if (scale !== undefined) errors.push(...validateScaleFields(object, scale, { isStatusOnly }));
    this.#hasEmbedded ??= hasEmbeddedResources(schema);
    if (this.#hasEmbedded && !isStatusOnly) errors.push(...validateEmbeddedResources(object, schema));
    const listErrors = validateListTypes(object, schema, '');
    // Lists that were wrong before are not held against an update that only carries them along.
    const isOldWrong =
      old !== undefined && listErrors.length > 0 && validateListTypes(old, schema, '').length > 0;
    if (!isOldWrong) errors.push(...listErrors);
    const rules = this.#rulesValidator();
    if (rules === undefined) return errors;
    // Rules rely on the types of values, and would only repeat in other words what is wrong with them.
    if (errors.some(({ type }) => BLOCKING_ERRORS.has(type))) return [...errors, RULES_NOT_CHECKED];
    const warn = (error: FieldError): void => context.warn?.(fieldErrorText(error));
    return [...errors, ...rules.validate(object, { path: '', old, correlation, warn })];
  }

  #rulesValidator(): RuleValidator | undefined {
    this.#rules ??= RuleValidator.of(this.#version.schema, { isResourceRoot: true }) ?? 'none';
    return this.#rules === 'none' ? undefined : this.#rules;
  }

  #validateWhole(object: KubeObject, correlation: CorrelatedValue | undefined): FieldError[] {
    this.#schema ??= compileSchema(this.#version.schema);
    return this.#schema.validateValues(object, '', correlation);
  }

  #validateStatus(object: KubeObject, correlation: CorrelatedValue | undefined): FieldError[] {
    const status = object['status'];
    const schema = propertySchemaOf(this.#version.schema, 'status');
    if (status === undefined || schema === undefined) return [];
    this.#statusSchema ??= compileSchema(schema);
    return this.#statusSchema.validateValues(status, 'status', correlation);
  }
}

const BLOCKING_ERRORS: ReadonlySet<FieldErrorType> = new Set<FieldErrorType>([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

const RULES_NOT_CHECKED: FieldError = invalid(
  '<nil>',
  null,
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
);

function prepareForSpecUpdate(
  object: KubeObject,
  old: KubeObject,
  { hasStatus }: { readonly hasStatus: boolean },
): void {
  if (hasStatus) {
    const status = old['status'];
    if (status === undefined) delete object['status'];
    else object['status'] = deepCopy(status);
  }
  const generation = old.metadata.generation ?? 0;
  object.metadata.generation = isContentEqual(object, old) ? generation : generation + 1;
}

/** Through /status nothing but the status is written. Managed fields and the precondition stay the request's. */
function restoreAllButStatus(object: KubeObject, old: KubeObject): void {
  const status = object['status'];
  const { managedFields, resourceVersion } = object.metadata;
  for (const key of Object.keys(object)) delete (object as Record<string, unknown>)[key];
  const restored = deepCopy(old);
  for (const key of Object.keys(restored)) object[key] = restored[key];
  delete object.metadata.managedFields;
  if (managedFields !== undefined) object.metadata.managedFields = managedFields;
  if (resourceVersion !== undefined) object.metadata.resourceVersion = resourceVersion;
  if (status === undefined) delete object['status'];
  else object['status'] = status;
}

function isContentEqual(object: KubeObject, old: KubeObject): boolean {
  const keys = new Set([...Object.keys(object), ...Object.keys(old)]);
  keys.delete('metadata');
  return [...keys].every((key) => deepEqual(object[key], old[key]));
}

function validateTypes(
  object: KubeObject,
  kind: CustomKind,
  oldApiVersion: string | undefined,
): FieldError[] {
  const errors: FieldError[] = [];
  if (object.kind !== kind.kind) errors.push(invalid('kind', object.kind ?? '', `must be ${kind.kind}`));
  // An update is in the version of what it updates; a creation was decoded in that of its endpoint.
  const isKnown = kind.versions.some(({ name }) => object.apiVersion === apiVersionText(kind.group, name));
  const expected =
    oldApiVersion ?? (isKnown ? object.apiVersion : apiVersionText(kind.group, kind.storageVersion));
  if (object.apiVersion !== expected) {
    errors.push(invalid('apiVersion', object.apiVersion ?? '', `must be ${expected}`));
  }
  return errors;
}

function versionOf(object: KubeObject): string {
  const apiVersion = typeof object.apiVersion === 'string' ? object.apiVersion : '';
  return apiVersion.slice(apiVersion.lastIndexOf('/') + 1);
}
