import {
  encodeJson,
  isObject,
  type JsonObject,
  JsonSyntaxError,
  type JsonValue,
  type KubeObject,
  newObject,
  parseJson,
} from '../../machinery/mod.ts';

/** What one version cannot say is kept in annotations of the object in that version, under kcp's names. */
const PREFIX = 'apis.v1alpha2.kcp.io/';

export const KEPT = {
  /** v1alpha2 resources of an export that v1alpha1 has no place for. */
  resources: `${PREFIX}resource-schemas`,
  /** v1alpha2 claims of an export. */
  claims: `${PREFIX}permission-claims`,
  /** v1alpha1 claims of an export, and answers of a binding. */
  legacyClaims: `${PREFIX}v1alpha1-permission-claims`,
  /** v1alpha2 answers of a binding. */
  answers: `${PREFIX}acceptable-permission-claims`,
  exported: `${PREFIX}status-export-permission-claims`,
  applied: `${PREFIX}status-applied-permission-claims`,
  legacyExported: `${PREFIX}v1alpha1-status-export-permission-claims`,
  legacyApplied: `${PREFIX}v1alpha1-status-applied-permission-claims`,
} as const;

/** The objects in an annotation; undefined if it is there and is no list of objects. */
export function readKept(object: KubeObject, annotation: string): JsonObject[] | undefined {
  const text = annotationsOf(object)?.[annotation];
  if (text === undefined) return [];
  const value = typeof text === 'string' ? parse(text) : undefined;
  return Array.isArray(value) && value.every(isObject) ? value : undefined;
}

/** Takes the objects out of an annotation, in place. What cannot be read means nothing, and goes too. */
export function takeKept(object: KubeObject, annotation: string): JsonObject[] {
  const kept = readKept(object, annotation) ?? [];
  const annotations = annotationsOf(object);
  if (annotations === undefined) return kept;
  delete annotations[annotation];
  if (Object.keys(annotations).length === 0) delete object.metadata.annotations;
  return kept;
}

/** Puts objects into an annotation, in place; no objects, no annotation. */
export function keep(object: KubeObject, annotation: string, kept: readonly JsonObject[]): void {
  if (kept.length === 0) return;
  const annotations = annotationsOf(object) ?? newObject();
  annotations[annotation] = encodeJson([...kept]);
  object.metadata.annotations = annotations as { [key: string]: string };
}

function annotationsOf({ metadata }: KubeObject): JsonObject | undefined {
  const annotations: JsonValue | undefined = metadata.annotations;
  return isObject(annotations) ? annotations : undefined;
}

function parse(text: string): JsonValue | undefined {
  try {
    return parseJson(text).value;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return undefined;
    throw error;
  }
}
