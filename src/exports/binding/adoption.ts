import { type Api, type Companions, companionPut, decodeStored, type Reads } from '../../api/mod.ts';
import {
  type BoundResource,
  boundResourcesOf,
  identityOfBinding,
  readBoundResources,
} from '../../definitions/mod.ts';
import { deepCopy, type KubeObject } from '../../machinery/mod.ts';
import type { ListedObject, ObjectKey, Row } from '../../store/mod.ts';
import { API_BINDINGS, apisDefinition } from '../kcp-objects.ts';
import { bindingsIn } from './name-conflicts.ts';
import { reconcileBinding } from './reconcile-binding.ts';

/** What of a binding that goes another one takes over. */
export interface Adoption {
  /** `resource.group` of each kind whose objects stay. */
  readonly resources: ReadonlySet<string>;
  /** The bindings that take over, as they are then. */
  readonly companions: Companions | undefined;
}

const NOTHING: Adoption = { resources: new Set(), companions: undefined };

/**
 * Who takes over when a binding goes: another one of the logical cluster that waits for its names, and whose export has
 * the same schema (by uid) and identity. Its objects stay where they are then.
 */
export async function adoptionBy(
  api: Api,
  reads: Pick<Reads, 'read'>,
  leaving: { readonly key: ObjectKey; readonly row: Row },
): Promise<Adoption> {
  const { cluster, name } = leaving.key;
  const wanted = readBoundResources(leaving.row).resources;
  if (wanted.length === 0) return NOTHING;
  const adopted = new Set<string>();
  let companions: Companions | undefined;
  for (const candidate of await bindingsIn(api, cluster)) {
    if (candidate.key.name === name || readBoundResources(candidate.row).isLeaving) continue;
    const next = await successor(api, reads, { candidate, leaving: name, wanted });
    if (next === undefined) continue;
    for (const { resource, group } of next.taken) adopted.add(`${resource}.${group}`);
    companions = next.companions;
    // Another one may follow this one: one at a time keeps every commit simple.
    break;
  }
  return { resources: adopted, companions };
}

async function successor(
  api: Api,
  reads: Pick<Reads, 'read'>,
  step: {
    readonly candidate: ListedObject;
    readonly leaving: string;
    readonly wanted: readonly BoundResource[];
  },
): Promise<{ readonly taken: readonly BoundResource[]; readonly companions: Companions } | undefined> {
  const { key } = step.candidate;
  const definition = apisDefinition(API_BINDINGS);
  const row = reads.read(key);
  if (row === undefined) return undefined;
  const old: KubeObject = decodeStored(definition, definition.storageVersion, row);
  const binding = deepCopy(old);
  const found = await reconcileBinding(api, reads, {
    cluster: key.cluster,
    binding,
    identity: identityOfBinding(row),
    leaving: step.leaving,
  });
  const taken = step.wanted.filter((one) => boundResourcesOf(binding).some((other) => isSame(one, other)));
  const before = boundResourcesOf(old);
  if (!taken.some((one) => !before.some((other) => isSame(one, other)))) return undefined;
  const put = companionPut(api, {
    definition,
    key,
    object: binding,
    old,
    oldRow: row,
    remembered: found.remembered,
  });
  return { taken, companions: { ...found, companions: [...(found.companions ?? []), put] } };
}

function isSame(a: BoundResource, b: BoundResource): boolean {
  return (
    a.group === b.group &&
    a.resource === b.resource &&
    a.identity === b.identity &&
    a.schemaUid === b.schemaUid
  );
}
