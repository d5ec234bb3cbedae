import {
  deepCopy,
  type JsonObject,
  type KubeObject,
  objectAt,
  objectOf,
  type Schema,
} from '../../machinery/mod.ts';
import { apiBinding } from './api-binding.ts';
import { legacyApiBinding, modernApiBinding } from './api-binding-conversion.ts';
import { apiExport } from './api-export.ts';
import { legacyApiExport, modernApiExport } from './api-export-conversion.ts';
import { apiResourceSchema } from './api-resource-schema.ts';
import type { FormConversion } from './family.ts';
import type { KcpKind } from './kind.ts';
import { PATH_PATTERN, rules, struct, text } from './schema.ts';

/**
 * The form in which APIBindings, APIExports and APIResourceSchemas were first shown, in group apis.kcp.dev: other
 * forms of the same objects. It differs from v1alpha1 of apis.kcp.io in how a binding names its export.
 */
const GROUP = 'apis.kcp.dev';
export const FIRST_API_VERSION = `${GROUP}/v1alpha1`;

export interface FirstForm {
  readonly kind: KcpKind;
  /** The kind whose objects these are. */
  readonly home: KcpKind;
  readonly conversion: FormConversion;
}

const reference: Schema = struct(
  {
    workspace: struct(
      {
        path: text('Path of the workspace that has the APIExport; this workspace if empty.', {
          pattern: PATH_PATTERN,
        }),
        exportName: text('Name of the APIExport.'),
      },
      'The APIExport. Whoever binds it needs the verb `bind` on it.',
      { required: ['exportName'] },
    ),
  },
  'What is bound. It cannot be changed.',
  {
    oneOf: [{ required: ['workspace'] }],
    ...rules({ rule: 'self == oldSelf', message: 'APIExport reference must not be changed' }),
  },
);

export const firstForms: readonly FirstForm[] = [
  {
    kind: firstKind(apiBinding, withWorkspaceReference),
    home: apiBinding,
    conversion: {
      toHome: (object) => modernApiBinding(exportReferenced(object)),
      fromHome: (object) => workspaceReferenced(legacyApiBinding(object)),
    },
  },
  {
    kind: firstKind(apiExport),
    home: apiExport,
    conversion: { toHome: modernApiExport, fromHome: legacyApiExport },
  },
  {
    kind: firstKind(apiResourceSchema),
    home: apiResourceSchema,
    conversion: { toHome: deepCopy, fromHome: deepCopy },
  },
];

function firstKind(kind: KcpKind, change: (schema: Schema) => Schema = (schema) => schema): KcpKind {
  const versions = kind.versions
    .filter(({ name }) => name === 'v1alpha1')
    .map((version) => ({ ...version, isStorage: true, schema: change(version.schema) }));
  return { ...kind, group: GROUP, versions };
}

function withWorkspaceReference(schema: Schema): Schema {
  const spec = schema.properties?.['spec'];
  return {
    ...schema,
    properties: { ...schema.properties, spec: { ...spec, properties: { ...spec?.properties, reference } } },
  };
}

function workspaceReferenced(object: KubeObject): KubeObject {
  const found = objectAt(objectAt(object, 'spec'), 'reference');
  const { name, path, ...rest } = objectAt(found, 'export') ?? {};
  return referenced(object, 'export', { workspace: objectOf({ ...rest, path, exportName: name }) });
}

function exportReferenced(object: KubeObject): KubeObject {
  const found = objectAt(objectAt(object, 'spec'), 'reference');
  const { exportName, path, ...rest } = objectAt(found, 'workspace') ?? {};
  return referenced(object, 'workspace', { export: objectOf({ ...rest, path, name: exportName }) });
}

/** In place; leaves alone what has no reference of the other form. */
function referenced(object: KubeObject, from: string, to: JsonObject): KubeObject {
  const spec = objectAt(object, 'spec');
  if (spec === undefined || objectAt(objectAt(spec, 'reference'), from) === undefined) return object;
  return { ...object, spec: objectOf({ ...spec, reference: objectOf(to) }) };
}
