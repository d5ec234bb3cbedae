import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

interface Parser {
  readonly status: number;
  onBody: ((bytes: Buffer, start: number, end: number) => void) | undefined;
  feed(bytes: Buffer, length: number): boolean;
}

// The benchmark is plain JavaScript, which the type checker does not read.
const { ResponseParser } = (await import(new URL('response-parser.mjs', import.meta.url).href)) as {
  ResponseParser: new () => Parser;
};

const READ_BYTES = 1_024;

/** Feeds a response in reads of the given sizes, each into the same larger buffer, as a socket does. */
function parse(parser: Parser, response: string, cuts: readonly number[]): { body: string; ends: number } {
  const bytes = Buffer.from(response);
  const read = Buffer.alloc(READ_BYTES, '\r\n');
  const body: Buffer[] = [];
  let ends = 0;
  parser.onBody = (source, start, end) => body.push(Buffer.from(source.subarray(start, end)));
  const offsets = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  offsets.slice(1).forEach((end, index) => {
    const start = offsets[index] ?? 0;
    if (end === start) return;
    bytes.copy(read, 0, start, end);
    if (parser.feed(read, end - start)) ends += 1;
  });
  return { body: Buffer.concat(body).toString(), ends };
}

const text = fc.string({ maxLength: 100, unit: fc.constantFrom('a', '0', '\r', '\n', '~') });
const cuts = fc.array(fc.nat(), { maxLength: 6 });

function plain(status: number, body: string): string {
  return `HTTP/1.1 ${status} Some Words\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

function chunked(status: number, chunks: readonly string[]): string {
  const framed = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');
  return `HTTP/1.1 ${status} OK\r\nTransfer-Encoding: chunked\r\n\r\n${framed}0\r\n\r\n`;
}

describe('ResponseParser', () => {
  it('reads bodies of both framings on one connection, wherever the reads are cut', () => {
    fc.assert(
      fc.property(text, fc.array(text, { maxLength: 4 }), cuts, cuts, (body, chunks, first, second) => {
        const parser = new ResponseParser();
        expect(parse(parser, plain(404, body), first)).toEqual({ body, ends: 1 });
        expect(parser.status).toBe(404);
        const nonEmpty = chunks.filter((chunk) => chunk !== '');
        expect(parse(parser, chunked(200, nonEmpty), second)).toEqual({ body: nonEmpty.join(''), ends: 1 });
        expect(parser.status).toBe(200);
      }),
      { numRuns: 300 },
    );
  });

  it('takes header names in lower case', () => {
    const response = 'HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nab';
    expect(parse(new ResponseParser(), response, [])).toEqual({ body: 'ab', ends: 1 });
  });

  it('refuses what has no length, and bytes beyond it', () => {
    expect(() => parse(new ResponseParser(), 'HTTP/1.1 200 OK\r\nA: b\r\n\r\n', [])).toThrow(
      'without length',
    );
    expect(() => parse(new ResponseParser(), `${plain(200, 'a')}b`, [])).toThrow('after the end');
  });
});
