import {
  compareTyped,
  differenceOf,
  FieldSet,
  fieldSetOf,
  TypedValueError,
  typedValue,
} from '../apply/mod.ts';
import { encodeJson } from '../json-encoder.ts';
import { JsonSyntaxError, parseJson } from '../json-parser.ts';
import { isObject, type JsonObject, newObject, objectOf } from '../json-value.ts';
import type { KubeObject } from '../kube-object.ts';
import { type OwnershipRules, typedObject } from './rules.ts';

/** Where `kubectl apply` without --server-side notes what it sent. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
/** All keys and values together; metadata validation refuses more. */
const ANNOTATIONS_BYTES_MAX = 256 * 1024;

export function hasLastApplied(object: KubeObject): boolean {
  return lastAppliedText(object) !== undefined;
}

/**
 * The fields that `kubectl apply` set on the client's side and that nobody changed since: an apply on the
 * server's side by kubectl takes them over without a conflict.
 */
export function allowedByLastApplied(rules: OwnershipRules, live: KubeObject): FieldSet {
  const config = parseLastApplied(live);
  if (config === undefined || config.apiVersion !== live.apiVersion || config.kind !== live.kind) {
    return FieldSet.empty;
  }
  try {
    const { apiVersion } = rules;
    const applied = typedValue({ value: config, type: rules.typeOf(apiVersion)!, apiVersion });
    const { removed, modified, added } = compareTyped(applied, typedObject(rules, live));
    return [removed, modified, added].reduce(differenceOf, fieldSetOf(applied));
  } catch (error) {
    if (!(error instanceof TypedValueError)) throw error;
    return FieldSet.empty;
  }
}

/** Notes the configuration on the object, or nothing at all if that would be too much for its annotations. */
export function setLastApplied(object: KubeObject, config: KubeObject): void {
  const annotations = objectOf(object.metadata.annotations ?? {});
  annotations[LAST_APPLIED] = textOfConfiguration(config);
  let bytes = 0;
  for (const key of Object.keys(annotations)) {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(String(annotations[key]));
  }
  if (bytes > ANNOTATIONS_BYTES_MAX) delete annotations[LAST_APPLIED];
  object.metadata.annotations = annotations as { [key: string]: string };
}

function textOfConfiguration(config: KubeObject): string {
  const metadata = objectOf(config.metadata);
  delete metadata['managedFields'];
  if (isObject(metadata['annotations'])) {
    metadata['annotations'] = objectOf(metadata['annotations'] as JsonObject);
    delete metadata['annotations'][LAST_APPLIED];
  }
  return `${encodeJson(objectOf({ ...config, metadata }))}\n`;
}

function lastAppliedText(object: KubeObject): string | undefined {
  const text = object.metadata.annotations?.[LAST_APPLIED];
  return typeof text === 'string' ? text : undefined;
}

function parseLastApplied(object: KubeObject): KubeObject | undefined {
  const text = lastAppliedText(object);
  if (text === undefined) return undefined;
  try {
    const { value } = parseJson(text);
    if (!isObject(value)) return undefined;
    if (!isObject(value['metadata'])) value['metadata'] = newObject();
    return value as KubeObject;
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return undefined;
  }
}
