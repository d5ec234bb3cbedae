import type { Revision } from '../base/mod.ts';
import type { ListScope } from '../store/mod.ts';
import type { Selection } from './selection.ts';
import type { CollectionResource } from './target.ts';

/** What a list goes through once its parameters are understood. */
export interface ListPlan {
  readonly resource: CollectionResource;
  readonly selection: Selection;
  readonly scope: ListScope;
  /** The state that is listed; in the snapshot it is current or past. */
  readonly revision: Revision;
  readonly isCurrent: boolean;
  /** Zero: no limit. */
  readonly limit: number;
  /** Known from the first page of a paged list. */
  readonly remaining: number | undefined;
}
