import {
  type Clock,
  limits,
  type Random,
  type RegionName,
  type Revision,
  unreachable,
} from '../../base/mod.ts';
import type { Position, ReplicatedLog, Store, SurvivalGate } from '../../store/mod.ts';
import type { AskOutcome, MemberName } from '../transport/mod.ts';
import { collect } from '../transport/mod.ts';
import { beginCore, type Step, stepCore } from './core.ts';
import type { Command, CommandOutcome, CoreState, Effect, Input, LogView } from './core-types.ts';
import { decodeAnswer, decodeSettings, encodeQuestion, encodeSettings } from './messages.ts';
import type { PromiseTable } from './promises.ts';
import type { Answer, Question } from './protocol.ts';
import { RULES } from './rules.ts';
import type { ShardSettings } from './settings.ts';
import { type ShardStatus, statusOf } from './status.ts';
import { outOfReach } from './term.ts';
import { HOMES_TIMING } from './timing.ts';
import type { Timing } from './turn.ts';

export interface ShardHomeOptions {
  readonly shard: string;
  /** Opened to follow: whether this member is the home is found out here. */
  readonly store: Store;
  readonly promises: PromiseTable;
  readonly self: MemberName;
  readonly clock: Clock;
  readonly random: Random;
  /** Asks a member on the topic of homes. */
  readonly ask: (to: MemberName, body: Uint8Array) => Promise<AskOutcome>;
  /** Gets what another member has up to a commit into this member's log. */
  readonly refill: (from: MemberName, to: Position) => Promise<void>;
  /** Told when this member becomes the home or is it no more, and of what an operator should know. */
  readonly report: (report: HomeReport) => void;
  readonly timing?: Timing;
}

export type HomeReport =
  | { readonly kind: 'home'; readonly epoch: number }
  | { readonly kind: 'no-home'; readonly reason: string }
  /** It was the home last, and may not go on as that; told when it has tried in vain to become the home anew. */
  | { readonly kind: 'waits'; readonly reason: string }
  | { readonly kind: 'problem'; readonly detail: string };

/** An answer of ours has its place in one message. */
const ANSWER_BYTES_MAX = 64 * 1024;

/**
 * One member's part in who is home of a shard: hands what happens to the pure core (`core.ts`), and does what that says,
 * with the log, the promises and the other members. It is also the gate that decides when commits count.
 */
export class ShardHome implements SurvivalGate {
  readonly #options: ShardHomeOptions;
  readonly #log: ReplicatedLog;
  readonly #timing: Timing;
  readonly #stops: (() => void)[];
  readonly #answers = new Map<number, (answer: Answer) => void>();
  readonly #commands = new Map<number, (outcome: CommandOutcome) => void>();
  #state: CoreState;
  #settings: { readonly bytes: Uint8Array; readonly settings: ShardSettings } | undefined;
  #cancelTick = () => {};
  #ids = 0;
  #isClosed = false;

