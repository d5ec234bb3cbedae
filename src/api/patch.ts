import type { Authorized } from '../access/mod.ts';
import {
  applyJsonPatch,
  applyMergePatch,
  applyStrategicMergePatch,
  deepCopy,
  encodeJson,
  forbidden,
  goQuote,
  isObject,
  type JsonObject,
  JsonSyntaxError,
  type JsonValue,
  type KubeObject,
  newBadRequest,
  newConflict,
  newInvalid,
  newNotFound,
  newUnsupportedMediaType,
  parseJson,
} from '../machinery/mod.ts';
import type { Api, RequestContext } from './api.ts';
import { APPLY_PATCH, apply } from './apply.ts';
import { type Body, decodeValue, enforceFieldValidation } from './decode.ts';
import { assertName, settleNamespace } from './metadata.ts';
import type { Query } from './query.ts';
import { addShown } from './row-codec.ts';
import { groupResource, objectKey, type Resource, resolve, type Target } from './target.ts';
import { checkResourceVersion, prepareUpdate } from './update.ts';
import { type Attempt, type Wish, type Written, write } from './write.ts';
import type { WriteOptions } from './write-options.ts';

const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC_MERGE_PATCH = 'application/strategic-merge-patch+json';
const STEP_FIELDS = ['op', 'path', 'from', 'value'];

interface PatchRequest {
  readonly target: Authorized<Target>;
  readonly options: WriteOptions;
  readonly context: RequestContext;
  readonly body: Body;
}

/** PATCH of an item or of its status, in any of the types that the kind takes; 415 for others. */
export async function patch(api: Api, request: PatchRequest & { readonly query: Query }): Promise<Written> {
  const { target, options, context, body, query } = request;
  if (body.mediaType === APPLY_PATCH) return apply(api, request);
  const resource = resolve(api, target);
  const { value: patchValue, complaints } = parsePatch(resource, body);
  refuseForce(query);
  return write(api, {
    target,
    options,
    context,
    keyOf: objectKey,
    attempt: (attempt) => patchOnce(api, attempt, { ...request, patchValue, patchComplaints: complaints }),
  });
}

/** Only apply knows force: 422 for any other patch. */
export function refuseForce(query: Query): void {
  if (!query.has('force')) return;
  throw newInvalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
    forbidden('force', 'may not be specified for non-apply patch'),
  ]);
}

async function patchOnce(
  api: Api,
  attempt: Attempt,
  request: PatchRequest & { readonly patchValue: JsonValue; readonly patchComplaints: readonly string[] },
): Promise<Wish> {
  const { resource, currentRow, current: old } = attempt;
  const { options, context, patchValue, patchComplaints } = request;
  if (currentRow === undefined || old === undefined) throw missing(resource, patchValue);
  // Patches see the object as a client would: with its resourceVersion, so that they can test it.
  const before = addShown(deepCopy(old), { key: attempt.key, row: currentRow });
  const patched = applyPatch(resource, { before, patchValue, mediaType: request.body.mediaType });
  if (!isObject(patched)) throw newBadRequest('the patched object is not a JSON object');
  assertTypes(resource, patched, before);
  const patchedText = options.fieldValidation === 'Strict' ? encodeJson(patched) : '';
  const { object, complaints } = decodeValue(resource, patched as KubeObject);
  const all = [...patchComplaints, ...complaints];
  enforceFieldValidation(resource, all, { options, warn: context.warn, patched: patchedText });
  assertName(resource, object);
  settleNamespace(resource, object);
  const isConditional =
    namesResourceVersion(patchValue, before, object) && checkResourceVersion(attempt, object);
  return prepareUpdate(api, { attempt, old, object, isConditional, options, context });
}

/** What a patch makes of an object. */
export function applyPatch(
  resource: Resource,
  patch: { readonly before: KubeObject; readonly patchValue: JsonValue; readonly mediaType: string },
): JsonValue {
  const { before, patchValue, mediaType } = patch;
  if (mediaType === JSON_PATCH) return applyJsonPatch(before, patchValue);
  if (!isObject(patchValue)) {
    throw newBadRequest(
      'error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}',
    );
  }
  if (mediaType === MERGE_PATCH) return applyMergePatch(before, patchValue);
  return applyStrategicMergePatch(before, patchValue, resource.version.schema);
}

/** The patch itself, and what strict validation says about the way in which it is written. */
export function parsePatch(
  resource: Resource,
  body: Body,
): { readonly value: JsonValue; readonly complaints: readonly string[] } {
  const supported =
    resource.definition.origin === 'crd'
      ? [JSON_PATCH, MERGE_PATCH, APPLY_PATCH]
      : [JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH, APPLY_PATCH];
  if (!supported.includes(body.mediaType)) {
    throw newUnsupportedMediaType(
      `the body of the request was in an unknown format - accepted media types include: ${supported.join(', ')}`,
    );
  }
  try {
    const { value, duplicates } = parseJson(body.bytes);
    const complaints = duplicates.map((path) => `duplicate field ${goQuote(path)}`);
    if (body.mediaType !== JSON_PATCH) return { value, complaints };
    return {
      value,
      complaints: [...unknownStepFields(value), ...complaints].map((text) => `json patch ${text}`),
    };
  } catch (cause) {
    if (cause instanceof JsonSyntaxError) throw newBadRequest(`error decoding patch: ${cause.message}`);
    throw cause;
  }
}

function unknownStepFields(steps: JsonValue): string[] {
  if (!Array.isArray(steps)) return [];
  return steps.flatMap((step, index) =>
    isObject(step)
      ? Object.keys(step)
          .filter((field) => !STEP_FIELDS.includes(field))
          .map((field) => `unknown field ${goQuote(`[${index}].${field}`)}`)
      : [],
  );
}

/** A patch may not turn the object into another kind; taken out types are put back. */
function assertTypes(resource: Resource, patched: JsonObject, before: KubeObject): void {
  const { apiVersion, kind } = before;
  patched['apiVersion'] ??= apiVersion;
  patched['kind'] ??= kind;
  // That a custom resource says something else is found when it is validated.
  if (resource.definition.origin === 'crd') return;
  if (patched['apiVersion'] !== apiVersion || patched['kind'] !== kind) {
    throw newBadRequest(
      `${String(patched['kind'])} in version "${String(patched['apiVersion'])}" cannot be handled as a ${resource.definition.names.kind}: the kind and apiVersion of an object cannot be patched`,
    );
  }
}

/**
 * Whether losing a race is the caller's business: the patch set a resourceVersion of its own, or (JSON
 * patch) tested or replaced it.
 */
export function namesResourceVersion(patchValue: JsonValue, before: KubeObject, after: KubeObject): boolean {
  if (after.metadata.resourceVersion !== before.metadata.resourceVersion) return true;
  if (Array.isArray(patchValue)) {
    return patchValue.some((step) => isObject(step) && step['path'] === '/metadata/resourceVersion');
  }
  return (
    isObject(patchValue) &&
    isObject(patchValue['metadata']) &&
    Boolean(patchValue['metadata']['resourceVersion'])
  );
}

function missing(resource: Resource, patchValue: JsonValue): Error {
  const metadata = isObject(patchValue) ? patchValue['metadata'] : undefined;
  const uid = isObject(metadata) ? metadata['uid'] : undefined;
  if (typeof uid === 'string' && uid !== '') {
    return newConflict(
      groupResource(resource),
      resource.target.name,
      `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    );
  }
  return newNotFound(groupResource(resource), resource.target.name);
}
