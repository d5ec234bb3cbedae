import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { tokenOf, useArena } from './suite.ts';

const arena = useArena();
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const SETTINGS = 4;
const HEADERS = 1;
const RST_STREAM = 3;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const CONTINUATION = 9;
const END_HEADERS = 4;
const END_STREAM = 1;
const sessions: ClientHttp2Session[] = [];

afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy();
  await arena.assertUnharmed();
});

/** A frame of HTTP/2 as no library would send it. */
function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const EMPTY_SETTINGS = frame(SETTINGS, 0, 0, Buffer.alloc(0));

/** Literal header fields without indexing, each shorter than 127 bytes. */
function block(...headers: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(
    headers.map(([name, value]) =>
      Buffer.concat([
        Buffer.of(0, name.length),
        Buffer.from(name),
        Buffer.of(value.length),
        Buffer.from(value),
      ]),
    ),
  );
}

const REQUEST = block(
  [':method', 'GET'],
  [':scheme', 'https'],
  [':path', '/version'],
  [':authority', 'localhost'],
);

/** One connection on which bytes are sent as they are, and what the member says on it. */
class RawSession {
  readonly socket: TLSSocket;
  /** Resolves when the member has said goodbye, after which it heeds nothing more, or has closed. */
  readonly ended: Promise<void>;
  /** How many answers have begun. */
  answers = 0;
  #rest = Buffer.alloc(0);
  #end: () => void = () => {};
  isOver = false;

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    this.ended = new Promise((resolve) => {
      this.#end = () => {
        this.isOver = true;
        resolve();
      };
    });
    socket.setMaxListeners(0);
    socket.once('close', this.#end);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.write(Buffer.concat([Buffer.from(PREFACE), EMPTY_SETTINGS]));
  }

  static async open(): Promise<RawSession> {
    const socket = await arena.connect({ ALPNProtocols: ['h2'] });
    expect(socket.alpnProtocol).toBe('h2');
    return new RawSession(socket);
  }

  /** Writes a chunk again and again until the member has had enough, or that often. */
  async flood(chunk: Buffer, count: number): Promise<void> {
    for (let index = 0; index < count && !this.isOver; index++) {
      const isTaken = this.socket.write(chunk);
      if (!isTaken) await Promise.race([once(this.socket, 'drain'), this.ended]);
      // What is said meanwhile must be heard, and others must be served.
      if (index % 16 === 0) await arena.assertUnharmed();
    }
  }

  #take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 9) {
      const length = this.#rest.readUIntBE(0, 3) + 9;
      if (this.#rest.length < length) return;
      if (this.#rest[3] === HEADERS) this.answers += 1;
      if (this.#rest[3] === GOAWAY) this.#end();
      this.#rest = this.#rest.subarray(length);
    }
  }
}

