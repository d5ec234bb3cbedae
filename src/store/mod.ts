export type { ClusterDefaults } from './cluster-defaults.ts';
export { CommitTooLarge, ExpectationFailed, LogUnavailable, WorkChanged } from './commit-errors.ts';
export { BLANK_TIME, BLANK_UID, type DefaultObject, DefaultSet } from './default-set.ts';
export { Feed, type FeedGroup, type FeedListener } from './feed.ts';
export type { WorkChange } from './frame.ts';
export type { Entry, KeyRange, KeyValueSnapshot, KeyValueStore, WriteOperation } from './key-value.ts';
export { openLevelKeyValue } from './level-key-value.ts';
export { type MemoryDisk, MemoryKeyValue } from './memory-key-value.ts';
export {
  type CollectionKey,
  type CollectionScope,
  isOneCollection,
  type ObjectKey,
  objectKeyText,
} from './object-key.ts';
export type { Outcome } from './outcome.ts';
export type { StoreEvent } from './projection.ts';
export type {
  GroupOfCluster,
  Mutation,
  NewDefaults,
  Precondition,
  Proposal,
  SettledWork,
} from './proposal.ts';
export { LogDamaged, replayLog } from './replay.ts';
export {
  ALIASES_FIELD,
  type NewRow,
  REFERENCES_FIELD,
  REMEMBERED_FIELD,
  type Row,
  textsOfField,
  withRemembered,
  withRevision,
} from './row.ts';
export type { SequencedCommit } from './sequencer.ts';
export type { ListedObject, ListScope, StoreSnapshot } from './snapshot.ts';
export { Store, type StoreOptions } from './store.ts';
export { PROJECTION_TABLES, type WorkKey } from './tables.ts';
export { WatchSession, type WatchSink } from './watch-session.ts';
