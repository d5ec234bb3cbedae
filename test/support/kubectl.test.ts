import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { findKubectl } from './kubectl.ts';

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'antipode-test-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

async function writeScript(name: string, script: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

function versionScript(minor: string): string {
  return `echo '{"clientVersion": {"major": "1", "minor": "${minor}"}}'`;
}

test('findKubectl takes $KUBECTL whatever its version, and helm from the PATH', async () => {
  const kubectl = await writeScript('mine', versionScript('30'));
  const helm = await writeScript('helm', '');
  vi.stubEnv('KUBECTL', kubectl);
  vi.stubEnv('PATH', `${directory}:/bin`);
  expect(await findKubectl()).toEqual({ kubectl, helm });
});

test.each([
  ['fails', 'exit 1'],
  ['prints no JSON', 'echo hello'],
  ['is not a kubectl', 'echo {}'],
])('findKubectl says so when $KUBECTL %s', async (_case, script) => {
  const kubectl = await writeScript('mine', script);
  vi.stubEnv('KUBECTL', kubectl);
  expect(await findKubectl()).toEqual({
    missing: `$KUBECTL (${kubectl}) does not answer 'version --client -o json'`,
  });
});

test('findKubectl takes a new enough kubectl from the PATH', async () => {
  const kubectl = await writeScript('kubectl', versionScript('35+'));
  vi.stubEnv('KUBECTL', '');
  vi.stubEnv('PATH', `${directory}:/nonexistent`);
  expect(await findKubectl()).toEqual({ kubectl, helm: undefined });
});
