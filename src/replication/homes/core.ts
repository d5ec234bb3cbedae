import { unreachable } from '../../base/mod.ts';
import {
  onLooked,
  onOpened,
  onOwnPromise,
  onPromiseAnswered,
  onRefilled,
  startCampaign,
  tickCampaign,
} from './campaign.ts';
import type { Command, CoreState, Effect, Input, LogView, PromiseRecord, Token } from './core-types.ts';
import { onSealed, onTakeOver, onTakeOverAnswered, startMove, tickMove } from './moving.ts';
import { leaveOffice, termOf, wait, yieldToNewer } from './office.ts';
import type { Answer } from './protocol.ts';
import { beginRole, onCopyRead, onRecoveryAnswered, onResumed, tickRecovery } from './recovery.ts';
import { RULES, type Rules } from './rules.ts';
import type { VoterName } from './settings.ts';
import { enrolItself, onChanged, startChange } from './settings-change.ts';
import {
  advance,
  confirmEpoch,
  hearVoter,
  isLastHome,
  lateCommand,
  onCopied,
  onFenced,
  onHolding,
  onRoundAnswered,
  tickTerm,
} from './term.ts';
import { type Timing, Turn } from './turn.ts';
import { onPromiseAsked, onSaved, tellHome } from './voting.ts';

export interface CoreOptions {
  readonly timing: Timing;
  readonly rules?: Rules;
}

/** What a core has become, and what is to be done for it, in this order. */
export interface Step {
  readonly state: CoreState;
  readonly effects: readonly Effect[];
}

/** A member's part in a shard when it starts, with what it had promised before. */
export function beginCore(
  options: CoreOptions & {
    readonly self: VoterName;
    readonly promise: PromiseRecord | undefined;
    readonly view: LogView;
  },
): Step {
  const { self, promise = { epoch: 0, pending: [] }, view } = options;
  const state: CoreState = {
    self,
    role: { kind: 'follower' },
    promise,
    promising: undefined,
    epochHeard: Math.max(promise.epoch, view.end.epoch),
    told: { sequence: -1, epoch: 0, atMs: view.nowMs },
    rounds: 0,
    copies: [],
  };
  const turn = turnOf(state, view, options);
  beginRole(turn);
  return { state: turn.state, effects: turn.effects };
}

/**
 * One step of a member's part in who is home of a shard: as a voter, as the home, or as one that wants to be it. Pure:
 * the same state, input and log give the same step.
 */
export function stepCore(state: CoreState, input: Input, view: LogView, options: CoreOptions): Step {
  const turn = turnOf(state, view, options);
  yieldToNewer(turn);
  take(turn, input);
  yieldToNewer(turn);
  noticeOwnEpoch(turn);
  const hasChanged = input.kind === 'opened' || input.kind === 'resumed';
  if (hasChanged || input.kind === 'log' || input.kind === 'tick') {
    advance(turn);
    enrolItself(turn);
    tellHome(turn);
  }
  return { state: turn.state, effects: turn.effects };
}

/** A member that follows has got an epoch of its own back, which it had lost with its directory: it needs a new one. */
function noticeOwnEpoch(turn: Turn): void {
  if (turn.state.role.kind === 'follower' && isLastHome(turn))
    wait(turn, 'the directory of the home was lost');
}

function turnOf(state: CoreState, view: LogView, { timing, rules = RULES }: CoreOptions): Turn {
  return new Turn({ state, view, rules, timing });
}

