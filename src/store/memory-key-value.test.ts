import { describe, expect, test } from 'vitest';
import { keyValueSuite } from './key-value.suite.ts';
import { MemoryKeyValue } from './memory-key-value.ts';

keyValueSuite(
  'MemoryKeyValue',
  async () => new MemoryKeyValue(),
  async (keyValue) => (keyValue as MemoryKeyValue).crash(),
);

const KEY = Buffer.from('key');
const put = (text: string) => [{ key: KEY, value: Buffer.from(text) }];

describe('MemoryKeyValue and its disk', () => {
  test('a crash forgets what no completed sync covered', async () => {
    const keyValue = new MemoryKeyValue();
    await keyValue.write(put('synced'), { sync: true });
    await keyValue.write(put('not synced'), { sync: false });
    expect(keyValue.get(KEY)?.toString()).toBe('not synced');
    expect(keyValue.crash().get(KEY)?.toString()).toBe('synced');
  });

  test('a sync covers the writes before it', async () => {
    const keyValue = new MemoryKeyValue();
    await keyValue.write(put('first'), { sync: false });
    await keyValue.write([{ key: Buffer.from('other'), value: KEY }], { sync: true });
    expect(keyValue.crash().get(KEY)?.toString()).toBe('first');
  });

  test('nothing of a batch is readable or durable while its sync runs', async () => {
    let resume = () => {};
    const keyValue = new MemoryKeyValue({
      beforeSync: () =>
        new Promise((resolve) => {
          resume = resolve;
        }),
    });
    const written = keyValue.write(put('late'), { sync: true });
    await new Promise((resolve) => setImmediate(resolve));
    expect(keyValue.get(KEY)).toBeUndefined();
    const survivor = keyValue.crash();
    resume();
    await expect(written).rejects.toThrow('closed');
    expect(survivor.get(KEY)).toBeUndefined();
  });

  test('a crashed instance is dead, its survivor lives', async () => {
    const keyValue = new MemoryKeyValue();
    const survivor = keyValue.crash();
    expect(() => keyValue.get(KEY)).toThrow('closed');
    await expect(keyValue.write(put('a'), { sync: true })).rejects.toThrow('closed');
    await survivor.write(put('a'), { sync: true });
    expect(survivor.get(KEY)?.toString()).toBe('a');
  });

  test('a failed sync leaves nothing of its batch', async () => {
    const keyValue = new MemoryKeyValue({
      beforeSync: async () => {
        throw new Error('no space left');
      },
    });
    await expect(keyValue.write(put('a'), { sync: true })).rejects.toThrow('no space left');
    expect(keyValue.get(KEY)).toBeUndefined();
  });

  test('it owns its bytes: changing a buffer afterwards changes nothing', async () => {
    const keyValue = new MemoryKeyValue();
    const value = Buffer.from('before');
    await keyValue.write([{ key: KEY, value }], { sync: false });
    value.fill(0);
    expect(keyValue.get(KEY)?.toString()).toBe('before');
  });
});
