import { type JsonObject, type KubeObject, newObject, objectOf } from '../../machinery/mod.ts';

/** Annotations of an export that its bindings show as well. */
const EXTRA_PREFIX = 'extra.apis.kcp.io/';

/** The annotations of an export that belong to its bindings. */
export function extraAnnotationsOf({ metadata }: KubeObject): JsonObject {
  const extra = newObject();
  for (const [key, value] of Object.entries(metadata.annotations ?? {})) {
    if (key.startsWith(EXTRA_PREFIX)) extra[key] = value;
  }
  return extra;
}

/** Gives a binding the annotations of its export, and no others of their kind. */
export function copyExtraAnnotations(apiExport: KubeObject, binding: KubeObject): void {
  const { annotations = {} } = binding.metadata;
  const kept = Object.entries(annotations).filter(([key]) => !key.startsWith(EXTRA_PREFIX));
  const extra = extraAnnotationsOf(apiExport);
  if (kept.length === Object.keys(annotations).length && Object.keys(extra).length === 0) return;
  binding.metadata.annotations = objectOf({ ...Object.fromEntries(kept), ...extra }) as Record<
    string,
    string
  >;
}
