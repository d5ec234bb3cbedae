import { describe, expect, test } from 'vitest';
import { fieldErrorText, forbidden } from '../../field-error.ts';
import type { Schema, ValidationRule } from '../schema.ts';
import { validateStructural } from '../structural.ts';
import { checkRules } from './rule-checks.ts';
import { objectWith, withRules } from './rules.suite.ts';

const STRING: Schema = { type: 'string' };
const INTEGER: Schema = { type: 'integer' };

/** What is wrong with the rules of a property `f`, without the path to it. */
function check(field: Schema, options: { readonly isUnchanged?: boolean } = {}): string[] {
  const found = validateStructural(objectWith({ f: field }), 'p', { isStatusEnabled: false, ...options });
  return found.map((error) => fieldErrorText(error).replaceAll('p.properties[f]', 'f'));
}

function printed(rule: string, rest = ''): string {
  const fields = `"Rule":${JSON.stringify(rule)},"Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null`;
  return rest === '' ? `{${fields}}` : rest;
}

describe('a rule is refused', () => {
  test('that does not compile, with the compiler’s words', () => {
    expect(check(withRules(objectWith({ a: INTEGER }), 'self.b > 1'))).toEqual([
      `f.x-kubernetes-validations[0].rule: Invalid value: ${printed('self.b > 1').replace('>', '\\u003e')}: compilation failed: ERROR: <input>:1:5: undefined field 'b'\n | self.b > 1\n | ....^`,
    ]);
  });

  test.each(['1', "'a'", 'self', 'dyn(true)'])('that is no yes or no: %s', (rule) => {
    expect(check(withRules(INTEGER, rule))).toEqual([
      `f.x-kubernetes-validations[0].rule: Invalid value: ${printed(rule)}: cel expression must evaluate to a bool`,
    ]);
  });

  test.each([
    [
      'what its schema does not know',
      objectWith({}, { 'x-kubernetes-preserve-unknown-fields': true }),
      'self.a == 1',
    ],
    [
      'a field of any type',
      objectWith({ a: { 'x-kubernetes-preserve-unknown-fields': true } as Schema }),
      'has(self.a)',
    ],
    ['a name that it cannot write', objectWith({ a$: INTEGER, b: INTEGER }), 'has(self.a)'],
    [
      'labels of an embedded resource',
      objectWith({ s: STRING }, { 'x-kubernetes-embedded-resource': true }),
      'has(self.metadata.labels)',
    ],
  ])('that asks for %s', (_name, schema, rule) => {
    expect(check(withRules(schema, rule))[0]).toContain('undefined field');
  });

  test('whose message does not compile, or is no text', () => {
    const [error] = check(withRules(INTEGER, { rule: 'true', messageExpression: 'self.a' }));
    expect(error).toContain('f.x-kubernetes-validations[0].messageExpression: Invalid value: {"Rule":"true"');
    expect(error).toContain('messageExpression compilation failed: ERROR: <input>:1:5');
    expect(check(withRules(INTEGER, { rule: 'true', messageExpression: 'self' }))[0]).toContain(
      ': messageExpression must evaluate to a string',
    );
  });

  test('that looks back where nothing correlates', () => {
    const items = (schema: Schema, rest: Schema = {}): Schema => ({
      type: 'array',
      maxItems: 3,
      items: schema,
      ...rest,
    });
    const looksBack = withRules({ ...STRING, maxLength: 9 }, 'self == oldSelf');
    const text = 'oldSelf cannot be used on the uncorrelatable portion of the schema within f';
    const at = 'x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf":';
    expect(check(items(looksBack))).toEqual([`f.items.${at} ${text}`]);
    expect(check(items(looksBack, { 'x-kubernetes-list-type': 'set' }))).toEqual([`f.items.${at} ${text}`]);
    expect(check(items(items(looksBack)))).toEqual([`f.items.items.${at} ${text}`]);
    const mapList: Schema = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] };
    const item = objectWith({ k: { ...STRING, maxLength: 9 }, v: looksBack }, { required: ['k'] });
    expect(check(items(item, mapList))).toEqual([]);
    expect(check(withRules(items(STRING), 'self == oldSelf'))).toEqual([]);
  });

  test('that need not find an old value but does not ask for one', () => {
    expect(check(withRules(INTEGER, { rule: 'self > 1', optionalOldSelf: true }))).toEqual([
      'f.x-kubernetes-validations[0].optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule',
    ]);
    expect(check(withRules(INTEGER, { rule: 'oldSelf.orValue(1) < self', optionalOldSelf: true }))).toEqual(
      [],
    );
    expect(check(withRules(INTEGER, 'oldSelf.orValue(1) < self'))).toHaveLength(1);
  });

  test('that stands in a branch', () => {
    expect(check({ ...INTEGER, allOf: [withRules({ maximum: 5 }, 'self > 1')] })).toEqual([
      'f.allOf[0].x-kubernetes-validations: Forbidden: must be empty to be structural',
    ]);
  });

  test.each<[ValidationRule, string]>([
    [{ rule: ' ' }, 'rule: Required value: rule is not specified'],
    [{ rule: 'true', message: ' ' }, 'message: Invalid value: " ": must be non-empty if specified'],
    [{ rule: 'true', message: 'a\nb' }, 'message: Invalid value: "a\\nb": must not contain line breaks'],
    [{ rule: 'true\n' }, ''],
    [
      { rule: 'true &&\ntrue' },
      'message: Required value: message must be specified if rule contains line breaks',
    ],
    [{ rule: 'true', fieldPath: '.b' }, 'fieldPath: Invalid value: ".b": must be a valid path'],
    [{ rule: 'true', fieldPath: '.a' }, ''],
    [
      { rule: 'true', reason: 'Because' },
      'reason: Unsupported value: "Because": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"',
    ],
  ])('for its form: %j', (rule, expected) => {
    const errors = check(withRules(objectWith({ a: STRING }), rule));
    expect(errors).toEqual(expected === '' ? [] : [`f.x-kubernetes-validations[0].${expected}`]);
  });
});

