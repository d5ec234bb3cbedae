import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileJsonPath, JSON_PATH_VALUES_MAX, JsonPathError, validateSimplePath } from './json-path.ts';
import { type JsonObject, type JsonValue, newObject, objectOf } from './json-value.ts';

function json(text: string): JsonValue {
  return JSON.parse(text, (_key, value: JsonValue) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? objectOf(value as JsonObject)
      : value,
  );
}

const object = json(`{
  "metadata": {"name": "a", "labels": {"example.com/app": "web", "x": "y"}},
  "spec": {
    "replicas": 3,
    "ratio": 1.5,
    "paused": false,
    "nothing": null,
    "list": ["zero", "one", "two", "three"],
    "empty": [],
    "ports": [
      {"name": "http", "port": 80},
      {"name": "https", "port": 443},
      {"port": 9000}
    ]
  },
  "status": {
    "conditions": [
      {"type": "Ready", "status": "True"},
      {"type": "Synced", "status": "False", "reason": "It's (not) \\"ok\\""}
    ]
  }
}`);

function select(path: string, value: JsonValue = object): JsonValue[] {
  return compileJsonPath(path).evaluate(value);
}

describe('compileJsonPath', () => {
  test.each<[string, JsonValue[]]>([
    ['.metadata.name', ['a']],
    ['{.metadata.name}', ['a']],
    ['$.metadata.name', ['a']],
    ['@.metadata.name', ['a']],
    ['.spec.replicas', [3]],
    ['.spec.paused', [false]],
    ['.spec.nothing', [null]],
    ['.metadata.labels.example\\.com/app', ['web']],
    [".metadata.labels['example\\.com/app']", ['web']],
    [".metadata['labels']['x']", ['y']],
    ['.metadata["name"]', ['a']],
    ["['metadata.name']", ['a']],
    ['.spec.list[0]', ['zero']],
    ['.spec.list[]', ['zero']],
    ['.spec.list[-1]', ['three']],
    ['.spec.list[-2]', ['two']],
    ['.spec.list[*]', ['zero', 'one', 'two', 'three']],
    ['.spec.list[:]', ['zero', 'one', 'two', 'three']],
    ['.spec.list[1:3]', ['one', 'two']],
    ['.spec.list[1:]', ['one', 'two', 'three']],
    ['.spec.list[:-1]', ['zero', 'one', 'two']],
    ['.spec.list[::2]', ['zero', 'two']],
    ['.spec.list[0:4:3]', ['zero', 'three']],
    ['.spec.list[2:2]', []],
    ['.spec.list[0,2]', ['zero', 'two']],
    ['.spec.list[0, -1]', ['zero', 'three']],
    ['.spec.empty[*]', []],
    ["['metadata','spec'].replicas", [3]],
    ['.metadata.labels.*', ['web', 'y']],
    ['.spec.ports[*].name', ['http', 'https']],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    [".status.conditions[?(@.type=='Ready')].status", ['True']],
    ['.status.conditions[?(@.type != "Ready")].type', ['Synced']],
    ['.status.conditions[?(@.reason)].type', ['Synced']],
    ['.status.conditions[?(@.reason=="It\'s (not) \\"ok\\"")].type', ['Synced']],
    ['.status.conditions[?(@.type==@.type)].type', ['Ready', 'Synced']],
    ['.spec.ports[?(@.port>443)].port', [9000]],
    ['.spec.ports[?(@.port>=443)].port', [443, 9000]],
    ['.spec.ports[?(@.port<443)].port', [80]],
    ['.spec.ports[?(@.port<=443)].port', [80, 443]],
    ['.spec.ports[?(@.port==443)].name', ['https']],
    ['.spec.ports[?(@.name<"https")].port', [80]],
    ['.spec.list[?(@=="one")]', ['one']],
    ['..port', [80, 443, 9000]],
    ['.spec..name', ['http', 'https']],
    ['..ports[0].name', ['http']],
  ])('%s selects %j', (path, expected) => {
    expect(select(path)).toEqual(expected);
  });

  test.each([
    '.missing',
    '.missing.deeper',
    '.missing[0]',
    '.metadata.name.deeper',
    '.spec.nothing[0]',
    '.spec.nothing.deeper',
    '.',
  ])('%s selects nothing because the key is missing', (path) => {
    expect(select(path)).toEqual([]);
  });

  test.each([
    '.spec.list[4]',
    '.spec.list[-5]',
    '.spec.list[2:9]',
    '.spec.list[3:1]',
    '.spec.list[0:4:0]',
    '.metadata[0]',
    '.metadata[?(@.x=="y")]',
    '.spec.ports[?(@.port=="80")]',
    '.spec.ports[?(@.port>1.5)]',
    '.spec.ports[?(@.port=!80)]',
    '.spec.ports[?(@==1)]',
    '.spec.list[?(true<false)]',
    'range',
  ])('%s selects nothing because upstream ends it with an error', (path) => {
    expect(select(path)).toEqual([]);
  });

  test.each([
    ['.a[', 'unterminated array'],
    ['.a[x]', 'invalid array index x'],
    ['.a[1.5]', 'invalid array index 1.5'],
    ['.a[99999999999999999999]', 'array index 99999999999999999999 is not a number'],
    ['.a[?(@.x)', 'unclosed array expect ]'],
    ['.a[?(@.x', 'unterminated filter'],
    ['.a[?(@.x=="y)]', 'unterminated filter'],
    ["'a", 'unterminated quoted string'],
    ['"\\q"', 'invalid escape \\q in quoted string'],
    ['....a', 'invalid multiple recursive descent'],
    ['.a}', 'unrecognized character in path: }'],
    ['.a\n', 'unrecognized character in path: \n'],
    ['.a[?(@.x==1.2.3)]', 'cannot parse number 1.2.3'],
    [`.${'a'.repeat(5_000)}`, 'path is longer than 4096 characters'],
  ])('refuses %j', (path, message) => {
    expect(() => compileJsonPath(path)).toThrow(new JsonPathError(message));
  });

  test('compares integers beyond 2^53 exactly', () => {
    const list: JsonValue = [
      objectOf({ id: 9_007_199_254_740_993n }),
      objectOf({ id: 9_007_199_254_740_992n }),
    ];
    expect(select('[?(@.id==9007199254740993)].id', list)).toEqual([9_007_199_254_740_993n]);
    expect(select('[?(@.id>9007199254740992)].id', list)).toEqual([9_007_199_254_740_993n]);
    expect(select('[?(@.id>1)].id', list)).toHaveLength(2);
  });

  test('treats the names of inherited properties as ordinary keys', () => {
    expect(select('.constructor', newObject())).toEqual([]);
    expect(select('.__proto__', newObject())).toEqual([]);
    const value = newObject();
    const key = '__proto__';
    value[key] = 'own';
    expect(select('.__proto__', value)).toEqual(['own']);
  });

  test('gives up on an evaluation that visits too many values', () => {
    const list: JsonValue = Array.from({ length: JSON_PATH_VALUES_MAX }, (_, index) => index);
    expect(select('[*]', list)).toHaveLength(JSON_PATH_VALUES_MAX);
    expect(select('[*]', [...(list as JsonValue[]), 0])).toEqual([]);
    const squares: JsonValue = Array.from({ length: 1_000 }, () => list);
    expect(select('[*][*]', squares)).toEqual([]);
    expect(select('..x..x..x', squares)).toEqual([]);
  });

  test('walks a value of any depth without recursion', () => {
    let deep: JsonValue = objectOf({ leaf: 'found' });
    for (let depth = 0; depth < 3_000; depth += 1) deep = objectOf({ child: deep });
    expect(select('..leaf', deep)).toEqual(['found']);
  });

  test('answers every text with values or a JsonPathError', () => {
    const fragment = fc.constantFrom(
      ...[
        '.',
        '..',
        'a',
        'spec',
        'list',
        '[',
        ']',
        '[?(',
        ')',
        ')]',
        '@',
        '==',
        '<',
        "'",
        '"',
        '\\',
        '{',
        '}',
      ],
      ...['*', ',', ':', '-1', '0', '1.5', ' ', '\n', 'true', '$', 'é', '𝔘'],
    );
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 16 }), (fragments) => {
        try {
          expect(Array.isArray(select(fragments.join('')))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(JsonPathError);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('finds any key of any map when its special characters are escaped', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), fc.integer(), (key, value) => {
        fc.pre(key !== '*');
        const map = newObject();
        map[key] = value;
        expect(select(`.${key.replace(/[^a-z]/gu, '\\$&')}`, map)).toEqual([value]);
      }),
    );
  });
});

describe('validateSimplePath', () => {
  test('accepts what starts with a dot and names the fault otherwise', () => {
    expect(validateSimplePath('.spec.replicas')).toBeUndefined();
    expect(validateSimplePath('.')).toBeUndefined();
    expect(validateSimplePath('')).toBe('must not be empty');
    expect(validateSimplePath('spec.replicas')).toBe('must be a simple json path starting with .');
  });
});
