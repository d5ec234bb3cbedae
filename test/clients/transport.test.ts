import { once } from 'node:events';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { configMap, type KubeList } from '../http/client.ts';
import { useServer } from '../http/suite.ts';

const fixture = useServer();

/** Upstream leaves smaller bodies as they are. */
const GZIP_BYTES_MIN = 128 * 1024;

describe('gzip', () => {
  test('comes for a large body, when it is accepted', async () => {
    const { configMaps } = await fixture.namespace();
    const data = { text: 'x'.repeat(GZIP_BYTES_MIN) };
    await fixture.client.create(configMaps, configMap('large', { data }));
    const headers = { 'accept-encoding': 'gzip' };
    for (const path of [`${configMaps}/large`, configMaps]) {
      const packed = await fixture.client.call(path, { headers });
      const plain = await fixture.client.call(path);
      expect(packed.headers['content-encoding']).toBe('gzip');
      expect(packed.headers.vary).toMatch(/Accept-Encoding/i);
      expect(packed.bytes.length).toBeLessThan(GZIP_BYTES_MIN / 4);
      expect(plain.headers['content-encoding']).toBeUndefined();
      expect(gunzipSync(packed.bytes).toString()).toBe(plain.text);
    }
  });

  test('does not come for a small body or for a watch', async () => {
    const headers = { 'accept-encoding': 'gzip' };
    const small = await fixture.client.call('/api/v1/namespaces/default', { headers });
    expect(small.headers['content-encoding']).toBeUndefined();
    const { configMaps } = await fixture.namespace();
    const data = { text: 'x'.repeat(GZIP_BYTES_MIN) };
    await fixture.client.create(configMaps, configMap('large', { data }));
    const watch = await fixture.client.watch(`${configMaps}?watch=1`, { headers });
    expect(watch.headers['content-encoding']).toBeUndefined();
    expect((await watch.take(2)).map(({ object }) => object.metadata.name)).toContain('large');
  });

  test('is understood in requests, and bounded when unpacked', async () => {
    const { configMaps } = await fixture.namespace();
    const headers = { 'content-encoding': 'gzip', 'content-type': 'application/json' };
    const body = gzipSync(JSON.stringify(configMap('packed', { data: { x: '1' } })));
    const created = await fixture.client.call(configMaps, { method: 'POST', headers, body });
    expect(created.status, created.text).toBe(201);
    expect(await fixture.client.get(`${configMaps}/packed`)).toMatchObject({ data: { x: '1' } });
    const bomb = gzipSync(JSON.stringify(configMap('bomb', { data: { x: 'x'.repeat(64 * 2 ** 20) } })));
    expect(bomb.length).toBeLessThan(2 ** 17);
    await fixture.client.refuse(413, configMaps, { method: 'POST', headers, body: bomb });
    await fixture.client.refuse(400, configMaps, { method: 'POST', headers, body: '{}' });
  });
});

