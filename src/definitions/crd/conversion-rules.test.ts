import { describe, expect, test } from 'vitest';
import { type KubeObject, parseJson, type Schema } from '../../machinery/mod.ts';
import { crdFromSchema } from '../bound/crd-from-schema.ts';
import { definitionFromSchema } from '../bound/mod.ts';
import { compileConversionRules, FAILED_CONVERSION } from './conversion-rules.ts';
import { definitionFromCrd } from './definition-from-crd.ts';

const kube = (value: unknown): KubeObject => parseJson(JSON.stringify(value)).value as KubeObject;
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const text = { type: 'string' };
const object = (properties: Readonly<Record<string, object>>) => ({ type: 'object', properties });

const v1 = object({
  spec: object({ firstName: text, lastName: text, born: { type: 'integer' }, onlyOld: text }),
});
const v2 = object({
  spec: object({ name: object({ first: text, last: text }), decade: text, onlyNew: text }),
});
const conversions = [
  {
    from: 'v1',
    to: 'v2',
    rules: [
      { field: '.spec.firstName', destination: '.spec.name.first' },
      { field: '.spec.lastName', destination: 'spec.name.last', transformation: 'self.upperAscii()' },
      { field: '.spec.born', destination: '.spec.decade', transformation: 'string(self / 10 * 10) + "s"' },
    ],
    preserve: ['.spec.onlyOld', '.spec.born', '.spec.lastName'],
  },
  {
    from: 'v2',
    to: 'v1',
    rules: [
      { field: '.spec.name.first', destination: '.spec.firstName' },
      { field: '.spec.name.last', destination: '.spec.lastName' },
    ],
    preserve: ['.spec.onlyNew'],
  },
];

function bound(rules: readonly object[]) {
  const schema = kube({
    metadata: { name: 'today.people.example.com', uid: 'u' },
    spec: {
      group: 'example.com',
      names: { plural: 'people', singular: 'person', kind: 'Person', listKind: 'PersonList' },
      scope: 'Cluster',
      conversion: { strategy: 'None' },
      versions: [
        { name: 'v1', served: true, storage: true, schema: v1 },
        { name: 'v2', served: true, storage: false, schema: v2 },
      ],
    },
  });
  const conversion = kube({ metadata: { name: 'today.people.example.com' }, spec: { conversions: rules } });
  return {
    plain: definitionFromSchema(schema, 'i'),
    ruled: definitionFromCrd(crdFromSchema(schema, { cluster: 'root', now: '', conversion })),
  };
}

const person = kube({
  apiVersion: 'example.com/v1',
  kind: 'Person',
  metadata: { name: 'a' },
  spec: { firstName: 'Ada', lastName: 'Lovelace', born: 1815, onlyOld: 'x' },
});

describe('the rules of an APIConversion', () => {
  test('move and transform fields, and what the schema does not have is gone', () => {
    const { ruled } = bound(conversions);
    const converted = ruled.convert!(person, 'v2');
    expect(plain(converted['spec'])).toEqual({ name: { first: 'Ada', last: 'LOVELACE' }, decade: '1810s' });
    expect(converted.apiVersion).toBe('example.com/v2');
    expect(plain(person['spec'])).toEqual({
      firstName: 'Ada',
      lastName: 'Lovelace',
      born: 1815,
      onlyOld: 'x',
    });
  });

  test('keep in an annotation what the other version lacks, and give it back', () => {
    const { ruled } = bound(conversions);
    const there = ruled.convert!(person, 'v2');
    expect(Object.keys(there.metadata.annotations ?? {})).toEqual(['preserve.conversion.apis.kcp.io/v1']);
    expect(plain(ruled.convert!(there, 'v1'))).toEqual(plain(person));
    // Both ways at once: whoever uses the new version has fields of its own.
    const changed = kube({ ...(plain(there) as object), spec: { name: { first: 'A' }, onlyNew: 'y' } });
    const back = ruled.convert!(changed, 'v1');
    expect(plain(back['spec'])).toMatchObject({ firstName: 'A', onlyOld: 'x', born: 1815 });
    expect(plain(ruled.convert!(back, 'v2')['spec'])).toMatchObject({ name: { first: 'A' }, onlyNew: 'y' });
  });

  test('make another definition of the schema', () => {
    const { plain: without, ruled } = bound(conversions);
    expect(ruled.hash).not.toBe(without.hash);
    expect(bound([conversions[0]!]).ruled.hash).not.toBe(ruled.hash);
  });

  test('that fail or take too long fail the conversion, in words', () => {
    const rule = (transformation: string) => [
      { from: 'v1', to: 'v2', rules: [{ field: '.spec.born', destination: '.spec.decade', transformation }] },
    ];
    const failing = bound(rule('string(self / (self - self))')).ruled;
    expect(() => failing.convert!(person, 'v2')).toThrow(/error converting: .*division by zero/i);
    const list = `[${Array.from({ length: 20 }, (_, index) => index).join()}]`;
    const slow = bound(
      rule(
        `${list}.map(a, ${list}.map(b, ${list}.map(c, ${list}.map(d, a + b + c + d)))).size() > 0 ? "a" : "b"`,
      ),
    ).ruled;
    expect(() => slow.convert!(person, 'v2')).toThrow(/cost limit exceeded|work/);
  });
});

