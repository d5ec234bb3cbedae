import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  createServer as createHttp2Server,
  type Http2Server,
} from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../base/mod.ts';
import type { RawResponse } from './exchange.ts';
import { ResponseOutput } from './watch-output.ts';

const PIECE = Buffer.alloc(limits.watcherQueueBytesMax, 'x');
const { watchEndMsMax } = limits;

beforeAll(() => {
  (limits as { watchEndMsMax: number }).watchEndMsMax = 150;
});
afterAll(() => {
  (limits as { watchEndMsMax: number }).watchEndMsMax = watchEndMsMax;
});

/** A client that takes a piece when it is told to. */
class SlowClient extends Writable {
  #taken: (() => void)[] = [];
  constructor() {
    super({ highWaterMark: 100 });
  }
  override _write(_piece: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#taken.push(done);
  }
  take(): void {
    this.#taken.shift()?.();
  }
}

function outputTo(client: SlowClient): ResponseOutput {
  return new ResponseOutput(client as unknown as RawResponse);
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe('waiting until a client has caught up', () => {
  test('ends with the drain', async () => {
    const client = new SlowClient();
    const output = outputTo(client);
    expect(output.write(Buffer.alloc(10))).toBe(true);
    expect(output.write(PIECE)).toBe(false);
    const drained = output.drained();
    client.take();
    expect(await isSettled(drained)).toBe(false);
    client.take();
    expect(await isSettled(drained)).toBe(true);
  });

  test('does not wait for a drain that has been', async () => {
    const client = new SlowClient();
    const output = outputTo(client);
    output.write(PIECE);
    const drain = once(client, 'drain');
    client.take();
    await drain;
    // Something is on its way, but too little to announce a drain for.
    output.write(Buffer.alloc(10));
    expect(client.writableLength).toBe(10);
    expect(await isSettled(output.drained())).toBe(true);
  });

  test.each([
    ['the end of the watch', (_client: SlowClient, output: ResponseOutput) => void output.end()],
    ['the end of the connection', (client: SlowClient) => void client.destroy()],
  ])('ends with %s', async (_case, stop) => {
    const client = new SlowClient();
    const output = outputTo(client);
    output.write(PIECE);
    const drained = output.drained();
    expect(await isSettled(drained)).toBe(false);
    stop(client, output);
    expect(await isSettled(drained)).toBe(true);
    expect(await isSettled(output.drained())).toBe(true);
    expect(client.listenerCount('drain')).toBe(0);
    expect(output.write(PIECE)).toBe(true);
  });
});

describe('the end of a watch', () => {
  let server: Server | Http2Server | undefined;
  let session: ClientHttp2Session | undefined;
  let socket: Socket | undefined;

  afterEach(() => {
    session?.destroy();
    socket?.destroy();
    server?.close();
  });

  async function listen(): Promise<number> {
    server?.listen(0, '127.0.0.1');
    await once(server as Server, 'listening');
    return ((server as Server).address() as AddressInfo).port;
  }

  /** The server's side of a watch over each protocol, and the client's, which does not read until it is resumed. */
  async function open(protocol: string): Promise<{ response: RawResponse; resume: () => Promise<string> }> {
    const opened = new Promise<RawResponse>((resolve) => {
      const onRequest = (_request: unknown, response: unknown) => resolve(response as RawResponse);
      server = protocol === 'HTTP/2' ? createHttp2Server(onRequest) : createServer(onRequest);
    });
    const port = await listen();
    if (protocol === 'HTTP/2') {
      session = connectHttp2(`http://127.0.0.1:${port}`);
      session.on('error', () => {});
      const stream = session.request({ ':path': '/' });
      stream.on('error', () => {});
      return { response: await opened, resume: () => textOf(stream) };
    }
    socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    return { response: await opened, resume: () => textOf(socket as Socket) };
  }

  test.each(['HTTP/1.1', 'HTTP/2'])(
    'over %s is over when the client has read everything',
    async (protocol) => {
      const { response, resume } = await open(protocol);
      const output = new ResponseOutput(response);
      output.write(Buffer.from('the last event'));
      const ended = output.end();
      const text = resume();
      await ended;
      session?.close();
      if (protocol === 'HTTP/1.1') socket?.end();
      expect(await text).toContain('the last event');
      // A second end is none.
      await output.end();
    },
  );

  test.each(['HTTP/1.1', 'HTTP/2'])(
    'over %s waits only a while for a client that does not read',
    async (protocol) => {
      const { response } = await open(protocol);
      const output = new ResponseOutput(response);
      for (let index = 0; index < 16; index++) output.write(PIECE);
      const started = performance.now();
      await output.end();
      expect(performance.now() - started).toBeGreaterThan(100);
      expect(performance.now() - started).toBeLessThan(5000);
    },
  );

  test('is at once when the connection is gone', async () => {
    const client = new SlowClient();
    const output = outputTo(client);
    client.destroy();
    await once(client, 'close');
    expect(await isSettled(output.end())).toBe(true);
  });
});

function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    stream.on('data', (piece: Buffer) => {
      text += piece.toString();
    });
    stream.once('close', () => resolve(text));
  });
}
