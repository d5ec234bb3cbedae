import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { RotatingLog } from './rotating-log.ts';

async function path(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'antipode-log-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'eu', 'member.log');
}

it('a log keeps what fits and one file of what came before', async () => {
  const file = await path();
  const log = new RotatingLog(file, 100);
  for (let line = 0; line < 100; line++) log.write(Buffer.from(`line ${line}\n`));
  log.close();
  const [now, before] = [await readFile(file, 'utf8'), await readFile(`${file}.1`, 'utf8')];
  expect(now.endsWith('line 99\n')).toBe(true);
  expect(now.length).toBeLessThanOrEqual(100);
  expect(before.length).toBeLessThanOrEqual(100);
  const last = Number(/line (\d+)\n$/.exec(before)?.[1]);
  expect(now.startsWith(`line ${last + 1}\n`)).toBe(true);
});

it('a log goes on where another run ended, and is nobody else’s to read', async () => {
  const file = await path();
  for (const text of ['first\n', 'second\n']) {
    const log = new RotatingLog(file, 100);
    log.write(Buffer.from(text));
    log.close();
    log.write(Buffer.from('too late\n'));
  }
  expect(await readFile(file, 'utf8')).toBe('first\nsecond\n');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});
