import type { LogRetention, Transport } from '../../replication/mod.ts';
import type { ReplicatedLog } from '../../store/mod.ts';

/** What a stream has of an epoch, held against the log after the reading. */
export type OwnCopy =
  /** All that was published, up to the end of the log. */
  | 'whole'
  /** It ends before the log does: it has lost something, or was never written. */
  | 'behind';

/**
 * Takes into a log what the stream of this member's region has of its last epoch, in which this member was the home: all
 * that it had published, also if its directory has lost it.
 *
 * @throws when the stream cannot be read, or lacks frames before those that it has.
 */
export async function readOwnCopy(options: {
  readonly transport: Transport;
  readonly log: ReplicatedLog;
  readonly name: string;
  readonly retention: LogRetention;
}): Promise<OwnCopy> {
  const { transport, log, name, retention } = options;
  const { epoch } = log.end;
  const term = { log: name, epoch, region: transport.self.region };
  const { publisher, tail } = await transport.openLog(term, retention);
  publisher.close();
  if (tail === undefined || tail.lastSequence < log.end.sequence) return 'behind';
  if (tail.lastSequence === log.end.sequence) return 'whole';
  const follower = transport.followLog({ term, after: log.end.sequence });
  try {
    for await (const event of follower) {
      if (event.kind === 'gap')
        throw new Error(
          `the stream of region ${term.region} does not have frame ${event.firstSequence} any more`,
        );
      const { frames } = event.message;
      if (frames.length > 0) {
        const result = await log.apply({ frames, epoch });
        if (result.kind !== 'applied')
          throw new Error(`what the stream of region ${term.region} has cannot be taken: ${result.kind}`);
      }
      if (log.end.sequence >= tail.lastSequence) return 'whole';
    }
    throw new Error(`the stream of region ${term.region} ended before frame ${tail.lastSequence}`);
  } finally {
    follower.stop();
  }
}
