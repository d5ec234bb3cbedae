import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepCopy, deepEqual, type JsonObject, newObject } from './json-value.ts';
import { StatusError } from './status-error.ts';
import { apply, bare, errorOf, KIND, named } from './strategic-merge-patch.suite.ts';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

describe('applyStrategicMergePatch', () => {
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
