import { describe, expect, test } from 'vitest';
import { isObject, type JsonValue, type Schema } from '../../machinery/mod.ts';
import { components, resolveComponent } from './components.ts';

const PREFIX = '#/components/schemas/';
const PROPS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps';

/** All schemas inside a published component, itself included; names of fields are not schemas. */
function schemasOf(schema: Schema): Schema[] {
  const children = [
    ...Object.values(schema.properties ?? {}),
    ...(schema.items === undefined ? [] : [schema.items]),
    ...(typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []),
    ...(schema.allOf ?? []),
  ];
  return [schema, ...children.flatMap(schemasOf)];
}

describe('components', () => {
  test('every reference leads to a component', () => {
    for (const [name, component] of Object.entries(components)) {
      for (const { $ref } of schemasOf(component)) {
        if ($ref === undefined) continue;
        expect($ref.startsWith(PREFIX), `${name}: ${$ref}`).toBe(true);
        expect(components, name).toHaveProperty([$ref.slice(PREFIX.length)]);
      }
    }
  });

  test('every component and every field is described', () => {
    for (const [name, component] of Object.entries(components)) {
      expect(component.description, name).toMatch(/^[A-Z].*\.$/);
      for (const [field, schema] of Object.entries(component.properties ?? {})) {
        expect(schema.description, `${name}.${field}`).toMatch(/^[`A-Z].*\.$/);
      }
    }
  });

  test('required fields and merge keys exist', () => {
    for (const [name, component] of Object.entries(components)) {
      for (const field of component.required ?? [])
        expect(component.properties, name).toHaveProperty([field]);
      for (const [field, schema] of Object.entries(component.properties ?? {})) {
        const keys = schema['x-kubernetes-list-map-keys'] ?? [];
        const items = resolveComponent(name).properties?.[field]?.items;
        for (const key of keys) expect(items?.properties?.[key], `${name}.${field}`).toBeDefined();
        const mergeKey = schema['x-kubernetes-patch-merge-key'];
        if (mergeKey !== undefined) expect(keys, `${name}.${field}`).toEqual([mergeKey]);
      }
    }
  });

  test('they are plain JSON', () => {
    expect(JSON.parse(JSON.stringify(components))).toEqual(components);
  });
});

describe('linked schemas', () => {
  test('every component can be linked, and no reference is left', () => {
    for (const name of Object.keys(components)) {
      const seen = new Set<Schema>();
      const pending = [resolveComponent(name)];
      for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
        if (seen.has(node)) continue;
        seen.add(node);
        expect(node.$ref ?? node.allOf, name).toBeUndefined();
        pending.push(
          ...Object.values(node.properties ?? {}),
          ...(node.items === undefined ? [] : [node.items]),
          ...(typeof node.additionalProperties === 'object' ? [node.additionalProperties] : []),
        );
      }
      expect(seen.size).toBeLessThan(2000);
    }
  });

  test('a field keeps its own description and extensions, and has the properties of what it refers to', () => {
    const { metadata } = resolveComponent('io.k8s.api.core.v1.ConfigMap').properties ?? {};
    expect(metadata?.description).toBe('Name, labels and other data common to all objects.');
    expect(metadata?.properties?.['ownerReferences']).toMatchObject({
      type: 'array',
      'x-kubernetes-list-map-keys': ['uid'],
      'x-kubernetes-patch-merge-key': 'uid',
      'x-kubernetes-patch-strategy': 'merge',
      items: { type: 'object', 'x-kubernetes-map-type': 'atomic' },
    });
    expect(metadata?.properties?.['finalizers']).toMatchObject({
      'x-kubernetes-list-type': 'set',
      'x-kubernetes-patch-strategy': 'merge',
    });
  });

  test('a schema of schemas contains itself, also where it may be something else', () => {
    const props = resolveComponent(PROPS);
    expect(props.properties?.['not']?.properties).toBe(props.properties);
    expect(props.properties?.['items']?.properties).toBe(props.properties);
    expect(props.properties?.['items']?.type).toBeUndefined();
    expect(props.properties?.['default']?.['x-kubernetes-preserve-unknown-fields']).toBe(true);
  });

  test('properties have no inherited names', () => {
    const properties = resolveComponent('io.k8s.api.core.v1.Secret').properties as unknown as JsonValue;
    expect(isObject(properties) && 'constructor' in properties).toBe(false);
  });

  test('linking is remembered, and an unknown name is a mistake of ours', () => {
    expect(resolveComponent(PROPS)).toBe(resolveComponent(PROPS));
    expect(() => resolveComponent('nonsense')).toThrow(/no component is named nonsense/);
  });
});
