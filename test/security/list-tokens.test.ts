import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { KubeList } from '../http/client.ts';
import { assertPrompt, useArena } from './suite.ts';

const arena = useArena();
const CONFIG_MAPS = '/clusters/attacker/api/v1/namespaces/default/configmaps';
let genuine = '';

beforeAll(async () => {
  for (let index = 0; index < 5; index++) {
    await arena.client.create(CONFIG_MAPS, { metadata: { name: `map-${index}` } });
  }
  genuine = (await arena.client.get<KubeList>(`${CONFIG_MAPS}?limit=2`)).metadata.continue ?? '';
});
afterEach(() => arena.assertUnharmed());

function payloadOf(token: string): string {
  return Buffer.from(token, 'base64url').toString();
}

describe('a continue token', () => {
  test('is refused after any change to it', async () => {
    const [signature = '', ...rest] = payloadOf(genuine).split('.');
    const body = rest.join('.');
    const forged = [
      `${signature}.${body.replace(/map-\d/, 'map-9')}`,
      `${signature}.${body.replace(/"rv":\d+/, '"rv":1')}`,
      `${signature}.${body.replace(/"rv":\d+/, '"rv":-1')}`,
      `${signature}.${body} `,
      `.${body}`,
      body,
      `${'A'.repeat(signature.length)}.${body}`,
      `${signature.slice(0, -1)}.${body}`,
      // What upstream's tokens look like, which are not signed.
      '{"v":"meta.k8s.io/v1","rv":-1,"start":"\\u0000"}',
      '{"v":"meta.k8s.io/v1","rv":1,"start":"../victim/default/guarded\\u0000"}',
      '{"__proto__":{"rv":1},"start":"x"}',
      '',
    ].map((text) => Buffer.from(text).toString('base64url'));
    const raw = [
      '%00',
      '..%2f',
      `${genuine}%3d`,
      `${genuine}%0a`,
      `${genuine}%20`,
      genuine.slice(1),
      'a'.repeat(50_000),
      'null',
      '[]',
    ];
    for (const token of [...forged.filter((text) => text !== ''), ...raw]) {
      const reply = await arena.attack(`${CONFIG_MAPS}?limit=2&continue=${token}`);
      expect([400, 410, 431], token.slice(0, 60)).toContain(reply.status);
    }
  });

  test('holds for its collection, namespace and kind alone, and may be used again', async () => {
    const token = encodeURIComponent(genuine);
    const elsewhere = [
      '/clusters/attacker/api/v1/configmaps',
      '/clusters/attacker/api/v1/namespaces/other/configmaps',
      '/clusters/attacker/api/v1/namespaces/default/secrets',
      '/clusters/attacker/api/v1/namespaces',
    ];
    for (const path of elsewhere) await arena.refused([400], `${path}?limit=2&continue=${token}`);
    const pages = await Promise.all(
      [1, 2, 3].map(() => arena.attack(`${CONFIG_MAPS}?limit=2&continue=${token}`)),
    );
    const names = pages.map(({ text }) =>
      (JSON.parse(text) as KubeList).items.map(({ metadata }) => metadata.name),
    );
    expect(new Set(names.map(String)).size).toBe(1);
    // Of two tokens the first counts, and what was never asked cannot be added.
    const reply = await arena.attack(`${CONFIG_MAPS}?limit=2&continue=x&continue=${token}`);
    expect(reply.status).toBe(400);
  });

  test('survives neither a limit nor a revision that makes no sense', async () => {
    const queries = [
      'limit=-1',
      'limit=1e9',
      'limit=99999999999999999999999',
      'limit=NaN',
      'limit=0x10',
      'limit=%00',
      'resourceVersion=-1',
      'resourceVersion=1e3',
      'resourceVersion=99999999999999999999999999',
      'resourceVersion=18446744073709551616',
      'resourceVersion=0x1',
      'resourceVersion=1&resourceVersionMatch=Exactly',
      'resourceVersionMatch=Exact',
      'resourceVersion=0&resourceVersionMatch=Exact',

      'sendInitialEvents=true',
    ];
    for (const query of queries) {
      const { status } = await arena.attack(`${CONFIG_MAPS}?${query}`);
      expect(status, query).toBeLessThan(500);
    }
  });

  test('is cheap to refuse: a hundred forged ones hold nobody up', async () => {
    const tokens = Array.from({ length: 100 }, (_, index) =>
      Buffer.from(`${index}.${'x'.repeat(8_000)}`).toString('base64url'),
    );
    await assertPrompt(40, () =>
      Promise.all(tokens.map((token) => arena.attack(`${CONFIG_MAPS}?continue=${token}`))),
    );
  });
});
