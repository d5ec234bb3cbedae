import { connect } from 'node:http2';
import { afterEach, describe, expect, test } from 'vitest';
import { codesOf, tokenOf, useArena } from './suite.ts';

const arena = useArena();
const CONFIG_MAPS = '/clusters/attacker/api/v1/namespaces/default/configmaps';

afterEach(() => arena.assertUnharmed());

/** A request that must never be answered: it is a body, or nothing, to whoever reads HTTP as the RFC has it. */
function smuggled(): string {
  return `GET ${arena.canaryPath} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${tokenOf('victim')}\r\n\r\n`;
}

function post(headers: readonly string[], body: string): string {
  const head = arena.head(`POST ${CONFIG_MAPS} HTTP/1.1`, 'Content-Type: application/json', ...headers);
  return `${head}\r\n\r\n${body}`;
}

describe('a request whose length can be read in two ways', () => {
  test.each<[string, (body: string) => string]>([
    [
      'Content-Length and Transfer-Encoding',
      (body) =>
        post([`Content-Length: ${body.length + 5}`, 'Transfer-Encoding: chunked'], `0\r\n\r\n${body}`),
    ],
    [
      'Transfer-Encoding and Content-Length',
      (body) => post(['Transfer-Encoding: chunked', 'Content-Length: 4'], `0\r\n\r\n${body}`),
    ],
    ['two lengths', (body) => post(['Content-Length: 0', `Content-Length: ${body.length}`], body)],
    ['a list of lengths', (body) => post([`Content-Length: 0, ${body.length}`], body)],
    ['a length with a sign', (body) => post(['Content-Length: +0'], body)],
    ['a negative length', (body) => post(['Content-Length: -1'], body)],
    ['a hexadecimal length', (body) => post(['Content-Length: 0x0'], body)],
    ['a length beyond all numbers', (body) => post([`Content-Length: ${'9'.repeat(40)}`], body)],
    ['an empty length', (body) => post(['Content-Length: '], body)],
    ['a space before the colon', (body) => post(['Transfer-Encoding : chunked'], `0\r\n\r\n${body}`)],
    ['a folded header', (body) => post(['Transfer-Encoding:', ' chunked', 'Content-Length: 0'], body)],
    ['an unknown coding', (body) => post(['Transfer-Encoding: xchunked'], `0\r\n\r\n${body}`)],
    [
      'chunked that is not last',
      (body) => post(['Transfer-Encoding: chunked, identity'], `0\r\n\r\n${body}`),
    ],
    [
      'chunked twice',
      (body) => post(['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked, x'], `0\r\n\r\n${body}`),
    ],
    ['a vertical tab', (body) => post(['Transfer-Encoding: \x0bchunked'], `0\r\n\r\n${body}`)],
    ['a NUL', (body) => post(['Transfer-Encoding: chunked\0'], `0\r\n\r\n${body}`)],
    ['a bare CR', (body) => post(['X: a\rTransfer-Encoding: chunked'], `0\r\n\r\n${body}`)],
    ['a bare LF', (body) => post(['X: a\nTransfer-Encoding: chunked'], `0\r\n\r\n${body}`)],
    ['a chunk size with a prefix', (body) => post(['Transfer-Encoding: chunked'], `0x0\r\n\r\n${body}`)],
    ['a negative chunk size', (body) => post(['Transfer-Encoding: chunked'], `-1\r\n\r\n${body}`)],
    [
      'a chunk size that overflows',
      (body) => post(['Transfer-Encoding: chunked'], `10000000000000000\r\n${body}`),
    ],
    ['a chunk that ends in LF', (body) => post(['Transfer-Encoding: chunked'], `1\n{\n0\n\n${body}`)],
    [
      'a chunk longer than its size',
      (body) => post(['Transfer-Encoding: chunked'], `1\r\n{}\r\n0\r\n\r\n${body}`),
    ],
  ])('by %s is refused, and its connection closed', async (_how, bytesOf) => {
    const reply = await arena.raw(bytesOf(smuggled()));
    expect(codesOf(reply).filter((code) => code < 400)).toEqual([]);
    expect(codesOf(reply).length).toBeLessThanOrEqual(1);
    expect(reply.isClosed).toBe(true);
  });

  test('by a body of a GET is one request', async () => {
    const body = smuggled();
    const line = `GET ${CONFIG_MAPS} HTTP/1.1`;
    const reply = await arena.raw(`${arena.head(line, `Content-Length: ${body.length}`)}\r\n\r\n${body}`);
    expect(codesOf(reply)).toEqual([200]);
  });

  test('by a chunk extension is one request', async () => {
    const body = `2;a="${smuggled().replaceAll('\r\n', ' ')}"\r\n{}\r\n0\r\n\r\n`;
    const reply = await arena.raw(post(['Transfer-Encoding: chunked'], body));
    expect(codesOf(reply).length).toBeLessThanOrEqual(1);
    expect(codesOf(reply)[0]).toBeGreaterThanOrEqual(400);
  });

  test('by a trailer changes nothing of the request', async () => {
    const body = (trailer: string) => post(['Transfer-Encoding: chunked'], `2\r\n{}\r\n0\r\n${trailer}\r\n`);
    const harmless = 'Authorization: Bearer other\r\nX-Remote-User: admin\r\nHost: victim\r\n';
    expect(codesOf(await arena.raw(body(harmless)))).toEqual([422]);
    const framing = await arena.raw(body('Content-Length: 5\r\n') + smuggled());
    expect([codesOf(framing), framing.isClosed]).toEqual([[400], true]);
  });
});

