import type { Api } from '../api/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import type { Row, WorkChange } from '../store/mod.ts';
import { parseReference } from './admit-type.ts';
import { logicalClusterFacts } from './facts.ts';
import { lifecycleLabel } from './lifecycle-labels.ts';
import { BINDINGS_INITIALIZER, INITIALIZER_LABEL_PREFIX } from './names.ts';
import {
  namedBy,
  type ReadRow,
  type Reference,
  referenceText,
  type WorkspaceType,
  WorkspaceTypes,
} from './types.ts';

/** A logical cluster may lack bindings that its type wants: one debt of each. */
export const DEFAULT_BINDINGS = 'default-bindings';
/** A type has changed, and those that are of it, or of one that extends it, have to follow: key is its name. */
export const TYPE_HEIRS = 'workspacetype-heirs';

/** The label of the logical clusters that wait for bindings; they refer to it. */
export const [WAITING_FOR_BINDINGS] = lifecycleLabel(INITIALIZER_LABEL_PREFIX, BINDINGS_INITIALIZER);

export function defaultBindingsDebt(api: Pick<Api, 'random'>, cluster: LogicalCluster): WorkChange {
  return { controller: DEFAULT_BINDINGS, cluster, key: '', payload: api.random.bytes(8) };
}

/** Whether a logical cluster waits for bindings before it is ready. */
export function waitsForBindings({ labels }: Pick<Row, 'labels'>): boolean {
  return labels[WAITING_FOR_BINDINGS] !== undefined;
}

/** What all types of a lineage bind by default, each once. */
export function defaultExports(lineage: readonly WorkspaceType[]): readonly Reference[] {
  const exports = new Map<string, Reference>();
  for (const type of lineage) {
    for (const named of type.spec.defaultApiBindings) {
      const reference = namedBy(type, named);
      exports.set(referenceText(reference), reference);
    }
  }
  return [...exports.values()];
}

/** The part of it that a logical cluster gets also when it is there already. */
export function maintainedExports(lineage: readonly WorkspaceType[]): readonly Reference[] {
  return defaultExports(lineage.filter(({ spec }) => spec.isMaintained));
}

/** The type of a logical cluster, by its row; undefined of one that has none. */
export function typeOfRow(row: Row): Reference | undefined {
  const { type, typeCluster } = logicalClusterFacts(row);
  return parseReference(type, typeCluster);
}

/** Types as they are, for who writes nothing by them. */
export function typesOf({ registry, paths }: Pick<Api, 'registry' | 'paths'>): WorkspaceTypes {
  return new WorkspaceTypes({ registry, paths });
}

/**
 * The type of a logical cluster with all that it extends; undefined of one that has none. Throws `TypeProblem` when the
 * type, or one that it extends, is not there.
 */
export function lineageOfRow(api: Api, row: Row, read: ReadRow): readonly WorkspaceType[] | undefined {
  const reference = typeOfRow(row);
  if (reference === undefined) return undefined;
  const types = typesOf(api);
  return types.lineage(types.resolve(reference, reference.path, read), read);
}
