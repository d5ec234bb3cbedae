import type { Schema } from '../../machinery/mod.ts';
import { AGE, type KcpKind, kindSchema } from './kind.ts';
import { API_VERSION_PATTERN, flag, integer, list, listByKeys, rules, struct, text } from './schema.ts';

const names: Schema = struct(
  {
    plural: text('Name of the resource in URLs.'),
    singular: text('Name of one object; the kind in lower case if empty.'),
    kind: text('Kind of the objects.'),
    listKind: text('Kind of lists; the kind and `List` if empty.'),
    shortNames: list({ type: 'string' }, 'Abbreviations for the command line.', {
      'x-kubernetes-list-type': 'atomic',
    }),
    categories: list({ type: 'string' }, 'Groups of resources that it belongs to, such as `all`.', {
      'x-kubernetes-list-type': 'atomic',
    }),
  },
  'What the resource is called.',
  { required: ['kind', 'plural'] },
);

const column: Schema = struct(
  {
    name: text('Heading of the column.'),
    type: text('OpenAPI type of the values.'),
    format: text('OpenAPI format of the values.'),
    description: text('What the column shows.'),
    priority: integer('Above 0: only shown on request.', { format: 'int32' }),
    jsonPath: text('Where in an object the value is.'),
  },
  'A column of tables.',
  { required: ['jsonPath', 'name', 'type'] },
);

const subresources: Schema = struct(
  {
    status: { type: 'object', description: 'The status has an endpoint of its own.' },
    scale: struct(
      {
        specReplicasPath: text('Where the wanted number is, below `.spec`.'),
        statusReplicasPath: text('Where the actual number is, below `.status`.'),
        labelSelectorPath: text('Where the selector is, below `.spec` or `.status`.'),
      },
      'The resource can be scaled.',
      { required: ['specReplicasPath', 'statusReplicasPath'] },
    ),
  },
  'Endpoints besides the main one.',
);

const version: Schema = struct(
  {
    name: text('Name of the version, such as v1beta1.', { minLength: 1, pattern: API_VERSION_PATTERN }),
    served: flag('The version can be used.', { default: true }),
    storage: flag('Objects are stored in this version; exactly one is.'),
    deprecated: flag('Whoever uses the version is warned.'),
    deprecationWarning: text('How they are warned, instead of the usual text.'),
    schema: {
      type: 'object',
      description: 'OpenAPI schema of the objects, structural as for CustomResourceDefinitions.',
      'x-kubernetes-map-type': 'atomic',
      'x-kubernetes-preserve-unknown-fields': true,
    },
    subresources,
    additionalPrinterColumns: listByKeys(column, 'Columns of tables; the age if there are none.', {
      keys: ['name'],
    }),
    selectableFields: list(
      struct({ jsonPath: text('Where in an object the value is.') }, 'One field.', {
        required: ['jsonPath'],
      }),
      'Fields that field selectors may use, eight at most.',
      { 'x-kubernetes-list-type': 'atomic' },
    ),
  },
  'One version of the resource.',
  { required: ['name', 'schema', 'served', 'storage'] },
);

const conversion: Schema = struct(
  {
    strategy: text('None changes nothing but the version; Webhook asks a server.', {
      enum: ['None', 'Webhook'],
    }),
    webhook: struct(
      {
        clientConfig: struct(
          {
            url: text('Address of the server, with https.', { format: 'uri' }),
            caBundle: text('Who vouches for the server, in PEM.', { format: 'byte' }),
          },
          'How the server is reached.',
        ),
        conversionReviewVersions: list({ type: 'string' }, 'The versions of reviews that it understands.', {
          'x-kubernetes-list-type': 'atomic',
        }),
      },
      'Who converts.',
      { required: ['conversionReviewVersions'] },
    ),
  },
  'How objects get from one version to another.',
  {
    required: ['strategy'],
    ...rules({
      rule: "(self.strategy == 'None' && !has(self.webhook))  || (self.strategy == 'Webhook' && has(self.webhook))",
      message: 'Webhook must be specified if strategy=Webhook',
    }),
  },
);

const spec: Schema = struct(
  {
    group: text('API group of the resource; empty for the core group.'),
    names,
    scope: text('Whether objects lie in namespaces.', { enum: ['Cluster', 'Namespaced'] }),
    versions: listByKeys(version, 'The versions of the resource.', { keys: ['name'], minItems: 1 }),
    nameValidation: text('What names objects may have: those of subdomains, or all that fit in a path.', {
      default: 'DNS1123Subdomain',
      enum: ['DNS1123Subdomain', 'PathSegmentName'],
    }),
    conversion,
  },
  'What the resource is. It cannot be changed.',
  {
    required: ['group', 'names', 'scope', 'versions'],
    ...rules({
      rule: 'size(self.versions) == 1 || (size(self.versions) > 1 && has(self.conversion))',
      message: 'Conversion must be specified when multiple versions exist',
    }),
  },
);

export const apiResourceSchema: KcpKind = {
  group: 'apis.kcp.io',
  kind: 'APIResourceSchema',
  plural: 'apiresourceschemas',
  consistency: 'Convergent',
  versions: [
    {
      name: 'v1alpha1',
      isStorage: true,
      hasStatus: false,
      columns: [AGE],
      schema: kindSchema({
        description: 'A resource, as an APIExport can offer it: its names, versions and schemas.',
        spec,
      }),
    },
  ],
};
