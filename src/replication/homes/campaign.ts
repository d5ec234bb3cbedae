import type { Position } from '../../store/mod.ts';
import { judgePromises, mostAdvanced } from './completeness.ts';
import type { Campaign, Heard } from './core-types.ts';
import { wait } from './office.ts';
import type { Answer, VoterState } from './protocol.ts';
import { nextEpoch, type ShardSettings, type Voter, voterNamed, voterOf } from './settings.ts';
import { newTerm, onFenced } from './term.ts';
import { stateOf, type Turn } from './turn.ts';
import { savePromise } from './voting.ts';

const NO_VOTER = 'this member is no voter of the shard, and cannot be its home';

/** Begins to open an epoch: looks first what was promised, unless the old home asks for it. */
export function startCampaign(
  turn: Turn,
  options: {
    readonly command?: number;
    readonly isForced?: boolean;
    readonly salt?: number;
    readonly handedOver?: { readonly sealed: Position; readonly above: number };
  } = {},
): void {
  const { nowMs } = turn.view;
  const campaign: Campaign = {
    // Until one is chosen: what begins after this is news.
    epoch: turn.view.end.epoch,
    phase: 'looking',
    isForced: options.isForced ?? false,
    salt: options.salt ?? 0,
    promises: [],
    asked: [],
    answered: [],
    sinceMs: nowMs,
    deadlineMs: nowMs + turn.timing.campaignMs,
    command: options.command,
    sealed: options.handedOver?.sealed,
    adopted: undefined,
    losses: undefined,
    above: options.handedOver?.above ?? 0,
    problem: undefined,
    doubt: undefined,
  };
  if (turn.voter === undefined) {
    turn.settle(options.command, { kind: 'refused', detail: NO_VOTER });
    return turn.become({ kind: 'follower' });
  }
  turn.become({ kind: 'campaign', campaign });
  if (options.handedOver !== undefined) return promiseItself(turn);
  // As a number, the time of its beginning: what an earlier attempt has asked is not about this one.
  const token = { kind: 'look', number: nowMs } as const;
  for (const voter of turn.otherVoters) turn.ask(voter, { kind: 'state', from: turn.state.self }, token);
  if (turn.otherVoters.length === 0) promiseItself(turn);
}

/** A voter says what it had promised, before anybody is asked to promise. */
export function onLooked(turn: Turn, number: number, slot: number, answer: Answer | undefined): void {
  const campaign = campaignOf(turn);
  if (campaign?.phase !== 'looking' || campaign.sinceMs !== number) return;
  const { view } = turn;
  const isOvertaken = answer !== undefined && answer.state.end.epoch > view.end.epoch;
  if (campaign.command === undefined && isOvertaken) {
    // There is a home: this member only has not heard of it yet.
    return wait(turn, `epoch ${answer.state.end.epoch} of the shard has begun`);
  }
  const answered = [...new Set([...campaign.answered, slot])];
  setCampaign(turn, { answered });
  if (turn.otherVoters.every((voter) => answered.includes(voter.slot))) promiseItself(turn);
}

function promiseItself(turn: Turn): void {
  const campaign = campaignOf(turn);
  const { voter, state } = turn;
  if (campaign === undefined) return;
  if (voter === undefined) return resign(turn);
  if (state.promising !== undefined) return;
  const epoch = nextEpoch(voter.slot, Math.max(turn.promised, state.epochHeard)) + campaign.salt * 8;
  setCampaign(turn, { phase: 'promising', epoch, promises: [], asked: [], answered: [] });
  // An earlier attempt of its own may be about to open its epoch.
  savePromise(turn, { epoch, question: undefined, from: state.self, stepDown: true });
}

/** The own promise is on the disk: nobody is asked before. */
export function onOwnPromise(turn: Turn, epoch: number): void {
  const campaign = campaignOf(turn);
  if (campaign?.phase !== 'promising' || campaign.epoch !== epoch) return;
  // A member that has lost its directory does not know what it had promised.
  const promises = turn.isEnrolled ? [stateOf(turn)] : [];
  setCampaign(turn, { phase: 'asking', promises, sinceMs: turn.view.nowMs });
  askFor(turn, turn.otherVoters);
  judge(turn);
}