  constructor(options: ShardHomeOptions) {
    this.#options = options;
    this.#log = options.store.log;
    this.#timing = options.timing ?? HOMES_TIMING;
    const { region, member } = options.self;
    const self = { region, member, incarnation: options.promises.incarnation };
    const promise = options.promises.get(options.shard);
    const step = beginCore({ self, promise, view: this.#view(), timing: this.#timing });
    this.#state = step.state;
    const onLog = () => this.#step({ kind: 'log' });
    this.#stops = [this.#log.subscribeToWritten(onLog), this.#log.subscribeToVisible(onLog)];
    this.#run(step);
    this.#tick();
  }

  /** Whether this member sequences the shard's log now, and does not hand it over. */
  get isHome(): boolean {
    return this.#state.role.kind === 'home';
  }

  get status(): ShardStatus {
    const { shard } = this.#options;
    return statusOf({ shard, state: this.#state, view: this.#view(), outOfReach: this.outOfReach() });
  }

  /** The member that was home last, as this member's log says. */
  get lastHome(): MemberName | undefined {
    const { epoch } = this.#log.end;
    const holder = this.#view().settings?.voters.find(({ slot }) => slot === epoch % 8);
    return holder && { region: holder.region, member: holder.member };
  }

  /** Where this member, as a home that has sealed its epoch, hands the shard over to. */
  get movingTo(): MemberName | undefined {
    const { role } = this.#state;
    return role.kind === 'moving' ? { region: role.target.region, member: role.target.member } : undefined;
  }

  /** The voter of a region, for commands that only it can carry out. */
  voterIn(region: RegionName): MemberName | undefined {
    return this.#view().settings?.voters.find((voter) => voter.region === region);
  }

  /** Resolves when the command is carried out, or it is known why not. */
  command(command: Command): Promise<CommandOutcome> {
    if (this.#isClosed) return Promise.resolve({ kind: 'failed', detail: 'the member ends' });
    const id = ++this.#ids;
    return new Promise((resolve) => {
      this.#commands.set(id, resolve);
      this.#step({ kind: 'command', id, command });
    });
  }

  /** Whether this home's epoch is still the shard's, asked of a majority of the voters after now. For consistent reads. */
  async confirmEpoch(): Promise<boolean> {
    return (await this.command({ kind: 'confirm-epoch' })).kind === 'done';
  }

  /** The second copy in the region has the log up to here. */
  copied(copied: { readonly epoch: number; readonly sequence: number; readonly isSynced: boolean }): void {
    this.#step({ kind: 'copied', ...copied });
  }

  /** All that this region's copy of the log has of an epoch was taken into the log. */
  copyRead(epoch: number): void {
    this.#step({ kind: 'copy-read', epoch });
  }

  /** Whether the shard's voters are this member with another directory, which it has lost. */
  get hasLostDirectory(): boolean {
    const { self, promises } = this.#options;
    const { region, member } = self;
    const voter = this.#view().settings?.voters.find(
      (each) => each.region === region && each.member === member,
    );
    return voter !== undefined && voter.incarnation !== promises.incarnation;
  }

  /** The stream refused what was published: acknowledges nothing until the voters have confirmed the epoch. */
  fenced(detail: string): void {
    this.#step({ kind: 'fenced', detail });
  }

  /** Answers another member. */
  answer(question: Question): Promise<Answer> {
    const id = ++this.#ids;
    return new Promise((resolve, reject) => {
      const cancel = this.#options.clock.after(limits.homesAskMs, () => {
        this.#answers.delete(id);
        reject(new Error('the answer took too long'));
      });
      this.#answers.set(id, (answer) => {
        cancel();
        resolve(answer);
      });
      this.#step({ kind: 'asked', id, question });
    });
  }

  // ---- As the gate of the log.

