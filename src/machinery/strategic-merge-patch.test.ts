import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from './json-value.ts';
import { apply, bare, errorOf, KIND, named } from './strategic-merge-patch.suite.ts';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

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
});
