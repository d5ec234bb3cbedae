import { connect } from 'node:http2';
import { afterEach, describe, expect, test } from 'vitest';
import { codesOf, tokenOf, useArena } from './suite.ts';

const arena = useArena();
const REVIEW = '/clusters/attacker/apis/authentication.k8s.io/v1/selfsubjectreviews';
const CONFIG_MAPS = '/clusters/attacker/api/v1/namespaces/default/configmaps';
/** More than Node keeps of the headers of an HTTP/1.1 request unless it is told otherwise. */
const JUNK_COUNT = 2_100;
/** What somebody is told who may not enter; the requester may do everything there. */
const REFUSED = String.raw`User \"lowly\" cannot create`;

afterEach(() => arena.assertUnharmed());

function junk(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `x-${index}: 1`);
}

describe('a header of HTTP/1.1 behind two thousand others', () => {
  test('is not lost: Impersonate-User, without which the request would be made as the requester', async () => {
    const headers = ['Content-Type: application/json', 'Content-Length: 2', ...junk(JUNK_COUNT)];
    const head = arena.head(`POST ${REVIEW} HTTP/1.1`, ...headers, 'Impersonate-User: lowly');
    const reply = await arena.raw(`${head}\r\n\r\n{}`);
    expect(codesOf(reply)).toEqual([403]);
    expect(reply.text).toContain(REFUSED);
  });

  test.each([
    ['Content-Length', (body: string) => [`Content-Length: ${body.length}`, body]],
    ['Transfer-Encoding', (body: string) => ['Transfer-Encoding: chunked', chunked(body)]],
  ])('is not lost: %s, without which a dry run would delete', async (_name, framed) => {
    const path = `${CONFIG_MAPS}/kept`;
    await arena.attack(CONFIG_MAPS, { method: 'POST', body: { metadata: { name: 'kept' } } });
    const [framing = '', body = ''] = framed('{"kind":"DeleteOptions","apiVersion":"v1","dryRun":["All"]}');
    const headers = ['Content-Type: application/json', ...junk(JUNK_COUNT), framing];
    const reply = await arena.raw(`${arena.head(`DELETE ${path} HTTP/1.1`, ...headers)}\r\n\r\n${body}`);
    expect(codesOf(reply)).toEqual([200]);
    expect((await arena.attack(path)).status).toBe(200);
  });

  test('is not read where they are too large together', async () => {
    const headers = Array.from({ length: JUNK_COUNT }, (_, index) => `x-${index}: ${'1'.repeat(30)}`);
    const head = arena.head(`POST ${REVIEW} HTTP/1.1`, ...headers, 'Impersonate-User: lowly');
    const reply = await arena.raw(`${head}\r\n\r\n`);
    // The answer may be lost with the connection, for the rest of the request is still on its way.
    expect(codesOf(reply).every((code) => code === 431)).toBe(true);
    expect(reply.isClosed).toBe(true);
  });
});

describe('a header of HTTP/2 behind many others', () => {
  test.each([100, 121])('is not lost behind %i', async (count) => {
    expect(await review(count)).toContain(REFUSED);
  });

  test.each([122, 500, JUNK_COUNT])('is not lost behind %i: the stream is refused', async (count) => {
    expect(await review(count)).toBe('refused');
  });
});

function chunked(body: string): string {
  return `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
}

/** Who is asking, in a request over HTTP/2 whose last header says who it shall be. */
async function review(count: number): Promise<string> {
  const { url, ca } = arena.server;
  const session = connect(url, { ca });
  session.on('error', () => {});
  const headers = Object.fromEntries(junk(count).map((line) => line.split(': ') as [string, string]));
  try {
    return await new Promise<string>((resolve) => {
      const stream = session.request({
        ':method': 'POST',
        ':path': REVIEW,
        authorization: `Bearer ${tokenOf('attacker')}`,
        'content-type': 'application/json',
        ...headers,
        'impersonate-user': 'lowly',
      });
      let text = '';
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => {
        text += chunk;
      });
      stream.once('error', () => resolve('refused'));
      stream.once('end', () => resolve(text));
      stream.once('close', () => resolve(text || 'refused'));
      stream.end('{}');
    });
  } finally {
    session.destroy();
  }
}
