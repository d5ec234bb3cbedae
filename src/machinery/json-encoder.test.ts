import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeJson, encodeObject, encodePretty, parseJson } from './json.ts';
import { deepEqual, type JsonValue, newObject, objectOf } from './json-value.ts';
import type { KubeObject } from './kube-object.ts';

/**
 * Without integers beyond 2^53: like Go, the encoder prints the shortest digits of a float64, which then
 * read as another int64.
 */
const plainDouble = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .map((number) => (number === 0 || (Number.isInteger(number) && Math.abs(number) > 2 ** 53) ? 0.5 : number));

/** Any JSON value, with unruly keys, integers of 64 bits and strings of all planes. */
const anyJson: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom('<', '&', '\u2028', '"', '\\', '\u0007', 'é') }),
      fc.maxSafeInteger(),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
      plainDouble,
    ),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('__proto__')), tie('value')), {
        maxLength: 5,
      })
      .map((entries) => {
        const object = newObject();
        for (const [key, member] of entries) object[key] = member;
        return object;
      }),
  ),
})).value;

describe('encodeJson', () => {
  test('what it writes parses to the same value, and to the same text again', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        const text = encodeJson(value);
        const parsed = parseJson(text);
        expect(parsed.duplicates).toEqual([]);
        expect(deepEqual(parsed.value, value)).toBe(true);
        expect(encodeJson(parsed.value)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  test('what it writes means the same to JSON.parse', () => {
    const value = objectOf({ z: [1, 'é\u0001"'], a: null, m: true });
    expect(JSON.parse(encodeJson(value))).toEqual({ z: [1, 'é\u0001"'], a: null, m: true });
  });

  test('keys are sorted by their UTF-8 bytes, also number-like and astral ones', () => {
    const value = objectOf({ b: 1, a: 1, 10: 1, 9: 1, '\uffee': 1, '😀': 1 });
    expect(encodeJson(value)).toBe('{"10":1,"9":1,"a":1,"b":1,"\uffee":1,"😀":1}');
  });

  test('undefined members are left out', () => {
    const value = newObject();
    value['a'] = undefined;
    expect(encodeJson(value)).toBe('{}');
    value['b'] = 1;
    expect(encodeJson(value)).toBe('{"b":1}');
  });

  test('strings are escaped for HTML as Go does', () => {
    expect(encodeJson('<a&b>\u2028\u2029\u007f\b')).toBe('"\\u003ca\\u0026b\\u003e\\u2028\\u2029\u007f\\b"');
    expect(encodeJson('lone \ud800')).toBe('"lone \ufffd"');
    expect(encodeJson(objectOf({ '<': 1 }))).toBe('{"\\u003c":1}');
  });

  test('numbers are written as encoding/json writes them', () => {
    const numbers: [JsonValue, string][] = [
      [1, '1'],
      [parseJson('1.0').value, '1'],
      [1e20, '100000000000000000000'],
      [1e21, '1e+21'],
      [1e-6, '0.000001'],
      [1e-7, '1e-7'],
      [9223372036854775807n, '9223372036854775807'],
    ];
    for (const [value, text] of numbers) expect(encodeJson(value)).toBe(text);
  });
});

test('encodeObject puts apiVersion, kind and metadata first at the root only', () => {
  const object = objectOf({
    data: objectOf({ metadata: 'm', apiVersion: 'a' }),
    metadata: objectOf({ name: 'n' }),
    kind: 'ConfigMap',
    apiVersion: 'v1',
  }) as KubeObject;
  expect(encodeObject(object)).toBe(
    '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"n"},"data":{"apiVersion":"a","metadata":"m"}}',
  );
});

test('encodePretty indents by two spaces and keeps empty collections on one line', () => {
  const value = objectOf({ b: [1, objectOf({ c: 'x' })], a: objectOf({}), d: [] });
  expect(encodePretty(value)).toBe(
    '{\n  "a": {},\n  "b": [\n    1,\n    {\n      "c": "x"\n    }\n  ],\n  "d": []\n}',
  );
});
