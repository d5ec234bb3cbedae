import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { limits } from '../../base/mod.ts';
import { type JsonObject, objectOf } from '../../machinery/mod.ts';
import { Authenticator } from './authenticator.ts';
import { type OidcProvider, oidcTokens } from './oidc-tokens.ts';

const ISSUER = 'https://login.example.com/tenant';
const PROVIDER: OidcProvider = {
  issuer: ISSUER,
  clientId: 'here',
  usernameClaim: 'sub',
  usernamePrefix: undefined,
  groupsClaim: 'groups',
  groupsPrefix: '',
  requiredClaims: {},
  algorithms: ['ES256'],
};

interface Key {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly jwk: JsonObject;
}

function newKey(id: string): Key {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const jwk = objectOf({ ...publicKey.export({ format: 'jwk' }), kid: id, use: 'sig' } as never);
  return { id, privateKey, jwk };
}

/** A provider whose keys, failures and fetches a test holds in its hands. */
class FakeProvider {
  keys: readonly Key[] = [];
  isDown = false;
  fetched = 0;
  nowMs = 1_700_000_000_000;
  issuer = ISSUER;

  readonly clock = {
    nowMs: () => this.nowMs,
    monotonicMs: () => this.nowMs,
    after: () => () => {},
  };

  readonly fetch = async (url: string): Promise<JsonObject> => {
    if (this.isDown) throw new Error(`${url}: down`);
    if (url === `${ISSUER}/.well-known/openid-configuration`) {
      this.fetched += 1;
      return objectOf({ issuer: this.issuer, jwks_uri: 'https://keys.example.com/' });
    }
    expect(url).toBe('https://keys.example.com/');
    return objectOf({ keys: [objectOf({ kty: 'oct', k: 'x' }), ...this.keys.map(({ jwk }) => jwk)] });
  };

  authenticator(provider: Partial<OidcProvider> = {}): Authenticator {
    const tokens = [oidcTokens({ ...PROVIDER, ...provider }, { fetch: this.fetch, clock: this.clock })];
    return new Authenticator({ tokens, clock: this.clock, audiences: ['api'], allowsAnonymous: false });
  }

  token(key: Key, claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const exp = Math.floor(this.nowMs / 1_000) + 3_600;
    return new SignJWT({ iss: ISSUER, aud: 'here', sub: 'alice', exp, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: key.id })
      .sign(key.privateKey);
  }
}

async function nameOf(subject: Authenticator, token: string): Promise<string | undefined> {
  const user = await subject.authenticate({ authorization: `Bearer ${token}`, certificate: undefined });
  return user?.name;
}

describe('the keys of a provider', () => {
  test('are fetched for the first token, and not again for those that follow', async () => {
    const fake = new FakeProvider();
    const key = newKey('a');
    fake.keys = [key];
    const subject = fake.authenticator();
    const tokens = await Promise.all(['x', 'y', 'z'].map((sub) => fake.token(key, { sub })));
    expect(await Promise.all(tokens.map((token) => nameOf(subject, token)))).toEqual(
      ['x', 'y', 'z'].map((name) => `${ISSUER}#${name}`),
    );
    expect(fake.fetched).toBe(1);
  });

  test('are fetched again for a key that is new, but not for every token that names an unknown one', async () => {
    const fake = new FakeProvider();
    const [first, second] = [newKey('a'), newKey('b')];
    fake.keys = [first];
    const subject = fake.authenticator();
    expect(await nameOf(subject, await fake.token(first))).toBe(`${ISSUER}#alice`);
    fake.nowMs += limits.oidcFetchIntervalMsMin;
    fake.keys = [first, second];
    expect(await nameOf(subject, await fake.token(second))).toBe(`${ISSUER}#alice`);
    expect(fake.fetched).toBe(2);
    for (let index = 0; index < 50; index += 1) {
      expect(await nameOf(subject, await fake.token(newKey(`unknown-${index}`)))).toBeUndefined();
    }
    expect(fake.fetched).toBe(2);
  });

  test('that were withdrawn end the tokens that they have signed, also those that are remembered', async () => {
    const fake = new FakeProvider();
    const [first, second] = [newKey('a'), newKey('b')];
    fake.keys = [first];
    const subject = fake.authenticator();
    const token = await fake.token(first);
    expect(await nameOf(subject, token)).toBe(`${ISSUER}#alice`);
    fake.keys = [second];
    fake.nowMs += limits.oidcFetchIntervalMsMin;
    expect(await nameOf(subject, await fake.token(second, { sub: 'bob' }))).toBe(`${ISSUER}#bob`);
    expect(await nameOf(subject, token)).toBeUndefined();
    // Another key under the old name does not bring them back.
    fake.keys = [newKey('a')];
    fake.nowMs += limits.oidcKeysAgeMsMax + 1;
    expect(await nameOf(subject, token)).toBeUndefined();
  });

  test('that are known go on while the provider is down', async () => {
    const fake = new FakeProvider();
    const key = newKey('a');
    fake.keys = [key];
    const subject = fake.authenticator();
    fake.isDown = true;
    expect(await nameOf(subject, await fake.token(key))).toBeUndefined();
    expect(await subject.review(await fake.token(key))).toMatchObject({
      reason: `[invalid bearer token, oidc: verify token: ${ISSUER}/.well-known/openid-configuration: down]`,
    });
    fake.isDown = false;
    fake.nowMs += limits.oidcFetchIntervalMsMin;
    expect(await nameOf(subject, await fake.token(key))).toBe(`${ISSUER}#alice`);
    fake.isDown = true;
    fake.nowMs += limits.oidcKeysAgeMsMax + 1;
    expect(await nameOf(subject, await fake.token(key, { sub: 'bob' }))).toBe(`${ISSUER}#bob`);
  });

  test('of a provider that calls itself otherwise are not taken', async () => {
    const fake = new FakeProvider();
    const key = newKey('a');
    fake.keys = [key];
    fake.issuer = `${ISSUER}/`;
    expect(await nameOf(fake.authenticator(), await fake.token(key))).toBeUndefined();
  });
});

