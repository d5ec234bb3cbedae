import type { Schema } from '../../machinery/mod.ts';
import { AGE, type KcpKind, kindSchema } from './kind.ts';
import { conditions, integer, labelSelector, list, rules, struct, text } from './schema.ts';

const NAME = '"^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"';
const PREFIX = '"^[a-z0-9]([-a-z0-9]{0,251}[a-z0-9])?$"';
const KEY_MESSAGE = `Label key prefixes are optional and limited to 253 characters. They should match ${PREFIX}. Names are limited to 63 characters and should match ${NAME}. "/" is used as separator.`;

/** That a label key is one, for the variable of that name. */
function isLabelKey(variable: string): string {
  const part = (index: number): string => `${variable}.split("/", 2)[${index}]`;
  return `${variable}.contains("/") ? ${part(0)}.matches(${PREFIX}) && ${part(1)}.matches(${NAME}) : ${variable}.matches(${NAME})`;
}

/** Stricter and smaller than elsewhere, since a rule is evaluated for each key. */
const shardSelector: Schema = struct(
  {
    matchLabels: {
      type: 'object',
      description: 'Labels that have to have these values.',
      maxProperties: 10,
      additionalProperties: { type: 'string', maxLength: 380 },
      ...rules(
        { rule: `self.all(k, ${isLabelKey('k')})`, message: KEY_MESSAGE },
        {
          rule: `self.all(k, self[k].matches(${NAME}))`,
          message: `Label values are limited to 63 characters and should match ${NAME}.`,
        },
      ),
    },
    matchExpressions: list(
      struct(
        {
          key: text('Key of the label.', {
            maxLength: 317,
            ...rules({ rule: isLabelKey('self'), message: KEY_MESSAGE }),
          }),
          operator: text('What has to hold.', { enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'] }),
          values: list(
            { type: 'string', maxLength: 63, pattern: NAME.slice(1, -1) },
            'The values of In and NotIn.',
            { 'x-kubernetes-list-type': 'atomic' },
          ),
        },
        'What has to hold of one label.',
        {
          required: ['key', 'operator'],
          ...rules({
            rule: 'self.operator in ["In", "NotIn"] ? size(self.values) > 0 : (self.operator in ["Exists", "DoesNotExist"] ? !has(self.values) : true)',
            message:
              'There should be at least one value for In and NotIn operators. There should not be any value for Exists and DoesNotExist operators.',
          }),
        },
      ),
      'What has to hold of labels; all of it.',
      { maxItems: 10, 'x-kubernetes-list-type': 'atomic' },
    ),
  },
  'Which shards are divided; all without it.',
  { 'x-kubernetes-map-type': 'atomic' },
);

export const partition: KcpKind = {
  group: 'topology.kcp.io',
  kind: 'Partition',
  plural: 'partitions',
  exportedBy: 'topology.kcp.io',
  consistency: 'Convergent',
  versions: [
    {
      name: 'v1alpha1',
      isStorage: true,
      hasStatus: false,
      columns: [{ name: 'Owner', type: 'string', jsonPath: '.metadata.ownerReferences[*].name' }, AGE],
      schema: kindSchema({
        description: 'A set of shards.',
        spec: struct({ selector: labelSelector('Labels of the shards; all without it.') }, 'Which shards.'),
        required: ['spec'],
      }),
    },
  ],
};

export const partitionSet: KcpKind = {
  group: 'topology.kcp.io',
  kind: 'PartitionSet',
  plural: 'partitionsets',
  exportedBy: 'topology.kcp.io',
  consistency: 'Convergent',
  versions: [
    {
      name: 'v1alpha1',
      isStorage: true,
      hasStatus: true,
      columns: [
        {
          name: 'Count',
          type: 'string',
          jsonPath: '.status.count',
          description: 'How many partitions it makes',
        },
        AGE,
      ],
      schema: kindSchema({
        description: 'Divides shards by their labels, and makes a Partition for each part.',
        spec: struct(
          {
            dimensions: list({ type: 'string' }, 'Keys of the labels by whose values shards are told apart.'),
            shardSelector,
          },
          'How shards are divided.',
        ),
        status: struct(
          { count: integer('How many partitions there are.'), conditions },
          'What came out of it.',
        ),
        required: ['spec'],
      }),
    },
  ],
};
