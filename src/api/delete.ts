import type { Authorized } from '../access/mod.ts';
import { CRD_FINALIZER, CRD_GROUP, CRD_RESOURCE, terminatingStatus } from '../definitions/mod.ts';
import {
  deepCopy,
  type FieldError,
  formatTime,
  invalid,
  isObject,
  type JsonObject,
  type KubeObject,
  newBadRequest,
  newConflict,
  newInvalid,
  newNotFound,
  notSupported,
  objectOf,
} from '../machinery/mod.ts';
import type { Api, RequestContext } from './api.ts';
import { type Body, parseBody } from './decode.ts';
import type { Query } from './query.ts';
import { groupResource, isNamespace, objectKey, type Resource, type Target } from './target.ts';
import { isReleased, namespaceFinalizers, shownRevision } from './update.ts';
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from './work.ts';
import { type Attempt, admit, type Wish, type Written, write } from './write.ts';
import { dryRunErrors } from './write-options.ts';

/** metav1.DeleteOptions, checked. */
export interface DeleteOptions {
  readonly isDryRun: boolean;
  readonly uid: string | undefined;
  /** Of the object that was listed, when a collection is deleted: another one by now is not meant, 404. */
  readonly listedUid?: string;
  readonly resourceVersion: string | undefined;
  /** Undefined: what the object's finalizers already say. */
  readonly propagationPolicy: 'Orphan' | 'Background' | 'Foreground' | undefined;
  /** The deprecated boolean was given as false: upstream then answers 202 for what is not gone at once. */
  readonly isLegacyBackground: boolean;
}

const POLICIES = ['Foreground', 'Background', 'Orphan'];
const NAMESPACE_BUSY =
  'The system is ensuring all content is removed from this namespace.  Upon completion, this namespace will automatically be purged by the system.';

/** DeleteOptions from the body, which wins entirely when there is one, or else from the query. 400, 422. */
export function parseDeleteOptions(query: Query, body: Body | undefined): DeleteOptions {
  const given = body === undefined || body.bytes.length === 0 ? fromQuery(query) : fromBody(body);
  const policy = given['propagationPolicy'] ?? undefined;
  const orphan = given['orphanDependents'] ?? undefined;
  const errors: FieldError[] = [];
  if (policy !== undefined && orphan !== undefined) {
    errors.push(
      invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'),
    );
  } else if (policy !== undefined && !POLICIES.includes(policy as string)) {
    errors.push(notSupported('propagationPolicy', policy, [...POLICIES, 'nil']));
  }
  const dryRun = Array.isArray(given['dryRun']) ? given['dryRun'].map(String) : [];
  errors.push(...dryRunErrors(dryRun));
  if (errors.length > 0) throw newInvalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
  const preconditions = isObject(given['preconditions']) ? given['preconditions'] : objectOf({});
  return {
    isDryRun: dryRun.length > 0,
    uid: textOf(preconditions['uid'], 'preconditions.uid'),
    resourceVersion: textOf(preconditions['resourceVersion'], 'preconditions.resourceVersion'),
    propagationPolicy:
      orphan === undefined
        ? (policy as DeleteOptions['propagationPolicy'])
        : orphan
          ? 'Orphan'
          : 'Background',
    isLegacyBackground: orphan === false,
  };
}

/**
 * DELETE of an item. The object goes at once, or stays terminating while finalizers hold it: then
 * `Written.row` is what it looks like now.
 */
export function remove(
  api: Api,
  request: {
    readonly target: Authorized<Target>;
    readonly options: DeleteOptions;
    readonly context: RequestContext;
  },
): Promise<Written> {
  const { target, options, context } = request;
  return write(api, {
    target,
    context,
    options: { isDryRun: options.isDryRun, fieldManager: '', fieldValidation: 'Ignore' },
    ...(options.listedUid === undefined ? {} : { part: options.listedUid }),
    keyOf: objectKey,
    attempt: (attempt) => removeOnce(api, attempt, options),
  });
}

async function removeOnce(api: Api, attempt: Attempt, options: DeleteOptions): Promise<Wish> {
  const { resource, current } = attempt;
  const { target } = resource;
  const isOther = options.listedUid !== undefined && options.listedUid !== current?.metadata.uid;
  if (current === undefined || isOther) throw newNotFound(groupResource(resource), target.name);
  const isConditional = checkPreconditions(attempt, current, options);
  const admission = {
    operation: 'DELETE' as const,
    namespace: target.namespace,
    name: target.name,
    object: undefined,
    oldObject: current,
    isDryRun: options.isDryRun,
  };
  await admit(api, attempt, { ...admission, phase: 'mutate' });
  await admit(api, attempt, { ...admission, phase: 'validate' });
  const object = deepCopy(current);
  settleFinalizers(resource, object, options);
  assertNamespaceFree(resource, object);
  const isFirst = object.metadata.deletionTimestamp === undefined;
  if (isFirst) markTerminating(resource, object, formatTime(api.store.nowMs()));
  if (isReleased(resource, object)) return { object: undefined, isFinal: isConditional };
  return { object, isFinal: isConditional };
}

