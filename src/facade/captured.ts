import { Readable, Writable } from 'node:stream';
import { limits } from '../base/mod.ts';
import type { HeaderLine } from '../replication/mod.ts';
import type { RawRequest, RawResponse } from './exchange.ts';

/** A request that came by another member, in the form of one that came by a connection. */
export function requestOf(content: {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly HeaderLine[];
  readonly body: Uint8Array | undefined;
}): RawRequest {
  const { method, url, body } = content;
  const headers = Object.create(null) as Record<string, string>;
  for (const [name, value] of content.headers) {
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  }
  // By its length it is told whether there is a body, as in HTTP/1.1; its end is in plain sight either way.
  if (body !== undefined) headers['transfer-encoding'] = 'chunked';
  const stream = Readable.from(body === undefined || body.length === 0 ? [] : [Buffer.from(body)], {
    objectMode: false,
  });
  const request = Object.assign(stream, {
    method,
    url,
    headers,
    rawHeaders: content.headers.flat(),
    httpVersionMajor: 2,
    complete: true,
  });
  return request as unknown as RawRequest;
}

/** An answer that goes to another member: kept whole. */
export class CapturedResponse extends Writable {
  headersSent = false;
  statusCode = 0;
  readonly headers: HeaderLine[] = [];
  readonly #chunks: Buffer[] = [];
  #sizeBytes = 0;

  get raw(): RawResponse {
    return this as unknown as RawResponse;
  }

  get body(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** Whether all of it is here. */
  get isWhole(): boolean {
    return this.headersSent && this.writableFinished;
  }

  writeHead(code: number, headers: Readonly<Record<string, string | readonly string[]>>): this {
    this.headersSent = true;
    this.statusCode = code;
    for (const [name, value] of Object.entries(headers)) {
      for (const one of typeof value === 'string' ? [value] : value)
        this.headers.push([name.toLowerCase(), one]);
    }
    return this;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.#sizeBytes += chunk.length;
    if (this.#sizeBytes > limits.forwardAnswerBytesMax - ENVELOPE_BYTES) {
      return done(new Error('the answer is too large to be forwarded'));
    }
    this.#chunks.push(chunk);
    done();
  }
}

const ENVELOPE_BYTES = 256 * 1024;
