import { describe, expect, test } from 'vitest';
import type { JsonObject } from './json-value.ts';
import { parseYaml, YamlSyntaxError } from './yaml.ts';

/** Processor time: whatever else the machine does, it does not count. */
function usedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

const value = (text: string) => parseYaml(text).value;
const member = (scalar: string) => (value(`x: ${scalar}`) as JsonObject)['x'];
const failure = (text: string): string => {
  try {
    parseYaml(text);
  } catch (error) {
    if (error instanceof YamlSyntaxError) return error.message;
    throw error;
  }
  return 'no error';
};

describe('escapes', () => {
  test('one of half a surrogate pair is refused, as by go-yaml', () => {
    for (const text of ['a: "\\ud800"', '"\\udc00": 1', 'a: "\\U0000d800"', 'a: "x\\ud83d"']) {
      expect(failure(text)).toBe('yaml: found invalid Unicode character escape code');
    }
    expect(member('"\\U0001f600\\u00e9 \\\\ud800"')).toBe('😀é \\ud800');
  });
});

describe('plain scalars', () => {
  test.each([
    ['yes', true],
    ['On', true],
    ['y', true],
    ['NO', false],
    ['off', false],
    ['true', true],
    ['~', null],
    ['', null],
    ['null', null],
    ['0777', 511],
    ['0o14', 12],
    ['0x1F', 31],
    ['0b101', 5],
    ['-0x10', -16],
    ['1_000', 1000],
    ['+5', 5],
    ['08', 8],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['1e3', 1000],
    ['-0', 0],
    ['9007199254740993', 9007199254740993n],
    ['18446744073709551615', 2 ** 64],
    ['1:30', '1:30'],
    ['2024-01-02', '2024-01-02'],
    ['2024-01-02T03:04:05Z', '2024-01-02T03:04:05Z'],
    ['10Gi', '10Gi'],
    ['1.2.3', '1.2.3'],
    ['"yes"', 'yes'],
    ["'0777'", '0777'],
    ['!!str 12', '12'],
    ['!!int "12"', 12],
  ])('%s is read as in sigs.k8s.io/yaml', (text, expected) => {
    expect(member(text)).toStrictEqual(expected);
  });

  test('infinities and NaN have no JSON value', () => {
    expect(failure('x: .inf')).toBe('yaml: .inf has no JSON value');
    expect(failure('x: .NaN')).toBe('yaml: .NaN has no JSON value');
  });
});

describe('documents', () => {
  test('block and flow collections, block scalars and comments', () => {
    const text = 'a: # comment\n- {b: 1, c: [x, "y"]}\n- |\n  one\n  two\n- >-\n  one\n  two\n';
    expect(value(text)).toEqual({ a: [{ b: 1, c: ['x', 'y'] }, 'one\ntwo\n', 'one two'] });
  });

  test('an empty document is null', () => {
    expect(value('')).toBeNull();
    expect(value('---\n')).toBeNull();
  });

  test('JSON is taken as JSON, exactly', () => {
    expect(value('{"a":9007199254740993,\t"b":"yes"}')).toEqual({ a: 9007199254740993n, b: 'yes' });
  });

  test('keys that JSON has twice are told by their lines too', () => {
    expect(parseYaml('{"a":9007199254740993,"b":"yes",\n"b":"no"}')).toEqual({
      value: { a: 9007199254740993n, b: 'no' },
      repeatedKeys: ['line 2: key "b" already set in map'],
    });
  });

  test('a flow mapping that is no JSON is YAML', () => {
    expect(value('{a: yes, b: [1, 2]}')).toEqual({ a: true, b: [1, 2] });
  });

  test('keys that are no strings become strings', () => {
    expect(value('1: a\ntrue: b\n1.5: c\n0x10: d')).toEqual({ 1: 'a', true: 'b', '1.5': 'c', 16: 'd' });
    expect(failure('? [a]\n: b')).toContain('unsupported map key');
    expect(failure('~: b')).toContain('unsupported map key');
  });

  test('__proto__ is an ordinary key', () => {
    const object = value('__proto__:\n  polluted: 1') as JsonObject;
    expect(Object.keys(object)).toEqual(['__proto__']);
    expect('polluted' in object).toBe(false);
  });

  test('repeated keys are told by their lines, each time, inner ones first, and the last one wins', () => {
    const text =
      'spec:\n  a: 1\n  l:\n  - x: 1\n    x: 2\n    x: 3\n  a:\n    true: 1\n    true: 2\n  "a": 3';
    expect(parseYaml(text)).toEqual({
      value: { spec: { a: 3, l: [{ x: 3 }] } },
      repeatedKeys: [
        'line 5: key "x" already set in map',
        'line 6: key "x" already set in map',
        'line 9: key true already set in map',
        'line 7: key "a" already set in map',
        'line 10: key "a" already set in map',
      ],
    });
  });

  test.each(['a: 1\n---\nb: 2', 'a: 1\n---\n{{', 'a: 1\n...\n@', '{"a": 1}\n---\n{"b": 2}'])(
    'only the first document of %j is read',
    (text) => expect(value(text)).toEqual({ a: 1 }),
  );

  test('errors name the line', () => {
    expect(failure('a: 1\nb: c: d\n')).toMatch(/^yaml: line 2: /);
  });

  test('foreign tags are refused', () => {
    expect(failure('a: !foo x')).toContain('!foo');
    expect(failure('a: !!set {x}')).toContain('unsupported tag');
    expect(failure('a: !!int x')).toContain('cannot decode');
  });
});

