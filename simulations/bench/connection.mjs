import { connect } from 'node:tls';
import { ResponseParser } from './response-parser.mjs';

const CONNECT_TIMEOUT_MS = 20_000;
/** How many handshakes may be under way at once: more would only queue up in the server. */
const HANDSHAKES_MAX = 32;

// All sockets read into this one buffer: its content is used up before the next read.
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * @typedef {object} Endpoint
 * @property {string} host
 * @property {number} port
 * @property {string} ca PEM.
 * @property {string} token
 */

/**
 * A TLS connection whose bytes go to `onBytes`, which must have used them when it returns.
 *
 * @param {Endpoint} endpoint
 * @param {Buffer | undefined} session Of an earlier connection.
 * @param {{ onBytes(bytes: Buffer, length: number): void, onEnd(error: Error): void }} handler
 * @returns {Promise<import('node:tls').TLSSocket>}
 */
function openSocket(endpoint, session, handler) {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: endpoint.host,
      port: endpoint.port,
      ca: endpoint.ca,
      session,
      ALPNProtocols: ['http/1.1'],
      onread: {
        buffer: READ_BUFFER,
        callback(length, buffer) {
          try {
            handler.onBytes(/** @type {Buffer} */ (buffer), length);
          } catch (error) {
            socket.destroy(error);
          }
          return true;
        },
      },
    });
    socket.setNoDelay(true);
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => socket.destroy(new Error('no connection in time')));
    socket.once('secureConnect', () => {
      socket.setTimeout(0);
      resolve(socket);
    });
    let reason = new Error('the server closed a connection');
    socket.on('error', (error) => {
      reason = error;
    });
    socket.once('close', () => {
      reject(reason);
      handler.onEnd(reason);
    });
  });
}

/** A keep-alive connection with at most one request in flight. */
export class Connection {
  /** When the request in flight was sent: `performance.now()`. */
  sentAtMs = 0;
  /** Free for whoever drives this connection. */
  index = 0;
  /** Takes the pieces of bodies. */
  set onBody(handler) {
    this.#parser.onBody = handler;
  }
  #parser = new ResponseParser();
  /** @type {import('node:tls').TLSSocket | undefined} */
  #socket = undefined;
  /** @type {((status: number, connection: Connection) => void) | undefined} */
  #onResponse = undefined;
  /** @type {Error | undefined} */
  #failure = undefined;

  /**
   * @param {Endpoint} endpoint
   * @param {Buffer} [session]
   */
  static async open(endpoint, session) {
    const connection = new Connection();
    connection.#socket = await openSocket(endpoint, session, {
      onBytes: (bytes, length) => connection.#take(bytes, length),
      onEnd: (error) => connection.#fail(error),
    });
    return connection;
  }

  get failure() {
    return this.#failure;
  }

  /**
   * Sends a request, whose bytes may be changed again once the response is there. A connection that ends
   * answers with status 0, also later on.
   *
   * @param {Buffer} request
   * @param {(status: number, connection: Connection) => void} onResponse
   */
  send(request, onResponse) {
    this.#onResponse = onResponse;
    if (this.#failure !== undefined) {
      queueMicrotask(() => this.#fail(this.#failure));
      return;
    }
    this.sentAtMs = performance.now();
    this.#socket?.write(request);
  }

  /** As `send`, for what is not measured. Throws unless the status is 2xx. @returns {Promise<string>} */
  exchange(/** @type {Buffer} */ request) {
    const pieces = [];
    this.onBody = (bytes, start, end) => pieces.push(Buffer.from(bytes.subarray(start, end)));
    return new Promise((resolve, reject) => {
      this.send(request, (status) => {
        this.onBody = undefined;
        const body = Buffer.concat(pieces).toString();
        if (status >= 200 && status < 300) return resolve(body);
        reject(this.#failure ?? new Error(`${firstLine(request)} was answered ${status}: ${body}`));
      });
    });
  }

  close() {
    this.#onResponse = undefined;
    this.#socket?.destroy();
  }

  #take(bytes, length) {
    if (!this.#parser.feed(bytes, length)) return;
    const onResponse = this.#onResponse;
    this.#onResponse = undefined;
    onResponse?.(this.#parser.status, this);
  }

  #fail(error) {
    this.#failure ??= error;
    const onResponse = this.#onResponse;
    this.#onResponse = undefined;
    onResponse?.(0, this);
  }
}

/**
 * A connection whose one response never ends. Everything after its head goes to `onBytes`, framing
 * included.
 *
 * @param {Endpoint} endpoint
 * @param {{ session?: Buffer, request: Buffer, onBytes(bytes: Buffer, length: number): void, onEnd(error: Error): void }} options
 * @returns {Promise<{ close(): void }>} Resolves when the head has come.
 */
export function openStream(endpoint, { session, request, onBytes, onEnd }) {
  return new Promise((resolve, reject) => {
    let head = '';
    let isOpen = false;
    let isClosed = false;
    let socket;
    openSocket(endpoint, session, {
      onBytes(bytes, length) {
        if (isOpen) return onBytes(bytes, length);
        head += bytes.toString('latin1', 0, length);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        if (!head.startsWith('HTTP/1.1 200')) throw new Error(`a stream was refused: ${head}`);
        isOpen = true;
        const rest = Buffer.from(head.slice(end + 4), 'latin1');
        if (rest.length > 0) onBytes(rest, rest.length);
        resolve({
          close() {
            isClosed = true;
            socket.destroy();
          },
        });
      },
      onEnd(error) {
        reject(error);
        if (!isClosed) onEnd(error);
      },
    }).then((opened) => {
      socket = opened;
      socket.write(request);
    }, reject);
  });
}

/**
 * A TLS session to resume, which spares later handshakes the certificate.
 *
 * @param {Endpoint} endpoint
 * @returns {Promise<Buffer | undefined>}
 */
export async function fetchSession(endpoint) {
  let socket;
  const session = new Promise((resolve, reject) => {
    const handler = { onBytes() {}, onEnd: reject };
    openSocket(endpoint, undefined, handler).then((opened) => {
      socket = opened;
      opened.once('session', resolve);
      // A server without tickets: every handshake is a whole one.
      setTimeout(resolve, 300, undefined);
    }, reject);
  });
  try {
    return await session;
  } finally {
    socket?.destroy();
  }
}

/**
 * Runs `open` for each index below `count`, some at a time, and gives all results. If one fails, the others
 * are closed and the error is thrown.
 *
 * @template {{ close(): void }} T
 * @param {number} count
 * @param {(index: number) => Promise<T>} open
 * @returns {Promise<T[]>}
 */
export async function openAll(count, open) {
  /** @type {T[]} */
  const opened = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      opened[index] = await open(index);
    }
  };
  const results = await Promise.allSettled(
    Array.from({ length: Math.min(HANDSHAKES_MAX, count) }, () => worker()),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined) return opened;
  for (const one of opened) one?.close();
  throw failed.reason;
}

/** @param {Endpoint} endpoint @param {number} count @returns {Promise<Connection[]>} */
export async function openConnections(endpoint, count) {
  const session = await fetchSession(endpoint);
  const connections = await openAll(count, () => Connection.open(endpoint, session));
  connections.forEach((connection, index) => {
    connection.index = index;
  });
  return connections;
}

function firstLine(request) {
  return request.toString('latin1', 0, request.indexOf('\r\n'));
}
