import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { crc32c } from './crc32c.ts';
import { checkLevelDirectory } from './level-check.ts';
import { openLevelKeyValue } from './level-key-value.ts';

const RECORDS = 40;

describe('CRC-32C', () => {
  it.each([
    ['123456789', 0xe3069283],
    ['', 0],
    ['a', 0xc1d04330],
    ['\0'.repeat(32), 0x8a9136aa],
  ])('of %j is what the standard says', (text, expected) => {
    expect(crc32c(Buffer.from(text))).toBe(expected);
  });
});

describe('the check before LevelDB is opened', () => {
  it('accepts a directory that is not there, empty, or whole', async () => {
    const directory = await scratch();
    await checkLevelDirectory(join(directory, 'nowhere'));
    await checkLevelDirectory(directory);
    const database = await written();
    await checkLevelDirectory(database);
    const again = await openLevelKeyValue(database);
    expect(again.get(key(RECORDS - 1))).toBeDefined();
    await again.close();
    await checkLevelDirectory(database);
  });

  it('accepts a torn end of the log at any byte, as a crash leaves it', async () => {
    const database = await written();
    const log = join(database, await newest(database, /\.log$/));
    const whole = await readFile(log);
    for (let size = whole.length - 1; size > whole.length - 5_000; size -= 97) {
      await truncate(log, size);
      await checkLevelDirectory(database);
    }
    await writeFile(log, Buffer.concat([whole, Buffer.alloc(100)]));
    await checkLevelDirectory(database);
    const again = await openLevelKeyValue(database);
    expect(again.get(key(RECORDS - 1))).toBeDefined();
    await again.close();
  });

  it('finds a flipped byte anywhere in the log before its last record', async () => {
    const database = await written();
    const log = join(database, await newest(database, /\.log$/));
    const whole = await readFile(log);
    for (let at = 0; at < whole.length - 5_000; at += 211) {
      await writeFile(log, flipped(whole, at));
      await expect(checkLevelDirectory(database), `byte ${at}`).rejects.toThrow(
        /its log \d+\.log is damaged/,
      );
    }
  });

  it('finds a flipped byte in the manifest', async () => {
    const database = await written();
    const manifest = join(database, await newest(database, /^MANIFEST-/));
    const whole = await readFile(manifest);
    await writeFile(manifest, flipped(whole, 20));
    await expect(checkLevelDirectory(database)).rejects.toThrow(/its file MANIFEST-\d+ is damaged at byte 0/);
  });

  it.each([
    ['CURRENT', /^CURRENT$/, /its file CURRENT is missing/],
    ['the log', /\.log$/, /its log \d+\.log is missing/],
    ['the manifest', /^MANIFEST-/, /its file MANIFEST-\d+ is missing/],
    ['a table', /\.ldb$/, /its file \d+\.ldb is missing/],
  ])('misses %s', async (_name, pattern, message) => {
    const database = await written();
    await rm(join(database, await newest(database, pattern)));
    await expect(checkLevelDirectory(database)).rejects.toThrow(message);
  });

  it('finds a flipped bit anywhere in a table', async () => {
    const database = await written();
    const table = join(database, await newest(database, /\.ldb$/));
    const whole = await readFile(table);
    const step = Math.floor(whole.length / 300);
    for (let at = 0; at < whole.length; at += step) {
      // Between the handles and the magic number a footer has padding, which nobody reads.
      if (at > whole.length - 45 && at < whole.length - 8) continue;
      await writeFile(table, flipped(whole, at));
      await expect(checkLevelDirectory(database), `byte ${at}`).rejects.toThrow(
        /its file \d+\.ldb is damaged/,
      );
    }
  });

  it('accepts tables with compressed and with uncompressed blocks, and many of them', async () => {
    const directory = join(await scratch(), 'data');
    const random = (size: number) => Buffer.from(Array.from({ length: size }, () => Math.random() * 256));
    for (let run = 0; run < 3; run++) {
      const store = await openLevelKeyValue(directory);
      for (let number = 0; number < 300; number++) {
        const value = number % 2 === 0 ? Buffer.alloc(2_000, number) : random(2_000);
        await store.write([{ key: key(number * 3 + run), value }], { sync: false });
      }
      await store.close();
    }
    const tables = (await readdir(directory)).filter((name) => name.endsWith('.ldb'));
    expect(tables.length).toBeGreaterThan(0);
    await checkLevelDirectory(directory);
  });

  it('finds a table that was cut off', async () => {
    const database = await written();
    await truncate(join(database, await newest(database, /\.ldb$/)), 100);
    await expect(checkLevelDirectory(database)).rejects.toThrow(/has 100 bytes instead of \d+/);
  });

  it('keeps LevelDB from emptying a directory whose CURRENT is missing', async () => {
    const database = await written();
    const copy = join(await scratch(), 'copy');
    await mkdir(copy);
    for (const name of await readdir(database)) await copyFile(join(database, name), join(copy, name));
    await rm(join(database, 'CURRENT'));
    const before = await readdir(database);
    await expect(openLevelKeyValue(database)).rejects.toThrow('CURRENT is missing');
    expect(await readdir(database)).toEqual(before);
    await copyFile(join(copy, 'CURRENT'), join(database, 'CURRENT'));
    const again = await openLevelKeyValue(database);
    expect(again.get(key(0))).toBeDefined();
    await again.close();
  });
});

/** A closed database with a table and a log of several blocks. */
async function written(): Promise<string> {
  const directory = join(await scratch(), 'data');
  // What the first opening has written becomes a table when it is opened again.
  for (const half of [0, 1]) {
    const store = await openLevelKeyValue(directory);
    for (let number = half; number < RECORDS; number += 2) {
      await store.write([{ key: key(number), value: Buffer.alloc(3_000, number + 1) }], { sync: false });
    }
    const last = { key: key(RECORDS - 1), value: Buffer.alloc(4_000, 1) };
    await store.write([last], { sync: true });
    await store.close();
  }
  return directory;
}

async function scratch(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'antipode-level-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function newest(directory: string, pattern: RegExp): Promise<string> {
  const name = (await readdir(directory))
    .filter((entry) => pattern.test(entry))
    .sort()
    .at(-1);
  if (name === undefined) throw new Error(`${directory} has no ${pattern}`);
  return name;
}

function key(number: number): Buffer {
  return Buffer.from(`key-${number}`);
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = copy[at]! ^ 0x40;
  return copy;
}
