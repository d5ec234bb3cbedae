export type { ClusterDefaults } from './cluster-defaults.ts';
export {
  CommitTooLarge,
  ExpectationFailed,
  HomeElsewhere,
  type HomePlace,
  LogNotOpened,
  LogUnavailable,
  OtherFormat,
  OutcomeUnknown,
  SpansLogs,
  type UnavailableReason,
  WorkChanged,
} from './commit-errors.ts';
export type { SequencedCommit } from './commit-pipeline.ts';
export { BLANK_TIME, BLANK_UID, type DefaultObject, DefaultSet } from './default-set.ts';
export type { RevisionStatus } from './epochs.ts';
export { Feed, type FeedGroup, type FeedListener, type FeedRestart } from './feed.ts';
export type { Fork } from './foreign-frame.ts';
export { decodeFrame, type Frame, frameHash, type WorkChange } from './frame.ts';
export { type Head, isSamePosition, type Position } from './head.ts';
export type { Entry, KeyRange, KeyValueSnapshot, KeyValueStore, WriteOperation } from './key-value.ts';
export { openLevelKeyValue } from './level-key-value.ts';
export type { StoredFrame } from './log-reader.ts';
export { LOG_WINDOW, type LogSize, type LogWindow } from './log-trimmer.ts';
export { type MemoryDisk, MemoryKeyValue } from './memory-key-value.ts';
export type { NotAdopted } from './not-adopted.ts';
export {
  type CollectionKey,
  type CollectionScope,
  isOneCollection,
  type ObjectKey,
  objectKeyText,
} from './object-key.ts';
export type {
  ObjectFeed,
  ObjectSnapshot,
  ObjectStore,
  RevisionOrder,
  StateScope,
} from './object-store.ts';
export type { LoggedCommit, Outcome } from './outcome.ts';
export * from './planet/mod.ts';
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
export type { ReplicatedLog } from './replicated-log.ts';
export type {
  ApplyResult,
  ApplyVerdict,
  FrameBatch,
  Heartbeat,
  Observation,
  Quarantine,
  ReplicationOptions,
  SurvivalGate,
  UndoReport,
} from './replication.ts';
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
export type { ListedObject, ListScope, StoreSnapshot } from './snapshot.ts';
export { StateRefused } from './state-parts.ts';
export { Store, type StoreOptions } from './store.ts';
export { PROJECTION_TABLES, type WorkKey } from './tables.ts';
export { WatchSession, type WatchSink } from './watch-session.ts';
