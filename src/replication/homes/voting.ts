import { withPending } from './completeness.ts';
import type { PromiseRecord } from './core-types.ts';
import { leaveOffice } from './office.ts';
import type { Question } from './protocol.ts';
import { holderOf, type ShardSettings, type VoterName } from './settings.ts';
import { stateOf, type Turn } from './turn.ts';

/**
 * Somebody wants this member to count for no epoch below one any more. It answers when that is on its disk, and says
 * then what its log has: whatever it had told a home that it holds is in there, and it tells no home of a lower epoch
 * anything from now on.
 */
export function onPromiseAsked(
  turn: Turn,
  id: number,
  question: Extract<Question, { kind: 'promise' }>,
): void {
  const { epoch, from } = question;
  if (turn.state.promising !== undefined || !turn.rules.mayPromise(epoch, turn.promised)) {
    turn.answer(id, { isGranted: false });
    return;
  }
  const isInOffice = turn.state.role.kind !== 'follower';
  leaveOffice(turn, `epoch ${epoch} of the shard was promised to region ${from.region}`);
  savePromise(turn, { epoch, question: id, from, stepDown: isInOffice });
}

/** Promises; `saved` tells when it is on the disk. */
export function savePromise(
  turn: Turn,
  options: {
    readonly epoch: number;
    readonly question: number | undefined;
    readonly from: VoterName;
    readonly stepDown: boolean;
  },
): void {
  const { epoch, question, from, stepDown } = options;
  const record: PromiseRecord = {
    epoch,
    pending: withPending(turn.state.promise.pending, epoch, turn.view.end),
  };
  turn.set({ promising: { record, question, from }, epochHeard: Math.max(epoch, turn.state.epochHeard) });
  turn.effects.push({
    kind: 'save',
    record,
    stepDown: stepDown ? `epoch ${epoch} of the shard was promised to region ${from.region}` : undefined,
  });
}

/** A promise is on the disk. Returns the epoch if it was this member's own. */
export function onSaved(turn: Turn): number | undefined {
  const { promising } = turn.state;
  if (promising === undefined) return undefined;
  turn.set({ promise: promising.record, promising: undefined });
  if (promising.question === undefined) return promising.record.epoch;
  turn.answer(promising.question, { isGranted: true });
  return undefined;
}

/**
 * Tells the home of the epoch at the end of the log what is on this member's disk, now and then, and as often as there is
 * more when commits may wait for that. Not when a higher epoch was promised: that is what a promise is.
 */
export function tellHome(turn: Turn): void {
  const { state, view, settings } = turn;
  const { epoch, sequence } = view.end;
  if (settings === undefined || epoch === 0 || turn.promised > epoch || state.promising !== undefined) return;
  const home = holderOf(settings, epoch);
  const isSelf = home?.region === state.self.region && home.member === state.self.member;
  if (home === undefined || isSelf) return;
  const { told } = state;
  const isNew = told.epoch !== epoch || (told.sequence !== sequence && isWaitedFor(settings));
  if (!isNew && view.nowMs - told.atMs < turn.timing.tellMs) return;
  turn.set({ told: { epoch, sequence, atMs: view.nowMs } });
  turn.ask(home, { kind: 'holding', state: stateOf(turn) }, { kind: 'holding', number: epoch });
}

/** At `region` commits wait for voters; a home with a weaker goal than before may still have some of those. */
function isWaitedFor({ goal, formerGoal }: ShardSettings): boolean {
  return goal === 'region' || formerGoal === 'region';
}
