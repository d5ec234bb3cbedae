import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findNatsServer } from '../../src/cli/planet/nats-program.ts';
import { run } from '../support/run.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8');

interface PackageDescription {
  readonly scripts: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly bin: Readonly<Record<string, string>>;
  readonly engines: { readonly node: string };
}

describe('the container', () => {
  it('copies what exists, and runs the scripts of package.json', async () => {
    const lines = (await read('deploy/container/Containerfile')).split('\n');
    const { scripts, files, bin, engines } = JSON.parse(await read('package.json')) as PackageDescription;
    const copied = lines
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from'))
      .flatMap((line) => line.split(/\s+/).slice(1, -1));
    expect(copied.length).toBeGreaterThan(5);
    expect(copied.filter((source) => !existsSync(join(ROOT, source)))).toEqual([]);
    // Whatever the build reads has to be there.
    const build = `${scripts['build']}`;
    for (const file of build.match(/\S+\.(json|mjs)/g) ?? []) expect(copied).toContain(file);
    const commands = lines.flatMap((line) => /^RUN npm run (\S+)/.exec(line)?.[1] ?? []);
    expect(commands).toEqual(['build']);
    for (const command of commands) expect(scripts).toHaveProperty(command);
    // What the package consists of, and what it needs besides, is in the last image.
    const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));
    const kept = last.filter((line) => line.startsWith('COPY ')).map((line) => line.split('/').at(-1));
    for (const folder of files.filter((file) => file !== 'README.md')) expect(kept).toContain(folder);
    expect(kept).toEqual(expect.arrayContaining(['node_modules', 'package.json', 'node']));
    expect(last.join('\n')).toContain(`/usr/lib/antipode/${bin['antipode']}`);
    const major = Number(/node:(\d+)-/.exec(lines.join('\n'))?.[1]);
    expect(major).toBeGreaterThanOrEqual(Number(/\d+/.exec(engines.node)?.[0]));
  });

  it('does not run as root, and has neither compiler nor package manager', async () => {
    const text = await read('deploy/container/Containerfile');
    const last = text.slice(text.lastIndexOf('\nFROM '));
    expect(last).toMatch(/^USER 10001:10001$/m);
    expect(last).not.toMatch(/apt-get|npm|gcc|python/);
  });
});

describe('the systemd units', () => {
  const units = ['antipode.service', 'antipode-nats-core.service', 'antipode-nats-data.service'];

  it.each(units)('%s names what the other files of deploy are for', async (unit) => {
    const text = await read(`deploy/systemd/${unit}`);
    const configuration = /nats-server -c \/etc\/antipode\/nats\/(\S+)/.exec(text)?.[1];
    if (configuration !== undefined) expect(existsSync(join(ROOT, 'deploy/nats', configuration))).toBe(true);
    const variables = [...text.matchAll(/\$\{?([A-Z_]+)\}?/g)].map((match) => match[1] ?? '');
    const given = await read('deploy/systemd/antipode.env');
    const bySystemd = ['STATE_DIRECTORY', 'MAINPID'];
    for (const name of variables.filter((each) => !bySystemd.includes(each)))
      expect(given).toMatch(new RegExp(`^${name}=`, 'm'));
  });

  it('gives the nats-servers all variables of their configurations', async () => {
    const environment = `${await read('deploy/nats/regions/eu/region.env')}\n${await read('deploy/nats/secrets.env.example')}`;
    for (const file of ['core.conf', 'data.conf']) {
      const text = (await read(`deploy/nats/${file}`)).replaceAll(/^\s*#.*$/gm, '');
      const names = [...text.matchAll(/\$([A-Z_]+)/g)].map((match) => match[1] ?? '');
      expect(names.length).toBeGreaterThan(3);
      for (const name of names) expect(environment).toMatch(new RegExp(`^${name}=`, 'm'));
    }
  });

  // Where there is no systemd nobody can tell; its files are for machines that have it.
  const hasSystemd = (process.env['PATH'] ?? '')
    .split(delimiter)
    .some((folder) => existsSync(join(folder, 'systemd-analyze')));
  it.each(hasSystemd ? units : [])('%s is taken by systemd, and closes what it can', async (unit) => {
    const folder = await mkdtemp(join(tmpdir(), 'antipode-units-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const nats = await findNatsServer({ environment: process.env });
    const text = (await read(`deploy/systemd/${unit}`))
      .replace('/usr/bin/node', process.execPath)
      .replace('/usr/sbin/nats-server', nats.path);
    const path = join(folder, unit);
    await writeFile(path, text);
    const verified = await run('systemd-analyze', ['verify', '--man=no', path]);
    expect([verified.code, `${verified.stdout}${verified.stderr}`]).toEqual([0, '']);
    const secured = await run('systemd-analyze', [
      'security',
      '--offline=true',
      '--no-pager',
      '--threshold=20',
      path,
    ]);
    expect(secured.code, secured.stdout).toBe(0);
  });
});
