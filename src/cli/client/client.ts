import http from 'node:http';
import https from 'node:https';
import { exitCode } from '../exit-code.ts';
import { Failure, systemCode } from '../failure.ts';
import type { Terminal } from '../terminal.ts';
import { ApiFailure } from './api-failure.ts';
import type { Connection } from './connection.ts';
import { environmentProxy, proxyAgent } from './proxy.ts';

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  /** Instead of the time of the connection. */
  readonly timeoutMs?: number;
}

/** A server asks to be asked again in some seconds, when it is busy; not more often than this. */
const RETRIES_MAX = 5;
const RETRY_AFTER_MS_MAX = 10_000;
/** A list of some hundred thousand workspaces; more than that is read page by page. */
const ANSWER_BYTES_MAX = 256 * 1024 * 1024;
/** Requests at once; more wait for a connection. */
const CONNECTIONS_MAX = 16;
const CONNECT_TIMEOUT_MS = 30_000;

/** Sends requests to one server over connections that are kept. */
export class ApiClient {
  readonly #connection: Connection;
  readonly #agent: http.Agent;
  /** In front of all paths, where the server is behind a prefix. */
  readonly #prefix: string;

  private constructor(connection: Connection, agent: http.Agent, prefix: string) {
    this.#connection = connection;
    this.#agent = agent;
    this.#prefix = prefix;
  }

  /** A client whose paths begin at `prefix` of the server. */
  static async create(
    connection: Connection,
    { prefix, terminal }: { readonly prefix: string; readonly terminal: Terminal },
  ): Promise<ApiClient> {
    const { server } = connection;
    const options: https.AgentOptions = {
      keepAlive: true,
      maxSockets: CONNECTIONS_MAX,
      rejectUnauthorized: !connection.skipsVerification,
      ...(connection.ca === undefined || connection.skipsVerification ? {} : { ca: connection.ca }),
      ...(connection.clientCertificate === undefined ? {} : { cert: connection.clientCertificate }),
      ...(connection.clientKey === undefined ? {} : { key: connection.clientKey }),
      ...(connection.tlsServerName === undefined ? {} : { servername: connection.tlsServerName }),
    };
    const proxy = connection.proxyUrl ?? environmentProxy(server, terminal.environment);
    if (proxy !== undefined)
      return new ApiClient(connection, await proxyAgent(proxy, { server, options }), prefix);
    return new ApiClient(
      connection,
      server.protocol === 'https:' ? new https.Agent(options) : new http.Agent(options),
      prefix,
    );
  }

  /**
   * Sends a request and resolves to the parsed answer. Throws an `ApiFailure` for a refusal, and a `Failure` with
   * the exit code of an unreachable server if none answers. Waits and tries again when the server asks for it.
   */
  async send<T = unknown>(path: string, request: ApiRequest = {}): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      const { status, body, retryAfterMs } = await this.#sendOnce(path, request);
      if (status >= 200 && status < 300) return body as T;
      const failure = new ApiFailure(status, body, request.method ?? 'GET', this.#url(path));
      if (retryAfterMs === undefined || attempt >= RETRIES_MAX) throw failure;
      await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
    }
  }

  #url(path: string): URL {
    const url = new URL(this.#connection.server);
    const [pathname = '', query = ''] = path.split('?');
    url.pathname = `${this.#prefix}${pathname}`;
    url.search = query;
    return url;
  }

  #sendOnce(path: string, { method = 'GET', body, timeoutMs }: ApiRequest): Promise<Answer> {
    const url = this.#url(path);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const limitMs = timeoutMs ?? this.#connection.requestTimeoutMs;
    const send = url.protocol === 'https:' ? https.request : http.request;
    return new Promise((resolve, reject) => {
      const request = send(
        url,
        {
          method,
          agent: this.#agent,
          headers: {
            accept: 'application/json',
            'user-agent': 'antipode-cli',
            ...(text === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
            ...(this.#connection.headers as Readonly<Record<string, string | string[]>>),
          },
          ...(limitMs === undefined ? {} : { signal: AbortSignal.timeout(limitMs) }),
        },
        (response) => readAnswer(response).then(resolve, (error) => reject(unreachable(error, url))),
      );
      const isLate = setTimeout(() => {
        if (request.socket?.connecting !== false) request.destroy(new Error('no connection in 30 s'));
      }, CONNECT_TIMEOUT_MS);
      request.once('close', () => clearTimeout(isLate));
      request.once('error', (error) => reject(unreachable(error, url)));
      request.end(text);
    });
  }
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfterMs: number | undefined;
}

async function readAnswer(response: http.IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > ANSWER_BYTES_MAX) throw new Error(`the answer has more than ${ANSWER_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  const status = response.statusCode ?? 0;
  const seconds = Number(response.headers['retry-after']);
  const asksToWait = (status === 429 || status === 503) && Number.isFinite(seconds) && seconds >= 0;
  return {
    status,
    body: parsed(text),
    retryAfterMs: asksToWait ? Math.min(seconds * 1000, RETRY_AFTER_MS_MAX) : undefined,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's page, say; the status tells what there is to tell.
    return undefined;
  }
}

const TLS_PROBLEM = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|EPROTO|ERR_SSL/;

function unreachable(error: Error, url: URL): Failure {
  const code = systemCode(error) ?? '';
  const options = { exitCode: exitCode.unreachable, cause: error };
  if (code === 'ECONNREFUSED') {
    return new Failure(`the server ${url.host} refused the connection`, {
      ...options,
      hint: 'Is it running? The kubeconfig may also name another host or port than it serves.',
    });
  }
  if (TLS_PROBLEM.test(code)) {
    return new Failure(`the server ${url.host} cannot be trusted: ${error.message}`, {
      ...options,
      hint: 'The kubeconfig may be of another server, or older than its certificates.',
    });
  }
  if (error.name === 'TimeoutError' || error.name === 'AbortError') {
    return new Failure(`the server ${url.host} did not answer in time`, options);
  }
  return new Failure(`the server ${url.host} cannot be reached: ${error.message || code}`, options);
}
