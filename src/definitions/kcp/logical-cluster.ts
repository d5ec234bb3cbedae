import type { Schema } from '../../machinery/mod.ts';
import { AGE, type KcpKind, kindSchema } from './kind.ts';
import { conditions, flag, lifecycleNames, list, PHASES, struct, text } from './schema.ts';

const spec: Schema = struct(
  {
    directlyDeletable: flag('Users may delete the logical cluster by deleting this object.', {
      default: false,
    }),
    owner: struct(
      {
        apiVersion: text('Group and version of the owner.', { pattern: '^([^/]+/)?[^/]+$' }),
        resource: text('Resource of the owner.', { minLength: 1 }),
        name: text('Name of the owner.', { minLength: 1 }),
        namespace: text('Namespace of the owner, if it lies in one.'),
        cluster: text('Logical cluster that the owner lies in.', { minLength: 1 }),
        uid: text('Uid of the owner.'),
      },
      'The object that lives and dies with the logical cluster, as a rule its Workspace.',
      { required: ['apiVersion', 'cluster', 'name', 'resource', 'uid'] },
    ),
    createdBy: struct(
      {
        username: text('Name of the user.'),
        groups: list({ type: 'string' }, 'Groups of the user.'),
        uid: text('Uid of the user.'),
        extra: {
          type: 'object',
          description: 'What else is known of the user.',
          additionalProperties: { type: 'array', items: { type: 'string' } },
        },
      },
      'Who created the workspace.',
    ),
    initializers: lifecycleNames(
      'Who has to prepare the logical cluster; copied to the status when that begins.',
    ),
    terminators: lifecycleNames('Who has to clean up at the end; copied to the status when that begins.'),
  },
  'What the logical cluster is to be.',
  { default: {} },
);

const status: Schema = struct(
  {
    URL: text('Where the logical cluster is reached.'),
    phase: text('How far the logical cluster is.', { default: 'Scheduling', enum: PHASES }),
    conditions,
    initializers: lifecycleNames('Who still has to prepare the logical cluster before it is ready.'),
    terminators: lifecycleNames('Who still has to clean up before the logical cluster is deleted.'),
  },
  'What the logical cluster is.',
  { default: {} },
);

export const logicalCluster: KcpKind = {
  group: 'core.kcp.io',
  kind: 'LogicalCluster',
  plural: 'logicalclusters',
  versions: [
    {
      name: 'v1alpha1',
      isStorage: true,
      hasStatus: true,
      columns: [
        { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'How far it is' },
        { name: 'URL', type: 'string', jsonPath: '.status.URL', description: 'Where it is reached' },
        AGE,
      ],
      schema: kindSchema({
        description: 'The logical cluster that it lies in. There is one in each, always named `cluster`.',
        metadata: { properties: { name: { type: 'string', enum: ['cluster'] } } },
        spec,
        status,
      }),
    },
  ],
};
