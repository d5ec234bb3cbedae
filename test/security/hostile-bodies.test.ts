import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../src/base/mod.ts';
import { crdOf } from '../conformance/suite.ts';
import { assertPrompt, statusOf, useArena } from './suite.ts';

const arena = useArena();
const CONFIG_MAPS = '/clusters/attacker/api/v1/namespaces/default/configmaps';
const THINGS = '/clusters/attacker/apis/bodies.example/v1/namespaces/default/things';
const GZIP = { 'content-encoding': 'gzip', 'content-type': 'application/json' };

beforeAll(async () => {
  const crds = '/clusters/attacker/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  await arena.client.create(crds, crdOf({ group: 'bodies.example', plural: 'things', kind: 'Thing' }));
  await arena.client.until(THINGS, (_list, status) => status === 200);
});
afterEach(() => arena.assertUnharmed());

const thing = (spec: string) =>
  `{"apiVersion":"bodies.example/v1","kind":"Thing","metadata":{"generateName":"x-"},"spec":${spec}}`;

async function post(body: string | Buffer, headers: Readonly<Record<string, string>> = {}, path = THINGS) {
  return arena.attack(path, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

describe('a body that inflates', () => {
  test('beyond all bounds is stopped when it is larger than a body may be', async () => {
    // Three hundred mebibytes, in some three hundred kibibytes.
    const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024, 0x20), { level: 9 });
    expect(bomb.length).toBeLessThan(limits.requestBodyBytesMax);
    const before = process.memoryUsage().rss;
    await assertPrompt(40, async () => {
      const replies = await Promise.all(Array.from({ length: 8 }, () => post(bomb, GZIP)));
      for (const reply of replies) statusOf(reply, [413]);
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
  }, 60_000);

  test('in layers is not unpacked', async () => {
    const once = gzipSync(thing('{}'));
    for (const encoding of [
      'gzip, gzip',
      'gzip,gzip',
      'identity, gzip',
      'deflate',
      'br',
      'x-gzip',
      'zstd',
      'compress',
    ]) {
      const reply = await post(gzipSync(once), { 'content-encoding': encoding });
      expect(reply.status, encoding).toBe(415);
    }
    statusOf(await post(gzipSync(once), GZIP), [400]);
  });

  test('and is damaged, cut off or followed by more is a bad request or what it holds', async () => {
    const good = gzipSync(thing('{}'));
    for (const bytes of [
      good.subarray(0, 20),
      Buffer.concat([good.subarray(0, 10), Buffer.alloc(50)]),
      Buffer.of(0x1f, 0x8b),
    ]) {
      statusOf(await post(bytes, GZIP), [400]);
    }
    const members = Buffer.concat([good, gzipSync('"more"')]);
    expect([201, 400]).toContain((await post(members, GZIP)).status);
  });
});

describe('a body in JSON', () => {
  test('of more than its size, keys or depth is refused before it costs much', async () => {
    const keys = Array.from({ length: 260_000 }, (_, index) => `"${index.toString(36)}":0`).join();
    const cases: readonly (readonly [string, number])[] = [
      [thing(`{"a":"${'x'.repeat(limits.requestBodyBytesMax)}"}`), 413],
      [thing(`{"a":"${'x'.repeat(limits.objectBytesMax)}"}`), 413],
      [thing(`{${keys}}`), 400],
      [thing(`[${'0,'.repeat(300_000)}0]`), 400],
      [thing(`${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`), 400],
      [thing(`${'{"a":'.repeat(300_000)}0${'}'.repeat(300_000)}`), 400],
      ['['.repeat(2_000_000), 400],
      [`"${'\\'.repeat(2_000_001)}`, 400],
      [`${'1'.repeat(2_000_000)}`, 400],
      [thing(`1e${'9'.repeat(1_000)}`), 400],
      [thing(`-${'9'.repeat(100_000)}`), 400],
    ];
    for (const [body, code] of cases) {
      await assertPrompt(40, async () => statusOf(await post(body), [code, 422]));
    }
  }, 120_000);

  test('with keys that JavaScript finds special keeps them as ordinary data', async () => {
    const spec =
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":1,"hasOwnProperty":2,"valueOf":3,"__defineGetter__":4,"then":{"a":1}}';
    const reply = await post(thing(spec));
    expect(reply.status).toBe(201);
    expect(reply.text).toContain('"__proto__":{"polluted":1}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(reply.text).toContain('"constructor":{"prototype":{"polluted":1}}');
  });

  test.each([
    [
      'metadata',
      '{"apiVersion":"bodies.example/v1","kind":"Thing","metadata":{"name":"a"},"metadata":{"name":"b","namespace":"other"}}',
    ],
    ['__proto__', thing('{"__proto__":1,"__proto__":2}')],
    ['a key that is escaped once', thing('{"a":1,"\\u0061":2}')],
  ])('with %s twice is refused where that was asked for', async (_what, body) => {
    const reply = await post(body, {}, `${THINGS}?fieldValidation=Strict`);
    const status = statusOf(reply, [400]);
    expect(status.message).toContain('duplicate field');
  });

  test('that is no object, or of other types than it says, is refused', async () => {
    const bodies = [
      'null',
      '[]',
      '1',
      '"x"',
      'true',
      '{}',
      '{"metadata":null}',
      '{"metadata":[]}',
      '{"metadata":{"labels":[]}}',
      '{"metadata":{"labels":{"a":{}}}}',
      '{"apiVersion":{},"kind":[]}',
      '\ufeff{}',
      '{}{}',
      '{"a":1}x',
      '{"a":Infinity}',
      "{'a':1}",
      '{a:1}',
      '// x',
    ];
    for (const body of bodies) {
      for (const path of [THINGS, CONFIG_MAPS]) statusOf(await post(body, {}, path), [400, 422]);
    }
  });

  test('of another media type than it says is refused', async () => {
    const types = [
      'text/html',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded',
      'application/xml',
      'application/json-patch+json',
      'application/octet-stream',
      'application/cbor',
    ];
    for (const type of types) statusOf(await post(thing('{}'), { 'content-type': type }), [400, 415]);
  });
});
