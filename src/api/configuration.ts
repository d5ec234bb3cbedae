import {
  isObject,
  type JsonObject,
  type JsonValue,
  type KubeObject,
  newBadRequest,
  newInvalid,
  newObject,
  parseYaml,
  required,
  YamlSyntaxError,
} from '../machinery/mod.ts';
import type { RequestContext } from './api.ts';
import { type Body, yamlComplaints } from './decode.ts';
import type { Endpoint } from './ownership.ts';
import type { Query } from './query.ts';
import { dropClusterAnnotation } from './row-codec.ts';
import { apiVersionOf } from './target.ts';
import type { WriteOptions } from './write-options.ts';

/** The manager of an apply, which has to be named: 422. */
export function applierOf(query: Query): string {
  const manager = query.text('fieldManager');
  if (manager !== '') return manager;
  throw newInvalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
    required('fieldManager', 'is required for apply patch'),
  ]);
}

/** What an apply patch says, and what it says twice. 400 for what is no object in YAML or JSON. */
export function parseConfiguration(body: Body): {
  readonly config: KubeObject;
  readonly repeatedKeys: readonly string[];
} {
  const { value, repeatedKeys } = readYaml(body);
  const config = value ?? newObject();
  if (!isObject(config)) {
    throw newBadRequest(
      `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${goKindOf(config)} into Go value of type map[string]interface {}`,
    );
  }
  if (config['metadata'] === undefined) config['metadata'] = newObject();
  if (isObject(config['metadata'])) dropClusterAnnotation(config['metadata']);
  return { config: config as KubeObject, repeatedKeys };
}

function readYaml(body: Body): ReturnType<typeof parseYaml> {
  try {
    return parseYaml(Buffer.from(body.bytes).toString('utf8'));
  } catch (cause) {
    if (!(cause instanceof YamlSyntaxError)) throw cause;
    throw newBadRequest(`error decoding YAML: error converting YAML to JSON: ${cause.message}`);
  }
}

/** The configuration must be of the very kind and version of the URL, and leave ownership to the server. */
export function assertConfiguration({ definition, version }: Endpoint, config: JsonObject): void {
  const apiVersion = textOf(config['apiVersion']);
  const kind = textOf(config['kind']);
  if (apiVersion !== apiVersionOf(definition.group, version.name) || kind !== definition.names.kind) {
    throw newBadRequest(`invalid object type: ${printGroupVersion(apiVersion)}, Kind=${kind}`);
  }
  const { metadata } = config;
  if (isObject(metadata) && Array.isArray(metadata['managedFields'])) {
    throw newBadRequest('metadata.managedFields must be nil');
  }
}

/** Refuses, warns of or ignores keys that the configuration has twice, as the client asked. */
export function enforceUniqueKeys(
  repeatedKeys: readonly string[],
  { options, context }: { readonly options: WriteOptions; readonly context: RequestContext },
): void {
  if (repeatedKeys.length === 0 || options.fieldValidation === 'Ignore') return;
  if (options.fieldValidation === 'Strict') {
    const complaints = yamlComplaints(repeatedKeys).join(', ');
    throw newBadRequest(`error strict decoding YAML: error converting YAML to JSON: ${complaints}`);
  }
  for (const text of repeatedKeys) context.warn(text);
}

/** As Go prints a parsed apiVersion: one that cannot be parsed is empty. */
function printGroupVersion(apiVersion: string): string {
  const parts = apiVersion.split('/');
  if (parts.length === 1) return `/${apiVersion}`;
  return parts.length === 2 ? apiVersion : '/';
}

function goKindOf(value: JsonValue): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value === 'string' ? 'string' : 'number';
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
