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
  /** How many kinds the others bring. */
  readonly count: number;
  /** Who brings a resource, by {@link nameText}. */
  readonly holders: ReadonlyMap<string, string>;
  /** Who has taken a name for resources, plural or other, and for kinds, lists included. */
  readonly resources: ReadonlyMap<string, string>;
  readonly kinds: ReadonlyMap<string, string>;
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
  const taken = new NameTable();
  for (const other of beside ?? []) {
    for (const resource of boundResourcesOf(other)) {
      const definition = api.registry.remembered(resource);
      if (definition !== undefined) taken.add(other.metadata.name ?? '', definition);
    }
  }
  const there = beside === undefined ? await bindingsIn(api, cluster) : [];
  for (const { key, row } of there) {
    if (key.name === binding || key.name === leaving) continue;
    const { resources } = readBoundResources(row);
    const pause = api.registry.pauseBetween(resources.length);
    for (const resource of resources) {
      await pause();
      const definition = api.registry.bound(resource, { isLeaving: false });
      if (definition !== undefined) taken.add(key.name, definition);
    }
  }
  const { count, holders, resources, kinds } = taken;
  return { cluster, binding, count, holders, resources, kinds };
}

/** Names of kinds by who has them: the first one, of several. */
class NameTable {
  readonly holders = new Map<string, string>();
  readonly resources = new Map<string, string>();
  readonly kinds = new Map<string, string>();
  count = 0;

  add(holder: string, { group, names }: Definition): void {
    const put = (table: Map<string, string>, name: string) => {
      const text = nameText(group, name);
      if (!table.has(text)) table.set(text, holder);
    };
    this.count += 1;
    put(this.holders, names.plural);
    for (const name of [names.plural, names.singular, ...names.shortNames]) put(this.resources, name);
    for (const name of [names.kind, names.listKind]) put(this.kinds, name);
  }
}

function nameText(group: string, name: string): string {
  return `${name}.${group}`;
}

/** The APIBindings of a logical cluster: a dozen, nearly always, and never more than `limits.apiBindingsMax`. */
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
  const binding = taken.holders.get(nameText(group, resource));
  if (binding !== undefined) return { binding, isCrd: false };
  if (reads.read(crdKey(taken.cluster, group, resource)) === undefined) return undefined;
  // One that is not accepted holds nothing: it may be a binding that it waits for.
  const isServed = api.registry.findCustom(taken.cluster, group, resource) !== undefined;
  return isServed ? { binding: '', isCrd: true } : undefined;
}

/** What is wrong with the names of a kind beside those that are there; undefined when nothing is. */
export function nameConflict(taken: TakenNames, wanted: Definition): string | undefined {
  const own = clashOf(ownNames(), wanted);
  if (own !== undefined) return `naming conflict with an API of the server, ${own.details}`;
  const other = clashOf(taken, wanted);
  if (other === undefined) return undefined;
  return `naming conflict with APIBinding ${goQuote(other.holder)}, ${other.details}`;
}

let own: NameTable | undefined;

/** The names of what every logical cluster has, which never change. */
function ownNames(): NameTable {
  if (own !== undefined) return own;
  own = new NameTable();
  for (const definition of [...builtinDefinitions, ...systemDefinitions()]) own.add('', definition);
  return own;
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

/** The first name that is taken, in the words of kcp. */
function clashOf(
  taken: Pick<TakenNames, 'resources' | 'kinds'>,
  { group, names }: Definition,
): { readonly holder: string; readonly details: string } | undefined {
  const { plural, singular, shortNames, kind, listKind } = names;
  const asked: readonly (readonly [ReadonlyMap<string, string>, string, string])[] = [
    [taken.resources, plural, `spec.names.plural=${plural}`],
    [taken.resources, singular, `spec.names.singular=${singular}`],
    ...shortNames.map(
      (name) => [taken.resources, name, `spec.names.shortNames=[${shortNames.join(' ')}]`] as const,
    ),
    [taken.kinds, kind, `spec.names.kind=${kind}`],
    [taken.kinds, listKind, `spec.names.listKind=${listKind}`],
  ];
  for (const [table, name, shown] of asked) {
    const holder = table.get(nameText(group, name));
    if (holder !== undefined) return { holder, details: `${shown} is forbidden` };
  }
  return undefined;
}
