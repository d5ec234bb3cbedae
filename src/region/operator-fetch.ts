import { request } from 'node:https';
import type { FetchDocument } from '../access/mod.ts';
import { limits } from '../base/mod.ts';
import { isObject, type JsonObject, parseJson } from '../machinery/mod.ts';

/**
 * Gets JSON from a server that the operator has named, over HTTPS only: bounded in time and size, without
 * following redirects.
 */
export function createOperatorFetch(options: { readonly ca: string | undefined }): FetchDocument {
  return (url) =>
    new Promise<JsonObject>((resolve, reject) => {
      const fail = (reason: string) => reject(new Error(`${url}: ${reason}`));
      const outgoing = request(
        url,
        {
          ...(options.ca === undefined ? {} : { ca: options.ca }),
          headers: { accept: 'application/json' },
          signal: AbortSignal.timeout(limits.oidcFetchTimeoutMs),
        },
        (response) => {
          const chunks: Buffer[] = [];
          let sizeBytes = 0;
          response.on('data', (chunk: Buffer) => {
            sizeBytes += chunk.length;
            if (sizeBytes > limits.oidcDocumentBytesMax)
              outgoing.destroy(new Error('the answer is too large'));
            else chunks.push(chunk);
          });
          response.on('error', (error) => fail(error.message));
          response.on('end', () => {
            if (response.statusCode !== 200) return fail(`the answer is ${response.statusCode}`);
            try {
              const { value } = parseJson(Buffer.concat(chunks));
              if (!isObject(value)) return fail('the answer is no JSON object');
              resolve(value);
            } catch {
              fail('the answer is no JSON');
            }
          });
        },
      );
      outgoing.on('error', (error) => fail(error.message));
      outgoing.end();
    });
}
