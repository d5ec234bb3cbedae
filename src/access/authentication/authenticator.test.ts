import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { User } from '../user.ts';
import { Authenticator, type AuthenticatorOptions } from './authenticator.ts';
import { bearerToken } from './bearer-token.ts';
import { type ClientCertificate, InvalidCredential, type TokenAuthenticator } from './credentials.ts';
import { staticTokens } from './static-tokens.ts';

const NOW_MS = 1_700_000_000_000;
const ALICE: User = { name: 'alice', uid: '1', groups: ['system:authenticated'], extra: {} };
const alices = staticTokens([{ tokenHash: hash('sha256', 'secret', 'hex'), user: ALICE }]);

function authenticator(options: Partial<AuthenticatorOptions> = {}): Authenticator {
  return new Authenticator({
    tokens: [alices],
    clock: { nowMs: () => NOW_MS },
    audiences: ['here'],
    allowsAnonymous: true,
    ...options,
  });
}

const none = { authorization: undefined, certificate: undefined };
const bearer = (token: string) => ({ authorization: `Bearer ${token}`, certificate: undefined });

function certificate(fields: Partial<ClientCertificate> = {}): ClientCertificate {
  return {
    isTrusted: true,
    commonName: 'carol',
    organizations: ['devs'],
    uid: '',
    fingerprint: 'ab12',
    notBeforeMs: NOW_MS - 1_000,
    notAfterMs: NOW_MS + 1_000,
    ...fields,
  };
}

describe('a request without credentials', () => {
  test('is that of the anonymous user, unless that is switched off', () => {
    expect(authenticator().authenticate(none)).toEqual({
      name: 'system:anonymous',
      uid: '',
      groups: ['system:unauthenticated'],
      extra: {},
    });
    expect(authenticator({ allowsAnonymous: false }).authenticate(none)).toBeUndefined();
  });

  test.each(['', ' ', 'Bearer', 'Bearer ', 'Bearer  secret', 'Basic c2VjcmV0', 'secret', 'Bearersecret'])(
    'is also one with the header %j, as upstream has it',
    (authorization) => {
      const found = authenticator().authenticate({ authorization, certificate: undefined });
      expect(found).toMatchObject({ name: 'system:anonymous' });
    },
  );
});

describe('a bearer token', () => {
  test.each(['Bearer secret', 'bearer secret', 'BEARER secret', ' Bearer secret ', 'Bearer secret x'])(
    'is found in %j',
    (authorization) => {
      expect(authenticator().authenticate({ authorization, certificate: undefined })).toBe(ALICE);
    },
  );

  test.each(['Secret', 'secre', 'secret,', 'secrets', '\u0073ecret\u200b'])(
    'that is only like the right one, %j, is refused although anonymous users are let in',
    (token) => expect(authenticator().authenticate(bearer(token))).toBeUndefined(),
  );

  test('beyond the size of a header is refused before anybody looks at it', async () => {
    const asked: string[] = [];
    const curious: TokenAuthenticator = { verify: (token) => void asked.push(token) };
    const subject = authenticator({ tokens: [curious] });
    expect(subject.authenticate(bearer('x'.repeat(70_000)))).toBeUndefined();
    expect(await subject.review('x'.repeat(3_000_000))).toBeInstanceOf(InvalidCredential);
    expect(asked).toEqual([]);
  });

  test('gives each of many identities its own user, also from the memory of the verified ones', () => {
    const users = Array.from({ length: 500 }, (_, index) => ({ ...ALICE, name: `user-${index}` }));
    const tokens = staticTokens(
      users.map((user) => ({ tokenHash: hash('sha256', `token-${user.name}`, 'hex'), user })),
    );
    const subject = authenticator({ tokens: [tokens] });
    fc.assert(
      fc.property(fc.constantFrom(...users), (user) => {
        expect(subject.authenticate(bearer(`token-${user.name}`))).toBe(user);
      }),
      { numRuns: 2_000 },
    );
  });

  test('is asked of every kind in turn, and the first that knows it wins', async () => {
    const bob = { ...ALICE, name: 'bob' };
    const late: TokenAuthenticator = {
      verify: async (token) =>
        token === 'secret' || token === 'late'
          ? { audiences: undefined, identify: () => bob }
          : new InvalidCredential('late says no'),
    };
    const subject = authenticator({ tokens: [alices, late] });
    expect(subject.authenticate(bearer('secret'))).toBe(ALICE);
    const first = subject.authenticate(bearer('late'));
    expect(first).toBeInstanceOf(Promise);
    expect(await first).toBe(bob);
    // Verified once, it is known at once.
    expect(subject.authenticate(bearer('late'))).toBe(bob);
    expect(await subject.authenticate(bearer('wrong'))).toBeUndefined();
    expect(await subject.review('wrong')).toEqual(
      new InvalidCredential('[invalid bearer token, late says no]'),
    );
  });

  test('that was right stops counting with the very request after its reason went', () => {
    let isThere = true;
    const fickle: TokenAuthenticator = {
      verify: () => ({
        audiences: undefined,
        identify: () => (isThere ? ALICE : new InvalidCredential('gone')),
      }),
    };
    const subject = authenticator({ tokens: [fickle] });
    expect(subject.authenticate(bearer('t'))).toBe(ALICE);
    isThere = false;
    expect(subject.authenticate(bearer('t'))).toBeUndefined();
    isThere = true;
    expect(subject.authenticate(bearer('t'))).toBe(ALICE);
  });

  test('for others than this server is refused, and reviewed for those it is for', async () => {
    const elsewhere: TokenAuthenticator = {
      verify: () => ({ audiences: ['vault', 'b'], identify: () => ALICE }),
    };
    const subject = authenticator({ tokens: [elsewhere] });
    expect(subject.authenticate(bearer('t'))).toBeUndefined();
    expect(await subject.review('t')).toEqual(
      new InvalidCredential(
        '[invalid bearer token, token audiences ["vault" "b"] is invalid for the target audiences ["here"]]',
      ),
    );
    expect(await subject.review('t', ['a', 'b', 'vault'])).toEqual({
      user: ALICE,
      audiences: ['b', 'vault'],
    });
  });

  test('that names no audience is for this server', async () => {
    expect(await authenticator().review('secret')).toEqual({ user: ALICE, audiences: ['here'] });
    expect(await authenticator().review('secret', ['vault'])).toEqual(
      new InvalidCredential('invalid bearer token'),
    );
  });

  test.each(['', ' secret', 'secret secret'])(
    'is reviewed as if it had come in a header: %j',
    async (token) => {
      const expected = token === 'secret secret' ? { user: ALICE } : { reason: 'invalid bearer token' };
      expect(await authenticator().review(token)).toMatchObject(expected);
    },
  );
});

