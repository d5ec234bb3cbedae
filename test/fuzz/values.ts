import fc from 'fast-check';

/** JSON text that goes out as it is: numbers that JavaScript cannot hold, keys that occur twice. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A JSON text of the value; {@link RawJson} within it goes out unchanged. */
export function toJson(value: unknown): string {
  if (value instanceof RawJson) return value.text;
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${toJson(member)}`).join(',')}}`;
}

/** Chooses by weight, in which the arbitraries may differ in type of what they make only below `Value`. */
export function oneOf<Value>(
  ...choices: readonly (readonly [number, fc.Arbitrary<Value>])[]
): fc.Arbitrary<Value> {
  return fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

/** One of the values, by weight. */
export function pick<Value>(...choices: readonly (readonly [number, Value])[]): fc.Arbitrary<Value> {
  return oneOf(...choices.map(([weight, value]) => [weight, fc.constant(value)] as const));
}

/** Half of the time nothing, as an optional field. */
export function maybe<Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  return fc.option(arbitrary, { nil: undefined, freq: 2 });
}

const NASTY_TEXTS = [
  '',
  ' ',
  '\u0000',
  '__proto__',
  'constructor',
  'null',
  '~',
  'yes',
  '0x1F',
  '1e3',
  '2024-01-02T03:04:05Z',
  '<script>&\u2028\u2029',
  '\ud800',
  '\udfff\ud800',
  'ﷺ',
  '👩‍👩‍👧‍👦',
  'a\nb\r\n\tc',
  '"\\',
  '- a: b',
  '{{ .Values }}',
  '%00%2e%2e',
  '../../etc/passwd',
  'x'.repeat(300),
];

/** Any text at all, often one that has broken something somewhere. */
export const anyText: fc.Arbitrary<string> = oneOf(
  [3, fc.string({ maxLength: 24, unit: 'grapheme' })],
  [1, fc.string({ maxLength: 12, unit: 'binary' })],
  [2, fc.constantFrom(...NASTY_TEXTS)],
);

export const word: fc.Arbitrary<string> = fc.constantFrom('alpha', 'beta', 'gamma', 'delta', 'a-b', 'x1');

/** Numbers at the edges of what integers and floats of clients can be. */
export const edgeNumber: fc.Arbitrary<unknown> = oneOf<unknown>(
  [3, fc.integer({ min: -3, max: 70_000 })],
  [1, fc.double({ noNaN: true, noDefaultInfinity: true })],
  [
    2,
    fc
      .constantFrom(
        '9007199254740993',
        '9223372036854775807',
        '-9223372036854775808',
        '9223372036854775808',
        '1e400',
        '-0',
        '1.0',
        '1E2',
        '0.1e-7',
        '123456789012345678901234567890',
      )
      .map((text) => new RawJson(text)),
  ],
);

/** Any JSON value of small size, with keys and numbers that need care. */
export const anyJson: fc.Arbitrary<unknown> = fc.letrec<{ tree: unknown; leaf: unknown }>((tie) => ({
  leaf: oneOf<unknown>([3, anyText], [2, edgeNumber], [1, fc.boolean()], [1, fc.constant(null)]),
  tree: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    tie('leaf'),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.array(fc.tuple(fc.oneof(word, anyText), tie('tree')), { maxLength: 4 }).map(members),
  ),
})).tree;

/** An object of these members in this order: keys may be `__proto__`, or occur twice. */
function members(entries: readonly (readonly [string, unknown])[]): RawJson {
  return new RawJson(
    `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${toJson(value)}`).join(',')}}`,
  );
}

export const labels: fc.Arbitrary<Record<string, string>> = fc.dictionary(
  fc.constantFrom('app', 'tier', 'example.com/owner', 'x'),
  fc.constantFrom('a', 'b', '', 'v1.2_3', 'Z'),
  { maxKeys: 3, noNullPrototype: true },
);

export const annotations: fc.Arbitrary<Record<string, string>> = fc.dictionary(
  fc.constantFrom('note', 'example.com/text', 'kubectl.kubernetes.io/last-applied-configuration'),
  anyText,
  { maxKeys: 2, noNullPrototype: true },
);

export const quantity: fc.Arbitrary<unknown> = fc.constantFrom<unknown>(
  '1',
  '500m',
  '1Gi',
  '0.5',
  '1e3',
  '12E',
  '1000k',
  3,
  0,
);
