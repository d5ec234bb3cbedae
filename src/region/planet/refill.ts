import { type MemberName, type StateNeed, type Transport, takeFrames } from '../../replication/mod.ts';
import { isSamePosition, type Position, type ReplicatedLog } from '../../store/mod.ts';
import { askForFrames, askForState } from './ask-refill.ts';

/**
 * Gets what another member has up to a commit into this member's log, and goes back on its own where the other one has
 * another history.
 *
 * @throws when the member does not give it, or gives something else.
 */
export async function refill(options: {
  readonly transport: Transport;
  readonly log: ReplicatedLog;
  readonly name: string;
  readonly from: MemberName;
  readonly to: Position;
}): Promise<void> {
  const { transport, log, name, from, to } = options;
  const isThere = () => {
    const ours = log.positionAt(to.sequence);
    return ours !== undefined && isSamePosition(ours, to);
  };
  if (isThere()) return;
  const taken = await takeFrames({
    log,
    from: log.end.sequence + 1,
    has: to.sequence,
    replay: (request) => askForFrames(transport, { ...request, to: from, log: name }),
    apply: (batch) => log.apply(batch),
    takeState: (why) => takeState(options, why),
    isEnough: isThere,
  });
  switch (taken.kind) {
    case 'enough':
      return;
    case 'ended':
      throw new Error(`region ${from.region} has not given commit ${to.sequence} of epoch ${to.epoch}`);
    case 'refused':
      throw new Error(`the log of region ${from.region} cannot be taken: ${taken.verdict.kind}`);
    case 'problem':
      throw new Error(`region ${from.region} does not give the log: ${taken.detail}`);
  }
}

async function takeState(options: Parameters<typeof refill>[0], why: StateNeed): Promise<true> {
  const { transport, log, name, from } = options;
  const parts = await askForState(transport, { to: from, log: name });
  if (parts === undefined) throw new Error(`region ${from.region} does not give a state of the log`);
  await log.importState(parts, { isForward: why === 'not-kept' });
  return true;
}
