import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { build, copySources } from './builds.ts';

/** One place of the sources, and what stood there before. */
export interface Difference {
  /** Below src. */
  readonly file: string;
  /** Must be there exactly once. */
  readonly now: string | RegExp;
  readonly before: string;
}

/** A program that differs from the built one in what it says: another version of it, to be started as one. Gone after the test. */
export async function formerProgram(differences: readonly Difference[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'antipode-former-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await copySources(folder);
  for (const { file, now, before } of differences) {
    const path = join(folder, 'src', file);
    const parts = (await readFile(path, 'utf8')).split(now);
    if (parts.length !== 2) throw new Error(`${file} has ${String(now)} ${parts.length - 1} times, not once`);
    await writeFile(path, parts.join(before));
  }
  await build(folder);
  return join(folder, 'dist/bin/antipode');
}
