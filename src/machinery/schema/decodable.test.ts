import { expect, test } from 'vitest';
import { parseJson } from '../json.ts';
import type { JsonObject } from '../json-value.ts';
import { checkDecodable } from './decodable.ts';
import type { Schema } from './schema.ts';

const META: Schema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    generation: { type: 'integer', format: 'int64' },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    creationTimestamp: { type: 'string', format: 'date-time' },
  },
};

const CONFIG_MAP: Schema = {
  type: 'object',
  properties: {
    kind: { type: 'string' },
    metadata: META,
    data: { type: 'object', additionalProperties: { type: 'string' } },
    binaryData: { type: 'object', additionalProperties: { type: 'string', format: 'byte' } },
    immutable: { type: 'boolean' },
    hard: { type: 'object', additionalProperties: { type: 'string', format: 'quantity' } },
    port: { 'x-kubernetes-int-or-string': true },
    replicas: { type: 'integer', format: 'int32' },
    rules: {
      type: 'array',
      items: { type: 'object', properties: { verbs: { type: 'array', items: { type: 'string' } } } },
    },
    anything: { 'x-kubernetes-preserve-unknown-fields': true },
  },
};

function error(text: string): string | undefined {
  return checkDecodable(parseJson(text).value as JsonObject, CONFIG_MAP, { kind: 'ConfigMap' });
}

test.each([
  ['{"data":{"a":1}}', 'json: cannot unmarshal number into Go struct field ConfigMap.data of type string'],
  [
    '{"data":[]}',
    'json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string',
  ],
  [
    '{"immutable":"yes"}',
    'json: cannot unmarshal string into Go struct field ConfigMap.immutable of type bool',
  ],
  [
    '{"metadata":{"labels":{"a":true}}}',
    'json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string',
  ],
  [
    '{"metadata":[]}',
    'json: cannot unmarshal array into Go struct field ConfigMap.metadata of type v1.ObjectMeta',
  ],
  [
    '{"replicas":1.5}',
    'json: cannot unmarshal number 1.5 into Go struct field ConfigMap.replicas of type int32',
  ],
  [
    '{"replicas":3000000000}',
    'json: cannot unmarshal number 3000000000 into Go struct field ConfigMap.replicas of type int32',
  ],
  [
    '{"rules":[{"verbs":"get"}]}',
    'json: cannot unmarshal string into Go struct field PolicyRule.rules.verbs of type []string',
  ],
  [
    '{"rules":{}}',
    'json: cannot unmarshal object into Go struct field ConfigMap.rules of type []v1.PolicyRule',
  ],
  ['{"binaryData":{"a":"ab$="}}', 'illegal base64 data at input byte 2'],
  ['{"port":true}', 'json: cannot unmarshal bool into Go value of type int32'],
  [
    '{"metadata":{"creationTimestamp":"x"}}',
    'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"',
  ],
  ['{"metadata":{"creationTimestamp":5}}', 'json: cannot unmarshal number into Go value of type string'],
  [
    '{"hard":{"cpu":"abc"}}',
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  ],
])('Go refuses %s', (text, expected) => {
  expect(error(text)).toBe(expected);
});

test.each([
  '{"data":null,"immutable":null,"metadata":{"labels":null,"name":null},"rules":[null]}',
  '{"hard":{"cpu":1,"memory":"1Gi"},"port":80,"anything":[{"a":1}],"unknown":[1]}',
  '{"port":"http","binaryData":{"a":"YWI=","b":"","c":"YWJj\\nYWJj"},"replicas":2147483647}',
  '{"metadata":{"generation":9223372036854775807,"creationTimestamp":"2024-02-29T00:00:00+01:00"}}',
])('Go decodes %s', (text) => {
  expect(error(text)).toBeUndefined();
});
