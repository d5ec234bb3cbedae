import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { builtinDefinitions, definitionSet } from '../../definitions/mod.ts';
import { customFixture, versionFixture } from '../discovery-fixtures.suite.ts';
import { openApiV2, openApiV2Protobuf, openApiV3Document, openApiV3Protobuf } from './mod.ts';

const set = definitionSet([
  ...builtinDefinitions,
  customFixture({
    versions: [
      versionFixture('v1', {
        schema: {
          type: 'object',
          properties: {
            spec: {
              type: 'object',
              properties: {
                size: { type: 'integer', default: 0, minimum: 1, maxLength: 5, enum: [0, 1] },
                closed: { type: 'object', additionalProperties: false },
                open: { type: 'object', additionalProperties: { type: 'string' } },
                either: { anyOf: [{ type: 'string' }, { type: 'integer' }], not: { enum: ['x'] } },
                defaults: { type: 'object', default: { a: 1 } },
                on: { type: 'boolean', default: true },
              },
            },
          },
        },
      }),
    ],
  }),
]);

describe('the protobuf form of OpenAPI v2', () => {
  const text = openApiV2(set).text;
  const document = decode('v2', openApiV2Protobuf(text));
  const definitions = at(document, 'definitions', 'additional_properties');
  const foo = at(definitions, 'com.example.v1.Foo');
  const item = at(document, 'paths', 'path', '/apis/example.com/v1/namespaces/{namespace}/foos/{name}');

  test('holds all paths and definitions of the JSON form', () => {
    const json = JSON.parse(text);
    expect(at(document, 'swagger')).toBe('2.0');
    expect(names(at(document, 'paths', 'path'))).toEqual(Object.keys(json.paths));
    expect(names(definitions)).toEqual(Object.keys(json.definitions));
    expect(names(at(document, 'parameters', 'additional_properties'))).toEqual(Object.keys(json.parameters));
  });

  test('carries the kind of a definition as YAML in an extension', () => {
    const yaml = at(foo, 'vendor_extension', 'x-kubernetes-group-version-kind', 'yaml');
    expect(JSON.parse(String(yaml))).toEqual([{ group: 'example.com', kind: 'Foo', version: 'v1' }]);
  });

  test('keeps references, types, enums and maps', () => {
    expect(at(foo, 'type')).toEqual({ value: ['object'] });
    const properties = at(foo, 'properties', 'additional_properties');
    expect(at(properties, 'metadata', '_ref')).toBe(
      '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
    );
    const spec = at(properties, 'spec', 'properties', 'additional_properties');
    expect(at(spec, 'size')).toMatchObject({ minimum: 1, max_length: 5 });
    // Version 2 of custom resources knows no defaults.
    expect(at(spec, 'size')).not.toHaveProperty('default');
    expect(at(spec, 'size', 'enum')).toEqual([{ yaml: '0' }, { yaml: '1' }]);
    expect(at(spec, 'open', 'additional_properties', 'schema', 'type')).toEqual({ value: ['string'] });
    const list = at(definitions, 'com.example.v1.FooList', 'properties', 'additional_properties');
    expect(at(list, 'items', 'items', 'schema')).toEqual([{ _ref: '#/definitions/com.example.v1.Foo' }]);
  });

  test('keeps operations with their parameters and responses', () => {
    const patch = at(item, 'patch');
    expect(at(patch, 'operation_id')).toBe('patchExampleComV1NamespacedFoo');
    const parameters = at(patch, 'parameters') as unknown[];
    expect(parameters).toContainEqual({ json_reference: { _ref: '#/parameters/fieldValidation' } });
    expect(at(parameters.at(-1), 'parameter', 'body_parameter')).toMatchObject({ name: 'body', in: 'body' });
    const response = at(patch, 'responses', 'response_code', '200', 'response');
    expect(at(response, 'schema', 'schema', '_ref')).toBe('#/definitions/com.example.v1.Foo');
  });

  test('keeps shared parameters and how to authenticate', () => {
    const shared = at(document, 'parameters', 'additional_properties', 'namespace', 'non_body_parameter');
    expect(at(shared, 'path_parameter_sub_schema', 'name')).toBe('namespace');
    const token = at(document, 'security_definitions', 'additional_properties', 'BearerToken');
    expect(at(token, 'api_key_security', 'name')).toBe('authorization');
    expect(names(at(document, 'security', 0, 'additional_properties'))).toEqual(['BearerToken']);
  });

  test('is made once for equal texts', () => {
    expect(openApiV2Protobuf(text)).toBe(openApiV2Protobuf(openApiV2(set).text));
  });
});

