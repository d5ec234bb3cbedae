import fc from 'fast-check';
import { guestDefinition, guestObject } from './guest-requests.ts';
import { hostileBody } from './hostile-bodies.ts';
import { ACCEPTS, METHODS, PARAMETERS, SEGMENTS, TYPES, VALUES } from './hostile-texts.ts';
import { GADGETS_CRD, GUESTS, kinds, pathOf, WIDGETS_CRD } from './kinds.ts';
import type { Plan } from './plan.ts';
import type { Call } from './transport.ts';
import { anyText, oneOf, pick } from './values.ts';

const query = fc
  .array(
    fc.tuple(
      fc.constantFrom(...PARAMETERS),
      oneOf([4, fc.constantFrom(...VALUES)], [1, anyText.map(encode)]),
    ),
    { maxLength: 4 },
  )
  .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&'));

const knownPath = fc
  .record({
    kind: fc.constantFrom(...kinds),
    name: fc.constantFrom(undefined, 'n0', 'n1', 'n9'),
    tail: pick([8, ''], [1, '/status'], [1, '/finalize'], [1, '/token'], [1, '/'], [1, '//']),
  })
  .map(
    ({ kind, name, tail }) =>
      pathOf(kind, { namespace: 'fuzz-a', ...(name === undefined ? {} : { name }) }) + tail,
  );

const guestPath = fc
  .constantFrom(...GUESTS)
  .map((plural) => `/apis/fuzz.example.com/v1/namespaces/fuzz-a/${plural}`);

const anyPath = oneOf<string>(
  [6, knownPath],
  [1, guestPath],
  [
    1,
    fc.constantFrom(
      '/clusters/root/api/v1/namespaces',
      '/clusters/nothing/api/v1',
      '/clusters/%72oot/api',
      '/clusters/',
      '/clusters/*/api/v1/configmaps',
      '/clusters/root:a/apis',
    ),
  ],
  [
    1,
    fc.constantFrom(
      '/openapi/v2',
      '/openapi/v3/nothing',
      '/openapi/v3/api/v1?hash=0',
      '/healthz/',
      '/readyz/nothing',
      '/livez?exclude=',
      '/metrics',
      '/debug/pprof',
      '//',
      '/?',
      '/api//v1',
      '*',
    ),
  ],
  [
    3,
    fc
      .tuple(
        knownPath,
        fc.array(
          fc.tuple(fc.nat({ max: 8 }), oneOf([3, fc.constantFrom(...SEGMENTS)], [1, anyText.map(encode)])),
          { minLength: 1, maxLength: 3 },
        ),
      )
      .map(([path, changes]) => {
        const segments = path.split('/');
        for (const [index, segment] of changes) segments[1 + (index % segments.length)] = segment;
        return segments.join('/');
      }),
  ],
);

const anyHeader: fc.Arbitrary<readonly [string, string]> = oneOf<readonly [string, string]>(
  [2, fc.constantFrom(...TYPES).map((value) => ['content-type', value] as const)],
  [2, fc.constantFrom(...ACCEPTS).map((value) => ['accept', value] as const)],
  [
    1,
    fc
      .constantFrom('gzip', 'identity', 'deflate', 'gzip, gzip', 'br', 'GZIP')
      .map((value) => ['content-encoding', value] as const),
  ],
  [1, fc.constantFrom('gzip', 'gzip;q=0', '*', 'br').map((value) => ['accept-encoding', value] as const)],
  [
    1,
    fc
      .constantFrom('', 'Basic eDp5', 'Bearer', 'Bearer x', `Bearer ${'a'.repeat(9_000)}`, 'bearer ')
      .map((value) => ['authorization', value] as const),
  ],
  [1, fc.constantFrom('system:admin', 'root').map((value) => ['impersonate-user', value] as const)],
  [1, fc.constantFrom('x', ' ', 'x'.repeat(70), '%0d%0a').map((value) => ['audit-id', value] as const)],
  [
    1,
    fc
      .constantFrom('curl/8', 'Mozilla/5.0', '/', 'x'.repeat(200), 'é/1')
      .map((value) => ['user-agent', value] as const),
  ],
  [1, fc.constant(['expect', '100-continue'] as const)],
  [1, fc.constant(['x-remote-user', 'system:masters'] as const)],
  [1, fc.constant(['x-large', 'y'.repeat(20_000)] as const)],
  [1, fc.constantFrom('"x"', '*').map((value) => ['if-none-match', value] as const)],
);

/** Requests as they come from clients that err, or that mean harm. */
export const hostileRequest: fc.Arbitrary<Plan> = oneOf<Plan>(
  [30, strangeCall()],
  [3, rawCall()],
  [3, guestDefinition()],
  [4, guestObject()],
);

