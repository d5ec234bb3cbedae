import { createHash } from 'node:crypto';
import { type Api, CONTROLLERS } from '../api/mod.ts';
import { type LogicalCluster, limits, SYSTEM_ADMIN_CLUSTER } from '../base/mod.ts';
import type { ListedObject, WorkChange, WorkKey } from '../store/mod.ts';
import { completeNamespace } from './namespace-defaults.ts';
import type { Controller, Debt, Result } from './runtime.ts';

// Not a debt of anybody: a row that says which certificates all namespaces show, or will once the debt is settled.
const SHOWN: WorkKey = { controller: 'root-ca-shown', cluster: SYSTEM_ADMIN_CLUSTER, key: '' };
const OWED: WorkKey = { controller: CONTROLLERS.rootCa, cluster: SYSTEM_ADMIN_CLUSTER, key: '' };
const ACTOR = 'system:controller:root-ca';

/**
 * Owes it to all namespaces of all logical clusters to show the certificates of this member, if they show others.
 * To be called at start, before the controllers.
 */
export async function oweRootCa(api: Api): Promise<void> {
  const shown = createHash('sha256').update(api.caBundle).digest();
  const snapshot = api.store.snapshot();
  try {
    const [row] = await snapshot.firstWork(SHOWN.controller, { limit: 1 });
    if (row?.payload.equals(shown) === true) return;
  } finally {
    snapshot.close();
  }
  const work: WorkChange[] = [{ ...SHOWN, payload: shown }, progress(api, undefined)];
  await api.store.commit({ mutations: [], work, actor: ACTOR, originRegion: api.region });
}

/** Rewrites the certificates in all namespaces, some at a time; the debt says how far it has come. */
export function rootCaController(api: Api): Controller {
  return {
    name: CONTROLLERS.rootCa,
    reconcile: (debt, signal) => rollOut(api, debt, signal),
  };
}

async function rollOut(api: Api, debt: Debt, signal: AbortSignal): Promise<Result> {
  const namespaces = await nextNamespaces(api, afterOf(debt));
  const last = namespaces.at(-1);
  if (last === undefined) return 'settled';
  const failed: WorkChange[] = [];
  let next = 0;
  const work = async () => {
    while (next < namespaces.length) {
      signal.throwIfAborted();
      const { cluster, name } = namespaces[next++]!.key;
      await completeNamespace(api, { cluster, namespace: name, signal }).catch(() => {
        // It may be a webhook that refuses: it is tried again by itself, and holds up nobody.
        failed.push(debtOf(api, cluster, name));
      });
    }
  };
  await Promise.all(Array.from({ length: limits.controllerChangesMax }, work));
  signal.throwIfAborted();
  await api.store.commit({
    mutations: [],
    settles: [debt],
    work: [...failed, progress(api, `${last.key.cluster}\0\0${last.key.name}`)],
    actor: ACTOR,
    originRegion: api.region,
  });
  // The next part comes as a debt of its own.
  return 'waiting';
}

async function nextNamespaces(api: Api, after: string | undefined): Promise<readonly ListedObject[]> {
  const snapshot = api.store.snapshot();
  try {
    for await (const batch of snapshot.listWildcard('', 'namespaces', after))
      if (batch.length > 0) return batch;
    return [];
  } finally {
    snapshot.close();
  }
}

function debtOf(api: Api, cluster: LogicalCluster, namespace: string): WorkChange {
  const { namespaceDefaults: controller } = CONTROLLERS;
  return { controller, cluster, key: namespace, payload: api.random.bytes(8) };
}

// A payload is never the same twice, so that a debt that is caused again is not taken for the old one.
const NONCE_BYTES = 8;

function progress(api: Api, after: string | undefined): WorkChange {
  const payload = Buffer.concat([api.random.bytes(NONCE_BYTES), Buffer.from(after ?? '')]);
  return { ...OWED, payload };
}

function afterOf({ payload }: Debt): string | undefined {
  return payload.length === NONCE_BYTES ? undefined : payload.toString('utf8', NONCE_BYTES);
}
