import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { createGzip, gzip } from 'node:zlib';
import { type Audience, Query, type RequestCommits, type RequestContext } from '../api/mod.ts';
import { limits } from '../base/mod.ts';
import { newBadRequest, newTimeout } from '../machinery/mod.ts';
import type { Timed } from './deadlines.ts';
import { InvalidDuration, parseDurationMs } from './duration.ts';
import { type RoutedPath, routePath } from './path.ts';

export type RawRequest = IncomingMessage | Http2ServerRequest;
export type RawResponse = ServerResponse | Http2ServerResponse;

export interface Answer {
  readonly code: number;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

const WARNINGS_CHARACTERS_MAX = 4096;
const WARNING_CHARACTERS_MAX = 256;
const NEWLINE = Buffer.from('\n');
const SINGLE_WRITE_BYTES_MAX = 16 * 1024;
const GZIP_LEVEL = 1;
// Browsers and command-line tools get indented JSON, as from upstream.
const PRETTY_AGENTS = ['curl', 'Wget', 'Mozilla/5.0'];

/** One request and its response: all state of a request is here, and nothing of it outlives it. */
export class Exchange implements RequestContext, Timed {
  readonly request: RawRequest;
  readonly response: RawResponse;
  readonly method: string;
  readonly routed: RoutedPath;
  /** Of a request that another member has taken. */
  readonly commits: RequestCommits | undefined;
  /** The member that has taken it. */
  readonly audience: Audience | undefined;
  readonly #rawQuery: string;
  readonly #marks: Record<string, string>;
  readonly #warnings: string[] = [];
  readonly #startedMs: number;
  readonly #timeoutMs: number;
  #deadlineMs: number;
  #isOver = false;
  #query: Query | undefined;
  #abort: AbortController | undefined;

  constructor(options: {
    readonly request: RawRequest;
    readonly response: RawResponse;
    readonly url: string;
    /** On the monotonic clock. */
    readonly startedMs: number;
    /** Until the answer has been taken. */
    readonly timeoutMs: number;
    /** Headers of whatever is answered. */
    readonly marks?: Readonly<Record<string, string>>;
    readonly commits?: RequestCommits;
    readonly audience?: Audience;
  }) {
    const { request, response, url, startedMs, timeoutMs } = options;
    this.commits = options.commits;
    this.audience = options.audience;
    this.#marks = { ...options.marks };
    this.request = request;
    this.response = response;
    this.method = request.method ?? 'GET';
    this.#startedMs = startedMs;
    this.#timeoutMs = timeoutMs;
    this.#deadlineMs = startedMs + timeoutMs;
    const mark = url.indexOf('?');
    this.#rawQuery = mark < 0 ? '' : url.slice(mark + 1);
    this.routed = routePath(mark < 0 ? url : url.slice(0, mark));
  }

  /** The parsed query; throws 400 the first time if it cannot be decoded. */
  get query(): Query {
    this.#query ??= Query.parse(this.#rawQuery);
    return this.#query;
  }

  /** The query as it came, with its question mark if there is one. */
  get rawQuery(): string {
    return this.#rawQuery === '' ? '' : `?${this.#rawQuery}`;
  }

  /** How long the request may go on, milliseconds. */
  leftMs(nowMs: number): number {
    return this.#deadlineMs - nowMs;
  }

  /** A header of whatever is answered from now on. */
  mark(header: string, value: string): void {
    this.#marks[header] = value;
  }