function take(turn: Turn, input: Input): void {
  switch (input.kind) {
    case 'tick':
      return tick(turn);
    case 'log':
      return;
    case 'asked':
      return onAsked(turn, input);
    case 'answered':
      turn.hearEpochs(input.answer.state);
      return onAnswered(turn, input.token, input);
    case 'unanswered':
      return onAnswered(turn, input.token, { slot: input.slot, answer: undefined });
    case 'saved': {
      const own = onSaved(turn);
      if (own !== undefined) onOwnPromise(turn, own);
      return;
    }
    case 'refilled':
      return onRefilled(turn, input.epoch, input.problem);
    case 'opened':
      return onOpened(turn, input.epoch, input.problem);
    case 'resumed':
      return onResumed(turn, input.epoch, input.problem);
    case 'sealed':
      return onSealed(turn, input.position, input.problem);
    case 'changed':
      return onChanged(turn, input.sequence, input.problem);
    case 'copied':
      return onCopied(turn, input);
    case 'copy-read':
      return onCopyRead(turn, input.epoch);
    case 'fenced':
      return onFenced(turn, input.detail);
    case 'command':
      return onCommand(turn, input.id, input.command);
    default:
      return unreachable(input);
  }
}

function tick(turn: Turn): void {
  switch (turn.state.role.kind) {
    case 'follower':
      return;
    case 'recovering':
      return tickRecovery(turn);
    case 'unsettled':
      if (turn.view.nowMs >= turn.state.role.retryAtMs) startCampaign(turn);
      return;
    case 'campaign':
      return tickCampaign(turn);
    case 'home':
      return tickTerm(turn);
    case 'moving':
      tickTerm(turn);
      return tickMove(turn);
    default:
      return unreachable(turn.state.role);
  }
}

function onAsked(turn: Turn, { id, question }: Extract<Input, { kind: 'asked' }>): void {
  switch (question.kind) {
    case 'promise':
      return onPromiseAsked(turn, id, question);
    case 'state':
      return turn.answer(id, { isGranted: false });
    case 'holding':
      turn.hearEpochs(question.state);
      return onHolding(turn, id, question.state);
    case 'take-over':
      return onTakeOver(turn, id, question);
    default:
      return unreachable(question);
  }
}

function onAnswered(
  turn: Turn,
  token: Token,
  { slot, answer }: { readonly slot: number; readonly answer: Answer | undefined },
): void {
  switch (token.kind) {
    case 'look':
      return onLooked(turn, token.number, slot, answer);
    case 'promise':
      return onPromiseAnswered(turn, token.number, slot, answer);
    case 'recovery':
      if (answer !== undefined) onRecoveryAnswered(turn, answer.state);
      return;
    case 'round':
      if (answer !== undefined) onRoundAnswered(turn, token.number, slot, answer);
      return;
    case 'holding':
      // To a home, what it has asked for; to a voter, what the home thinks.
      if (answer !== undefined) hearVoter(turn, answer.state);
      return;
    case 'take-over':
      if (answer !== undefined) onTakeOverAnswered(turn, token.number, answer);
      return;
    default:
      return unreachable(token.kind);
  }
}

/** It is the home already; and it may have to wait until its epoch counts. */
function promoteHome(turn: Turn, id: number): void {
  const term = termOf(turn);
  if (term === undefined) return;
  if (term.doubt === undefined && turn.view.visible.epoch === term.epoch)
    return turn.settle(id, { kind: 'done', epoch: term.epoch });
  if (term.command === undefined) return turn.setTerm({ command: lateCommand(turn, id) });
  turn.settle(id, { kind: 'refused', detail: 'another promotion of this region is under way' });
}

function onCommand(turn: Turn, id: number, command: Command): void {
  switch (command.kind) {
    case 'confirm-epoch':
      return confirmEpoch(turn, id);
    case 'move':
      return startMove(turn, id, command.to);
    case 'promote': {
      const { role } = turn.state;
      if (role.kind === 'home') return promoteHome(turn, id);
      if (role.kind === 'moving')
        return turn.settle(id, { kind: 'refused', detail: 'the shard is being moved: wait for that' });
      leaveOffice(turn, 'an operator has asked for a promotion');
      const { acceptLoss, salt } = command;
      return startCampaign(turn, { command: id, isForced: acceptLoss, salt: acceptLoss ? salt : 0 });
    }
    case 'add-voter':
    case 'remove-voter':
    case 'set-goal':
      return startChange(turn, id, command);
    default:
      return unreachable(command);
  }
}
