import {
  at,
  type FieldError,
  invalid,
  isObject,
  JsonSyntaxError,
  type KubeObject,
  newObject,
  parseJson,
  required,
  textAt,
  tooLong,
  validateDns1123SubdomainName,
} from '../../machinery/mod.ts';
import { frozenFieldErrors } from './config-map.ts';
import { DATA_BYTES_MAX, dataSizeBytes, mapAt, validateDataKeys } from './data-keys.ts';
import { bytes, type Components, flag, kindStruct, map, text, textMap } from './fields.ts';
import { type KindSource, strategyOf } from './kind.ts';

export const secretComponents: Components = {
  'io.k8s.api.core.v1.Secret': kindStruct('A small amount of confidential data, as keys and values.', {
    data: map(bytes(''), 'The values, in base64. All values together have at most 1 MiB.'),
    immutable: flag('If true, the data cannot be changed any more, nor can this field.', {
      presence: 'keep',
    }),
    stringData: textMap('Values as plain text, merged over `data` when written. Never returned.'),
    type: text('What the secret is for; some types require certain keys. Opaque by default. Immutable.'),
  }),
};

export const secret: KindSource = {
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  component: 'io.k8s.api.core.v1.Secret',
  scope: 'Namespaced',
  setDefaults,
  fieldLabels: ['type'],
  selectable: (object) => ({ type: textAt(object, 'type') }),
  strategy: strategyOf({
    validateName: validateDns1123SubdomainName,
    setDefaults,
    validate: validateSecret,
    validateUpdate(object, old) {
      const errors: FieldError[] = [];
      if (textAt(object, 'type') !== textAt(old, 'type')) {
        errors.push(invalid('type', textAt(object, 'type'), 'field is immutable'));
      }
      return [...errors, ...frozenFieldErrors(object, old, ['data']), ...validateSecret(object)];
    },
    warnings: tlsWarnings,
  }),
};

/** Merges stringData into data, and names the type of a secret that has none. */
function setDefaults(object: KubeObject): void {
  const { stringData } = object;
  if (isObject(stringData)) {
    const data = isObject(object['data']) ? object['data'] : newObject();
    for (const key of Object.keys(stringData)) {
      const value = stringData[key];
      if (typeof value === 'string') data[key] = Buffer.from(value, 'utf8').toString('base64');
    }
    if (Object.keys(data).length > 0) object['data'] = data;
  }
  delete object['stringData'];
  if (textAt(object, 'type') === '') object['type'] = 'Opaque';
}

function validateSecret(object: KubeObject): FieldError[] {
  const data = mapAt(object, 'data');
  const errors = validateDataKeys(object, 'data');
  if (dataSizeBytes(data, 'base64') > DATA_BYTES_MAX) errors.push(tooLong('data', DATA_BYTES_MAX));
  return [...errors, ...validateTypedData(object)];
}

function validateTypedData(object: KubeObject): FieldError[] {
  const data = mapAt(object, 'data');
  const missing = (key: string): FieldError[] =>
    Object.hasOwn(data, key) ? [] : [required(at('data', key))];
  switch (textAt(object, 'type')) {
    case 'kubernetes.io/service-account-token': {
      const annotation = 'kubernetes.io/service-account.name';
      return textAt(mapAt(object.metadata, 'annotations'), annotation) === ''
        ? [required(at('metadata.annotations', annotation))]
        : [];
    }
    case 'kubernetes.io/dockercfg':
      return validateJsonValue(data['.dockercfg'], at('data', '.dockercfg'));
    case 'kubernetes.io/dockerconfigjson':
      return validateJsonValue(data['.dockerconfigjson'], at('data', '.dockerconfigjson'));
    case 'kubernetes.io/basic-auth': {
      const errors = [...missing('username'), ...missing('password')];
      return errors.length === 2 ? errors : [];
    }
    case 'kubernetes.io/ssh-auth':
      return textAt(data, 'ssh-privatekey') === '' ? [required(at('data', 'ssh-privatekey'))] : [];
    case 'kubernetes.io/tls':
      return [...missing('tls.crt'), ...missing('tls.key')];
    default:
      return [];
  }
}

/** A registry's credentials must be a JSON object. The contents never appear in the error. */
function validateJsonValue(value: unknown, path: string): FieldError[] {
  if (typeof value !== 'string') return [required(path)];
  try {
    const { value: parsed } = parseJson(Buffer.from(value, 'base64'));
    if (isObject(parsed) || parsed === null) return [];
    const type = Array.isArray(parsed) ? 'array' : typeof parsed === 'boolean' ? 'bool' : typeof parsed;
    const detail = `json: cannot unmarshal ${type} into Go value of type map[string]interface {}`;
    return [invalid(path, REDACTED, detail)];
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return [invalid(path, REDACTED, error.message)];
  }
}

/** Upstream warns of a TLS secret that cannot serve, but accepts it. */
function tlsWarnings(object: KubeObject): string[] {
  if (textAt(object, 'type') !== 'kubernetes.io/tls') return [];
  const data = mapAt(object, 'data');
  if (!hasPem(textAt(data, 'tls.crt'))) return ['tls: failed to find any PEM data in certificate input'];
  if (!hasPem(textAt(data, 'tls.key'))) return ['tls: failed to find any PEM data in key input'];
  return [];
}

function hasPem(base64: string): boolean {
  return Buffer.from(base64, 'base64').includes('-----BEGIN ');
}

const REDACTED = '<secret contents redacted>';
