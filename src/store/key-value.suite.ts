import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Entry, IterateOptions, KeyRange, KeyValueStore, WriteOperation } from './key-value.ts';

const EVERYTHING: KeyRange = { start: Buffer.from([0]), end: Buffer.from([255, 255, 255, 255]) };

/**
 * What every key-value store must do; run it on each implementation. `open` gives a new, empty store;
 * `reopen` gives the same data again after the store given to it has ended.
 */
export function keyValueSuite(
  name: string,
  open: () => Promise<KeyValueStore>,
  reopen: (keyValue: KeyValueStore) => Promise<KeyValueStore>,
): void {
  describe(`${name} as a key-value store`, () => {
    let keyValue: KeyValueStore;
    beforeEach(async () => {
      keyValue = await open();
    });
    afterEach(async () => {
      await keyValue.close();
    });

    const put = (...keys: string[]) =>
      keyValue.write(
        keys.map((key) => ({ key: Buffer.from(key), value: Buffer.from(`${key}!`) })),
        { sync: false },
      );
    const keysIn = async (range: KeyRange, options?: IterateOptions) =>
      (await all(keyValue, range, options)).map(([key]) => key.toString());

    test('a value is read back, an absent key is undefined, an empty value is a value', async () => {
      await keyValue.write([{ key: Buffer.from('a'), value: Buffer.alloc(0) }], { sync: true });
      expect(keyValue.get(Buffer.from('a'))).toEqual(Buffer.alloc(0));
      expect(keyValue.get(Buffer.from('b'))).toBeUndefined();
    });

    test('keys may be any Uint8Array, also a view into a larger buffer', async () => {
      const view = new Uint8Array([9, 1, 2, 9]).subarray(1, 3);
      await keyValue.write([{ key: view, value: view }], { sync: false });
      expect(keyValue.get(new Uint8Array([1, 2]))).toEqual(Buffer.from([1, 2]));
    });

    test('entries come in the order of their bytes, whatever order they were written in', async () => {
      const keys = [[255, 0], [1], [1, 0], [0, 255], [128], [127, 255], [195, 169]].map((k) =>
        Buffer.from(k),
      );
      await keyValue.write(
        keys.map((key) => ({ key, value: key })),
        { sync: false },
      );
      const found = (await all(keyValue, EVERYTHING)).map(([key]) => key.toString('hex'));
      expect(found).toEqual(['00ff', '01', '0100', '7fff', '80', 'c3a9', 'ff00']);
    });

    test('a range includes its start and excludes its end', async () => {
      await put('a', 'b', 'ba', 'c');
      expect(await keysIn(range('a', 'c'))).toEqual(['a', 'b', 'ba']);
      expect(await keysIn(range('a0', 'b0'))).toEqual(['b']);
      expect(await keysIn(range('d', 'e'))).toEqual([]);
      expect(await keysIn(range('c', 'a'))).toEqual([]);
    });

    test('an empty store has nothing to iterate', async () => {
      expect(await keysIn(EVERYTHING)).toEqual([]);
      expect(await keysIn(EVERYTHING, { reverse: true })).toEqual([]);
    });

    test('reverse begins at the last key of the range', async () => {
      await put('a', 'b', 'c', 'd');
      expect(await keysIn(range('a', 'd'), { reverse: true })).toEqual(['c', 'b', 'a']);
      expect(await keysIn(range('a', 'd'), { reverse: true, limit: 2 })).toEqual(['c', 'b']);
    });

    test('a limit bounds the entries of all batches together', async () => {
      const keys = Array.from({ length: 2500 }, (_, index) => String(index).padStart(5, '0'));
      await put(...keys);
      expect(await keysIn(EVERYTHING, { limit: 0 })).toEqual([]);
      expect(await keysIn(EVERYTHING, { limit: 1 })).toEqual(['00000']);
      expect(await keysIn(EVERYTHING, { limit: 1700 })).toEqual(keys.slice(0, 1700));
      expect(await keysIn(EVERYTHING)).toEqual(keys);
    });

    test('no batch is empty, and none has more than a thousand entries', async () => {
      await put(...Array.from({ length: 3000 }, (_, index) => String(index)));
      const sizes: number[] = [];
      for await (const batch of keyValue.iterate(EVERYTHING)) sizes.push(batch.length);
      expect(sizes.reduce((sum, size) => sum + size)).toBe(3000);
      expect(Math.min(...sizes)).toBeGreaterThan(0);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
    });

    test('keysOnly leaves the values empty', async () => {
      await put('a', 'b');
      expect(await all(keyValue, EVERYTHING, { keysOnly: true })).toEqual([
        [Buffer.from('a'), Buffer.alloc(0)],
        [Buffer.from('b'), Buffer.alloc(0)],
      ]);
    });

    test('the operations of a batch apply in order and together', async () => {
      await put('old');
      const operation = (key: string, value?: string): WriteOperation =>
        value === undefined
          ? { key: Buffer.from(key) }
          : { key: Buffer.from(key), value: Buffer.from(value) };
      const written = keyValue.write(
        [
          operation('a', '1'),
          operation('a', '2'),
          operation('b', '1'),
          operation('b'),
          operation('old'),
          operation('absent'),
        ],
        { sync: true },
      );
      await written;
      expect((await all(keyValue, EVERYTHING)).map(String)).toEqual(['a,2']);
    });

    test('an empty batch is written', async () => {
      await keyValue.write([], { sync: true });
      expect(await keysIn(EVERYTHING)).toEqual([]);
    });

    test('a snapshot shows the state of its moment to reads and iterations', async () => {
      await put('a', 'b');
      const snapshot = keyValue.snapshot();
      await put('c');
      await keyValue.write(
        [{ key: Buffer.from('a') }, { key: Buffer.from('b'), value: Buffer.from('new') }],
        {
          sync: false,
        },
      );
      expect(keyValue.get(Buffer.from('a'), { snapshot })?.toString()).toBe('a!');
      expect(keyValue.get(Buffer.from('b'), { snapshot })?.toString()).toBe('b!');
      expect(keyValue.get(Buffer.from('c'), { snapshot })).toBeUndefined();
      expect((await all(keyValue, EVERYTHING, { snapshot })).map(String)).toEqual(['a,a!', 'b,b!']);
      expect((await all(keyValue, EVERYTHING, { snapshot, reverse: true })).map(String)).toEqual([
        'b,b!',
        'a,a!',
      ]);
      snapshot.close();
      expect((await all(keyValue, EVERYTHING)).map(String)).toEqual(['b,new', 'c,c!']);
    });

    test('an iteration sees one state, whatever is written between its batches', async () => {
      const keys = Array.from({ length: 2200 }, (_, index) => String(index).padStart(5, '0'));
      await put(...keys);
      const seen: string[] = [];
      for await (const batch of keyValue.iterate(EVERYTHING)) {
        seen.push(...batch.map(([key]) => key.toString()));
        await keyValue.write(
          keys.slice(1500).map((key) => ({ key: Buffer.from(key) })),
          { sync: false },
        );
        await put(`9${seen.length}`);
      }
      expect(seen).toEqual(keys);
    });

    test('a snapshot can be closed while another one of the same state stays open', async () => {
      await put('a');
      const [first, second] = [keyValue.snapshot(), keyValue.snapshot()];
      await keyValue.write([{ key: Buffer.from('a') }], { sync: false });
      first.close();
      expect(keyValue.get(Buffer.from('a'), { snapshot: second })?.toString()).toBe('a!');
      second.close();
    });

    test('an iteration that stops early releases its iterator', async () => {
      await put(...Array.from({ length: 2500 }, (_, index) => String(index)));
      for (let round = 0; round < 20; round++) {
        for await (const batch of keyValue.iterate(EVERYTHING)) {
          expect(batch.length).toBeGreaterThan(0);
          break;
        }
      }
      // LevelDB waits for what is open when it closes: an iterator left behind would show here.
      await put('after');
      expect(keyValue.get(Buffer.from('after'))?.toString()).toBe('after!');
    });

    test('the size of a range grows with what is in it', async () => {
      const value = Buffer.alloc(1024, 7);
      await keyValue.write([{ key: Buffer.from('k'), value }], { sync: true });
      const sizeBytes = await keyValue.approximateSizeBytes(EVERYTHING);
      expect(Number.isInteger(sizeBytes) && sizeBytes >= 0).toBe(true);
      expect(await keyValue.approximateSizeBytes(range('x', 'y'))).toBe(0);
    });

    test('what was written is there after it is opened again', async () => {
      await put('a', 'b');
      await keyValue.write([{ key: Buffer.from('a') }], { sync: true });
      keyValue = await reopen(keyValue);
      expect(await keysIn(EVERYTHING)).toEqual(['b']);
    });

    test('a closed store refuses reads and writes', async () => {
      await keyValue.close();
      expect(() => keyValue.get(Buffer.from('a'))).toThrow();
      await expect(put('a')).rejects.toThrow();
      keyValue = await open();
    });

    test('it behaves like a sorted map', { timeout: 20_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(stepArbitrary, { maxLength: 25 }), async (steps) => {
          await clear(keyValue);
          await runAgainstModel(keyValue, steps);
        }),
        { numRuns: 60 },
      );
    });
  });
}

