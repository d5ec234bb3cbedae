import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

/** One place of the built program, and what stood there before. */
export interface Difference {
  /** Below dist. */
  readonly file: string;
  /** Must be there exactly once. */
  readonly now: string | RegExp;
  readonly before: string;
}

/** A program that differs from the built one in what it says: another version of it, to be started as one. Gone after the test. */
export async function formerProgram(differences: readonly Difference[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'antipode-former-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'dist'));
  for (const part of ['dist', 'proto', 'package.json'])
    await cp(join(REPOSITORY, part), join(folder, part), { recursive: true });
  await symlink(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
  for (const { file, now, before } of differences) {
    const path = join(folder, 'dist', file);
    const parts = (await readFile(path, 'utf8')).split(now);
    if (parts.length !== 2) throw new Error(`${file} has ${String(now)} ${parts.length - 1} times, not once`);
    await writeFile(path, parts.join(before));
  }
  return join(folder, 'dist/bin/antipode');
}
