import { type ScalePaths, scaleDefinition, setReplicas } from '../definitions/mod.ts';
import {
  type Conflict,
  deepCopy,
  fieldElement,
  formatTime,
  identityOf,
  type JsonValue,
  type KubeObject,
  managerIdentifier,
  newBadRequest,
  newConflict,
  newNotFound,
  newObject,
  objectAt,
  objectOf,
} from '../machinery/mod.ts';
import type { Api, RequestContext } from './api.ts';
import { APPLY_PATCH } from './apply.ts';
import { applierOf, assertConfiguration, enforceUniqueKeys, parseConfiguration } from './configuration.ts';
import { type BodyRequest, decodeRequest } from './decode.ts';
import { assertName, settleNamespace } from './metadata.ts';
import { applyConfiguration, assertTypedConfiguration } from './ownership.ts';
import {
  applyPatch,
  decodePatched,
  inShownForm,
  namesResourceVersion,
  parsePatch,
  refuseForce,
} from './patch.ts';
import type { Query } from './query.ts';
import { asServerError, readScale } from './scale-view.ts';
import { groupResource, objectKey, type Resource, resolve, UnknownResource } from './target.ts';
import { checkResourceVersion, prepareUpdate, shownRevision } from './update.ts';
import { type Attempt, type Wish, type Written, write } from './write.ts';
import type { WriteOptions } from './write-options.ts';

/** PUT of a Scale: nothing but the wanted replicas is taken from it; its resourceVersion and uid are conditions. */
export async function updateScale(api: Api, request: BodyRequest): Promise<Written> {
  const { target, options, context } = request;
  const resource = resolve(api, target);
  const form = formOf(resource);
  const scale = decodeRequest(form, request);
  assertName(resource, scale);
  settleNamespace(resource, scale);
  return write(api, {
    target,
    options,
    context,
    keyOf: objectKey,
    attempt: (attempt) => {
      const current = currentOf(attempt);
      assertUid(attempt, current, scale);
      return writeScale(api, { attempt, current, scale, options, context });
    },
  });
}

/** PATCH of a Scale, in any of the types that the kind takes. */
export async function patchScale(
  api: Api,
  request: BodyRequest & { readonly query: Query },
): Promise<Written> {
  const { target, options, context, body, query } = request;
  if (body.mediaType === APPLY_PATCH) return applyScale(api, request);
  const resource = resolve(api, target);
  const { value: patchValue, complaints } = parsePatch(resource, body);
  refuseForce(query);
  return write(api, {
    target,
    options,
    context,
    keyOf: objectKey,
    attempt: (attempt) => patchOnce(api, { ...request, attempt, patchValue, patchComplaints: complaints }),
  });
}

function patchOnce(
  api: Api,
  step: BodyRequest & {
    readonly attempt: Attempt;
    readonly patchValue: JsonValue;
    readonly patchComplaints: readonly string[];
  },
): Promise<Wish> {
  const { attempt, options, context, body } = step;
  const { resource } = attempt;
  const patchValue = inShownForm(attempt, step.patchValue);
  const form = formOf(resource);
  const current = currentOf(attempt);
  const before = patchedForm(attempt, current);
  const patched = applyPatch(form, { before, patchValue, mediaType: body.mediaType });
  const scale = decodePatched(form, patched, { ...step, before });
  assertName(resource, scale);
  settleNamespace(resource, scale);
  // The resourceVersion that the patch did not touch is that of this attempt, and no condition of the client's.
  if (!namesResourceVersion(patchValue, before, scale)) delete scale.metadata.resourceVersion;
  return writeScale(api, { attempt, current, scale, options, context });
}

// Stands for "not said" in what is patched, as upstream: the smallest number that a Scale can hold.
const NO_REPLICAS = -2_147_483_648;

function patchedForm(attempt: Attempt, current: KubeObject): KubeObject {
  const { scale, hasReplicas } = readScale(current, pathsOf(attempt.resource));
  scale.metadata.resourceVersion = shownRevision(attempt);
  if (!hasReplicas) scale['spec'] = objectOf({ replicas: NO_REPLICAS });
  return scale;
}

/**
 * Server-side apply of a Scale: a configuration of the object that is scaled, of nothing but the wanted
 * replicas. Conflicts are told in terms of the Scale.
 */