/** The garbage collector's finalizers, as the propagation policy wants them (upstream's rest.BeforeDelete). */
function settleFinalizers(resource: Resource, object: KubeObject, options: DeleteOptions): void {
  const policy = options.propagationPolicy;
  const others = (object.metadata.finalizers ?? []).filter(
    (name) => name !== ORPHAN_FINALIZER && name !== FOREGROUND_FINALIZER,
  );
  const own =
    policy === 'Orphan' ? [ORPHAN_FINALIZER] : policy === 'Foreground' ? [FOREGROUND_FINALIZER] : [];
  if (policy !== undefined) object.metadata.finalizers = [...others, ...own];
  if (isCustomResourceDefinition(resource) && object.metadata.deletionTimestamp === undefined) {
    const finalizers = object.metadata.finalizers ?? [];
    if (!finalizers.includes(CRD_FINALIZER)) object.metadata.finalizers = [...finalizers, CRD_FINALIZER];
  }
}

function markTerminating(resource: Resource, object: KubeObject, now: string): void {
  object.metadata.deletionTimestamp = now;
  // Kinds without graceful deletion carry a zero here while finalizers hold them. Namespaces and definitions,
  // which upstream deletes in ways of their own, carry none, and keep their generation.
  if (!isNamespace(resource.definition) && !isCustomResourceDefinition(resource)) {
    object.metadata.deletionGracePeriodSeconds = 0;
    if (object.metadata.generation !== undefined && object.metadata.generation > 0)
      object.metadata.generation += 1;
  }
  if (isNamespace(resource.definition)) {
    const status = isObject(object['status']) ? object['status'] : objectOf({});
    status['phase'] = 'Terminating';
    object['status'] = status;
  }
  if (isCustomResourceDefinition(resource)) {
    object['status'] = terminatingStatus(object, 'pending', now);
  }
}

function assertNamespaceFree(resource: Resource, object: KubeObject): void {
  if (!isNamespace(resource.definition) || object.metadata.deletionTimestamp === undefined) return;
  if (namespaceFinalizers(object).length === 0) return;
  throw newConflict(groupResource(resource), resource.target.name, NAMESPACE_BUSY);
}

function checkPreconditions(attempt: Attempt, current: KubeObject, options: DeleteOptions): boolean {
  const { resource, currentRow } = attempt;
  // Upstream names the kind here, not the resource.
  const gr = { group: resource.definition.group, resource: resource.definition.names.kind };
  const uid = current.metadata.uid ?? '';
  if (options.uid !== undefined && options.uid !== uid) {
    throw newConflict(
      gr,
      resource.target.name,
      `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
  }
  const given = options.resourceVersion;
  const { revisions } = resource;
  const { cluster } = attempt.key;
  if (given !== undefined && !revisions.isOf(given, cluster, currentRow?.revision ?? 0)) {
    throw newConflict(
      gr,
      resource.target.name,
      `the ResourceVersion in the precondition (${given}) does not match the ResourceVersion in record (${shownRevision(attempt)}). The object might have been modified`,
    );
  }
  return given !== undefined;
}

function isCustomResourceDefinition({ definition }: Resource): boolean {
  return definition.group === CRD_GROUP && definition.names.plural === CRD_RESOURCE;
}

function fromQuery(query: Query): JsonObject {
  const orphan = query.first('orphanDependents');
  const policy = query.text('propagationPolicy');
  query.integer('gracePeriodSeconds');
  return objectOf({
    propagationPolicy: policy === '' ? undefined : policy,
    orphanDependents: orphan === undefined || orphan === '' ? undefined : query.flag('orphanDependents'),
    dryRun: [...query.all('dryRun')],
  });
}

function fromBody(body: Body): JsonObject {
  const { value } = parseBody(body, { kind: 'DeleteOptions', apiVersion: 'v1', allowsProtobuf: true });
  if (!isObject(value)) throw newBadRequest('expected a DeleteOptions object in the body of the request');
  const { kind, orphanDependents, propagationPolicy, dryRun, gracePeriodSeconds, preconditions } = value;
  if (kind !== undefined && kind !== '' && kind !== 'DeleteOptions') {
    throw newBadRequest(`the object provided is a ${String(kind)}, expected DeleteOptions`);
  }
  assertType('orphanDependents', orphanDependents, 'boolean');
  assertType('propagationPolicy', propagationPolicy, 'string');
  assertType('gracePeriodSeconds', gracePeriodSeconds, 'number');
  if (dryRun !== undefined && dryRun !== null && !Array.isArray(dryRun)) throw badType('dryRun', '[]string');
  if (preconditions !== undefined && preconditions !== null && !isObject(preconditions)) {
    throw badType('preconditions', 'v1.Preconditions');
  }
  return value;
}

function assertType(field: string, value: unknown, type: 'boolean' | 'string' | 'number'): void {
  if (value === undefined || value === null) return;
  const actual = typeof value === 'bigint' ? 'number' : typeof value;
  if (actual !== type)
    throw badType(field, type === 'boolean' ? 'bool' : type === 'number' ? 'int64' : 'string');
}

function badType(field: string, goType: string): Error {
  return newBadRequest(
    `DeleteOptions in version "v1" cannot be handled as a DeleteOptions: json: cannot unmarshal value into Go struct field DeleteOptions.${field} of type ${goType}`,
  );
}

function textOf(value: unknown, field: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw badType(field, 'string');
  return value;
}
