import { AGE, type KcpKind, kindSchema } from './kind.ts';
import { integer, list, struct, text } from './schema.ts';

/** No kind of kcp's: a region of the planet, which its own member writes. */
export const region: KcpKind = {
  group: 'planet.antipode.dev',
  kind: 'Region',
  plural: 'regions',
  exportedBy: 'planet.antipode.dev',
  consistency: 'Convergent',
  versions: [
    {
      name: 'v1alpha1',
      isStorage: true,
      hasStatus: true,
      columns: [
        { name: 'URL', type: 'string', jsonPath: '.spec.url', description: 'Where clients reach the region' },
        {
          name: 'Members',
          type: 'integer',
          jsonPath: '.status.members',
          description: 'How many members it has',
        },
        {
          name: 'Homed',
          type: 'integer',
          jsonPath: '.status.homed',
          description: 'How many shards have their home there',
        },
        {
          name: 'Lag',
          type: 'string',
          jsonPath: '.status.lag',
          description: 'How old what it shows of other regions was when it last said so',
        },
        {
          name: 'Last Contact',
          type: 'date',
          jsonPath: '.status.lastContactTime',
          description: 'When it last said so',
          priority: 1,
        },
        AGE,
      ],
      schema: kindSchema({
        description: 'A region of the planet. Its labels choose it for workspaces.',
        spec: struct(
          {
            url: text('Where clients reach the region, without slash at the end.', {
              format: 'uri',
              minLength: 1,
            }),
          },
          'What clients have to know of the region.',
          { default: {} },
        ),
        status: struct(
          {
            members: integer('How many members the region has.'),
            memberNames: list({ type: 'string' }, 'Their names.', { 'x-kubernetes-list-type': 'set' }),
            homed: integer('How many shards have their home in the region.'),
            shards: list({ type: 'string' }, 'Their names.', { 'x-kubernetes-list-type': 'set' }),
            lag: text('How old what it shows of other regions was at the last contact, such as 0s.'),
            lastContactTime: text('When the region last said all this.', { format: 'date-time' }),
          },
          'What the region says of itself.',
        ),
      }),
    },
  ],
};
