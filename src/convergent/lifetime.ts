import type { JsonValue } from '../machinery/mod.ts';
import { type Identity, identityOf } from './identity.ts';
import { compareNames } from './register.ts';
import type { RegisterPath } from './register-path.ts';
import type { RegisterView } from './register-view.ts';

/** The tombstone of a uid. Whatever else is written to its document, at whatever time, no longer counts. */
export const DELETED_PATH: RegisterPath = '@deleted';
/** Who has seen the tombstone. */
export const ACKNOWLEDGED_PATH: RegisterPath = '@acknowledged';

export const TOMBSTONE: JsonValue = true;
export const ACKNOWLEDGEMENT: JsonValue = true;

/** Whether the object is deleted: once said by anybody, it is for ever. */
export function isDeleted(view: RegisterView): boolean {
  return view.system.get(DELETED_PATH)?.some(({ value }) => value !== undefined) === true;
}

/** Whether this region has to say that it has seen the tombstone. */
export function owesAcknowledgement(view: RegisterView, region: string): boolean {
  return isDeleted(view) && !acknowledgedBy(view).has(region);
}

/** The regions that have seen the tombstone, those that have written one included. */
export function acknowledgedBy(view: RegisterView): ReadonlySet<string> {
  const regions = new Set<string>();
  for (const path of [DELETED_PATH, ACKNOWLEDGED_PATH]) {
    for (const { region, value } of view.system.get(path) ?? []) if (value !== undefined) regions.add(region);
  }
  return regions;
}

/**
 * Whether a tombstone may be forgotten: every region that the planet lists has seen it, so that none can bring the object
 * back. A region that is listed and away keeps it. Whoever forgets it should still refuse for a while what is replayed
 * from before (`created` tells the age of a document that comes up again).
 */
export function isForgettable(view: RegisterView, listedRegions: readonly string[]): boolean {
  if (!isDeleted(view)) return false;
  const seen = acknowledgedBy(view);
  return listedRegions.every((region) => seen.has(region));
}

/** What has become of an object. */
export type LifeState =
  /** It is served. */
  | 'Alive'
  /** It is deleted; the tombstone stays until all regions have seen it. */
  | 'Deleted'
  /** Its logical cluster is gone, and so is it, whatever its document says. */
  | 'Orphaned';

/**
 * What has become of the object of a document.
 *
 * @param isClusterGone whether the logical cluster is gone for good, as its home knows
 */
export function lifeOf(
  view: RegisterView,
  { isClusterGone }: { readonly isClusterGone: (logicalCluster: string) => boolean },
): LifeState {
  if (isDeleted(view)) return 'Deleted';
  const identity = identityOf(view);
  return identity !== undefined && isClusterGone(identity.logicalCluster) ? 'Orphaned' : 'Alive';
}

/** Who has a name, where regions have given it to several objects before they knew of each other. */
export interface NameHolder<T extends Identity> {
  readonly holder: T;
  /** The others: kept, shown with a conflict, and not served under the name. */
  readonly losers: readonly T[];
}

/**
 * Who of several living objects of the same kind, place and name has it: the one that was created first, of the same time
 * the one with the smaller uid. All regions answer the same; when the holder is deleted, the next one has the name.
 */
export function nameHolderOf<T extends Identity>(living: readonly T[]): NameHolder<T> | undefined {
  const [holder, ...losers] = [...living].sort((a, b) => a.created - b.created || compareNames(a.uid, b.uid));
  return holder === undefined ? undefined : { holder, losers };
}
