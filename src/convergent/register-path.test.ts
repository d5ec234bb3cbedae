import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyElement } from '../machinery/mod.ts';
import {
  describeRegister,
  fieldPath,
  itemPath,
  lifePath,
  orderPath,
  parseRegisterPath,
  ROOT_PATH,
  unionPath,
} from './register-path.ts';
import { unionsOf } from './unions.ts';

describe('the path of a register', () => {
  it('names its steps, whatever characters are in them', () => {
    const text = fc.string({ unit: fc.constantFrom('~', '/', '[', '|', '!', '#', '\n', 'a', '0', 'ü', '@') });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), text), { minLength: 1, maxLength: 6 }), (steps) => {
        let path = ROOT_PATH;
        for (const [isField, name] of steps) path = isField ? fieldPath(path, name) : itemPath(path, name);
        const segments = steps.map(([isField, text]) => ({ kind: isField ? 'field' : 'item', text }));
        expect(parseRegisterPath(path)).toEqual(segments);
        expect(path).not.toContain('\n');
        expect(parseRegisterPath(lifePath(path))).toEqual([...segments, { kind: 'life', text: '' }]);
        expect(parseRegisterPath(orderPath(path))).toEqual([...segments, { kind: 'order', text: '' }]);
      }),
    );
  });

  it.each(['', 'a', '/a!b', '/a#!', '/a|', '/~7', '/a\nb', '|', '/a|b/c', '@deleted'])(
    'is not %j',
    (text) => {
      expect(parseRegisterPath(text)).toBeUndefined();
    },
  );

  it('is not deeper than objects can be', () => {
    expect(parseRegisterPath('/a'.repeat(101))).toBeDefined();
    expect(parseRegisterPath('/a'.repeat(102))).toBeUndefined();
  });

  it('is told to people as conflicts of server-side apply are', () => {
    const list = fieldPath(fieldPath(ROOT_PATH, 'spec'), 'ports');
    const item = itemPath(list, keyElement({ name: 'a/b' }).text);
    expect(describeRegister(lifePath(item))).toBe('.spec.ports[name="a/b"]');
    expect(describeRegister(fieldPath(item, 'number'))).toBe('.spec.ports[name="a/b"].number');
    expect(describeRegister(unionPath(list, ['crd', 'virtual']))).toBe('.spec.ports.(crd|virtual)');
    expect(describeRegister('@deleted')).toBe('@deleted');
  });
});

describe('fields of which only one may be there', () => {
  it.each([
    ['a oneOf over required fields', { oneOf: [{ required: ['a'] }, { required: ['b'] }] }],
    ['the same below allOf', { allOf: [{ oneOf: [{ required: ['a'] }, { required: ['b'] }] }] }],
    ['a rule that they differ', { 'x-kubernetes-validations': [{ rule: 'has(self.a) != has(self.b)' }] }],
    [
      'a rule that they are not both there',
      { 'x-kubernetes-validations': [{ rule: '!(has(self.a) && has(self.b))' }] },
    ],
    [
      'a rule that counts them',
      { 'x-kubernetes-validations': [{ rule: '[has(self.a),has(self.b)].filter(x,x==true).size() == 1' }] },
    ],
  ])('are found in %s', (_, schema) => {
    expect(unionsOf(schema)).toEqual([['a', 'b']]);
  });

  it('include the discriminator, and are one where they overlap', () => {
    const branch = (type: string, name: string) => ({
      properties: { type: { enum: [type] } },
      required: [name],
    });
    expect(
      unionsOf({
        oneOf: [branch('A', 'a'), branch('B', 'b')],
        'x-kubernetes-validations': [{ rule: 'has(self.b) != has(self.c)' }],
      }),
    ).toEqual([['a', 'b', 'c', 'type']]);
  });

  it.each([
    {},
    { oneOf: [{ required: ['a'] }, { properties: { b: { type: 'string' } } }] },
    { anyOf: [{ required: ['a'] }, { required: ['b'] }] },
    { 'x-kubernetes-validations': [{ rule: 'has(self.a) == has(self.b)' }] },
  ])('are not found in %j', (schema) => {
    expect(unionsOf(schema)).toEqual([]);
  });
});
