import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapePropertyName, unescapePropertyName } from './property-names.ts';

describe('the name of a property in an expression', () => {
  test.each([
    ['color', 'color'],
    ['_a1', '_a1'],
    ['a__b', 'a__underscores__b'],
    ['a____b', 'a__underscores____underscores__b'],
    ['my-key', 'my__dash__key'],
    ['example.com/x', 'example__dot__com__slash__x'],
    ['.a', '__dot__a'],
    ['namespace', '__namespace__'],
    ['int', 'int'],
    ['Namespace', 'Namespace'],
  ])('%s is %s', (name, escaped) => {
    expect(escapePropertyName(name)).toBe(escaped);
    expect(unescapePropertyName(escaped)).toBe(name);
  });

  test.each(['', '1a', 'a b', 'a$', 'é', 'a:b'])('“%s” has none', (name) => {
    expect(escapePropertyName(name)).toBeUndefined();
  });

  test.each(['__foo__', 'a__true__', '__true__b'])('%s means no property', (escaped) => {
    expect(unescapePropertyName(escaped)).toBeUndefined();
  });

  test('a word of the language that is written as it is means itself', () => {
    expect(unescapePropertyName('namespace')).toBe('namespace');
  });

  test('leads back to the property, and no other property has it', () => {
    const names = fc.stringMatching(/^[a-zA-Z_./-][a-zA-Z0-9_./-]{0,12}$/);
    fc.assert(
      fc.property(names, names, (a, b) => {
        const [left, right] = [escapePropertyName(a), escapePropertyName(b)];
        expect(left === right).toBe(a === b);
        // Three underscores in a row cannot be told apart after escaping; nobody names a property so.
        if (!a.includes('___')) expect(unescapePropertyName(left ?? '')).toBe(a);
      }),
    );
  });
});
