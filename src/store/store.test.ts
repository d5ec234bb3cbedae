import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openLevelKeyValue } from './level-key-value.ts';
import { MemoryKeyValue } from './memory-key-value.ts';
import { storeSuite } from './store.suite.ts';

const directories: string[] = [];
afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

storeSuite('memory', async () => new MemoryKeyValue());
storeSuite('LevelDB', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'antipode-store-'));
  directories.push(directory);
  return openLevelKeyValue(directory);
});
