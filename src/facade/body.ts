import { createGunzip } from 'node:zlib';
import type { Body } from '../api/mod.ts';
import { limits } from '../base/mod.ts';
import { newBadRequest, newRequestEntityTooLarge, newUnsupportedMediaType } from '../machinery/mod.ts';
import { mediaTypeOf } from './accept.ts';
import type { RawRequest } from './exchange.ts';

/**
 * Reads the body of a request, inflating gzip. Throws 413 as soon as it is larger than allowed, also
 * while inflating, and 415 for other encodings or chains of them.
 */
export async function readBody(request: RawRequest): Promise<Body> {
  const mediaType = mediaTypeOf(request.headers['content-type']);
  const encoding = String(request.headers['content-encoding'] ?? '')
    .trim()
    .toLowerCase();
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > limits.requestBodyBytesMax) throw tooLarge();
  if (encoding === '' || encoding === 'identity')
    return { bytes: await collect(request as NodeJS.ReadableStream), mediaType };
  if (encoding !== 'gzip')
    throw newUnsupportedMediaType(`the content encoding ${encoding} is not supported, use gzip`);
  const inflater = createGunzip();
  // A request that breaks off breaks the inflater too, so that nobody waits for its end. One that is complete
  // closes as well, while the inflater may still be at work.
  request.once('close', () => {
    if (!request.complete) inflater.destroy();
  });
  request.pipe(inflater);
  try {
    return { bytes: await collect(inflater), mediaType };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (typeof code === 'string' && code.startsWith('Z_')) {
      throw newBadRequest(`the gzip body cannot be inflated: ${(error as Error).message}`);
    }
    throw error;
  } finally {
    request.unpipe(inflater);
    inflater.destroy();
  }
}

function collect(stream: NodeJS.ReadableStream): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    let isComplete = false;
    stream.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes <= limits.requestBodyBytesMax) chunks.push(chunk);
      else reject(tooLarge());
    });
    stream.once('end', () => {
      isComplete = true;
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
    });
    stream.once('error', reject);
    stream.once('close', () => {
      if (!isComplete) reject(newBadRequest('the request ended before its body was complete'));
    });
  });
}

function tooLarge(): Error {
  return newRequestEntityTooLarge(`limit is ${limits.requestBodyBytesMax}`);
}