describe('a flood over HTTP/2', () => {
  test('of requests that are reset at once ends the connection, and costs no answers', async () => {
    const session = await RawSession.open();
    let stream = 1;
    for (let batch = 0; batch < 40 && !session.isOver; batch++) {
      const frames: Buffer[] = [];
      for (let index = 0; index < 200; index++, stream += 2) {
        frames.push(frame(HEADERS, END_HEADERS | END_STREAM, stream, REQUEST));
        frames.push(frame(RST_STREAM, 0, stream, Buffer.from([0, 0, 0, 8])));
      }
      await session.flood(Buffer.concat(frames), 1);
    }
    await session.ended;
    expect(session.answers).toBeLessThan(stream / 4);
    session.socket.destroy();
  });

  test.each<[string, () => Buffer]>([
    ['settings', () => EMPTY_SETTINGS],
    ['pings', () => frame(PING, 0, 0, Buffer.alloc(8))],
    ['resets of streams that never were', () => frame(RST_STREAM, 0, 1, Buffer.from([0, 0, 0, 8]))],
    ['empty windows', () => frame(WINDOW_UPDATE, 0, 0, Buffer.alloc(4))],
    ['frames of unknown types', () => frame(0xfe, 0, 0, Buffer.alloc(16))],
    ['goodbyes', () => frame(GOAWAY, 0, 0, Buffer.alloc(8))],
  ])('of %s leaves others served, and memory as it was', async (_what, make) => {
    const session = await RawSession.open();
    const before = process.memoryUsage().rss;
    const one = make();
    const chunk = Buffer.concat(Array.from({ length: 1_000 }, () => one));
    await session.flood(chunk, 64);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
    session.socket.destroy();
  });

  test('of headers that never end is cut off', async () => {
    const session = await RawSession.open();
    session.socket.write(frame(HEADERS, END_STREAM, 1, REQUEST));
    const fields = Array.from({ length: 80 }, (_, index) => [`x-${index}`, 'y'.repeat(100)] as const);
    await session.flood(frame(CONTINUATION, 0, 1, block(...fields)), 2_000);
    await session.ended;
    session.socket.destroy();
  });

  test('of headers that are small when compressed is no bomb', async () => {
    const session = await RawSession.open();
    // Puts one long field into the table, and then names it thousands of times by its index.
    const name = Buffer.from('x-long');
    const value = Buffer.alloc(3_500, 0x61);
    const length = Buffer.from([0x7f, ...varint(value.length - 127)]);
    const insert = Buffer.concat([Buffer.of(0x40, name.length), name, length, value]);
    const bomb = Buffer.concat([REQUEST, insert, Buffer.alloc(12_000, 0x80 | 62)]);
    const before = process.memoryUsage().rss;
    session.socket.write(frame(HEADERS, END_HEADERS | END_STREAM, 1, bomb));
    await Promise.race([session.ended, once(session.socket, 'data')]);
    await arena.assertUnharmed();
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
    session.socket.destroy();
  });

  test('of frames that break the protocol ends the connection', async () => {
    const broken = [
      frame(HEADERS, END_HEADERS, 2, REQUEST),
      frame(HEADERS, END_HEADERS, 0, REQUEST),
      frame(CONTINUATION, END_HEADERS, 1, REQUEST),
      frame(SETTINGS, 0, 0, Buffer.alloc(5)),
      frame(SETTINGS, 0, 1, Buffer.alloc(6)),
      frame(PING, 0, 0, Buffer.alloc(7)),
      frame(WINDOW_UPDATE, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff])),
      Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]), Buffer.alloc(100)]),
      Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
    ];
    for (const bytes of broken) {
      const session = await RawSession.open();
      session.socket.write(bytes);
      await session.ended;
      expect(session.answers).toBe(0);
      session.socket.destroy();
    }
  });
});

describe('streams over HTTP/2', () => {
  test('of which more are opened than one connection may have are refused', async () => {
    const session = connect(arena.server.url, { ca: arena.server.ca });
    sessions.push(session);
    session.on('error', () => {});
    const [settings] = (await once(session, 'remoteSettings')) as [{ maxConcurrentStreams?: number }];
    expect(settings.maxConcurrentStreams).toBeLessThanOrEqual(1_000);
  });

  test('whose bodies never end, or whose answers are never read, leave others served', async () => {
    const session = connect(arena.server.url, { ca: arena.server.ca });
    sessions.push(session);
    session.on('error', () => {});
    const headers = { authorization: `Bearer ${tokenOf('attacker')}`, 'content-type': 'application/json' };
    for (let index = 0; index < 300; index++) {
      const path = '/clusters/attacker/api/v1/namespaces/default/configmaps';
      const stream = session.request({ ...headers, ':method': 'POST', ':path': path }, { endStream: false });
      stream.on('error', () => {});
      stream.write('{"metadata":');
    }
    for (let index = 0; index < 100; index++) {
      const stream = session.request({ ...headers, ':path': '/clusters/attacker/openapi/v2' });
      stream.on('error', () => {});
      stream.pause();
    }
    await arena.assertUnharmed();
    // The same connection is still good for a request that behaves.
    const stream = session.request({ ...headers, ':path': '/clusters/attacker/api' });
    const [answer] = (await once(stream, 'response')) as [Readonly<Record<string, unknown>>];
    expect(answer[':status']).toBe(200);
    session.destroy(undefined, constants.NGHTTP2_CANCEL);
  });
});

function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  while (left >= 128) {
    bytes.push((left & 0x7f) | 0x80);
    left >>= 7;
  }
  bytes.push(left);
  return bytes;
}