test.each([
  ['the issuer before other claims', {}, { sub: 'x' }, `${ISSUER}#x`],
  ['nothing before an email', { usernameClaim: 'email' }, { email: 'x@y' }, 'x@y'],
  ['a prefix before anything', { usernameClaim: 'email', usernamePrefix: 'o:' }, { email: 'x@y' }, 'o:x@y'],
  ['nothing where it is switched off', { usernamePrefix: '-' }, { sub: 'x' }, 'x'],
  ['a verified email', { usernameClaim: 'email' }, { email: 'x@y', email_verified: true }, 'x@y'],
  ['no unverified email', { usernameClaim: 'email' }, { email: 'x@y', email_verified: false }, undefined],
  ['no name of the system', { usernamePrefix: '-' }, { sub: 'system:admin' }, undefined],
  ['no name that a prefix makes one of the system', { usernamePrefix: 'system:' }, { sub: 'x' }, undefined],
  [
    'no name as a permission policy sees it',
    { usernamePrefix: '-' },
    { sub: 'apis.kcp.io:binding:a' },
    undefined,
  ],
])('a user’s name has %s', async (_case, provider, claims, expected) => {
  const fake = new FakeProvider();
  const key = newKey('a');
  fake.keys = [key];
  expect(await nameOf(fake.authenticator(provider), await fake.token(key, claims))).toBe(expected);
});

test('groups have their prefix, and none of the system’s comes in with it or without', async () => {
  const fake = new FakeProvider();
  const key = newKey('a');
  fake.keys = [key];
  const groupsWith = async (groupsPrefix: string, groups: unknown) => {
    const token = await fake.token(key, { groups });
    const found = await fake.authenticator({ groupsPrefix }).review(token);
    return 'user' in found ? found.user.groups : undefined;
  };
  expect(await groupsWith('o:', ['a', 'system:masters'])).toEqual([
    'o:a',
    'o:system:masters',
    'system:authenticated',
  ]);
  expect(await groupsWith('', ['a', 'system:masters'])).toEqual(['a', 'system:authenticated']);
  expect(await groupsWith('sys', ['tem:masters'])).toEqual(['system:authenticated']);
});

test('a provider makes nobody administrator of everything by a group that only permission policies see', async () => {
  const fake = new FakeProvider();
  const key = newKey('a');
  fake.keys = [key];
  const bound = 'apis.kcp.io:binding:system:kcp:tenancy:workspace-bootstrapper';
  const token = await fake.token(key, { groups: ['a', bound, 'apis.kcp.io:binding:b'] });
  expect(await fake.authenticator({ groupsPrefix: '' }).review(token)).toMatchObject({
    user: { groups: ['a', 'system:authenticated'] },
  });
});
