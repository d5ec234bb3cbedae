import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { createRemoteJWKSet, customFetch, decodeJwt, decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { useAuthentication } from './suite.ts';

const fixture = useAuthentication();
const ISSUER = 'https://kcp.default.svc';
const SECRETS = '/api/v1/namespaces/default/secrets';

interface TokenRequest {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status: { readonly token: string; readonly expirationTimestamp: string };
}

async function request(account: string, body: unknown): Promise<TokenRequest> {
  return (await fixture.client.create(`${account}/token`, body)) as never as TokenRequest;
}

describe('a requested token', () => {
  test('says what tokens of Kubernetes say, and the logical cluster', async () => {
    const account = await fixture.account('says');
    const { metadata } = await fixture.client.get(account);
    const before = Math.floor(Date.now() / 1_000);
    const answer = await request(account, { spec: {} });
    const claims = decodeJwt(answer.status.token);
    expect(answer).toMatchObject({
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name: 'says', namespace: 'default', uid: metadata.uid },
      spec: { audiences: [ISSUER], expirationSeconds: 3_600, boundObjectRef: null },
    });
    expect(answer.metadata['creationTimestamp']).toMatch(/Z$/);
    expect(claims).toEqual({
      aud: [ISSUER],
      exp: claims.iat! + 3_600,
      iat: expect.any(Number),
      iss: ISSUER,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      'kubernetes.io': {
        clusterName: 'root',
        namespace: 'default',
        serviceaccount: { name: 'says', uid: metadata.uid },
      },
      nbf: claims.iat,
      sub: 'system:serviceaccount:default:says',
    });
    expect(claims.iat! - before).toBeLessThan(10);
    expect(Date.parse(answer.status.expirationTimestamp)).toBe(claims.exp! * 1_000);
    expect(Object.keys(decodeProtectedHeader(answer.status.token)).sort()).toEqual(['alg', 'kid']);
  });

  test('is that of its service account, in its own logical cluster', async () => {
    const token = await fixture.token(await fixture.account('is'));
    const { metadata } = await fixture.client.get('/api/v1/namespaces/default/serviceaccounts/is');
    expect(await fixture.review(token)).toEqual({
      authenticated: true,
      audiences: [ISSUER],
      user: {
        username: 'system:serviceaccount:default:is',
        uid: metadata.uid,
        groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
        extra: {
          'authentication.kcp.io/cluster-name': ['root'],
          'authentication.kubernetes.io/credential-id': [`JTI=${decodeJwt(token).jti}`],
        },
      },
    });
    expect(await fixture.isKnown(token)).toBe(true);
  });

  test('is for the audiences that were asked for, and no others', async () => {
    const token = await fixture.token(await fixture.account('audiences'), { audiences: ['vault', 'b'] });
    expect(await fixture.isKnown(token)).toBe(false);
    expect(await fixture.review(token)).toEqual({
      user: {},
      error: `[invalid bearer token, token audiences ["vault" "b"] is invalid for the target audiences ["${ISSUER}"]]`,
    });
    expect(await fixture.review(token, { audiences: ['x', 'vault'] })).toMatchObject({
      authenticated: true,
      audiences: ['vault'],
    });
  });

  test('ends with its service account, also where one of the same name follows', async () => {
    const account = await fixture.account('ends');
    const token = await fixture.token(account);
    expect(await fixture.isKnown(token)).toBe(true);
    const { metadata } = await fixture.client.get(account);
    await fixture.client.delete(account);
    expect(await fixture.isKnown(token)).toBe(false);
    expect((await fixture.review(token)).error).toBe(
      '[invalid bearer token, serviceaccounts "ends" not found]',
    );
    await fixture.account('ends');
    expect(await fixture.isKnown(token)).toBe(false);
    const { metadata: next } = await fixture.client.get(account);
    expect((await fixture.review(token)).error).toBe(
      `[invalid bearer token, service account UID (${next.uid}) does not match claim (${metadata.uid})]`,
    );
  });

  test('ends with the Secret that it is bound to', async () => {
    const account = await fixture.account('bound');
    await fixture.client.create(SECRETS, { metadata: { name: 'bound' } });
    const boundObjectRef = { kind: 'Secret', apiVersion: 'v1', name: 'bound' };
    const answer = await request(account, { spec: { boundObjectRef } });
    expect(answer.spec['boundObjectRef']).toEqual(boundObjectRef);
    const { token } = answer.status;
    const { metadata } = await fixture.client.get(`${SECRETS}/bound`);
    expect(decodeJwt(token)['kubernetes.io']).toMatchObject({ secret: { name: 'bound', uid: metadata.uid } });
    expect(await fixture.isKnown(token)).toBe(true);
    await fixture.client.delete(`${SECRETS}/bound`);
    expect(await fixture.isKnown(token)).toBe(false);
    await fixture.client.create(SECRETS, { metadata: { name: 'bound' } });
    expect(await fixture.isKnown(token)).toBe(false);
  });

  test('of a namesake in another logical cluster is another one', async () => {
    const prefix = await fixture.server.createCluster('sibling');
    const here = await fixture.token(await fixture.account('twin'));
    const there = await fixture.token(await fixture.account('twin', prefix));
    expect(decodeJwt(there)['kubernetes.io']).toMatchObject({ clusterName: 'sibling' });
    for (const [token, cluster] of [
      [here, 'root'],
      [there, 'sibling'],
    ] as const) {
      for (const asked of ['', prefix]) {
        const { user } = await fixture.review(token, { prefix: asked });
        expect(user.extra?.['authentication.kcp.io/cluster-name']).toEqual([cluster]);
      }
    }
    await fixture.client.delete('/api/v1/namespaces/default/serviceaccounts/twin');
    expect([await fixture.isKnown(here), await fixture.isKnown(there)]).toEqual([false, true]);
  });

  test('is verified by a stock JWT library that knows the address of the server alone', async () => {
    const account = await fixture.account('verified');
    const token = await fixture.token(account, { audiences: ['vault'] });
    const { url, token: admin } = fixture.server;
    const headers = { authorization: `Bearer ${admin}` };
    const found = await fixture.client.call('/.well-known/openid-configuration');
    expect(found.headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'public, max-age=3600',
    });
    const configuration = JSON.parse(found.text) as { issuer: string; jwks_uri: string };
    expect(configuration).toEqual({
      issuer: ISSUER,
      jwks_uri: `${url}/openid/v1/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    });
    const { pathname } = new URL(configuration.jwks_uri);
    const keys = await fixture.client.call(pathname);
    expect(keys.headers).toMatchObject({
      'content-type': 'application/jwk-set+json',
      'cache-control': 'public, max-age=3600',
    });
    const remote = createRemoteJWKSet(new URL(configuration.jwks_uri), {
      headers,
      // The test's own CA is not one of the machine's.
      [customFetch]: async (address: string) => {
        const reply = await fixture.client.call(new URL(address).pathname);
        return new Response(reply.text, { status: reply.status });
      },
    });
    const { payload } = await jwtVerify(token, remote, { issuer: configuration.issuer, audience: 'vault' });
    expect(payload.sub).toBe('system:serviceaccount:default:verified');
    await expect(jwtVerify(token, remote, { audience: 'other' })).rejects.toThrow('"aud"');
  });
});

describe('on the bare URL', () => {
  test('a service account reaches its own logical cluster', async () => {
    const prefix = await fixture.server.createCluster('home-of-robots');
    await fixture.client.create(`${prefix}/api/v1/namespaces/default/configmaps`, {
      metadata: { name: 'mine' },
    });
    const token = await fixture.token(await fixture.account('homely', prefix));
    const configMap = '/api/v1/namespaces/default/configmaps/mine';
    // Nothing is granted yet: what it may not read, it may not read anywhere.
    await fixture.client.refuse(403, configMap, { token });
    await grantReading(prefix, 'homely');
    const reply = await fixture.client.call(configMap, { token });
    expect(reply.status, reply.text).toBe(200);
    expect(JSON.parse(reply.text)).toMatchObject({
      metadata: { name: 'mine', annotations: { 'kcp.io/cluster': 'home-of-robots' } },
    });
    expect((await fixture.client.call(`${prefix}${configMap}`, { token })).text).toBe(reply.text);
    // With the prefix of another one it is a stranger there, whatever its name may do there.
    await fixture.account('homely');
    await grantReading('', 'homely');
    await fixture.client.create('/api/v1/namespaces/default/configmaps', { metadata: { name: 'mine' } });
    await fixture.client.refuse(403, `/clusters/root${configMap}`, { token });
    const own = await fixture.token('/api/v1/namespaces/default/serviceaccounts/homely');
    expect((await fixture.client.call(`/clusters/root${configMap}`, { token: own })).status).toBe(200);
  });

  async function grantReading(prefix: string, account: string): Promise<void> {
    const rbac = `${prefix}/apis/rbac.authorization.k8s.io/v1/namespaces/default`;
    await fixture.client.create(`${rbac}/roles`, {
      metadata: { name: 'reader' },
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }],
    });
    await fixture.client.create(`${rbac}/rolebindings`, {
      metadata: { name: 'reader' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace: 'default' }],
    });
  }
});

describe('a token request', () => {
  const refusals: readonly (readonly [string, unknown, number, string])[] = [
    [
      'a duration of less than ten minutes',
      { spec: { expirationSeconds: 599 } },
      422,
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
    ],
    [
      'no duration at all',
      { spec: { expirationSeconds: 0 } },
      422,
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 0: may not specify a duration less than 10 minutes',
    ],
    [
      'a duration beyond 32 bits',
      { spec: { expirationSeconds: 4294967297 } },
      422,
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds',
    ],
    [
      'another name',
      { metadata: { name: 'x' }, spec: { expirationSeconds: 1 } },
      422,
      'TokenRequest.authentication.k8s.io "asked" is invalid: metadata.name: Invalid value: "x": must match the service account name if specified',
    ],
    [
      'another namespace',
      { metadata: { namespace: 'x' }, spec: {} },
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      'a Secret that is not there',
      { spec: { boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 'none' } } },
      404,
      'secrets "none" not found',
    ],
    [
      'a pod',
      { spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p' } } },
      404,
      'pods "p" not found',
    ],
    ['a node', { spec: { boundObjectRef: { kind: 'Node', name: 'n' } } }, 404, 'nodes "n" not found'],
    [
      'an object of another kind',
      { spec: { boundObjectRef: { kind: 'ConfigMap', apiVersion: 'v1', name: 'c' } } },
      400,
      'cannot bind token to object of type /v1, Kind=ConfigMap',
    ],
    [
      'an object of no kind',
      { spec: { boundObjectRef: {} } },
      400,
      'cannot bind token to object of type /, Kind=',
    ],
  ];

  test('that cannot be met is refused in upstream’s words', async () => {
    const account = await fixture.account('asked');
    for (const [name, body, code, message] of refusals) {
      const status = await fixture.client.refuse(code, `${account}/token`, { method: 'POST', body });
      expect(status.message, name).toBe(message);
    }
    const { metadata } = await fixture.client.get(account);
    const other = await fixture.client.refuse(409, `${account}/token`, {
      method: 'POST',
      body: { metadata: { uid: 'u' }, spec: {} },
    });
    expect(other.message).toBe(
      `Operation cannot be fulfilled on TokenRequest.authentication.k8s.io "asked": the UID in the token request (u) does not match the UID of the service account (${metadata.uid})`,
    );
    await fixture.client.create(SECRETS, { metadata: { name: 'asked' } });
    const boundObjectRef = { kind: 'Secret', apiVersion: 'v1', name: 'asked', uid: 'bad' };
    const stale = await fixture.client.refuse(409, `${account}/token`, {
      method: 'POST',
      body: { spec: { boundObjectRef } },
    });
    expect(stale.message).toBe(
      'Operation cannot be fulfilled on Secret "asked": the UID in the bound object reference (bad) does not match the UID in record. The object might have been deleted and then recreated',
    );
  });

  test('to a service account that is not there is 404, and every method but POST is 405', async () => {
    const account = await fixture.account('methods');
    const missing = await fixture.client.refuse(404, `${account}-not/token`, { method: 'POST', body: {} });
    expect(missing.message).toBe('serviceaccounts "methods-not" not found');
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      await fixture.client.refuse(405, `${account}/token`, { method, body: {} });
    }
  });

  test('leaves nothing behind', async () => {
    const account = await fixture.account('nothing');
    const { metadata: before } = await fixture.client.list('/api/v1/serviceaccounts');
    await fixture.token(account);
    const { metadata: after } = await fixture.client.list('/api/v1/serviceaccounts');
    expect(after.resourceVersion).toBe(before.resourceVersion);
  });
});

describe('a forged token', () => {
  async function genuine(name: string): Promise<string> {
    const token = await fixture.token(await fixture.account(name));
    expect(await fixture.isKnown(token)).toBe(true);
    return token;
  }

  function encode(value: unknown): string {
    return Buffer.from(JSON.stringify(value)).toString('base64url');
  }

  async function publicJwk() {
    const { text } = await fixture.client.call('/openid/v1/jwks');
    return (JSON.parse(text) as { keys: { kid: string; alg: string }[] }).keys[0]!;
  }

  test('without an algorithm is refused, whatever it is called', async () => {
    const [, claims] = (await genuine('unsigned')).split('.');
    const { kid } = await publicJwk();
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '']) {
      for (const header of [{ alg }, { alg, kid }]) {
        for (const signature of ['', 'AA']) {
          expect(await fixture.isKnown(`${encode(header)}.${claims}.${signature}`), alg).toBe(false);
        }
      }
    }
  });

  test('signed with the public key as an HMAC secret is refused', async () => {
    const [, claims] = (await genuine('confused')).split('.');
    const jwk = await publicJwk();
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const pem = key.export({ type: 'spki', format: 'pem' }).toString();
    for (const secret of [pem, pem.trim(), JSON.stringify(jwk), jwk.kid]) {
      for (const [alg, digest] of [
        ['HS256', 'sha256'],
        ['HS512', 'sha512'],
      ] as const) {
        const body = `${encode({ alg, kid: jwk.kid })}.${claims}`;
        const signature = createHmac(digest, secret).update(body).digest('base64url');
        expect(await fixture.isKnown(`${body}.${signature}`)).toBe(false);
      }
    }
  });

  test('signed with a key of one’s own is refused, whatever its header says of keys', async () => {
    const claims = decodeJwt(await genuine('own-key'));
    const { kid } = await publicJwk();
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const jwk = publicKey.export({ format: 'jwk' });
    const jku = 'https://127.0.0.1:1/keys';
    for (const more of [
      {},
      { kid },
      { kid: 'own', jwk },
      { kid, jwk },
      { jku, kid: 'own' },
      { kid: '../sa.key' },
    ]) {
      const token = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', ...(more as object) })
        .sign(privateKey);
      expect(await fixture.isKnown(token), JSON.stringify(more)).toBe(false);
    }
  });

  test('made of two genuine ones is refused', async () => {
    const [header, , signature] = (await genuine('half-one')).split('.');
    const [, claims] = (await genuine('half-two')).split('.');
    expect(await fixture.isKnown(`${header}.${claims}.${signature}`)).toBe(false);
  });

  test('that is a genuine one with anything changed is refused', async () => {
    const token = await genuine('changed');
    const [header = '', claims = '', signature = ''] = token.split('.');
    const decoded = decodeJwt(token) as Record<string, unknown>;
    const elevated = { ...decoded, sub: 'system:serviceaccount:kube-system:admin' };
    const moved = {
      ...decoded,
      'kubernetes.io': { ...(decoded['kubernetes.io'] as object), clusterName: 'system:admin' },
    };
    for (const forged of [elevated, moved, { ...decoded, exp: 2 ** 40 }]) {
      expect(await fixture.isKnown(`${header}.${encode(forged)}.${signature}`)).toBe(false);
    }
    for (const odd of [
      `${token}.`,
      `${token}.${signature}`,
      `${header}.${claims}`,
      `${header}..${signature}`,
      `.${claims}.${signature}`,
      `${header}.${claims}.${signature}A`,
      `${header}.${claims}.${'A'.repeat(40_000)}`,
      `${encode({ alg: 'RS256', crit: ['b64'], b64: false })}.${claims}.${signature}`,
    ]) {
      expect(await fixture.isKnown(odd), odd.slice(0, 200)).toBe(false);
    }
    expect(await fixture.isKnown(token)).toBe(true);
  });

  test('that is nested a thousand levels deep is refused at once', async () => {
    const { kid } = await publicJwk();
    const claims = Buffer.from(`${'['.repeat(10_000)}${']'.repeat(10_000)}`).toString('base64url');
    const header = encode({ alg: 'RS256', kid });
    const startedMs = performance.now();
    expect(await fixture.isKnown(`${header}.${claims}.AA`)).toBe(false);
    expect((await fixture.review(`${header}.${'W1tb'.repeat(600_000)}.AA`)).authenticated).toBeUndefined();
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});
