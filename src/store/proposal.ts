import type { LogicalCluster } from '../base/mod.ts';
import type { ClusterDefaults } from './cluster-defaults.ts';
import type { DefaultSet } from './default-set.ts';
import type { WorkChange } from './frame.ts';
import type { ObjectKey } from './object-key.ts';
import type { NewRow } from './row.ts';
import type { WorkKey } from './tables.ts';

/** A change that a commit asks for. */
export interface Mutation {
  readonly key: ObjectKey;
  /** The revision that the object must have now; 0: it must not exist; absent: whatever it is. */
  readonly expected?: number;
  /** What to store; absent: delete. */
  readonly row?: NewRow;
}

/** Another object that must be as it was when the writer looked. */
export interface Precondition {
  readonly key: ObjectKey;
  /** 0: it must not exist. */
  readonly revision: number;
  /** `objectKeyText(key)`, from whoever has it at hand: the text with which the row was read is found faster than a new one. */
  readonly keyText?: string;
}

/** The objects of an API group in a logical cluster. */
export interface GroupOfCluster {
  readonly cluster: LogicalCluster;
  readonly group: string;
}

export interface Proposal {
  readonly mutations: readonly Mutation[];
  readonly preconditions?: readonly Precondition[];
  /** What the writer knows in its durable state alone: no change of it may be on its way to the disk. */
  readonly settled?: readonly GroupOfCluster[];
  readonly work?: readonly WorkChange[];
  /** Debts that this commit settles must stand as they were when they were worked off. */
  readonly settles?: readonly SettledWork[];
  /** The log of what is in none yet: of a new logical cluster, of debts alone. */
  readonly log?: string;
  /** Who asks, for the history. */
  readonly actor: string;
  readonly originRegion: string;
  /** 16 bytes. A repeat within 15 minutes gets the first outcome. Absent: this commit is never repeated. */
  readonly commitId?: Uint8Array;
  /** Only for the record that moves the compaction floor. */
  readonly compactionFloor?: number;
  /** What the logical cluster that this commit makes begins with; it must be empty but for the mutations. */
  readonly defaults?: NewDefaults;
  /**
   * What a logical cluster still has by default, and loses with this commit: it must be as it was read. Everything
   * else of it has to go with the commit, or to be gone.
   */
  readonly ends?: ClusterDefaults;
}

/** Objects that a logical cluster contains without a row for each, until a commit changes them. */
export interface NewDefaults {
  readonly cluster: LogicalCluster;
  readonly set: DefaultSet;
  /** What the uids are made of: something that no other logical cluster has. */
  readonly seed: string;
  readonly creationTime: string;
}

/** A debt and its payload: a newer cause has another payload, and must not be settled with the old one. */
export interface SettledWork {
  readonly key: WorkKey;
  readonly payload: Uint8Array;
}
