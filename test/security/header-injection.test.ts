import { afterEach, describe, expect, test } from 'vitest';
import { codesOf, tokenOf, useArena } from './suite.ts';

const arena = useArena();
const CONFIG_MAPS = '/clusters/attacker/api/v1/namespaces/default/configmaps';
const REVIEW = '/clusters/attacker/apis/authentication.k8s.io/v1/selfsubjectreviews';

afterEach(() => arena.assertUnharmed());

/** Names of headers in which front proxies say who asks, as they arrive and as sloppy servers alias them. */
const IDENTITIES = [
  'X-Remote-User',
  'x-remote-user',
  'X_Remote_User',
  'X-Remote_User',
  'X-Remote-Group',
  'X_REMOTE_GROUP',
  'X-Remote-Extra-Scopes',
  'X-Remote-Extra-authentication.kcp.io%2Fwarrant',
  'X-Remote-Uid',
  'X-Forwarded-User',
  'X-Forwarded-Client-Cert',
  'X-Client-Cert',
  'Remote-User',
  'X-Kcp-Internal-User',
  'X-Original-User',
];

describe('a header that says who asks', () => {
  test.each(IDENTITIES)('opens nothing to whoever has no credentials: %s', async (name) => {
    for (const value of ['admin', 'system:masters', 'system:apiserver', '{"groups":["system:masters"]}']) {
      const headers = { [name]: value };
      const reply = await arena.attack(arena.canaryPath, { token: null, headers });
      expect([401, 403]).toContain(reply.status);
      const wrong = await arena.attack(arena.canaryPath, { token: 'wrong', headers });
      expect(wrong.status).toBe(401);
    }
  });

  test.each(IDENTITIES)('changes nothing for whoever has some: %s', async (name) => {
    const call = { method: 'POST', body: {} };
    const plain = await arena.attack(REVIEW, call);
    const reply = await arena.attack(REVIEW, { ...call, headers: { [name]: 'somebody-else' } });
    const userOf = (text: string) => (JSON.parse(text) as { status: { userInfo: unknown } }).status.userInfo;
    expect(userOf(reply.text)).toEqual(userOf(plain.text));
    expect(reply.text).not.toContain('somebody-else');
  });

  test('is not taken for impersonation under another spelling, and impersonation never for less', async () => {
    for (const name of ['Impersonate_User', 'impersonate_group', 'Impersonate User', 'X-Impersonate-User']) {
      const bytes = `${arena.head(`GET ${arena.canaryPath} HTTP/1.1`, `${name}: system:admin`)}`;
      const anonymous = bytes.replace(/Authorization: .*\r\n/, '');
      expect([400, 401, 403]).toContain(codesOf(await arena.raw(`${anonymous}\r\n\r\n`))[0]);
    }
    // Without a user there is nobody to be.
    const lonely = { 'Impersonate-Group': 'system:masters' };
    expect((await arena.attack(arena.canaryPath, { headers: lonely })).status).toBeGreaterThanOrEqual(400);
  });

  test('counts once: two credentials are none, or the first', async () => {
    const lines = [
      'Host: localhost',
      'Authorization: Bearer wrong',
      `Authorization: Bearer ${tokenOf('victim')}`,
    ];
    const reply = await arena.raw(`GET ${arena.canaryPath} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    expect(codesOf(reply)).toEqual([401]);
  });
});

describe('a text of the client that comes back in a header', () => {
  const INJECTED = 'a\r\nX-Injected: 1\r\n\r\n{"leaked":true}';

  test('does not end it: the name of an unknown field, in a warning', async () => {
    const body = {
      metadata: { name: 'warned' },
      [INJECTED]: 1,
      'quote"d': 1,
      'back\\': 1,
      ünï: 1,
      '\u2028': 1,
    };
    const reply = await arena.attack(`${CONFIG_MAPS}?fieldValidation=Warn&dryRun=All`, {
      method: 'POST',
      body,
    });
    expect(reply.status).toBe(201);
    expect(Object.keys(reply.headers)).not.toContain('x-injected');
    expect(String(reply.headers['warning'])).toContain('unknown field');
  });

  test('does not end it: the parameters of the URL', async () => {
    const hostile = encodeURIComponent(INJECTED);
    const paths = [
      `${CONFIG_MAPS}?fieldManager=${hostile}`,
      `${CONFIG_MAPS}?labelSelector=${hostile}`,
      `${CONFIG_MAPS}?fieldSelector=${hostile}`,
      `${CONFIG_MAPS}?continue=${hostile}`,
      `${CONFIG_MAPS}?resourceVersion=${hostile}`,
      `${CONFIG_MAPS}?timeout=${hostile}`,
      `${CONFIG_MAPS}/${hostile}`,
      `/clusters/attacker/apis/${hostile}/v1/things`,
      `/clusters/attacker/${hostile}`,
      `/clusters/${hostile}/api`,
    ];
    for (const path of paths) {
      for (const method of ['GET', 'POST']) {
        const call = method === 'POST' ? { method, body: { metadata: { name: 'x' } } } : {};
        const reply = await arena.attack(path, call);
        expect(reply.status).toBeLessThan(500);
        expect(Object.keys(reply.headers)).not.toContain('x-injected');
      }
    }
  });

  test.each([
    ['too long', 'a'.repeat(65)],
    ['with a tab', 'a\tb'],
    ['beyond ASCII', 'ä'],
    ['with spaces', 'a b'],
  ])('is replaced where it is an audit id %s', async (_how, id) => {
    const reply = await arena.attack(`${arena.attacker}/api`, { headers: { 'Audit-Id': id } });
    expect(reply.headers['audit-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('comes back as it is where it is an audit id', async () => {
    const reply = await arena.attack(`${arena.attacker}/api`, { headers: { 'Audit-Id': 'abc-1' } });
    expect(reply.headers['audit-id']).toBe('abc-1');
  });

  test('is no answer to a client with hundreds of headers or one of its size', async () => {
    const many = Array.from({ length: 1_500 }, (_, index) => `X-${index}: ${index}`);
    const reply = await arena.raw(`${arena.head('GET /clusters/attacker/api HTTP/1.1', ...many)}\r\n\r\n`);
    expect([200, 431]).toContain(codesOf(reply)[0]);
    const one = await arena.raw(
      `${arena.head('GET /clusters/attacker/api HTTP/1.1', `X: ${'x'.repeat(200_000)}`)}\r\n\r\n`,
    );
    expect(codesOf(one).every((code) => code === 431)).toBe(true);
    expect(one.isClosed).toBe(true);
  });
});
