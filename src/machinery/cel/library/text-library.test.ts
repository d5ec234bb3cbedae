import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costsOf, evaluate, fault, problemsOf } from './library.suite.ts';
import { indexOf, replace, split, substring } from './text-functions.ts';

describe('the functions on texts', () => {
  it.each([
    ["'a😀é'.charAt(1)", '😀'],
    ["'abc'.charAt(3)", ''],
    ["'abc'.charAt(4)", fault('index out of range: 4')],
    ["'tacocat'.indexOf('ac')", 1n],
    ["'😀😀b'.indexOf('b')", 2n],
    ["'tacocat'.indexOf('')", 0n],
    ["'tacocat'.indexOf('', 99)", 99n],
    ["'tacocat'.indexOf('a', 3)", 5n],
    ["'tacocat'.indexOf('a', 30)", -1n],
    ["'tacocat'.indexOf('a', -1)", fault('index out of range: -1')],
    ["'tacocat'.lastIndexOf('at')", 5n],
    ["'tacocat'.lastIndexOf('')", 7n],
    ["'tacocat'.lastIndexOf('a', 4)", 1n],
    ["'ab'.lastIndexOf('abc')", -1n],
    ["'ÀB'.lowerAscii()", 'Àb'],
    ["'éb'.upperAscii()", 'éB'],
    ["'\\u0085\\u2003 x \\ufeff'.trim()", 'x \ufeff'],
    ["'aaa'.replace('a', 'b')", 'bbb'],
    ["'aaa'.replace('a', 'b', 2)", 'bba'],
    ["'aaa'.replace('a', 'b', 0)", 'aaa'],
    ["'é😀'.replace('', '-')", '-é-😀-'],
    ["'ab'.replace('', '-', 2)", '-a-b'],
    ["'a,b,c'.split(',')", ['a', 'b', 'c']],
    ["'a,b,c'.split(',', 2)", ['a', 'b,c']],
    ["'a,b,c'.split(',', 0)", []],
    ["''.split(',')", ['']],
    ["''.split('')", []],
    ["'é😀x'.split('', 2)", ['é', '😀x']],
    ["'tacocat'.substring(4)", 'cat'],
    ["'ta😀cat'.substring(2, 3)", '😀'],
    ["'abc'.substring(2, 1)", fault('invalid substring range. start: 2, end: 1')],
    ["'abc'.substring(0, 4)", fault('index out of range: 4')],
    ["'abc'.substring(-1)", fault('index out of range: -1')],
    ["['a', 'b'].join()", 'ab'],
    ["['a', 'b'].join('-')", 'a-b'],
    ["dyn([dyn('a'), dyn(null)]).join()", fault('join: invalid input: 0')],
    ["dyn([dyn('a'), dyn(1)]).join()", fault('join: invalid input: 1')],
    ['strings.quote("a\\n\\"\\\\")', '"a\\n\\"\\\\"'],
  ])('%s', (source, expected) => {
    expect(evaluate(source)).toEqual(expected);
  });

  it('cut a text and join it again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary', maxLength: 2 }), (text, by) => {
        expect(split(text, by, -1n).join(by)).toBe(text);
      }),
    );
  });

  it('find what substring cuts out, at the place that it was cut from or before', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'b', '😀'), { minLength: 1 }),
        fc.nat(),
        (characters, seed) => {
          const text = characters.join('');
          const start = BigInt(seed % characters.length);
          const part = substring(text, start) as string;
          expect(indexOf(text, part)).toBeLessThanOrEqual(start);
          expect(substring(text, indexOf(text, part) as bigint)).toSatisfy((rest: string) =>
            rest.startsWith(part),
          );
        },
      ),
    );
  });

  it('replace as often as allowed', () => {
    expect(replace('aXaXa', { from: 'X', to: '', countMax: 1n })).toBe('aaXa');
  });

  it.each([
    ["'hello world'.upperAscii()", '2 (2..2)'],
    ["'hello world'.replace('l', 'LLL').size()", '4 (4..4)'],
    ["'aaa'.replace('a', 'bcdefghijklm').lowerAscii()", '5 (2..5)'],
    ["'a-b-c'.split('-').size()", '2 (2..2)'],
    ["'aaaaaaaaaaaaaaaaaaaaa'.indexOf('b')", '2 (3..3)'],
  ])('cost what upstream charges: %s', (source, cost) => {
    expect(costsOf(source)).toBe(cost);
  });

  it('have no reverse, which came with a later version of the extension', () => {
    expect(problemsOf("'abc'.reverse()", 'new')).toEqual([
      "13: undeclared reference to 'reverse' (in container '')",
    ]);
  });
});
