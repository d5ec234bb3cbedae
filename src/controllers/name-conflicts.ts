import { createHash } from 'node:crypto';
import { type Api, CONTROLLERS, documentKey, readDocumentRow } from '../api/mod.ts';
import { builtinDefinition, ownDefinition } from '../definitions/mod.ts';
import { formatTime, type KubeObject, objectOf, StatusError } from '../machinery/mod.ts';
import type { ObjectKey } from '../store/mod.ts';
import { ControllerClient } from './client.ts';
import type { Controller } from './runtime.ts';

const COMPONENT = 'antipode-convergence';
const EVENTS = builtinDefinition('', 'events')!;
const DIGEST_LENGTH = 16;
const NAME_LENGTH_MAX = 253;

/**
 * Tells in an event that regions have given the same name to several objects before they knew of each other: of each that is
 * not served, once, by the region that is home of their logical cluster.
 */
export function nameConflictController(api: Api): Controller {
  return {
    name: CONTROLLERS.nameConflict,
    async reconcile({ key: { cluster, key: uid } }, signal) {
      await api.store.settled();
      const row = api.store.get(documentKey(uid));
      const record = row && readDocumentRow(row);
      if (record?.state !== 'loser' || api.convergence?.isHome(cluster) !== true) return 'settled';
      const event = eventOf(api, record.key, uid);
      const { namespace = '', name = '' } = event.metadata;
      const client = new ControllerClient(api, { name: COMPONENT, signal });
      try {
        await client.create({ definition: EVENTS, cluster, namespace, name }, event);
      } catch (error) {
        // A namespace that is going away takes no events; the condition of the other object says it, too.
        if (!(error instanceof StatusError) || error.code >= 500) throw error;
      }
      return 'settled';
    },
  };
}

function eventOf(api: Api, key: ObjectKey, uid: string): KubeObject {
  const definition = api.registry.findStored(key) ?? ownDefinition(key.group, key.resource);
  const now = formatTime(api.store.nowMs());
  const digest = createHash('sha256').update(uid).digest('hex').slice(0, DIGEST_LENGTH);
  const holder = api.store.get(key)?.uid;
  const served = holder === undefined ? 'another object' : `the object with uid ${holder}`;
  return objectOf({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: objectOf({
      name: `${key.name.slice(0, NAME_LENGTH_MAX - DIGEST_LENGTH - 1)}.${digest}`,
      namespace: key.namespace || 'default',
    }),
    involvedObject: objectOf({
      apiVersion: definition === undefined ? key.group : `${key.group}/${definition.storageVersion}`,
      kind: definition?.names.kind ?? key.resource,
      name: key.name,
      uid,
      ...(key.namespace === '' ? {} : { namespace: key.namespace }),
    }),
    reason: 'Conflict',
    message: `the name was given in several regions: ${served} was created first and is served, this one is kept and not served`,
    source: objectOf({ component: COMPONENT }),
    reportingComponent: COMPONENT,
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
    type: 'Warning',
  }) as KubeObject;
}