describe('HTTP/2', () => {
  interface Answer {
    readonly status: number;
    readonly headers: IncomingHttpHeaders;
    readonly text: string;
  }

  async function open(): Promise<ClientHttp2Session> {
    const session = connect(fixture.server.url, { ca: fixture.server.ca });
    onTestFinished(() => session.destroy());
    // Until the server has said how many streams it takes, Node keeps to 100.
    await once(session, 'remoteSettings');
    return session;
  }

  function call(session: ClientHttp2Session, path: string, method = 'GET', body = ''): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const stream = session.request(
        {
          ':path': path,
          ':method': method,
          authorization: `Bearer ${fixture.server.token}`,
          ...(body === '' ? {} : { 'content-type': 'application/json' }),
        },
        { endStream: body === '' },
      );
      let headers: IncomingHttpHeaders = {};
      let text = '';
      stream.setEncoding('utf8');
      stream.on('response', (received) => {
        headers = received;
      });
      stream.on('data', (chunk: string) => {
        text += chunk;
      });
      stream.once('error', reject);
      stream.once('end', () => resolve({ status: Number(headers[':status']), headers, text }));
      if (body !== '') stream.end(body);
    });
  }

  test('is chosen when the client offers it, and HTTP/1.1 otherwise', async () => {
    const protocols = [
      [['h2', 'http/1.1'], 'h2'],
      [['http/1.1'], 'http/1.1'],
    ] as const;
    for (const [offered, chosen] of protocols) {
      const socket = connectTls({
        host: '127.0.0.1',
        port: fixture.server.port,
        ca: fixture.server.ca,
        ALPNProtocols: [...offered],
      });
      await once(socket, 'secureConnect');
      expect(socket.alpnProtocol).toBe(chosen);
      socket.destroy();
    }
  });

  test('reads, writes, refuses and watches as HTTP/1.1 does', async () => {
    const { configMaps } = await fixture.namespace();
    const session = await open();
    const created = await call(session, configMaps, 'POST', JSON.stringify(configMap('a')));
    expect([created.status, created.headers['content-type']]).toEqual([201, 'application/json']);
    expect(created.headers['audit-id']).toBeTruthy();
    expect((await call(session, `${configMaps}/none`)).status).toBe(404);
    expect((await call(session, '/nothing')).text).toBe('404 page not found\n');
    const list = JSON.parse((await call(session, configMaps)).text) as KubeList;
    expect(list.items.map(({ metadata }) => metadata.name)).toEqual(['a', 'kube-root-ca.crt']);
    const watched = await call(session, `${configMaps}?watch=1&timeoutSeconds=1`);
    expect(watched.text.match(/^\{"type":"ADDED"/gm)).toHaveLength(2);
    expect((await call(session, `${configMaps}/a`, 'DELETE')).status).toBe(200);
  });

  test('carries hundreds of watches on one connection, beside other requests', async () => {
    const { configMaps } = await fixture.namespace();
    const session = await open();
    expect(session.remoteSettings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(
      250,
    );
    const { metadata } = await fixture.client.list(configMaps);
    const path = `${configMaps}?watch=1&resourceVersion=${metadata.resourceVersion}`;
    const streams = Array.from({ length: 200 }, () =>
      session.request({ ':path': path, authorization: `Bearer ${fixture.server.token}` }),
    );
    const events = Promise.all(streams.map(async (stream) => String((await once(stream, 'data'))[0])));
    await Promise.all(streams.map((stream) => once(stream, 'response')));
    expect((await call(session, configMaps, 'POST', JSON.stringify(configMap('a')))).status).toBe(201);
    for (const text of await events) expect(text).toContain('"type":"ADDED"');
    for (const stream of streams) stream.close();
    expect((await call(session, '/healthz')).text).toBe('ok');
  });
});

test('many requests may share a connection and come close together', async () => {
  const { configMaps } = await fixture.namespace();
  const socket = connectTls({ host: '127.0.0.1', port: fixture.server.port, ca: fixture.server.ca });
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    text += chunk;
  });
  await once(socket, 'secureConnect');
  const authorization = `Host: localhost\r\nAuthorization: Bearer ${fixture.server.token}\r\n`;
  const last = 'Connection: close\r\n';
  socket.write(
    `GET ${configMaps}/none-1 HTTP/1.1\r\n${authorization}\r\n` +
      `GET ${configMaps}/kube-root-ca.crt HTTP/1.1\r\n${authorization}\r\n` +
      `GET ${configMaps}/none-2 HTTP/1.1\r\n${authorization}${last}\r\n`,
  );
  await once(socket, 'close');
  const order = ['"none-1\\" not found', '"name":"kube-root-ca.crt"', '"none-2\\" not found'];
  const places = order.map((part) => text.indexOf(part));
  expect(places.every((place) => place >= 0)).toBe(true);
  expect(places).toEqual([...places].sort((a, b) => a - b));
});