function strangeCall(): fc.Arbitrary<Plan> {
  return fc
    .record({
      method: oneOf(
        [8, fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE')],
        [1, fc.constantFrom(...METHODS)],
      ),
      path: anyPath,
      query: oneOf([2, fc.constant('')], [2, query]),
      headers: fc.array(anyHeader, { maxLength: 3 }),
      body: fc.option(hostileBody(), { nil: undefined }),
      protocol: pick<Call['protocol']>([3, 'http1'], [1, 'http2']),
      abortMs: pick<number | undefined>([20, undefined], [1, 0], [1, 2]),
    })
    .map(
      (wish): Plan =>
        ({ token }) => {
          const path =
            wish.query === '' ? wish.path : `${wish.path}${wish.path.includes('?') ? '&' : '?'}${wish.query}`;
          const method = spare(wish.method, path);
          const headers: Record<string, string> = { authorization: `Bearer ${token}`, ...wish.body?.headers };
          for (const [name, value] of wish.headers) headers[name] = value;
          const body = method === 'GET' || method === 'HEAD' ? undefined : wish.body?.bytes;
          const isSendable =
            isPlainUrl(path) &&
            isPlainHeaders(headers) &&
            /^[A-Z]+$/.test(method) &&
            headers['expect'] === undefined;
          if (!isSendable) return { kind: 'raw', bytes: rawRequest({ method, path, headers, body }) };
          return {
            kind: 'call',
            isValid: false,
            call: {
              method,
              path,
              headers,
              body,
              protocol: wish.protocol,
              isHostile: true,
              abortMs: wish.abortMs,
            },
          };
        },
    );
}

function rawCall(): fc.Arbitrary<Plan> {
  const get = (lines: string): string => `GET /api/v1/namespaces HTTP/1.1\r\nHost: x\r\n${lines}\r\n`;
  const post = (lines: string, body: string): string =>
    `POST /api/v1/namespaces/fuzz-a/configmaps HTTP/1.1\r\nHost: x\r\n$auth${lines}\r\n${body}`;
  const texts = [
    'hello\r\n\r\n',
    '\u0000\u0001\u0002',
    'GET / HTTP/9.9\r\n\r\n',
    'GET /api HTTP/1.1\r\n\r\n',
    get('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n'),
    get(' folded: x\r\n'),
    get(`X: ${'y'.repeat(70_000)}\r\n`),
    get(Array.from({ length: 3_000 }, (_, index) => `X-${index}: y\r\n`).join('')),
    get(
      '$authUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n',
    ),
    get('$authUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AA\r\n'),
    get('$auth$authExpect: 100-continue\r\n'),
    `GET /${'a/'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    'CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET http://example.com/api HTTP/1.1\r\nHost: x\r\n$auth\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: x\r\n$auth\r\n',
    post('Transfer-Encoding: chunked\r\n', 'zz\r\nabc\r\n0\r\n\r\n'),
    post('Transfer-Encoding: chunked\r\n', '3\r\n{"a\r\n0\r\n\r\n'),
    post('Content-Length: 100\r\n', '{"metadata":'),
    post('Content-Length: -1\r\n', ''),
    post('Content-Length: 99999999999\r\n', '{}'),
    post('Content-Encoding: gzip\r\nContent-Length: 100\r\n', '\u001f\u008b'),
    post('Expect: 100-continue\r\nContent-Length: 2\r\n', '{}'),
    `${post('Content-Length: 2\r\n', '{}')}${get('$auth')}`,
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u0000\u0000\u0000',
  ];
  return fc.constantFrom(...texts).map(
    (text): Plan =>
      ({ token }) => ({
        kind: 'raw',
        bytes: Buffer.from(text.replaceAll('$auth', `Authorization: Bearer ${token}\r\n`), 'latin1'),
      }),
  );
}

/** The definitions that all the rest relies on stay, and so do the namespaces. */
function spare(method: string, path: string): string {
  const isVital =
    path.includes(WIDGETS_CRD) ||
    path.includes(GADGETS_CRD) ||
    /customresourcedefinitions|namespaces\/[^/]*\/?(\?|$)/.test(path);
  return isVital && method !== 'HEAD' && method !== 'OPTIONS' ? 'GET' : method;
}

function encode(text: string): string {
  // Half of a surrogate pair has no UTF-8.
  return encodeURIComponent(Buffer.from(text).toString());
}

function isPlainUrl(path: string): boolean {
  return path.startsWith('/') && /^[\x21-\x7e]+$/.test(path) && !path.includes('#');
}

function isPlainHeaders(headers: Readonly<Record<string, string>>): boolean {
  return Object.values(headers).every((value) => /^[\x20-\x7e]*$/.test(value));
}

function rawRequest(call: {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}): Buffer {
  const lines = Object.entries(call.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = call.body === undefined ? '' : `content-length: ${call.body.length}\r\n`;
  const head = `${call.method} ${call.path} HTTP/1.1\r\nhost: x\r\n${lines.join('')}${length}\r\n`;
  return Buffer.concat([Buffer.from(head), call.body ?? Buffer.alloc(0)]);
}
