import { expect, test } from 'vitest';
import { parseJson } from '../json.ts';
import { compileGate } from './ajv-gate.ts';
import type { Schema } from './schema.ts';

const SCHEMA: Schema = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', pattern: '^[a-z]+$' },
    size: { type: 'integer', format: 'int64', maximum: 9223372036854775806n, nullable: true },
    port: { 'x-kubernetes-int-or-string': true },
    labels: { type: 'object', additionalProperties: { type: 'string', maxLength: 2 } },
  },
};

function passes(text: string): boolean | undefined {
  return compileGate(SCHEMA)?.(parseJson(text).value);
}

test('a gate lets valid values through, also with integers beyond 2^53', () => {
  expect(passes('{"name":"a","size":9223372036854775806,"port":"http","labels":{"a":"😀😀"}}')).toBe(true);
  expect(passes('{"name":"a","size":null,"port":80}')).toBe(true);
});

test.each([
  '{}',
  '{"name":"A"}',
  '{"name":"a","size":9223372036854775807}',
  '{"name":"a","size":1.5}',
  '{"name":null}',
  '{"name":"a","port":true}',
  '{"name":"a","labels":{"__proto__":"abc"}}',
])('a gate stops %s', (text) => {
  expect(passes(text)).toBe(false);
});

test('schemas that are large, branch much or have odd names get no gate', () => {
  const branches = Array.from({ length: 100 }, (_, index) => ({ minimum: index }));
  expect(compileGate({ type: 'integer', anyOf: branches })).toBeUndefined();
  const properties = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`k${index}`, SCHEMA]));
  expect(compileGate({ type: 'object', properties })).toBeUndefined();
  const odd = parseJson('{"type":"object","properties":{"__proto__":{"type":"string"}}}')
    .value as unknown as Schema;
  expect(compileGate(odd)).toBeUndefined();
});
