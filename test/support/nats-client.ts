import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';

export interface NatsMessage {
  readonly subject: string;
  readonly text: string;
  readonly replyTo?: string;
  readonly atMs: number;
}

export interface NatsLogin {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly tls?: { readonly ca: string; readonly certificate?: string; readonly key?: string };
}

/** As much of NATS as tests of a topology need: publish, subscribe, ask. */
export class NatsClient {
  readonly #socket: Socket;
  readonly #listeners = new Map<string, (message: NatsMessage) => void>();
  readonly #pongs: (() => void)[] = [];
  /** What the server has complained about: `Permissions Violation for Publish to "x"`. */
  readonly errors: string[] = [];
  #text = '';
  #lastId = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.#text += text;
      this.#read();
    });
    socket.on('error', () => undefined);
  }

  /** Connects as the member of a region does, by what the planet has written for its server. */
  static async ofRegion(directory: string, region: string): Promise<NatsClient> {
    const config = await readFile(join(directory, region, 'nats.conf'), 'utf8');
    const port = Number(/^listen: "127\.0\.0\.1:(\d+)"/m.exec(config)?.[1]);
    const [, user = '', password = ''] = /user: (antipode), password: "([^"]+)"/.exec(config) ?? [];
    return NatsClient.connect({ port, user, password });
  }

  static async connect(options: NatsLogin): Promise<NatsClient> {
    const plain = connect(options.port, '127.0.0.1');
    await once(plain, 'connect');
    const client = new NatsClient(options.tls === undefined ? plain : await secured(plain, options.tls));
    const login = {
      user: options.user,
      pass: options.password,
      verbose: false,
      headers: true,
      no_responders: true,
    };
    client.#send(`CONNECT ${JSON.stringify(login)}`);
    await client.flush();
    return client;
  }

  subscribe(subject: string, listener: (message: NatsMessage) => void): void {
    const id = String(++this.#lastId);
    this.#listeners.set(id, listener);
    this.#send(`SUB ${subject} ${id}`);
  }

  publish(subject: string, text: string, replyTo = ''): void {
    this.#send(`PUB ${subject} ${replyTo === '' ? '' : `${replyTo} `}${Buffer.byteLength(text)}\r\n${text}`);
  }

  /** The answer to a message; undefined if none comes in time, or if the server says that nobody listens. */
  request(
    subject: string,
    text: string,
    timeoutMs: number,
    inboxPrefix = '_INBOX',
  ): Promise<NatsMessage | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), timeoutMs);
      const inbox = `${inboxPrefix}.${Math.random().toString(36).slice(2)}`;
      this.subscribe(inbox, (message) => {
        clearTimeout(timer);
        resolve(message.text === '' ? undefined : message);
      });
      this.publish(subject, text, inbox);
    });
  }

  /** Resolves when the server has taken all that was sent. */
  async flush(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#pongs.push(resolve);
      this.#socket.once('close', () => reject(new Error(`the server hung up: ${this.errors.join(', ')}`)));
      this.#send('PING');
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(line: string): void {
    this.#socket.write(`${line}\r\n`);
  }

  #read(): void {
    for (;;) {
      const end = this.#text.indexOf('\r\n');
      if (end < 0) return;
      const [verb = '', ...words] = this.#text.slice(0, end).split(' ');
      let rest = end + 2;
      if (verb === 'MSG' || verb === 'HMSG') {
        const bytes = Number(words.at(-1));
        const headerBytes = verb === 'HMSG' ? Number(words.at(-2)) : 0;
        if (this.#text.length < rest + bytes + 2) return;
        const text = this.#text.slice(rest + headerBytes, rest + bytes);
        rest += bytes + 2;
        const [subject = '', id = ''] = words;
        const counts = verb === 'HMSG' ? 2 : 1;
        const replyTo = words.length > 2 + counts ? words[2] : undefined;
        const atMs = performance.now();
        this.#listeners.get(id)?.({ subject, text, atMs, ...(replyTo === undefined ? {} : { replyTo }) });
      } else if (verb === 'PING') this.#send('PONG');
      else if (verb === 'PONG') this.#pongs.shift()?.();
      else if (verb === '-ERR') this.errors.push(words.join(' ').replaceAll("'", ''));
      this.#text = this.#text.slice(rest);
    }
  }
}

/** A server of NATS says who it is in the clear, and waits for TLS from then on. */
async function secured(plain: Socket, tls: NonNullable<NatsLogin['tls']>): Promise<Socket> {
  await once(plain, 'data');
  const socket = connectTls({
    socket: plain,
    host: '127.0.0.1',
    ca: tls.ca,
    ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
  });
  await once(socket, 'secureConnect');
  return socket;
}
