import { hash } from 'node:crypto';
import type { Api, Reads } from '../../api/mod.ts';
import { BoundedCache, type LogicalCluster } from '../../base/mod.ts';
import { collectionOf } from '../../definitions/mod.ts';
import { type KubeObject, objectAt, textAt } from '../../machinery/mod.ts';
import { BLANK_TIME, BLANK_UID, type DefaultObject, type ObjectKey, type Row } from '../../store/mod.ts';
import { API_BINDINGS, apisDefinition } from '../kcp-objects.ts';
import { bindingFor } from './binding-for.ts';
import type { ExportReference } from './export-of-binding.ts';

/** Bindings that logical clusters have by default and that are the same in all of them, but for uid and times. */
export interface DerivedBindings {
  /** Tells them from those of other exports, and of the same ones before they changed. */
  readonly key: string;
  readonly objects: readonly DefaultObject[];
  /** The objects themselves. */
  readonly bindings: readonly KubeObject[];
}

interface Known {
  /** What was found where: as long as it is the same, so is what was made of it. */
  readonly seen: readonly { readonly key: ObjectKey; readonly revision: number }[];
  readonly made: DerivedBindings | undefined;
}

// The lists of exports that types of workspaces bind of root's: nearly always one.
const KNOWN_MAX = 16;
const known = new WeakMap<Api, BoundedCache<string, Known>>();
/** Stands for whichever logical cluster has them. */
const ANY = '' as LogicalCluster;
const BLANK = { uid: BLANK_UID, now: BLANK_TIME };

/**
 * The bindings of some exports as objects that a logical cluster derives from its creation, already bound. Undefined as
 * long as one of them cannot be bound by that alone. The commit relies on what they were made of, by `reads`.
 */
export async function derivedBindings(
  api: Api,
  reads: Pick<Reads, 'read'>,
  exports: readonly ExportReference[],
): Promise<DerivedBindings | undefined> {
  const lists = known.get(api) ?? new BoundedCache<string, Known>(KNOWN_MAX);
  known.set(api, lists);
  const text = exports.map(({ path, name }) => `${path}:${name}`).join();
  const last = lists.get(text);
  if (last?.seen.every(({ key, revision }) => (reads.read(key)?.revision ?? 0) === revision))
    return last.made;
  const seen: { key: ObjectKey; revision: number }[] = [];
  const rows: string[] = [];
  const noted = {
    read(key: ObjectKey): Row | undefined {
      // In a new logical cluster there is nothing.
      if (key.cluster === ANY) return undefined;
      const row = reads.read(key);
      seen.push({ key, revision: row?.revision ?? 0 });
      rows.push(`${row?.uid}:${row?.revision}`);
      return row;
    },
  };
  const bindings = await makeBindings(api, noted, exports);
  const made = bindings && { ...bindings, key: hash('sha256', rows.join()) };
  lists.set(text, { seen, made });
  return made;
}

async function makeBindings(
  api: Api,
  reads: Pick<Reads, 'read'>,
  exports: readonly ExportReference[],
): Promise<Omit<DerivedBindings, 'key'> | undefined> {
  const bindings: KubeObject[] = [];
  const objects: DefaultObject[] = [];
  const collection = collectionOf(ANY, apisDefinition(API_BINDINGS));
  for (const reference of exports) {
    const { binding, companions } = await bindingFor(api, reads, {
      cluster: ANY,
      reference,
      beside: bindings,
      born: BLANK,
    });
    const isBound = textAt(objectAt(binding, 'status'), 'phase') === 'Bound';
    const [own, ...others] = companions.toReversed();
    // Schemas that are to be kept first, or claims that objects are marked by, need a commit of their own. What is
    // owed to whoever gets a consumer is done: root itself is one.
    const isClaimed = objectAt(binding, 'spec')?.['permissionClaims'] !== undefined;
    if (!isBound || own?.mutation.row === undefined || isClaimed || others.length > 0) return undefined;
    const { cluster: _, ...kind } = collection;
    objects.push({
      key: { ...kind, namespace: '', name: binding.metadata.name ?? '' },
      row: own.mutation.row,
    });
    bindings.push(binding);
  }
  return { objects, bindings };
}
