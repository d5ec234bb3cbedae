import {
  at,
  deepEqual,
  type FieldError,
  forbidden,
  invalid,
  type KubeObject,
  tooLong,
  validateDns1123SubdomainName,
} from '../../machinery/mod.ts';
import { DATA_BYTES_MAX, dataKeyErrors, dataSizeBytes, mapAt, validateDataKeys } from './data-keys.ts';
import { bytes, type Components, flag, kindStruct, map, textMap } from './fields.ts';
import { type KindSource, strategyOf } from './kind.ts';

export const configMapComponents: Components = {
  'io.k8s.api.core.v1.ConfigMap': kindStruct('Configuration for programs to read, as keys and values.', {
    binaryData: map(
      bytes(''),
      'Values that are not UTF-8, in base64. Keys as in `data`, and not the same ones.',
    ),
    data: textMap(
      'Values in UTF-8. Keys consist of letters, digits, `-`, `_` and `.`. All values together have at most 1 MiB.',
    ),
    immutable: flag('If true, the data cannot be changed any more, nor can this field.', {
      presence: 'keep',
    }),
  }),
};

export const configMap: KindSource = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  component: 'io.k8s.api.core.v1.ConfigMap',
  scope: 'Namespaced',
  shortNames: ['cm'],
  strategy: strategyOf({
    validateName: validateDns1123SubdomainName,
    validate: validateConfigMap,
    validateUpdate(object, old) {
      return [...frozenFieldErrors(object, old, ['data', 'binaryData']), ...validateConfigMap(object)];
    },
  }),
};

/** Errors of fields that an old object with `immutable: true` has frozen; also used for Secrets. */
export function frozenFieldErrors(
  object: KubeObject,
  old: KubeObject,
  fields: readonly string[],
): FieldError[] {
  if (old['immutable'] !== true) return [];
  const errors: FieldError[] = [];
  if (object['immutable'] !== true) errors.push(forbidden('immutable', IMMUTABLE));
  for (const field of fields) {
    if (!deepEqual(mapAt(object, field), mapAt(old, field))) errors.push(forbidden(field, IMMUTABLE));
  }
  return errors;
}

function validateConfigMap(object: KubeObject): FieldError[] {
  const data = mapAt(object, 'data');
  const binaryData = mapAt(object, 'binaryData');
  const errors: FieldError[] = [];
  for (const key of Object.keys(data).sort()) {
    for (const detail of dataKeyErrors(key)) errors.push(invalid(at('data', key), key, detail));
    if (Object.hasOwn(binaryData, key)) {
      errors.push(invalid(at('data', key), key, 'duplicate of key present in binaryData'));
    }
  }
  errors.push(...validateDataKeys(object, 'binaryData'));
  if (dataSizeBytes(data, 'utf8') + dataSizeBytes(binaryData, 'base64') > DATA_BYTES_MAX) {
    // Upstream prints the empty path of the whole object like this.
    errors.push(tooLong('[]', DATA_BYTES_MAX));
  }
  return errors;
}

const IMMUTABLE = 'field is immutable when `immutable` is set';
