import { createHash } from 'node:crypto';
import type { Api } from '../api/mod.ts';
import { limits } from '../base/mod.ts';
import { builtinDefinition, collectionOf, type Definition } from '../definitions/mod.ts';
import { formatTime, type KubeObject, type OwnerReference, objectOf, StatusError } from '../machinery/mod.ts';
import type { ObjectKey } from '../store/mod.ts';
import type { ControllerClient } from './client.ts';

const NAMESPACES = builtinDefinition('', 'namespaces')!;
const EVENTS = builtinDefinition('', 'events')!;
const COMPONENT = 'garbage-collector-controller';
const NAME_LENGTH_MAX = 253;
const DIGEST_LENGTH = 16;

/** A dependent whose owner is not where it looks for it. */
export interface Misplaced {
  readonly key: ObjectKey;
  readonly object: KubeObject;
  readonly owner: OwnerReference;
  readonly ownerKind: Definition;
}

/**
 * Whether the owner that a dependent names lives in a namespace where it cannot own it. Upstream knows all uids;
 * here the namespaces of the logical cluster are gone through for a namesake, as far as their number allows.
 */
export async function isOwnerElsewhere(api: Api, { key, owner, ownerKind }: Misplaced): Promise<boolean> {
  const owners = collectionOf(key.cluster, ownerKind);
  const snapshot = api.store.snapshot();
  let seen = 0;
  try {
    for await (const batch of snapshot.list({ collection: collectionOf(key.cluster, NAMESPACES) })) {
      for (const { key: namespace } of batch) {
        const row = snapshot.get({ ...owners, namespace: namespace.name, name: owner.name });
        if (row?.uid === owner.uid) return true;
        seen += 1;
        if (seen >= limits.ownerNamespacesMax) return false;
      }
    }
  } finally {
    snapshot.close();
  }
  return false;
}

/** Tells of it in an event, as upstream words it: the dependent may be gone soon. Once, whatever is repeated. */
export async function reportOwnerElsewhere(
  api: Api,
  client: ControllerClient,
  misplaced: Misplaced,
): Promise<void> {
  const { key } = misplaced;
  const event = eventOf(misplaced, formatTime(api.store.nowMs()));
  const namespace = event.metadata.namespace ?? '';
  const place = { definition: EVENTS, cluster: key.cluster, namespace, name: event.metadata.name ?? '' };
  try {
    await client.create(place, event);
  } catch (error) {
    // A namespace that is going away takes no events, and nothing waits for this one.
    if (!(error instanceof StatusError)) throw error;
  }
}

function eventOf({ key, object, owner }: Misplaced, now: string): KubeObject {
  const uid = object.metadata.uid ?? '';
  const digest = createHash('sha256').update(`${uid}/${owner.uid}`).digest('hex').slice(0, DIGEST_LENGTH);
  const reference = `[${owner.apiVersion}/${owner.kind}, namespace: ${key.namespace}, name: ${owner.name}, uid: ${owner.uid}]`;
  return objectOf({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: objectOf({
      name: `${key.name.slice(0, NAME_LENGTH_MAX - DIGEST_LENGTH - 1)}.${digest}`,
      namespace: key.namespace || 'default',
    }),
    involvedObject: objectOf({
      apiVersion: object['apiVersion'],
      kind: object['kind'],
      name: key.name,
      uid,
      ...(key.namespace === '' ? {} : { namespace: key.namespace }),
    }),
    reason: 'OwnerRefInvalidNamespace',
    message: `ownerRef ${reference} does not exist in namespace "${key.namespace}"`,
    source: objectOf({ component: COMPONENT }),
    reportingComponent: COMPONENT,
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
    type: 'Warning',
  }) as KubeObject;
}
