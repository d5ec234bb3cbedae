import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { prepareServiceAccountKeys, readClientAuthorities } from './authentication.ts';
import { createAuthority } from './certificate-issuance.ts';
import { StartError } from './start-error.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'antipode-authentication-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function file(name: string, content: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

function pemOf(kind: 'rsa' | 'ec', bits = 2048) {
  const { privateKey, publicKey } =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: bits })
      : generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return {
    pkcs8: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    sec1: kind === 'ec' ? privateKey.export({ type: 'sec1', format: 'pem' }).toString() : '',
    spki: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

describe('the keys of service account tokens', () => {
  test('are one of the root directory’s own, which stays the same and is for its owner alone', async () => {
    const first = await prepareServiceAccountKeys(directory, {});
    const second = await prepareServiceAccountKeys(directory, {});
    expect(first.keys.map(({ id, algorithm }) => [id, algorithm])).toEqual([[first.signingKey.id, 'RS256']]);
    expect(second.signingKey.id).toBe(first.signingKey.id);
    const path = join(directory, 'sa.key');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });

  test('are those that an operator names, each once', async () => {
    const [own, old] = [pemOf('ec'), pemOf('rsa')];
    const { signingKey, keys } = await prepareServiceAccountKeys(directory, {
      serviceAccountSigningKeyFile: await file('own', own.sec1),
      serviceAccountKeyFiles: [await file('old', `${old.spki}${own.pkcs8}`), await file('same', old.pkcs8)],
    });
    expect(signingKey.algorithm).toBe('ES256');
    expect(keys.map(({ algorithm }) => algorithm)).toEqual(['ES256', 'RS256']);
    await expect(stat(join(directory, 'sa.key'))).rejects.toThrow('ENOENT');
  });

  test('that are damaged stop the start, and are not replaced', async () => {
    const path = await file('sa.key', 'not a key');
    const start = prepareServiceAccountKeys(directory, {});
    await expect(start).rejects.toThrow(StartError);
    await expect(start).rejects.toThrow(`${path} is no usable private key (`);
    expect(await readFile(path, 'utf8')).toBe('not a key');
  });

  test('that are too weak, of another kind, or none at all stop it in one line', async () => {
    const weak = await file('weak', pemOf('rsa', 1024).pkcs8);
    const empty = await file('empty', '');
    const edwards = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    const other = await file('other', edwards.toString());
    const cases = [
      [{ serviceAccountSigningKeyFile: weak }, 'an RSA key of 1024 bits is too weak'],
      [{ serviceAccountSigningKeyFile: other }, 'it must be an RSA key, or an EC key'],
      [{ serviceAccountKeyFiles: [empty] }, 'it holds no PEM with a key'],
      [{ serviceAccountKeyFiles: [join(directory, 'none')] }, 'there is no such file'],
    ] as const;
    for (const [options, reason] of cases) {
      const error = await prepareServiceAccountKeys(directory, options).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(StartError);
      expect((error as StartError).message).toContain(reason);
      expect((error as StartError).message).toMatch(/^[^\n]+$/);
      expect((error as StartError).message).toContain('--service-account-');
    }
  });
});

test('a file of client CAs has to hold certificates, and nothing else counts', async () => {
  const { certificate } = await createAuthority({
    notBefore: new Date(),
    notAfter: new Date(Date.now() + 1e6),
  });
  const good = await file('good', `# ours\n${certificate}\n${certificate}`);
  expect((await readClientAuthorities({ clientAuthorityFile: good }))?.match(/BEGIN/g)).toHaveLength(2);
  expect(await readClientAuthorities({})).toBeUndefined();
  const bad = await file('bad', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  for (const path of [bad, await file('empty', 'x')]) {
    await expect(readClientAuthorities({ clientAuthorityFile: path })).rejects.toThrow(
      `${path}, which --client-ca-file names, cannot be used: `,
    );
  }
});