  get userAgent(): string {
    return String(this.request.headers['user-agent'] ?? '');
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  get isPretty(): boolean {
    const asked = this.query.first('pretty');
    if (asked !== undefined) return asked === 'true' || asked === '1';
    const agent = this.userAgent;
    return PRETTY_AGENTS.some((prefix) => agent.startsWith(prefix));
  }

  /** Aborts when the client goes away, or when the request's time is over. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController();
      this.#abort = abort;
      this.response.once('close', () => abort.abort(new ClientGone()));
    }
    return this.#abort.signal;
  }

  get deadlineMs(): number {
    return this.#deadlineMs;
  }

  /** Whether the last answer is out since the request's time was over: nothing more can be sent. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Heeds the parameter `timeout`, which can only shorten the time; throws 400 when it is no duration. */
  limitTime(): void {
    const text = this.query.text('timeout');
    if (text === '') return;
    const askedMs = timeoutOf(text);
    // Zero or less means no wish, as upstream.
    if (askedMs > 0 && askedMs < this.#timeoutMs) this.#deadlineMs = this.#startedMs + askedMs;
  }

  /** A watch lasts longer than other requests: only its client ends its signal from now on. */
  disableTimeout(): void {
    this.#deadlineMs = Number.POSITIVE_INFINITY;
  }

  /**
   * Ends what is still at work on a request whose time is over: `answer` is the last that can be sent. A
   * client that has a part of its answer already, or does not take this one soon, is cut off.
   */
  expire(nowMs: number, answer: (error: Error) => void): void {
    if (this.#isOver || this.response.headersSent) return void this.response.destroy();
    const error = timedOut();
    answer(error);
    this.#isOver = true;
    this.#deadlineMs = nowMs + limits.overdueGraceMs;
    this.#abort?.abort(error);
  }

  /** Bound to its exchange, since it is handed on by itself. */
  readonly warn = (text: string): void => {
    if (!this.#warnings.includes(text) && !hasControlCharacter(text)) this.#warnings.push(text);
  };

  /** Sends a complete answer, compressed where upstream does so. Resolves when it is handed to the system. */
  send(answer: Answer, body: Buffer): void {
    if (this.#isOver) return;
    // An answer without a body (304) stays without one.
    const isText = answer.contentType === 'application/json' && body.length > 0;
    const needsNewline = isText && body.at(-1) !== 0x0a;
    if (body.length <= SINGLE_WRITE_BYTES_MAX && this.request.httpVersionMajor === 1) {
      // As Latin-1 text, which keeps every byte, Node sends head and body in one write.
      const text = needsNewline ? `${body.toString('latin1')}\n` : body.toString('latin1');
      this.#writeHead(answer, { 'Content-Length': String(text.length) });
      (this.response as ServerResponse).end(text, 'latin1');
      return;
    }
    const bytes = needsNewline ? Buffer.concat([body, NEWLINE]) : body;
    if (bytes.length <= limits.gzipBytesMin || !this.#acceptsGzip()) {
      this.#writeHead(answer, { 'Content-Length': String(bytes.length) });
      this.response.end(bytes);
      return;
    }
    gzip(bytes, { level: GZIP_LEVEL }, (error, compressed) => {
      if (this.#isOver) return;
      if (error !== null) return void this.response.destroy(error);
      this.#writeHead(answer, {
        'Content-Encoding': 'gzip',
        Vary: 'Accept-Encoding',
        'Content-Length': String(compressed.length),
      });
      this.response.end(compressed);
    });
  }

  /** Sends an answer piece by piece, no faster than the client takes it. */
  async sendPieces(answer: Answer, pieces: AsyncGenerator<Buffer>): Promise<void> {
    const start = await pieces.next();
    if (start.done) return this.send(answer, Buffer.alloc(0));
    const isCompressed = this.#acceptsGzip();
    let first: Buffer = start.value;
    if (isCompressed) {
      // Whether it is worth compressing shows only once that much is there.
      while (first.length <= limits.gzipBytesMin) {
        const next = await pieces.next();
        if (next.done) return this.send(answer, first);
        first = Buffer.concat([first, next.value]);
      }
    }
    if (this.#isOver) return void (await pieces.return(undefined));
    this.#writeHead(answer, isCompressed ? { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' } : {});
    const sink = isCompressed ? createGzip({ level: GZIP_LEVEL }) : this.response;
    if (sink !== this.response) (sink as NodeJS.ReadWriteStream).pipe(this.response as NodeJS.WritableStream);
    await this.#pump(sink as NodeJS.WritableStream, first, pieces);
  }

  /** Begins a response of unknown length; the caller writes and ends it. */
  startStream(answer: Answer): void {
    this.#writeHead(answer, {});
    // HTTP/2 sends its headers at once; HTTP/1.1 would wait for the first event.
    if ('flushHeaders' in this.response) this.response.flushHeaders();
  }

  async #pump(sink: NodeJS.WritableStream, first: Buffer, rest: AsyncGenerator<Buffer>): Promise<void> {
    const { signal } = this;
    let piece: Buffer | undefined = first;
    try {
      while (piece !== undefined) {
        if (!sink.write(piece)) await drained(sink, signal);
        signal.throwIfAborted();
        const next: IteratorResult<Buffer> = await rest.next();
        piece = next.done ? undefined : next.value;
      }
      sink.end();
    } catch (error) {
      // The head is out: all that is left to say is that the body is not complete.
      this.response.destroy(error instanceof Error ? error : undefined);
    } finally {
      await rest.return(undefined);
    }
  }

  #writeHead(answer: Answer, more: Readonly<Record<string, string>>): void {
    if (this.response.headersSent) return;
    const auditId = this.header('audit-id');
    const headers: Record<string, string | string[]> = {
      'Audit-Id': auditId !== undefined && isPlainText(auditId) ? auditId : randomUUID(),
      'Cache-Control': 'no-cache, private',
      'Content-Type': answer.contentType,
      ...this.#marks,
      ...answer.headers,
      ...more,
    };
    // Caches of clients go by this header: what depends on the media type does so when compressed, too.
    const vary = [answer.headers?.['Vary'], more['Vary']].filter((name) => name !== undefined);
    if (vary.length > 0) headers['Vary'] = vary.join(', ');
    if (this.#warnings.length > 0) headers['Warning'] = warningHeaders(this.#warnings);
    (this.response as ServerResponse).writeHead(answer.code, headers);
  }

  #acceptsGzip(): boolean {
    return /(^|[\s,])gzip\s*(;\s*q=(1|0\.[0-9]*[1-9]))?\s*(,|$)/i.test(this.header('accept-encoding') ?? '');
  }
}

/** The client closed the connection: there is nobody to answer. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

function drained(sink: NodeJS.WritableStream, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      sink.removeListener('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    sink.once('drain', done);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}

function timedOut(): Error {
  return newTimeout('request did not complete within requested timeout - context deadline exceeded');
}

function timeoutOf(text: string): number {
  try {
    return parseDurationMs(text);
  } catch (error) {
    if (!(error instanceof InvalidDuration)) throw error;
    throw newBadRequest(`invalid timeout specified in the request URL - ${error.message}`);
  }
}

/**
 * RFC 7234 warnings, one header line each. When all together are too long, each is cut, and those that do
 * not fit then are left out, as upstream: clients refuse a response with too large a head.
 */
function warningHeaders(warnings: readonly string[]): string[] {
  const total = warnings.reduce((sum, text) => sum + text.length, 0);
  const isCut = total > WARNINGS_CHARACTERS_MAX;
  const headers: string[] = [];
  let left = WARNINGS_CHARACTERS_MAX;
  for (const text of warnings) {
    const shown = isCut ? text.slice(0, WARNING_CHARACTERS_MAX) : text;
    left -= shown.length;
    if (left < 0) break;
    const escaped = shown.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
    // Header bytes are Latin-1 to Node: UTF-8 goes through as upstream sends it.
    headers.push(Buffer.from(`299 - "${escaped}"`).toString('latin1'));
  }
  return headers;
}

function isPlainText(text: string): boolean {
  return text.length <= 64 && /^[\x21-\x7e]+$/.test(text);
}

function hasControlCharacter(text: string): boolean {
  return /[\p{Cc}]/u.test(text);
}
