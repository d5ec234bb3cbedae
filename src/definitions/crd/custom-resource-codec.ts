import { applyDefaults, dropNonNullableNulls, type KubeObject, pruneUnknown } from '../../machinery/mod.ts';
import type { DefinitionVersion } from '../definition.ts';

/**
 * Brings a custom resource of a request into the form of its version, in place: unknown fields and
 * nulls that mean nothing are removed, defaults set. Returns the paths of the unknown fields.
 */
export function decodeCustomResource(object: KubeObject, version: DefinitionVersion): string[] {
  const unknown = pruneUnknown(object, version.schema, { isResourceRoot: true });
  dropNonNullableNulls(object, version.schema);
  applyDefaults(object, version.schema);
  return unknown;
}

/** Brings a stored custom resource into the form that the schema of its version gives it today, in place. */
export function readCustomResource(object: KubeObject, version: DefinitionVersion): void {
  decodeCustomResource(object, version);
}

/**
 * Brings a custom resource that was converted into the form of its new version, in place. As upstream, without
 * the defaults of that version: those are for what clients send and what storage holds.
 */
export function coerceConverted(object: KubeObject, version: DefinitionVersion): void {
  pruneUnknown(object, version.schema, { isResourceRoot: true });
  dropNonNullableNulls(object, version.schema);
}
