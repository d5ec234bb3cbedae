import type { Term } from './core-types.ts';
import type { Turn } from './turn.ts';

/** The term that a member acknowledges commits in. */
export function termOf(turn: Turn): Term | undefined {
  const { role } = turn.state;
  if (role.kind === 'home') return role.term;
  return role.kind === 'moving' && role.sealed === undefined ? role.term : undefined;
}

/**
 * Is no home any more from this moment on, or gives up to become one: somebody else may be. Whoever was the last home
 * takes a new epoch after a while if nobody else does, so that the shard has one. Says nothing to the log: whoever
 * calls this does.
 */
export function leaveOffice(turn: Turn, reason: string): void {
  const { role } = turn.state;
  if (role.kind === 'follower') return;
  if (role.kind === 'moving' && role.sealed !== undefined) {
    // It was the next home that asked, most likely. If not, the time that was set for the move ends it.
    return;
  }
  if (role.kind === 'campaign') {
    turn.settle(role.campaign.command, { kind: 'outdone', detail: reason });
  } else if (role.kind === 'home' || role.kind === 'moving') {
    settleTerm(turn, role.term, reason);
    if (role.kind === 'moving') turn.settle(role.command, { kind: 'failed', detail: reason });
  }
  wait(turn, reason);
}

/** Tells all who wait for something in a term that it is over. */
export function settleTerm(turn: Turn, term: Term, reason: string): void {
  const waiting = [...(term.round?.commands ?? []), ...term.waiting].filter((id) => id >= 0);
  for (const id of waiting) turn.settle(id, { kind: 'failed', detail: reason });
  turn.settle(term.change?.command, {
    kind: 'failed',
    detail: `${reason}; whether the change counts is not known`,
  });
  turn.settle(term.command?.id, { kind: 'outdone', detail: reason });
}

/** Leaves it to others for a while to open an epoch. */
export function wait(turn: Turn, reason: string): void {
  const { settleMs } = turn.timing;
  // Members that wait do not begin at the same time.
  const slot = turn.voter?.slot ?? 0;
  turn.become({ kind: 'unsettled', reason, retryAtMs: turn.view.nowMs + settleMs + (slot * settleMs) / 3 });
}

/** Steps down as a home for another reason than a promise of its own. */
export function stepDown(turn: Turn, reason: string): void {
  leaveOffice(turn, reason);
  turn.effects.push({ kind: 'step-down', reason });
}

/** Frames of a newer epoch are here: this member follows its home. */
export function yieldToNewer(turn: Turn): void {
  const { role } = turn.state;
  const { end } = turn.view;
  const known = knownEpoch(turn);
  if (known === undefined || end.epoch <= known) return;
  if (role.kind === 'moving' && role.sealed !== undefined) {
    const isTarget = end.epoch % 8 === role.target.slot;
    turn.settle(
      role.command,
      isTarget
        ? { kind: 'done', epoch: end.epoch }
        : { kind: 'outdone', detail: `epoch ${end.epoch} of the shard has begun elsewhere` },
    );
  } else leaveOffice(turn, `epoch ${end.epoch} of the shard has begun`);
  turn.become({ kind: 'follower' });
}

/** The epoch whose end this member has to notice. */
function knownEpoch(turn: Turn): number | undefined {
  const { role, self } = turn.state;
  const { end } = turn.view;
  switch (role.kind) {
    case 'follower':
      return undefined;
    case 'home':
    case 'moving':
      return role.term.epoch;
    case 'campaign':
      return role.campaign.epoch;
    case 'unsettled':
    case 'recovering': {
      // Its own epochs are no news to it.
      const isOwn = turn.voter?.slot === end.epoch % 8 && turn.voter.region === self.region;
      return isOwn ? end.epoch : end.epoch - 1;
    }
  }
}
