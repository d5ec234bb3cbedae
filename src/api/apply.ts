import type { Authorized } from '../access/mod.ts';
import {
  applyDefaults,
  formatTime,
  type KubeObject,
  newConflict,
  newNotFound,
  newUnconvertible,
} from '../machinery/mod.ts';
import type { Api, RequestContext } from './api.ts';
import { applierOf, assertConfiguration, enforceUniqueKeys, parseConfiguration } from './configuration.ts';
import { prepareCreate } from './create.ts';
import { type Body, decodeValue } from './decode.ts';
import { assertName, settleNamespace } from './metadata.ts';
import { applyConfiguration } from './ownership.ts';
import type { Query } from './query.ts';
import { groupResource, objectKey, type Resource, resolve, type Target } from './target.ts';
import { checkResourceVersion, prepareUpdate } from './update.ts';
import { type Attempt, type Wish, type Written, write } from './write.ts';
import type { WriteOptions } from './write-options.ts';

export const APPLY_PATCH = 'application/apply-patch+yaml';

interface ApplyRequest {
  readonly target: Authorized<Target>;
  readonly options: WriteOptions;
  readonly context: RequestContext;
  readonly body: Body;
}

/**
 * PATCH with a configuration (server-side apply): the fields that its manager wants, all of them and no
 * others. Creates what is not there, but for subresources. Throws 409 with every field that another
 * manager owns and wants different, unless `force` is set.
 */
export async function apply(api: Api, request: ApplyRequest & { readonly query: Query }): Promise<Written> {
  const { target, options, context, body, query } = request;
  const resource = resolve(api, target);
  const manager = applierOf(query);
  const { config, repeatedKeys } = parseConfiguration(body);
  assertConfiguration(resource, config);
  const change = { config, repeatedKeys, manager, isForced: query.flag('force') };
  return write(api, {
    target,
    options,
    context,
    sizeBytes: body.bytes.length,
    keyOf: objectKey,
    attempt: (attempt) => applyOnce(api, attempt, { options, context, ...change }),
  });
}

async function applyOnce(
  api: Api,
  attempt: Attempt,
  step: {
    readonly options: WriteOptions;
    readonly context: RequestContext;
    readonly config: KubeObject;
    readonly repeatedKeys: readonly string[];
    readonly manager: string;
    readonly isForced: boolean;
  },
): Promise<Wish> {
  const { resource, current: live } = attempt;
  const { options, context, config, manager, isForced } = step;
  const { target } = resource;
  if (live === undefined && target.subresource !== '') {
    throw newNotFound(groupResource(resource), target.name);
  }
  const writer = { manager, now: formatTime(api.store.nowMs()) };
  const object = await applyConfiguration(api, resource, {
    live,
    config,
    writer,
    isForced,
    pause: attempt.pause,
  });
  await attempt.pause();
  enforceUniqueKeys(step.repeatedKeys, step);
  if (live === undefined) assertNoUid(resource, object);
  settleNamespace(resource, object);
  assertName(resource, object);
  complete(resource, object, config);
  if (live === undefined) {
    delete object.metadata.resourceVersion;
    const name = object.metadata.name ?? '';
    const wish = await prepareCreate(api, { attempt, object, name, options, context, isOwned: true });
    return { ...wish, isFinal: false };
  }
  const given = config.metadata.resourceVersion;
  if (given === undefined) delete object.metadata.resourceVersion;
  const isConditional = given !== undefined && checkResourceVersion(attempt, object);
  return prepareUpdate(api, { attempt, old: live, object, isConditional, options, context, isOwned: true });
}

/** What the configuration does not say but the kind wants: defaults, and the canonical form of built-in kinds. */
function complete(resource: Resource, object: KubeObject, config: KubeObject): void {
  if (resource.definition.origin === 'builtin') {
    decodeValue(resource, object, {
      form: 'tree',
      refuse: (reason) => newUnconvertible(config, reason),
    });
  } else applyDefaults(object, resource.version.schema);
}

/** A uid means an object that was there: it is gone, and is not made again under another uid. */
function assertNoUid(resource: Resource, object: KubeObject): void {
  const { uid } = object.metadata;
  if (!uid) return;
  throw newConflict(
    groupResource(resource),
    resource.target.name,
    `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
  );
}
