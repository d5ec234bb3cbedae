import type { CoreState, Heard, LogView, Round, Term } from './core-types.ts';
import { stepDown, termOf } from './office.ts';
import type { Answer, VoterState } from './protocol.ts';
import type { Rules } from './rules.ts';
import {
  holderOf,
  type ShardSettings,
  type SurvivalGoal,
  type Voter,
  voterNamed,
  voterOf,
  wasStronger,
} from './settings.ts';
import { isSame, type Timing, type Turn } from './turn.ts';

/** In place of a command in a round: the doubt of a home whose stream has refused what it published. */
const DOUBT = -1;

/** A term that begins now, with an opening or after a restart. */
export function newTerm(
  turn: Turn,
  options: { readonly epoch: number; readonly command?: number | undefined; readonly isForced?: boolean },
): Term {
  const { view, settings } = turn;
  const isStrict = options.isForced !== true && settings !== undefined && wasStronger(settings);
  return {
    epoch: options.epoch,
    sinceMs: view.nowMs,
    strictUntil: isStrict ? view.end.sequence : 0,
    met: view.visible.epoch === options.epoch ? view.visible.sequence : 0,
    heard: new Map(),
    copy: undefined,
    ends: [],
    doubt: undefined,
    round: undefined,
    waiting: [],
    change: undefined,
    command: options.command === undefined ? undefined : lateCommand(turn, options.command),
    losses: undefined,
  };
}

/** A command that waits for a commit to meet its goal: as long as an attempt to become the home takes. */
export function lateCommand(turn: Turn, id: number): NonNullable<Term['command']> {
  return { id, untilMs: turn.view.nowMs + turn.timing.campaignMs };
}

/** A voter says what it has: it counts for the home's epoch, or the home learns that it is none any more. */
export function hearVoter(turn: Turn, state: VoterState): void {
  const term = termOf(turn);
  const { view, settings } = turn;
  if (term === undefined || settings === undefined) return;
  const voter = voterOf(settings, state.voter);
  if (voter === undefined) return;
  const { end } = state;
  if (Math.max(state.promised, end.epoch) > term.epoch) {
    const { region } = state.voter;
    return stepDown(turn, `the voter of region ${region} has promised epoch ${state.promised} of the shard`);
  }
  const ours = view.positionAt(end.sequence);
  if (end.epoch === term.epoch && end.sequence > view.end.sequence) {
    // Whatever came after it here must not get the same place: only a new epoch can go on.
    return stepDown(turn, `the voter of region ${voter.region} has commits that this home has lost`);
  }
  const isOurs = end.epoch === term.epoch && ours !== undefined && isSame(ours, end);
  const before = term.heard.get(voter.slot);
  const known = before?.state.voter.incarnation === voter.incarnation ? before.sequence : 0;
  const sequence = isOurs ? Math.max(known, end.sequence) : known;
  const heard = new Map(term.heard).set(voter.slot, { state, atMs: view.nowMs, sequence });
  turn.setTerm({ heard });
  advance(turn);
}

/** A voter tells what it holds. */
export function onHolding(turn: Turn, id: number, state: VoterState): void {
  hearVoter(turn, state);
  const term = termOf(turn);
  const mark = term === undefined || term.met === 0 ? undefined : turn.view.positionAt(term.met);
  turn.answer(id, { isGranted: term !== undefined, ...(mark && { mark }) });
}

/** Says of all commits that have met their goal that they have. */
export function advance(turn: Turn): void {
  const term = termOf(turn);
  const { view, settings } = turn;
  if (term === undefined || settings === undefined) return;
  if (term.doubt === undefined && view.end.epoch === term.epoch) {
    const isStrict = view.visible.sequence < term.strictUntil;
    const goals = isStrict ? [settings.goal, settings.formerGoal] : [settings.goal];
    const met = Math.min(...goals.map((goal) => metAt(turn, term, settings, goal)));
    if (met > term.met) {
      turn.setTerm({ met });
      turn.effects.push({ kind: 'confirm', epoch: term.epoch, sequence: met });
    }
  }
  settleVisible(turn);
}

/** The last commit that has met a goal; below the epoch's first one, none has. */
function metAt(turn: Turn, term: Term, settings: ShardSettings, goal: SurvivalGoal): number {
  const { sequence } = turn.view.end;
  if (goal === 'process') return sequence;
  if (goal === 'zone') return Math.min(sequence, term.copy?.sequence ?? 0);
  const held = settings.voters.map((voter) => heldBy(turn, term, voter)).sort((a, b) => b - a);
  const met = held.find((each, index) => {
    const next = held[index + 1];
    return turn.rules.isMajority(index + 1, held.length) && each !== next;
  });
  return met ?? 0;
}