describe('aliases', () => {
  test('repeat the anchored value, and a later anchor of the same name takes over', () => {
    expect(value('a: &x 1\nb: *x\nc: &x 2\nd: *x')).toEqual({ a: 1, b: 1, c: 2, d: 2 });
    expect(failure('a: *nothing')).not.toBe('no error');
  });

  test('merge keys add what is not there, earlier sources first', () => {
    const text = 'base: &b {x: 1, w: 1}\nother: &o {w: 2, z: 2}\nmerged:\n  <<: [*b, *o]\n  x: 9\n';
    expect((value(text) as JsonObject)['merged']).toEqual({ x: 9, w: 1, z: 2 });
    expect(failure('a:\n  <<: 1')).toContain('map merge requires');
    expect(parseYaml('a: &a {x: 1}\nb:\n  <<: *a\n  x: 2').repeatedKeys).toEqual([]);
  });

  test('an anchor that contains itself is refused', () => {
    expect(failure('a: &a [*a]')).toContain('exceeded max depth');
  });

  test('a bomb of aliases is refused quickly', () => {
    let text = 'a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n';
    for (let i = 1; i < 10; i++)
      text += `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(',')}]\n`;
    expect(failure(text)).toBe('yaml: too many JSON nodes');
    const long = `a: &a ${'x'.repeat(100_000)}\nb: [${Array(1000).fill('*a').join(',')}]`;
    expect(failure(long)).toBe('yaml: document contains excessive aliasing');
  });

  test('hostile depth is refused before it costs a stack or much time', () => {
    const started = usedMs();
    for (const text of ['- ', '[', '{a: ', '? ', '!x ['].map((open) => open.repeat(200_000))) {
      expect(failure(text)).toBe('yaml: exceeded max depth');
    }
    let stairs = '';
    for (let i = 0; i < 1000; i++) stairs += `${' '.repeat(i)}a:\n`;
    expect(failure(stairs)).toContain('exceeded max depth');
    expect(failure(`${'- '.repeat(101)}x`)).toContain('exceeded max depth');
    expect(failure(`${'- '.repeat(100)}x`)).toBe('no error');
    expect(usedMs() - started).toBeLessThan(1500);
  });

  test('a text full of errors is refused at the first one', () => {
    const started = usedMs();
    for (const text of [`[${','.repeat(500_000)}]`, ']'.repeat(500_000), `a: ${'&x '.repeat(2000)}`]) {
      expect(failure(text)).toMatch(/^yaml: line 1: /);
    }
    const refusedMs = usedMs() - started;
    // Collecting all errors takes many times as long; how long that is, this machine says by a right text.
    const again = usedMs();
    expect(parseYaml(`- ${'a\n- '.repeat(50_000)}b`).value).toHaveLength(50_001);
    expect(refusedMs).toBeLessThan(4 * (usedMs() - again));
  });
});