  outOfReach(): string | undefined {
    return outOfReach(this.#state, this.#view(), { rules: RULES, timing: this.#timing });
  }

  written(_position: Position): void {
    this.#step({ kind: 'log' });
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTick();
    for (const stop of this.#stops) stop();
    for (const settle of this.#commands.values()) settle({ kind: 'failed', detail: 'the member ends' });
    this.#commands.clear();
  }

  #tick(): void {
    this.#cancelTick = this.#options.clock.after(limits.homesTickMs, () => {
      this.#step({ kind: 'tick' });
      if (!this.#isClosed) this.#tick();
    });
  }

  #view(): LogView {
    const log = this.#log;
    return {
      nowMs: this.#options.clock.monotonicMs(),
      end: log.end,
      visible: log.visible,
      isSealed: log.isSealed,
      settings: this.#readSettings(),
      revision: Math.max(this.#options.store.revision, log.end.revision),
      positionAt: (sequence) => log.positionAt(sequence),
    };
  }

  #readSettings(): ShardSettings | undefined {
    const bytes = this.#log.settings;
    if (bytes === undefined) return undefined;
    if (this.#settings?.bytes !== bytes) this.#settings = { bytes, settings: decodeSettings(bytes) };
    return this.#settings.settings;
  }

  #step(input: Input): void {
    if (this.#isClosed) return;
    const options = { timing: this.#timing };
    this.#run(stepCore(this.#state, input, this.#view(), options));
  }

  #run({ state, effects }: Step): void {
    const before = this.#state;
    this.#state = state;
    for (const effect of effects) this.#do(effect);
    const { report } = this.#options;
    if (isInOffice(state) && !isInOffice(before)) report({ kind: 'home', epoch: termOf(state) });
    else if (!isInOffice(state) && isInOffice(before))
      report({
        kind: 'no-home',
        reason: state.role.kind === 'unsettled' ? state.role.reason : state.role.kind,
      });
    else if (state.role.kind === 'unsettled' && before?.role.kind === 'campaign')
      report({ kind: 'waits', reason: state.role.reason });
  }

  /** Whatever touches the log begins within this turn, so that it comes to the log in the order of the core. */
  #do(effect: Effect): void {
    const { shard, promises, self } = this.#options;
    const origin = { actor: 'system:homes', originRegion: self.region };
    const log = this.#log;
    switch (effect.kind) {
      case 'ask':
        void this.#ask(effect);
        return;
      case 'answer':
        this.#answers.get(effect.id)?.(effect.answer);
        this.#answers.delete(effect.id);
        return;
      case 'save': {
        const { stepDown, record } = effect;
        const stepped = stepDown === undefined ? Promise.resolve() : log.follow(stepDown);
        return this.#then(
          stepped.then(() => promises.save(shard, record)),
          // A promise that is not on the disk is none: the member asks nobody for anything, and answers nobody.
          (problem) => (problem === undefined ? { kind: 'saved' } : undefined),
        );
      }
      case 'confirm':
        return log.confirm(effect);
      case 'refill': {
        const { epoch, from, to } = effect;
        return this.#then(this.#options.refill(from, to), (problem) => ({
          kind: 'refilled',
          epoch,
          ...(problem !== undefined && { problem }),
        }));
      }
      case 'open': {
        const { epoch, above } = effect;
        const { settings } = log;
        return this.#then(log.openEpoch({ epoch, above, settings, gate: this, ...origin }), (problem) => ({
          kind: 'opened',
          epoch,
          ...(problem !== undefined && { problem }),
        }));
      }
      case 'resume': {
        const { epoch } = effect;
        return this.#then(log.resume(this), (problem) => ({
          kind: 'resumed',
          epoch,
          ...(problem !== undefined && { problem }),
        }));
      }
      case 'step-down':
        void log.follow(effect.reason);
        return;
      case 'suspend':
        return log.suspend(effect.reason);
      case 'proceed':
        return log.proceed();
      case 'seal':
        return this.#seal(log.seal(origin));
      case 'change':
        return this.#change(() => log.configure(encodeSettings(effect.settings), origin));
      case 'settle':
        this.#commands.get(effect.command)?.(effect.outcome);
        this.#commands.delete(effect.command);
        return;
      default:
        return unreachable(effect);
    }
  }

  #seal(sealing: Promise<Position>): void {
    sealing.then(
      ({ epoch, sequence, hash }) => this.#step({ kind: 'sealed', position: { epoch, sequence, hash } }),
      (error: unknown) => this.#step({ kind: 'sealed', problem: textOf(error) }),
    );
  }

  #change(propose: () => { readonly sequence: number; readonly durable: Promise<void> }): void {
    // After this step: the core is in the middle of one.
    queueMicrotask(() => {
      try {
        const { sequence, durable } = propose();
        durable.catch(() => {});
        this.#step({ kind: 'changed', sequence });
      } catch (error) {
        this.#step({ kind: 'changed', problem: textOf(error) });
      }
    });
  }

  #then<Value>(promise: Promise<Value>, input: (problem: string | undefined) => Input | undefined): void {
    const go = (problem: string | undefined) => {
      const next = input(problem);
      if (problem !== undefined) this.#options.report({ kind: 'problem', detail: problem });
      if (next !== undefined) this.#step(next);
    };
    promise.then(
      (value) => {
        // An opening frame that is abandoned tells by its epoch what became of it.
        const { durable } = (value ?? {}) as { readonly durable?: Promise<void> };
        durable?.catch(() => {});
        go(undefined);
      },
      (error: unknown) => go(textOf(error)),
    );
  }

  /** The home says how far commits have met their goal; it announces no revision by that. */
  #show(mark: Position): void {
    if (this.#isClosed || this.#log.role !== 'follower') return;
    this.#log.observe({ ...mark, revision: 0 as Revision }).catch(() => {});
  }

  async #ask({ to, question, token }: Extract<Effect, { kind: 'ask' }>): Promise<void> {
    const { slot } = to;
    let detail: string;
    try {
      const outcome = await this.#options.ask(to, encodeQuestion(this.#options.shard, question));
      if (outcome.kind === 'answered') {
        const answer = decodeAnswer(await collect(outcome.parts, ANSWER_BYTES_MAX));
        this.#step({ kind: 'answered', token, slot, answer });
        if (answer.mark !== undefined) this.#show(answer.mark);
        return;
      }
      detail = outcome.detail;
    } catch (error) {
      detail = textOf(error);
    }
    this.#step({ kind: 'unanswered', token, slot, detail });
  }
}

/** A home that hands over has to publish its last commits. */
function isInOffice(state: CoreState | undefined): boolean {
  return state?.role.kind === 'home' || state?.role.kind === 'moving';
}

function termOf({ role }: CoreState): number {
  return role.kind === 'home' || role.kind === 'moving' ? role.term.epoch : 0;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
