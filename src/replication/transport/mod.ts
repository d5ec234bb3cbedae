export { type AskOptions, type AskOutcome, collect } from './asking.ts';
export type { Carrier, CarrierStatus } from './carrier.ts';
export { TransportError, type TransportErrorCode } from './errors.ts';
export { numberOf, readFields, readVersioned, type TakeField } from './fields.ts';
export type { HeardBeat, HeartbeatContent } from './heartbeats.ts';
export { connectNats } from './jetstream/connect.ts';
export type { NatsCredentials, NatsOptions, NatsTls } from './jetstream/options.ts';
export type { FollowEnd, FollowEvent, LogFollower } from './log-follower.ts';
export type { LogPublisher, PublisherEnd, PublishOutcome } from './log-publisher.ts';
export { MemoryPlanet, type MemoryPlanetOptions } from './memory/memory-planet.ts';
export {
  encodeLogMessage,
  type FrameBatch,
  type Heartbeat,
  type LogEnd,
  type LogMessage,
} from './messages.ts';
export { type Addressee, type LogTerm, type MemberName, textOfMember, textOfTerm } from './names.ts';
export {
  type NatsPermissions,
  type PermissionsOptions,
  permissionsOf,
  type RegionPermissions,
} from './permissions.ts';
export { type AnswerQuestion, QuestionRefused, type ServedQuestion, type ServeOptions } from './serving.ts';
export { DEFAULT_PREFIX, Subjects, tokenOf } from './subjects.ts';
export {
  type FollowOptions,
  type LogRetention,
  type OpenedLog,
  Transport,
  type TransportOptions,
} from './transport.ts';
