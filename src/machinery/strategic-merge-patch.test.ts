import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepCopy, deepEqual, type JsonObject, type JsonValue, newObject } from './json-value.ts';
import type { Schema } from './schema/schema.ts';
import { StatusError } from './status-error.ts';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

function bare(value: unknown): JsonValue {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value as JsonValue;
  const object = newObject();
  for (const [key, child] of Object.entries(value)) object[key] = bare(child);
  return object;
}

function mergeList(items: Schema, mergeKey?: string): Schema {
  return {
    type: 'array',
    items,
    'x-kubernetes-patch-strategy': 'merge',
    ...(mergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': mergeKey }),
  };
}

const TEXT: Schema = { type: 'string' };
const TEXT_MAP: Schema = { type: 'object', additionalProperties: TEXT };

const OBJECT_META: Schema = {
  type: 'object',
  properties: {
    name: TEXT,
    labels: TEXT_MAP,
    finalizers: mergeList(TEXT),
    ownerReferences: mergeList({ type: 'object', properties: { uid: TEXT, name: TEXT } }, 'uid'),
    managedFields: { type: 'array', items: { type: 'object' } },
  },
};

/** A kind with one field of every sort; `nested` makes it cyclic, as JSONSchemaProps is. */
const KIND: Schema & { properties: Record<string, Schema> } = {
  type: 'object',
  properties: {
    metadata: OBJECT_META,
    webhooks: mergeList(
      {
        type: 'object',
        properties: {
          name: TEXT,
          rules: { type: 'array', items: { type: 'object' } },
          matchConditions: mergeList({ type: 'object', properties: { name: TEXT } }, 'name'),
        },
      },
      'name',
    ),
    numbers: mergeList({ type: 'integer' }),
    atomicNumbers: { type: 'array', items: { type: 'integer' } },
    atomicItems: { type: 'array', items: { type: 'object' } },
    keylessItems: mergeList({ type: 'object' }),
    data: TEXT_MAP,
    replaced: { ...TEXT_MAP, 'x-kubernetes-patch-strategy': 'replace' },
    union: { type: 'object', 'x-kubernetes-patch-strategy': 'retainKeys', properties: { type: TEXT } },
    unions: {
      ...mergeList({ type: 'object', properties: { name: TEXT } }, 'name'),
      'x-kubernetes-patch-strategy': 'merge,retainKeys',
    },
  },
};
KIND.properties['nested'] = KIND;

function apply(document: unknown, patch: unknown): JsonObject {
  return applyStrategicMergePatch(bare(document) as JsonObject, bare(patch) as JsonObject, KIND);
}

function errorOf(document: unknown, patch: unknown): StatusError {
  try {
    apply(document, patch);
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('expected a StatusError');
}

/** Webhooks by name only: what most tests of ordering need. */
const named = (...names: string[]) => names.map((name) => ({ name }));

describe('applyStrategicMergePatch', () => {
  describe('on maps', () => {
    it.each([
      ['sets a field', { a: 1 }, { b: 2 }, { a: 1, b: 2 }],
      ['deletes a field with null', { a: 1, b: 2 }, { a: null, c: null }, { b: 2 }],
      [
        'merges per key',
        { data: { a: '1', b: '2' } },
        { data: { b: null, c: '3' } },
        { data: { a: '1', c: '3' } },
      ],
      [
        'merges maps that the schema does not know',
        { x: { y: { a: 1 } } },
        { x: { y: { b: 2 } } },
        { x: { y: { a: 1, b: 2 } } },
      ],
      ['keeps a map that merges with an empty one', { data: { a: '1' } }, { data: {} }, { data: { a: '1' } }],
      ['drops nulls from new content', {}, { data: { a: null, b: 'x' } }, { data: { b: 'x' } }],
      ['replaces a value of another type', { data: 1 }, { data: { a: null, b: 'x' } }, { data: { b: 'x' } }],
      [
        'replaces a map by strategy',
        { replaced: { a: '1' } },
        { replaced: { b: '2' } },
        { replaced: { b: '2' } },
      ],
      [
        'replaces a map by directive',
        { data: { a: '1' } },
        { data: { $patch: 'replace', b: '2' } },
        { data: { b: '2' } },
      ],
      ['empties a map by directive', { data: { a: '1' } }, { data: { $patch: 'delete' } }, { data: {} }],
      [
        'merges by directive',
        { data: { a: '1' } },
        { data: { $patch: 'merge', b: '2' } },
        { data: { a: '1', b: '2' } },
      ],
      ['replaces the whole object', { a: 1, b: 2 }, { $patch: 'replace', c: 3 }, { c: 3 }],
      ['empties the whole object', { a: 1 }, { $patch: 'replace' }, {}],
      ['deletes the whole object', { a: 1 }, { $patch: 'delete', b: 1 }, {}],
      [
        'adds nothing that bears a directive',
        {},
        { data: { $patch: 'delete' }, x: { y: { $patch: 'replace', a: 1 } } },
        { x: {} },
      ],
    ])('%s', (_name, document, patch, expected) => {
      expect(apply(document, patch)).toEqual(bare(expected));
    });

    it('rejects an unknown directive', () => {
      expect(errorOf({ data: { a: '1' } }, { data: { $patch: 'upsert', b: [1, null] } })).toMatchObject({
        code: 500,
        reason: '',
        message: 'unknown patch type: upsert in map: map[$patch:upsert b:[1 <nil>]]',
      });
    });

    it('follows a cyclic schema along the data', () => {
      const result = apply(
        { nested: { nested: { numbers: [1] } } },
        { nested: { nested: { numbers: [2] } } },
      );
      expect(result).toEqual(bare({ nested: { nested: { numbers: [2, 1] } } }));
    });

    it('treats __proto__ as an ordinary key', () => {
      const parse = (text: string) => bare(JSON.parse(text)) as JsonObject;
      const result = applyStrategicMergePatch(
        parse('{"data":{"__proto__":"a"}}'),
        parse('{"data":{"constructor":"b"},"__proto__":{"polluted":1}}'),
        KIND,
      );
      expect(Object.keys(result)).toEqual(['data', '__proto__']);
      expect(Object.keys(result['data'] as JsonObject)).toEqual(['__proto__', 'constructor']);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });
  });

  describe('on lists without a strategy', () => {
    it.each([
      ['replaces values', { atomicNumbers: [1, 2] }, { atomicNumbers: [2, 3] }, { atomicNumbers: [2, 3] }],
      [
        'replaces items',
        { atomicItems: [{ name: 'a', x: 1 }] },
        { atomicItems: [{ name: 'a' }] },
        { atomicItems: [{ name: 'a' }] },
      ],
      ['replaces lists that the schema does not know', { x: [1] }, { x: [[2]] }, { x: [[2]] }],
      [
        'replaces managedFields',
        { metadata: { managedFields: [{ a: 1 }] } },
        { metadata: { managedFields: [{}] } },
        { metadata: { managedFields: [{}] } },
      ],
    ])('%s', (_name, document, patch, expected) => {
      expect(apply(document, patch)).toEqual(bare(expected));
    });
  });

  describe('on sets', () => {
    it.each([
      ['joins without duplicates', [1, 2], { numbers: [2, 3] }, [1, 2, 3]],
      ['takes the order of the patch', [1, 2, 3], { numbers: [3, 1, 2] }, [3, 1, 2]],
      ['keeps others in their place', [1, 2, 3], { numbers: [3, 1] }, [2, 3, 1]],
      ['merges with an empty patch', [1], { numbers: [] }, [1]],
      ['adds to an empty list', [], { numbers: [1, 1] }, [1]],
      ['removes values', [1, 2, 3, 2], { '$deleteFromPrimitiveList/numbers': [2, 4] }, [1, 3]],
      [
        'removes one and adds another',
        [1, 2],
        { '$deleteFromPrimitiveList/numbers': [1], numbers: [3] },
        [3, 2],
      ],
      [
        'orders and removes',
        [1, 2, 3, 4],
        { '$setElementOrder/numbers': [1, 2], '$deleteFromPrimitiveList/numbers': [3] },
        [1, 2, 4],
      ],
      [
        'orders, removes and adds',
        [1, 2, 3],
        { '$setElementOrder/numbers': [1, 2, 4], '$deleteFromPrimitiveList/numbers': [3], numbers: [4] },
        [1, 2, 4],
      ],
      ['orders what is there', [1, 3], { '$setElementOrder/numbers': [3, 2, 1] }, [3, 1]],
      ['changes nothing for an empty list and an order', [], { '$setElementOrder/numbers': [1] }, []],
    ])('%s', (_name, numbers, patch, expected) => {
      expect(apply({ numbers }, patch)).toEqual(bare({ numbers: expected }));
    });

    it('joins finalizers', () => {
      const result = apply(
        { metadata: { finalizers: ['a', 'b'] } },
        { metadata: { finalizers: ['c', 'a'] } },
      );
      expect(result).toEqual(bare({ metadata: { finalizers: ['c', 'a', 'b'] } }));
    });

    it('removes from a list without a strategy, too, and never makes a list', () => {
      const directives = { '$deleteFromPrimitiveList/atomicNumbers': [2] };
      expect(apply({ atomicNumbers: [1, 2] }, directives)).toEqual(bare({ atomicNumbers: [1] }));
      expect(apply({ a: 1 }, directives)).toEqual(bare({ a: 1 }));
    });

    it('tells a number from a string', () => {
      expect(errorOf({ numbers: [1] }, { numbers: ['1'] })).toMatchObject({
        code: 500,
        message: 'list element types are not identical: [[1] [1]]',
      });
    });
  });

  describe('on lists with a merge key', () => {
    it('merges, adds and deletes owner references by uid', () => {
      const owners = (...ownerReferences: unknown[]) => ({ metadata: { ownerReferences } });
      const live = owners({ uid: '1', name: 'a' }, { uid: '2', name: 'b' });
      expect(apply(live, owners({ uid: '2', controller: true }))).toEqual(
        bare(owners({ uid: '1', name: 'a' }, { uid: '2', name: 'b', controller: true })),
      );
      expect(apply(live, owners({ uid: '3', name: 'c' }))).toEqual(
        bare(owners({ uid: '3', name: 'c' }, { uid: '1', name: 'a' }, { uid: '2', name: 'b' })),
      );
      // The patch by which garbage collection and `kubectl delete --cascade=orphan` release a dependent.
      expect(apply(live, owners({ $patch: 'delete', uid: '1' }))).toEqual(
        bare(owners({ uid: '2', name: 'b' })),
      );
      expect(apply({ metadata: {} }, owners({ $patch: 'delete', uid: '1' }))).toEqual(bare(owners()));
    });

    it('merges webhooks by name, down to their match conditions', () => {
      const live = {
        webhooks: [
          { name: 'a', rules: [{ x: 1 }], matchConditions: [{ name: 'm', expression: 'true' }] },
          { name: 'b', timeoutSeconds: 5 },
        ],
      };
      const patch = {
        webhooks: [
          {
            name: 'a',
            rules: [{ y: 1 }],
            matchConditions: [
              { name: 'n', expression: 'false' },
              { name: 'm', $patch: 'delete' },
            ],
          },
          { name: 'b', timeoutSeconds: null },
          { name: 'c', timeoutSeconds: null, sideEffects: 'None' },
        ],
      };
      expect(apply(live, patch)).toEqual(
        bare({
          webhooks: [
            { name: 'a', rules: [{ y: 1 }], matchConditions: [{ name: 'n', expression: 'false' }] },
            { name: 'b' },
            { name: 'c', sideEffects: 'None' },
          ],
        }),
      );
    });

    it.each([
      [
        'replaces by directive',
        named('a', 'b'),
        [{ $patch: 'replace' }, { name: 'c', x: 1 }],
        [{ name: 'c', x: 1 }],
      ],
      ['empties by directive', named('a', 'b'), [{ $patch: 'replace' }], []],
      [
        'deletes every item of a name',
        named('a', 'a', 'b', 'c', 'c'),
        [
          { name: 'a', $patch: 'delete' },
          { name: 'c', $patch: 'delete' },
        ],
        named('b'),
      ],
      ['ignores a deletion of what is not there', [], [{ name: 'a', $patch: 'delete' }], []],
      ['takes the order of the patch', named('a', 'b', 'c'), named('c', 'a', 'b'), named('c', 'a', 'b')],
      ['keeps others in their place', named('a', 'b', 'c'), named('c', 'a'), named('b', 'c', 'a')],
      [
        'merges two patches of one item',
        named('a'),
        [
          { name: 'a', x: 1 },
          { name: 'a', y: 2 },
        ],
        [{ name: 'a', x: 1, y: 2 }],
      ],
      [
        'merges two new items of one name',
        [],
        [
          { name: 'a', x: 1 },
          { name: 'a', y: 2 },
        ],
        [{ name: 'a', x: 1, y: 2 }],
      ],
    ])('%s', (_name, live, patch, expected) => {
      expect(apply({ webhooks: live }, { webhooks: patch })).toEqual(bare({ webhooks: expected }));
    });

    it('adds a list that is not there without its directives', () => {
      const webhooks = [{ $patch: 'replace' }, { name: 'a' }, { name: 'b', $patch: 'delete' }];
      expect(apply({}, { webhooks })).toEqual(bare({ webhooks: named('a') }));
    });

    it.each([
      [
        'a patch without the merge key',
        named('a'),
        [{ value: 1 }],
        'map: map[value:1] does not contain declared merge key: name',
      ],
      [
        'a deletion without the merge key',
        named('a'),
        [{ $patch: 'delete' }],
        'map: map[$patch:delete] does not contain declared merge key: name',
      ],
      [
        'a replacement without the merge key',
        named('a'),
        [{ $patch: 'replace' }, {}],
        'map: map[] does not contain declared merge key: name',
      ],
      [
        'an unknown directive',
        named('a'),
        [{ name: 'a', $patch: 'x' }],
        'unknown patch type: x in map: map[$patch:x name:a]',
      ],
      [
        'a merge directive',
        named('a'),
        [{ name: 'a', $patch: 'merge' }],
        'merging lists cannot yet be specified in the patch',
      ],
      [
        'values among the items',
        named('a'),
        ['a'],
        'list element types are not identical: [[map[name:a]] [a]]',
      ],
    ])('rejects %s', (_name, live, patch, message) => {
      expect(errorOf({ webhooks: live }, { webhooks: patch })).toMatchObject({
        code: 500,
        reason: '',
        message,
      });
    });

    it('rejects items in a list that has no merge key', () => {
      expect(errorOf({ keylessItems: [{}] }, { keylessItems: [{}] })).toMatchObject({
        code: 500,
        message: 'cannot merge lists without merge key for map',
      });
    });

    it('rejects lists of lists as unprocessable', () => {
      expect(errorOf({ webhooks: [[]] }, { webhooks: [[]] })).toMatchObject({ code: 422, reason: 'Invalid' });
    });

    it('keeps error texts short', () => {
      const long = Array.from({ length: 1000 }, (_, index) => ({ value: `value ${index}` }));
      expect(errorOf({ webhooks: named('a') }, { webhooks: [{ long }] }).message.length).toBeLessThan(3000);
    });

    it('merges long lists in linear time', () => {
      const names = Array.from({ length: 50_000 }, (_, index) => `hook-${index}`);
      const started = performance.now();
      const result = apply(
        { webhooks: named(...names) },
        {
          '$setElementOrder/webhooks': named(...names.toReversed()),
          webhooks: names.toReversed().map((name) => ({ name, x: 1 })),
        },
      );
      expect((result['webhooks'] as JsonValue[])[0]).toEqual(bare({ name: 'hook-49999', x: 1 }));
      // A quadratic merge takes minutes; this takes a fraction of a second.
      expect(performance.now() - started).toBeLessThan(5000);
    });
  });

  describe('$setElementOrder', () => {
    it.each([
      [
        'orders items of patch and object',
        [
          { name: '1', other: 'a' },
          { name: '2', value: 2 },
        ],
        {
          order: named('4', '1', '2', '3'),
          list: [
            { name: '4', value: 4 },
            { name: '3', value: 3 },
          ],
        },
        [
          { name: '4', value: 4 },
          { name: '1', other: 'a' },
          { name: '2', value: 2 },
          { name: '3', value: 3 },
        ],
      ],
      [
        'orders without changing items',
        named('a', 'b', 'c'),
        { order: named('c', 'a') },
        named('b', 'c', 'a'),
      ],
      ['ignores names that no item has', named('a', 'c'), { order: named('c', 'b', 'a') }, named('c', 'a')],
      [
        'keeps items that only the object has before those they preceded',
        named('x', 'a', 'y', 'b', 'z'),
        { order: named('a', 'new', 'b'), list: named('new') },
        named('x', 'a', 'new', 'y', 'b', 'z'),
      ],
      [
        'allows for deletions',
        named('a', 'b', 'c'),
        { order: named('c', 'a'), list: [{ name: 'b', $patch: 'delete' }] },
        named('c', 'a'),
      ],
    ])('%s', (_name, live, { order, list }: { order: unknown; list?: unknown }, expected) => {
      const patch = {
        '$setElementOrder/webhooks': order,
        ...(list === undefined ? {} : { webhooks: list }),
      };
      expect(apply({ webhooks: live }, patch)).toEqual(bare({ webhooks: expected }));
    });

    it('orders a new list and drops its deletions', () => {
      const patch = {
        '$setElementOrder/webhooks': named('a', 'b'),
        webhooks: [{ name: 'a' }, { name: 'b', $patch: 'delete' }],
      };
      expect(apply({}, patch)).toEqual(bare({ webhooks: named('a') }));
    });

    it('does nothing without a list', () => {
      expect(apply({ a: 1 }, { '$setElementOrder/webhooks': named('a') })).toEqual(bare({ a: 1 }));
    });

    it('leaves an atomic list of items as the patch has it', () => {
      const patch = { '$setElementOrder/atomicItems': named('b', 'a'), atomicItems: named('a', 'b') };
      expect(apply({ atomicItems: named('c') }, patch)).toEqual(bare({ atomicItems: named('a', 'b') }));
    });

    it('must list every item of the patch, in its order', () => {
      const patch = {
        '$setElementOrder/webhooks': named('1', '2', '3'),
        webhooks: named('3', '1'),
      };
      expect(errorOf({ webhooks: named('1') }, patch)).toMatchObject({
        code: 400,
        message:
          "The order in patch list:\n[map[name:3] map[name:1]]\n doesn't match $setElementOrder list:\n[map[name:1] map[name:2] map[name:3]]\n",
      });
      const numbers = { '$setElementOrder/numbers': [1, 2], numbers: [3] };
      expect(errorOf({ numbers: [1] }, numbers).code).toBe(400);
    });
  });

  describe('$retainKeys', () => {
    it.each([
      [
        'clears what it does not list',
        { union: { type: 'a', a: 1, x: 1 } },
        { union: { $retainKeys: ['type', 'b'], type: 'b', b: 2 } },
        { union: { type: 'b', b: 2 } },
      ],
      [
        'may list more than the patch sets',
        { union: { type: 'a', a: 1, x: 1 } },
        { union: { $retainKeys: ['type', 'a'] } },
        { union: { type: 'a', a: 1 } },
      ],
      [
        'need not list deletions',
        { union: { type: 'a', a: 1 } },
        { union: { $retainKeys: ['type'], a: null } },
        { union: { type: 'a' } },
      ],
      [
        'works on items',
        { unions: [{ name: 'x', a: 1 }] },
        { unions: [{ name: 'x', $retainKeys: ['name', 'b'], b: 2 }] },
        { unions: [{ name: 'x', b: 2 }] },
      ],
      ['is not needed', { union: { type: 'a' } }, { union: { b: 1 } }, { union: { type: 'a', b: 1 } }],
    ])('%s', (_name, document, patch, expected) => {
      expect(apply(document, patch)).toEqual(bare(expected));
    });

    it('must list every key that the patch sets', () => {
      expect(errorOf({ union: { type: 'a' } }, { union: { $retainKeys: ['type'], b: 1 } })).toMatchObject({
        code: 422,
        reason: 'Invalid',
        message: 'the server rejected our request due to an error in our request',
      });
    });
  });

  it.each([
    ['$retainKeys that is no list', { union: {} }, { union: { $retainKeys: 'type' } }, 'retainKeys'],
    [
      '$setElementOrder that is no list',
      { numbers: [1] },
      { '$setElementOrder/numbers': 1 },
      'setElementOrder list',
    ],
    ['$setElementOrder without a field', { numbers: [1] }, { $setElementOrder: [1] }, 'setElementOrder list'],
    [
      '$deleteFromPrimitiveList that is no list',
      { numbers: [1] },
      { '$deleteFromPrimitiveList/numbers': null },
      'primitive list',
    ],
    [
      '$deleteFromPrimitiveList of objects',
      { numbers: [1] },
      { '$deleteFromPrimitiveList/numbers': [{}] },
      'primitive list',
    ],
    [
      '$deleteFromPrimitiveList without a field',
      { numbers: [1] },
      { '$deleteFromPrimitiveList-numbers': [1] },
      'primitive list',
    ],
  ])('rejects %s as malformed', (_name, document, patch, format) => {
    expect(errorOf(document, patch)).toMatchObject({
      code: 400,
      reason: 'BadRequest',
      message: `invalid patch format of ${format}`,
    });
  });

  const object = fc
    .record(
      {
        metadata: fc.record(
          {
            labels: fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), fc.constantFrom('x', null)),
            finalizers: fc.uniqueArray(fc.constantFrom('f', 'g', 'h'), { maxLength: 4 }),
            ownerReferences: fc.uniqueArray(
              fc.record({ uid: fc.constantFrom('1', '2', '3'), x: fc.nat(2) }),
              {
                maxLength: 4,
                selector: ({ uid }) => uid,
              },
            ),
          },
          { requiredKeys: [] },
        ),
        webhooks: fc.uniqueArray(
          fc.record(
            {
              name: fc.constantFrom('a', 'b', 'c'),
              $patch: fc.constantFrom('delete', 'replace'),
              matchConditions: fc.uniqueArray(fc.record({ name: fc.constantFrom('m', 'n') }), {
                selector: ({ name }) => name,
              }),
            },
            { requiredKeys: ['name'] },
          ),
          { maxLength: 4, selector: ({ name }) => name },
        ),
        atomicItems: fc.array(fc.record({ x: fc.nat(2) }), { maxLength: 2 }),
        '$setElementOrder/webhooks': fc.constant(named('a', 'b', 'c')),
        '$deleteFromPrimitiveList/numbers': fc.array(fc.nat(2), { maxLength: 2 }),
        numbers: fc.uniqueArray(fc.nat(3), { maxLength: 4 }),
      },
      { requiredKeys: [] },
    )
    .map((value) => bare(value) as JsonObject);
  /** The objects of the above that bear no directives. */
  const document = object.map((value) => {
    const content = deepCopy(value);
    for (const key of Object.keys(content)) if (key.startsWith('$')) delete content[key];
    for (const webhook of (content['webhooks'] ?? []) as JsonObject[]) delete webhook['$patch'];
    return content;
  });

  it('is the identity for the empty patch', () => {
    fc.assert(
      fc.property(document, (original) => {
        expect(deepEqual(applyStrategicMergePatch(original, newObject(), KIND), original)).toBe(true);
      }),
    );
  });

  it('changes neither argument, throws only StatusErrors and leaves no directive behind', () => {
    fc.assert(
      fc.property(document, object, (original, patch) => {
        const before = [deepCopy(original), deepCopy(patch)];
        let result: JsonObject | undefined;
        try {
          result = applyStrategicMergePatch(original, patch, KIND);
        } catch (error) {
          expect(error).toBeInstanceOf(StatusError);
        }
        expect(deepEqual([original, patch], before)).toBe(true);
        expect(JSON.stringify(result ?? null)).not.toContain('$');
      }),
      { numRuns: 500 },
    );
  });

  it('is idempotent', () => {
    fc.assert(
      fc.property(document, object, (original, patch) => {
        let once: JsonObject;
        try {
          once = applyStrategicMergePatch(original, patch, KIND);
        } catch {
          return;
        }
        expect(deepEqual(applyStrategicMergePatch(once, patch, KIND), once)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
