import { assert, type ShardName } from '../../base/mod.ts';
import type { ApplyLog } from '../apply-log.ts';
import type { HomePlace } from '../commit-errors.ts';
import type { Store } from '../store.ts';

/** What a log holds: the homed objects of some logical clusters, or the convergent objects of all that the region has. */
export type LogKind = 'shard' | 'convergent';

/** One of a member's logs. */
export interface PlanetLog {
  readonly name: ShardName;
  readonly kind: LogKind;
  /** Opened with the apply clock of the member. */
  readonly store: Store;
  /** Where it is sequenced, if not here. */
  readonly home?: () => HomePlace | undefined;
}

/** When this member has applied what the log has. */
export function appliedOf({ store }: PlanetLog): ApplyLog {
  assert(store.applied !== undefined, 'a store beside others is in the order of the member');
  return store.applied;
}
