import { connect } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { configMap } from '../http/client.ts';
import { useServer } from '../http/suite.ts';
import { gadgetsDefinition } from './kinds.ts';

// What the property test has found, one by one.
const fixture = useServer();

test('an unknown field gives a warning, not a failure', async () => {
  const { configMaps } = await fixture.namespace();
  const reply = await fixture.client.call(configMaps, { method: 'POST', body: configMap('a', { extra: 1 }) });
  expect(reply.status).toBe(201);
  expect(reply.headers.warning).toBe('299 - "unknown field \\"extra\\""');
});

test('the warnings of one answer stay below what clients accept as a head', async () => {
  const { configMaps } = await fixture.namespace();
  const extra = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`field${index}`, 1]));
  const reply = await fixture.client.call(configMaps, { method: 'POST', body: configMap('a', extra) });
  expect(reply.status).toBe(201);
  expect(String(reply.headers.warning).length).toBeLessThan(10_000);
  expect(reply.headers.warning).toContain('299 - "unknown field \\"field0\\""');
});

test('a gzip body is read whole over HTTP/1.1', async () => {
  const { configMaps } = await fixture.namespace();
  const body = gzipSync(JSON.stringify(configMap('a', { data: { text: 'x'.repeat(200_000) } })));
  const headers = { 'content-encoding': 'gzip' };
  expect((await fixture.client.call(configMaps, { method: 'POST', headers, body })).status).toBe(201);
  const broken = await fixture.client.refuse(400, configMaps, {
    method: 'POST',
    headers,
    body: body.subarray(0, 99),
  });
  expect(broken.message).toContain('the gzip body cannot be inflated');
});

test('headers of 40 KiB are within the limit', async () => {
  const headers = { 'x-large': 'x'.repeat(40_000) };
  expect((await fixture.client.call('/api/v1/namespaces', { headers })).status).toBe(200);
});

test('headers beyond the limit are refused in plain text, as by upstream', async () => {
  const reply = await fixture.client.call('/api/v1/namespaces', {
    headers: { 'x-large': 'x'.repeat(100_000) },
  });
  expect([reply.status, reply.headers['content-type']]).toEqual([431, 'text/plain; charset=utf-8']);
  expect(reply.text).toBe('431 Request Header Fields Too Large');
});

test.each(['QUERY', 'PROPFIND', 'TRACE'])('the method %s is refused with a Status', async (method) => {
  const status = await fixture.client.refuse(405, '/api/v1/namespaces', { method });
  expect(status.reason).toBe('MethodNotAllowed');
});

test('a method that HTTP does not know is refused with a Status over HTTP/2', async () => {
  const { url, ca, token } = fixture.server;
  const session = connect(url, { ca });
  const stream = session.request({
    ':method': 'get',
    ':path': '/api/v1/namespaces',
    authorization: `Bearer ${token}`,
  });
  const text = await new Promise<string>((resolve, reject) => {
    let received = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      received += chunk;
    });
    stream.once('end', () => resolve(received)).once('error', reject);
  });
  session.close();
  expect(JSON.parse(text)).toMatchObject({ kind: 'Status', code: 405, reason: 'MethodNotAllowed' });
});

test('a dry run of a creation shows integers of 64 bits exactly', async () => {
  const { client } = fixture;
  await client.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', gadgetsDefinition);
  const path = '/apis/fuzz.example.com/v1/gadgets';
  await client.until(path, (_object, status) => status === 200);
  const body =
    '{"apiVersion":"fuzz.example.com/v1","kind":"Gadget","metadata":{"name":"a"},"spec":{"n":9007199254740993}}';
  const reply = await client.call(`${path}?dryRun=All`, { method: 'POST', body });
  expect(reply.status).toBe(201);
  expect(reply.text).toContain('"n":9007199254740993');
  expect(reply.text).not.toContain('resourceVersion');
});

test('a client that takes no form of the OpenAPI documents gets an empty 406', async () => {
  for (const path of ['/openapi/v2', '/openapi/v3/api/v1']) {
    const reply = await fixture.client.call(path, { headers: { accept: 'text/html' } });
    expect([reply.status, reply.text]).toEqual([406, '']);
  }
});
