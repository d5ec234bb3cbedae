import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyJsonPatch, JSON_PATCH_LIMITS } from './json-patch.ts';
import { deepCopy, deepEqual, type JsonObject, type JsonValue, newObject } from './json-value.ts';
import { StatusError, statusOf } from './status-error.ts';

/** Turns what a test writes as a JSON text into values without prototypes. */
function json(text: string): JsonValue {
  return bare(JSON.parse(text));
}

function bare(value: unknown): JsonValue {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value as JsonValue;
  const object = newObject();
  for (const [key, child] of Object.entries(value)) object[key] = bare(child);
  return object;
}

function apply(document: string, patch: string): JsonValue {
  return applyJsonPatch(json(document), json(patch));
}

function errorOf(document: string, patch: string): StatusError {
  try {
    apply(document, patch);
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('expected a StatusError');
}

const REJECTION = 'the server rejected our request due to an error in our request';

describe('applyJsonPatch', () => {
  it.each([
    ['adds a member', '{"a":1}', '[{"op":"add","path":"/b","value":2}]', '{"a":1,"b":2}'],
    ['overwrites with add', '{"a":1}', '[{"op":"add","path":"/a","value":2}]', '{"a":2}'],
    ['inserts into an array', '{"a":[1,3]}', '[{"op":"add","path":"/a/1","value":2}]', '{"a":[1,2,3]}'],
    ['inserts at the end by index', '{"a":[1]}', '[{"op":"add","path":"/a/1","value":2}]', '{"a":[1,2]}'],
    ['appends with a dash', '{"a":[1]}', '[{"op":"add","path":"/a/-","value":2}]', '{"a":[1,2]}'],
    ['removes a member', '{"a":1,"b":2}', '[{"op":"remove","path":"/a"}]', '{"b":2}'],
    ['removes an item', '{"a":[1,2,3]}', '[{"op":"remove","path":"/a/1"}]', '{"a":[1,3]}'],
    ['replaces a member', '{"a":{"b":1}}', '[{"op":"replace","path":"/a/b","value":[]}]', '{"a":{"b":[]}}'],
    ['replaces an item', '{"a":[1,2]}', '[{"op":"replace","path":"/a/0","value":3}]', '{"a":[3,2]}'],
    ['replaces the document', '{"a":1}', '[{"op":"replace","path":"","value":{"b":2}}]', '{"b":2}'],
    ['moves a member', '{"a":1,"b":{}}', '[{"op":"move","from":"/a","path":"/b/c"}]', '{"b":{"c":1}}'],
    ['moves an item', '{"a":[1,2,3]}', '[{"op":"move","from":"/a/0","path":"/a/2"}]', '{"a":[2,3,1]}'],
    [
      'copies a value',
      '{"a":{"x":1}}',
      '[{"op":"copy","from":"/a","path":"/b"}]',
      '{"a":{"x":1},"b":{"x":1}}',
    ],
    [
      'decodes ~1 and ~0',
      '{"a/b":1,"c~d":2}',
      '[{"op":"remove","path":"/a~1b"},{"op":"replace","path":"/c~0d","value":3}]',
      '{"c~d":3}',
    ],
    ['decodes ~01 as ~1', '{"~1":1}', '[{"op":"remove","path":"/~01"}]', '{}'],
    ['takes an empty key', '{"":{"":1}}', '[{"op":"replace","path":"//","value":2}]', '{"":{"":2}}'],
    ['applies nothing for no operations', '{"a":1}', '[]', '{"a":1}'],
    ['patches a list', '[1]', '[{"op":"add","path":"/-","value":2}]', '[1,2]'],
    ['ignores unknown members', '{}', '[{"op":"add","path":"/a","value":1,"why":"x"}]', '{"a":1}'],
  ])('%s', (_name, document, patch, expected) => {
    expect(apply(document, patch)).toEqual(json(expected));
  });

  it.each([
    ['the whole document', '{"a":1}', ''],
    ['a number by value', '{"a":1.0}', '/a', '1'],
    ['an object whatever its key order', '{"a":{"x":1,"y":[null]}}', '/a', '{"y":[null],"x":1}'],
    ['null for a missing member', '{}', '/a', 'null'],
    ['null for null', '{"a":null}', '/a', 'null'],
    ['an item', '{"a":["x"]}', '/a/0', '"x"'],
  ])('tests %s', (_name, document, path, value = document) => {
    expect(apply(document, `[{"op":"test","path":"${path}","value":${value}}]`)).toEqual(json(document));
  });

  it.each([
    ['a failing test', '{"a":1}', '[{"op":"test","path":"/a","value":2}]'],
    ['a test of null for a value', '{"a":1}', '[{"op":"test","path":"/a","value":null}]'],
    ['a test without a value', '{"a":1}', '[{"op":"test","path":"/a"}]'],
    ['a test of a missing item', '{"a":[]}', '[{"op":"test","path":"/a/0","value":null}]'],
    [
      'an add below a missing parent',
      '{"metadata":{}}',
      '[{"op":"add","path":"/metadata/labels/x","value":"y"}]',
    ],
    ['an add below null', '{"a":null}', '[{"op":"add","path":"/a/b","value":1}]'],
    ['an add below a scalar', '{"a":"text"}', '[{"op":"add","path":"/a/length","value":1}]'],
    ['an add to the whole document', '{}', '[{"op":"add","path":"","value":{}}]'],
    ['an add beyond the end', '{"a":[1]}', '[{"op":"add","path":"/a/2","value":1}]'],
    ['an index that is no number', '{"a":[1]}', '[{"op":"add","path":"/a/x","value":1}]'],
    ['a replacement at the dash', '{"a":[1]}', '[{"op":"replace","path":"/a/-","value":1}]'],
    ['a replacement beyond the end', '{"a":[1]}', '[{"op":"replace","path":"/a/1","value":1}]'],
    ['a removal of a missing member', '{}', '[{"op":"remove","path":"/a"}]'],
    ['a removal beyond the end', '{"a":[]}', '[{"op":"remove","path":"/a/0"}]'],
    ['a removal of an array property', '{"a":[]}', '[{"op":"remove","path":"/a/length"}]'],
    ['a move of a missing member', '{}', '[{"op":"move","from":"/a","path":"/b"}]'],
    ['a move into itself', '{"a":{}}', '[{"op":"move","from":"/a","path":"/a/b"}]'],
    ['a copy below a missing parent', '{}', '[{"op":"copy","from":"/a/b","path":"/c"}]'],
    ['a copy of the whole document', '{}', '[{"op":"copy","from":"","path":"/c"}]'],
    ['an unknown operation', '{}', '[{"op":"merge","path":"/a","value":1}]'],
    ['a missing operation', '{}', '[{"path":"/a","value":1}]'],
    ['a missing path', '{}', '[{"op":"add","value":1}]'],
    ['a scalar for the document', '{}', '[{"op":"replace","path":"","value":1}]'],
    ['an inherited member', '{}', '[{"op":"remove","path":"/constructor"}]'],
  ])('rejects %s as unprocessable', (_name, document, patch) => {
    const error = errorOf(document, patch);
    expect(error).toMatchObject({ code: 422, reason: 'Invalid', message: REJECTION });
    expect(Object.keys(statusOf(error)['details'] as JsonObject)).toEqual([]);
  });

  it.each([
    ['an object', '{"op":"add"}', 'object', 'value of type []handlers.jsonPatchOp'],
    ['null', 'null', 'null', 'value of type []handlers.jsonPatchOp'],
    ['a string as operation', '["add"]', 'string', 'value of type handlers.jsonPatchOp'],
    ['a number as path', '[{"op":"add","path":1}]', 'number', 'struct field jsonPatchOp.path of type string'],
    ['a list as op', '[{"op":[],"path":""}]', 'array', 'struct field jsonPatchOp.op of type string'],
  ])('rejects %s as malformed', (_name, patch, actual, expected) => {
    expect(errorOf('{}', patch)).toMatchObject({
      code: 400,
      reason: 'BadRequest',
      message: `error decoding patch: json: cannot unmarshal ${actual} into Go ${expected}`,
    });
  });

  it('rejects more than 10,000 operations', () => {
    const operation = bare({ op: 'test', path: '/a', value: 1 });
    const patch = (count: number) => Array.from({ length: count }, () => operation);
    const document = json('{"a":1}');
    expect(applyJsonPatch(document, patch(10_000))).toEqual(document);
    expect(() => applyJsonPatch(document, patch(10_001))).toThrow(
      expect.objectContaining({
        code: 413,
        message:
          'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
      }),
    );
  });

  it('stops copies that add more than their budget', () => {
    const document = bare({ a: 'x'.repeat(1024) });
    const copies = Array.from({ length: 30 }, () => bare({ op: 'copy', from: '/a', path: '/b' }));
    expect(() => applyJsonPatch(document, copies)).not.toThrow();
    const bomb = [
      bare({ op: 'add', path: '/list', value: ['x'.repeat(1024)] }),
      ...Array.from({ length: 40 }, () => bare({ op: 'copy', from: '/list', path: '/list/-' })),
    ];
    expect(() => applyJsonPatch(document, bomb)).toThrow(expect.objectContaining({ code: 422 }));
  });

  it('does not let moves nest a value deeper than the parser would', () => {
    const nest = (count: number): JsonValue[] =>
      Array.from({ length: count }, () => [
        { op: 'add', path: '/b', value: {} },
        { op: 'move', from: '/a', path: '/b/a' },
        { op: 'move', from: '/b', path: '/a' },
      ])
        .flat()
        .map(bare);
    const document = json('{"a":{}}');
    expect(() => applyJsonPatch(document, nest(98))).not.toThrow();
    expect(() => applyJsonPatch(document, nest(99))).toThrow(expect.objectContaining({ code: 422 }));
    expect(() => applyJsonPatch(document, nest(3000))).toThrow(expect.objectContaining({ code: 422 }));
    expect(JSON_PATCH_LIMITS.depthMax).toBe(100);
  });

  describe('where Kubernetes deviates from RFC 6902', () => {
    it.each([
      ['replace adds a missing member', '{}', '[{"op":"replace","path":"/a","value":1}]', '{"a":1}'],
      ['copy takes a missing member for null', '{}', '[{"op":"copy","from":"/a","path":"/b"}]', '{"b":null}'],
      ['add takes a missing value for null', '{}', '[{"op":"add","path":"/a"}]', '{"a":null}'],
      [
        '-1 replaces the last item',
        '{"a":[1,2]}',
        '[{"op":"replace","path":"/a/-1","value":3}]',
        '{"a":[1,3]}',
      ],
      ['-1 removes the last item', '{"a":[1,2]}', '[{"op":"remove","path":"/a/-1"}]', '{"a":[1]}'],
      ['-1 adds at the end', '{"a":[1,2]}', '[{"op":"add","path":"/a/-1","value":3}]', '{"a":[1,2,3]}'],
      ['what stands before the first slash is ignored', '{"a":1}', '[{"op":"remove","path":"x/a"}]', '{}'],
    ])('%s', (_name, document, patch, expected) => {
      expect(apply(document, patch)).toEqual(json(expected));
    });

    it('rejects a negative index before the first item', () => {
      expect(errorOf('{"a":[1]}', '[{"op":"remove","path":"/a/-2"}]').code).toBe(422);
    });
  });

  it('treats __proto__ as an ordinary key', () => {
    const result = apply('{}', '[{"op":"add","path":"/__proto__","value":{"polluted":true}}]') as JsonObject;
    expect(Object.keys(result)).toEqual(['__proto__']);
    expect((result as { polluted?: unknown }).polluted).toBeUndefined();
    expect(errorOf('{}', '[{"op":"add","path":"/__proto__/polluted","value":1}]').code).toBe(422);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('shares nothing with the patch', () => {
    const patch = json('[{"op":"add","path":"/a","value":{"b":1}},{"op":"add","path":"/a/c","value":2}]');
    const before = deepCopy(patch);
    applyJsonPatch(newObject(), patch);
    expect(deepEqual(patch, before)).toBe(true);
  });

  const document = fc.letrec<{ value: JsonValue; object: JsonValue }>((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, fc.constantFrom<JsonValue>(null, 1, 'x', true), tie('object')),
    object: fc.oneof(
      fc.dictionary(fc.constantFrom('a', 'b', '0', '__proto__'), tie('value'), { maxKeys: 3 }).map(bare),
      fc.array(tie('value'), { maxLength: 3 }),
    ),
  })).object;
  const pointer = fc
    .array(fc.constantFrom('a', 'b', '0', '-', '-1', '__proto__'), { maxLength: 3 })
    .map((tokens) => tokens.map((token) => `/${token}`).join(''));
  const operation = fc
    .record({
      op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test'),
      path: pointer,
      from: pointer,
      value: document,
    })
    .map(bare);

  it('changes neither argument and throws only StatusErrors', () => {
    fc.assert(
      fc.property(document, fc.array(operation, { maxLength: 5 }), (original, patch) => {
        const originalBefore = deepCopy(original);
        const patchBefore = deepCopy<JsonValue>(patch);
        try {
          applyJsonPatch(original, patch);
        } catch (error) {
          expect(error).toBeInstanceOf(StatusError);
        }
        expect(deepEqual(original, originalBefore)).toBe(true);
        expect(deepEqual(patch, patchBefore)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('tests equal what it has just added', () => {
    fc.assert(
      fc.property(document, document, (original, value) => {
        if (Array.isArray(original)) return;
        const patch = [bare({ op: 'add', path: '/new', value }), bare({ op: 'test', path: '/new', value })];
        expect(deepEqual((applyJsonPatch(original, patch) as JsonObject)['new'], value)).toBe(true);
      }),
    );
  });
});
