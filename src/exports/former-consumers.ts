import type { Api } from '../api/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import { exportReference, identityOfBinding, isBindingKind } from '../definitions/mod.ts';
import { type ObjectKey, type ObjectStore, REMEMBERED_FIELD, type Row } from '../store/mod.ts';

/** What is remembered of an export that took the name of one that had been bound. */
const SUCCESSOR = 'successor';

/** An export, and the identity that it has now. */
interface Successor {
  readonly cluster: LogicalCluster;
  readonly name: string;
  readonly identity: string;
}

/** Bindings by their logical clusters. */
export type FormerConsumers = ReadonlyMap<LogicalCluster, readonly ObjectKey[]>;

/**
 * What a new export has to remember: whether somebody has bound one of its name before, so that nobody has to look for
 * them where nobody has.
 */
export async function formerLife(
  api: Api,
  place: { readonly cluster: LogicalCluster; readonly name: string },
): Promise<string | undefined> {
  // Who was bound a moment ago may be on the way to the disk.
  await api.store.settled();
  for await (const { row } of bindingsTo(api.store, place)) {
    if (identityOfBinding(row) !== undefined) return SUCCESSOR;
  }
  return undefined;
}

export function isSuccessor(row: Pick<Row, 'fields'>): boolean {
  return row.fields[REMEMBERED_FIELD] === SUCCESSOR;
}

/**
 * The bindings that were made with a former export of this name, which had another identity. They become fewer, never
 * more: whoever binds now binds the one that is there. Undefined when they are more than can be kept in mind.
 */
export async function formerConsumers(
  store: ObjectStore,
  successor: Successor,
  max: number,
): Promise<FormerConsumers | undefined> {
  const found = new Map<LogicalCluster, ObjectKey[]>();
  for await (const { key, row } of bindingsTo(store, successor)) {
    if (!isFormer(row, successor)) continue;
    if (found.size >= max) return undefined;
    const keys = found.get(key.cluster);
    if (keys === undefined) found.set(key.cluster, [key]);
    else keys.push(key);
  }
  return found;
}

/** Whether a logical cluster still has one of them. */
export function hasFormer(
  store: ObjectStore,
  former: FormerConsumers,
  { cluster, successor }: { readonly cluster: LogicalCluster; readonly successor: Successor },
): boolean {
  return (former.get(cluster) ?? []).some((key) => {
    const row = store.get(key);
    return row !== undefined && isFormer(row, successor);
  });
}

function isFormer(row: Row, { identity }: Successor): boolean {
  const known = identityOfBinding(row);
  return known !== undefined && known !== identity;
}

async function* bindingsTo(
  store: ObjectStore,
  { cluster, name }: { readonly cluster: LogicalCluster; readonly name: string },
): AsyncGenerator<{ readonly key: ObjectKey; readonly row: Row }> {
  const snapshot = store.snapshot();
  try {
    for await (const batch of snapshot.referring(exportReference(cluster, name))) {
      for (const { key, row } of batch) if (isBindingKind(key)) yield { key, row };
    }
  } finally {
    snapshot.close();
  }
}
