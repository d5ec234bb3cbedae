export { AssertionFailure, assert, unreachable } from './assert.ts';
export { BoundedCache } from './bounded-cache.ts';
export { type Clock, systemClock } from './clock.ts';
export { base62Sha224, numberText } from './digest-text.ts';
export { type Pause, pauseFor } from './heavy-work.ts';
export {
  CLOCK_MS_MIN,
  ClockRefused,
  HybridClock,
  REVISION_EPOCH_MS,
  reservedRevision,
  revisionAtMs,
  revisionEpochSlot,
  revisionTimeMs,
} from './hybrid-clock.ts';
export {
  type ClusterScope,
  EVERYWHERE,
  isPathSegment,
  type LogicalCluster,
  parseLogicalCluster,
  parseRevision,
  type RegionName,
  type Revision,
  ROOT_CLUSTER,
  type ShardName,
  SYSTEM_ADMIN_CLUSTER,
} from './ids.ts';
export { limits } from './limits.ts';
export type { Net, NetRequest, NetResponse } from './net.ts';
export { packageFile } from './package-file.ts';
export { type Random, systemRandom } from './random.ts';
export { SeededRandom } from './seeded-random.ts';
export { aborted, withTimeLimit } from './time-limit.ts';
export { Turns } from './turns.ts';
export { VirtualClock } from './virtual-clock.ts';
export { WeightedCache } from './weighted-cache.ts';
