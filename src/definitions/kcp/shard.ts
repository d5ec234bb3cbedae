import type { Schema } from '../../machinery/mod.ts';
import { AGE, type KcpKind, kindSchema } from './kind.ts';
import { conditions, struct, text } from './schema.ts';

const QUANTITY_PATTERN =
  '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$';

const url: Schema = { format: 'uri', minLength: 1 };

export const shard: KcpKind = {
  group: 'core.kcp.io',
  kind: 'Shard',
  plural: 'shards',
  exportedBy: 'shards.core.kcp.io',
  consistency: 'Convergent',
  versions: [
    {
      name: 'v1alpha1',
      isStorage: true,
      hasStatus: true,
      columns: [
        {
          name: 'Region',
          type: 'string',
          jsonPath: ".metadata.labels['region']",
          description: 'Region that the shard is in',
        },
        { name: 'URL', type: 'string', jsonPath: '.spec.baseURL', description: 'Where the shard itself is' },
        {
          name: 'External URL',
          type: 'string',
          jsonPath: '.spec.externalURL',
          description: 'Where users reach its logical clusters',
        },
        AGE,
      ],
      schema: kindSchema({
        description: 'A part of the system that keeps logical clusters.',
        spec: struct(
          {
            baseURL: text('Where the shard itself is.', url),
            externalURL: text('Where users reach its logical clusters; the baseURL if empty.', url),
            virtualWorkspaceURL: text('Where its virtual workspaces are; the baseURL if empty.', url),
          },
          'Where the shard is.',
          { required: ['baseURL'] },
        ),
        status: struct(
          {
            capacity: {
              type: 'object',
              description: 'How much the shard takes.',
              additionalProperties: {
                anyOf: [{ type: 'integer' }, { type: 'string' }],
                pattern: QUANTITY_PATTERN,
                'x-kubernetes-int-or-string': true,
              },
            },
            conditions,
          },
          'What is known of the shard.',
        ),
      }),
    },
  ],
};
