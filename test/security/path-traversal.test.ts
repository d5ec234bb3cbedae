import { connect } from 'node:http2';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseLogicalCluster } from '../../src/base/mod.ts';
import { codesOf, tokenOf, useArena } from './suite.ts';

const arena = useArena();
const CONFIG_MAPS = 'api/v1/namespaces/default/configmaps';

beforeAll(() => arena.client.create('/api/v1/namespaces', { metadata: { name: 'clusters' } }));

/** Cluster segments that are somebody else's name for a router that decodes, folds or normalises. */
const CLUSTERS = [
  '',
  '.',
  '..',
  '*',
  '%2a',
  '%2A',
  'victim%00',
  'victim%2e',
  'victim.',
  '%76ictim',
  'victi%6d',
  '%2576ictim',
  'attacker%2f..%2fvictim',
  'attacker%2fvictim',
  'attacker%5c..%5cvictim',
  'attacker\\..\\victim',
  'attacker;victim',
  'attacker,victim',
  'victim;a=b',
  'victim:',
  ':victim',
  'root:victim',
  'victim::',
  'attacker:victim',
  'attacker:..:victim',
  'VICTIM',
  'Victim',
  '%ef%bd%96ictim',
  'vict%c4%b1m',
  'victim%20',
  'victim+',
  'victim%0d%0aX-Injected:%201',
  'victim%u0000',
  'victim%c0%ae',
  'victim%ff',
  'victim%',
  '%',
  'system:admin%00',
  '__proto__',
  'constructor',
  'toString',
  'v'.repeat(300),
  'v'.repeat(10_000),
];

describe('a cluster segment', () => {
  test.each(CLUSTERS.map((name) => [name.slice(0, 40), name]))(
    '%j names no workspace',
    async (_short, name) => {
      const path = `/clusters/${name}/${CONFIG_MAPS}/guarded`;
      const reply = await arena.raw(`${arena.head(`GET ${path} HTTP/1.1`, 'Connection: close')}\r\n\r\n`);
      expect(codesOf(reply)).toHaveLength(1);
      expect([400, 403, 404]).toContain(codesOf(reply)[0]);
      expect(reply.text.toLowerCase()).not.toContain('\nx-injected');
    },
  );

  test('with characters beyond ASCII is refused as it comes over HTTP/2 too', async () => {
    const { url, ca } = arena.server;
    const session = connect(url, { ca });
    const names = ['ｖictim', 'vıctim', 'victim\u200b', 'viсtim', '*', '..', 'victim/../victim%2f'];
    for (const name of names) {
      const answer = await new Promise<string>((resolve, reject) => {
        const stream = session.request({
          // As bytes of UTF-8, each a character to Node.
          ':path': Buffer.from(`/clusters/${name}/${CONFIG_MAPS}/guarded`).toString('latin1'),
          authorization: `Bearer ${tokenOf('attacker')}`,
        });
        let text = '';
        stream.on('response', (headers) => {
          text = `${headers[':status']} `;
        });
        stream.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        stream.once('end', () => resolve(text));
        stream.once('error', reject);
      });
      arena.assertSilent(answer);
      expect(answer.slice(0, 4)).toMatch(/^40[034] /);
    }
    session.close();
    await arena.assertUnharmed();
  });

  test('never names what a store key is made with', () => {
    for (const name of ['a\0b', 'a/b', 'a:b\n', 'a b', 'ä', '-', 'a..b', '*']) {
      expect(parseLogicalCluster(name)).toBeUndefined();
    }
  });
});

/** Paths within the attacker's workspace that end up in the victim's for a router that normalises. */
const PATHS = [
  '/../victim/',
  '/./../victim/',
  '/..%2fvictim/',
  '/%2e%2e/victim/',
  '/%2e%2e%2fvictim%2f',
  '/%252e%252e/victim/',
  '/..\\victim\\',
  '//clusters/victim/',
  '/clusters/victim/',
  '/%2fclusters%2fvictim/',
  '/api/../../victim/',
  '/apis/..;/..;/victim/',
];

describe('a path within a workspace', () => {
  test.each(PATHS)('does not lead out of it: %s', async (detour) => {
    const path = `${arena.attacker}${detour}${CONFIG_MAPS}/guarded`;
    const reply = await arena.raw(`${arena.head(`GET ${path} HTTP/1.1`, 'Connection: close')}\r\n\r\n`);
    expect([400, 403, 404]).toContain(codesOf(reply)[0]);
    // Nor does an absolute form, whatever authority it names.
    const absolute = `GET https://victim${path} HTTP/1.1`;
    const second = await arena.raw(`${arena.head(absolute, 'Connection: close')}\r\n\r\n`);
    expect([400, 403, 404]).toContain(codesOf(second)[0]);
  });

  test.each([
    ['a namespace', (name: string) => `api/v1/namespaces/${name}/configmaps/a`],
    ['a name', (name: string) => `${CONFIG_MAPS}/${name}`],
    ['a resource', (name: string) => `api/v1/namespaces/default/${name}/a`],
    ['a group', (name: string) => `apis/${name}/v1/namespaces/default/things/a`],
    ['a version', (name: string) => `apis/example.com/${name}/namespaces/default/things/a`],
    ['a subresource', (name: string) => `${CONFIG_MAPS}/a/${name}`],
    ['a document of OpenAPI', (name: string) => `openapi/v3/apis/${name}/v1`],
    ['a health check', (name: string) => `readyz/${name}`],
  ])(
    'takes %s as one word, decoded once',
    async (_what, pathOf) => {
      const words = [
        '..',
        '%2e%2e',
        '.%2e',
        '..%2f..%2f..%2fvictim',
        '%2fclusters%2fvictim',
        '%00',
        'a%00guarded',
        'default%00configmaps',
        '%252f',
        '%',
        '%zz',
        '%c0%af',
        '%ed%a0%80',
        '%0d%0a',
        '__proto__',
        'constructor',
        'hasOwnProperty',
        '*',
        '%2a',
        'x'.repeat(20_000),
      ];
      for (const word of words) {
        for (const method of ['GET', 'DELETE', 'PUT']) {
          const head = arena.head(
            `${method} ${arena.attacker}/${pathOf(word)} HTTP/1.1`,
            'Connection: close',
          );
          const body =
            method === 'PUT' ? 'Content-Length: 2\r\nContent-Type: application/json\r\n\r\n{}' : '\r\n';
          const reply = await arena.raw(`${head}\r\n${body}`);
          expect(codesOf(reply)).toHaveLength(1);
          expect([400, 403, 404, 405, 422], `${method} ${word.slice(0, 30)}`).toContain(codesOf(reply)[0]);
        }
      }
      await arena.assertUnharmed();
    },
    60_000,
  );

  test('of many segments or of empty ones is nobody’s', async () => {
    for (const path of [
      '/a'.repeat(20_000),
      '/'.repeat(30_000),
      '/api//v1/pods',
      '/api/v1/namespaces//configmaps',
    ]) {
      const reply = await arena.raw(`${arena.head(`GET ${arena.attacker}${path} HTTP/1.1`)}\r\n\r\n`);
      expect([403, 404, 431]).toContain(codesOf(reply)[0]);
    }
  });
});
