import type { Schema } from '../../machinery/mod.ts';
import { AGE, type KcpKind, kindSchema } from './kind.ts';
import { API_VERSION_PATTERN, list, listByKeys, struct, text } from './schema.ts';

const rule: Schema = struct(
  {
    field: text('Where in the object the value is, such as `.spec.name`.', { minLength: 1 }),
    destination: text('Where in the converted object it belongs.', { minLength: 1 }),
    transformation: text('CEL that makes the new value of the old one, `self`.'),
  },
  'What becomes of one field.',
  { required: ['destination', 'field'] },
);

const conversion: Schema = struct(
  {
    from: text('The version that is converted.', { minLength: 1, pattern: API_VERSION_PATTERN }),
    to: text('The version that comes out.', { minLength: 1, pattern: API_VERSION_PATTERN }),
    rules: listByKeys(rule, 'What becomes of which field.', { keys: ['destination'] }),
    preserve: list(
      { type: 'string' },
      'Fields that the other version does not have, and that are kept in an annotation of it.',
    ),
  },
  'How one version becomes another.',
  { required: ['from', 'rules', 'to'] },
);

export const apiConversion: KcpKind = {
  group: 'apis.kcp.io',
  kind: 'APIConversion',
  plural: 'apiconversions',
  consistency: 'Convergent',
  versions: [
    {
      name: 'v1alpha1',
      isStorage: true,
      hasStatus: false,
      columns: [AGE],
      schema: kindSchema({
        description: 'How objects of the APIResourceSchema of the same name get from one version to another.',
        spec: struct(
          { conversions: listByKeys(conversion, 'One for each way.', { keys: ['from', 'to'] }) },
          'The rules.',
          { required: ['conversions'] },
        ),
        required: ['metadata', 'spec'],
      }),
    },
  ],
};
