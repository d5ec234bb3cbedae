import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../src/base/mod.ts';
import { addressPolicy, LOOPBACK_NETWORKS } from '../../src/region/address-policy.ts';
import { type ClosableNet, createNet, type Lookup } from '../../src/region/net.ts';
import { CRDS, crdOf } from '../conformance/suite.ts';
import { ConversionWebhook, converting } from '../support/conversion-webhook.ts';
import { statusOf, useArena } from './suite.ts';

const arena = useArena();
const nets: ClosableNet[] = [];
let webhook: ConversionWebhook;
let inner: Server;
let innerPort = 0;
/** Connections to what nobody outside is to reach. */
let reached = 0;

beforeAll(async () => {
  webhook = await ConversionWebhook.start();
  inner = createServer((socket) => {
    reached += 1;
    socket.on('error', () => {});
    socket.end();
  });
  inner.listen(0, '127.0.0.1');
  await once(inner, 'listening');
  innerPort = (inner.address() as { port: number }).port;
});
afterEach(async () => {
  for (const net of nets.splice(0)) await net.close();
  await arena.assertUnharmed();
});
afterAll(async () => {
  await webhook.stop();
  inner.close();
});

function netOf(networks: readonly string[], lookup?: Lookup): ClosableNet {
  const net = createNet(addressPolicy(networks), lookup);
  nets.push(net);
  return net;
}

function post(
  net: ClosableNet,
  url: string,
  options: { readonly timeoutMs?: number; readonly cluster?: string } = {},
) {
  return net.post({
    cluster: 'attacker',
    url,
    ca: Buffer.from(webhook.caBundle, 'base64').toString(),
    contentType: 'application/json',
    body: Buffer.from('{}'),
    timeoutMs: 10_000,
    responseBytesMax: limits.webhookResponseBytesMax,
    ...options,
  });
}

describe('the URL of a webhook', () => {
  test.each([
    '127.0.0.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    '127.0.0.1.',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '0.0.0.0',
    '[::]',
    'localhost',
    'LOCALHOST',
    'localhost.',
    '１２７.０.０.１',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.169.254',
    '[fd00:ec2::254]',
    '[fe80::1]',
    '168.63.129.16',
    '224.0.0.1',
    '255.255.255.255',
  ])('does not lead to this machine, private networks or a cloud’s metadata: %s', async (host) => {
    const before = reached;
    const call = post(netOf([]), `https://${host}:${innerPort}/latest/meta-data/`, { timeoutMs: 3_000 });
    await expect(call).rejects.toThrow(/not allowed for webhooks|no such host/);
    expect(reached).toBe(before);
  });

  test('leads to the address that was looked at, though its name leads elsewhere a moment later', async () => {
    const asked: string[] = [];
    const lookup: Lookup = (hostname, _options, callback) => {
      asked.push(hostname);
      // Allowed at first, and then where it was to lead all along.
      callback(null, [{ address: asked.length % 2 === 1 ? '127.0.0.3' : '127.0.0.1', family: 4 }]);
    };
    const before = reached;
    const net = netOf(['127.0.0.3/32'], lookup);
    for (let round = 0; round < 4; round++) {
      await expect(post(net, `https://rebind.example:${innerPort}/`, { timeoutMs: 3_000 })).rejects.toThrow();
    }
    expect(reached).toBe(before);
    // Once for each connection: nobody resolves again what was judged.
    expect(asked).toHaveLength(4);
  });

  test('leads nowhere when only some of its addresses are allowed, but to these', async () => {
    const lookup: Lookup = (_hostname, _options, callback) =>
      callback(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '169.254.169.254', family: 4 },
        { address: '127.0.0.3', family: 4 },
      ]);
    const before = reached;
    await expect(
      post(netOf(['127.0.0.3/32'], lookup), `https://many.example:${innerPort}/`),
    ).rejects.toThrow();
    expect(reached).toBe(before);
  });
});

describe('the answer of a webhook', () => {
  test('that sends elsewhere is not followed', async () => {
    const before = reached;
    for (const code of [301, 302, 303, 307, 308]) {
      webhook.answer = () => ({ code, headers: { location: `https://127.0.0.1:${innerPort}/` }, body: '' });
      expect((await post(netOf(LOOPBACK_NETWORKS), webhook.origin)).code).toBe(code);
    }
    expect(reached).toBe(before);
  });

  test('is cut off when it is too large, and never inflated', async () => {
    const net = netOf(LOOPBACK_NETWORKS);
    webhook.answer = () => ({ body: 'x'.repeat(limits.webhookResponseBytesMax + 1) });
    await expect(post(net, webhook.origin)).rejects.toThrow('the response is larger than');
    const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024));
    webhook.answer = () => ({ headers: { 'content-encoding': 'gzip' }, body: bomb.toString('latin1') });
    expect((await post(net, webhook.origin)).body.length).toBeLessThan(1024 * 1024);
  });

  test('with too large a head, or none that is HTTP, is an error', async () => {
    const net = netOf(LOOPBACK_NETWORKS);
    webhook.answer = () => ({ headers: { 'x-large': 'x'.repeat(200_000) }, body: '' });
    await expect(post(net, webhook.origin)).rejects.toThrow();
  });

  test('that does not come is waited for no longer than it may take', async () => {
    webhook.answer = () => new Promise(() => {});
    await expect(post(netOf(LOOPBACK_NETWORKS), webhook.origin, { timeoutMs: 200 })).rejects.toThrow(
      'context deadline exceeded',
    );
  });
});

