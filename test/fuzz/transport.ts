import type { IncomingMessage } from 'node:http';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { Agent, request as httpsRequest } from 'node:https';

import { connect as connectTls } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import type { ServerProcess } from '../support/server.ts';

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Buffer | undefined;
  readonly protocol: 'http1' | 'http2';
  /** Kept apart from the connections of requests that may break theirs. */
  readonly isHostile?: boolean;
  /** The client goes away after this. */
  readonly abortMs?: number | undefined;
}

/** The bytes of a request as no library would send it. */
export interface RawCall {
  readonly bytes: Buffer;
}

export interface Answer {
  /** Zero: the connection ended without an answer, which only hostile requests may bring about. */
  readonly status: number;
  /** What broke the connection, where nothing was answered. */
  readonly contentType: string;
  readonly body: Buffer;
  /** The stream was still open when it was left: that is what watches are like. */
  readonly isOpen: boolean;
}

const ANSWER_MS = 10_000;
const SOCKETS_MAX = 32;
/** How much of a watch is looked at. */
const WATCH_MS = 150;
const RAW_IDLE_MS = 200;
const HEADER_BYTES_MAX = 256 * 1024;

/** Sends requests to one server over kept connections, and fails where an answer takes longer than it may. */
export class Transport {
  readonly #server: ServerProcess;
  readonly #agents: readonly [Agent, Agent];
  readonly #sessions = new Map<boolean, ClientHttp2Session>();

  constructor(server: ServerProcess) {
    this.#server = server;
    const options = { keepAlive: true, maxSockets: SOCKETS_MAX, ca: server.ca };
    this.#agents = [new Agent(options), new Agent(options)];
  }

  /** Rejects when no complete answer came in time; a broken connection is an answer with status zero. */
  call(call: Call): Promise<Answer> {
    return call.protocol === 'http1' ? this.#callHttp1(call) : this.#callHttp2(call);
  }