// Few and short keys, so that they meet.
const keyArbitrary = fc
  .array(fc.constantFrom(1, 2, 127, 255), { minLength: 1, maxLength: 3 })
  .map((bytes) => Buffer.from(bytes));
const operationArbitrary = fc.record({
  key: keyArbitrary,
  value: fc.option(fc.uint8Array({ maxLength: 4 }), { nil: undefined, freq: 3 }),
});
const stepArbitrary = fc.oneof(
  fc.record({ write: fc.array(operationArbitrary, { maxLength: 12 }), sync: fc.boolean() }),
  fc.record({
    start: keyArbitrary,
    end: keyArbitrary,
    reverse: fc.boolean(),
    limit: fc.option(fc.nat(6), { nil: undefined }),
  }),
  fc.record({ get: keyArbitrary }),
  fc.constant({ snapshot: true }),
);
type Step = typeof stepArbitrary extends fc.Arbitrary<infer Value> ? Value : never;

type Model = Map<string, string>;

async function runAgainstModel(keyValue: KeyValueStore, steps: readonly Step[]): Promise<void> {
  let model: Model = new Map();
  let snapshot = keyValue.snapshot();
  let snapshotModel = model;
  for (const step of steps) {
    if ('write' in step) {
      model = new Map(model);
      for (const { key, value } of step.write) {
        if (value === undefined) model.delete(key.toString('hex'));
        else model.set(key.toString('hex'), Buffer.from(value).toString('hex'));
      }
      await keyValue.write(
        step.write.map(({ key, value }) => (value === undefined ? { key } : { key, value })),
        { sync: step.sync },
      );
    } else if ('start' in step) {
      const limited = step.limit === undefined ? {} : { limit: step.limit };
      const options = { reverse: step.reverse, ...limited };
      const found = await all(keyValue, step, options);
      expect(found.map(hexEntry)).toEqual(modelRange(model, step));
      const old = await all(keyValue, step, { ...options, snapshot });
      expect(old.map(hexEntry)).toEqual(modelRange(snapshotModel, step));
    } else if ('get' in step) {
      const hex = step.get.toString('hex');
      expect(keyValue.get(step.get)?.toString('hex')).toBe(model.get(hex));
      expect(keyValue.get(step.get, { snapshot })?.toString('hex')).toBe(snapshotModel.get(hex));
    } else {
      snapshot.close();
      snapshot = keyValue.snapshot();
      snapshotModel = model;
    }
  }
  snapshot.close();
}

function modelRange(
  model: Model,
  step: { start: Buffer; end: Buffer; reverse: boolean; limit: number | undefined },
): string[] {
  const [start, end] = [step.start.toString('hex'), step.end.toString('hex')];
  // Hexadecimal text sorts like the bytes that it stands for.
  const inside = [...model].filter(([key]) => key >= start && key < end).sort();
  if (step.reverse) inside.reverse();
  return inside.slice(0, step.limit).map(([key, value]) => `${key}=${value}`);
}

function hexEntry([key, value]: Entry): string {
  return `${key.toString('hex')}=${value.toString('hex')}`;
}

async function clear(keyValue: KeyValueStore): Promise<void> {
  const entries = await all(keyValue, EVERYTHING, { keysOnly: true });
  await keyValue.write(
    entries.map(([key]) => ({ key })),
    { sync: false },
  );
}

async function all(keyValue: KeyValueStore, range: KeyRange, options?: IterateOptions): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const batch of keyValue.iterate(range, options)) entries.push(...batch);
  return entries;
}

function range(start: string, end: string): KeyRange {
  return { start: Buffer.from(start), end: Buffer.from(end) };
}
