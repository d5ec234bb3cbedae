import { describe, expect, test } from 'vitest';
import { fieldErrorText, type KubeObject } from '../../machinery/mod.ts';
import { version, widgetCrd } from './crd.suite.ts';
import { validateCustomResourceDefinition } from './crd-validation.ts';

/** A CRD whose objects have a spec with these properties. */
function crdWith(properties: object, ...more: readonly object[]): KubeObject {
  const schemaOf = (fields: object) => ({
    openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: fields } } },
  });
  const others = more.map((fields, index) => version(`v${index + 2}`, { schema: schemaOf(fields) }));
  return widgetCrd({ versions: [version('v1', { schema: schemaOf(properties) }), ...others] });
}

function errors(crd: KubeObject, old?: KubeObject): string[] {
  return validateCustomResourceDefinition(crd, old).map(fieldErrorText);
}

describe('an update of a CRD may keep', () => {
  test.each<[string, object]>([
    ['a default with unknown fields', { a: { type: 'object', properties: {}, default: { x: 1 } } }],
    [
      'a set of objects that are not atomic',
      { a: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'object' } } },
    ],
    [
      'a list whose key may be missing',
      {
        a: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['k'],
          items: { type: 'object', properties: { k: { type: 'string' } } },
        },
      },
    ],
    [
      'a rule with functions that new rules may not use yet',
      { a: ruled('self.distinct().size() == self.size()') },
    ],
  ])('%s, where it is and elsewhere', (_name, broken) => {
    const fine = { z: { type: 'string' } };
    expect(errors(crdWith(broken))).toHaveLength(1);
    expect(errors(crdWith(broken), crdWith(fine))).toHaveLength(1);
    expect(errors(crdWith({ ...broken, ...fine }), crdWith(broken))).toEqual([]);
    expect(errors(crdWith(fine, broken), crdWith(broken))).toEqual([]);
  });

  test('a rule that costs too much in a version that does not change, not in one that does', () => {
    const texts = { type: 'array', items: { type: 'array', items: { type: 'string' } } };
    const rule = { 'x-kubernetes-validations': [{ rule: "self.all(x, x.all(y, y.contains('a text')))" }] };
    const bounded = {
      a: {
        type: 'array',
        maxItems: 20,
        items: { type: 'array', maxItems: 20, items: { type: 'string', maxLength: 500_000 } },
        ...rule,
      },
    };
    const perRule = (list: readonly string[]): string[] =>
      list.filter((text) => text.includes('estimated rule cost exceeds'));
    expect(perRule(errors(crdWith(bounded)))).toHaveLength(1);
    expect(perRule(errors(crdWith(bounded, { z: { type: 'string' } }), crdWith(bounded)))).toEqual([]);
    expect(perRule(errors(crdWith({ ...bounded, z: { type: 'string' } }), crdWith(bounded)))).toHaveLength(1);
    expect(errors(crdWith({ a: { ...texts, ...rule } })).at(-1)).toContain('estimated rule cost total');
  });
});

function ruled(rule: string): object {
  const items = { type: 'integer' };
  return { type: 'array', maxItems: 9, items, 'x-kubernetes-validations': [{ rule }] };
}