describe('what the rules of an APIConversion may take', () => {
  const loose = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } as unknown as Schema;
  const spec = object({ spec: object({ text, out: loose }) }) as unknown as Schema;
  const way = { from: 'v1', to: 'v2', apiVersion: 'example.com/v2' };
  const given = kube({ ...(plain(person) as object), spec: { text: 'x'.repeat(100_000) } });
  const rulesOf = (conversion: object) => {
    const rules = compileConversionRules(
      [kube({ from: 'v1', to: 'v2', ...conversion })],
      new Map([
        ['v1', spec],
        ['v2', spec],
      ]),
    );
    expect(rules.errors).toEqual([]);
    return rules;
  };
  const times = <T>(count: number, make: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, index) => make(index));
  const move = (index: number) => ({ field: '.spec.text', destination: `.spec.out.a${index}` });

  test.each([
    ['moved', { rules: times(1_000, move) }],
    ['made', { rules: [{ ...move(0), transformation: `[${times(500, () => 'self').join()}]` }] }],
  ])('is what they have %s as well: a small object does not become a large one', (_how, conversion) => {
    const rules = rulesOf(conversion);
    expect(() => rules.convert(given, { ...way, isToShow: false })).toThrow(/cost limit exceeded/);
    const shown = rules.convert(given, { ...way, isToShow: true });
    expect(JSON.stringify(shown).length).toBeLessThan(3_000_000);
    expect(shown.metadata.annotations?.[FAILED_CONVERSION]).toContain('cost limit exceeded');
  });

  test('is shared by all rules, whichever fails', () => {
    const slow = `${JSON.stringify(times(200, (index) => index))}.map(a, ${JSON.stringify(times(200, (index) => index))}.map(b, a + b))`;
    const rules = rulesOf({ rules: times(20, (index) => ({ ...move(index), transformation: slow })) });
    const shown = rules.convert(given, { ...way, isToShow: true });
    expect(shown['spec']).not.toHaveProperty('out');
  });

  test('and what annotations bring back is no deeper than what may be sent', () => {
    const rules = rulesOf({ rules: [] });
    const deep = JSON.stringify({ [`spec.out${'.a'.repeat(50_000)}`]: 1, 'spec.out.b': 2 });
    const object = kube({
      ...(plain(person) as object),
      metadata: { name: 'a', annotations: { 'preserve.conversion.apis.kcp.io/v2': deep } },
    });
    expect(plain(rules.convert(object, { ...way, isToShow: false })['spec'])).toMatchObject({
      out: { b: 2 },
    });
  });
});

describe('what can be wrong with an APIConversion', () => {
  const schemas = new Map<string, Schema>([
    ['v1', v1],
    ['v2', v2],
  ]);
  const errorsOf = (conversion: object): string[] =>
    compileConversionRules([kube(conversion)], schemas).errors.map(
      ({ field, detail }) => `${field}: ${detail}`,
    );

  test.each([
    [
      { from: 'v9', to: 'v2', rules: [] },
      'spec.conversions[0].from: unable to find structural schema for version',
    ],
    [
      { from: 'v1', to: 'v2', rules: [{ field: '.spec.nothing', destination: '.spec.a' }] },
      `spec.conversions[0].rules[0].field: field "spec.nothing" doesn't exist`,
    ],
    [
      { from: 'v1', to: 'v2', rules: [{ field: '.spec.firstName.x', destination: '.spec.a' }] },
      'spec.conversions[0].rules[0].field: expected field "spec.firstName" to be an object',
    ],
    [
      { from: 'v1', to: 'v2', rules: [{ field: '.spec.born', destination: '.metadata.name' }] },
      'spec.conversions[0].rules[0].destination: apiVersion, kind and metadata cannot be converted',
    ],
    [
      { from: 'v1', to: 'v2', rules: [], preserve: ['.metadata.uid'] },
      'spec.conversions[0].preserve[0]: apiVersion, kind and metadata cannot be converted',
    ],
  ])('%j', (conversion, error) => {
    expect(errorsOf(conversion)).toEqual([error]);
  });

  test('an expression that does not compile', () => {
    const rules = [{ field: '.spec.born', destination: '.spec.decade', transformation: 'self.nothing()' }];
    expect(errorsOf({ from: 'v1', to: 'v2', rules })[0]).toMatch(
      /^spec\.conversions\[0\]\.rules\[0\]\.transformation: error compiling CEL program: .*undeclared reference/s,
    );
  });
});
