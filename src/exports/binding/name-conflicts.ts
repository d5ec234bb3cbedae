import type { Api, Reads } from '../../api/mod.ts';
import type { LogicalCluster } from '../../base/mod.ts';
import {
  boundAlias,
  boundResourcesOf,
  builtinDefinition,
  builtinDefinitions,
  CRD_GROUP,
  CRD_RESOURCE,
  collectionOf,
  type Definition,
  type Names,
  readBoundResources,
  systemDefinitions,
} from '../../definitions/mod.ts';
import { goQuote, type KubeObject } from '../../machinery/mod.ts';
import { ExpectationFailed, type ListedObject, type ObjectKey } from '../../store/mod.ts';
import { API_BINDINGS, apisDefinition } from '../kcp-objects.ts';

/** Who has a name already. */
export interface NameHolder {
  /** The name of an APIBinding; empty for a CRD. */
  readonly binding: string;
  readonly isCrd: boolean;
}

/** The kinds that a logical cluster has besides those of one binding: what a binding may run into. */
export interface TakenNames {
  readonly cluster: LogicalCluster;
  /** The name of the binding that asks. */
  readonly binding: string;
  readonly others: readonly { readonly holder: string; readonly definition: Definition }[];
}

const CRDS = builtinDefinition(CRD_GROUP, CRD_RESOURCE)!;

/** Reads which kinds the other bindings of a logical cluster bring, but for one that is on its way out. */
export async function takenNames(
  api: Api,
  options: {
    readonly cluster: LogicalCluster;
    readonly binding: string;
    readonly leaving?: string | undefined;
    /** Bindings that the same commit makes: that of the logical cluster, which has no others then. */
    readonly beside?: readonly KubeObject[];
  },
): Promise<TakenNames> {
  const { cluster, binding, leaving, beside } = options;
  const others: { readonly holder: string; readonly definition: Definition }[] = [];
  for (const other of beside ?? []) {
    for (const resource of boundResourcesOf(other)) {
      const definition = api.registry.remembered(resource);
      if (definition !== undefined) others.push({ holder: other.metadata.name ?? '', definition });
    }
  }
  const there = beside === undefined ? await bindingsIn(api, cluster) : [];
  for (const { key, row } of there) {
    if (key.name === binding || key.name === leaving) continue;
    for (const resource of readBoundResources(row).resources) {
      const definition = api.registry.bound(resource, { isLeaving: false });
      if (definition !== undefined) others.push({ holder: key.name, definition });
    }
  }
  return { cluster, binding, others };
}

/** The APIBindings of a logical cluster: a few dozen at most, nearly always. */
export async function bindingsIn(api: Api, cluster: LogicalCluster): Promise<readonly ListedObject[]> {
  const found: ListedObject[] = [];
  const snapshot = api.store.snapshot();
  try {
    const collection = collectionOf(cluster, apisDefinition(API_BINDINGS));
    for await (const batch of snapshot.list({ collection })) found.push(...batch);
  } finally {
    snapshot.close();
  }
  return found;
}

/** Who serves that very resource already. The commit relies on a CRD of that name, or none. */
export function holderOf(
  api: Api,
  reads: Pick<Reads, 'read'>,
  taken: TakenNames,
  { group, resource }: { readonly group: string; readonly resource: string },
): NameHolder | undefined {
  const isSame = ({ group: other, names }: Definition) => other === group && names.plural === resource;
  const other = taken.others.find(({ definition }) => isSame(definition));
  if (other !== undefined) return { binding: other.holder, isCrd: false };
  if (reads.read(crdKey(taken.cluster, group, resource)) === undefined) return undefined;
  // One that is not accepted holds nothing: it may be a binding that it waits for.
  const isServed = api.registry.findCustom(taken.cluster, group, resource) !== undefined;
  return isServed ? { binding: '', isCrd: true } : undefined;
}

/** What is wrong with the names of a kind beside those that are there; undefined when nothing is. */
export function nameConflict(taken: TakenNames, wanted: Definition): string | undefined {
  for (const own of [...builtinDefinitions, ...systemDefinitions()]) {
    const details = clashOf(own, wanted);
    if (details !== undefined) return `naming conflict with an API of the server, ${details}`;
  }
  for (const { holder, definition } of taken.others) {
    const details = clashOf(definition, wanted);
    if (details !== undefined) return `naming conflict with APIBinding ${goQuote(holder)}, ${details}`;
  }
  return undefined;
}

/** Throws when somebody else has taken one of the names that are to be taken now. */
export function assertNamesFree(
  api: Api,
  own: ObjectKey,
  options: {
    readonly names: readonly { readonly group: string; readonly resource: string }[];
    readonly leaving?: string | undefined;
  },
): void {
  for (const { group, resource } of options.names) {
    const holder = api.store.aliased(own.cluster, boundAlias(group, resource));
    if (holder === undefined || holder.name === own.name || holder.name === options.leaving) continue;
    throw new ExpectationFailed({ key: holder, current: 0, isPrecondition: true });
  }
}

function crdKey(cluster: LogicalCluster, group: string, resource: string): ObjectKey {
  const name = `${resource}.${group === '' ? 'core' : group}`;
  return { ...collectionOf(cluster, CRDS), namespace: '', name };
}

/** In the words of kcp. */
function clashOf(existing: Definition, wanted: Definition): string | undefined {
  if (existing.group !== wanted.group) return undefined;
  const resources = new Set(resourceNames(existing.names));
  const { plural, singular, shortNames, kind, listKind } = wanted.names;
  if (resources.has(plural)) return `spec.names.plural=${plural} is forbidden`;
  if (resources.has(singular)) return `spec.names.singular=${singular} is forbidden`;
  if (shortNames.some((name) => resources.has(name)))
    return `spec.names.shortNames=[${shortNames.join(' ')}] is forbidden`;
  const kinds = new Set([existing.names.kind, existing.names.listKind]);
  if (kinds.has(kind)) return `spec.names.kind=${kind} is forbidden`;
  if (kinds.has(listKind)) return `spec.names.listKind=${listKind} is forbidden`;
  return undefined;
}

function resourceNames({ plural, singular, shortNames }: Names): string[] {
  return [plural, singular, ...shortNames];
}
