import { limits } from '../../base/mod.ts';
import type { ApplyResult, ApplyVerdict, FrameBatch, ReplicatedLog } from '../../store/mod.ts';
import type { ReplayAnswer } from './log-source.ts';

export interface FramesWanted {
  readonly log: ReplicatedLog;
  /** The first frame to ask for. */
  readonly from: number;
  /**
   * A frame that the peer has: if it has nothing behind the end of this log, the two part before that. Absent: what the
   * peer does not have is not wanted.
   */
  readonly has?: number;
  /** Whether nothing more is to be asked for. */
  readonly isOver?: () => boolean;
  /** Undefined: nothing more is to be asked for. */
  replay(request: { readonly from: number; readonly bytesMax: number }): Promise<ReplayAnswer | undefined>;
  apply(batch: FrameBatch): Promise<ApplyResult>;
  /** Takes over a state in place of frames. False: it cannot be had, and whoever says so knows why. */
  takeState(why: StateNeed): Promise<boolean>;
  /** Whether this log has what is wanted. `next`: the first frame that has not been asked for. */
  isEnough(next: number): boolean;
}

/** Why frames will not do. */
export type StateNeed =
  /** They are not kept any more: a state that brings the log forward is all that is wanted. */
  | 'not-kept'
  /** This log has commits for good that were not adopted: whatever state there is takes their place. */
  | 'not-adopted';

export type FramesTaken =
  | { readonly kind: 'enough' }
  /** There was none, or whoever wants frames wants no more. */
  | { readonly kind: 'ended' }
  | { readonly kind: 'refused'; readonly verdict: ApplyVerdict }
  | { readonly kind: 'problem'; readonly detail: string };

/**
 * Gets into a log what a peer has: asks for frames further back each time they turn out to be of another branch, and takes
 * over a state where the peer does not keep them as far back. The steps back grow: one that leads to before what is kept is
 * made shorter first, since a state may take back what this log is counted for, and frames behind the parting do not.
 */
export async function takeFrames(wanted: FramesWanted): Promise<FramesTaken> {
  const { log, has } = wanted;
  let start = wanted.from;
  /** From here on the peer's frames are of another branch than this log's. */
  let parted: number | undefined;
  for (let round = 0, back = 1; round < limits.repairRoundsMax; round++) {
    if (wanted.isOver?.() === true) return { kind: 'ended' };
    const answer = await wanted.replay({ from: start, bytesMax: limits.replayBytesMax });
    if (answer === undefined) return { kind: 'ended' };
    if (answer.kind === 'unavailable')
      return { kind: 'problem', detail: `frames from ${start} on: ${answer.detail}` };
    let verdict: ApplyVerdict;
    if (answer.kind === 'below') {
      const { first = start } = answer;
      if (parted !== undefined && first > start && first < parted) {
        start = first;
        continue;
      }
      verdict = { kind: 'beyond' };
    } else if (answer.frames.length > 0) verdict = await wanted.apply(answer);
    else if (has === undefined || start === 1) return { kind: 'ended' };
    else verdict = { kind: 'diverged', wants: has };
    switch (verdict.kind) {
      case 'applied':
        // Not from the end on: what was known may lead to where another branch parts.
        start += answer.kind === 'frames' ? answer.frames.length : 0;
        break;
      case 'beyond':
        if (!(await wanted.takeState(answer.kind === 'below' ? 'not-kept' : 'not-adopted')))
          return { kind: 'ended' };
        start = log.end.sequence + 1;
        parted = undefined;
        break;
      case 'diverged':
        parted = start;
        start = Math.max(1, Math.min(start, verdict.wants) - back);
        back *= 2;
        continue;
      case 'gap':
        // A peer that answers with other frames than it was asked for would be asked for ever.
        if (verdict.wants === start)
          return { kind: 'problem', detail: `a peer was asked for frame ${start}, and gave others` };
        start = verdict.wants;
        continue;
      default:
        return { kind: 'refused', verdict };
    }
    if (wanted.isEnough(start)) return { kind: 'enough' };
  }
  return { kind: 'problem', detail: `${limits.repairRoundsMax} questions did not bring them` };
}