describe('a line that is no HTTP', () => {
  test.each([
    'GET / HTTP/1.1\nHost: a\n\n',
    'GET /version HTTP/9.9\r\nHost: a\r\n\r\n',
    'GET\t/version\tHTTP/1.1\r\nHost: a\r\n\r\n',
    '\0\0\0\0\r\n\r\n',
    'G\r\nET /version HTTP/1.1\r\n\r\n',
    'GET /version HTTP/1.1\r\n: empty\r\n\r\n',
    'GET /version HTTP/1.1\r\nHost: a\r\nna me: x\r\n\r\n',
    'GET /version HTTP/1.1\r\nHost: a\r\nHost: b\r\nnäme: x\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ])('is answered once at most, and ends the connection: %j', async (bytes) => {
    const reply = await arena.raw(`${bytes}${smuggled()}`);
    expect(codesOf(reply).filter((code) => code < 400)).toEqual([]);
    expect(reply.isClosed).toBe(true);
  });

  test('asks for another protocol in vain', async () => {
    const headers = [
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQAAP__',
    ];
    for (const more of [
      headers,
      ['Connection: Upgrade', 'Upgrade: websocket'],
      ['Connection: Upgrade', 'Upgrade: SPDY/3.1'],
    ]) {
      const reply = await arena.raw(`${arena.head(`GET ${CONFIG_MAPS} HTTP/1.1`, ...more)}\r\n\r\n`);
      expect(codesOf(reply)).not.toContain(101);
      expect(codesOf(reply).length).toBeLessThanOrEqual(1);
    }
    const reply = await arena.raw(`${arena.head('CONNECT victim:443 HTTP/1.1')}\r\n\r\n${smuggled()}`);
    expect(codesOf(reply).filter((code) => code < 400)).toEqual([]);
  });
});

test('pipelined requests are answered one by one, each by its own credentials', async () => {
  const anonymous = 'GET /clusters/attacker/api HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const known = `${arena.head('GET /clusters/attacker/api HTTP/1.1')}\r\n\r\n`;
  const reply = await arena.raw(known + anonymous + known, { quietMs: 1_000 });
  const [first, second, third] = codesOf(reply);
  expect([first, third]).toEqual([200, 200]);
  expect([401, 403]).toContain(second);
});

test('HTTP/2 takes no headers that only HTTP/1.1 knows', async () => {
  const { url, ca } = arena.server;
  const odd: Readonly<Record<string, string>>[] = [
    { 'transfer-encoding': 'chunked' },
    { connection: 'close' },
    { upgrade: 'h2c' },
    { 'content-length': '100' },
    { te: 'gzip' },
  ];
  for (const headers of odd) {
    const session = connect(url, { ca });
    session.on('error', () => {});
    const status = await new Promise<number>((resolve) => {
      const base = {
        ':method': 'POST',
        ':path': CONFIG_MAPS,
        authorization: `Bearer ${tokenOf('attacker')}`,
      };
      try {
        const stream = session.request({ ...base, 'content-type': 'application/json', ...headers });
        stream.once('response', (answer) => resolve(Number(answer[':status'])));
        stream.once('error', () => resolve(0));
        stream.once('close', () => resolve(0));
        stream.end('{}');
      } catch {
        // Node's own client does not send it.
        resolve(0);
      }
    });
    expect(status === 0 || status >= 400).toBe(true);
    session.destroy();
  }
});