function heldBy(turn: Turn, term: Term, voter: Voter): number {
  const { self } = turn.state;
  if (voter.region === self.region && voter.member === self.member)
    return voter.incarnation === self.incarnation ? turn.view.end.sequence : 0;
  const heard = term.heard.get(voter.slot);
  return heard?.state.voter.incarnation === voter.incarnation ? heard.sequence : 0;
}

/** Those who wait for something to be visible. */
function settleVisible(turn: Turn): void {
  const term = termOf(turn);
  if (term === undefined || turn.view.visible.epoch !== term.epoch) return;
  const { change, command } = term;
  if (command !== undefined && term.doubt === undefined) {
    const { epoch, losses } = term;
    turn.settle(command.id, { kind: 'done', epoch, ...(losses !== undefined && { losses }) });
    turn.setTerm({ command: undefined });
  }
  if (change?.sequence === undefined || turn.view.visible.sequence < change.sequence) return;
  turn.settle(change.command, { kind: 'done', epoch: term.epoch });
  turn.setTerm({ change: undefined });
}

/** The copy in the zone is further. */
export function onCopied(
  turn: Turn,
  copied: { readonly epoch: number; readonly sequence: number; readonly isSynced: boolean },
): void {
  const term = termOf(turn);
  if (term === undefined || copied.epoch !== term.epoch) return;
  const { sequence, isSynced } = copied;
  turn.setTerm({ copy: { sequence, isSynced, atMs: turn.view.nowMs } });
  advance(turn);
}

/** Nothing is acknowledged until the voters have said that the epoch is still this home's. */
export function onFenced(turn: Turn, detail: string): void {
  const { role } = turn.state;
  // The log has its first record before this is told that: the term will begin with the doubt.
  if (role.kind === 'campaign' && role.campaign.phase === 'opening')
    return turn.become({ ...role, campaign: { ...role.campaign, doubt: detail } });
  if (role.kind === 'recovering' && role.isResuming) return turn.become({ ...role, doubt: detail });
  const term = termOf(turn);
  if (term === undefined) return;
  turn.setTerm({ doubt: detail });
  turn.effects.push({ kind: 'suspend', reason: `another home may have published: ${detail}` });
  // A round that is under way was asked before this.
  if (!term.waiting.includes(DOUBT)) confirmEpoch(turn, DOUBT);
}

/** Asks the voters whether the epoch is still this home's; settles when a majority that was asked after now has said so. */
export function confirmEpoch(turn: Turn, command: number): void {
  const term = termOf(turn);
  if (term === undefined) {
    turn.settle(command < 0 ? undefined : command, {
      kind: 'refused',
      detail: 'this member is not the home',
    });
    return;
  }
  // What a round under way has asked was asked before.
  turn.setTerm({ waiting: [...term.waiting, command] });
  if (term.round === undefined) startRound(turn);
}

function startRound(turn: Turn): void {
  const term = termOf(turn);
  if (term === undefined || term.waiting.length === 0) return;
  const number = turn.state.rounds + 1;
  turn.set({ rounds: number });
  const round: Round = { number, answered: [], commands: term.waiting, sinceMs: turn.view.nowMs };
  turn.setTerm({ round, waiting: [] });
  for (const voter of turn.otherVoters)
    turn.ask(voter, { kind: 'state', from: turn.state.self }, { kind: 'round', number });
  judgeRound(turn);
}

export function onRoundAnswered(turn: Turn, number: number, slot: number, answer: Answer): void {
  hearVoter(turn, answer.state);
  const round = termOf(turn)?.round;
  const isVoter = turn.settings !== undefined && voterOf(turn.settings, answer.state.voter)?.slot === slot;
  if (round?.number !== number || !isVoter || round.answered.includes(slot)) return;
  turn.setTerm({ round: { ...round, answered: [...round.answered, slot] } });
  judgeRound(turn);
}

function judgeRound(turn: Turn): void {
  const term = termOf(turn);
  const { settings } = turn;
  if (term?.round === undefined || settings === undefined) return;
  const { round } = term;
  const count = round.answered.length + (turn.isEnrolled ? 1 : 0);
  if (!turn.rules.isMajority(count, settings.voters.length)) return;
  turn.setTerm({ round: undefined });
  for (const command of round.commands) {
    if (command === DOUBT) {
      // Refused again in the meantime: the next round has to say so, too.
      if (term.waiting.includes(DOUBT)) continue;
      turn.setTerm({ doubt: undefined });
      turn.effects.push({ kind: 'proceed' });
    } else turn.settle(command, { kind: 'done', epoch: term.epoch });
  }
  startRound(turn);
  advance(turn);
}

