import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { codesOf, tokenOf, useArena } from './suite.ts';

const arena = useArena();
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await arena.assertUnharmed();
});

async function tcp(): Promise<Socket> {
  const socket = connectTcp(arena.server.port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

describe('connections', () => {
  test('by the hundred that say nothing, or one byte, leave others served', async () => {
    for (let index = 0; index < 300; index++) {
      const socket = await tcp();
      if (index % 2 === 0) socket.write(Buffer.of(0x16));
      if (index % 50 === 0) await arena.assertUnharmed();
    }
  });

  test('by the hundred that send a byte of their headers or body now and then leave others served', async () => {
    const slow: TLSSocket[] = [];
    for (let index = 0; index < 100; index++) {
      const socket = await arena.connect();
      socket.write(
        index % 2 === 0
          ? 'GET /version HTTP/1.1\r\nX-'
          : arena.head(
              'POST /clusters/attacker/api/v1/namespaces HTTP/1.1',
              'Content-Type: application/json',
              'Content-Length: 1000\r\n\r\n{',
            ),
      );
      slow.push(socket);
    }
    for (const socket of slow) socket.write('a');
    await arena.assertUnharmed();
    for (const socket of slow) socket.destroy();
  });

  test('that come and go by the hundred leave nothing behind', async () => {
    const { port, ca } = arena.server;
    const before = process.memoryUsage().rss;
    for (let round = 0; round < 10; round++) {
      await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const agent = new Agent({ ca, keepAlive: false });
          const headers = { authorization: `Bearer ${tokenOf('attacker')}` };
          const outgoing = request({
            host: '127.0.0.1',
            port,
            agent,
            path: '/clusters/attacker/api',
            headers,
          });
          outgoing.on('error', () => {});
          outgoing.end();
          // A third of them does not wait for the answer.
          if (index % 3 === 0) {
            const [socket] = (await once(outgoing, 'socket')) as [Socket];
            socket.destroy();
            return;
          }
          const [response] = (await once(outgoing, 'response')) as [NodeJS.ReadableStream];
          response.resume();
          await once(response, 'end');
        }),
      );
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
  });

  test('without TLS are closed, whatever they say', async () => {
    for (const text of [
      'GET /version HTTP/1.1\r\nHost: a\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      '\0'.repeat(100),
      'SSH-2.0-x\r\n',
    ]) {
      const socket = await tcp();
      let answer = '';
      socket.on('data', (chunk: Buffer) => {
        answer += chunk.toString('latin1');
      });
      socket.write(text);
      await once(socket, 'close');
      expect(answer).not.toContain('gitVersion');
    }
  });
});

describe('TLS', () => {
  test.each(['TLSv1', 'TLSv1.1'] as const)('of an old version is refused: %s', async (version) => {
    const { port, ca } = arena.server;
    const failure = new Promise<string>((resolve) => {
      // The lowest security level, since clients of today do not speak it otherwise.
      const options = {
        host: '127.0.0.1',
        port,
        ca,
        minVersion: version,
        maxVersion: version,
        ciphers: 'ALL:@SECLEVEL=0',
      };
      const socket = connectTls(options, () => resolve('connected'));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      sockets.push(socket);
    });
    expect(await failure).not.toBe('connected');
  });

  test('cannot be renegotiated again and again', async () => {
    const socket = await arena.connect({ maxVersion: 'TLSv1.2' });
    let granted = 0;
    for (let round = 0; round < 8 && !socket.destroyed; round++) {
      const isGranted = await new Promise<boolean>((resolve) => {
        const late = setTimeout(() => resolve(false), 500);
        socket.once('close', () => resolve(false));
        const isSent = socket.renegotiate({ rejectUnauthorized: false }, (error) => {
          clearTimeout(late);
          resolve(error === null);
        });
        if (isSent === false) resolve(false);
      });
      if (isGranted) granted += 1;
    }
    expect(granted).toBeLessThanOrEqual(3);
  });

  test('goes on with no data of before: a session is resumed without early data', async () => {
    const socket = await arena.connect({ minVersion: 'TLSv1.3' });
    socket.write(`${arena.head('GET /clusters/attacker/api HTTP/1.1', 'Connection: close')}\r\n\r\n`);
    const [session] = (await once(socket, 'session')) as [Buffer];
    socket.resume();
    await once(socket, 'close');
    const again = await arena.connect({ session });
    again.write('GET /clusters/attacker/api HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    const chunks: Buffer[] = [];
    again.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(again, 'close');
    // Credentials belong to requests, not to sessions.
    const text = Buffer.concat(chunks).toString();
    expect([401, 403]).toContain(codesOf({ text, isClosed: true })[0]);
  });
});
