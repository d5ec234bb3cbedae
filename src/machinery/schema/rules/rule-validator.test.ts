import { describe, expect, test } from 'vitest';
import { fieldErrorText } from '../../field-error.ts';
import type { Schema } from '../schema.ts';
import { RuleValidator } from './rule-validator.ts';
import { errorsOf, json, judge, objectWith, withRules } from './rules.suite.ts';

const STRING: Schema = { type: 'string' };
const INTEGER: Schema = { type: 'integer' };
const INT_OR_STRING: Schema = { 'x-kubernetes-int-or-string': true };

describe('a rule sees', () => {
  test.each<[string, Schema, unknown, string]>([
    ['an integer', INTEGER, 3, 'self == 3 && self % 2 == 1'],
    ['an integer beyond 2^53', INTEGER, 4, 'self + 9007199254740993 == 9007199254740997'],
    ['a number', { type: 'number' }, 2.5, 'self > 2.0 && self < 3'],
    ['a whole number as a double', { type: 'number' }, 2, 'self / 4.0 == 0.5'],
    ['a boolean', { type: 'boolean' }, true, 'self'],
    ['a string', STRING, 'añb', "self.size() == 3 && self.startsWith('a')"],
    ['an enum', { ...STRING, enum: ['a', 'b'] }, 'a', "self in ['a', 'c']"],
    ['a date', { ...STRING, format: 'date' }, '2020-02-29', 'self.getDayOfYear() == 59'],
    [
      'a date-time',
      { ...STRING, format: 'date-time' },
      '2020-01-02T03:04:05.5+01:00',
      "self == timestamp('2020-01-02T02:04:05.5Z')",
    ],
    ['a duration', { ...STRING, format: 'duration' }, '90s', "self == duration('1m30s')"],
    ['bytes', { ...STRING, format: 'byte' }, 'aGk=', "self == b'hi' && self.size() == 2"],
    ['another format as a string', { ...STRING, format: 'ipv4' }, '10.0.0.1', "self == '10.0.0.1'"],
    ['the number of an int-or-string', INT_OR_STRING, 5, 'type(self) == int && self == 5'],
    ['the string of an int-or-string', INT_OR_STRING, '5%', "type(self) == string && self.endsWith('%')"],
    [
      'a list',
      { type: 'array', items: INTEGER },
      [1, 2],
      'self.size() == 2 && self[1] == 2 && self.all(x, x > 0)',
    ],
    [
      'a map',
      { type: 'object', additionalProperties: INTEGER },
      { a: 1 },
      "'a' in self && self['a'] == 1 && self.all(k, k == 'a')",
    ],
    ['an object', objectWith({ a: INTEGER, b: STRING }), { a: 1 }, 'self.a == 1 && !has(self.b)'],
    [
      'a field that is null as absent',
      objectWith({ a: { ...INTEGER, nullable: true } }),
      { a: null },
      '!has(self.a)',
    ],
    [
      'a null in a list',
      { type: 'array', items: { ...INTEGER, nullable: true } },
      [null, 1],
      'dyn(self[0]) == null && self[1] == 1',
    ],
    [
      'names that it cannot write',
      objectWith({ 'a-b': INTEGER, 'c.d/e': INTEGER, namespace: INTEGER }),
      { 'a-b': 1, 'c.d/e': 2, namespace: 3 },
      'self.a__dash__b == 1 && self.c__dot__d__slash__e == 2 && self.__namespace__ == 3 && self.namespace == 3',
    ],
  ])('%s', (_name, schema, value, rule) => {
    expect(errorsOf(withRules(schema, rule), value)).toEqual([]);
    const negated = `!(${rule})`;
    expect(errorsOf(withRules(schema, negated), value)).toEqual([
      `f: Invalid value: "${schema.type ?? ''}": failed rule: ${negated}`,
    ]);
  });

  test('the root of a resource with its kind and the name of its metadata, declared or not', () => {
    const schema = withRules(
      objectWith({ spec: INTEGER }),
      "self.kind == 'Thing' && self.metadata.name == 'x' && !has(self.metadata.generateName)",
      "self.apiVersion == 'v2'",
    );
    const validator = RuleValidator.of(schema, { isResourceRoot: true });
    const value = json({ apiVersion: 'v1', kind: 'Thing', metadata: { name: 'x', labels: {} }, spec: 1 });
    expect(validator?.validate(value, { path: '' }).map(fieldErrorText)).toEqual([
      `<nil>: Invalid value: "object": failed rule: self.apiVersion == 'v2'`,
    ]);
  });

  test('the same of an embedded resource', () => {
    const embedded: Schema = objectWith({ spec: INTEGER }, { 'x-kubernetes-embedded-resource': true });
    const value = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: 1 };
    expect(errorsOf(withRules(embedded, "self.metadata.name == 'p' && self.kind == 'Pod'"), value)).toEqual(
      [],
    );
    const outer = withRules(objectWith({ e: embedded }), "self.e.metadata.name == 'p'");
    expect(errorsOf(outer, { e: value })).toEqual([]);
  });
});

