import {
  deepCopy,
  formatTime,
  invalid,
  type KubeObject,
  newConflict,
  newInvalid,
  newNotFound,
  OBJECT_MODIFIED,
} from '../machinery/mod.ts';
import type { Api, RequestContext } from './api.ts';
import { createObject } from './create.ts';
import { type BodyRequest, decodeRequest } from './decode.ts';
import { assertRoomForDefinition } from './definition-room.ts';
import { assertMayGrant } from './grants.ts';
import {
  assertName,
  assertSameUid,
  assertValidUpdate,
  dedupeOwners,
  restoreSystemMetadata,
  settleNamespace,
  warnOf,
} from './metadata.ts';
import { noteOwnership } from './ownership.ts';
import { settleSight } from './sight.ts';
import { groupResource, isNamespace, objectKey, type Resource, resolve } from './target.ts';
import { type Attempt, admit, type Wish, type Written, write } from './write.ts';
import type { WriteOptions } from './write-options.ts';

/** PUT of an item or of its status. */
export async function update(api: Api, request: BodyRequest): Promise<Written> {
  const { target, options, context, body } = request;
  const sizeBytes = body.bytes.length;
  const resource = resolve(api, target);
  const object = decodeRequest(resource, request);
  assertName(resource, object);
  settleNamespace(resource, object);
  const isMissing = api.store.newest(objectKey(resource)) === undefined;
  if (isMissing && target.subresource === '' && resource.definition.strategy.allowsCreateOnUpdate) {
    assertNoUid(resource, object);
    delete object.metadata.resourceVersion;
    return createObject(api, { target, options, context, object, sizeBytes });
  }
  return write(api, {
    target,
    options,
    context,
    sizeBytes,
    keyOf: objectKey,
    attempt: async (attempt) => {
      if (attempt.current === undefined) throw newNotFound(groupResource(attempt.resource), target.name);
      const wanted = deepCopy(object);
      assertSameUid(attempt.resource, wanted, attempt.current);
      const isConditional = checkResourceVersion(attempt, wanted);
      return prepareUpdate(api, {
        attempt,
        old: attempt.current,
        object: wanted,
        isConditional,
        options,
        context,
      });
    },
  });
}

/** Who names a uid means an object that was there: it is gone, and must not come back by an update. */
function assertNoUid(resource: Resource, object: KubeObject): void {
  const { uid } = object.metadata;
  if (!uid) return;
  throw newConflict(
    groupResource(resource),
    resource.target.name,
    `Precondition failed: UID in precondition: ${uid}, UID in object meta: `,
  );
}

/**
 * Compares the object's own resourceVersion with the current revision: 409 when it is another one. True
 * when there was one; kinds without unconditional update refuse its absence (422).
 */
export function checkResourceVersion(attempt: Attempt, object: KubeObject): boolean {
  const { resource } = attempt;
  const given = object.metadata.resourceVersion;
  if (given === undefined || given === '' || given === '0') {
    if (!resource.definition.strategy.allowsUnconditionalUpdate) {
      // Upstream's registry knows no kinds: it says the resource.
      const { group, resource: kind } = groupResource(resource);
      throw newInvalid({ group, kind }, resource.target.name, [
        invalid('metadata.resourceVersion', 0, 'must be specified for an update'),
      ]);
    }
    return false;
  }
  const { currentRow, key } = attempt;
  if (currentRow === undefined || !resource.revisions.isOf(given, key.cluster, currentRow.revision)) {
    throw newConflict(groupResource(resource), resource.target.name, OBJECT_MODIFIED);
  }
  return true;
}

/** The resourceVersion of what is there now, as the request's URL shows it. */
export function shownRevision({ resource, key, currentRow }: Attempt): string {
  return resource.revisions.ofObject(key.cluster, currentRow?.revision ?? 0);
}

/** From the wanted object to what is stored: all checks that updates and patches share. */
export async function prepareUpdate(
  api: Api,
  step: {
    readonly attempt: Attempt;
    readonly old: KubeObject;
    readonly object: KubeObject;
    readonly isConditional: boolean;
    readonly options: WriteOptions;
    readonly context: RequestContext;
    /** Its managed fields are settled already, by an apply. */
    readonly isOwned?: boolean;
  },
): Promise<Wish> {
  const { attempt, old, object, options, context } = step;
  const { resource } = attempt;
  const { definition, target } = resource;
  restoreSystemMetadata(object, old);
  definition.shown?.remove(object, old);
  dedupeOwners(object, context);
  settleSight(resource, object);
  if (step.isOwned !== true) {
    const writer = { manager: options.fieldManager, now: formatTime(api.store.nowMs()) };
    await noteOwnership(api, resource, { live: old, object, writer, pause: attempt.pause });
    await attempt.pause();
  }
  const admission = {
    operation: 'UPDATE' as const,
    namespace: object.metadata.namespace ?? '',
    name: target.name,
    object,
    oldObject: old,
    isDryRun: options.isDryRun,
  };
  await admit(api, attempt, { ...admission, phase: 'mutate' });
  dedupeOwners(object, context);
  await assertMayGrant(api, { attempt, object, old });
  const strategyContext = {
    subresource: target.subresource,
    now: formatTime(api.store.nowMs()),
    warn: (text: string): void => context.warn(text),
  };
  definition.strategy.prepareForUpdate(object, old, strategyContext);
  await assertRoomForDefinition(api, resource, { object, oldBytes: attempt.currentRow?.json.length });
  // An unconditional update is one from whatever is there now.
  object.metadata.resourceVersion = shownRevision(attempt);
  const errors = definition.strategy.validateUpdate(object, old, strategyContext);
  assertValidUpdate({ resource, object, old, errors });
  await admit(api, attempt, { ...admission, phase: 'validate' });
  warnOf(resource, context, { object, old });
  // Its answer is the object as this update leaves it: without the finalizer that held it.
  if (isReleased(resource, object)) return { object: undefined, last: object, isFinal: step.isConditional };
  return { object, isFinal: step.isConditional };
}

/** Whether nothing holds back the deletion of a terminating object any more. */
export function isReleased(resource: Resource, object: KubeObject): boolean {
  if (object.metadata.deletionTimestamp === undefined) return false;
  if ((object.metadata.finalizers ?? []).length > 0) return false;
  return !isNamespace(resource.definition) || namespaceFinalizers(object).length === 0;
}

/** spec.finalizers of a namespace: the second list that holds back its deletion. */
export function namespaceFinalizers(namespace: KubeObject): unknown[] {
  const spec = namespace['spec'] as { finalizers?: unknown[] } | undefined;
  return spec?.finalizers ?? [];
}
