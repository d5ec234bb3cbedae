import { collectionOf, type Definition, readCustomResource } from '../definitions/mod.ts';
import type { KubeObject } from '../machinery/mod.ts';
import {
  type CollectionKey,
  type ObjectKey,
  type Row,
  type WorkChange,
  withRemembered,
} from '../store/mod.ts';
import type { Api } from './api.ts';
import { withDocument } from './convergent/document-write.ts';
import type { Companion, Companions, KindChange, KindHooks, KindWork } from './kind-hooks.ts';
import { SYSTEM_BYTES_MAX } from './object-room.ts';
import { encodeRow } from './row-codec.ts';
import { workAfterDelete, workAfterPut } from './work.ts';
import type { Attempt } from './write.ts';

/**
 * An object that is stored by the commit of another one. It is stored as it is handed over: its writer has seen to
 * uid, times, status, managed fields and everything that is checked of what others send.
 */
export function companionPut(
  api: Api,
  change: {
    readonly definition: Definition;
    readonly key: ObjectKey;
    /** In the storage version. */
    readonly object: KubeObject;
    readonly old?: KubeObject | undefined;
    readonly oldRow?: Row | undefined;
    /** See `Companions.remembered`. */
    readonly remembered?: string | undefined;
  },
): Companion {
  const { definition, key, object, old, oldRow, remembered } = change;
  const schema = definition.versions.find(({ name }) => name === definition.storageVersion);
  // What every read would add, so that its bytes can be copied.
  if (definition.origin === 'crd' && schema !== undefined) readCustomResource(object, schema);
  const encoded = encodeRow(definition, definition.storageVersion, object, SYSTEM_BYTES_MAX);
  const settled = withRemembered(encoded, remembered, oldRow);
  const row = withDocument(api, { definition, key, row: settled, oldRow }).row ?? settled;
  const work = [
    ...workAfterPut(api, { definition, key, object, old, isCounted: false }),
    ...hookedWork(api, { operation: old === undefined ? 'create' : 'update', definition, key, object, old }),
  ];
  return { mutation: { key, expected: oldRow?.revision ?? 0, row }, work };
}

/** An object that goes with the commit of another one. Rejects nothing: whether it may go is its writer's to know. */
export async function companionDelete(
  api: Api,
  change: {
    readonly definition: Definition;
    readonly key: ObjectKey;
    readonly old: KubeObject;
    readonly oldRow: Row;
    /** All of its logical cluster goes, too, whatever it owns included: nobody has to collect that. */
    readonly isAroundGoing?: boolean;
  },
): Promise<Companion> {
  const { definition, key, old, oldRow, isAroundGoing = false } = change;
  const hasDependents = !isAroundGoing && (await isOwner(api, key, oldRow.uid));
  const work = [
    ...workAfterDelete(api, { key, uid: oldRow.uid, hasDependents }),
    ...hookedWork(api, { operation: 'delete', definition, key, object: old, old }),
  ];
  return { mutation: { key, expected: oldRow.revision }, work };
}

/** Whether other objects of the logical cluster name this one as their owner. */
export async function isOwner(api: Api, key: ObjectKey, uid: string): Promise<boolean> {
  const snapshot = api.store.snapshot();
  try {
    return await snapshot.hasDependents(key.cluster, uid);
  } finally {
    snapshot.close();
  }
}

/** The hooks of the kind of a collection: none for one that only has the name of a kind of root's. */
export function hooksOf(api: Api, kind: Omit<CollectionKey, 'cluster'>): readonly KindHooks[] {
  const hooks = api.hooks.of(kind.group, kind.resource);
  return hooks.length > 0 && api.registry.isForeign(kind) ? [] : hooks;
}

/** Asks all hooks of a kind what belongs to a change; undefined when there is nothing. */
export async function companionsOf(
  api: Api,
  attempt: Attempt,
  change: KindChange,
): Promise<Companions | undefined> {
  const { definition, key } = change;
  let all: Companions | undefined;
  for (const hooks of hooksOf(api, collectionOf(key.cluster, definition))) {
    const found = await hooks.complete?.(api, attempt, change);
    if (found !== undefined) all = all === undefined ? found : merged(all, found);
  }
  return all;
}

/** The debts that the hooks of a kind see in a change. */
export function hookedWork(api: Api, change: KindWork): WorkChange[] {
  const { definition, key } = change;
  const hooks = hooksOf(api, collectionOf(key.cluster, definition));
  return hooks.flatMap((hooked) => hooked.work?.(api, change) ?? []);
}

function merged(a: Companions, b: Companions): Companions {
  const defaults = a.defaults ?? b.defaults;
  const remembered = a.remembered ?? b.remembered;
  const befores = [a.before, b.before].filter((before) => before !== undefined);
  const afters = [a.after, b.after].filter((after) => after !== undefined);
  return {
    companions: [...(a.companions ?? []), ...(b.companions ?? [])],
    preconditions: [...(a.preconditions ?? []), ...(b.preconditions ?? [])],
    settled: [...(a.settled ?? []), ...(b.settled ?? [])],
    ...(defaults === undefined ? {} : { defaults }),
    ...(remembered === undefined ? {} : { remembered }),
    work: [...(a.work ?? []), ...(b.work ?? [])],
    ...(befores.length === 0 ? {} : { before: async () => (await inTurn(befores)).flat() }),
    ...(afters.length === 0 ? {} : { after: async () => void (await inTurn(afters)) }),
    assertCurrent: () => {
      a.assertCurrent?.();
      b.assertCurrent?.();
    },
  };
}

async function inTurn<Result>(steps: readonly (() => Promise<Result>)[]): Promise<Result[]> {
  const results: Result[] = [];
  for (const step of steps) results.push(await step());
  return results;
}