describe('lists compare as their type says:', () => {
  const set: Schema = { type: 'array', items: STRING, 'x-kubernetes-list-type': 'set' };
  const mapList: Schema = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['k'],
    items: objectWith({ k: STRING, v: INTEGER }),
  };
  // Two fields of one schema have types of their own, which do not compare; two values of a map have one.
  const two = (schema: Schema): Schema => ({ type: 'object', additionalProperties: schema });

  test.each<[string, Schema, unknown, unknown, boolean]>([
    ['atomic lists with order', { type: 'array', items: STRING }, ['x', 'y'], ['y', 'x'], false],
    ['sets without order', set, ['x', 'y'], ['y', 'x'], true],
    ['sets by what they hold', set, ['x', 'y'], ['x', 'z'], false],
    [
      'map lists by key',
      mapList,
      [
        { k: 'a', v: 1 },
        { k: 'b', v: 2 },
      ],
      [
        { k: 'b', v: 2 },
        { k: 'a', v: 1 },
      ],
      true,
    ],
    ['map lists by value', mapList, [{ k: 'a', v: 1 }], [{ k: 'a', v: 2 }], false],
  ])('%s', (_name, schema, a, b, isEqual) => {
    expect(errorsOf(withRules(two(schema), `(self.a == self.b) == ${isEqual}`), { a, b })).toEqual([]);
  });

  test.each<[string, Schema, unknown, unknown, string]>([
    ['atomic lists end to end', { type: 'array', items: STRING }, ['x'], ['x', 'y'], "['x', 'x', 'y']"],
    ['sets to their union', set, ['x', 'y'], ['z', 'y'], "['x', 'y', 'z']"],
  ])('and add up: %s', (_name, schema, a, b, sum) => {
    expect(errorsOf(withRules(two(schema), `self.a + self.b == ${sum}`), { a, b })).toEqual([]);
  });

  test('and map lists to one in which the right one wins', () => {
    const rule = 'self.a + self.b == self.b && (self.a + self.c).map(x, x.v) == [1, 5]';
    const schema = withRules(two(mapList), rule);
    const value = {
      a: [
        { k: 'a', v: 1 },
        { k: 'b', v: 2 },
      ],
      b: [
        { k: 'a', v: 3 },
        { k: 'b', v: 4 },
      ],
      c: [{ k: 'b', v: 5 }],
    };
    expect(errorsOf(schema, value)).toEqual([]);
  });

  test('objects with what the schema does not know compare all the same', () => {
    const schema = objectWith({ x: { 'x-kubernetes-preserve-unknown-fields': true } as Schema, y: INTEGER });
    const rule = withRules({ type: 'array', items: schema }, 'self[0] == self[1]');
    expect(errorsOf(rule, [{ x: { a: [1] } }, { x: { a: [1] } }])).toEqual([]);
    expect(errorsOf(rule, [{ x: { a: [1] } }, { x: { a: [2] } }])).toHaveLength(1);
  });
});

describe('a rule that looks back', () => {
  const immutable = withRules(STRING, 'self == oldSelf');

  test('is asked when there is something to look at', () => {
    expect(errorsOf(immutable, 'a')).toEqual([]);
    expect(errorsOf(immutable, 'a', 'a')).toEqual([]);
    expect(errorsOf(immutable, 'b', 'a')).toEqual([
      'f: Invalid value: "string": failed rule: self == oldSelf',
    ]);
  });

  test('is not asked of a field that is new', () => {
    const schema = objectWith({ a: immutable });
    expect(errorsOf(schema, { a: 'x' }, {})).toEqual([]);
    expect(errorsOf(schema, { a: 'x' }, { a: null })).toEqual([]);
    expect(errorsOf(schema, {}, { a: 'x' })).toEqual([]);
  });

  test('finds keys of maps, and items of map lists by their keys', () => {
    const map: Schema = { type: 'object', additionalProperties: immutable };
    expect(errorsOf(map, { a: 'x', b: 'z' }, { a: 'x', b: 'y' })).toEqual([
      'f[b]: Invalid value: "string": failed rule: self == oldSelf',
    ]);
    const list: Schema = {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k', 'l'],
      items: objectWith({ k: STRING, l: INTEGER, v: immutable }),
    };
    const old = [
      { k: 'a', l: 1, v: 'x' },
      { k: 'a', l: 2, v: 'y' },
    ];
    const next = [
      { k: 'a', l: 2, v: 'y' },
      { k: 'b', l: 1, v: 'new' },
      { k: 'a', l: 1, v: 'changed' },
    ];
    expect(errorsOf(list, next, old)).toEqual([
      'f[2].v: Invalid value: "string": failed rule: self == oldSelf',
    ]);
  });

  test('is asked on create as well if it can do without an old value', () => {
    const rule = {
      rule: "oldSelf.hasValue() ? oldSelf.value() == self : self == 'first'",
      optionalOldSelf: true,
    };
    const schema = withRules(STRING, rule);
    expect(errorsOf(schema, 'first')).toEqual([]);
    expect(errorsOf(schema, 'other')).toHaveLength(1);
    expect(errorsOf(schema, 'other', 'other')).toEqual([]);
    expect(errorsOf(schema, 'first', 'other')).toHaveLength(1);
  });
});

