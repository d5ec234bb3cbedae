import { SeededRandom } from '../../base/mod.ts';
import { beginCore, stepCore } from './core.ts';
import type { Command, CommandOutcome, Effect, Input, LogView } from './core-types.ts';
import { type ModelFrame, ModelLog } from './model-log.suite.ts';
import { type Acknowledged, Member } from './model-member.suite.ts';
import { type Action, type Faults, type ModelPlan, STORM_MS } from './model-plan.suite.ts';
import { ModelTime } from './model-time.suite.ts';
import { RULES, type Rules } from './rules.ts';
import { SURVIVAL_GOALS, voterNamed } from './settings.ts';
import { foundingSettings } from './settings-change.ts';
import { outOfReach } from './term.ts';
import type { Timing } from './turn.ts';

const CALM_MS = 16_000;
const TICK_MS = 250;
const TIMING: Timing = {
  reachMs: 1_500,
  tellMs: 500,
  campaignMs: 2_000,
  gatherMs: 500,
  recoverMs: 500,
  settleMs: 1_000,
  moveMs: 3_000,
};

/** Whoever has given a command is told by then what became of it, by the slowest clock. */
const SETTLED_MS = 1.2 * (TIMING.campaignMs + TIMING.reachMs + 3 * TICK_MS);

/** A planet of cores on model logs: everything that happens follows from the plan. */
export class ModelPlanet {
  readonly #plan: ModelPlan;
  readonly #faults: Faults;
  readonly #random: SeededRandom;
  readonly #members: Member[] = [];
  readonly #time = new ModelTime();
  readonly #cuts = new Map<string, number>();
  readonly #acknowledged: Acknowledged[] = [];
  readonly #ackers = new Map<number, number>();
  readonly #settledCommands = new Set<number>();
  readonly #commands = new Map<number, { readonly command: Command; readonly atMs: number }>();
  readonly #highestAcked: { atMs: number; epoch: number }[] = [];
  #commits = 0;
  #questions = 0;
  #isCalm = false;
  #lossAccepted = false;
  #wiped = -1;

  constructor(plan: ModelPlan, faults: Faults = {}) {
    this.#plan = plan;
    this.#faults = faults;
    this.#random = new SeededRandom(plan.seed);
    for (let index = 0; index < plan.members; index++) {
      this.#members.push(new Member(index, 0.9 + this.#random.below(200) / 1000));
    }
  }