/** Time has passed for a home. */
export function tickTerm(turn: Turn): void {
  const { view, timing } = turn;
  const term = termOf(turn);
  if (term === undefined) return;
  const former = term.ends.filter(({ atMs }) => atMs <= view.nowMs - timing.reachMs).length;
  // One that is old enough is all that is needed of those.
  const ends = [
    ...term.ends.slice(Math.max(0, former - 1)),
    { atMs: view.nowMs, sequence: view.end.sequence },
  ];
  turn.setTerm({ ends });
  for (const voter of turn.otherVoters) {
    const heard = term.heard.get(voter.slot);
    // Whoever has promised more tells the home nothing by itself.
    if (heard === undefined || view.nowMs - heard.atMs > timing.tellMs * 1.5)
      turn.ask(voter, { kind: 'state', from: turn.state.self }, { kind: 'holding', number: term.epoch });
  }
  const { round } = term;
  if (round !== undefined && view.nowMs - round.sinceMs > timing.reachMs) {
    turn.setTerm({ round: undefined });
    for (const command of round.commands) {
      const detail = 'the voters of the shard did not confirm the epoch in time';
      if (command === DOUBT) turn.setTerm({ waiting: [...term.waiting.filter((id) => id !== DOUBT), DOUBT] });
      else turn.settle(command, { kind: 'failed', detail });
    }
    startRound(turn);
  }
  advance(turn);
  settleLate(turn);
}

/** Nobody waits for ever: what has not met its goal in time is said to be under way, and goes on. */
function settleLate(turn: Turn): void {
  const term = termOf(turn);
  if (term === undefined) return;
  const { state, view, rules, timing } = turn;
  const why = outOfReach(state, view, { rules, timing }) ?? 'it takes longer than it should';
  const { command, change } = term;
  if (command !== undefined && view.nowMs >= command.untilMs) {
    const detail = `epoch ${term.epoch} has begun in region ${state.self.region}, and acknowledges nothing until its first record has met its goal: ${why}`;
    turn.settle(command.id, { kind: 'failed', detail });
    turn.setTerm({ command: undefined });
  }
  if (change?.command === undefined || view.nowMs < change.untilMs) return;
  const detail = `the change is in the log and has not met its goal: ${why}; whether it will count is not known`;
  turn.settle(change.command, { kind: 'failed', detail });
  turn.setTerm({ change: { ...change, command: undefined } });
}

/** Why a home takes no writes at the moment; undefined while their goal is in reach. */
export function outOfReach(
  state: CoreState,
  view: Pick<LogView, 'nowMs' | 'settings' | 'end'>,
  options: { readonly rules: Rules; readonly timing: Timing },
): string | undefined {
  const { role, self } = state;
  const { settings } = view;
  if (role.kind !== 'home' || settings === undefined) return 'the home of the shard is elsewhere';
  const { term } = role;
  if (term.doubt !== undefined) return 'the home of the shard has to confirm its epoch';
  const late = view.nowMs - options.timing.reachMs;
  const wanted = term.ends.findLast(({ atMs }) => atMs <= late)?.sequence ?? 0;
  if (settings.goal === 'zone') {
    const isBehind = (term.copy?.sequence ?? 0) < wanted;
    return isBehind ? 'the second copy in the region of the home is out of reach' : undefined;
  }
  if (settings.goal === 'process') return undefined;
  const inReach = settings.voters.filter((voter) => {
    if (voter.region === self.region && voter.member === self.member)
      return voter.incarnation === self.incarnation;
    const heard = term.heard.get(voter.slot);
    return heard !== undefined && isInReach(heard, voter, { late, wanted });
  });
  const { length } = settings.voters;
  if (options.rules.isMajority(inReach.length, length)) return undefined;
  return `the home of the shard reaches ${inReach.length} of its ${length} voters, and needs a majority`;
}

/** Whether a voter was heard lately, and has what the home had some seconds ago: else it will confirm nothing in time. */
function isInReach(
  heard: Heard,
  voter: Voter,
  { late, wanted }: { readonly late: number; readonly wanted: number },
): boolean {
  return (
    heard.state.voter.incarnation === voter.incarnation && heard.atMs >= late && heard.sequence >= wanted
  );
}

/** Whether a member was the home of the epoch at the end of its log. */
export function isLastHome(turn: Turn): boolean {
  const { settings, view, state } = turn;
  if (settings === undefined || view.end.epoch === 0) return false;
  const holder = holderOf(settings, view.end.epoch);
  return holder !== undefined && holder === voterNamed(settings, state.self);
}
