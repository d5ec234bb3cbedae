import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deepEqual, type JsonValue, newObject, objectOf } from './json-value.ts';
import { encodeYaml, parseYaml } from './yaml.ts';

const awkward = fc.constantFrom(
  ...['yes', 'null', '~', '', '0777', '1.5', '1:30', '2024-01-02', '- a', 'a: b', 'a #b', '*a', '&a', '!a'],
  ...[
    '<<',
    '=',
    '...',
    '---',
    'a:',
    ' a',
    'a ',
    'a\n',
    'a\nb',
    '\n',
    'a\n\n',
    '  a\nb',
    'a\n  b\n',
    '\t',
    'a\r\nb',
  ],
  ...[
    '@a',
    '`a`',
    '%a',
    "it's",
    '"q"',
    '[a]',
    '{a}',
    'a, b',
    '\u0085',
    '\ufeffx',
    'é',
    '😀',
    '?',
    '? a',
    '|',
    '>',
  ],
  ...['a\n# b\nc', 'a\n--- b', '..', '0x', '1e', '+', '-', 'x'.repeat(2000)],
);
const text = fc.oneof(awkward, fc.string({ unit: 'grapheme', maxLength: 12 }), fc.string({ maxLength: 12 }));

/**
 * Without integers beyond 2^53: like Go, the encoder prints the shortest digits of a float64, which then
 * read as another int64.
 */
const plainDouble = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .map((number) => (number === 0 || (Number.isInteger(number) && Math.abs(number) > 2 ** 53) ? 0.5 : number));

const anyJson: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      fc.constant(null),
      fc.boolean(),
      text,
      fc.maxSafeInteger(),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
      plainDouble,
    ),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(text, tie('value')), { maxLength: 4 }).map((entries) => {
      const object = newObject();
      for (const [key, member] of entries) object[key] = member;
      return object;
    }),
  ),
})).value;

describe('encodeYaml', () => {
  test('what it writes parses to the same value', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(deepEqual(parseYaml(encodeYaml(value)).value, value)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('writes the style of sigs.k8s.io/yaml', () => {
    const value = objectOf({
      spec: objectOf({ ports: [objectOf({ name: 'http', port: 80 })], empty: objectOf({}), none: [] }),
      kind: 'Widget',
      data: objectOf({ script: 'line one\nline two\n', on: 'yes', url: 'https://example.com/a?b=c' }),
      nested: [[1, 2], []],
    });
    expect(encodeYaml(value)).toBe(
      [
        'data:',
        '  "on": "yes"',
        '  script: |',
        '    line one',
        '    line two',
        '  url: https://example.com/a?b=c',
        'kind: Widget',
        'nested:',
        '- - 1',
        '  - 2',
        '- []',
        'spec:',
        '  empty: {}',
        '  none: []',
        '  ports:',
        '  - name: http',
        '    port: 80',
        '',
      ].join('\n'),
    );
  });
});
