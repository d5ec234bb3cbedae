import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepCopy, deepEqual, isObject, type JsonObject, type JsonValue, newObject } from './json-value.ts';
import { applyMergePatch } from './merge-patch.ts';

function bare(value: unknown): JsonValue {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value as JsonValue;
  const object = newObject();
  for (const [key, child] of Object.entries(value)) object[key] = bare(child);
  return object;
}

/** The patch that turns one object without nulls into another. */
function diff(from: JsonObject, to: JsonObject): JsonObject {
  const patch = newObject();
  for (const key of Object.keys(from)) if (!(key in to)) patch[key] = null;
  for (const key of Object.keys(to)) {
    const [before, after] = [from[key], to[key]!];
    if (isObject(before) && isObject(after)) patch[key] = diff(before, after);
    else if (!deepEqual(before, after)) patch[key] = after;
  }
  return patch;
}

describe('applyMergePatch', () => {
  it.each([
    // The examples of RFC 7386, appendix A.
    ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
    ['{"a":"b"}', '{"a":null}', '{}'],
    ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
    ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
    ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
    ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
    ['["a","b"]', '["c","d"]', '["c","d"]'],
    ['{"a":"b"}', '["c"]', '["c"]'],
    ['{"a":"foo"}', 'null', 'null'],
    ['{"a":"foo"}', '"bar"', '"bar"'],
    ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
    ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
    ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
    // Beyond the RFC, as Kubernetes does it.
    ['{}', '{"a":[null,{"b":null,"c":1}]}', '{"a":[null,{"c":1}]}'],
    ['{"a":[{"b":1}]}', '{"a":[{"b":null}]}', '{"a":[{}]}'],
    ['{"a":null}', '{"a":{"b":null}}', '{"a":{}}'],
  ])('%s patched with %s is %s', (document, patch, expected) => {
    const parse = (text: string) => bare(JSON.parse(text));
    expect(applyMergePatch(parse(document), parse(patch))).toEqual(parse(expected));
  });

  it('treats __proto__ as an ordinary key', () => {
    const patch = bare(JSON.parse('{"__proto__":{"polluted":1}}'));
    const result = applyMergePatch(bare(JSON.parse('{"__proto__":{"a":1}}')), patch) as JsonObject;
    expect(Object.keys(result)).toEqual(['__proto__']);
    expect(Object.values(result)).toEqual([bare({ a: 1, polluted: 1 })]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  const objects = (leaf: fc.Arbitrary<JsonValue>) =>
    fc.letrec<{ value: JsonValue; object: JsonObject }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        leaf,
        tie('object'),
        fc.array(tie('value') as fc.Arbitrary<JsonValue>, { maxLength: 2 }),
      ),
      object: fc
        .dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), tie('value'), { maxKeys: 4 })
        .map((entries) => bare(entries) as JsonObject),
    })).object;
  const withNulls = objects(fc.constantFrom<JsonValue>(null, 1, 'x', 9007199254740993n));
  const withoutNulls = objects(fc.constantFrom<JsonValue>(1, 'x', 9007199254740993n));

  it('is idempotent and changes neither argument', () => {
    fc.assert(
      fc.property(withNulls, withNulls, (document, patch) => {
        const before = [deepCopy(document), deepCopy(patch)];
        const once = applyMergePatch(document, patch);
        expect(deepEqual(applyMergePatch(once, patch), once)).toBe(true);
        expect(deepEqual([document, patch], before)).toBe(true);
      }),
    );
  });

  it('turns one object into another by their difference', () => {
    fc.assert(
      fc.property(withoutNulls, withoutNulls, (from, to) => {
        expect(deepEqual(applyMergePatch(from, diff(from, to)), to)).toBe(true);
      }),
    );
  });

  it('shares nothing with its arguments', () => {
    const document = bare({ kept: { a: 1 } }) as JsonObject;
    const patch = bare({ added: { b: [{}] } }) as JsonObject;
    const result = applyMergePatch(document, patch) as JsonObject;
    (result['kept'] as JsonObject)['a'] = 2;
    ((result['added'] as JsonObject)['b'] as JsonValue[]).push(1);
    expect(document).toEqual(bare({ kept: { a: 1 } }));
    expect(patch).toEqual(bare({ added: { b: [{}] } }));
  });
});
