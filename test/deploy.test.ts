import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const DEPLOY = fileURLToPath(new URL('../deploy', import.meta.url));
// A stand-in for the program that reports how it was called.
const MAIN =
  'export async function main(list) { console.log(JSON.stringify({ list, pid: process.pid })); process.exit(7); }';
const PLUGIN_MAIN =
  'export async function pluginMain(...list) { console.log(JSON.stringify(list)); process.exit(3); }';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'antipode-deploy-'));
  await cp(DEPLOY, join(folder, 'deploy'), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly pid: number | undefined;
  readonly out: string;
  readonly err: string;
}

function run(program: string, ...argumentList: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(program, argumentList, { cwd: '/' }, (error, out, err) => {
      const code = typeof error?.code === 'number' ? error.code : 0;
      resolve({ code, pid: child.pid, out, err });
    });
  });
}

async function build(): Promise<void> {
  await mkdir(join(folder, 'dist', 'cli'), { recursive: true });
  await writeFile(join(folder, 'dist', 'cli', 'main.js'), MAIN);
  await writeFile(join(folder, 'dist', 'cli', 'plugin-main.js'), PLUGIN_MAIN);
}

describe('npm start', () => {
  it('says which command builds the program when it is not built', async () => {
    const { code, out, err } = await run(process.execPath, join(folder, 'deploy', 'start.mjs'));
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^[^\n]*npm run build\n$/);
  });

  it('runs antipode start in its own process, so that signals reach the server', async () => {
    await build();
    const { code, pid, out } = await run(
      process.execPath,
      join(folder, 'deploy', 'start.mjs'),
      '--region',
      'eu',
    );
    expect(JSON.parse(out)).toEqual({ list: ['start', '--region', 'eu'], pid });
    expect(code).toBe(7);
  });
});

describe('npm run build', () => {
  it('makes a program that can be run from anywhere', async () => {
    await build();
    expect((await run(process.execPath, join(folder, 'deploy', 'link-bin.mjs'))).code).toBe(0);
    const program = join(folder, 'dist', 'bin', 'antipode');
    expect((await stat(program)).mode & 0o111).toBe(0o111);
    const { code, pid, out } = await run(program, 'version', '-o', 'json');
    expect(JSON.parse(out)).toEqual({ list: ['version', '-o', 'json'], pid });
    expect(code).toBe(7);
  });

  it.each([
    'kubectl-ws',
    'kubectl-create-workspace',
    'kubectl-bind-apiexport',
    'kubectl-kcp',
    'kubectl_complete-ws',
  ])('makes the plugin %s', async (name) => {
    await build();
    await run(process.execPath, join(folder, 'deploy', 'link-bin.mjs'));
    const { code, out } = await run(join(folder, 'dist', 'bin', name), '..', '--short');
    expect(JSON.parse(out)).toEqual([name, ['..', '--short']]);
    expect(code).toBe(3);
  });

  it('fails when the compiler has not run', async () => {
    const { code, err } = await run(process.execPath, join(folder, 'deploy', 'link-bin.mjs'));
    expect(code).toBe(1);
    expect(err).toContain('npm run build');
  });
});
