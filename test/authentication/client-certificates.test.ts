import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type CertificateRequest,
  createAuthority,
  type IssuedCertificate,
  issueCertificate,
} from '../../src/region/certificate-issuance.ts';
import { AuthenticationFixture } from './suite.ts';

const HOUR_MS = 3_600_000;
const lifetime = { notBefore: new Date(Date.now() - HOUR_MS), notAfter: new Date(Date.now() + HOUR_MS) };
const REVIEW = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

const fixture = new AuthenticationFixture();
let directory: string;
let authority: IssuedCertificate;
let stranger: IssuedCertificate;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'antipode-client-certificates-'));
  authority = await createAuthority(lifetime);
  stranger = await createAuthority(lifetime);
  const clientAuthorityFile = join(directory, 'clients.crt');
  const another = await createAuthority(lifetime);
  await writeFile(clientAuthorityFile, `# two\n${another.certificate}\n${authority.certificate}`);
  await fixture.start({ clientAuthorityFile });
});

afterAll(async () => {
  await fixture.stop();
  await rm(directory, { recursive: true, force: true });
});

function issue(fields: Partial<CertificateRequest> = {}): Promise<IssuedCertificate> {
  return issueCertificate({
    authority,
    subject: { commonName: 'carol', organizations: ['devs', 'ops'] },
    usage: 'client',
    ...lifetime,
    ...fields,
  });
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

type Identity = Pick<IssuedCertificate, 'certificate' | 'key'> | undefined;

/** A SelfSubjectReview over HTTP/1.1 on a connection of its own. */
function ask(identity: Identity, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port, ca } = fixture.server;
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        ca,
        cert: identity?.certificate,
        key: identity?.key,
        agent: false,
        method: 'POST',
        path: REVIEW,
        headers: { 'content-type': 'application/json', ...headers },
      },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end('{}');
  });
}

/** The same over HTTP/2. */
function askHttp2(identity: Identity): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port, ca } = fixture.server;
    const session = connectHttp2(`https://127.0.0.1:${port}`, {
      ca,
      cert: identity?.certificate,
      key: identity?.key,
    });
    session.on('error', reject);
    const stream = session.request({
      ':method': 'POST',
      ':path': REVIEW,
      'content-type': 'application/json',
    });
    let status = 0;
    let text = '';
    stream.on('response', (headers) => {
      status = Number(headers[':status']);
    });
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    stream.on('end', () => {
      session.close();
      resolve({ status, text });
    });
    stream.end('{}');
  });
}

function userOf({ text }: Answer): unknown {
  return (JSON.parse(text) as { status: { userInfo: unknown } }).status.userInfo;
}

describe.each([
  ['HTTP/1.1', ask],
  ['HTTP/2', askHttp2],
])('over %s, a client certificate', (_protocol, send) => {
  test('of a CA of clients names its user and groups', async () => {
    const answer = await send(await issue());
    expect(answer.status, answer.text).toBe(201);
    expect(userOf(answer)).toEqual({
      username: 'carol',
      groups: ['devs', 'ops', 'system:authenticated'],
      extra: {
        'authentication.kubernetes.io/credential-id': [expect.stringMatching(/^X509SHA256=[0-9a-f]{64}$/)],
      },
    });
  });

  test('that no CA of clients vouches for is 401', async () => {
    const masters = { commonName: 'mallory', organizations: ['system:masters'] };
    const forged = await issue({ authority: stranger, subject: masters });
    const ofServer = await issue({ usage: 'serving', subject: masters });
    const early = { notBefore: new Date(Date.now() - 2 * HOUR_MS), notAfter: new Date(Date.now() - HOUR_MS) };
    const expired = await issue({ subject: masters, ...early });
    for (const identity of [forged, ofServer, expired]) expect((await send(identity)).status).toBe(401);
  });

  test('is not needed', async () => {
    const answer = await send(undefined);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('User \\"system:anonymous\\" cannot create');
  });
});

test('a certificate wins over a token, and a token helps out where the certificate is no good', async () => {
  const good = await issue();
  const bad = await issue({ authority: stranger });
  const right = { authorization: `Bearer ${fixture.server.token}` };
  const wrong = { authorization: 'Bearer wrong' };
  expect(userOf(await ask(good, wrong))).toMatchObject({ username: 'carol' });
  expect(userOf(await ask(good, right))).toMatchObject({ username: 'carol' });
  expect(userOf(await ask(bad, right))).toMatchObject({ username: 'kcp-admin' });
  expect((await ask(bad, wrong)).status).toBe(401);
});

test('a client that resumes its TLS session is the same, trusted or not', async () => {
  const { port, ca } = fixture.server;
  const statuses = async (identity: IssuedCertificate) => {
    const agent = new Agent({ keepAlive: false, ca, cert: identity.certificate, key: identity.key });
    const found: { status: number; isResumed: boolean }[] = [];
    for (let index = 0; index < 3; index += 1) {
      const outgoing = request({ host: '127.0.0.1', port, agent, path: '/api' });
      outgoing.end();
      const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
      const isResumed = (response.socket as TLSSocket).isSessionReused();
      response.resume();
      await once(response, 'end');
      found.push({ status: response.statusCode ?? 0, isResumed });
    }
    agent.destroy();
    return found;
  };
  const good = await statuses(await issue());
  const bad = await statuses(await issue({ authority: stranger }));
  expect(good.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(bad.map(({ status }) => status)).toEqual([401, 401, 401]);
  expect(good.at(-1)?.isResumed).toBe(true);
});

test('a connection ends to be somebody’s when its certificate expires', async () => {
  const soon = await issue({ notAfter: new Date(Date.now() + 2_500) });
  const { port, ca } = fixture.server;
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ca, cert: soon.certificate, key: soon.key });
  const statusOf = () =>
    new Promise<number>((resolve, reject) => {
      const stream = session.request({ ':path': '/api' });
      stream.on('response', (headers) => resolve(Number(headers[':status'])));
      stream.on('error', reject);
      stream.resume();
    });
  try {
    expect(await statusOf()).toBe(200);
    await expect.poll(statusOf, { timeout: 10_000, interval: 200 }).toBe(401);
  } finally {
    session.close();
  }
});

test('names with anything in them reach the server as they are', async () => {
  for (const commonName of ['a"b', 'a,b=c', 'ünï', '#04', 'a/CN=admin', 'a\nCN=admin']) {
    const answer = await ask(
      await issue({ subject: { commonName, organizations: ['x/y, z', 'system:masters '] } }),
    );
    expect(userOf(answer)).toMatchObject({
      username: commonName,
      groups: ['x/y, z', 'system:masters ', 'system:authenticated'],
    });
  }
});