describe('a broken rule', () => {
  test.each<[string, object, string]>([
    ['says what it is', {}, 'Invalid value: "integer": failed rule: self > 5'],
    ['says its message', { message: ' must be large ' }, 'Invalid value: "integer": must be large'],
    [
      'says the message that it makes',
      { message: 'm', messageExpression: "' is ' + string(self) + ' '" },
      'Invalid value: "integer": is 1',
    ],
    [
      'keeps its message when it makes an empty one',
      { message: 'm', messageExpression: "' '" },
      'Invalid value: "integer": m',
    ],
    [
      'keeps its message when it makes two lines',
      { message: 'm', messageExpression: "'a\\nb'" },
      'Invalid value: "integer": m',
    ],
    [
      'keeps its message when it fails to make one',
      { messageExpression: 'string(1 / 0)' },
      'Invalid value: "integer": failed rule: self > 5',
    ],
    [
      'keeps its message when it makes a long one',
      { message: 'm', messageExpression: `'${'x'.repeat(5_121)}'` },
      'Invalid value: "integer": m',
    ],
    ['may be forbidden', { reason: 'FieldValueForbidden', message: 'm' }, 'Forbidden: m'],
    ['may be required', { reason: 'FieldValueRequired', message: 'm' }, 'Required value: m'],
    [
      'may be a duplicate, which says nothing',
      { reason: 'FieldValueDuplicate', message: 'm' },
      'Duplicate value: "integer"',
    ],
    ['may be invalid', { reason: 'FieldValueInvalid', message: 'm' }, 'Invalid value: "integer": m'],
  ])('%s', (_name, rest, expected) => {
    expect(errorsOf(withRules(INTEGER, { rule: 'self > 5', ...rest }), 1)).toEqual([`f: ${expected}`]);
  });

  test('may name a field below it', () => {
    const schema = objectWith({
      a: objectWith({ 'x.y': STRING }),
      m: { type: 'object', additionalProperties: STRING },
    });
    const rule = { rule: 'false', message: 'm', reason: 'FieldValueRequired' };
    expect(errorsOf(withRules(schema, { ...rule, fieldPath: ".a['x.y']" }), {})).toEqual([
      'f.a.x.y: Required value: m',
    ]);
    expect(errorsOf(withRules(schema, { ...rule, fieldPath: '.m.k' }), {})).toEqual([
      'f.m[k]: Required value: m',
    ]);
  });

  test('is told at the item, the key or the field where it stands, each with the others', () => {
    const broken = withRules(INTEGER, { rule: 'self > 5', message: 'm' });
    const schema = objectWith({
      list: { type: 'array', items: broken },
      map: { type: 'object', additionalProperties: broken },
      field: withRules(objectWith({ in: broken }), { rule: 'false', message: 'outer' }),
    });
    expect(errorsOf(schema, { list: [1, 6, 2], map: { a: 1 }, field: { in: 1 } })).toEqual([
      'f.list[0]: Invalid value: "integer": m',
      'f.list[2]: Invalid value: "integer": m',
      'f.map[a]: Invalid value: "integer": m',
      'f.field: Invalid value: "object": outer',
      'f.field.in: Invalid value: "integer": m',
    ]);
  });
});

