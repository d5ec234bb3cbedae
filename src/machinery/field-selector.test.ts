import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeFieldValue, everythingFieldSelector, parseFieldSelector } from './field-selector.ts';

describe('parseFieldSelector', () => {
  it('reads terms in canonical order', () => {
    const selector = parseFieldSelector('type!=Opaque,metadata.name==a,,metadata.namespace=b');
    expect(selector.terms).toEqual([
      { field: 'metadata.name', operator: '=', value: 'a' },
      { field: 'metadata.namespace', operator: '=', value: 'b' },
      { field: 'type', operator: '!=', value: 'Opaque' },
    ]);
    expect(selector.text).toBe('metadata.name=a,metadata.namespace=b,type!=Opaque');
  });

  it('takes everything if it is empty', () => {
    expect(parseFieldSelector('')).toBe(everythingFieldSelector);
    expect(parseFieldSelector(',')).toBe(everythingFieldSelector);
    expect(everythingFieldSelector.matches(() => '')).toBe(true);
  });

  it('undoes escapes in values', () => {
    expect(parseFieldSelector('a=x\\,y\\=z\\\\,b=').terms).toEqual([
      { field: 'a', operator: '=', value: 'x,y=z\\' },
      { field: 'b', operator: '=', value: '' },
    ]);
  });

  it.each([
    ['a', "invalid selector: 'a'; can't understand 'a'"],
    ['b=c,a', "invalid selector: 'b=c,a'; can't understand 'a'"],
    ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
    ['a===b', 'invalid field selector: unescaped character in value: 61'],
    ['a=\\b', 'invalid field selector: invalid escape sequence: \\b'],
    ['a=b\\', 'invalid field selector: invalid escape sequence: \\'],
  ])('rejects %j with the text of upstream', (text, message) => {
    expect(() => parseFieldSelector(text)).toThrow(expect.objectContaining({ code: 400, message }));
  });

  it('rejects more than 200 terms', () => {
    const terms = (count: number) => Array.from({ length: count }, (_, index) => `f${index}=v`).join(',');
    expect(parseFieldSelector(terms(200)).terms).toHaveLength(200);
    expect(() => parseFieldSelector(terms(201))).toThrow(expect.objectContaining({ code: 400 }));
  });

  it('reads back any escaped value', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', ',', '=', '\\', '!', '😀') }), (value) => {
        const selector = parseFieldSelector(`f=${escapeFieldValue(value)}`);
        expect(selector.terms).toEqual([{ field: 'f', operator: '=', value }]);
        expect(parseFieldSelector(selector.text).terms).toEqual(selector.terms);
      }),
    );
  });
});

describe('FieldSelector', () => {
  const fields = (field: string) => (field === 'metadata.name' ? 'a' : '');
  it.each([
    ['metadata.name=a', true],
    ['metadata.name=b', false],
    ['metadata.name!=b', true],
    ['metadata.name!=a', false],
    ['missing=', true],
    ['missing!=', false],
    ['metadata.name=a,missing=x', false],
  ])('%j gives %j', (text, expected) => {
    expect(parseFieldSelector(text).matches(fields)).toBe(expected);
  });

  it('tells the value that a field must have', () => {
    const selector = parseFieldSelector('metadata.name=a,type!=b');
    expect(selector.exact('metadata.name')).toBe('a');
    expect(selector.exact('type')).toBeUndefined();
    expect(selector.exact('other')).toBeUndefined();
  });
});
