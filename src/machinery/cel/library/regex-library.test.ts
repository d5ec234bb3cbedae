import { describe, expect, it } from 'vitest';
import { costsOf, evaluate, fault, problemsOf } from './library.suite.ts';

describe('the functions on regular expressions', () => {
  it.each([
    ["'abc 123'.find('[0-9]+')", '123'],
    ["'abc'.find('[0-9]+')", ''],
    ["'abc 123'.find(' ([0-9])')", ' 1'],
    ["'123 abc 456'.findAll('[0-9]+')", ['123', '456']],
    ["'123 abc 456'.findAll('[0-9]+', 1)", ['123']],
    ["'123 abc 456'.findAll('[0-9]+', 0)", []],
    ["'baaac'.findAll('a*')", ['', 'aaa', '']],
    ["'😀é'.findAll('')", ['', '', '']],
    ["'aab'.findAll('^a')", ['a']],
    ["'abcd'.find('a|ab')", 'a'],
    ["'x'.find('(' + string(1))", fault('Illegal regex: error parsing regexp: missing closing ): `(1`')],
  ])('%s', (source, expected) => {
    expect(evaluate(source)).toEqual(expected);
  });

  it('refuse a pattern that is written out while compiling', () => {
    const problem = ['error parsing regexp: missing closing ): `(`'];
    expect(problemsOf("'x'.find('(')")).toEqual(problem);
    expect(problemsOf("'x'.findAll(dyn('('), 3)")).toEqual(problem);
  });

  it('cost by the length of text and pattern', () => {
    expect(costsOf("'hello world'.find('[a-z]+')")).toBe('4 (4..4)');
    expect(costsOf("'hello world'.findAll('[a-z]+').size()")).toBe('5 (5..5)');
  });
});
