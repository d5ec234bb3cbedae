import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadX509 } from '../../src/region/x509.ts';
import { kubectlOf } from './run.ts';
import { startServer } from './server.ts';

// Stands in for the server: everything that the harness relies on, and nothing else.
const PROGRAM = `
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
const text = { type: 'string' };
const options = { 'root-directory': text, 'bind-address': text, 'secure-port': text };
const { values } = parseArgs({ strict: false, options });
const root = values['root-directory'];
mkdirSync(root, { recursive: true });
if (values.fail) { console.error('no disk'); process.exit(4); }
const { FAKE_KEY: key, FAKE_CERTIFICATE: cert } = process.env;
let requests = 0;
const server = createServer({ key, cert }, (request, response) => {
  requests += 1;
  response.statusCode = values.unready || requests < 3 || request.url !== '/readyz' ? 500 : 200;
  response.end();
});
server.listen(Number(values['secure-port']), values['bind-address'], () => {
  const ca = Buffer.from(cert).toString('base64');
  writeFileSync(join(root, 'admin.kubeconfig'), JSON.stringify({
    'current-context': 'root',
    contexts: [{ name: 'root', context: { cluster: 'root', user: 'kcp-admin' } }],
    clusters: [{ name: 'root', cluster: { server: 'https://x', 'certificate-authority-data': ca } }],
    users: [{ name: 'other', user: { token: 'b' } }, { name: 'kcp-admin', user: { token: 'secret' } }],
  }));
  console.log('listening', process.argv[2]);
});
process.on('SIGTERM', () => process.exit(0));
`;

let directory = '';
let program = '';
let env: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'antipode-test-'));
  program = join(directory, 'fake.mjs');
  await writeFile(program, PROGRAM);
  const x509 = await loadX509();
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=fake',
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
  });
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  env = {
    FAKE_KEY: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
    FAKE_CERTIFICATE: certificate.toString('pem'),
  };
});

afterAll(() => rm(directory, { recursive: true, force: true }));

test('startServer waits until the server is ready and reads its kubeconfig', async () => {
  const server = await startServer({ program, env });
  expect(server.url).toBe(`https://127.0.0.1:${server.port}`);
  expect(server.token).toBe('secret');
  expect(server.ca).toBe(env['FAKE_CERTIFICATE']);
  expect(server.stdout()).toBe('listening start\n');
  expect(existsSync(server.kubeconfig)).toBe(true);
  expect(await server.stop()).toEqual({ code: 0, signal: null });
  expect(existsSync(dirname(server.homeDirectory))).toBe(false);
  expect(await server.stop()).toEqual({ code: 0, signal: null });
});

test('a killed server keeps its directory, from which it can be started again', async () => {
  const rootDirectory = join(directory, 'kept');
  const first = await startServer({ program, env, rootDirectory });
  expect(await first.kill('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
  const second = await startServer({ program, env, rootDirectory, port: first.port });
  expect(second.pid).not.toBe(first.pid);
  await second.stop();
  await first.stop();
  expect(existsSync(join(rootDirectory, 'admin.kubeconfig'))).toBe(true);
});

test('startServer shows why a server ended before it was ready', async () => {
  const start = startServer({ program, env, args: ['--fail'] });
  await expect(start).rejects.toThrow('server ended before it was ready\nno disk');
});

test('startServer gives up on a server that does not get ready, and ends it', async () => {
  const start = startServer({ program, env, args: ['--unready'], readyTimeoutMs: 800 });
  await expect(start).rejects.toThrow(/not ready within 800 ms: \/readyz answered 500\nlistening start/);
});

test('startServer names the command that builds a missing program', async () => {
  const start = startServer({ program: join(directory, 'missing') });
  await expect(start).rejects.toThrow('run `npm run build` first');
});

test('kubectlOf gives kubectl the kubeconfig and a home of this server alone', async () => {
  const server = await startServer({ program, env });
  const script =
    "process.stdin.on('data', (text) => console.log(process.env.KUBECONFIG, process.env.HOME, String(text)))";
  const { stdout } = await kubectlOf(server, process.execPath)(['-e', script], 'manifest');
  expect(stdout).toBe(`${server.kubeconfig} ${server.homeDirectory} manifest\n`);
  await server.stop();
});
