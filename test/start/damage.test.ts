import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Client, configMap } from '../http/client.ts';
import { startServer } from '../support/server.ts';
import { onlyLine, start } from './command.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const COUNT = 60;
let original = '';
let newest = 0;

// A directory with a table and a log: what the first run has written becomes a table in the second.
beforeAll(async () => {
  original = await mkdtemp(join(tmpdir(), 'antipode-damage-'));
  for (const run of [0, 1]) {
    const server = await startServer({ rootDirectory: original });
    const client = new Client(server);
    for (let index = 0; index < COUNT / 2; index++) {
      const data = { text: `${index}`.repeat(1_500) };
      const created = await client.create(CONFIG_MAPS, configMap(`c-${run}-${index}`, { data }));
      newest = Number(created.metadata.resourceVersion);
    }
    client.close();
    expect((await server.stop()).code).toBe(0);
  }
});

afterAll(() => rm(original, { recursive: true, force: true }));

describe('a damaged database', () => {
  it.each<[string, RegExp, (file: string, content: Buffer) => Promise<void>]>([
    ['a flipped byte in the log', /\.log$/, (file, content) => writeFile(file, flipped(content, 0.4))],
    [
      'a flipped byte at the start of the log',
      /\.log$/,
      (file, content) => writeFile(file, flipped(content, 0)),
    ],
    ['a lost log', /\.log$/, (file) => rm(file)],
    [
      'a flipped byte in the manifest',
      /^MANIFEST-/,
      (file, content) => writeFile(file, flipped(content, 0.2)),
    ],
    ['an empty manifest', /^MANIFEST-/, (file) => truncate(file, 0)],
    ['a lost manifest', /^MANIFEST-/, (file) => rm(file)],
    ['a lost CURRENT', /^CURRENT$/, (file) => rm(file)],
    ['a CURRENT of nonsense', /^CURRENT$/, (file) => writeFile(file, 'nonsense\n')],
    ['a lost table', /\.ldb$/, (file) => rm(file)],
    ['a flipped byte in a table', /\.ldb$/, (file, content) => writeFile(file, flipped(content, 0.5))],
    ['a table without its end', /\.ldb$/, (file, content) => writeFile(file, cleared(content))],
    ['a table that is cut off', /\.ldb$/, (file, content) => truncate(file, content.length >> 1)],
  ])(
    'with %s is refused in one line, left as it is, and starts again when that is mended',
    async (_name, pattern, damage) => {
      const { directory, data } = await copy();
      const file = join(data, await fileOf(data, pattern));
      const content = await readFile(file);
      await damage(file, content);
      const before = await fingerprints(data);
      const result = await start(['--root-directory', directory, '--secure-port', '0']);
      expect(result.code).toBe(1);
      const line = onlyLine(result);
      expect(line).toContain(`the database ${data} is damaged (`);
      expect(line).toContain('none of it was removed; restore the directory from a copy');
      expect(await fingerprints(data)).toEqual(before);
      await writeFile(file, content);
      expect(await countObjects(directory)).toBe(COUNT);
    },
  );

  it('of a newer layout is refused', async () => {
    const { directory, data } = await copy();
    const { openLevelKeyValue } = await import('../../src/store/mod.ts');
    const { FORMAT_KEY } = await import('../../src/store/tables.ts');
    const store = await openLevelKeyValue(data);
    await store.write([{ key: FORMAT_KEY, value: Buffer.from('999') }], { sync: true });
    await store.close();
    const result = await start(['--root-directory', directory, '--secure-port', '0']);
    expect(result.code).toBe(1);
    expect(onlyLine(result)).toContain(`the database ${data} was written by another version of antipode`);
    expect(onlyLine(result)).toContain('its format is 999');
  });
});

describe('a log that is cut off at its end', () => {
  it('as a crash does it, starts with all that was written before, in whole commits', async () => {
    const { directory, data } = await copy();
    const log = join(data, await fileOf(data, /\.log$/));
    const { length } = await readFile(log);
    // In the middle of the last commit: on a disk without power this one was not acknowledged.
    await truncate(log, length - 100);
    expect(await countObjects(directory)).toBe(COUNT - 1);
  });

  it('never gives a resourceVersion twice', async () => {
    const { directory, data } = await copy();
    const log = join(data, await fileOf(data, /\.log$/));
    await truncate(log, (await readFile(log)).length >> 1);
    const server = await startServer({ rootDirectory: directory });
    const client = new Client(server);
    const created = await client.create(CONFIG_MAPS, configMap('after'));
    expect(Number(created.metadata.resourceVersion)).toBeGreaterThan(newest);
    client.close();
    await server.stop();
  });
});

async function copy(): Promise<{ readonly directory: string; readonly data: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'antipode-damaged-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await cp(original, directory, { recursive: true });
  return { directory, data: join(directory, 'data') };
}

async function fileOf(data: string, pattern: RegExp): Promise<string> {
  const names = (await readdir(data)).filter((name) => pattern.test(name)).sort();
  const name = names.at(-1);
  if (name === undefined) throw new Error(`${data} has no ${pattern}`);
  return name;
}

/** Of everything that holds data: not LevelDB's diary, nor its lock. */
async function fingerprints(data: string): Promise<Record<string, string>> {
  const result: Record<string, string> = {};
  for (const name of (await readdir(data)).sort()) {
    if (/^(LOG|LOG\.old|LOCK)$/.test(name)) continue;
    result[name] = createHash('sha256')
      .update(await readFile(join(data, name)))
      .digest('hex');
  }
  return result;
}

async function countObjects(directory: string): Promise<number> {
  const server = await startServer({ rootDirectory: directory });
  const client = new Client(server);
  const { items } = await client.list(CONFIG_MAPS);
  client.close();
  expect((await server.stop()).code).toBe(0);
  return items.filter(({ metadata }) => metadata.name.startsWith('c-')).length;
}

function flipped(content: Buffer, share: number): Buffer {
  const copied = Buffer.from(content);
  const at = Math.floor(content.length * share);
  copied[at] = copied[at]! ^ 0x20;
  return copied;
}

/** Zeros in the place of a table's footer and index, with its size as before. */
function cleared(content: Buffer): Buffer {
  const copied = Buffer.from(content);
  copied.fill(0, content.length - 200);
  return copied;
}
