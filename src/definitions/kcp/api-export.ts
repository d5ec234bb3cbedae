import type { Schema } from '../../machinery/mod.ts';
import { legacyApiExport, modernApiExport } from './api-export-conversion.ts';
import { AGE, type KcpKind, kindSchema } from './kind.ts';
import { legacyPermissionClaim, permissionClaim } from './permission-claim.ts';
import { conditions, list, listByKeys, rules, struct, text, textSet } from './schema.ts';

const DESCRIPTION = 'An API, or several, that other workspaces may bind.';

const identity: Schema = struct(
  {
    secretRef: struct(
      {
        name: text('Name of the Secret.'),
        namespace: text('Namespace of the Secret.'),
      },
      'The Secret that has the identity, in its field `key`.',
      { 'x-kubernetes-map-type': 'atomic' },
    ),
  },
  'The identity of the API: objects of it are kept under its hash. Made by the system if there is none; it cannot be changed.',
);

const maximalPermissionPolicy: Schema = struct(
  {
    local: { type: 'object', description: 'Roles and bindings in this workspace, for users with a prefix.' },
  },
  'The most that consumers may do with objects of this API.',
  { oneOf: [{ required: ['local'] }] },
);

function claims(claim: Schema): Schema {
  return listByKeys(claim, 'Which other objects of its consumers the provider wants to work with.', {
    keys: ['group', 'resource'],
  });
}

const storage: Schema = struct(
  {
    crd: { type: 'object', description: 'Objects are kept in the workspaces that bind the API.' },
    virtual: struct(
      {
        reference: struct(
          {
            apiGroup: text('API group of the object; empty for the core group.'),
            kind: text('Kind of the object.'),
            name: text('Name of the object.'),
          },
          'An object whose status says where the resource is served.',
          { required: ['kind', 'name'], 'x-kubernetes-map-type': 'atomic' },
        ),
        identityHash: text('Identity of the resource that is served there.'),
      },
      'Objects are served from somewhere else.',
      { required: ['reference'] },
    ),
  },
  'Where objects are kept.',
  {
    default: { crd: {} },
    oneOf: [{ required: ['crd'] }, { required: ['virtual'] }],
    ...rules({
      rule: 'has(self.crd) != has(self.virtual)',
      message: 'Exactly one of crd or virtual must be set',
    }),
  },
);

const resources: Schema = listByKeys(
  struct(
    {
      name: text('Plural name of the resource.', {
        maxLength: 127,
        pattern: '^[a-z][-a-z0-9]*[a-z0-9](/[a-z][-a-z0-9]*[a-z0-9])?$',
      }),
      group: text('API group of the resource; empty for the core group.'),
      schema: text('Name of the APIResourceSchema: `<version>.<name>.<group>`.'),
      storage,
    },
    'A resource of the API.',
    { required: ['group', 'name', 'schema'] },
  ),
  'The resources of the API, each with the schema that consumers have at present.',
  { keys: ['name', 'group'] },
);

const status: Schema = struct(
  {
    identityHash: text('Hash of the identity; it never changes once it is there.'),
    conditions,
    virtualWorkspaces: list(
      struct({ url: text('Address of a virtual workspace.', { minLength: 1 }) }, 'One endpoint.', {
        required: ['url'],
      }),
      'Not in use any more: see APIExportEndpointSlice.',
    ),
  },
  'What is known of the API.',
);

export const apiExport: KcpKind = {
  group: 'apis.kcp.io',
  kind: 'APIExport',
  plural: 'apiexports',
  consistency: 'Convergent',
  versions: [
    {
      name: 'v1alpha1',
      isStorage: false,
      hasStatus: true,
      conversion: { toHome: modernApiExport, fromHome: legacyApiExport },
      columns: [
        AGE,
        {
          name: 'Ready',
          type: 'string',
          jsonPath: '.status.conditions[?(@.type=="VirtualWorkspaceURLsReady")].status',
        },
      ],
      schema: kindSchema({
        description: DESCRIPTION,
        spec: struct(
          {
            latestResourceSchemas: textSet('Names of the APIResourceSchemas that consumers have at present.'),
            identity,
            maximalPermissionPolicy,
            permissionClaims: claims(legacyPermissionClaim),
          },
          'What is offered.',
        ),
        status,
      }),
    },
    {
      name: 'v1alpha2',
      isStorage: true,
      hasStatus: true,
      columns: [AGE],
      schema: kindSchema({
        description: DESCRIPTION,
        spec: struct(
          { resources, identity, maximalPermissionPolicy, permissionClaims: claims(permissionClaim) },
          'What is offered.',
        ),
        status,
      }),
    },
  ],
};
