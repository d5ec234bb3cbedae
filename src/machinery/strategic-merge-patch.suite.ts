import { type JsonObject, type JsonValue, newObject } from './json-value.ts';
import type { Schema } from './schema/schema.ts';
import { StatusError } from './status-error.ts';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

export function bare(value: unknown): JsonValue {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value as JsonValue;
  const object = newObject();
  for (const [key, child] of Object.entries(value)) object[key] = bare(child);
  return object;
}

function mergeList(items: Schema, mergeKey?: string): Schema {
  return {
    type: 'array',
    items,
    'x-kubernetes-patch-strategy': 'merge',
    ...(mergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': mergeKey }),
  };
}

const TEXT: Schema = { type: 'string' };
const TEXT_MAP: Schema = { type: 'object', additionalProperties: TEXT };

const OBJECT_META: Schema = {
  type: 'object',
  properties: {
    name: TEXT,
    labels: TEXT_MAP,
    finalizers: mergeList(TEXT),
    ownerReferences: mergeList({ type: 'object', properties: { uid: TEXT, name: TEXT } }, 'uid'),
    managedFields: { type: 'array', items: { type: 'object' } },
  },
};

/** A kind with one field of every sort; `nested` makes it cyclic, as JSONSchemaProps is. */
export const KIND: Schema & { properties: Record<string, Schema> } = {
  type: 'object',
  properties: {
    metadata: OBJECT_META,
    webhooks: mergeList(
      {
        type: 'object',
        properties: {
          name: TEXT,
          rules: { type: 'array', items: { type: 'object' } },
          matchConditions: mergeList({ type: 'object', properties: { name: TEXT } }, 'name'),
        },
      },
      'name',
    ),
    numbers: mergeList({ type: 'integer' }),
    atomicNumbers: { type: 'array', items: { type: 'integer' } },
    atomicItems: { type: 'array', items: { type: 'object' } },
    keylessItems: mergeList({ type: 'object' }),
    data: TEXT_MAP,
    replaced: { ...TEXT_MAP, 'x-kubernetes-patch-strategy': 'replace' },
    union: { type: 'object', 'x-kubernetes-patch-strategy': 'retainKeys', properties: { type: TEXT } },
    unions: {
      ...mergeList({ type: 'object', properties: { name: TEXT } }, 'name'),
      'x-kubernetes-patch-strategy': 'merge,retainKeys',
    },
  },
};
KIND.properties['nested'] = KIND;

export function apply(document: unknown, patch: unknown): JsonObject {
  return applyStrategicMergePatch(bare(document) as JsonObject, bare(patch) as JsonObject, KIND);
}

export function errorOf(document: unknown, patch: unknown): StatusError {
  try {
    apply(document, patch);
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('expected a StatusError');
}

/** Webhooks by name only: what most tests of ordering need. */
export const named = (...names: string[]) => names.map((name) => ({ name }));
