import type { LogicalCluster } from '../../base/mod.ts';
import type { Writer } from '../../convergent/mod.ts';
import type { CollectionKey } from '../../store/mod.ts';
import { isDocumentRecord } from './document-records.ts';

/** How this member has its part in objects that are written in every region: handed in where it is put together. */
export interface Convergence {
  /** Whether objects of a kind converge; the same answer as for the log that they are in. */
  isConvergent(kind: Omit<CollectionKey, 'cluster'>): boolean;
  /** The name of the log that what this region writes is in; absent where a member has one log only. */
  readonly log?: string | undefined;
  /** As whom this member writes, from its start on: a client id that nobody has used before, and its region. */
  readonly writer: Writer;
  /** Whether this region is home of a logical cluster: some fields are changed there alone. */
  isHome(cluster: LogicalCluster): boolean;
  /** Whether another region is home of it. Absent where there is none. */
  isElsewhere?(cluster: LogicalCluster): boolean;
  /** What the clocks of the regions say that can be reached now, milliseconds since 1970. */
  peersMs(): readonly number[];
}

/** Whether rows of a collection carry documents that other regions merge. */
export function hasDocuments(
  { convergence }: { readonly convergence?: Convergence | undefined },
  kind: Omit<CollectionKey, 'cluster'>,
): boolean {
  return convergence !== undefined && !isDocumentRecord(kind) && convergence.isConvergent(kind);
}

/** Whether another region is home of a logical cluster: what is decided there alone is not to be done here. */
export function isHomedElsewhere(
  { convergence }: { readonly convergence?: Convergence | undefined },
  cluster: LogicalCluster,
): boolean {
  return convergence?.isElsewhere?.(cluster) === true;
}
