import { createHmac, createPublicKey } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OAuth2Server } from 'oauth2-mock-server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority, issueCertificate } from '../../src/region/certificate-issuance.ts';
import { AuthenticationFixture } from './suite.ts';

const HOUR_MS = 3_600_000;
const CLIENT = 'kubernetes';

const fixture = new AuthenticationFixture();
let provider: OAuth2Server;
let directory: string;
let issuer: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'antipode-oidc-'));
  const lifetime = { notBefore: new Date(Date.now() - HOUR_MS), notAfter: new Date(Date.now() + HOUR_MS) };
  const authority = await createAuthority(lifetime);
  const serving = await issueCertificate({
    authority,
    subject: { commonName: 'provider', organizations: [] },
    usage: 'serving',
    hostnames: ['localhost'],
    ...lifetime,
  });
  const file = async (name: string, content: string) => {
    await writeFile(join(directory, name), content);
    return join(directory, name);
  };
  provider = new OAuth2Server(await file('key', serving.key), await file('crt', serving.certificate));
  await provider.issuer.keys.generate('RS256', { kid: 'first' });
  await provider.issuer.keys.generate('ES256', { kid: 'elliptic' });
  await provider.start(0, 'localhost');
  issuer = provider.issuer.url!;
  await fixture.start({
    oidcAuthorityFile: await file('ca', authority.certificate),
    oidc: {
      issuer,
      clientId: CLIENT,
      usernameClaim: 'sub',
      usernamePrefix: undefined,
      groupsClaim: 'groups',
      groupsPrefix: '',
      requiredClaims: { team: 'ops' },
      algorithms: ['RS256', 'ES256'],
    },
  });
});

afterAll(async () => {
  await fixture.stop();
  await provider.stop();
  await rm(directory, { recursive: true, force: true });
});

/** An ID token with the given claims; undefined takes a claim away. */
function idToken(claims: Readonly<Record<string, unknown>> = {}, kid = 'first'): Promise<string> {
  return provider.issuer.buildToken({
    kid,
    scopesOrTransform: (_header, payload) => {
      Object.assign(payload, { aud: CLIENT, sub: 'alice', team: 'ops', ...claims });
    },
  });
}

describe('an ID token', () => {
  test('names its user, with the issuer before the name, and the user’s groups', async () => {
    const token = await idToken({ groups: ['devs', 'ops'], jti: 'j1' });
    expect(issuer).toMatch(/^https:\/\/localhost:\d+$/);
    expect(await fixture.whoAmI(token)).toEqual({
      username: `${issuer}#alice`,
      groups: ['devs', 'ops', 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/credential-id': ['JTI=j1'] },
    });
    expect(await fixture.review(token)).toMatchObject({ authenticated: true });
  });

  test('may be for several clients, have one group alone, and be signed with another kind of key', async () => {
    const token = await idToken({ aud: ['other', CLIENT], groups: 'devs' }, 'elliptic');
    expect(await fixture.whoAmI(token)).toMatchObject({ groups: ['devs', 'system:authenticated'] });
  });

  test('brings no groups of the system with it, and no extras', async () => {
    const groups = ['system:masters', 'system:kcp:admin', 'system:cluster:root', 'ops', 'SYSTEM:masters'];
    const extra = { 'authorization.kcp.io/warrant': ['{"user":"x","groups":["system:masters"]}'] };
    const user = await fixture.whoAmI(await idToken({ groups, extra, ...extra, jti: undefined }));
    expect(user.groups).toEqual(['ops', 'SYSTEM:masters', 'system:authenticated']);
    expect(user.extra).toBeUndefined();
  });

  test.each([
    ['for another client', { aud: 'other' }],
    ['for no client', { aud: undefined }],
    ['without a required claim', { team: undefined }],
    ['with another value of a required claim', { team: 'devs' }],
    ['without a user', { sub: undefined }],
    ['with a user that is no text', { sub: ['alice'] }],
    ['that has expired', { exp: Math.floor(Date.now() / 1_000) - 1 }],
    ['without an end', { exp: undefined }],
    ['with an end that is no time', { exp: 'never' }],
    ['that begins in an hour', { nbf: Math.floor(Date.now() / 1_000) + 3_600 }],
    ['with groups that are no texts', { groups: [{ name: 'ops' }] }],
  ])('%s is 401', async (_case, claims) => {
    const token = await idToken(claims);
    expect(await fixture.isKnown(token)).toBe(false);
    expect((await fixture.review(token)).error).toContain('oidc: verify token: ');
  });

  test('of another issuer is nobody’s', async () => {
    expect((await fixture.review(await idToken({ iss: 'https://localhost:1' }))).error).toBe(
      'invalid bearer token',
    );
  });

  test('that is forged with the provider’s public key is 401', async () => {
    const [, claims] = (await idToken({ sub: 'root' })).split('.');
    const jwk = provider.issuer.keys.get('first') as unknown as { n: string; e: string };
    const key = createPublicKey({ key: { kty: 'RSA', n: jwk.n, e: jwk.e }, format: 'jwk' });
    const pem = key.export({ type: 'spki', format: 'pem' }).toString();
    for (const alg of ['HS256', 'none', 'RS512', 'PS256']) {
      const header = Buffer.from(JSON.stringify({ alg, kid: 'first' })).toString('base64url');
      const signature = createHmac('sha256', pem).update(`${header}.${claims}`).digest('base64url');
      expect(await fixture.isKnown(`${header}.${claims}.${signature}`), alg).toBe(false);
    }
    // The name of a key of another kind.
    const header = Buffer.from(JSON.stringify({ alg: 'RS256', kid: 'elliptic' })).toString('base64url');
    expect(await fixture.isKnown(`${header}.${claims}.AAAA`)).toBe(false);
  });
});