  /** GET by the administrator. */
  get(path: string, accept = 'application/json'): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.#server.token}`, accept };
    return this.call({ method: 'GET', path, headers, protocol: 'http1' });
  }

  /** Opens a watch that stays: resolves when its head is there. */
  async watch(path: string): Promise<IncomingMessage> {
    const { port, ca, token } = this.#server;
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
      const outgoing = httpsRequest({ host: '127.0.0.1', port, ca, agent: false, path, headers });
      outgoing.once('response', resolve).once('error', reject).end();
    });
  }

  /** What the server makes of bytes that are hardly HTTP. */
  raw({ bytes }: RawCall): Promise<Answer> {
    const { port, ca } = this.#server;
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      const socket = connectTls({ host: '127.0.0.1', port, ca, ALPNProtocols: ['http/1.1'] }, () =>
        socket.write(bytes),
      );
      const finish = (): void => {
        clearTimeout(late);
        socket.destroy();
        const body = Buffer.concat(chunks);
        // After a `100 Continue` comes the answer.
        const status = [...body.toString('latin1').matchAll(/HTTP\/1\.1 (\d{3}) /g)].at(-1)?.[1];
        resolve({ status: Number(status ?? 0), contentType: 'raw', body, isOpen: false });
      };
      const late = setTimeout(
        () => reject(new Error('a raw request was neither answered nor refused')),
        ANSWER_MS,
      );
      socket.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        socket.setTimeout(RAW_IDLE_MS);
      });
      // A request without end is waited for by the server: it is given up here.
      socket.setTimeout(RAW_IDLE_MS, finish);
      socket.once('close', finish).once('error', finish);
    });
  }

  close(): void {
    for (const agent of this.#agents) agent.destroy();
    for (const session of this.#sessions.values()) session.destroy();
  }

  #callHttp1(call: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { method, path } = call;
      const headers: Record<string, string | string[]> = {};
      for (const [name, value] of Object.entries(call.headers)) headers[name] = value as string | string[];
      if (call.body !== undefined && headers['transfer-encoding'] === undefined) {
        headers['content-length'] ??= String(call.body.length);
      }
      const outgoing = httpsRequest({
        host: '127.0.0.1',
        port: this.#server.port,
        agent: this.#agents[call.isHostile ? 1 : 0],
        method,
        path,
        headers,
        maxHeaderSize: HEADER_BYTES_MAX,
      });
      const chunks: Buffer[] = [];
      let response: IncomingMessage | undefined;
      let failure = '';
      const isAborted = call.abortMs !== undefined;
      const settle = (isOpen: boolean): void => {
        clearTimeout(late);
        clearTimeout(enough);
        const contentType = response?.headers['content-type'] ?? failure;
        const body = decoded(
          Buffer.concat(chunks),
          isOpen ? undefined : response?.headers['content-encoding'],
        );
        resolve({ status: response?.statusCode ?? 0, contentType, body, isOpen: isOpen || isAborted });
      };
      let enough: NodeJS.Timeout | undefined;
      const late = setTimeout(() => {
        outgoing.destroy();
        reject(new Error(`no answer within ${ANSWER_MS} ms: ${method} ${path.slice(0, 300)}`));
      }, ANSWER_MS);
      outgoing.once('response', (incoming) => {
        response = incoming;
        if (isWatch(call)) {
          enough = setTimeout(() => {
            settle(true);
            outgoing.destroy();
          }, WATCH_MS);
        }
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('end', () => settle(false));
        incoming.once('error', () => settle(true));
      });
      outgoing.once('error', (error) => {
        failure = String(error);
        settle(true);
      });
      if (isAborted) setTimeout(() => outgoing.destroy(), call.abortMs);
      outgoing.end(call.body);
    });
  }

  #callHttp2(call: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { method, path } = call;
      let stream: ClientHttp2Stream;
      try {
        stream = this.#openSession(call.isHostile ?? false).request(
          {
            ...(call.headers as Record<string, string>),
            ':method': method,
            ':path': path,
          },
          { endStream: call.body === undefined },
        );
      } catch (error) {
        return resolve({ status: 0, contentType: String(error), body: Buffer.alloc(0), isOpen: true });
      }
      const chunks: Buffer[] = [];
      let status = 0;
      let contentType = '';
      let encoding: string | undefined;
      const isAborted = call.abortMs !== undefined;
      let enough: NodeJS.Timeout | undefined;
      const settle = (isOpen: boolean): void => {
        clearTimeout(late);
        clearTimeout(enough);
        const body = decoded(Buffer.concat(chunks), isOpen || isAborted ? undefined : encoding);
        resolve({ status, contentType, body, isOpen: isOpen || isAborted });
      };
      const late = setTimeout(() => {
        stream.close();
        reject(new Error(`no answer within ${ANSWER_MS} ms over HTTP/2: ${method} ${path.slice(0, 300)}`));
      }, ANSWER_MS);
      stream.once('response', (headers) => {
        status = Number(headers[':status'] ?? 0);
        contentType = String(headers['content-type'] ?? '');
        encoding = headers['content-encoding'];
        if (!isWatch(call)) return;
        enough = setTimeout(() => {
          settle(true);
          stream.close(constants.NGHTTP2_CANCEL);
        }, WATCH_MS);
      });
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.once('end', () => settle(false));
      stream.once('error', (error) => {
        contentType ||= String(error);
        settle(true);
      });
      stream.once('close', () => settle(true));
      if (isAborted) setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), call.abortMs);
      if (call.body !== undefined) stream.end(call.body);
    });
  }

  #openSession(isHostile: boolean): ClientHttp2Session {
    const current = this.#sessions.get(isHostile);
    if (current !== undefined && !current.closed && !current.destroyed) return current;
    // Node's client goes on counting uploads that it has broken off as memory of the session.
    const session = connect(this.#server.url, { ca: this.#server.ca, maxSessionMemory: 4_096 } as object);
    session.on('error', () => {});
    this.#sessions.set(isHostile, session);
    return session;
  }
}

/** The body without its compression; as it is where that fails, which then fails as what it should be. */
function decoded(body: Buffer, encoding: string | undefined): Buffer {
  if (encoding !== 'gzip') return body;
  try {
    return gunzipSync(body);
  } catch {
    return body;
  }
}

function isWatch({ method, path }: Call): boolean {
  return method === 'GET' && /watch/i.test(path);
}
