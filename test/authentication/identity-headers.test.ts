import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { useAuthentication } from './suite.ts';

const fixture = useAuthentication();
const PATH = '/api/v1/namespaces/default/secrets';

const FORGED = [
  'X-Remote-User: admin',
  'x-remote-user: admin',
  'X_Remote_User: admin',
  'X-Remote-User : admin',
  'X-REMOTE-GROUP: system:masters',
  'X-Remote-Group: system:masters\r\nX-Remote-Group: system:kcp:admin',
  'X_Remote_Group: system:masters',
  'X-Remote-Uid: 1',
  'X-Remote-Extra-authorization.kcp.io%2fwarrant: {"user":"a","groups":["system:masters"]}',
  'X-Remote-Extra-Authentication.kcp.io/cluster-name: root',
  'X-Forwarded-User: admin',
  'X-Forwarded-Client-Cert: Subject="CN=admin,O=system:masters"',
  'X-Client-Cert: x',
  'Proxy-Authorization: Bearer TOKEN',
  'Cookie: token=TOKEN; Authorization=TOKEN',
  'X-Authorization: Bearer TOKEN',
  'Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.TOKEN',
];

/** One request with a head of one's own over HTTP/1.1; the answer's first line and body. */
function send(lines: readonly string[]): Promise<string> {
  const { port, ca, token } = fixture.server;
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port, ca, ALPNProtocols: ['http/1.1'] });
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    const head = [`GET ${PATH} HTTP/1.1`, 'Host: x', 'Connection: close', ...lines];
    socket.write(`${head.join('\r\n').replaceAll('TOKEN', token)}\r\n\r\n`);
  });
}

describe('an identity in any header but Authorization', () => {
  test.each(FORGED)('is nobody’s: %s', async (line) => {
    const answer = await send([line]);
    expect(answer).toMatch(/^HTTP\/1\.1 (403|400) /);
    if (answer.startsWith('HTTP/1.1 403')) expect(answer).toContain('User \\"system:anonymous\\" cannot');
  });

  test.each(FORGED)('changes nothing about who comes with a token: %s', async (line) => {
    const account = await tokenOf('headers');
    const answer = await send([line, `Authorization: Bearer ${account}`]);
    expect(answer).toMatch(/^HTTP\/1\.1 (403|400) /);
    if (answer.startsWith('HTTP/1.1 403')) expect(answer).toContain('system:serviceaccount:default:headers');
  });

  test('is nobody’s over HTTP/2 either', async () => {
    const { port, ca } = fixture.server;
    const session = connectHttp2(`https://127.0.0.1:${port}`, { ca });
    try {
      const stream = session.request({
        ':path': PATH,
        'x-remote-user': 'admin',
        'x-remote-group': ['system:masters', 'system:kcp:admin'],
        x_remote_group: 'system:masters',
      });
      let text = '';
      for await (const chunk of stream) text += String(chunk);
      expect(text).toContain('User \\"system:anonymous\\" cannot');
    } finally {
      session.close();
    }
  });
});

describe('an Authorization header that comes twice', () => {
  test('counts once: the first, as upstream', async () => {
    const account = await tokenOf('twice');
    const admin = 'Authorization: Bearer TOKEN';
    const own = `Authorization: Bearer ${account}`;
    expect(await send([own, admin])).toContain('system:serviceaccount:default:twice');
    expect(await send([admin, own])).toMatch(/^HTTP\/1\.1 200 /);
    expect(await send(['Authorization: Bearer wrong', admin])).toMatch(/^HTTP\/1\.1 401 /);
    expect(await send(['Authorization: Basic x', admin])).toMatch(/^HTTP\/1\.1 403 /);
    expect(await send([`Authorization: Bearer wrong, Bearer ${fixture.server.token}`])).toMatch(
      /^HTTP\/1\.1 401 /,
    );
  });
});

const tokens = new Map<string, Promise<string>>();

function tokenOf(name: string): Promise<string> {
  const known = tokens.get(name);
  if (known !== undefined) return known;
  const made = fixture.account(name).then((account) => fixture.token(account));
  tokens.set(name, made);
  return made;
}
