import { describe, expect, it } from 'vitest';
import { json } from './apply.suite.ts';
import {
  compareElements,
  comparePaths,
  describeElement,
  describePath,
  elementText,
  fieldElement,
  indexElement,
  keyElement,
  type PathElement,
  parseElement,
  valueElement,
} from './path-element.ts';

describe('a path element', () => {
  it.each(
    (
      [
        [fieldElement('spec'), '.spec', 'f:spec'],
        [keyElement({ name: 'a' }), '[name="a"]', 'k:{"name":"a"}'],
        [
          keyElement({ protocol: 'TCP', port: 80 }),
          '[port=80,protocol="TCP"]',
          'k:{"port":80,"protocol":"TCP"}',
        ],
        [keyElement({ name: null }), '[name=null]', 'k:{"name":null}'],
        [valueElement('a"b'), '[="a\\"b"]', 'v:"a\\"b"'],
        [valueElement(1.5), '[=1.5]', 'v:1.5'],
        [valueElement(2n ** 60n), '[=1152921504606846976]', 'v:1152921504606846976'],
        [valueElement(true), '[=true]', 'v:true'],
        [valueElement(json(['a', 1])), '[=["a",1]]', 'v:["a",1]'],
        [indexElement(3), '[3]', 'i:3'],
      ] satisfies readonly (readonly [PathElement, string, string])[]
    ).map(([element, name, text]) => ({ element, name, text })),
  )('is named $name and written $text', ({ element, name, text }) => {
    expect(describeElement(element)).toBe(name);
    expect(elementText(element)).toBe(text);
    expect(parseElement(text)).toEqual(element);
  });

  it('of an unknown kind is passed over', () => {
    expect(parseElement('r:x')).toBeUndefined();
  });

  it('sorts by kind, then by its parts', () => {
    const sorted = [
      fieldElement('a'),
      fieldElement('b'),
      fieldElement('\uffee'),
      fieldElement('\u{1f600}'),
      keyElement({ a: 1 }),
      keyElement({ a: 1, b: 1 }),
      keyElement({ a: 2 }),
      keyElement({ b: 0 }),
      valueElement(-1),
      valueElement(9),
      valueElement(10),
      valueElement('a'),
      valueElement(false),
      valueElement(true),
      valueElement(json([1])),
      valueElement(json([1, 2])),
      valueElement(json({ a: 1 })),
      valueElement(json({ a: 2 })),
      valueElement(null),
      indexElement(2),
      indexElement(10),
    ];
    for (let index = 1; index < sorted.length; index++) {
      const [before, after] = [sorted[index - 1]!, sorted[index]!];
      expect([describeElement(before), Math.sign(compareElements(before, after))]).toEqual([
        describeElement(before),
        -1,
      ]);
      expect(compareElements(after, before)).toBeGreaterThan(0);
      expect(compareElements(after, after)).toBe(0);
    }
  });
});

describe('a path', () => {
  it('is named by its elements one after the other', () => {
    expect(describePath([fieldElement('spec'), keyElement({ name: 'a' }), fieldElement('x')])).toBe(
      '.spec[name="a"].x',
    );
    expect(describePath([])).toBe('');
  });

  it('sorts before the paths that it begins', () => {
    const path = [fieldElement('a'), fieldElement('b')];
    expect(comparePaths(path.slice(0, 1), path)).toBeLessThan(0);
    expect(comparePaths(path, [fieldElement('b')])).toBeLessThan(0);
    expect(comparePaths(path, path)).toBe(0);
  });
});
