import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { compareVersions, findNatsServer, howToInstall } from './nats-program.ts';

/** A program that prints a line. */
async function programThatSays(line: string): Promise<{ readonly folder: string; readonly path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'antipode-nats-program-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'nats-server');
  await writeFile(path, `#!/bin/sh\necho "${line}"\n`);
  await chmod(path, 0o755);
  return { folder, path };
}

describe('the nats-server of a planet', () => {
  it('is the first on the PATH', async () => {
    const { folder, path } = await programThatSays('nats-server: v2.12.4');
    const found = await findNatsServer({ environment: { PATH: `/nowhere:${folder}` } });
    expect(found).toEqual({ path, version: '2.12.4', isOld: false });
  });

  it('is the one that is named, before all others', async () => {
    const { path } = await programThatSays('nats-server: v2.9.10');
    const other = await programThatSays('nats-server: v2.12.4');
    const found = await findNatsServer({ path, environment: { PATH: other.folder } });
    expect(found).toEqual({ path, version: '2.9.10', isOld: true });
  });

  it.each(['2.9.9', '2.8.4', '1.4.1'])('is refused at %s, with how to get a newer one', async (version) => {
    const { path } = await programThatSays(`nats-server: v${version}`);
    await expect(findNatsServer({ path, environment: {} })).rejects.toMatchObject({
      message: `${path} is nats-server ${version}, which is too old: 2.9.10 is the oldest that works`,
      hint: expect.stringContaining('2.12.3'),
    });
  });

  it('is refused where it is something else or does not run', async () => {
    const { path } = await programThatSays('hello 3.0.0');
    await expect(findNatsServer({ path, environment: {} })).rejects.toThrow(/is no nats-server/);
    await expect(findNatsServer({ path: '/nowhere/nats-server', environment: {} })).rejects.toThrow(
      /no nats-server: .*ENOENT/,
    );
  });

  it('is explained for the system that somebody has', () => {
    expect(howToInstall('linux')).toContain('apt-get install nats-server');
    expect(howToInstall('darwin')).toContain('brew install nats-server');
    expect(howToInstall('darwin')).not.toContain('apt-get');
    expect(howToInstall('freebsd')).toMatch(/^Install one:\n {2}go install /);
  });
});

describe('versions', () => {
  it('are compared as numbers', () => {
    const sorted = ['2.10.0', '2.9.9', '2.9.10', '2.12.3-RC.1', '2.9.10'].sort(compareVersions);
    expect(sorted).toEqual(['2.9.9', '2.9.10', '2.9.10', '2.10.0', '2.12.3-RC.1']);
  });
});
