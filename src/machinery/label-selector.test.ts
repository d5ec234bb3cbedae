import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonObject, objectOf } from './json-value.ts';
import { everythingLabelSelector, labelSelectorFromObject, parseLabelSelector } from './label-selector.ts';
import { StatusError } from './status-error.ts';

function errorOf(action: () => unknown): StatusError {
  try {
    action();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('expected a StatusError');
}

describe('parseLabelSelector', () => {
  it.each([
    ['', ''],
    [' \t\n', ''],
    ['a', 'a'],
    ['!a', '!a'],
    ['a=b', 'a=b'],
    ['a = b', 'a=b'],
    ['a==b', 'a==b'],
    ['a != b', 'a!=b'],
    ['a=', 'a='],
    ['a=,b', 'a=,b'],
    ['a>1,a<3', 'a>1,a<3'],
    ['b in (z, y,z),a notin(x)', 'a notin (x),b in (y,z)'],
    ['x in (foo,,baz),y,z notin ()', 'x in (,baz,foo),y,z notin ()'],
    ['a in (,)', 'a in ()'],
    ['a in (in,notin)', 'a in (in,notin)'],
    ['in in (in)', 'in in (in)'],
    ['notin', 'notin'],
    ['a=in', 'a=in'],
    ['example.com/team=core', 'example.com/team=core'],
  ])('reads %j as %j', (text, canonical) => {
    expect(parseLabelSelector(text).text).toBe(canonical);
  });

  it.each([
    ['=a', "found '=', expected: !, identifier, or 'end of string'"],
    [',a', "found ',', expected: !, identifier, or 'end of string'"],
    ['a,', "found '', expected: identifier after ','"],
    ['a,,b', "found ',', expected: identifier after ','"],
    ['a=b c', "found 'c', expected: ',' or 'end of string'"],
    ['!a=b', "found '=', expected: ',' or 'end of string'"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a ! b', "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt"],
    ['a==(', "unable to parse requirement: found '(', expected: identifier"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a in (=)', "unable to parse requirement: found '=', expected: ',', ')' or identifier"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a in (b c)', "unable to parse requirement: found 'c', expected: ',' or ')'"],
    ['a in (b,(', "unable to parse requirement: found '(', expected: ',', or identifier"],
    [
      'a>x',
      "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
    ],
  ])('rejects %j with the text of upstream', (text, message) => {
    expect(errorOf(() => parseLabelSelector(text))).toMatchObject({
      code: 400,
      reason: 'BadRequest',
      message,
    });
  });

  it('names the invalid key or value', () => {
    expect(errorOf(() => parseLabelSelector('-a=b')).message).toMatch(
      /^unable to parse requirement: <nil>: Invalid value: "-a": name part must consist of /,
    );
    expect(errorOf(() => parseLabelSelector('a in (z,b-)')).message).toMatch(
      /^unable to parse requirement: values\[0\]\[a\]: Invalid value: "b-": a valid label must be /,
    );
  });

  it('accepts 200 requirements and 1,000 values, and no more', () => {
    const keys = (count: number) => Array.from({ length: count }, (_, index) => `k${index}`).join(',');
    expect(parseLabelSelector(keys(200)).requirements).toHaveLength(200);
    expect(errorOf(() => parseLabelSelector(keys(201))).code).toBe(400);
    expect(parseLabelSelector(`a in (${keys(1000)})`).requirements[0]?.values).toHaveLength(1000);
    expect(errorOf(() => parseLabelSelector(`a in (${keys(1001)})`)).code).toBe(400);
  });

  it('never throws anything but a StatusError, and reads back what it prints', () => {
    const piece = fc.constantFrom(
      'a',
      'b/c',
      'in',
      'notin',
      '(',
      ')',
      ',',
      '!',
      '=',
      '==',
      '!=',
      '>',
      '1',
      ' ',
      '\0',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        let printed: string;
        try {
          printed = parseLabelSelector(text).text;
        } catch (error) {
          expect(error).toBeInstanceOf(StatusError);
          return;
        }
        expect(parseLabelSelector(printed).text).toBe(printed);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('LabelSelector.matches', () => {
  const labels = { a: 'x', n: '10', empty: '' };
  it.each([
    ['', true],
    ['a', true],
    ['!a', false],
    ['b', false],
    ['!b', true],
    ['a=x', true],
    ['a==x', true],
    ['a=y', false],
    ['b=', false],
    ['empty=', true],
    ['a!=x', false],
    ['a!=y', true],
    ['b!=y', true],
    ['a in (w,x)', true],
    ['a in (w)', false],
    ['b in (w)', false],
    ['a notin (w)', true],
    ['a notin (x)', false],
    ['b notin (x)', true],
    ['n>9', true],
    ['n>10', false],
    ['n<11', true],
    ['a>1', false],
    ['b<1', false],
    ['n<9223372036854775807', true],
    ['a=x,n>100', false],
  ])('%j gives %j', (text, expected) => {
    expect(parseLabelSelector(text).matches(labels)).toBe(expected);
  });

  it('treats an object without labels as one that lacks every key', () => {
    expect(parseLabelSelector('a').matches(undefined)).toBe(false);
    expect(parseLabelSelector('!a,b!=c').matches(undefined)).toBe(true);
    expect(everythingLabelSelector.matches(undefined)).toBe(true);
  });

  it('finds no inherited keys', () => {
    expect(parseLabelSelector('constructor').matches({})).toBe(false);
    expect(parseLabelSelector('toString').matches({})).toBe(false);
  });
});

describe('labelSelectorFromObject', () => {
  const expression = (key: string, operator: string, ...values: string[]): JsonObject =>
    objectOf(values.length === 0 ? { key, operator } : { key, operator, values });

  it('joins matchLabels and matchExpressions', () => {
    const selector = labelSelectorFromObject(
      objectOf({
        matchLabels: objectOf({ z: '1', a: '' }),
        matchExpressions: [
          expression('m', 'In', 'y', 'x'),
          expression('n', 'NotIn', 'x'),
          expression('o', 'Exists'),
          expression('p', 'DoesNotExist'),
        ],
      }),
    );
    expect(selector.text).toBe('a=,m in (x,y),n notin (x),o,!p,z=1');
    expect(selector.matches({ a: '', m: 'x', o: 'o', z: '1' })).toBe(true);
    expect(selector.matches({ a: '', m: 'x', o: 'o', z: '1', p: '' })).toBe(false);
  });

  it('takes everything without terms', () => {
    expect(labelSelectorFromObject(objectOf({}))).toBe(everythingLabelSelector);
    expect(labelSelectorFromObject(objectOf({ matchLabels: null }))).toBe(everythingLabelSelector);
  });

  it.each([
    [objectOf({ matchLabels: 'a' }), 'matchLabels must be a map of strings'],
    [objectOf({ matchLabels: objectOf({ a: 1 }) }), 'matchLabels must be a map of strings'],
    [objectOf({ matchExpressions: objectOf({}) }), 'matchExpressions must be a list'],
    [
      objectOf({ matchExpressions: [expression('a', 'Like', 'b')] }),
      '"Like" is not a valid label selector operator',
    ],
    [
      objectOf({ matchExpressions: [expression('a', 'In')] }),
      "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
    ],
    [
      objectOf({ matchExpressions: [expression('a', 'Exists', 'b')] }),
      'values: Invalid value: ["b"]: values set must be empty for exists and does not exist',
    ],
  ])('rejects %j', (selector, message) => {
    expect(errorOf(() => labelSelectorFromObject(selector))).toMatchObject({ code: 400, message });
  });
});