function askFor(turn: Turn, voters: readonly Voter[]): void {
  const campaign = campaignOf(turn);
  if (campaign === undefined) return;
  const { epoch } = campaign;
  const fresh = voters.filter(({ slot }) => !campaign.asked.includes(slot));
  setCampaign(turn, { asked: [...campaign.asked, ...fresh.map(({ slot }) => slot)] });
  for (const voter of fresh)
    turn.ask(voter, { kind: 'promise', epoch, from: turn.state.self }, { kind: 'promise', number: epoch });
}

/** A voter has promised, has refused, or cannot be reached. */
export function onPromiseAnswered(turn: Turn, epoch: number, slot: number, answer: Answer | undefined): void {
  const campaign = campaignOf(turn);
  if (campaign === undefined || campaign.epoch !== epoch || campaign.phase === 'promising') return;
  const answered = [...new Set([...campaign.answered, slot])];
  setCampaign(turn, { answered });
  if (answer === undefined) return judge(turn);
  const { state } = answer;
  if (!answer.isGranted && state.promised > epoch) {
    const detail = `region ${state.voter.region} has promised epoch ${state.promised} to another home in the meantime`;
    return giveUp(turn, { kind: 'outdone', detail });
  }
  const isNew = campaign.promises.every(({ voter }) => voter.incarnation !== state.voter.incarnation);
  if (answer.isGranted && isNew) {
    setCampaign(turn, {
      promises: [...campaign.promises, state],
      above: Math.max(campaign.above, state.revision),
    });
  }
  judge(turn);
}

/** Goes on when there are enough promises. */
function judge(turn: Turn): void {
  const campaign = campaignOf(turn);
  if (campaign?.phase !== 'asking') return;
  const { epoch, promises } = campaign;
  // What is here counts whether or not this member's promise does: more history than needed does no harm.
  const adopted = mostAdvanced([...promises, stateOf(turn)], turn.rules);
  const settings = adopted?.settings ?? turn.settings;
  if (adopted === undefined || settings === undefined) return;
  // The home of an epoch is one of the voters that its history names: else nobody would go on with it after a restart.
  if (voterNamed(settings, turn.state.self) === undefined) return resign(turn);
  const others = settings.voters.filter(({ region }) => region !== turn.state.self.region);
  askFor(turn, others);
  const { copies } = turn.state;
  const verdict = judgePromises({ epoch, settings, promises, copies }, turn.rules);
  if (verdict.isComplete) return adopt(turn, adopted, undefined);
  const late = turn.view.nowMs >= campaign.sinceMs + turn.timing.gatherMs;
  const haveAll = others.every(({ slot }) => campaignOf(turn)?.answered.includes(slot));
  if (campaign.isForced) {
    if (haveAll || late)
      adopt(turn, adopted, lossesOf(settings, promises, { adopted, why: verdict.missing }));
  } else if (haveAll) {
    // Nobody else is left to answer.
    const detail = lossesOf(settings, promises, { adopted, why: verdict.missing });
    giveUp(turn, { kind: 'would-lose', detail });
  }
}

function adopt(turn: Turn, adopted: VoterState, losses: string | undefined): void {
  const { end } = turn.view;
  const campaign = campaignOf(turn);
  if (campaign === undefined) return;
  setCampaign(turn, { adopted, losses });
  if (turn.rules.compareHistories(end, adopted.end) <= 0) return open(turn);
  const problem = `the history of region ${adopted.voter.region} did not come in time`;
  setCampaign(turn, { phase: 'refilling', problem });
  turn.effects.push({ kind: 'refill', epoch: campaign.epoch, from: adopted.voter, to: adopted.end });
}

/** What the most advanced voter has is here, or cannot be had now. */
export function onRefilled(turn: Turn, epoch: number, problem: string | undefined): void {
  const campaign = campaignOf(turn);
  if (campaign?.phase !== 'refilling' || campaign.epoch !== epoch || campaign.adopted === undefined) return;
  const { view, rules } = turn;
  const isHere = rules.compareHistories(view.end, campaign.adopted.end) <= 0;
  const { region } = campaign.adopted.voter;
  const detail = `cannot get the history of region ${region}: ${problem ?? 'not all of it came'}`;
  setCampaign(turn, { phase: 'asking', problem: isHere ? undefined : detail });
  // The history that is here now may name other voters. What is still missing is asked for again by the next tick.
  if (isHere) judge(turn);
}

function open(turn: Turn): void {
  const campaign = campaignOf(turn);
  if (campaign === undefined) return;
  setCampaign(turn, { phase: 'opening' });
  turn.effects.push({ kind: 'open', epoch: campaign.epoch, above: campaign.above });
}

