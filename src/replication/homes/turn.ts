import type { Position } from '../../store/mod.ts';
import type { CoreState, Effect, LogView, PromiseRecord, Role, Term, Token } from './core-types.ts';
import type { Answer, Question, VoterState } from './protocol.ts';
import type { Rules } from './rules.ts';
import { type ShardSettings, type Voter, voterNamed, voterOf } from './settings.ts';

/** How long things take; see `limits`. */
export interface Timing {
  /** Whoever was not heard for so long is out of reach. */
  readonly reachMs: number;
  /** A voter that has nothing new tells its home so often that it is there. */
  readonly tellMs: number;
  /** An attempt to open an epoch is given up after this. */
  readonly campaignMs: number;
  /** So long it waits for more answers when those that it has suffice for what it was told to accept. */
  readonly gatherMs: number;
  /** A home of a `process` shard waits for voters so long before it goes on after a restart. */
  readonly recoverMs: number;
  /** A former home leaves others so long to open an epoch before it takes one itself; more with each slot. */
  readonly settleMs: number;
  /** A sealed home waits so long for the next one. */
  readonly moveMs: number;
}

/** One step of a core: what it sees, what it has become, and what is to be done. */
export class Turn {
  readonly view: LogView;
  readonly rules: Rules;
  readonly timing: Timing;
  readonly effects: Effect[] = [];
  state: CoreState;

  constructor(options: {
    readonly state: CoreState;
    readonly view: LogView;
    readonly rules: Rules;
    readonly timing: Timing;
  }) {
    this.state = options.state;
    this.view = options.view;
    this.rules = options.rules;
    this.timing = options.timing;
  }

  set(changes: Partial<CoreState>): void {
    this.state = { ...this.state, ...changes };
  }

  become(role: Role): void {
    this.set({ role });
  }

  /** Changes the term of a home, or of one that is about to hand over. */
  setTerm(changes: Partial<Term>): void {
    const { role } = this.state;
    if (role.kind === 'home' || role.kind === 'moving')
      this.become({ ...role, term: { ...role.term, ...changes } });
  }

  get settings(): ShardSettings | undefined {
    return this.view.settings;
  }

  /** The voter that this member is by its name, whatever its directory. */
  get voter(): Voter | undefined {
    return this.settings && voterNamed(this.settings, this.state.self);
  }

  /** Whether this member's promises and its log count. */
  get isEnrolled(): boolean {
    return this.settings !== undefined && voterOf(this.settings, this.state.self) !== undefined;
  }

  get otherVoters(): readonly Voter[] {
    const { region, member } = this.state.self;
    return (this.settings?.voters ?? []).filter((each) => each.region !== region || each.member !== member);
  }

  /** What this member has promised, on its disk or nearly. */
  get promised(): number {
    const { promise, promising } = this.state;
    return Math.max(promise.epoch, promising?.record.epoch ?? 0, this.view.end.epoch);
  }

  ask(to: Voter, question: Question, token: Token): void {
    this.effects.push({ kind: 'ask', to, question, token });
  }

  answer(id: number, answer: Omit<Answer, 'state'>): void {
    this.effects.push({ kind: 'answer', id, answer: { ...answer, state: stateOf(this) } });
  }

  settle(command: number | undefined, outcome: Extract<Effect, { kind: 'settle' }>['outcome']): void {
    if (command !== undefined) this.effects.push({ kind: 'settle', command, outcome });
  }

  /** Somebody speaks of epochs. */
  hearEpochs(state: VoterState): void {
    const highest = Math.max(state.promised, state.end.epoch, ...state.pending);
    if (highest > this.state.epochHeard) this.set({ epochHeard: highest });
  }
}

/** What a member says of itself: only what is on its disk. */
export function stateOf({ state, view }: Turn): VoterState {
  const { epoch, sequence, hash } = view.end;
  return {
    voter: state.self,
    promised: Math.max(state.promise.epoch, epoch),
    pending: pendingOf(state.promise, view.end),
    end: { epoch, sequence, hash },
    isSealed: view.isSealed,
    settings: view.settings,
    revision: view.revision,
  };
}

function pendingOf(promise: PromiseRecord, end: Position): readonly number[] {
  return promise.pending.filter((epoch) => epoch > end.epoch);
}

/** Whether two positions are the same commit. */
export function isSame(a: Position, b: Position): boolean {
  return a.epoch === b.epoch && a.sequence === b.sequence && Buffer.compare(a.hash, b.hash) === 0;
}
