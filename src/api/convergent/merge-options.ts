import type { LogicalCluster, RegionName } from '../../base/mod.ts';
import type { ClientId } from '../../convergent/mod.ts';
import type { ObjectKey } from '../../store/mod.ts';

/** A document as another region has it. */
export interface IncomingDocument {
  /** Where its object is, or would be if it were served. */
  readonly key: ObjectKey;
  readonly uid: string;
  readonly document: Uint8Array;
  /** What that region's server remembers beside the object (`REMEMBERED_FIELD`). */
  readonly remembered?: string | undefined;
  readonly region: RegionName;
}

/** What a member knows of the planet that decides about documents. */
export interface MergeOptions {
  /** All regions that the planet lists, this one included: tombstones are kept until all have seen them. */
  readonly regions: () => readonly string[];
  /** Whether a logical cluster is gone for good; false as long as it may only not have come yet. */
  readonly isClusterGone?: (cluster: LogicalCluster) => boolean;
  /** The same of what else an object was in, as the home of its logical cluster knows: see `isPlaceGone`. */
  readonly isPlaceGone?: (key: ObjectKey) => boolean;
  /** Called when a document begins to wait for its kind. */
  readonly waits?: () => void;
  /** The region of a client's member, if that is known. */
  readonly regionOf?: (client: ClientId) => string | undefined;
  readonly report?: (report: MergeReport) => void;
}

/** What an operator should hear of. */
export type MergeReport =
  /** Bytes that no region of ours can have written, or that contradict what is known. They were not merged. */
  | { readonly kind: 'refused'; readonly region: string; readonly key: ObjectKey; readonly detail: string }
  /** Writes from so far ahead that they do not count yet. */
  | { readonly kind: 'parked'; readonly key: ObjectKey; readonly fields: readonly string[] }
  /** What regions have written breaks the rules of the kind together. */
  | { readonly kind: 'left-out'; readonly key: ObjectKey; readonly fields: readonly string[] }
  /** The same name was given twice. */
  | { readonly kind: 'name-conflict'; readonly key: ObjectKey; readonly uid: string };

export type MergeOutcome =
  /** It brought something, and that was committed. */
  | 'merged'
  /** All of it was here. */
  | 'known'
  /** It says nothing that counts. */
  | 'ignored';
