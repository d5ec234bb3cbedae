import type { Schema } from '../../machinery/mod.ts';
import { type KcpKind, kindSchema } from './kind.ts';
import {
  conditions,
  flag,
  list,
  PATH_PATTERN,
  struct,
  text,
  textMap,
  WORKSPACE_NAME_PATTERN,
  workspaceTypeReference,
} from './schema.ts';

function typeLimit(description: string): Schema {
  return struct(
    {
      none: flag('No type is allowed.'),
      types: list(workspaceTypeReference('A type, or whatever extends it.'), 'The types that are allowed.', {
        minItems: 1,
      }),
    },
    description,
    { oneOf: [{ required: ['none'] }, { required: ['types'] }] },
  );
}

function atomicTexts(description: string): Schema {
  return list({ type: 'string' }, description, { 'x-kubernetes-list-type': 'atomic' });
}

function policyRules(description: string): Schema {
  return list(
    struct(
      {
        apiGroups: atomicTexts('API groups of the resources; `*` for all.'),
        resources: atomicTexts('Resources and subresources; `*` for all.'),
        resourceNames: atomicTexts('Names of the objects; all if empty.'),
        nonResourceURLs: atomicTexts('Paths that are no resources.'),
        verbs: atomicTexts('What may be done; `*` for everything.'),
      },
      'A rule as in a ClusterRole.',
      { required: ['verbs'] },
    ),
    description,
  );
}

const spec: Schema = struct(
  {
    initializer: flag('Workspaces of this type wait until a controller has prepared them.'),
    terminator: flag(
      'Workspaces of this type wait, before they are deleted, until a controller has cleaned up.',
    ),
    extend: struct(
      {
        with: list(
          workspaceTypeReference('A type that this one extends.'),
          'The types that this one extends.',
        ),
      },
      'Types whose initializers, terminators, default bindings and limits count for this one too.',
    ),
    additionalWorkspaceLabels: textMap('Labels that workspaces of this type get when they are created.'),
    defaultChildWorkspaceType: workspaceTypeReference(
      'The type of workspaces that are created inside without one. It is not inherited.',
      { default: { name: 'universal', path: 'root' } },
    ),
    limitAllowedChildren: typeLimit('Which types workspaces inside may have.'),
    limitAllowedParents: typeLimit('Which types the workspace around may have.'),
    defaultAPIBindings: list(
      struct(
        {
          path: text('Path of the workspace that has the APIExport; this one if empty.', {
            pattern: PATH_PATTERN,
          }),
          export: text('Name of the APIExport.'),
        },
        'An API.',
        { required: ['export'] },
      ),
      'The APIs that new workspaces of this type bind.',
    ),
    defaultAPIBindingLifecycle: text(
      'InitializeOnly binds once; Maintain also binds in workspaces that exist, when the list changes.',
      { enum: ['InitializeOnly', 'Maintain'] },
    ),
    authenticationConfigurations: list(
      struct({ name: text('Name of the WorkspaceAuthenticationConfiguration.') }, 'A reference.', {
        required: ['name'],
      }),
      'Who else may authenticate in workspaces of this type.',
    ),
    initializerPermissions: policyRules(
      'What the initializing controller may do in a workspace; without them it acts as the owner.',
    ),
    terminatorPermissions: policyRules(
      'What the terminating controller may do in a workspace; without them it acts as the owner.',
    ),
  },
  'What workspaces of this type have in common.',
);

const status: Schema = struct(
  {
    conditions,
    virtualWorkspaces: list(
      struct(
        {
          url: text('Where the controller finds the workspaces.', { minLength: 1 }),
          type: text('What they wait for.', { enum: ['initializing', 'terminating'] }),
        },
        'One endpoint.',
        { required: ['url', 'type'] },
      ),
      'Where controllers find the workspaces that wait for them.',
    ),
  },
  'What is known of the type.',
);

export const workspaceType: KcpKind = {
  group: 'tenancy.kcp.io',
  kind: 'WorkspaceType',
  plural: 'workspacetypes',
  exportedBy: 'tenancy.kcp.io',
  consistency: 'Convergent',
  versions: [
    {
      name: 'v1alpha1',
      isStorage: true,
      hasStatus: true,
      columns: [],
      schema: kindSchema({
        description: 'A type of workspaces: what they begin with, and where they may be.',
        metadata: {
          properties: {
            name: {
              type: 'string',
              minLength: 1,
              maxLength: 63,
              pattern: WORKSPACE_NAME_PATTERN,
              not: { enum: ['system', 'any'] },
            },
          },
        },
        spec,
        status,
      }),
    },
  ],
};
