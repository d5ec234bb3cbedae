import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Link, type LinkOptions } from './link.ts';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

/** A server that answers with what it hears. */
async function echo(): Promise<{ readonly port: number; readonly sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.push({
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

async function linkTo(port: number, options: Partial<LinkOptions> = {}): Promise<Link> {
  const link = await Link.open({ target: () => ({ host: '127.0.0.1', port }), oneWayMs: 0, ...options });
  opened.push(link);
  return link;
}

async function call(link: Link): Promise<Socket> {
  const socket = connect(link.port, '127.0.0.1');
  opened.push({ close: () => socket.destroy() });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Reads until that many bytes have come. */
async function read(socket: Socket, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= bytes) break;
  }
  return Buffer.concat(chunks);
}

function ended(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    socket.once('close', () => resolve('closed'));
  });
}

describe('a link', () => {
  it('carries bytes both ways, each as late as its way is long, and the call too', async () => {
    const link = await linkTo((await echo()).port, { oneWayMs: 40 });
    const socket = await call(link);
    const startMs = performance.now();
    socket.write('a');
    expect((await read(socket, 1)).toString()).toBe('a');
    const firstMs = performance.now() - startMs;
    socket.write('b');
    await read(socket, 1);
    const secondMs = performance.now() - startMs - firstMs;
    // The first byte travels together with the call, the answer comes back.
    expect(firstMs).toBeGreaterThanOrEqual(80);
    expect(secondMs).toBeGreaterThanOrEqual(80);
  });

  it('keeps order and bandwidth: a lot of data takes hardly longer than a byte', async () => {
    const link = await linkTo((await echo()).port, { oneWayMs: 100 });
    const socket = await call(link);
    const sent = Buffer.alloc(8 * 1024 * 1024);
    for (let index = 0; index < sent.length; index += 4) sent.writeUInt32LE(index, index);
    const startMs = performance.now();
    socket.write(sent);
    expect((await read(socket, sent.length)).equals(sent)).toBe(true);
    // One wait per chunk of 64 KiB would be 128 times the way.
    expect(performance.now() - startMs).toBeLessThan(6_000);
  });

  it('lets a receiver that reads slowly hold the sender up instead of filling the memory', async () => {
    const target = await echo();
    const link = await linkTo(target.port);
    const socket = await call(link);
    socket.write('x');
    await read(socket, 1);
    target.sockets[0]?.unpipe();
    target.sockets[0]?.pause();
    let written = 0;
    const chunk = Buffer.alloc(1024 * 1024);
    while (written < 512 && socket.write(chunk)) written++;
    for (let stuck = 0; stuck < 5 && written < 512; ) {
      const drained = await Promise.race([
        once(socket, 'drain').then(() => true),
        new Promise<false>((resolve) => setTimeout(() => resolve(false), 100)),
      ]);
      if (drained) {
        socket.write(chunk);
        written++;
      } else stuck++;
    }
    expect(written).toBeLessThan(200);
  });

  it('passes the end of one direction on while the other goes on', async () => {
    const link = await linkTo((await echo()).port, { oneWayMs: 5 });
    const socket = await call(link);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.end('the last words');
    await once(socket, 'end');
    expect(Buffer.concat(chunks).toString()).toBe('the last words');
  });

  it('resets connections when it is cut, refuses new ones, and carries again when healed', async () => {
    const target = await echo();
    const link = await linkTo(target.port, { oneWayMs: 5 });
    const socket = await call(link);
    socket.write('a');
    await read(socket, 1);
    const end = ended(socket);
    link.setState('cut');
    expect(await end).toBe('ECONNRESET');
    const refused = connect(link.port, '127.0.0.1');
    expect(await ended(refused)).toBe('ECONNRESET');
    link.setState('up');
    const again = await call(link);
    again.write('b');
    expect((await read(again, 1)).toString()).toBe('b');
    expect(target.sockets).toHaveLength(2);
  });

  it('says nothing while it is silent, and delivers what was sent when it is healed', async () => {
    const target = await echo();
    const link = await linkTo(target.port, { oneWayMs: 5 });
    const socket = await call(link);
    socket.write('a');
    await read(socket, 1);
    link.setState('silent');
    let heard = '';
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString();
    });
    socket.write('b');
    const late = await call(link);
    late.write('c');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([heard, socket.destroyed, target.sockets.length]).toEqual(['', false, 1]);
    link.setState('up');
    expect((await read(late, 1)).toString()).toBe('c');
    await expect.poll(() => heard).toBe('b');
  });

  it('does not show the death of one end to the other while it is silent', async () => {
    const target = await echo();
    const link = await linkTo(target.port, { oneWayMs: 1 });
    const socket = await call(link);
    socket.write('a');
    await read(socket, 1);
    link.setState('silent');
    target.sockets[0]?.resetAndDestroy();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(socket.destroyed).toBe(false);
    const end = ended(socket);
    link.setState('up');
    expect(await end).toBe('ECONNRESET');
    await expect.poll(() => link.connections).toBe(0);
  });

  it('resets a call that nobody takes at the other end', async () => {
    const target = await echo();
    opened.splice(0).forEach((one) => void one.close());
    const link = await linkTo(target.port, { oneWayMs: 20 });
    const socket = await call(link);
    expect(await ended(socket)).toBe('ECONNRESET');
    await expect.poll(() => link.connections).toBe(0);
  });

  it('leads where its target is at the time of the call', async () => {
    const [first, second] = [await echo(), await echo()];
    let port = first.port;
    const link = await linkTo(0, { target: () => ({ host: '127.0.0.1', port }) });
    port = second.port;
    const socket = await call(link);
    socket.write('a');
    await read(socket, 1);
    expect([first.sockets.length, second.sockets.length]).toEqual([0, 1]);
  });

  it('carries nothing of somebody whose first line says that no link is theirs', async () => {
    const { port, sockets } = await echo();
    const link: Link = await linkTo(port, {
      linkOf: (line) => (line.startsWith('CONNECT us') ? link : undefined),
    });
    const known = await call(link);
    known.write('CONN');
    known.write('ECT us\r\nPING\r\n');
    expect((await read(known, 18)).toString()).toBe('CONNECT us\r\nPING\r\n');
    const heard: string[] = [];
    const foreign = await call(link);
    const end = ended(foreign);
    foreign.on('data', (chunk) => heard.push(chunk.toString()));
    foreign.write('CONNECT ap\r\n');
    expect(await end).toBe('ECONNRESET');
    const endless = await call(link);
    const endlessEnd = ended(endless);
    endless.write('x'.repeat(64 * 1024));
    expect(await endlessEnd).toBe('ECONNRESET');
    expect(heard).toEqual([]);
    expect(sockets.length).toBeGreaterThan(0);
  });

  it('hands a call on to the link of whoever calls, whose state and length count from its first line on', async () => {
    const { port, sockets } = await echo();
    const theirs = await linkTo(port, { oneWayMs: 60 });
    const link = await linkTo(port, { linkOf: () => theirs });
    const socket = await call(link);
    await expect.poll(() => sockets.length).toBe(1);
    const startMs = performance.now();
    socket.write('CONNECT us\r\n');
    expect((await read(socket, 12)).toString()).toBe('CONNECT us\r\n');
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(120);
    expect([link.connections, theirs.connections]).toEqual([0, 1]);
    // What becomes of the link that was called does not concern it.
    link.setState('cut');
    socket.write('PING\r\n');
    expect((await read(socket, 6)).toString()).toBe('PING\r\n');
    const end = ended(socket);
    theirs.setState('cut');
    expect(await end).toBe('ECONNRESET');
    link.setState('up');
    const late = await call(link);
    const lateEnd = ended(late);
    late.write('CONNECT us\r\n');
    expect(await lateEnd).toBe('ECONNRESET');
    await expect.poll(() => link.connections + theirs.connections).toBe(0);
  });
});
