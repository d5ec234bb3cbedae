import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, refusal, widgetEnvironment } from './cel.suite.ts';
import { CelCompileError } from './compile-error.ts';

const operands =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

describe('an expression that is wrong', () => {
  it('is shown with a caret under the fault', () => {
    expect(refusal('self.x')).toBe("ERROR: <input>:1:5: undefined field 'x'\n | self.x\n | ....^");
  });

  it('is shown with the line of the fault', () => {
    expect(refusal('true &&\n  self.x == 1')).toBe(
      "ERROR: <input>:2:7: undefined field 'x'\n |   self.x == 1\n | ......^",
    );
  });

  it('counts columns in code points and widens the dots under wide characters', () => {
    expect(refusal("'😀é' + 1")).toBe(
      "ERROR: <input>:1:6: found no matching overload for '_+_' applied to '(string, int)'\n | '😀é' + 1\n | .\uff0e\uff0e..^",
    );
  });

  it('is told everything that the check finds, in order of place', () => {
    expect(refusal('a + b')).toBe(
      "ERROR: <input>:1:1: undeclared reference to 'a' (in container '')\n | a + b\n | ^\n" +
        "ERROR: <input>:1:5: undeclared reference to 'b' (in container '')\n | a + b\n | ....^",
    );
  });

  it.each([
    ['1 + "a"', "found no matching overload for '_+_' applied to '(int, string)'"],
    ['self.name.size(1)', "found no matching overload for 'size' applied to 'string.(int)'"],
    ['self.replicas.foo', "type 'int' does not support field selection"],
    ['self.replicas && true', "expected type 'bool' but found 'int'"],
    ['self.ports.all(p, p)', "expected type 'bool' but found 'int'"],
    [
      'self.name.all(c, true)',
      "expression of type 'string' cannot be range of a comprehension (must be list, map, or dynamic)",
    ],
    ['[1, "a"]', "expected type 'int' but found 'string'"],
    ['{"a": 1, "b": "c"}', "expected type 'int' but found 'string'"],
    ['duration("1x")', 'invalid duration argument'],
    ['timestamp("yesterday")', 'invalid timestamp argument'],
    ['self.name.matches("[")', 'invalid matches argument'],
    ['self.ports.map(1, 2)', 'argument is not an identifier'],
    ['self.ports.all(__result__, true)', 'iteration variable overwrites accumulator variable'],
    ['self.ports.transformList(a, a, 1)', 'duplicate variable name: a'],
    ['has(self)', 'invalid argument to has() macro'],
    ['Widget{}', "undeclared reference to 'Widget' (in container '')"],
    ['if', 'reserved identifier: if'],
    ['9223372036854775808', 'invalid int literal'],
    ["'\\ud800'", 'invalid unicode code point'],
    ['1 +', `Syntax error: mismatched input '<EOF>' expecting ${operands}`],
    ['1 + + 1', `Syntax error: extraneous input '+' expecting ${operands}`],
    ['(1', "Syntax error: missing ')' at '<EOF>'"],
    ['[1', "Syntax error: mismatched input '<EOF>' expecting {']', ','}"],
    ['! -', "Syntax error: no viable alternative at input '-'"],
    ['self.', "Syntax error: no viable alternative at input '.'"],
    ['1 2', "Syntax error: extraneous input '2' expecting <EOF>"],
    ['self.`a`', "unsupported syntax: '`'"],
  ])('%s is refused in the words of cel-go', (source, message) => {
    expect(refusal(source).split('\n')[0]).toMatch(/^ERROR: <input>:\d+:\d+: /);
    expect(
      refusal(source)
        .split('\n')[0]!
        .replace(/^ERROR: <input>:\d+:\d+: /, ''),
    ).toBe(message);
  });

  it('that cannot be computed beforehand says so at another stage', () => {
    expect(() => compile('int("x")')).toThrow(
      expect.objectContaining({ stage: 'program', message: "type conversion error from 'string' to 'int'" }),
    );
  });
});

describe('the limits of an expression', () => {
  it('are 100,000 code points', () => {
    expect(compile(`"${'é'.repeat(99_998)}"`).resultType.text).toBe('string');
    expect(refusal(`"${'é'.repeat(99_999)}"`)).toBe(
      'ERROR: <input>:-1:0: expression code point size exceeds limit: size: 100001, limit 100000',
    );
  });

  it('are 249 parentheses and 250 operators on one branch', () => {
    expect(compile(`${'('.repeat(249)}1${')'.repeat(249)}`).resultType.text).toBe('int');
    expect(refusal(`${'('.repeat(250)}1${')'.repeat(250)}`)).toBe(
      'ERROR: <input>:-1:0: expression recursion limit exceeded: 250',
    );
    expect(compile(`1${'+1'.repeat(250)}`).resultType.text).toBe('int');
    expect(refusal(`1${'+1'.repeat(251)}`)).toBe('ERROR: <input>:-1:0: max recursion depth exceeded');
  });

  it('hold where macros double their arguments', () => {
    expect(refusal(`optional.of(1)${'.optMap(x, x)'.repeat(30)}`)).toContain('expression has too many parts');
    expect(refusal(`[1]${'.map(a, {a: a})'.repeat(100)}`)).toContain('type of the expression is too large');
  });
});

describe('the type of an expression', () => {
  it.each([
    ['self', 'Widget'],
    ['self.ports.map(p, string(p))', 'list(string)'],
    ['[]', 'list(dyn)'],
    ['[[], [1]]', 'list(list(int))'],
    ['self.?name', 'optional_type(string)'],
    ['self.?labels.?app', 'optional_type(string)'],
    ['type(1)', 'type(int)'],
    ['self.labels.transformMap(k, v, v.size())', 'map(string, int)'],
    ['dyn(1)', 'dyn'],
    ['null', 'null'],
    ['timestamp(0) - timestamp(1)', 'duration'],
  ])('%s is %s', (source, type) => {
    expect(compile(source).resultType.text).toBe(type);
  });
});

describe('any text', () => {
  it('compiles or is refused, and never breaks the compiler', () => {
    const pieces = fc.constantFrom(
      ...[
        'self',
        '.',
        'ports',
        'all',
        '(',
        ')',
        'x',
        ',',
        '[',
        ']',
        '{',
        '}',
        ':',
        '?',
        '+',
        '-',
        '!',
        '&&',
        '1',
        '"a"',
        'in',
        '`',
        '\\',
        "'''",
      ],
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join(' ')),
    );
    fc.assert(
      fc.property(texts, (source) => {
        try {
          compile(source, widgetEnvironment).estimateCost();
        } catch (error) {
          expect(error).toBeInstanceOf(CelCompileError);
        }
      }),
    );
  });
});
