import { describe, expect, it } from 'vitest';
import type { Schema } from '../schema/schema.ts';
import { atomicListOf, json, mapListOf, mapOf, NUMBER, setOf, TEXT, types, typeWith } from './apply.suite.ts';
import type { ApplyType } from './apply-type.ts';
import { typedValue } from './typed-value.ts';

function faultOf(type: ApplyType, value: unknown, allowDuplicates = false): string {
  try {
    typedValue({ value: json(value), type, apiVersion: 'v1', allowDuplicates });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

const TYPE = typeWith({
  text: TEXT,
  number: NUMBER,
  flag: { type: 'boolean' },
  time: { type: 'string', format: 'date-time' },
  bytes: { type: 'string', format: 'byte' },
  set: setOf(TEXT),
  atomic: atomicListOf({ type: 'object', properties: { a: TEXT } }),
  list: mapListOf(['name', 'port'], { name: TEXT, port: { type: 'integer', default: 80 }, value: NUMBER }),
  keyed: mapListOf(['a', 'b'], { a: TEXT, b: TEXT }),
  labels: mapOf(TEXT),
  free: { type: 'object' },
});

describe('a typed value', () => {
  it.each([
    ['the right kinds of scalars', { text: 'a', number: 1, flag: true, time: 'now', bytes: 'eA==' }],
    ['fractions as numbers', { number: 1.5 }],
    ['any scalar where the format is not known', { time: 5 }],
    ['null anywhere', { text: null, set: null, list: null, labels: null, free: null }],
    ['anything in free-form maps', { free: { a: [1, { b: 'c' }, [null]], d: { e: 1 } } }],
    ['an item whose keys have defaults', { list: [{ value: 1 }] }],
    ['an item with one of its keys', { keyed: [{ b: 'x' }, { a: 'x' }, { a: 'x', b: 'x' }] }],
    ['the same item twice in an atomic list', { atomic: [{ a: 'x' }, { a: 'x' }] }],
  ])('may have %s', (_, value) => {
    expect(faultOf(TYPE, value)).toBe('');
  });

  it.each([
    [{ other: 1 }, '.other: field not declared in schema'],
    [{ text: 1 }, '.text: expected string, got &value.valueUnstructured{Value:1}'],
    [
      { text: { b: [1, null], a: true } },
      '.text: expected string, got &value.valueUnstructured{Value:map[string]interface {}{"a":true, "b":[]interface {}{1, interface {}(nil)}}}',
    ],
    [{ number: 'x' }, '.number: expected numeric (int or float), got string'],
    [{ number: {} }, '.number: expected numeric (int or float), got map[string]interface {}'],
    [{ flag: 1.5 }, '.flag: expected boolean, got &{1.5}'],
    [{ time: [1, 'a'] }, '.time: expected any scalar, got &{[1 a]}'],
    [{ set: { b: 1, a: 'x' } }, '.set: expected list, got &{map[a:x b:1]}'],
    [{ labels: 'x' }, '.labels: expected map, got &{x}'],
    [{ labels: { a: 1 } }, '.labels.a: expected string, got &value.valueUnstructured{Value:1}'],
    [{ atomic: [{}, { a: 1 }] }, '.atomic[1].a: expected string, got &value.valueUnstructured{Value:1}'],
    [
      { list: [{ name: 'a', port: 81, value: 'x' }] },
      '.list[name="a",port=81].value: expected numeric (int or float), got string',
    ],
    [{ set: ['a', 'b', 'a'] }, '.set: duplicate entries for key [="a"]'],
    [
      { list: [{ name: 'a' }, { name: 'a', port: 80 }] },
      '.list: duplicate entries for key [name="a",port=80]',
    ],
    [
      { set: [null] },
      ".set: element 0: associative list without keys has an element that's an explicit null",
    ],
    [{ set: [{}] }, ".set: element 0: associative list without keys has an element that's a map type"],
    [{ set: [[]] }, '.set: element 0: not supported: associative list with lists as elements'],
    [{ list: [null] }, '.list: element 0: associative list with keys may not have a null element'],
    [{ list: ['a'] }, '.list: element 0: associative list with keys may not have non-map elements'],
    [
      { keyed: [{ a: 'x' }, {}] },
      '.keyed: element 1: associative list with keys has an element that omits all key fields ["a" "b"] (and doesn\'t have default values for any key fields)',
    ],
    [
      { text: 1, set: ['a', 'a'] },
      'errors:\n  .text: expected string, got &value.valueUnstructured{Value:1}\n  .set: duplicate entries for key [="a"]',
    ],
    ['x', 'expected map, got &{x}'],
  ])('may not be %j', (value, message) => {
    expect(faultOf(TYPE, value)).toBe(message);
  });

  it('may have the same item twice if duplicates are allowed', () => {
    expect(faultOf(TYPE, { set: ['a', 'a'], list: [{ name: 'a' }, { name: 'a' }] }, true)).toBe('');
  });
});

describe('the type of a custom resource', () => {
  const schema: Schema = {
    type: 'object',
    properties: {
      metadata: { type: 'object', properties: { name: { type: 'string', pattern: 'x' } } },
      spec: {
        type: 'object',
        properties: {
          template: {
            type: 'object',
            'x-kubernetes-embedded-resource': true,
            'x-kubernetes-preserve-unknown-fields': true,
          },
          plain: { type: 'object', properties: { a: TEXT } },
          port: { 'x-kubernetes-int-or-string': true },
          kept: {
            type: 'object',
            'x-kubernetes-preserve-unknown-fields': true,
            properties: { inner: { type: 'object', properties: { a: TEXT } } },
          },
          closed: { type: 'object', properties: { a: TEXT }, additionalProperties: false },
        },
      },
    },
  };
  const type = types.custom(schema);

  it('has apiVersion, kind and the metadata of every object', () => {
    const metadata = { name: 'a', labels: { b: 'c' }, ownerReferences: [{ uid: 'u' }], finalizers: ['f'] };
    expect(faultOf(type, { apiVersion: 'g/v1', kind: 'K', metadata })).toBe('');
    expect(faultOf(type, { metadata: { finalizers: ['f', 'f'] } })).toBe(
      '.metadata.finalizers: duplicate entries for key [="f"]',
    );
    expect(faultOf(type, { metadata: { other: 1 } })).toBe('.metadata.other: field not declared in schema');
    expect(faultOf(type, { kind: 1 })).toContain('.kind: expected string');
  });

  it('gives them to embedded resources too, and to nothing else', () => {
    const template = { kind: 'Pod', metadata: { labels: { a: 'b' } }, spec: { x: [1] } };
    expect(faultOf(type, { spec: { template } })).toBe('');
    expect(faultOf(type, { spec: { template: { metadata: { labels: [] } } } })).toContain(
      '.spec.template.metadata.labels: expected map',
    );
    expect(faultOf(type, { spec: { plain: { kind: 'x' } } })).toBe(
      '.spec.plain.kind: field not declared in schema',
    );
  });

  it('allows unknown fields below a node that preserves them', () => {
    expect(faultOf(type, { spec: { kept: { x: 1, inner: { y: { z: [1] } } } } })).toBe('');
    expect(faultOf(type, { spec: { plain: { x: 1 } } })).toBe('.spec.plain.x: field not declared in schema');
    expect(faultOf(type, { spec: { closed: { x: 1 } } })).toBe(
      '.spec.closed.x: field not declared in schema',
    );
  });

  it('allows them everywhere if the whole definition preserves them', () => {
    const preserving = types.custom(schema, { preserveUnknownFields: true });
    expect(faultOf(preserving, { spec: { plain: { x: 1 } }, other: [1] })).toBe('');
    expect(faultOf(preserving, { spec: { closed: { x: 1 } } })).toBe(
      '.spec.closed.x: field not declared in schema',
    );
  });

  it('takes anything for an int-or-string, as it is validated elsewhere', () => {
    expect(faultOf(type, { spec: { port: 'http' } })).toBe('');
    expect(faultOf(type, { spec: { port: 80 } })).toBe('');
    expect(faultOf(type, { spec: { port: { a: 1 } } })).toBe('');
  });

  it('is deduced where there is no schema', () => {
    expect(faultOf(types.custom(undefined), { spec: { a: [1, { b: 2 }] }, metadata: { anything: 1 } })).toBe(
      '',
    );
    expect(faultOf(types.custom(undefined), 'x')).toBe('expected map, got &{x}');
  });

  it('is the same for the same schema', () => {
    expect(types.custom(schema)).toBe(type);
    expect(types.builtIn(schema)).not.toBe(type);
  });
});

describe('the type of a built-in kind', () => {
  it('takes list rules from strategic merge patch where there is no list type', () => {
    const items: Schema = { type: 'object', properties: { name: TEXT, v: NUMBER } };
    const type = typeWith({
      merged: {
        type: 'array',
        'x-kubernetes-patch-strategy': 'merge',
        'x-kubernetes-patch-merge-key': 'name',
        items,
      },
      retained: {
        type: 'array',
        'x-kubernetes-patch-strategy': 'merge,retainKeys',
        'x-kubernetes-patch-merge-key': 'name',
        items,
      },
      set: { type: 'array', 'x-kubernetes-patch-strategy': 'merge', items: TEXT },
      typed: {
        type: 'array',
        'x-kubernetes-list-type': 'atomic',
        'x-kubernetes-patch-strategy': 'merge',
        'x-kubernetes-patch-merge-key': 'name',
        items,
      },
      plain: { type: 'array', items },
    });
    const twice = [{ name: 'a' }, { name: 'a' }];
    expect(faultOf(type, { merged: twice })).toBe('.merged: duplicate entries for key [name="a"]');
    expect(faultOf(type, { retained: twice })).toBe('.retained: duplicate entries for key [name="a"]');
    expect(faultOf(type, { set: ['a', 'a'] })).toBe('.set: duplicate entries for key [="a"]');
    expect(faultOf(type, { typed: twice, plain: twice })).toBe('');
  });

  it('may be recursive', () => {
    const properties: Record<string, Schema> = { name: TEXT };
    const schema: Schema = { type: 'object', properties };
    properties['inner'] = schema;
    const type = types.builtIn(schema);
    expect(faultOf(type, { inner: { inner: { inner: { name: 'x' } } } })).toBe('');
    expect(faultOf(type, { inner: { inner: { name: 1 } } })).toContain('.inner.inner.name: expected string');
  });
});
