import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkServerIdentity, connect, createServer, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CertificateOptions, type Certificates, ensureCertificates } from './certificates.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

describe('ensureCertificates', () => {
  let directory: string;
  const startMs = Date.now();

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'antipode-certificates-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  function ensure(
    changes: Partial<CertificateOptions> & { readonly afterMs?: number } = {},
  ): Promise<Certificates> {
    const { afterMs = 0, ...options } = changes;
    const clock = { nowMs: () => startMs + afterMs };
    return ensureCertificates({ directory, hostnames: ['ship'], addresses: ['10.1.2.3'], clock, ...options });
  }

  it('makes a CA and a serving certificate that TLS clients accept under every name', async () => {
    const certificates = await ensure();
    for (const name of ['localhost', 'ship', 'kubernetes.default.svc', '127.0.0.1', '::1', '10.1.2.3']) {
      const { socket, close } = await handshake(certificates, { servername: name });
      expect({ name, error: socket.authorizationError ?? null }).toEqual({ name, error: null });
      await close();
    }
  });

  it('does not vouch for a name that nobody asked for', async () => {
    await expect(handshake(await ensure(), { servername: 'elsewhere.example' })).rejects.toThrow(/altnames/);
  });

  it('issues client certificates whose subject a server reads as user and groups', async () => {
    const certificates = await ensure();
    const client = await certificates.issueClientCertificate({
      commonName: 'alice',
      organizations: ['system:masters', 'a, b = "c"', '#0102'],
    });
    const { peer, close } = await handshake(certificates, {
      servername: 'localhost',
      cert: client.certificate,
      key: client.key,
    });
    const subject = peer.getPeerCertificate().subject as unknown as Record<string, unknown>;
    expect(peer.authorized).toBe(true);
    expect(subject['CN']).toBe('alice');
    expect(subject['O']).toEqual(['system:masters', 'a, b = "c"', '#0102']);
    await close();
  });

  it('keeps all files as they are on a restart', async () => {
    const first = await ensure();
    const files = ['ca.crt', 'ca.key', 'apiserver.crt', 'apiserver.key'];
    const before = await Promise.all(files.map((file) => stat(join(directory, file))));
    const second = await ensure({ afterMs: 300 * DAY_MS });
    const after = await Promise.all(files.map((file) => stat(join(directory, file))));
    expect(second.servingCertificate).toBe(first.servingCertificate);
    expect(after.map((file) => file.ino)).toEqual(before.map((file) => file.ino));
  });

  it('renews the serving certificate, and not the CA, when fewer than 30 days are left', async () => {
    const first = await ensure();
    const second = await ensure({ afterMs: 336 * DAY_MS });
    expect(second.ca).toBe(first.ca);
    expect(second.servingCertificate).not.toBe(first.servingCertificate);
    const renewed = new X509Certificate(second.servingCertificate);
    expect(renewed.verify(new X509Certificate(first.ca).publicKey)).toBe(true);
    expect(Date.parse(renewed.validTo)).toBeGreaterThan(startMs + 700 * DAY_MS);
  });

  it('never lets a serving certificate outlive its CA, and makes a new CA when the old one ends', async () => {
    const first = await ensure();
    const late = await ensure({ afterMs: 3500 * DAY_MS });
    expect(late.ca).toBe(first.ca);
    expect(new X509Certificate(late.servingCertificate).validTo).toBe(new X509Certificate(late.ca).validTo);
    const renewed = await ensure({ afterMs: 3640 * DAY_MS });
    expect(renewed.ca).not.toBe(first.ca);
  });

  it.each([
    ['added', { addresses: ['10.1.2.3', '10.1.2.4'] }],
    ['removed', { addresses: [] }],
    ['changed', { hostnames: ['boat'] }],
  ])('renews the serving certificate when a name is %s', async (_, change) => {
    const first = await ensure();
    expect((await ensure(change)).servingCertificate).not.toBe(first.servingCertificate);
  });

  it('leaves out wildcard addresses, zones and what is no host name', async () => {
    const { servingCertificate } = await ensure({
      hostnames: ["Foo's Mac", 'a b', '', 'UPPER.example', '10.0.0.1', `${'x'.repeat(64)}.example`],
      addresses: ['0.0.0.0', '::', 'fe80::1%eth0', 'nonsense'],
    });
    expect(new X509Certificate(servingCertificate).subjectAltName).toBe(
      'DNS:localhost, DNS:kubernetes, DNS:kubernetes.default, DNS:kubernetes.default.svc, DNS:upper.example, ' +
        'IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:FE80:0:0:0:0:0:0:1',
    );
  });

  it('keeps private keys to their owner whatever the umask says', async () => {
    await ensure();
    for (const file of ['ca.key', 'apiserver.key']) {
      expect((await stat(join(directory, file))).mode & 0o777).toBe(0o600);
    }
  });

  it.each([
    ['is empty', ''],
    ['is no PEM', 'garbage'],
  ])('replaces a serving certificate that %s', async (_, content) => {
    const first = await ensure();
    await writeFile(join(directory, 'apiserver.crt'), content);
    const second = await ensure();
    expect(second.servingCertificate).not.toBe(first.servingCertificate);
    await (await handshake(second, { servername: 'localhost' })).close();
  });

  it('replaces a serving pair of which only the key was written before a crash', async () => {
    await ensure();
    await writeFile(join(directory, 'apiserver.key'), await readFile(join(directory, 'ca.key')));
    const second = await ensure();
    const certificate = new X509Certificate(second.servingCertificate);
    expect(certificate.checkPrivateKey(createPrivateKey(second.servingKey))).toBe(true);
  });

  it('refuses a damaged CA instead of replacing what clients trust', async () => {
    await ensure();
    await writeFile(join(directory, 'ca.crt'), 'garbage');
    await expect(ensure()).rejects.toThrow(/ca\.crt and .*ca\.key are not a usable CA .*; restore them/);
    expect(await readFile(join(directory, 'ca.crt'), 'utf8')).toBe('garbage');
  });

  it('serves without the key of the CA until something must be issued', async () => {
    const first = await ensure();
    await rm(join(directory, 'ca.key'));
    const second = await ensure();
    expect(second.servingCertificate).toBe(first.servingCertificate);
    const subject = { commonName: 'alice', organizations: [] };
    await expect(second.issueClientCertificate(subject)).rejects.toThrow(/ca\.key is missing/);
  });

  it('names the file that it cannot read', async () => {
    await ensure();
    await rm(join(directory, 'ca.crt'));
    await rm(join(directory, 'apiserver.crt'));
    await mkdir(join(directory, 'ca.crt'));
    await expect(ensure()).rejects.toThrow(/cannot read .*ca\.crt: a directory is in its place/);
  });
});

interface ClientSide {
  readonly servername: string;
  readonly cert?: string;
  readonly key?: string;
}

async function handshake(
  certificates: Certificates,
  client: ClientSide,
): Promise<{ readonly socket: TLSSocket; readonly peer: TLSSocket; close(): Promise<void> }> {
  const server = createServer({
    cert: certificates.servingCertificate,
    key: certificates.servingKey,
    ca: certificates.ca,
    requestCert: true,
    rejectUnauthorized: false,
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const accepted = once(server, 'secureConnection');
  const { servername, ...credentials } = client;
  const socket = connect({
    port,
    // The name to check is given apart from the one dialled: an address may not be sent as a server name.
    host: '127.0.0.1',
    ca: certificates.ca,
    checkServerIdentity: (_, certificate) => checkServerIdentity(servername, certificate),
    ...credentials,
  });
  try {
    await once(socket, 'secureConnect');
    const [peer] = (await accepted) as [TLSSocket];
    return {
      socket,
      peer,
      async close() {
        socket.destroy();
        peer.destroy();
        server.close();
        await once(server, 'close');
      },
    };
  } catch (error) {
    server.close();
    throw error;
  }
}
