import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../src/base/mod.ts';
import { addressPolicy, LOOPBACK_NETWORKS } from '../../src/region/address-policy.ts';
import { createNet } from '../../src/region/net.ts';
import { ConversionWebhook } from '../support/conversion-webhook.ts';

let server: ConversionWebhook;
const net = createNet(addressPolicy(LOOPBACK_NETWORKS));

beforeAll(async () => {
  server = await ConversionWebhook.start();
});
afterAll(async () => {
  await net.close();
  await server.stop();
});

function post(url: string, options: { timeoutMs?: number; signal?: AbortSignal } = {}) {
  return net.post({
    cluster: 'tenant',
    url,
    ca: Buffer.from(server.caBundle, 'base64').toString(),
    contentType: 'application/json',
    body: Buffer.from('{"request":{}}'),
    timeoutMs: 5_000,
    responseBytesMax: 1_000,
    ...options,
  });
}

describe('the network of a member', () => {
  test('gives the answer, whatever it is', async () => {
    server.answer = () => ({ code: 418, body: 'tea' });
    expect(await post(`${server.origin}/a?b=c`)).toEqual({
      code: 418,
      contentType: 'application/json',
      body: Buffer.from('tea'),
    });
    expect(server.urls.at(-1)).toBe('/a?b=c');
  });

  test('resolves names, and goes only where they lead to if that is allowed', async () => {
    server.answer = () => ({ body: 'here' });
    const url = `https://localhost:${server.port}/`;
    expect((await post(url)).body.toString()).toBe('here');
    const closed = createNet(addressPolicy([]));
    await expect(
      closed.post({
        cluster: 'tenant',
        url,
        ca: undefined,
        contentType: '',
        body: Buffer.of(),
        timeoutMs: 5_000,
        responseBytesMax: 1,
      }),
    ).rejects.toThrow(`Post "${url}": dial tcp localhost: this address is not allowed for webhooks`);
    await closed.close();
  });

  test('says in Go’s words that a name is unknown, a certificate of another host, or the time over', async () => {
    await expect(post('https://nowhere.invalid/')).rejects.toThrow(
      'Post "https://nowhere.invalid/": dial tcp: lookup nowhere.invalid: no such host',
    );
    // An address of this machine that the certificate does not name.
    const other = `https://127.0.0.2:${server.port}/`;
    await expect(post(other)).rejects.toThrow(/: (tls: failed to verify certificate: x509: |dial tcp )/);
    server.answer = () => new Promise(() => {});
    const url = `${server.origin}/slow`;
    await expect(post(url, { timeoutMs: 50 })).rejects.toThrow(`Post "${url}": context deadline exceeded`);
    await expect(post(url, { signal: AbortSignal.timeout(50) })).rejects.toThrow(
      /context (canceled|deadline)/,
    );
    const abort = new AbortController();
    const call = post(url, { signal: abort.signal });
    abort.abort();
    await expect(call).rejects.toThrow('context canceled');
  });

  test('refuses answers beyond the bound, and too many calls of one server at once', async () => {
    server.answer = () => ({ body: 'x'.repeat(1_001) });
    await expect(post(server.origin)).rejects.toThrow('the response is larger than 1000 bytes');
    let answerAll: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      answerAll = resolve;
    });
    server.answer = async () => {
      await gate;
      return { body: 'done' };
    };
    const calls = Array.from({ length: limits.webhookCallsPerServerMax }, () => post(server.origin));
    await expect(post(server.origin)).rejects.toThrow('too many calls are under way');
    answerAll();
    expect(new Set((await Promise.all(calls)).map(({ body }) => body.toString()))).toEqual(new Set(['done']));
    expect((await post(server.origin)).body.toString()).toBe('done');
    expect(server.connections).toBeLessThanOrEqual(limits.webhookConnectionsPerServerMax + 10);
  });

  test('takes a new connection when the server has closed the one that was kept', async () => {
    server.answer = () => ({ body: 'done' });
    await post(server.origin);
    await server.stop();
    await server.listen();
    expect((await post(server.origin)).body.toString()).toBe('done');
  });
});
