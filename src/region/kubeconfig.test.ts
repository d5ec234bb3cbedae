import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import {
  type AdminTokens,
  dialableHost,
  ensureAdminTokens,
  serverUrl,
  writeAdminKubeconfig,
} from './kubeconfig.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'antipode-kubeconfig-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const CA = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

function path(): string {
  return join(directory, 'admin.kubeconfig');
}

async function start(): Promise<AdminTokens> {
  const token = await ensureAdminTokens(directory);
  await writeAdminKubeconfig({ path: path(), host: '127.0.0.1', port: 6443, ca: CA, token });
  return token;
}

describe('writeAdminKubeconfig', () => {
  it('writes the contexts and users that kcp writes', async () => {
    const token = await start();
    const config: unknown = parse(await readFile(path(), 'utf8'));
    const ca = Buffer.from(CA).toString('base64');
    const cluster = (name: string, server: string) => ({
      name,
      cluster: { server, 'certificate-authority-data': ca },
    });
    const context = (name: string, user: string) => ({ name, context: { cluster: name, user } });
    expect(config).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      preferences: {},
      'current-context': 'root',
      clusters: [
        cluster('base', 'https://127.0.0.1:6443'),
        cluster('root', 'https://127.0.0.1:6443/clusters/root'),
        cluster('system:admin', 'https://127.0.0.1:6443/clusters/system:admin'),
      ],
      contexts: [
        context('base', 'kcp-admin'),
        context('root', 'kcp-admin'),
        context('system:admin', 'shard-admin'),
      ],
      users: [
        { name: 'kcp-admin', user: { token: token.kcpAdmin } },
        { name: 'shard-admin', user: { token: token.shardAdmin } },
      ],
    });
  });

  it('is readable by its owner only and leaves no temporary file', async () => {
    await start();
    expect((await stat(path())).mode & 0o777).toBe(0o600);
    expect((await readdir(directory)).sort()).toEqual(['.admin-token-store', 'admin.kubeconfig']);
  });

  it('does not touch a file that already says the same', async () => {
    await start();
    const before = await stat(path());
    await start();
    expect((await stat(path())).ino).toBe(before.ino);
  });
});

describe('ensureAdminTokens', () => {
  it('makes two different tokens of 32 random bytes', async () => {
    const tokens = await ensureAdminTokens(directory);
    expect(Buffer.from(tokens.kcpAdmin, 'base64url')).toHaveLength(32);
    expect(Buffer.from(tokens.shardAdmin, 'base64url')).toHaveLength(32);
    expect(tokens.kcpAdmin).not.toBe(tokens.shardAdmin);
  });

  it('keeps the tokens over restarts', async () => {
    const first = await start();
    expect(await start()).toEqual(first);
  });

  it('stores hashes, never tokens, for its owner only', async () => {
    const tokens = await start();
    const store = join(directory, '.admin-token-store');
    const text = await readFile(store, 'utf8');
    expect(text).toMatch(/^kcp-admin [0-9a-f]{64}\nshard-admin [0-9a-f]{64}\n$/);
    expect(text).not.toContain(tokens.kcpAdmin);
    expect((await stat(store)).mode & 0o777).toBe(0o600);
  });

  it.each([
    [
      'in another order and style',
      (config: unknown) => stringify(config, { sortMapEntries: true, indent: 4 }),
    ],
    ['with quoted values', (config: unknown) => stringify(config, { defaultStringType: 'QUOTE_DOUBLE' })],
    ['as JSON', (config: unknown) => JSON.stringify(config)],
  ])('finds the tokens in a kubeconfig that a tool rewrote %s', async (_, rewrite) => {
    const first = await start();
    await writeFile(path(), rewrite(parse(await readFile(path(), 'utf8'))));
    expect(await start()).toEqual(first);
  });

  it('makes new tokens when the kubeconfig is gone', async () => {
    const first = await start();
    await rm(path());
    const second = await start();
    expect(second.kcpAdmin).not.toBe(first.kcpAdmin);
    expect(second.shardAdmin).not.toBe(first.shardAdmin);
  });

  it('does not accept a token that somebody wrote into the kubeconfig', async () => {
    const first = await start();
    const forged = 'A'.repeat(43);
    await writeFile(path(), (await readFile(path(), 'utf8')).replace(first.kcpAdmin, forged));
    const second = await start();
    expect(second.kcpAdmin).not.toBe(forged);
    expect(second.shardAdmin).toBe(first.shardAdmin);
  });

  it('makes new tokens when the hashes are damaged', async () => {
    const first = await start();
    await writeFile(join(directory, '.admin-token-store'), '\u0000garbage');
    expect((await start()).kcpAdmin).not.toBe(first.kcpAdmin);
  });
});

describe('the URL of a kubeconfig', () => {
  it.each([
    ['0.0.0.0', 'https://127.0.0.1:6443'],
    ['::', 'https://127.0.0.1:6443'],
    ['::1', 'https://[::1]:6443'],
    ['10.0.0.7', 'https://10.0.0.7:6443'],
  ])('dials %s as %s', (bindAddress, url) => {
    expect(serverUrl(dialableHost(bindAddress), 6443)).toBe(url);
  });
});