describe('a rule that cannot be answered', () => {
  test.each<[string, Schema, unknown, string, string]>([
    [
      'for want of a field',
      objectWith({ a: INTEGER }),
      {},
      'self.a > 1',
      'no such key: a evaluating rule: self.a > 1',
    ],
    [
      'for want of an item',
      { type: 'array', items: INTEGER },
      [],
      'self[0] > 1',
      'index out of bounds: 0 evaluating rule: self[0] > 1',
    ],
    ['because of a division', INTEGER, 0, '1 / self > 1', 'division by zero evaluating rule: 1 / self > 1'],
    [
      'because of a type',
      INT_OR_STRING,
      'a',
      'self + 1 > 1',
      "'no such overload': call arguments did not match a supported operator, function or macro signature for rule: self + 1 > 1",
    ],
  ])('is an error: %s', (_name, schema, value, rule, expected) => {
    expect(errorsOf(withRules(schema, rule), value)).toEqual([
      `f: Invalid value: "${schema.type ?? ''}": ${expected}`,
    ]);
    const named = expected.replace(rule, 'the message');
    expect(errorsOf(withRules(schema, { rule, message: 'the message' }), value)).toEqual([
      `f: Invalid value: "${schema.type ?? ''}": ${named}`,
    ]);
  });

  test('does not keep the others from being asked', () => {
    expect(errorsOf(withRules(INTEGER, '1 / self > 1', 'self > 5'), 0)).toHaveLength(2);
  });

  test('because its value does not follow the schema is an error as well', () => {
    expect(errorsOf(withRules(INTEGER, 'self > 1'), 'text')).toEqual([
      'f: Invalid value: "integer": invalid data, expected int, got string evaluating rule: self > 1',
    ]);
    expect(errorsOf(withRules({ type: 'array', items: INTEGER }, 'self[0] > 1'), ['text'])).toEqual([
      'f: Invalid value: "array": invalid data, expected int, got string evaluating rule: self[0] > 1',
    ]);
  });
});

describe('an update that changes nothing at a place', () => {
  const positive = withRules(INTEGER, { rule: 'self > 0', message: 'm' });

  test('is only warned of what is wrong there', () => {
    const schema = objectWith({ a: positive, b: positive });
    expect(judge(schema, { a: -1, b: -1 }, { a: -1, b: 1 })).toEqual({
      errors: ['f.b: Invalid value: "integer": m'],
      warnings: ['f.a: Invalid value: "integer": m'],
    });
  });

  test('is held to rules that look back', () => {
    const schema = withRules(INTEGER, { rule: 'self > oldSelf', message: 'must grow' });
    expect(judge(schema, 1, 1).errors).toEqual(['f: Invalid value: "integer": must grow']);
  });

  test('is held to a rule of the object around it, which did change', () => {
    const schema = withRules(objectWith({ a: INTEGER, b: INTEGER }), { rule: 'self.a > 0', message: 'm' });
    expect(judge(schema, { a: -1, b: 2 }, { a: -1, b: 1 }).errors).toHaveLength(1);
    expect(judge(schema, { a: -1, b: 2 }, { a: -1, b: 2 })).toEqual({
      errors: [],
      warnings: ['f: Invalid value: "object": m'],
    });
  });

  test('is forgiven the items of a list that as a whole is the same, but not of one that changed', () => {
    const list: Schema = { type: 'array', items: positive };
    expect(judge(list, [-1, -2], [-1, -2]).errors).toEqual([]);
    expect(judge(list, [-1, 2], [-1, -2]).errors).toEqual(['f[0]: Invalid value: "integer": m']);
  });
});

describe('the cost of rules is bounded:', () => {
  const numbers: Schema = { type: 'array', items: INTEGER };
  const value = Array.from({ length: 1_500 }, (_, index) => index);

  test('one that is too expensive ends all', () => {
    const rule = 'self.all(x, self.all(y, x + y >= 0))';
    expect(errorsOf(withRules(numbers, { rule, message: 'm' }, 'false'), value)).toEqual([
      `f: Invalid value: "array": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: m`,
    ]);
  });

  test('many that are expensive together end all', () => {
    const rules = Array.from(
      { length: 30 },
      (_, index) =>
        `self.all(x, self[0] + x + ${index} >= 0) && self.map(x, x).size() > 0 && [1,2,3,4,5,6,7,8,9,10].all(z, self.all(x, x >= 0))`,
    );
    const errors = errorsOf(
      withRules(numbers, ...rules, ...rules, ...rules, ...rules, ...rules, 'false'),
      value,
    );
    expect(errors).toEqual([
      'f: Invalid value: "array": validation failed due to running out of cost budget, no further validation rules will be run',
    ]);
  });

  test('a hundred errors are enough', () => {
    expect(errorsOf({ type: 'array', items: withRules(INTEGER, 'self < 0') }, value)).toHaveLength(100);
  });
});

test('a schema without rules needs no validator', () => {
  expect(RuleValidator.of(objectWith({ a: STRING }), { isResourceRoot: true })).toBeUndefined();
});

test('null has no rules of its own', () => {
  expect(errorsOf({ ...withRules(STRING, 'false'), nullable: true }, null)).toEqual([]);
});
