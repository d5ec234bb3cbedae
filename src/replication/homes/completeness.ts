import type { VoterState } from './protocol.ts';
import { type Place, RULES, type Rules } from './rules.ts';
import { EPOCH_SLOTS, holderOf, type ShardSettings, voterOf } from './settings.ts';

/** Which of some voters' histories is the most advanced. */
export function mostAdvanced(states: readonly VoterState[], rules: Rules = RULES): VoterState | undefined {
  return [...states].sort((a, b) => rules.compareHistories(a.end, b.end))[0];
}

/** Whether what was promised suffices to open an epoch without losing anything, or what may be lost. */
export type Completeness =
  | { readonly isComplete: true }
  | { readonly isComplete: false; readonly missing: string };

/**
 * Judges promises of an epoch, given the settings of the most advanced history among them.
 *
 * With goal `region` a majority has every acknowledged commit, and so has one of any other majority; what it adopts
 * is the most advanced history, which contains what all homes before have acknowledged (as in Raft: a home acknowledges
 * only what a majority holds in its own epoch).
 *
 * With the other goals acknowledged commits may be nowhere but at the home that made them: it has to be among those who
 * promised, and so has whoever may have become the home after it without anybody here having seen a frame of it.
 */
export function judgePromises(
  options: {
    readonly epoch: number;
    readonly settings: ShardSettings;
    readonly promises: readonly VoterState[];
    /** Epochs whose durable copy in the home's zone was read to its end, which is as good as their home itself. */
    readonly copies?: readonly number[];
  },
  rules: Rules = RULES,
): Completeness {
  const { epoch, settings, promises, copies = [] } = options;
  const slots = new Set(promises.flatMap(({ voter }) => voterOf(settings, voter)?.slot ?? []));
  if (settings.goal === 'region') {
    if (rules.isMajority(slots.size, settings.voters.length)) return { isComplete: true };
    const silent = settings.voters.filter(({ slot }) => !slots.has(slot)).map(({ region }) => region);
    const missing = `${slots.size} of ${settings.voters.length} voters have promised, a majority has to (missing: ${silent.join(', ')})`;
    return { isComplete: false, missing };
  }
  for (const home of possibleHomes(epoch, settings, promises)) {
    const slot = home % EPOCH_SLOTS;
    if (slots.has(slot) || (settings.goal === 'zone' && copies.includes(home))) continue;
    const region = holderOf(settings, home)?.region ?? 'a region that is no voter any more';
    const missing = `commits that only ${region} has, as the home in epoch ${home}, would be lost`;
    return { isComplete: false, missing };
  }
  return { isComplete: true };
}

/**
 * The epochs whose homes may have acknowledged something that nobody else has. One of a voter that was removed has not
 * begun: it needed a promise of the home that removed it, and had to adopt that. (So nothing waits for it for ever.)
 */
function possibleHomes(
  epoch: number,
  settings: ShardSettings,
  promises: readonly VoterState[],
): readonly number[] {
  const last = Math.max(0, ...promises.map(({ end }) => end.epoch));
  const pending = promises
    .flatMap((state) => state.pending)
    .filter((each) => each > last && each < epoch && holderOf(settings, each) !== undefined);
  return [last, ...new Set(pending)];
}

/** The epochs that were promised and may have begun unseen, after one more was promised. */
export function withPending(pending: readonly number[], epoch: number, end: Place): readonly number[] {
  const open = pending.filter((each) => each > end.epoch && each % EPOCH_SLOTS !== epoch % EPOCH_SLOTS);
  // The highest of each slot stands for all: only its holder can have opened any of them. So there are eight at most.
  return [...open, epoch].sort((a, b) => a - b);
}