describe('the protobuf form of OpenAPI v3', () => {
  const text = openApiV3Document(set, 'apis/example.com/v1')?.text ?? '';
  const document = decode('v3', openApiV3Protobuf(text));
  const schemas = at(document, 'components', 'schemas', 'additional_properties');
  const properties = at(schemas, 'com.example.v1.Foo', 'schema', 'properties', 'additional_properties');
  const spec = at(properties, 'spec', 'schema', 'properties', 'additional_properties');

  test('holds all paths and components of the JSON form', () => {
    const json = JSON.parse(text);
    expect(at(document, 'openapi')).toBe('3.0.0');
    expect(names(at(document, 'paths', 'path'))).toEqual(Object.keys(json.paths));
    expect(names(schemas)).toEqual(Object.keys(json.components.schemas));
  });

  test('tells schemas from references and keeps what a schema says', () => {
    const metadata = at(properties, 'metadata', 'schema', 'all_of', 0, 'reference', '_ref');
    expect(metadata).toMatch(/ObjectMeta$/);
    expect(at(spec, 'size', 'schema', 'default')).toEqual({ number: 0 });
    expect(at(spec, 'on', 'schema', 'default')).toEqual({ boolean: true });
    expect(at(spec, 'closed', 'schema', 'additional_properties')).toEqual({ boolean: false });
    const values = at(spec, 'open', 'schema', 'additional_properties', 'schema_or_reference');
    expect(at(values, 'schema', 'type')).toBe('string');
    expect(at(spec, 'either', 'schema', 'any_of')).toHaveLength(2);
    expect(at(spec, 'either', 'schema', 'not', 'enum')).toEqual([{ yaml: '"x"' }]);
  });

  test('leaves out defaults for which the message has no place', () => {
    expect(at(spec, 'defaults', 'schema')).not.toHaveProperty('default');
  });

  test('keeps operations with parameters, bodies and responses', () => {
    const patch = at(
      document,
      'paths',
      'path',
      '/apis/example.com/v1/namespaces/{namespace}/foos/{name}',
      'patch',
    );
    const parameters = at(patch, 'parameters') as unknown[];
    expect(parameters.map((parameter) => at(parameter, 'parameter', 'name'))).toContain('fieldValidation');
    const content = at(patch, 'request_body', 'request_body', 'content', 'additional_properties');
    expect(at(content, 'application/merge-patch+json', 'schema', 'reference', '_ref')).toMatch(/Patch$/);
    const ok = at(patch, 'responses', 'response_or_reference', '200', 'response');
    expect(at(ok, 'description')).toBe('OK');
  });
});

function decode(version: 'v2' | 'v3', bytes: Uint8Array): unknown {
  const path = new URL(`../../../proto/openapi/${version}/openapi.proto`, import.meta.url);
  const { root } = protobuf.parse(readFileSync(path, 'utf8'), { keepCase: true });
  const type = root.lookupType(`openapi.${version}.Document`);
  return type.toObject(type.decode(bytes), { longs: Number });
}

/** Follows fields, indexes of lists, and names of lists of named entries. */
function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce((found, key) => {
    expect(found, `before ${key}`).toBeTypeOf('object');
    if (typeof key === 'string' && Array.isArray(found)) {
      const entry = (found as Entry[]).find(({ name }) => name === key);
      expect(entry, key).toBeDefined();
      return entry?.value;
    }
    return (found as Record<string | number, unknown>)[key];
  }, value);
}

interface Entry {
  readonly name: string;
  readonly value: unknown;
}

function names(entries: unknown): string[] {
  return (entries as Entry[]).map((entry) => entry.name);
}
