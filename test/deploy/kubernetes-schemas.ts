import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface BuiltInKind {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
}

interface Attribute {
  readonly baseName: string;
  readonly type: string;
  readonly format: string;
}

type Schema = Record<string, unknown>;

const MODELS = join(fileURLToPath(import.meta.resolve('@kubernetes/client-node')), '..', 'gen', 'models');
/** A pod has some ten levels; a model that holds itself would have no end. */
const DEPTH_MAX = 24;

/**
 * An APIResourceSchema of a kind of Kubernetes', made from the models of the official client, which are generated from
 * Kubernetes' own OpenAPI: all fields with their types and formats, and which of them have to be there.
 */
export function schemaOfKind(kind: BuiltInKind): Record<string, unknown> {
  const root = modelSchema(`V1${kind.kind}`, 0);
  const {
    metadata: _,
    apiVersion: __,
    kind: ___,
    ...properties
  } = root['properties'] as Record<string, Schema>;
  return {
    apiVersion: 'apis.kcp.io/v1alpha1',
    kind: 'APIResourceSchema',
    metadata: {
      name: schemaNameOf(kind),
      // Groups of Kubernetes' own have to say that they are meant.
      annotations: { 'api-approved.kubernetes.io': 'unapproved, for validation in a test' },
    },
    spec: {
      group: kind.group,
      scope: 'Namespaced',
      names: {
        plural: kind.plural,
        singular: kind.kind.toLowerCase(),
        kind: kind.kind,
        listKind: `${kind.kind}List`,
      },
      versions: [
        {
          name: kind.version,
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { ...root, properties },
        },
      ],
    },
  };
}

/** The export of some kinds, and the binding to it in the same workspace. */
export function exportAndBinding(name: string, kinds: readonly BuiltInKind[]): readonly object[] {
  const apiVersion = 'apis.kcp.io/v1alpha2';
  const resources = kinds.map((kind) => ({
    name: kind.plural,
    group: kind.group,
    schema: schemaNameOf(kind),
    storage: { crd: {} },
  }));
  return [
    { apiVersion, kind: 'APIExport', metadata: { name }, spec: { resources } },
    {
      apiVersion,
      kind: 'APIBinding',
      metadata: { name },
      spec: { reference: { export: { path: 'root', name } } },
    },
  ];
}

function schemaNameOf({ group, version, plural }: BuiltInKind): string {
  return `${version}.${plural}.${group === '' ? 'core' : group}`;
}

function modelSchema(name: string, depth: number): Schema {
  if (depth > DEPTH_MAX) throw new Error(`${name} is too deep`);
  const fields = attributesOf(name);
  const required = requiredFields(name).filter((field) => fields.some(({ baseName }) => baseName === field));
  return {
    type: 'object',
    properties: Object.fromEntries(
      fields.map(({ baseName, type, format }) => [baseName, typeSchema(type, format, depth + 1)]),
    ),
    ...(required.length === 0 ? {} : { required }),
  };
}

function typeSchema(type: string, format: string, depth: number): Schema {
  const list = /^Array<(.*)>$/.exec(type)?.[1];
  if (list !== undefined) return { type: 'array', items: typeSchema(list, format, depth) };
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1];
  if (map !== undefined) return { type: 'object', additionalProperties: typeSchema(map, format, depth) };
  switch (type) {
    case 'string':
      return { type: 'string' };
    case 'boolean':
      return { type: 'boolean' };
    case 'number':
      return format.startsWith('int') ? { type: 'integer', format } : { type: 'number' };
    case 'Date':
    case 'V1MicroTime':
      return { type: 'string', format: 'date-time' };
    case 'IntOrString':
      return { 'x-kubernetes-int-or-string': true };
    case 'any':
    case 'object':
      return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    default:
      return modelSchema(type, depth);
  }
}

/** Read as text: the models are a thousand modules, and importing one means importing the whole client. */
function attributesOf(model: string): readonly Attribute[] {
  const text = readFileSync(join(MODELS, `${model}.js`), 'utf8');
  const list = /attributeTypeMap = (\[[\s\S]*?\n\]);/.exec(text)?.[1];
  if (list === undefined) throw new Error(`the model ${model} has no list of attributes`);
  return JSON.parse(list) as readonly Attribute[];
}

/** The declarations say which fields are optional: `'name'?: string`. */
function requiredFields(model: string): readonly string[] {
  const text = readFileSync(join(MODELS, `${model}.d.ts`), 'utf8');
  return [...text.matchAll(/^ {4}'(\w+)': /gm)].map((match) => match[1] ?? '');
}
