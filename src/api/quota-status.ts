import { SYSTEM_USER } from '../access/mod.ts';
import { deepCopy, type JsonObject, type KubeObject, newNotFound } from '../machinery/mod.ts';
import type { ObjectKey } from '../store/mod.ts';
import type { Api, RequestContext } from './api.ts';
import { groupResource, objectKey } from './target.ts';
import { prepareUpdate } from './update.ts';
import { type QuotaCount, write } from './write.ts';

const MANAGER = 'kube-controller-manager';

/**
 * Writes the status of a quota as its controller has counted it. `statusOf` is asked for it with the newest
 * quota, as often as it takes: the count must still be true when the commit gets its place in the log.
 *
 * Throws 404 when the quota is gone, 409 when there were too many races.
 */
export async function writeQuotaStatus(
  api: Api,
  request: {
    readonly key: ObjectKey;
    readonly uid: string;
    readonly signal: AbortSignal;
    statusOf(quota: KubeObject): { readonly status: JsonObject; readonly count: QuotaCount };
  },
): Promise<void> {
  const { key, uid, signal } = request;
  const target = await api.access.authorize({
    user: SYSTEM_USER,
    cluster: key.cluster,
    verb: 'update',
    group: key.group,
    version: 'v1',
    resource: key.resource,
    subresource: 'status',
    namespace: key.namespace,
    name: key.name,
  });
  const options = { isDryRun: false, fieldManager: MANAGER, fieldValidation: 'Ignore' } as const;
  const context: RequestContext = { signal, userAgent: MANAGER, warn: () => {} };
  await write(api, {
    target,
    options,
    context,
    keyOf: objectKey,
    attempt: async (attempt) => {
      const old = attempt.current;
      if (old?.metadata.uid !== uid) throw newNotFound(groupResource(attempt.resource), key.name);
      const object = deepCopy(old);
      const { status, count } = request.statusOf(object);
      object['status'] = status;
      const wish = await prepareUpdate(api, {
        attempt,
        old,
        object,
        isConditional: false,
        options,
        context,
      });
      return { ...wish, count };
    },
  });
}
