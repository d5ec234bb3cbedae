export { FollowLoop, type FollowOptions, type FollowReport } from './follow/follow-loop.ts';
export type { LogSource, ReplayAnswer, SourceEvent, Subscription } from './follow/log-source.ts';
export { type StateNeed, takeFrames } from './follow/take-frames.ts';
export * from './forward/mod.ts';
export * from './homes/mod.ts';
export type { LogSink, PublishedBatch, PublishOutcome } from './publish/log-sink.ts';
export { PublicationLoop, type PublicationOptions } from './publish/publication-loop.ts';
export * from './transport/mod.ts';
export { waitFor } from './wait.ts';