  /** What was wrong, if anything; and what happened, for those who wonder whether anything did. */
  run(): { readonly problem: string | undefined; readonly acknowledged: number; readonly epochs: number } {
    try {
      this.#found();
      for (const action of this.#plan.actions) this.#time.at(action.atMs, () => this.#act(action));
      for (let atMs = 50; atMs < STORM_MS + CALM_MS - 4_000; atMs += 150 + this.#random.below(300))
        this.#time.at(atMs, () => this.#write());
      this.#time.at(STORM_MS, () => {
        this.#isCalm = true;
        this.#cuts.clear();
      });
      this.#time.pass(STORM_MS + CALM_MS);
      this.#checkEnd();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      return { problem: error.message, acknowledged: this.#acknowledged.length, epochs: this.#ackers.size };
    }
    return { problem: undefined, acknowledged: this.#acknowledged.length, epochs: this.#ackers.size };
  }

  #found(): void {
    const [founder, ...others] = this.#members;
    const first = foundingSettings({ founder: founder!.self, goal: this.#plan.goal });
    const voters = [...first.voters, ...others.map(({ self, index }) => ({ ...self, slot: index + 1 }))];
    founder!.log.append(1, { text: 'founded', settings: { ...first, voters } });
    for (const member of this.#members) {
      member.log.frames = founder!.log.frames;
      member.log.durable = member.log.frames;
      member.log.visible = member.log.head;
      this.#begin(member);
      const tick = () => {
        if (member.isUp && member.core !== undefined) this.#step(member, { kind: 'tick' });
        this.#ship(member);
        this.#after(TICK_MS, tick);
      };
      this.#after(this.#random.below(TICK_MS), tick);
    }
  }

  #begin(member: Member): void {
    const { self, promise } = member;
    const step = beginCore({ self, promise, view: this.#viewOf(member), timing: TIMING, rules: this.#rules });
    member.core = step.state;
    for (const effect of step.effects) this.#do(member, effect);
    this.#readCopy(member);
  }

  get #rules(): Rules {
    return this.#faults.rules ?? RULES;
  }

  #viewOf({ log, rate }: Member): LogView {
    return {
      nowMs: this.#nowMs * rate,
      end: log.end,
      visible: log.visible,
      isSealed: log.isSealed,
      settings: log.settingsOnDisk,
      revision: 0,
      positionAt: (sequence) => log.positionAt(sequence),
    };
  }

  #step(member: Member, input: Input): void {
    if (!member.isUp || member.core === undefined) return;
    const options = { timing: TIMING, rules: this.#rules };
    const { state, effects } = stepCore(member.core, input, this.#viewOf(member), options);
    member.core = state;
    for (const effect of effects) this.#do(member, effect);
  }

  #do(member: Member, effect: Effect): void {
    const { log } = member;
    switch (effect.kind) {
      case 'ask':
        return this.#ask(member, effect);
      case 'answer':
        return this.#answers.get(effect.id)?.(effect.answer);
      case 'save':
        if (effect.stepDown !== undefined) log.isHome = false;
        return this.#onDisk(member, () => {
          if (this.#faults.promisesUnsynced !== true) member.promise = effect.record;
          this.#step(member, { kind: 'saved' });
        });
      case 'confirm':
        return this.#confirm(member, effect);
      case 'refill': {
        const from = this.#members.find(({ self }) => self.region === effect.from.region)!;
        const done = (problem?: string) =>
          this.#step(member, {
            kind: 'refilled',
            epoch: effect.epoch,
            ...(problem !== undefined && { problem }),
          });
        const life = member.life;
        this.#send(member, from, () =>
          this.#send(from, member, () => {
            if (member.life !== life) return;
            log.apply(from.log.durable);
            this.#onDisk(member, () => done());
          }),
        );
        return this.#alive(member, 700, () => done('no answer'));
      }
      case 'open':
        if (log.head.epoch >= effect.epoch || log.settings !== log.settingsOnDisk) {
          return this.#alive(member, 1, () =>
            this.#step(member, { kind: 'opened', epoch: effect.epoch, problem: 'the log has gone on' }),
          );
        }
        log.isHome = true;
        log.isSuspended = false;
        log.append(effect.epoch, { text: `opened by ${member.index}`, isOpening: true });
        return this.#onDisk(member, () => this.#step(member, { kind: 'opened', epoch: effect.epoch }));
      case 'resume':
        log.isHome = true;
        log.isSuspended = false;
        return this.#alive(member, 1, () => this.#step(member, { kind: 'resumed', epoch: effect.epoch }));
      case 'step-down':
        log.isHome = false;
        return;
      case 'suspend':
        log.isSuspended = true;
        return;
      case 'proceed':
        log.isSuspended = false;
        return;
      case 'seal': {
        if (!log.isHome)
          return this.#alive(member, 1, () => this.#step(member, { kind: 'sealed', problem: 'no home' }));
        const seal = log.append(log.head.epoch, { text: 'sealed', isSeal: true });
        const life = member.life;
        const check = () => {
          if (member.life !== life || !log.isHome) return;
          if (log.visible.sequence >= seal.sequence) this.#step(member, { kind: 'sealed', position: seal });
          else this.#after(10, check);
        };
        this.#onDisk(member, check);
        return;
      }
      case 'change': {
        if (!log.isHome || log.head.epoch !== log.end.epoch || log.frames.at(-1)?.isSeal)
          return this.#alive(member, 1, () => this.#step(member, { kind: 'changed', problem: 'no home' }));
        const { sequence } = log.append(log.head.epoch, { text: 'settings', settings: effect.settings });
        this.#alive(member, 0, () => this.#step(member, { kind: 'changed', sequence }));
        return this.#onDisk(member, () => {});
      }
      case 'settle':
        return this.#settled(effect.command, effect.outcome);
    }
  }

  // ---- What homes acknowledge.

  #confirm(member: Member, { epoch, sequence }: { readonly epoch: number; readonly sequence: number }): void {
    const { log } = member;
    if (!log.isHome || log.isSuspended || log.head.epoch !== epoch) return;
    const known = log.visible.epoch === epoch ? log.visible.sequence : 0;
    const settings = log.settingsOnDisk!;
    for (const frame of log.durable.slice(0, sequence)) {
      if (frame.sequence <= known || frame.epoch !== epoch) continue;
      const acker = this.#ackers.get(epoch);
      if (acker !== undefined && acker !== member.index)
        throw new Violation(`epoch ${epoch} has two homes: ${acker} and ${member.index}`);
      this.#ackers.set(epoch, member.index);
      this.#acknowledged.push({ frame, goal: settings.goal, atMs: this.#nowMs });
    }
    const highest = this.#highestAcked.at(-1)?.epoch ?? 0;
    if (epoch > highest) this.#highestAcked.push({ atMs: this.#nowMs, epoch });
    log.visible = log.durable[sequence - 1] ?? log.visible;
    this.#alive(member, 0, () => this.#step(member, { kind: 'log' }));
  }

  #write(): void {
    for (const member of this.#members) {
      const { log, core } = member;
      if (!member.isUp || core === undefined || !log.isHome || log.isSuspended || log.frames.at(-1)?.isSeal)
        continue;
      const options = { timing: TIMING, rules: this.#rules };
      if (outOfReach(core, this.#viewOf(member), options) !== undefined) continue;
      log.append(log.head.epoch, { text: `write ${this.#commits++}` });
      this.#onDisk(member, () => {});
    }
  }

  #settled(id: number, outcome: CommandOutcome): void {
    this.#settledCommands.add(id);
    const known = this.#commands.get(id);
    if (known?.command.kind !== 'confirm-epoch' || outcome.kind !== 'done') return;
    const newer = this.#highestAcked.find(({ atMs, epoch }) => atMs < known.atMs && epoch > outcome.epoch);
    if (newer !== undefined && !this.#lossAccepted)
      throw new Violation(`epoch ${outcome.epoch} was confirmed after epoch ${newer.epoch} had acknowledged`);
  }

  // ---- The network and the disks.

  readonly #answers = new Map<number, (answer: Extract<Effect, { kind: 'answer' }>['answer']) => void>();

  #ask(member: Member, { to, question, token }: Extract<Effect, { kind: 'ask' }>): void {
    const target = this.#members.find(({ self }) => self.region === to.region)!;
    const life = member.life;
    const answered = { is: false };
    this.#send(member, target, () => {
      if (!target.isUp || target.core === undefined) return;
      const id = ++this.#questions;
      this.#answers.set(id, (answer) => {
        this.#answers.delete(id);
        this.#send(target, member, () => {
          if (member.life !== life || answered.is) return;
          answered.is = true;
          this.#step(member, { kind: 'answered', token, slot: to.slot, answer });
        });
      });
      this.#step(target, { kind: 'asked', id, question });
    });
    this.#alive(member, 400, () => {
      if (answered.is) return;
      answered.is = true;
      this.#step(member, { kind: 'unanswered', token, slot: to.slot, detail: 'no answer' });
    });
  }

  /** Every member sends its log to somebody now and then, and a home to all. */
  #ship(member: Member): void {
    if (!member.isUp) return;
    for (const other of this.#members) {
      if (other === member || (!member.log.isHome && this.#random.below(4) > 0)) continue;
      const frames = member.log.durable;
      this.#send(member, other, () => this.#receive(other, frames));
    }
  }

  #receive(member: Member, frames: readonly ModelFrame[]): void {
    if (!member.isUp || !member.log.apply(frames)) return;
    if (member.log.fork !== undefined) throw new Violation(`a fork at ${member.index}: ${member.log.fork}`);
    this.#onDisk(member, () => {
      // A member that is new begins when it has the log.
      if (member.core === undefined) this.#begin(member);
    });
  }

  /** Syncs what the log has in memory, and then goes on. */
  #onDisk(member: Member, then: () => void): void {
    const { frames } = member.log;
    const log = member.log;
    this.#alive(member, 1 + this.#random.below(12), () => {
      // Writes go to the disk in order; one that was undone since is not there.
      const isOlder = frames.length < log.durable.length && log.frames.length >= log.durable.length;
      const isCurrent = frames.length === 0 || log.frames[frames.length - 1] === frames.at(-1);
      if (!isOlder && isCurrent) log.durable = frames;
      then();
      this.#step(member, { kind: 'log' });
      if (!log.isHome) return;
      this.#ship(member);
      this.#publish(member);
    });
  }

  #send(from: Member, to: Member, arrive: () => void): void {
    const { lose, duplicate } = this.#plan;
    const isStormy = !this.#isCalm;
    if ((this.#cuts.get(`${from.index}>${to.index}`) ?? 0) > this.#nowMs) return;
    if (isStormy && this.#random.below(100) < lose) return;
    const copies = isStormy && this.#random.below(100) < duplicate ? 2 : 1;
    for (let copy = 0; copy < copies; copy++)
      this.#after(5 + this.#random.below(isStormy ? 120 : 30), () => {
        if (to.isUp) arrive();
      });
  }

  /** A home publishes what is on its disk. */
  #publish(member: Member): void {
    const { log } = member;
    const frames = log.durable;
    const { epoch } = log.end;
    if (!log.isHome || log.head.epoch !== epoch) return;
    this.#after(1 + this.#random.below(20), () => {
      const sequence = member.copy.publish(epoch, frames);
      this.#alive(member, 1 + this.#random.below(20), () => {
        if (sequence === undefined) this.#fence(member);
        else this.#step(member, { kind: 'copied', epoch, sequence, isSynced: true });
      });
    });
  }

  /** The stream refuses what a home publishes: it knows that before the core does. */
  #fence(member: Member): void {
    if (!member.log.isHome) return;
    member.log.isSuspended = true;
    this.#step(member, { kind: 'fenced', detail: 'refused' });
  }

  /** At a start, and again until all of it could be taken. */
  #readCopy(member: Member): void {
    this.#alive(member, 50 + this.#random.below(100), () => {
      if (member.log.isHome) return;
      if (!member.copy.readInto(member.log)) return this.#readCopy(member);
      this.#onDisk(member, () => {
        this.#step(member, { kind: 'copy-read', epoch: member.log.head.epoch });
      });
    });
  }

  // ---- What befalls them.

  #act(action: Action): void {
    const member = this.#members[action.member % this.#members.length]!;
    const other = this.#members[action.other % this.#members.length]!;
    const untilMs = Math.min(STORM_MS, this.#nowMs + action.forMs);
    const { isHome, visible, head } = member.log;
    switch (action.kind) {
      case 'crash':
        return this.#crash(member, untilMs);
      case 'wipe':
        // Whatever is lost with the directories of two voters is lost, or with the one that has it.
        if (this.#wiped >= 0 && this.#wiped !== member.index) return;
        if (this.#plan.goal === 'process' || this.#plan.actions.some(({ kind }) => kind === 'goal')) return;
        // In the zone, the stream stands in for a home that has acknowledged. Whether somebody else has opened the
        // epoch that it was promised, nobody knows then: that takes a loss to be accepted. Nor does anybody while its own
        // opening is on its way to the disk.
        if (this.#plan.goal === 'zone' && (!isHome || visible.epoch !== head.epoch)) return;
        this.#wiped = member.index;
        this.#crash(member, untilMs);
        member.log = new ModelLog();
        member.promise = undefined;
        member.core = undefined;
        member.self = { ...member.self, incarnation: `${member.index}.${member.life}` };
        return;
      case 'cut':
      case 'cut-one-way':
        this.#cuts.set(`${member.index}>${other.index}`, untilMs);
        if (action.kind === 'cut') this.#cuts.set(`${other.index}>${member.index}`, untilMs);
        return;
      case 'promote':
      case 'accept-loss': {
        const acceptLoss = action.kind === 'accept-loss';
        if (acceptLoss) this.#lossAccepted = true;
        return this.#command(member, { kind: 'promote', acceptLoss, salt: this.#random.below(1024) });
      }
      case 'move':
        return this.#commandHomes({ kind: 'move', to: other.self.region });
      case 'confirm-epoch':
        return this.#commandHomes({ kind: 'confirm-epoch' });
      case 'goal':
        return this.#commandHomes({ kind: 'set-goal', goal: SURVIVAL_GOALS[action.forMs % 3]! });
      case 'remove-voter':
        // Two voters, of which one has lost its directory, are a majority of nothing.
        if (this.#plan.actions.some(({ kind }) => kind === 'wipe')) return;
        this.#commandHomes({ kind: 'remove-voter', region: other.self.region });
        return this.#after(1_500, () => this.#commandHomes({ kind: 'add-voter', voter: other.self }));
      case 'fence':
        for (const home of this.#members) this.#fence(home);
        return;
    }
  }

  #commandHomes(command: Command): void {
    for (const home of this.#members) if (home.log.isHome) this.#command(home, command);
  }

  #command(member: Member, command: Command): void {
    if (!member.isUp || member.core === undefined) return;
    const id = this.#commands.size + 1;
    this.#commands.set(id, { command, atMs: this.#nowMs });
    this.#step(member, { kind: 'command', id, command });
    this.#alive(member, SETTLED_MS, () => {
      if (!this.#settledCommands.has(id)) throw new Violation(`nobody knows what became of ${command.kind}`);
    });
  }

  #crash(member: Member, untilMs: number): void {
    member.life += 1;
    member.isUp = false;
    member.log = member.log.crash();
    const { life } = member;
    this.#time.at(Math.max(untilMs, this.#nowMs + 20), () => {
      if (member.life !== life) return;
      member.isUp = true;
      if (member.log.durable.length > 0) this.#begin(member);
      // With an empty directory it gets the log from others before it is anything.
      else member.core = undefined;
    });
  }

  // ---- What has to be true.

  #checkEnd(): void {
    const logs = this.#members.map(({ log }) => log);
    const homes = this.#members.filter(({ log }) => log.isHome);
    const roles = this.#members.map(
      ({ core, log, promise }) =>
        `${core?.role.kind} (promised ${promise?.epoch}, end ${log.end.epoch}/${log.end.sequence})`,
    );
    const state = roles.join(', ');
    const longest = [...logs].sort(
      (a, b) => b.end.epoch - a.end.epoch || b.end.sequence - a.end.sequence,
    )[0]!;
    for (const { frame, goal } of this.#acknowledged) {
      // With a loss accepted, also what a majority had may be lost: fewer than that are asked then.
      if (!this.#lossAccepted && longest.durable[frame.sequence - 1] !== frame)
        throw new Violation(
          `an acknowledged commit is lost: ${frame.text}, epoch ${frame.epoch}, sequence ${frame.sequence}, goal ${goal} (${state})`,
        );
    }
    if (homes.length !== 1) throw new Violation(`${homes.length} homes at the end: ${state}`);
    const [home] = homes;
    if (home!.core?.role.kind !== 'home') throw new Violation(`the home is none: ${state}`);
    if (home!.log.visible.sequence !== home!.log.end.sequence)
      throw new Violation(`the last commits do not meet their goal: ${state}`);
    for (const { log } of this.#members) {
      if (log.durable.at(-1) !== home!.log.durable.at(-1)) throw new Violation(`members differ: ${state}`);
    }
    const settings = home!.log.settings!;
    for (const { self } of this.#members) {
      const voter = voterNamed(settings, self);
      if (voter === undefined || voter.region !== home!.self.region) continue;
      if (voter.incarnation !== self.incarnation) throw new Violation(`the home is not enrolled: ${state}`);
    }
  }

  // ---- Time.

  #after(delayMs: number, run: () => void): void {
    this.#time.after(delayMs, run);
  }

  #alive(member: Member, delayMs: number, run: () => void): void {
    const { life } = member;
    this.#time.after(delayMs, () => {
      if (member.isUp && member.life === life) run();
    });
  }

  get #nowMs(): number {
    return this.#time.nowMs;
  }
}

/** Something happened that must not. */
class Violation extends Error {}
