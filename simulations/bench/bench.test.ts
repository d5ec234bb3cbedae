import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findKubectl } from '../../test/support/kubectl.ts';
import { run } from '../../test/support/run.ts';

interface Report {
  readonly rows: readonly {
    readonly measurement: string;
    readonly name: string;
    readonly value: number | null;
  }[];
  readonly failures: readonly unknown[];
}

// What the validation of a large schema takes its schema from.
const hasFixtures = existsSync(
  resolve(
    process.env['ANTIPODE_FIXTURES'] ?? '../shared/fixtures',
    'cert-manager/cert-manager.io_issuers.yaml',
  ),
);

const program = fileURLToPath(new URL('run.mjs', import.meta.url));
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'antipode-test-'));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

function bench(argumentList: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return run(process.execPath, [program, ...argumentList], { env, timeoutMs: 280_000 });
}

describe('npm run bench', () => {
  it('prints a table and writes a number for everything that it measures', { timeout: 300_000 }, async () => {
    const tools = await findKubectl();
    if (!('kubectl' in tools)) throw new Error(tools.missing);
    const json = join(directory, 'bench.json');
    const argumentList = ['--quick', '--json', json, '--directory', join(directory, 'data')];
    const { code, stdout, stderr } = await bench(argumentList, { KUBECTL: tools.kubectl });
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });

    const { rows, failures } = JSON.parse(await readFile(json, 'utf8')) as Report;
    expect(failures).toEqual([]);
    expect([...new Set(rows.map((row) => row.measurement))]).toEqual([
      'start',
      'get',
      'create',
      ...(hasFixtures ? ['validation'] : []),
      'authorization',
      'list',
      'fan-out',
      'workspaces',
    ]);
    // RSS and processor time are not known outside of Linux; a list may need no memory at all beyond what is there.
    const measured = rows.filter(
      (row) => process.platform === 'linux' || !/RSS|memory|processor/.test(row.name),
    );
    expect(measured.filter((row) => typeof row.value !== 'number')).toEqual([]);
    const rates = measured.filter((row) => !/memory|sustained/.test(row.name));
    expect(rates.filter((row) => !(Number(row.value) > 0))).toEqual([]);
    for (const { name } of rows) expect(stdout).toContain(name);
  });

  it('says which command builds a missing server', async () => {
    const { code, stderr } = await bench(['--program', join(directory, 'missing')]);
    expect(code).toBe(1);
    expect(stderr).toContain('run `npm run build` first');
  });

  it.each([
    [
      ['--only', 'put'],
      '--only takes some of start, get, create, validation, authorization, list, fan-out, workspaces, not "put"',
    ],
    [['--seconds', '0'], '--seconds takes a number greater than zero, not "0"'],
    [['--sekonds', '1'], "Unknown option '--sekonds'"],
  ])('refuses the flags %j', async (argumentList, message) => {
    const { code, stderr } = await bench(argumentList);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
