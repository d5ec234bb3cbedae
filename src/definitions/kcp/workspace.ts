import type { Schema } from '../../machinery/mod.ts';
import { AGE, type KcpKind, kindSchema } from './kind.ts';
import {
  conditions,
  labelSelector,
  lifecycleNames,
  PHASES,
  rules,
  struct,
  text,
  WORKSPACE_NAME_PATTERN,
  workspaceTypeReference,
} from './schema.ts';

const mount: Schema = struct(
  {
    ref: struct(
      {
        apiVersion: text('Group and version of the object.'),
        kind: text('Kind of the object.'),
        name: text('Name of the object.'),
        namespace: text('Namespace of the object, if it lies in one.'),
      },
      'The object, in the same workspace as this one, that says where requests go.',
      {
        required: ['apiVersion', 'kind', 'name'],
        ...rules(
          { rule: 'has(oldSelf.apiVersion) == has(self.apiVersion)', message: 'apiVersion is immutable' },
          { rule: 'has(oldSelf.kind) == has(self.kind)', message: 'kind is immutable' },
          { rule: 'has(oldSelf.name) == has(self.name)', message: 'name is immutable' },
        ),
      },
    ),
  },
  'Makes the workspace a door to a server elsewhere; it gets no logical cluster then.',
  { required: ['ref'], ...rules({ rule: 'self == oldSelf', message: 'mount is immutable' }) },
);

const spec: Schema = struct(
  {
    type: workspaceTypeReference(
      'The type of the workspace. Whoever creates it needs the verb `use` on it; without it, the default of the parent is taken.',
      rules(
        { rule: 'self.name == oldSelf.name', message: 'name is immutable' },
        { rule: 'has(oldSelf.path) == has(self.path)', message: 'path is immutable' },
        {
          rule: '!has(oldSelf.path) || !has(self.path) || self.path == oldSelf.path',
          message: 'path is immutable',
        },
      ),
    ),
    location: struct(
      { selector: labelSelector('Labels of the shards that may keep the workspace.') },
      'Where the workspace may be kept; anywhere without it.',
    ),
    cluster: text('Name of the logical cluster. Set by the system.', {
      ...rules({ rule: 'self == oldSelf', message: 'cluster is immutable' }),
    }),
    URL: text('Where the workspace is reached. Set by the system.'),
    mount,
  },
  'What the workspace is to be.',
  {
    default: {},
    ...rules(
      { rule: '!has(oldSelf.URL) || has(self.URL)', message: 'URL cannot be unset' },
      { rule: '!has(oldSelf.cluster) || has(self.cluster)', message: 'cluster cannot be unset' },
    ),
  },
);

const status: Schema = struct(
  {
    phase: text('How far the workspace is.', { default: 'Scheduling', enum: PHASES }),
    conditions,
    initializers: lifecycleNames('Who still has to prepare the workspace before it is ready.'),
    terminators: lifecycleNames('Who still has to clean up before the workspace is deleted.'),
  },
  'What the workspace is.',
  { default: {} },
);

export const workspace: KcpKind = {
  group: 'tenancy.kcp.io',
  kind: 'Workspace',
  plural: 'workspaces',
  shortNames: ['ws'],
  exportedBy: 'tenancy.kcp.io',
  versions: [
    {
      name: 'v1alpha1',
      isStorage: true,
      hasStatus: true,
      columns: [
        { name: 'Type', type: 'string', jsonPath: '.spec.type.name', description: 'Type of the workspace' },
        {
          name: 'Region',
          type: 'string',
          jsonPath: ".metadata.labels['region']",
          description: 'Region that the workspace is kept in',
        },
        { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'How far the workspace is' },
        { name: 'URL', type: 'string', jsonPath: '.spec.URL', description: 'Where the workspace is reached' },
        AGE,
      ],
      schema: kindSchema({
        description:
          'A Kubernetes API of its own, in a tree of them: it has its own kinds, objects, users and rights.',
        metadata: {
          properties: {
            name: { type: 'string', minLength: 1, maxLength: 63, pattern: WORKSPACE_NAME_PATTERN },
          },
        },
        spec,
        status,
        required: ['spec'],
      }),
    },
  ],
};