describe('a tenant whose webhooks never answer', () => {
  test('holds no more connections than are his, and nobody else up', async () => {
    const net = netOf(LOOPBACK_NETWORKS);
    const slow = await Promise.all([1, 2, 3].map(() => ConversionWebhook.start()));
    for (const server of slow) server.answer = () => new Promise(() => {});
    webhook.answer = () => ({ body: 'here' });
    const hanging = slow.flatMap(({ origin, caBundle }) =>
      Array.from({ length: 60 }, () =>
        net
          .post({
            cluster: 'attacker',
            url: origin,
            ca: Buffer.from(caBundle, 'base64').toString(),
            contentType: 'application/json',
            body: Buffer.from('{}'),
            timeoutMs: 20_000,
            responseBytesMax: 1_000,
          })
          .catch((error: unknown) => error),
      ),
    );
    // He waits for himself, also where his call would go to somebody who answers.
    await expect(post(net, webhook.origin, { timeoutMs: 500 })).rejects.toThrow('context deadline exceeded');
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => post(net, webhook.origin, { cluster: 'victim' })),
    );
    expect(new Set(answers.map(({ body }) => body.toString()))).toEqual(new Set(['here']));
    const connections = slow.reduce((sum, server) => sum + server.connections, 0);
    expect(connections).toBeLessThanOrEqual(limits.webhookConnectionsPerClusterMax);
    for (const server of slow) await server.stop();
    await net.close();
    await Promise.all(hanging);
  }, 60_000);

  test('leaves no more idle connections behind than are kept', async () => {
    const net = netOf(LOOPBACK_NETWORKS);
    webhook.answer = () => ({ body: 'here' });
    for (let round = 0; round < 3; round++) {
      await Promise.all(Array.from({ length: 100 }, () => post(net, webhook.origin)));
    }
    expect((await post(net, webhook.origin, { cluster: 'victim' })).body.toString()).toBe('here');
  });
});

describe('a definition with a conversion webhook', () => {
  const versions = [{ name: 'v1' }, { name: 'v2' }];
  const definition = (group: string, clientConfig: unknown) => {
    const crd = crdOf({ group, plural: 'things', kind: 'Thing', versions });
    const webhookConfig = { clientConfig, conversionReviewVersions: ['v1'] };
    return {
      ...crd,
      spec: { ...(crd['spec'] as object), conversion: { strategy: 'Webhook', webhook: webhookConfig } },
    };
  };

  test.each([
    ['http', 'http://example.com/'],
    ['a user', 'https://user:password@example.com/'],
    ['a fragment', 'https://example.com/#x'],
    ['a query', 'https://example.com/?x=y'],
    ['no host', 'https:///x'],
    ['a file', 'file:///etc/passwd'],
    ['a newline', 'https://example.com/\r\nX-Injected: 1'],
  ])('is refused with %s in its URL', async (_what, url) => {
    const body = definition('refused.example', { url, caBundle: webhook.caBundle });
    await arena.refused([422], `${arena.attacker}${CRDS}`, { method: 'POST', body });
  });

  test('that leads to a cloud’s metadata tells nothing but that it may not', async () => {
    const group = 'metadata.example';
    await arena.client.create(
      `${arena.attacker}${CRDS}`,
      definition(group, { url: 'https://169.254.169.254/latest' }),
    );
    const things = `${arena.attacker}/apis/${group}/v1/namespaces/default/things`;
    await arena.client.until(things, (_list, status) => status === 200);
    await arena.client.create(things, { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name: 'a' } });
    const path = things.replace('/v1/', '/v2/');
    const reply = statusOf(await arena.attack(`${path}/a`), [500]);
    expect(reply.message).toContain('this address is not allowed for webhooks');
  });

  test('that fails in the middle of a list breaks off that list alone, and recognisably', async () => {
    const group = 'breaks.example';
    const config = { url: `${webhook.origin}/convert`, caBundle: webhook.caBundle };
    webhook.answer = converting((object, apiVersion) => ({ ...object, apiVersion }));
    await arena.client.create(`${arena.attacker}${CRDS}`, definition(group, config));
    const things = `${arena.attacker}/apis/${group}/v1/namespaces/default/things`;
    await arena.client.until(things, (_list, status) => status === 200);
    const text = 'x'.repeat(200_000);
    for (let index = 0; index < 8; index++) {
      const object = {
        apiVersion: `${group}/v1`,
        kind: 'Thing',
        metadata: { name: `t${index}` },
        spec: { text },
      };
      await arena.client.create(things, object);
    }
    let calls = 0;
    const convert = converting((object, apiVersion) => ({ ...object, apiVersion }));
    webhook.answer = (review) => (++calls > 1 ? { code: 500, body: 'broken' } : convert(review));
    const list = arena.attack(things.replace('/v1/', '/v2/'));
    // Never a list that only looks complete: the connection ends before the body does, or there is a Status.
    const outcome = await list.then(
      (reply) => reply.status,
      (error: NodeJS.ErrnoException) => error.code,
    );
    expect(calls).toBeGreaterThan(1);
    expect(['ECONNRESET', 500]).toContain(outcome);
  });
});