describe('a client certificate', () => {
  const carol = {
    name: 'carol',
    uid: '',
    groups: ['devs', 'system:authenticated'],
    extra: { 'authentication.kubernetes.io/credential-id': ['X509SHA256=ab12'] },
  };

  test('names its user and groups, and wins over a token, be it right or wrong', () => {
    const own = certificate();
    for (const authorization of [undefined, 'Bearer secret', 'Bearer wrong']) {
      expect(authenticator().authenticate({ authorization, certificate: own })).toEqual(carol);
    }
    const first = authenticator().authenticate({ ...none, certificate: own });
    expect(authenticator().authenticate({ ...none, certificate: own })).toBe(first);
  });

  test.each([
    ['is not trusted', { isTrusted: false }],
    ['has expired since the connection was opened', { notAfterMs: NOW_MS - 1 }],
    ['is not valid yet', { notBeforeMs: NOW_MS + 1 }],
    ['bears the name of a service account', { commonName: 'system:serviceaccount:default:a' }],
    ['bears a name as a permission policy sees it', { commonName: 'apis.kcp.io:binding:carol' }],
  ])('that %s is refused, unless a token says who it is', (_case, fields) => {
    const subject = authenticator();
    expect(subject.authenticate({ ...none, certificate: certificate(fields) })).toBeUndefined();
    const withToken = { ...bearer('secret'), certificate: certificate(fields) };
    expect(subject.authenticate(withToken)).toBe(ALICE);
    const withBasic = { authorization: 'Basic x', certificate: certificate(fields) };
    expect(subject.authenticate(withBasic)).toBeUndefined();
  });

  test('without a name counts as none', () => {
    const nameless = certificate({ commonName: '' });
    expect(authenticator().authenticate({ ...none, certificate: nameless })).toMatchObject({
      name: 'system:anonymous',
    });
  });

  test('brings in the groups that an operator may give, and none that mark a workspace’s life', () => {
    const organizations = [
      'system:masters',
      'system:kcp:admin',
      'system:kcp:logical-cluster-admin',
      'system:kcp:initializer:root:org',
      'system:kcp:terminator:root:org',
      'apis.kcp.io:binding:system:kcp:tenancy:workspace-bootstrapper',
    ];
    expect(
      authenticator().authenticate({ ...none, certificate: certificate({ organizations }) }),
    ).toMatchObject({ groups: ['system:masters', 'system:kcp:admin', 'system:authenticated'] });
  });
});

test('whatever a header holds, at most one token is read from it, and it has no white space', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const token = bearerToken(text);
      if (token !== undefined) expect(token).not.toMatch(/^$| /);
    }),
  );
});
