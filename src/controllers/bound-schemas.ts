import { type Api, decodeStored } from '../api/mod.ts';
import { builtinDefinition, CRD_GROUP, CRD_RESOURCE, schemaReference } from '../definitions/mod.ts';
import { EXPORT_CONTROLLERS, shadowKey, shadowPut, UNBOUND_ANNOTATION } from '../exports/mod.ts';
import { deepCopy, type KubeObject, newObject } from '../machinery/mod.ts';
import { ExpectationFailed, type Row } from '../store/mod.ts';
import type { Controller, Result } from './runtime.ts';

const CRDS = builtinDefinition(CRD_GROUP, CRD_RESOURCE)!;

/**
 * Collects schemas that nobody has bound any more. It marks one first, and looks for bindings after that is durable:
 * whoever binds it later takes the mark off, and then it stays.
 */
export function boundSchemaController(api: Api): Controller {
  return {
    name: EXPORT_CONTROLLERS.unbound,
    reconcile: ({ key: { key } }) => collect(api, key),
  };
}

async function collect(api: Api, schemaUid: string): Promise<Result> {
  const key = shadowKey(schemaUid);
  const row = api.store.get(key);
  if (row === undefined || (await isBound(api, schemaUid))) return 'settled';
  const crd = decodeStored(CRDS, 'v1', row);
  try {
    const revision = isMarked(crd) ? row.revision : await mark(api, schemaUid, { row, crd });
    if (await isBound(api, schemaUid)) return 'settled';
    await api.store.commit({ mutations: [{ key, expected: revision }], ...author(api) });
  } catch (error) {
    // Somebody binds it, or collects it too: they have seen to it.
    if (!(error instanceof ExpectationFailed)) throw error;
  }
  return 'settled';
}

async function mark(
  api: Api,
  schemaUid: string,
  { row, crd }: { readonly row: Row; readonly crd: KubeObject },
): Promise<number> {
  const marked = deepCopy(crd);
  const annotations = (marked.metadata.annotations ?? newObject()) as { [key: string]: string };
  annotations[UNBOUND_ANNOTATION] = 'true';
  marked.metadata.annotations = annotations;
  const { mutation } = shadowPut(api, { key: shadowKey(schemaUid), row, crd: marked });
  const { revisions } = await api.store.commit({ mutations: [mutation], ...author(api) });
  return revisions[0]!;
}

function isMarked(crd: KubeObject): boolean {
  return crd.metadata.annotations?.[UNBOUND_ANNOTATION] !== undefined;
}

async function isBound(api: Api, schemaUid: string): Promise<boolean> {
  const snapshot = api.store.snapshot();
  try {
    for await (const batch of snapshot.referring(schemaReference(schemaUid)))
      if (batch.length > 0) return true;
    return false;
  } finally {
    snapshot.close();
  }
}

function author(api: Api): { readonly actor: string; readonly originRegion: string } {
  return { actor: `system:controller:${EXPORT_CONTROLLERS.unbound}`, originRegion: api.region };
}
