import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
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

// Owners that are looked for in a namespace in one go: some microseconds each.
const LOOKUPS_PER_TURN = 100;

/**
 * Those of some owners of one dependent that live in a namespace where they cannot own it. Upstream knows all uids;
 * here the namespaces of the logical cluster are gone through for namesakes, as far as their number allows.
 */
export async function misplacedOwners(
  api: Api,
  missing: readonly Misplaced[],
  signal: AbortSignal,
): Promise<readonly Misplaced[]> {
  const [first] = missing;
  if (first === undefined) return [];
  const { cluster } = first.key;
  const found = new Set<Misplaced>();
  const snapshot = api.store.snapshot();
  let seen = 0;
  let lookups = 0;
  try {
    for await (const batch of snapshot.list({ collection: collectionOf(cluster, NAMESPACES) })) {
      for (const { key: namespace } of batch) {
        for (const misplaced of missing) {
          if (found.has(misplaced)) continue;
          const { owner, ownerKind } = misplaced;
          const owners = collectionOf(cluster, ownerKind);
          const row = snapshot.get({ ...owners, namespace: namespace.name, name: owner.name });
          if (row?.uid === owner.uid) found.add(misplaced);
          lookups += 1;
          if (lookups % LOOKUPS_PER_TURN !== 0) continue;
          await nextTurn();
          signal.throwIfAborted();
        }
        seen += 1;
        if (seen >= limits.ownerNamespacesMax || found.size === missing.length) return [...found];
      }
    }
  } finally {
    snapshot.close();
  }
  return [...found];
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
