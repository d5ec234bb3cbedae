import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { keyValueSuite } from './key-value.suite.ts';
import { openLevelKeyValue } from './level-key-value.ts';

const directories: string[] = [];
let latest = '';
async function newDirectory(): Promise<string> {
  latest = await mkdtemp(join(tmpdir(), 'antipode-level-'));
  directories.push(latest);
  return latest;
}
afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

keyValueSuite(
  'LevelDB',
  async () => openLevelKeyValue(await newDirectory()),
  async (keyValue) => {
    await keyValue.close();
    return openLevelKeyValue(latest);
  },
);

describe('LevelDB and its directory', () => {
  test('a directory that is open is locked', async () => {
    const directory = await newDirectory();
    const keyValue = await openLevelKeyValue(directory);
    await expect(openLevelKeyValue(directory)).rejects.toMatchObject({ cause: { code: 'LEVEL_LOCKED' } });
    await keyValue.close();
  });

  test('iterators that nobody finished do not keep it from closing', async () => {
    const keyValue = await openLevelKeyValue(await newDirectory());
    await keyValue.write([{ key: Buffer.from('a'), value: Buffer.from('1') }], { sync: false });
    const iterator = keyValue.iterate({ start: Buffer.from('a'), end: Buffer.from('b') });
    await iterator.next();
    const snapshot = keyValue.snapshot();
    await keyValue.close();
    expect(() => keyValue.get(Buffer.from('a'), { snapshot })).toThrow();
  });
});
