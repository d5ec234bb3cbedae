import type { Api } from '../api/mod.ts';
import { type LogicalCluster, limits } from '../base/mod.ts';
import { heirReference, typeReference } from '../definitions/mod.ts';
import { StatusError } from '../machinery/mod.ts';
import type { ListedObject, ObjectKey } from '../store/mod.ts';
import {
  maintainedExports,
  referenceText,
  TENANCY_GROUP,
  TYPE_HEIRS,
  TypeProblem,
  typeOfRow,
  typesOf,
  WAITING_FOR_BINDINGS,
  WORKSPACE_TYPES,
} from '../workspaces/mod.ts';
import { canonicalPath } from './canonical-path.ts';
import { settleDefaultBindings } from './default-bindings.ts';
import { changeAll, referring } from './objects.ts';
import type { Controller } from './runtime.ts';

const ATTEMPTS_MAX = 4;

/**
 * Has the workspaces of a type that has changed, and of all that extend it, follow: those that wait for bindings, and,
 * where a type maintains them, all. They are found by what they refer to, in pages, and a few are written at once. After a
 * crash it begins anew, and passes over those that are up to date.
 */
export function typeHeirsController(api: Api): Controller {
  return {
    name: TYPE_HEIRS,
    async reconcile({ key: { cluster, key } }, signal) {
      const types = await heirsOf(api, cluster, key);
      const settle = ({ key: place }: ListedObject) => settleOne(api, place.cluster, signal);
      await changeAll(waiting(api, types), signal, settle);
      for (const type of types) {
        if (isMaintained(api, type)) await changeAll(referring(api, typeReference(type)), signal, settle);
      }
      return 'settled';
    },
  };
}

/**
 * The binding that it makes owes a look of its own, which may be quicker to say how far things are: that is no reason to
 * begin with all of them anew.
 */
async function settleOne(api: Api, cluster: LogicalCluster, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await settleDefaultBindings(api, cluster, signal);
    } catch (error) {
      const isRace = error instanceof StatusError && error.reason === 'Conflict';
      if (!isRace || attempt === ATTEMPTS_MAX) throw error;
      await api.store.settled();
    }
  }
}

/** A type and whatever extends it, by all names that they are referred to by. */
async function heirsOf(api: Api, cluster: LogicalCluster, name: string): Promise<ReadonlySet<string>> {
  const found = new Set(namesOf(api, cluster, name));
  // What is added on the way is visited too.
  for (const type of found) {
    for await (const batch of referring(api, heirReference(type))) {
      for (const { key } of batch) {
        if (key.group !== TENANCY_GROUP || key.resource !== WORKSPACE_TYPES) continue;
        if (found.size >= limits.workspaceTypeHeirsMax) return found;
        for (const text of namesOf(api, key.cluster, key.name)) found.add(text);
      }
    }
  }
  return found;
}

function namesOf(api: Api, cluster: LogicalCluster, name: string): readonly string[] {
  const path = canonicalPath(api, cluster);
  const paths = path === '' ? [cluster] : [cluster, path];
  return paths.map((place) => referenceText({ path: place, name }));
}

async function* waiting(api: Api, types: ReadonlySet<string>): AsyncGenerator<readonly ListedObject[]> {
  for await (const batch of referring(api, WAITING_FOR_BINDINGS)) {
    yield batch.filter(({ row }) => {
      const type = typeOfRow(row);
      return type !== undefined && types.has(referenceText(type));
    });
  }
}

/** Whether a type, or one that it extends, has existing workspaces follow. */
function isMaintained(api: Api, text: string): boolean {
  const colon = text.lastIndexOf(':');
  const reference = { path: text.slice(0, colon), name: text.slice(colon + 1) };
  const types = typesOf(api);
  const read = (key: ObjectKey) => api.store.get(key);
  try {
    const type = types.find(reference, read);
    return type !== undefined && maintainedExports(types.lineage(type, read)).length > 0;
  } catch (error) {
    if (error instanceof TypeProblem) return false;
    throw error;
  }
}