/** The record that opens the epoch has its place in the log. It has not met its goal. */
export function onOpened(turn: Turn, epoch: number, problem: string | undefined): void {
  const campaign = campaignOf(turn);
  if (campaign?.phase !== 'opening' || campaign.epoch !== epoch) return;
  if (problem !== undefined) {
    // The next tick looks at the history that is here then, and tries again.
    return setCampaign(turn, { phase: 'asking', problem: `cannot open the epoch: ${problem}` });
  }
  const { command, isForced } = campaign;
  const term = newTerm(turn, { epoch, command, isForced });
  // Whoever has just promised is in reach, and what it holds of the epoch it will tell.
  const heard = new Map<number, Heard>();
  for (const state of campaign.promises) {
    const slot = turn.settings && voterOf(turn.settings, state.voter)?.slot;
    if (slot !== undefined) heard.set(slot, { state, atMs: turn.view.nowMs, sequence: 0 });
  }
  turn.become({ kind: 'home', term: { ...term, heard, losses: campaign.losses } });
  if (campaign.doubt !== undefined) onFenced(turn, campaign.doubt);
}

export function tickCampaign(turn: Turn): void {
  const campaign = campaignOf(turn);
  if (campaign === undefined) return;
  const { view, timing } = turn;
  if (campaign.phase === 'looking' && view.nowMs < campaign.deadlineMs) {
    if (view.nowMs >= campaign.sinceMs + timing.gatherMs / 2) promiseItself(turn);
    return;
  }
  if (view.nowMs < campaign.deadlineMs) return judge(turn);
  if (campaign.phase === 'opening') {
    // What is on its way to the disk cannot be called back: only whoever waits is told.
    const detail = `the record that opens epoch ${campaign.epoch} is not on the disk yet: whether it begins is not known`;
    turn.settle(campaign.command, { kind: 'failed', detail });
    return setCampaign(turn, { command: undefined });
  }
  const detail = campaign.problem ?? 'too few voters of the shard have answered in time';
  giveUp(turn, judgeNow(turn, campaign) ?? { kind: 'failed', detail });
}

function judgeNow(turn: Turn, campaign: Campaign): Parameters<Turn['settle']>[1] | undefined {
  const adopted = mostAdvanced([...campaign.promises, stateOf(turn)], turn.rules);
  const settings = adopted?.settings ?? turn.settings;
  if (adopted === undefined || settings === undefined || campaign.phase !== 'asking') return undefined;
  const { epoch, promises } = campaign;
  const verdict = judgePromises({ epoch, settings, promises, copies: turn.state.copies }, turn.rules);
  if (verdict.isComplete) return undefined;
  return { kind: 'would-lose', detail: lossesOf(settings, promises, { adopted, why: verdict.missing }) };
}

/** It was removed from the voters in the meantime. */
function resign(turn: Turn): void {
  turn.settle(campaignOf(turn)?.command, { kind: 'refused', detail: `${NO_VOTER} any more` });
  turn.become({ kind: 'follower' });
}

function giveUp(turn: Turn, outcome: Parameters<Turn['settle']>[1]): void {
  const campaign = campaignOf(turn);
  turn.settle(campaign?.command, outcome);
  wait(turn, outcome.kind === 'done' ? '' : outcome.detail);
}

/** Says what may be lost when these promises have to suffice. */
function lossesOf(
  settings: ShardSettings,
  promises: readonly VoterState[],
  { adopted, why }: { readonly adopted: VoterState; readonly why: string },
): string {
  const slots = new Set(promises.flatMap(({ voter }) => voterOf(settings, voter)?.slot ?? []));
  const silent = settings.voters.filter(({ slot }) => !slots.has(slot)).map(({ region }) => region);
  const { epoch, sequence } = adopted.end;
  const where = `the most advanced history in reach is that of region ${adopted.voter.region}, up to commit ${sequence} of epoch ${epoch}`;
  const lost = `whatever was acknowledged after it (goal ${settings.goal}) is lost, unless ${silent.join(' or ') || 'its home'} comes back to report it`;
  return `${why}; ${where}: ${lost}`;
}

function campaignOf(turn: Turn): Campaign | undefined {
  const { role } = turn.state;
  return role.kind === 'campaign' ? role.campaign : undefined;
}

function setCampaign(turn: Turn, changes: Partial<Campaign>): void {
  const campaign = campaignOf(turn);
  if (campaign !== undefined) turn.become({ kind: 'campaign', campaign: { ...campaign, ...changes } });
}
