export { Feed, type FeedGroup, type FeedListener, type FeedScope } from './feed.ts';
export type { WorkChange } from './frame.ts';
export type { Entry, KeyRange, KeyValueSnapshot, KeyValueStore, WriteOperation } from './key-value.ts';
export { openLevelKeyValue } from './level-key-value.ts';
export { type MemoryDisk, MemoryKeyValue } from './memory-key-value.ts';
export { type CollectionKey, type ObjectKey, objectKeyText } from './object-key.ts';
export type { StoreEvent } from './projection.ts';
export { LogDamaged, replayLog } from './replay.ts';
export { type NewRow, type Row, withRevision } from './row.ts';
export {
  CommitTooLarge,
  ExpectationFailed,
  LogUnavailable,
  type Mutation,
  type Outcome,
  type Precondition,
  type Proposal,
  type SequencedCommit,
  type SettledWork,
  WorkChanged,
} from './sequencer.ts';
export type { ListedObject, ListScope, StoreSnapshot } from './snapshot.ts';
export { Store, type StoreOptions } from './store.ts';
export { PROJECTION_TABLES, type WorkKey } from './tables.ts';
export { WatchSession, type WatchSink } from './watch-session.ts';
