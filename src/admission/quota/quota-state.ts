import type { Revision } from '../../base/mod.ts';
import {
  encodeJson,
  encodeObject,
  isObject,
  type JsonObject,
  type KubeObject,
  newObject,
  objectOf,
  parseJson,
} from '../../machinery/mod.ts';
import { type NewRow, type ObjectKey, type Row, withRevision } from '../../store/mod.ts';

/** kcp's cluster-scoped quotas: in this namespace, with this annotation. */
const CLUSTER_QUOTA_NAMESPACE = 'admin';
const CLUSTER_QUOTA_ANNOTATION = 'experimental.quota.kcp.io/cluster-scoped';
/** What Go's strconv.ParseBool takes for true. */
const TRUE_TEXTS: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);

/** A quota as it stands: its newest row, and what of it counting needs. */
export interface QuotaState {
  readonly key: ObjectKey;
  readonly row: Row;
  /** As it was parsed: of its status, `hard` and `used` count. */
  readonly object: KubeObject;
  /** The bounds in force, which are those of the status. */
  readonly hard: JsonObject;
  readonly used: JsonObject;
  /** Scopes speak of pods and volumes: such a quota counts no objects. */
  readonly isScoped: boolean;
  /** It counts the whole logical cluster. */
  readonly isClusterWide: boolean;
}

export function readQuota(key: ObjectKey, row: Row): QuotaState {
  const object = parseJson(row.json).value as KubeObject;
  const status = memberOf(object, 'status');
  return {
    key,
    row,
    object,
    hard: memberOf(status, 'hard'),
    used: memberOf(status, 'used'),
    isScoped: hasScopes(object),
    isClusterWide: isClusterWide(object),
  };
}

/** Whether a quota has scopes or a scope selector with requirements. */
export function hasScopes(quota: KubeObject): boolean {
  const spec = memberOf(quota, 'spec');
  const requirements = memberOf(spec, 'scopeSelector')['matchExpressions'];
  return hasItems(spec['scopes']) || hasItems(requirements);
}

/** Whether a quota counts the whole logical cluster, and not its namespace alone. */
export function isClusterWide({ metadata }: KubeObject): boolean {
  if (metadata.namespace !== CLUSTER_QUOTA_NAMESPACE) return false;
  return TRUE_TEXTS.has(metadata.annotations?.[CLUSTER_QUOTA_ANNOTATION] ?? '');
}

/** The namespace in which cluster-wide quotas are. */
export function clusterQuotaNamespace(): string {
  return CLUSTER_QUOTA_NAMESPACE;
}

/**
 * The same quota with other numbers in `status.used`, as a row to write. Who owns which field stays as it is:
 * the quota controller set these numbers, and this is its counting, done earlier.
 */
export function withUsed(state: QuotaState, changes: Readonly<Record<string, string>>): NewRow {
  const used = objectOf({ ...state.used, ...changes });
  return { ...partsOf(state.row), json: jsonWithUsed(state, used) };
}

/** What a quota is once a row of {@link withUsed} has its revision: nothing needs to be parsed again. */
export function afterCharge(
  state: QuotaState,
  charge: { readonly row: NewRow; readonly changes: Readonly<Record<string, string>> },
  revision: Revision,
): QuotaState {
  const { row, changes } = charge;
  return { ...state, row: withRevision(row, revision), used: objectOf({ ...state.used, ...changes }) };
}

/** The numbers are the last thing in a quota's bytes: nearly always, only they are written anew. */
function jsonWithUsed({ row, used: before, ...state }: QuotaState, used: JsonObject): Buffer {
  const tail = Buffer.from(tailOf(before));
  const at = row.json.length - tail.length;
  if (at >= 0 && row.json.compare(tail, 0, tail.length, at) === 0) {
    return Buffer.concat([row.json.subarray(0, at), Buffer.from(tailOf(used))]);
  }
  const status = objectOf({ ...memberOf(state.object, 'status'), used });
  return Buffer.from(encodeObject(objectOf({ ...state.object, status }) as KubeObject));
}

function tailOf(used: JsonObject): string {
  return `"used":${encodeJson(used)}}}`;
}

// A row's labels and fields are made when somebody looks, so that a spread would miss them.
function partsOf(row: Row): NewRow {
  const { uid, definitionHash, json, metadataOffset, isAnnotated, labels, fields, owners } = row;
  return { uid, definitionHash, json, metadataOffset, isAnnotated, labels, fields, owners };
}

function memberOf(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isObject(value) ? value : newObject();
}

function hasItems(value: JsonObject[string]): boolean {
  return Array.isArray(value) && value.length > 0;
}
