import { isObject, type JsonObject, type JsonValue } from '../json-value.ts';
import { isKnownMetadataField, METADATA_LISTS } from './metadata-fields.ts';
import type { Schema } from './schema.ts';
import { additionalSchemaOf, propertySchemaOf } from './schema-nodes.ts';

export interface PruneOptions {
  /** The object has apiVersion, kind and metadata, whether the schema mentions them or not. */
  readonly isResourceRoot: boolean;
}

/** More unknown fields than this are removed, but not told one by one: the warning header is bounded. */
const PATHS_MAX = 100;

/**
 * Removes the fields that the schema does not know, in place, and returns their paths (`spec.a[0].b`),
 * sorted, at most 100. `x-kubernetes-preserve-unknown-fields` keeps unknown fields of its own level,
 * while known ones below are pruned. In the metadata of the root and of embedded resources the fields
 * of ObjectMeta are known, and no others.
 *
 * It walks along the data, so that cyclic schemas of built-in kinds are fine.
 */
export function pruneUnknown(object: JsonObject, schema: Schema, options: PruneOptions): string[] {
  const pruner = new Pruner();
  pruner.pruneObject(object, schema, { path: '', isResource: options.isResourceRoot });
  return pruner.paths.sort();
}

interface Place {
  readonly path: string;
  readonly isResource?: boolean;
  /** An item of a list whose own node preserves unknown fields, which then its items do as well. */
  readonly isPreserved?: boolean;
}

class Pruner {
  readonly paths: string[] = [];

  prune(value: JsonValue | undefined, schema: Schema | undefined, path: string): void {
    if (Array.isArray(value)) this.pruneArray(value, schema, path);
    else if (isObject(value)) this.pruneObject(value, schema, { path });
  }

  pruneObject(object: JsonObject, schema: Schema | undefined, place: Place): void {
    const path = place.path;
    const isEmbedded = place.isResource === true || schema?.['x-kubernetes-embedded-resource'] === true;
    const keepsUnknown = place.isPreserved === true || (schema !== undefined && keepsUnknownFields(schema));
    const additional = schema === undefined ? undefined : additionalSchemaOf(schema);
    const allowsAdditional = schema?.additionalProperties !== undefined;
    for (const key of Object.keys(object)) {
      if (isEmbedded && isMetaField(key)) {
        if (key === 'metadata') this.#pruneMetadata(object[key], append(path, key));
        continue;
      }
      const property = schema === undefined ? undefined : propertySchemaOf(schema, key);
      if (property !== undefined) this.prune(object[key], property, append(path, key));
      else if (additional !== undefined) this.prune(object[key], additional, append(path, key));
      else if (keepsUnknown) continue;
      else if (allowsAdditional) this.prune(object[key], undefined, append(path, key));
      else this.#remove(object, key, path);
    }
  }

  pruneArray(array: JsonValue[], schema: Schema | undefined, path: string): void {
    const items = schema?.items;
    const isPreserved = schema?.['x-kubernetes-preserve-unknown-fields'] === true;
    if (schema !== undefined && items === undefined && (isPreserved || schema.type !== 'array')) return;
    array.forEach((item, index) => {
      const itemPath = `${path}[${index}]`;
      if (isPreserved && isObject(item)) this.pruneObject(item, items, { path: itemPath, isPreserved });
      else this.prune(item, items, itemPath);
    });
  }

  #pruneMetadata(metadata: JsonValue | undefined, path: string): void {
    if (!isObject(metadata)) return;
    for (const key of Object.keys(metadata)) {
      if (!isKnownMetadataField(key)) {
        this.#remove(metadata, key, path);
        continue;
      }
      const fields = METADATA_LISTS.get(key);
      const items = metadata[key];
      if (fields === undefined || !Array.isArray(items)) continue;
      items.forEach((item, index) => {
        if (!isObject(item)) return;
        for (const field of Object.keys(item)) {
          if (!fields.has(field)) this.#remove(item, field, `${path}.${key}[${index}]`);
        }
      });
    }
  }

  #remove(object: JsonObject, key: string, path: string): void {
    delete object[key];
    if (this.paths.length < PATHS_MAX) this.paths.push(append(path, key));
  }
}

/** A node without type, fields or items says nothing of its content: any JSON, as in a built-in schema. */
function keepsUnknownFields(schema: Schema): boolean {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return true;
  return (
    schema.type === undefined &&
    schema.properties === undefined &&
    schema.additionalProperties === undefined &&
    schema.items === undefined &&
    schema['x-kubernetes-embedded-resource'] !== true
  );
}

function isMetaField(key: string): boolean {
  return key === 'metadata' || key === 'apiVersion' || key === 'kind';
}

function append(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
