import type { Authorized } from '../access/mod.ts';
import { limits } from '../base/mod.ts';
import {
  deepCopy,
  formatTime,
  generateName,
  type KubeObject,
  newAlreadyExists,
  newForbidden,
  StatusError,
} from '../machinery/mod.ts';
import type { Api, RequestContext } from './api.ts';
import { type BodyRequest, decodeRequest } from './decode.ts';
import { assertRoomForDefinition } from './definition-room.ts';
import { assertMayCreate, assertMayGrant } from './grants.ts';
import { assertValidNew, dedupeOwners, settleNamespace, warnOf, wipeSystemMetadata } from './metadata.ts';
import { noteOwnership } from './ownership.ts';
import { settleSight } from './sight.ts';
import { groupResource, objectKey, type Resource, resolve, type Target, UnknownResource } from './target.ts';
import { type Attempt, admit, type Wish, type Written, write } from './write.ts';
import type { WriteOptions } from './write-options.ts';

/** POST to a collection. Throws `StatusError` as kube-apiserver does, in its order of checks. */
export async function create(api: Api, request: BodyRequest): Promise<Written> {
  const { target, options, context, body } = request;
  const resource = resolve(api, target);
  // Nothing that is created below an object is stored as one of its kind.
  if (target.subresource !== '') throw new UnknownResource();
  const object = decodeRequest(resource, request);
  return createObject(api, {
    target,
    options,
    context,
    object,
    sizeBytes: body.bytes.length,
  });
}

/** The same for an object that is decoded already: PUT and apply of a missing one end here too. */
export async function createObject(
  api: Api,
  request: {
    readonly target: Authorized<Target>;
    readonly options: WriteOptions;
    readonly context: RequestContext;
    readonly object: KubeObject;
    readonly sizeBytes: number;
  },
): Promise<Written> {
  const { target, options, context, sizeBytes } = request;
  const { object } = request;
  const isGenerated = !object.metadata.name && Boolean(object.metadata.generateName);
  for (let attempts = 1; ; attempts++) {
    const name = isGenerated ? randomName(api, object) : (object.metadata.name ?? '');
    try {
      return await write(api, {
        target,
        options,
        context,
        sizeBytes,
        keyOf: (resource) => objectKey(resource, name),
        attempt: (attempt) =>
          prepareCreate(api, { attempt, object: deepCopy(object), name, options, context }),
      });
    } catch (error) {
      const isTaken = error instanceof StatusError && error.reason === 'AlreadyExists';
      if (!isGenerated || !isTaken) throw error;
      if (attempts < limits.generateNameAttemptsMax) continue;
      throw newAlreadyExists(groupResource(resolve(api, target)), name, {
        suffix: ', the server was not able to generate a unique name for the object',
        retryAfterSeconds: 1,
      });
    }
  }
}

/** From the object as it was sent to what is stored: all checks of a creation, however it is asked for. */
export async function prepareCreate(
  api: Api,
  step: {
    readonly attempt: Attempt;
    readonly object: KubeObject;
    readonly name: string;
    readonly options: WriteOptions;
    readonly context: RequestContext;
    /** Its managed fields are settled already, by an apply. */
    readonly isOwned?: boolean;
  },
): Promise<Wish> {
  const { attempt, object, name, options, context } = step;
  const { resource } = attempt;
  const { definition, target } = resource;
  settleNamespace(resource, object);
  assertNotTerminating(resource, object);
  await assertRoomForDefinition(api, resource, { object, oldBytes: undefined });
  wipeSystemMetadata(object);
  definition.shown?.remove(object, undefined);
  dedupeOwners(object, context);
  settleSight(resource, object);
  if (step.isOwned !== true) {
    const writer = { manager: options.fieldManager, now: formatTime(api.store.nowMs()) };
    await noteOwnership(api, resource, { live: undefined, object, writer, pause: attempt.pause });
    await attempt.pause();
  }
  const admission = {
    operation: 'CREATE' as const,
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name ?? '',
    object,
    oldObject: undefined,
    isDryRun: options.isDryRun,
  };
  await admit(api, attempt, { ...admission, phase: 'mutate' });
  dedupeOwners(object, context);
  await assertMayGrant(api, { attempt, object, old: undefined });
  const now = formatTime(api.store.nowMs());
  object.metadata.uid = api.random.uuid();
  object.metadata.creationTimestamp = now;
  if (name !== '') object.metadata.name = name;
  const strategyContext = { subresource: target.subresource, now };
  definition.strategy.prepareForCreate(object, strategyContext);
  assertValidNew(resource, object, definition.strategy.validateCreate(object, strategyContext));
  await assertMayCreate(api, attempt);
  await admit(api, attempt, { ...admission, name, phase: 'validate' });
  assertNoResourceVersion(object);
  if (attempt.currentRow !== undefined) throw alreadyExists(attempt, name);
  warnOf(resource, context, { object, old: undefined });
  return { object, isFinal: true };
}

function alreadyExists(attempt: Attempt, name: string): Error {
  const isTerminating = attempt.current?.metadata.deletionTimestamp !== undefined;
  return newAlreadyExists(groupResource(attempt.resource), name, {
    prefix: isTerminating ? 'object is being deleted: ' : '',
  });
}

/** Upstream's storage finds this out, after everything else was right, and answers with a plain 500. */
function assertNoResourceVersion({ metadata }: KubeObject): void {
  if (!metadata.resourceVersion || metadata.resourceVersion === '0') return;
  const message = 'resourceVersion should not be set on objects to be created';
  throw new StatusError({ code: 500, reason: '', message });
}

function assertNotTerminating(resource: Resource, object: KubeObject): void {
  if (!resource.definition.isTerminating) return;
  throw newForbidden(
    groupResource(resource),
    object.metadata.name ?? '',
    'create not allowed while custom resource definition is terminating',
  );
}

function randomName(api: Api, object: KubeObject): string {
  return generateName(object.metadata.generateName ?? '', (max) => api.random.below(max));
}
