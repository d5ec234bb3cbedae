import { gzipSync } from 'node:zlib';
import type fc from 'fast-check';
import { stringify } from 'yaml';
import { canEncodeProtobuf, encodeProtobuf, isObject, parseJson } from '../../src/machinery/mod.ts';
import type { FuzzKind } from './kinds.ts';
import { JSON_TYPE } from './places.ts';
import { pick, RawJson, toJson } from './values.ts';

type Encoding = (object: Record<string, unknown>) => {
  readonly headers: Record<string, string>;
  readonly body: Buffer;
};

const asJson: Encoding = (object) => ({
  headers: { 'content-type': JSON_TYPE },
  body: Buffer.from(toJson(object)),
});

const asGzip: Encoding = (object) => ({
  headers: { 'content-type': JSON_TYPE, 'content-encoding': 'gzip' },
  body: gzipSync(toJson(object)),
});

const asYaml: Encoding = (object) => ({
  headers: { 'content-type': 'application/yaml' },
  body: Buffer.from(stringify(JSON.parse(toJson(object)))),
});

const asProtobuf: Encoding = (object) => {
  try {
    const { value } = parseJson(toJson(object));
    const { apiVersion, kind } = object as { apiVersion: string; kind: string };
    if (!isObject(value) || !canEncodeProtobuf(apiVersion, kind)) return asJson(object);
    return {
      headers: { 'content-type': 'application/vnd.kubernetes.protobuf' },
      body: Buffer.from(encodeProtobuf(value)),
    };
  } catch {
    // The encoder takes valid objects only.
    return asJson(object);
  }
};

export function encodingOf(kind: FuzzKind): fc.Arbitrary<Encoding> {
  return pick<Encoding>([15, asJson], [2, asYaml], [kind.isCustom ? 0 : 3, asProtobuf], [1, asGzip]);
}

export function objectOf(
  kind: FuzzKind,
  parts: { readonly namespace: string; readonly metadata: unknown; readonly fields: unknown },
): Record<string, unknown> {
  const { apiVersion, kind: name, isNamespaced } = kind;
  const namespace = isNamespaced ? { namespace: parts.namespace } : {};
  const fields = withNamespace(parts.fields, parts.namespace) as object;
  return { ...fields, apiVersion, kind: name, metadata: { ...(parts.metadata as object), ...namespace } };
}

/** Puts the namespace where the fields of a kind leave room for it. */
function withNamespace(value: unknown, namespace: string): unknown {
  if (value === '$namespace') return namespace;
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof RawJson)
    return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, withNamespace(member, namespace)]),
  );
}