async function applyScale(api: Api, request: BodyRequest & { readonly query: Query }): Promise<Written> {
  const { target, options, context, body, query } = request;
  const form = formOf(resolve(api, target));
  const manager = applierOf(query);
  const { config: scale, repeatedKeys } = parseConfiguration(body);
  assertConfiguration(form, scale);
  return write(api, {
    target,
    options,
    context,
    keyOf: objectKey,
    async attempt(attempt) {
      const { resource } = attempt;
      const live = currentOf(attempt);
      assertTypedConfiguration(api, form, scale);
      enforceUniqueKeys(repeatedKeys, request);
      settleNamespace(form, scale);
      assertName(resource, { ...scale, metadata: { name: target.name, ...scale.metadata } } as KubeObject);
      assertUid(attempt, live, scale);
      const change = {
        live,
        config: scaledConfiguration(live, scale, pathsOf(resource)),
        writer: { manager, now: formatTime(api.store.nowMs()) },
        isForced: query.flag('force'),
        shown: shownConflicts,
      };
      const object = await applyConfiguration(api, resource, change);
      const { resourceVersion } = scale.metadata;
      if (resourceVersion !== undefined) object.metadata.resourceVersion = resourceVersion;
      const isConditional = resourceVersion !== undefined && checkResourceVersion(attempt, object);
      return prepareUpdate(api, {
        attempt,
        old: live,
        object,
        isConditional,
        options,
        context,
        isOwned: true,
      });
    },
  });
}

/** What a configured Scale says of the object that is scaled. */
function scaledConfiguration(live: KubeObject, scale: KubeObject, paths: ScalePaths): KubeObject {
  const { apiVersion, kind } = live;
  const config = objectOf({ apiVersion, kind, metadata: newObject() }) as KubeObject;
  const replicas = objectAt(scale, 'spec')?.['replicas'];
  if (replicas !== undefined) asServerError(() => setReplicas(config, paths, Number(replicas)));
  return config;
}

/** Nothing but the replicas is configured, so that this is what any conflict is about. */
function shownConflicts(conflicts: readonly Conflict[]): Conflict[] {
  const path = [fieldElement('spec'), fieldElement('replicas')];
  return conflicts.map(({ manager }) => ({
    manager: managerIdentifier({ ...identityOf(manager), apiVersion: 'autoscaling/v1' }),
    path,
  }));
}

/** From a Scale to an update of the object that is scaled; from here on it is one like any other. */
function writeScale(
  api: Api,
  step: {
    readonly attempt: Attempt;
    readonly current: KubeObject;
    readonly scale: KubeObject;
    readonly options: WriteOptions;
    readonly context: RequestContext;
  },
): Promise<Wish> {
  const { attempt, current, scale, options, context } = step;
  const paths = pathsOf(attempt.resource);
  readScale(current, paths);
  const replicas = objectAt(scale, 'spec')?.['replicas'] ?? 0;
  if (replicas === NO_REPLICAS) {
    throw newBadRequest(`the spec replicas field ${JSON.stringify(paths.specReplicasPath)} cannot be empty`);
  }
  const object = deepCopy(current);
  asServerError(() => setReplicas(object, paths, Number(replicas)));
  const { resourceVersion } = scale.metadata;
  const isConditional = Boolean(resourceVersion) && resourceVersion !== '0';
  if (isConditional) {
    object.metadata.resourceVersion = resourceVersion!;
    checkResourceVersion(attempt, object);
  }
  return prepareUpdate(api, { attempt, old: current, object, isConditional, options, context });
}

/** The resource as if it were one of Scales: what a body is decoded and judged by. */
function formOf(resource: Resource): Resource {
  const target = { ...resource.target, subresource: '' };
  return {
    ...resource,
    target,
    subresource: '',
    definition: scaleDefinition,
    version: scaleDefinition.versions[0]!,
  };
}

function currentOf({ resource, current }: Attempt): KubeObject {
  if (current === undefined) throw newNotFound(groupResource(resource), resource.target.name);
  return current;
}

function assertUid({ resource }: Attempt, current: KubeObject, scale: KubeObject): void {
  const given = scale.metadata.uid;
  const { uid } = current.metadata;
  if (!given || given === uid) return;
  const detail = `Precondition failed: UID in precondition: ${given}, UID in object meta: ${uid}`;
  throw newConflict(groupResource(resource), resource.target.name, detail);
}

function pathsOf(resource: Resource): ScalePaths {
  const { scale } = resource.version;
  if (scale === undefined) throw new UnknownResource();
  return scale;
}
