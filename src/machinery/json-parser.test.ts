import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JSON_NODES_MAX, JsonSyntaxError, parseJson } from './json.ts';
import { type JsonObject, objectOf } from './json-value.ts';

const value = (text: string | Uint8Array) => parseJson(text).value;
const failure = (text: string | Uint8Array): string => {
  try {
    parseJson(text);
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error.message;
    throw error;
  }
  return 'no error';
};

describe('numbers', () => {
  test('keep every integer of int64 exactly', () => {
    expect(value('9007199254740991')).toBe(9007199254740991);
    expect(value('9007199254740993')).toBe(9007199254740993n);
    expect(value('-9223372036854775808')).toBe(-(2n ** 63n));
    expect(value('9223372036854775807')).toBe(2n ** 63n - 1n);
  });

  test('beyond int64 become float64', () => {
    expect(value('9223372036854775808')).toBe(2 ** 63);
    expect(value('-9223372036854775809')).toBe(-(2 ** 63));
    expect(value('1e3')).toBe(1000);
    expect(value('1.50')).toBe(1.5);
  });

  test('a negative zero is zero', () => {
    expect(Object.is(value('-0'), 0)).toBe(true);
    expect(Object.is(value('-0.0'), 0)).toBe(true);
  });

  test('a number beyond float64 is refused', () => {
    expect(failure('1e999')).toBe('json: cannot unmarshal number 1e999 into Go value of type float64');
  });
});

describe('strings', () => {
  test('decode all escapes', () => {
    expect(value('"a\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00z"')).toBe('a"\\/\b\f\n\r\té😀z');
  });

  test('lone surrogate escapes become the replacement character', () => {
    expect(value('"\\ud800"')).toBe('\ufffd');
    expect(value('"\\udc00x"')).toBe('\ufffdx');
    expect(value('"\\ud800\\u0041"')).toBe('\ufffdA');
    expect(value('"\\ud800\\ud83d\\ude00"')).toBe('\ufffd😀');
  });

  test('invalid UTF-8 becomes the replacement character, and a byte order mark is refused', () => {
    expect(value(Uint8Array.of(0x22, 0xff, 0x22))).toBe('\ufffd');
    expect(failure(Uint8Array.of(0xef, 0xbb, 0xbf, 0x31))).toBe(
      "invalid character 'ï' looking for beginning of value",
    );
  });
});

describe('objects', () => {
  test('take __proto__ and constructor as ordinary keys', () => {
    const object = value('{"__proto__":{"polluted":1},"constructor":2}') as JsonObject;
    expect(Object.keys(object)).toEqual(['__proto__', 'constructor']);
    expect('polluted' in object).toBe(false);
  });

  test('the last of duplicate keys wins and its path is recorded once', () => {
    const parsed = parseJson('{"spec":{"a":1,"items":[{"x":1},{"x":1,"x":2,"x":3}],"a":2},"spec.b":0}');
    expect(parsed.duplicates).toEqual(['spec.items[1].x', 'spec.a']);
    expect((parsed.value as JsonObject)['spec']).toEqual({ a: 2, items: [{ x: 1 }, { x: 3 }] });
  });

  test('a key that holds null still counts as a first one', () => {
    expect(parseJson('{"a":null,"a":1}').duplicates).toEqual(['a']);
  });

  test('at most 100 duplicates are recorded', () => {
    const members = Array.from({ length: 300 }, (_, index) => `"k${index % 150}":0`);
    expect(parseJson(`{${members.join(',')}}`).duplicates).toHaveLength(100);
  });

  test('keys that share a slot of the key cache stay distinct', () => {
    const keys = Array.from({ length: 5000 }, (_, index) => `key-${index * 7919}`);
    const object = value(`{${keys.map((key) => `"${key}":0`).join(',')}}`) as JsonObject;
    expect(Object.keys(object)).toEqual(keys);
  });
});

describe('malformed input', () => {
  test.each([
    ['', 'unexpected end of JSON input'],
    ['{"a":1', 'unexpected end of JSON input'],
    ['"abc', 'unexpected end of JSON input'],
    ['"abc\\', 'unexpected end of JSON input'],
    ['x', "invalid character 'x' looking for beginning of value"],
    ['NaN', "invalid character 'N' looking for beginning of value"],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['[1 2]', "invalid character '2' after array element"],
    ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b":2}', "invalid character '\"' after object key:value pair"],
    ['{} {}', "invalid character '{' after top-level value"],
    ['01', "invalid character '1' after top-level value"],
    ['-x', "invalid character 'x' in numeric literal"],
    ['1.x', "invalid character 'x' after decimal point in numeric literal"],
    ['1e', 'unexpected end of JSON input'],
    ['1ex', "invalid character 'x' in exponent of numeric literal"],
    ['trux', "invalid character 'x' in literal true (expecting 'e')"],
    ['nul', 'unexpected end of JSON input'],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['"a\nb"', "invalid character '\\n' in string literal"],
    ["'a'", "invalid character '\\'' looking for beginning of value"],
    ['\u0000', "invalid character '\\x00' looking for beginning of value"],
  ])('%j is refused in the words of encoding/json', (text, message) => {
    expect(failure(text)).toBe(message);
  });

  test('deep nesting is refused at the bound', () => {
    expect(failure('['.repeat(100) + ']'.repeat(100))).toBe('no error');
    expect(failure('['.repeat(1_000_000))).toBe('exceeded max depth');
    expect(() => parseJson('[[1]]', { depthMax: 1 })).toThrow('exceeded max depth');
  });

  test('too many values are refused', () => {
    expect(failure(`[${'0,'.repeat(JSON_NODES_MAX)}0]`)).toBe('too many JSON nodes');
  });

  test('any text gives a value that JSON.parse agrees with, or a JsonSyntaxError', () => {
    const noise = fc.string({
      unit: fc.constantFrom(...'{}[]",:\\ \n0123456789.eE+-truefalsn'),
      maxLength: 40,
    });
    fc.assert(
      fc.property(noise, (text) => {
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          expect(failure(text)).not.toBe('no error');
          return;
        }
        if (failure(text).includes('float64')) return;
        const normalized = (input: unknown) =>
          JSON.stringify(input, (_key, item) => (typeof item === 'bigint' ? Number(item) : item));
        expect(JSON.parse(normalized(value(text)))).toEqual(JSON.parse(normalized(expected)));
      }),
      { numRuns: 3000 },
    );
  });
});

test('a parsed object equals the same object built in code', () => {
  expect(value(' { "a" : [ 1 , true , null ] } ')).toEqual(objectOf({ a: [1, true, null] }));
});