describe('the estimated cost of a rule', () => {
  const ADVICE =
    '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)';

  test('counts how long texts and how many items can be', () => {
    const rule = 'self.all(x, x.contains("a string of some length"))';
    const list = (itemsMax: number | undefined, lengthMax: number): Schema =>
      withRules(
        {
          type: 'array',
          items: { ...STRING, maxLength: lengthMax },
          ...(itemsMax === undefined ? {} : { maxItems: itemsMax }),
        },
        rule,
      );
    expect(check(list(100, 100))).toEqual([]);
    expect(check(list(undefined, 10_000_000))).toEqual(
      [
        `f.x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x ${ADVICE}`,
        `p: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x ${ADVICE}`,
      ].flatMap((text, index) =>
        index === 0
          ? [
              text,
              'f.x-kubernetes-validations[0].rule: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
            ]
          : [text],
      ),
    );
  });

  test('counts how often the rule is asked', () => {
    const ruled = withRules({ ...STRING, maxLength: 1_000 }, "self.contains('x')");
    expect(check({ type: 'array', maxItems: 1_000, items: ruled })).toEqual([]);
    expect(check({ type: 'array', items: ruled })[0]).toContain(
      'estimated rule cost exceeds budget by factor of',
    );
    const nested: Schema = {
      type: 'object',
      maxProperties: 300,
      additionalProperties: { type: 'array', maxItems: 300, items: ruled },
    };
    expect(check(nested)[0]).toContain('estimated rule cost exceeds budget by factor of');
  });

  test('is not held against a schema that was accepted before, but the total is', () => {
    const items = withRules({ ...STRING, maxLength: 1_000 }, "self.contains('a text')");
    const ruled: Schema = { type: 'array', items: { type: 'array', items } };
    const [first, ...rest] = check(ruled);
    expect(first).toContain('rule: Forbidden: estimated rule cost exceeds budget by factor of');
    expect(rest).toHaveLength(2);
    expect(check(ruled, { isUnchanged: true })).toEqual(rest);
  });

  test('of a message counts as well', () => {
    const message = `${'self.replace("a", "bb").replace("b", "aa")'} + ${Array(20).fill('self.replace("a","bb")').join(' + ')}`;
    const schema = withRules(STRING, { rule: 'true', messageExpression: message });
    expect(check(schema)[0]).toContain(
      'f.x-kubernetes-validations[0].messageExpression: Forbidden: estimated messageExpression cost exceeds budget by factor of',
    );
  });
});

describe('errors of the schema', () => {
  const broken = withRules(objectWith({ a: STRING }), 'self.b');

  test('hide those of rules at and above their place, not elsewhere', () => {
    const schema = objectWith({ x: withRules(objectWith({ y: broken }), 'self.z'), other: broken });
    const at = (path: string) => ({ schemaErrors: [forbidden(path, '')], isUnchanged: false });
    const paths = (path: string): string[] => checkRules(schema, 'p', at(path)).map(({ field }) => field);
    const rule = 'x-kubernetes-validations[0].rule';
    expect(paths('q')).toEqual([
      `p.properties[x].properties[y].${rule}`,
      `p.properties[x].${rule}`,
      `p.properties[other].${rule}`,
    ]);
    expect(paths('p.properties[x].properties[y].uniqueItems')).toEqual([`p.properties[other].${rule}`]);
    expect(paths('p.properties[x].minimum')).toEqual([
      `p.properties[x].properties[y].${rule}`,
      `p.properties[other].${rule}`,
    ]);
  });

  test('of its form hide all', () => {
    const errors = validateStructural(objectWith({ x: broken, y: {} }), 'p', { isStatusEnabled: false });
    expect(errors.map(({ field }) => field)).toEqual(['p.properties[y].type']);
  });
});

describe('a default', () => {
  test('must follow the rules of its schema', () => {
    const schema = withRules({ ...INTEGER, default: 1 }, { rule: 'self > 5', message: 'm' });
    expect(check(schema)).toEqual(['f.default: Invalid value: "integer": m']);
    expect(check({ ...schema, default: 6 })).toEqual([]);
  });

  test('must follow the rules below it, and those that look back, with an old value and without', () => {
    const inner = withRules(INTEGER, { rule: 'self > 5', message: 'm' });
    expect(check({ ...objectWith({ a: inner }), default: { a: 1 } })).toEqual([
      'f.default.a: Invalid value: "integer": m',
    ]);
    const optional = { rule: 'oldSelf.hasValue()', optionalOldSelf: true, message: 'm' };
    expect(check(withRules({ ...INTEGER, default: 1 }, optional))).toEqual([
      'f.default: Invalid value: "integer": m',
    ]);
    expect(
      check(withRules({ ...INTEGER, default: 1 }, { rule: 'self > oldSelf', message: 'm' })),
    ).toHaveLength(1);
  });
});

test('a schema cannot have rules without end', () => {
  const rules = Array.from({ length: 2_001 }, () => 'true');
  expect(check(withRules(INTEGER, ...rules))).toEqual([
    'f.x-kubernetes-validations: Forbidden: must not have more than 2000 rules in one schema',
  ]);
});
