import type { Schema } from '../../machinery/mod.ts';
import { AGE, type KcpKind, kindSchema } from './kind.ts';
import {
  conditions,
  exportReference,
  flag,
  labelSelector,
  listByKeys,
  rules,
  struct,
  text,
} from './schema.ts';

const endpoint: Schema = struct(
  {
    url: text('Address of a virtual workspace of the APIExport.', { minLength: 1 }),
    shards: struct(
      {
        matchAll: flag('Those of all shards.'),
        selector: labelSelector('Labels of the shards.'),
      },
      'Whose consumers are found there.',
    ),
  },
  'One endpoint.',
  { required: ['url'] },
);

export const apiExportEndpointSlice: KcpKind = {
  group: 'apis.kcp.io',
  kind: 'APIExportEndpointSlice',
  plural: 'apiexportendpointslices',
  versions: [
    {
      name: 'v1alpha1',
      isStorage: true,
      hasStatus: true,
      columns: [
        { name: 'Export', type: 'string', jsonPath: '.spec.export.name' },
        { name: 'Partition', type: 'string', jsonPath: '.spec.partition' },
        AGE,
      ],
      schema: kindSchema({
        description: 'Where the provider of an API finds the objects of its consumers.',
        spec: struct(
          {
            export: exportReference(
              'The APIExport. It cannot be changed.',
              rules({ rule: 'self == oldSelf', message: 'APIExport reference must not be changed' }),
            ),
            partition: text('Name of a Partition: only the endpoints of its shards.'),
          },
          'Which endpoints.',
          { required: ['export'] },
        ),
        status: struct(
          {
            conditions,
            endpoints: listByKeys(endpoint, 'The endpoints.', { keys: ['url'] }),
            shardSelector: text('Which shards may add endpoints.'),
          },
          'What there is.',
        ),
      }),
    },
  ],
};
