import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { parseInvocation } from '../../src/cli/invocation.ts';
import { openSession } from '../../src/cli/session.ts';
import { recordingTerminal } from '../../src/cli/terminal.suite.ts';
import { currentCommand } from '../../src/cli/ws-current.ts';
import { createAuthority, issueCertificate } from '../../src/region/certificate-issuance.ts';
import { type InProcessServer, startInProcess } from '../support/in-process.ts';

let server: InProcessServer;
let folder: string;
let certificate: { readonly certificate: string; readonly key: string };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'antipode-connection-'));
  const hourMs = 3_600_000;
  const lifetime = { notBefore: new Date(Date.now() - hourMs), notAfter: new Date(Date.now() + hourMs) };
  const authority = await createAuthority(lifetime);
  const subject = { commonName: 'carol', organizations: ['system:masters'] };
  certificate = await issueCertificate({ authority, subject, usage: 'client', ...lifetime });
  const clientAuthorityFile = join(folder, 'clients.crt');
  await writeFile(clientAuthorityFile, authority.certificate);
  await writeFile(join(folder, 'client.crt'), certificate.certificate);
  await writeFile(join(folder, 'client.key'), certificate.key);
  server = await startInProcess({ authentication: { clientAuthorityFile } });
  await writeFile(join(folder, 'ca.crt'), server.ca);
  await writeFile(join(folder, 'token'), `${server.token}\n`);
});

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Config {
  readonly cluster?: Readonly<Record<string, unknown>>;
  readonly user?: Readonly<Record<string, unknown>>;
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

let files = 0;

/** Who somebody with this kubeconfig is to the server. */
async function whoAmI({ cluster = {}, user = {}, flags = [], environment = {} }: Config): Promise<{
  readonly username?: string;
  readonly groups?: readonly string[];
  readonly uid?: string;
  readonly extra?: unknown;
}> {
  files += 1;
  const path = join(folder, `config-${files}`);
  const ca = Buffer.from(server.ca).toString('base64');
  await writeFile(
    path,
    stringify({
      clusters: [
        {
          name: 'c',
          cluster: { server: `${server.url}/clusters/root`, 'certificate-authority-data': ca, ...cluster },
        },
      ],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      users: [{ name: 'u', user }],
      'current-context': 'x',
    }),
  );
  const terminal = recordingTerminal({
    environment: { PATH: process.env['PATH'], ...environment, KUBECONFIG: path },
  });
  const session = await openSession(parseInvocation(currentCommand, flags), terminal);
  const client = await session.client();
  const review = await client.send<{ readonly status: { readonly userInfo: object } }>(
    '/clusters/root/apis/authentication.k8s.io/v1/selfsubjectreviews',
    { method: 'POST', body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' } },
  );
  return review.status.userInfo;
}

/** A program that prints this ExecCredential, and what it was told in a file beside it. */
async function credentialPlugin(
  credential: unknown,
): Promise<{ readonly command: string; readonly told: string }> {
  files += 1;
  const [command, told] = [join(folder, `plugin-${files}`), join(folder, `told-${files}`)];
  const script = `#!/bin/sh\nprintf '%s\\n%s\\n' "$KUBERNETES_EXEC_INFO" "$1 $MARK" > '${told}'\ncat <<'EOF'\n${JSON.stringify(credential)}\nEOF\n`;
  await writeFile(command, script);
  await chmod(command, 0o755);
  return { command, told };
}

describe('a plugin asks as', () => {
  it('the owner of a token', async () => {
    expect((await whoAmI({ user: { token: server.token } })).username).toBe('kcp-admin');
    expect((await whoAmI({ flags: ['--token', server.token] })).username).toBe('kcp-admin');
  });

  it('the owner of a token in a file, which counts more than the one beside it', async () => {
    expect((await whoAmI({ user: { tokenFile: 'token', token: 'old' } })).username).toBe('kcp-admin');
    expect((await whoAmI({ user: { tokenFile: 'absent', token: server.token } })).username).toBe('kcp-admin');
    await expect(whoAmI({ user: { tokenFile: 'absent' } })).rejects.toThrow(
      /^cannot read the tokenFile absent: /,
    );
  });

  it('the owner of a client certificate, in the kubeconfig or beside it', async () => {
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const inside = {
      'client-certificate-data': base64(certificate.certificate),
      'client-key-data': base64(certificate.key),
    };
    expect((await whoAmI({ user: inside })).username).toBe('carol');
    const beside = { 'client-certificate': 'client.crt', 'client-key': 'client.key' };
    expect((await whoAmI({ user: beside })).username).toBe('carol');
    const flags = [
      '--client-certificate',
      join(folder, 'client.crt'),
      '--client-key',
      join(folder, 'client.key'),
    ];
    expect((await whoAmI({ flags })).username).toBe('carol');
  });

  it('whom a credential plugin says, which learns of the cluster if it wants to', async () => {
    const apiVersion = 'client.authentication.k8s.io/v1';
    const credential = { apiVersion, kind: 'ExecCredential', status: { token: server.token } };
    const { command, told } = await credentialPlugin(credential);
    const exec = {
      apiVersion,
      command,
      args: ['login'],
      env: [{ name: 'MARK', value: 'here' }],
      interactiveMode: 'Never',
      provideClusterInfo: true,
    };
    expect((await whoAmI({ user: { exec } })).username).toBe('kcp-admin');
    const { readFile } = await import('node:fs/promises');
    const [info = '', words] = (await readFile(told, 'utf8')).split('\n');
    expect(words).toBe('login here');
    expect(JSON.parse(info)).toEqual({
      apiVersion,
      kind: 'ExecCredential',
      spec: {
        interactive: false,
        cluster: {
          server: `${server.url}/clusters/root`,
          'certificate-authority-data': Buffer.from(server.ca).toString('base64'),
        },
      },
    });
  });

  it('the owner of the certificate that a credential plugin gives', async () => {
    const apiVersion = 'client.authentication.k8s.io/v1beta1';
    const status = { clientCertificateData: certificate.certificate, clientKeyData: certificate.key };
    const { command } = await credentialPlugin({ apiVersion, kind: 'ExecCredential', status });
    expect((await whoAmI({ user: { exec: { apiVersion, command } } })).username).toBe('carol');
  });

  it('nobody when the credential plugin cannot say', async () => {
    const apiVersion = 'client.authentication.k8s.io/v1';
    const missing = { apiVersion, command: './absent', installHint: 'Get it from the cellar.' };
    await expect(whoAmI({ user: { exec: missing } })).rejects.toMatchObject({
      message: `the exec plugin ${join(folder, 'absent')} of the kubeconfig was not found`,
      hint: 'Get it from the cellar.',
    });
    const { command } = await credentialPlugin({ apiVersion, kind: 'ExecCredential', status: {} });
    await expect(whoAmI({ user: { exec: { apiVersion, command } } })).rejects.toThrow(
      `the exec plugin ${command} returned neither a token nor a certificate with its key`,
    );
    await expect(whoAmI({ user: { exec: { apiVersion: 'v1', command } } })).rejects.toThrow('not supported');
    await expect(whoAmI({ user: { exec: { apiVersion, command: 'false' } } })).rejects.toThrow(
      'the exec plugin false failed with exit code 1',
    );
  });

  it('somebody else, with their groups', async () => {
    const user = { token: server.token, as: 'alice', 'as-groups': ['devs', 'ops'] };
    const scope = { 'authentication.kcp.io/scopes': ['cluster:root'] };
    expect(await whoAmI({ user })).toMatchObject({
      username: 'alice',
      groups: expect.arrayContaining(['devs', 'ops']),
    });
    const flags = ['--as', 'bob', '--as-group', 'a', '--as-group=b', '--as-uid', '7'];
    expect(await whoAmI({ user, flags })).toMatchObject({
      username: 'bob',
      uid: '7',
      groups: expect.arrayContaining(['a', 'b']),
      extra: scope,
    });
    await expect(whoAmI({ user: { token: server.token }, flags: ['--as-group', 'a'] })).rejects.toThrow(
      '--as is missing',
    );
  });

  it('an administrator of a server that is named by a file, another name, or not checked at all', async () => {
    const user = { token: server.token };
    const file = { 'certificate-authority-data': undefined, 'certificate-authority': 'ca.crt' };
    expect((await whoAmI({ user, cluster: file })).username).toBe('kcp-admin');
    const elsewhere = {
      server: `https://127.0.0.1:${server.port}/clusters/root`,
      'tls-server-name': 'localhost',
    };
    expect((await whoAmI({ user, cluster: elsewhere })).username).toBe('kcp-admin');
    const unchecked = { 'certificate-authority-data': undefined, 'insecure-skip-tls-verify': true };
    expect((await whoAmI({ user, cluster: unchecked })).username).toBe('kcp-admin');
    expect(
      (
        await whoAmI({
          user,
          cluster: { server: 'https://nowhere' },
          flags: ['-s', `${server.url}/clusters/root`],
        })
      ).username,
    ).toBe('kcp-admin');
  });

  it('an administrator through a proxy', async () => {
    const seen: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request: IncomingMessage, socket: Socket) => {
      seen.push(request.url ?? '');
      const [host = '', port] = (request.url ?? '').split(':');
      const onward = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(onward).pipe(socket);
      });
      socket.once('close', () => onward.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void proxy.close());
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const user = { token: server.token };
    expect((await whoAmI({ user, cluster: { 'proxy-url': url } })).username).toBe('kcp-admin');
    expect(seen).toEqual([`127.0.0.1:${server.port}`]);
    // Loopback is never asked through a proxy of the environment.
    expect((await whoAmI({ user, environment: { HTTPS_PROXY: url } })).username).toBe('kcp-admin');
    expect(seen).toHaveLength(1);
  });

  it('an administrator through a SOCKS proxy', async () => {
    let asked = 0;
    const proxy = createTcpServer((socket) => {
      // RFC 1928: no authentication, then CONNECT to an address.
      socket.once('data', () => {
        socket.write(Buffer.from([5, 0]));
        socket.once('data', () => {
          asked += 1;
          const onward = connect(server.port, '127.0.0.1', () => {
            socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]));
            socket.pipe(onward).pipe(socket);
          });
          socket.once('close', () => onward.destroy());
        });
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void proxy.close());
    const url = `socks5://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    expect((await whoAmI({ user: { token: server.token }, cluster: { 'proxy-url': url } })).username).toBe(
      'kcp-admin',
    );
    expect(asked).toBe(1);
    await expect(whoAmI({ cluster: { 'proxy-url': 'ftp://x' } })).rejects.toThrow(
      'is no URL of http, https or socks5',
    );
  });
});

describe('a plugin says in one line', () => {
  it('that a server cannot be reached', async () => {
    const user = { token: 'x' };
    await expect(
      whoAmI({ user, cluster: { server: 'https://127.0.0.1:1/clusters/root' } }),
    ).rejects.toMatchObject({
      message: 'the server 127.0.0.1:1 refused the connection',
      exitCode: 6,
    });
    await expect(
      whoAmI({ user, cluster: { 'certificate-authority-data': undefined } }),
    ).rejects.toMatchObject({
      message: expect.stringContaining('cannot be trusted'),
      exitCode: 6,
    });
    const silent = createTcpServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const cluster = { server: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/clusters/root` };
    await expect(whoAmI({ user, cluster, flags: ['--request-timeout', '50ms'] })).rejects.toMatchObject({
      message: expect.stringContaining('did not answer in time'),
      exitCode: 6,
    });
  });

  it('that nobody knows who asks, or that they may not', async () => {
    await expect(whoAmI({ user: { token: 'wrong' } })).rejects.toMatchObject({
      exitCode: 4,
      message: 'Unauthorized',
    });
    await expect(whoAmI({})).rejects.toMatchObject({ exitCode: 4 });
  });

  it('which entry the kubeconfig lacks', async () => {
    await expect(whoAmI({ flags: ['--context', 'y'] })).rejects.toThrow('current "y" context not found');
    await expect(whoAmI({ flags: ['--cluster', 'y'] })).rejects.toThrow(
      'cluster "y" not found in kubeconfig',
    );
    await expect(whoAmI({ flags: ['--user', 'y'] })).rejects.toThrow('user "y" not found in kubeconfig');
    await expect(whoAmI({ user: { 'auth-provider': { name: 'oidc' } } })).rejects.toThrow('auth-provider');
    await expect(whoAmI({ user: { token: 'a\nb' } })).rejects.toThrow('token holds a control character');
  });
});
