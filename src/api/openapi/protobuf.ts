import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Type } from 'protobufjs';
import { assert, packageFile, WeightedCache } from '../../base/mod.ts';
import { messageOf } from './protobuf-message.ts';

/**
 * The protobuf form (gnostic's openapi.v2.Document) of the JSON text of an OpenAPI v2 document. client-go
 * asks for nothing else. Defaults and other values beyond 2^53 lose precision in it, in JSON they do not.
 */
export function openApiV2Protobuf(text: string): Uint8Array {
  return encoded('v2', text);
}

/** The protobuf form (gnostic's openapi.v3.Document) of the JSON text of an OpenAPI v3 document. */
export function openApiV3Protobuf(text: string): Uint8Array {
  return encoded('v3', text);
}

type OpenApiVersion = 'v2' | 'v3';

// Encoding 1 MB of JSON takes tens of milliseconds, so that the documents of some sets are remembered.
const encodings = new WeightedCache<Uint8Array>({ weightMax: 32 << 20, weigh: (bytes) => bytes.length });
const documentTypes = new Map<OpenApiVersion, Type>();

function encoded(version: OpenApiVersion, text: string): Uint8Array {
  const key = `${version} ${createHash('sha256').update(text).digest('base64')}`;
  return encodings.getOrCompute(key, () => {
    const type = documentType(version);
    return type.encode(messageOf(type, JSON.parse(text)) as object).finish();
  });
}

/** Loads the message types at the first request that needs them: most servers never do. */
function documentType(version: OpenApiVersion): Type {
  const known = documentTypes.get(version);
  if (known !== undefined) return known;
  const protobuf = createRequire(import.meta.url)('protobufjs') as typeof import('protobufjs');
  const path = packageFile(`proto/openapi/${version}/openapi.proto`);
  const { root } = protobuf.parse(readFileSync(path, 'utf8'), { keepCase: true });
  root.resolveAll();
  const type = root.lookupType(`openapi.${version}.Document`);
  assert(type.fields['paths'] !== undefined, `${path} does not define the document`);
  documentTypes.set(version, type);
  return type;
}
