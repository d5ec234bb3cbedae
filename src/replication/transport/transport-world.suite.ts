import { createHash } from 'node:crypto';
import type { RegionName } from '../../base/mod.ts';
import type { Carrier } from './carrier.ts';
import type { FollowEvent, LogFollower } from './log-follower.ts';
import type { FrameBatch, LogMessage } from './messages.ts';
import type { LogTerm } from './names.ts';
import type { LogRetention, Transport } from './transport.ts';

/** NATS servers, real ones or their twins, and all that a test does to them. */
export interface TransportWorld {
  /** The first is where logs are homed in the tests. */
  readonly regions: readonly RegionName[];
  connect(region: RegionName, member: string): Promise<ConnectedMember>;
  /** Lets time pass until the promise settles. */
  until<Value>(promise: Promise<Value>): Promise<Value>;
  /** Lets so much time pass. */
  pass(durationMs: number): Promise<void>;
  /** Until everybody knows who listens to what. */
  settle(): Promise<void>;
  /** Whether time passes as told, however busy the machine is. */
  readonly isVirtual: boolean;
  stopServer(region: RegionName): Promise<void>;
  startServer(region: RegionName): Promise<void>;
  /** All streams of a region are lost, and its server runs. */
  wipe(region: RegionName): Promise<void>;
  /** No connection between the two regions, which both notice. */
  cut(): Promise<void>;
  /** What is sent between the two regions vanishes, and nobody is told. */
  silence(): Promise<void>;
  heal(): Promise<void>;
  close(): Promise<void>;
}

export interface ConnectedMember {
  readonly transport: Transport;
  readonly carrier: Carrier;
}

export const RETENTION: LogRetention = { ageMsMax: 3_600_000, bytesMax: 256 * 1024 * 1024, replicas: 1 };

export function termIn(region: RegionName, log: string = 'main', epoch: number = 8): LogTerm {
  return { log, epoch, region };
}

/** Frames as far as the transport looks at them: bytes with a number. */
export function batchOf(firstSequence: number, count: number = 1, bytes: number = 40): FrameBatch {
  const frames = Array.from({ length: count }, (_, index) => frameOf(firstSequence + index, bytes));
  return {
    firstSequence,
    lastSequence: firstSequence + count - 1,
    lastHash: createHash('sha256').update(frames.at(-1)!).digest(),
    frames,
  };
}

export function frameOf(sequence: number, bytes: number): Uint8Array {
  const frame = Buffer.alloc(bytes, sequence % 251);
  frame.write(`frame ${sequence};`);
  return frame;
}

/** Takes what a follower brings until it has so many messages, or has ended. */
export async function take(follower: LogFollower, count: number): Promise<readonly FollowEvent[]> {
  const events: FollowEvent[] = [];
  if (count === 0) return events;
  let messages = 0;
  for await (const event of follower) {
    events.push(event);
    if (event.kind === 'message' && ++messages === count) break;
  }
  return events;
}

/** Takes messages one after the other, and leaves the follower as it is. */
export function readerOf(follower: LogFollower): (count: number) => Promise<readonly FollowEvent[]> {
  const iterator = follower[Symbol.asyncIterator]();
  return async (count) => {
    const events: FollowEvent[] = [];
    let messages = 0;
    while (messages < count) {
      const next = await iterator.next();
      if (next.done === true) return events;
      events.push(next.value);
      if (next.value.kind === 'message') messages++;
    }
    return events;
  };
}

/** The frames' sequences, and gaps as `-from-to`. */
export function textsOf(events: readonly FollowEvent[]): readonly string[] {
  return events.map((event) =>
    event.kind === 'gap' ? `gap ${event.firstSequence}-${event.lastSequence}` : rangeOf(event.message),
  );
}

function rangeOf({ firstSequence, lastSequence }: LogMessage): string {
  return firstSequence === lastSequence ? `${firstSequence}` : `${firstSequence}-${lastSequence}`;
}
