import type { Authorized } from '../access/mod.ts';
import {
  applyJsonPatch,
  applyMergePatch,
  applyStrategicMergePatch,
  deepCopy,
  encodeJson,
  forbidden,
  goPrint,
  goQuote,
  invalid,
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
  objectOf,
  parseJson,
} from '../machinery/mod.ts';
import type { Api, RequestContext } from './api.ts';
import { APPLY_PATCH, apply } from './apply.ts';
import {
  type Body,
  decodeValue,
  enforceFieldValidation,
  goTypeOf,
  notRegistered,
  notTyped,
  typeFieldError,
} from './decode.ts';
import { assertName, settleNamespace } from './metadata.ts';
import type { Query } from './query.ts';
import { addShown, dropClusterAnnotation } from './row-codec.ts';
import { groupResource, objectKey, type Resource, resolve, type Target } from './target.ts';
import { checkResourceVersion, prepareUpdate, shownRevision } from './update.ts';
import { type Attempt, type Wish, type Written, write } from './write.ts';
import type { WriteOptions } from './write-options.ts';

const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC_MERGE_PATCH = 'application/strategic-merge-patch+json';
const RESOURCE_VERSION = '/metadata/resourceVersion';
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
    sizeBytes: body.bytes.length,
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
  const { options, context } = request;
  if (currentRow === undefined || old === undefined) throw missing(resource, request.patchValue);
  const patchValue = inShownForm(attempt, request.patchValue);
  // Patches see the object as a client would: with its resourceVersion, so that they can test it.
  const before = addShown(deepCopy(old), {
    key: attempt.key,
    row: currentRow,
    revisions: resource.revisions,
  });
  resource.definition.shown?.add(before);
  const patched = applyPatch(resource, { before, patchValue, mediaType: request.body.mediaType });
  const object = decodePatched(resource, patched, { ...request, before });
  assertName(resource, object);
  settleNamespace(resource, object);
  const isConditional =
    namesResourceVersion(patchValue, before, object) && checkResourceVersion(attempt, object);
  return prepareUpdate(api, { attempt, old, object, isConditional, options, context });
}

/**
 * Decodes what a patch made of an object. What its kind cannot hold is 422, and so is what strict validation
 * finds; shown is the object, or (as upstream has no text of it then) the strategic merge patch.
 */
export function decodePatched(
  resource: Resource,
  patched: JsonValue,
  request: Pick<PatchRequest, 'options' | 'context' | 'body'> & {
    readonly before: KubeObject;
    readonly patchValue: JsonValue;
    readonly patchComplaints: readonly string[];
  },
): KubeObject {
  const { options, context, patchValue, before } = request;
  const isTree = request.body.mediaType === STRATEGIC_MERGE_PATCH;
  const print = (): string => (isTree ? goPrint(patchValue) : printPatched(patched));
  // Decoding changes the object.
  const shown = options.fieldValidation === 'Strict' ? print() : undefined;
  const refuse = (reason: string): Error =>
    newInvalid({ group: '', kind: '' }, '', [invalid('patch', shown ?? print(), reason)]);
  if (!isObject(patched)) throw refuse(notTyped(patched));
  const typeError = settleTypes(resource, patched, { before, isTree });
  if (typeError !== undefined) throw refuse(typeError);
  const form = isTree ? 'tree' : 'text';
  const { object, complaints } = decodeValue(resource, patched as KubeObject, { form, refuse });
  const all = [...request.patchComplaints, ...complaints];
  enforceFieldValidation(resource, all, { options, warn: context.warn, refuse });
  return object;
}

function printPatched(patched: JsonValue): string {
  if (!isObject(patched) || !isObject(patched['metadata'])) return encodeJson(patched);
  const metadata = objectOf(patched['metadata']);
  dropClusterAnnotation(metadata);
  return encodeJson(objectOf({ ...patched, metadata }));
}

/** What a patch makes of an object. */
export function applyPatch(
  resource: Resource,
  patch: { readonly before: KubeObject; readonly patchValue: JsonValue; readonly mediaType: string },
): JsonValue {
  const { before, patchValue, mediaType } = patch;
  // Go decodes null as no operations.
  if (mediaType === JSON_PATCH) return applyJsonPatch(before, patchValue ?? []);
  if (isObject(patchValue)) {
    if (mediaType === MERGE_PATCH) return applyMergePatch(before, patchValue);
    return applyStrategicMergePatch(before, patchValue, resource.version.schema);
  }
  // Go decodes null as a strategic patch that says nothing.
  if (mediaType === STRATEGIC_MERGE_PATCH && patchValue === null) return before;
  if (patchValue === null) throw newBadRequest('Invalid JSON Patch');
  throw undecodable(
    mediaType,
    `json: cannot unmarshal ${goTypeOf(patchValue)} into Go value of type map[string]interface {}`,
  );
}

function undecodable(mediaType: string, reason: string): Error {
  return newBadRequest(mediaType === STRATEGIC_MERGE_PATCH ? reason : `error decoding patch: ${reason}`);
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
    // Upstream's router knows the types of patches of built-in kinds, and refuses others in words of its own.
    if (resource.definition.origin === 'builtin') {
      throw newUnsupportedMediaType('415: Unsupported Media Type', { details: {} });
    }
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
    if (cause instanceof JsonSyntaxError) throw undecodable(body.mediaType, cause.message);
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

/**
 * A patch may not turn the object into another kind: says what is wrong. Taken out types are put back, and so
 * are those that a strategic merge patch changes, which upstream does not look at.
 */
function settleTypes(
  resource: Resource,
  patched: JsonObject,
  { before, isTree }: { readonly before: KubeObject; readonly isTree: boolean },
): string | undefined {
  for (const field of ['apiVersion', 'kind'] as const) {
    patched[field] ??= before[field];
    if (isTree && typeof patched[field] === 'string') patched[field] = before[field];
  }
  const untyped = isTree ? undefined : typeFieldError(patched);
  if (untyped !== undefined || typeof patched['kind'] !== 'string') return untyped;
  // That a custom resource says something else is found when it is validated.
  if (resource.definition.origin === 'crd') return undefined;
  const { apiVersion, kind } = patched;
  if (apiVersion === before.apiVersion && kind === before.kind) return undefined;
  return notRegistered({ apiVersion: String(apiVersion), kind }, before.kind);
}

/** A JSON patch may test the resourceVersion in either form; the object that it is applied to has one. */
export function inShownForm(attempt: Attempt, patchValue: JsonValue): JsonValue {
  const { resource, key, currentRow } = attempt;
  if (!Array.isArray(patchValue) || currentRow === undefined) return patchValue;
  const isOf = (value: JsonValue | undefined): boolean =>
    typeof value === 'string' && resource.revisions.isOf(value, key.cluster, currentRow.revision);
  return patchValue.map((step) =>
    isObject(step) && step['op'] === 'test' && step['path'] === RESOURCE_VERSION && isOf(step['value'])
      ? objectOf({ ...step, value: shownRevision(attempt) })
      : step,
  );
}

/**
 * Whether losing a race is the caller's business: the patch set a resourceVersion of its own, or (JSON
 * patch) tested or replaced it.
 */
export function namesResourceVersion(patchValue: JsonValue, before: KubeObject, after: KubeObject): boolean {
  if (after.metadata.resourceVersion !== before.metadata.resourceVersion) return true;
  if (Array.isArray(patchValue)) {
    return patchValue.some((step) => isObject(step) && step['path'] === RESOURCE_VERSION);
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
