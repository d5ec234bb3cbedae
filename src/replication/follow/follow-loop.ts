import { type Clock, limits } from '../../base/mod.ts';
import type {
  ApplyResult,
  Head,
  Heartbeat,
  Observation,
  Quarantine,
  ReplicatedLog,
  UndoReport,
} from '../../store/mod.ts';
import { waitFor } from '../wait.ts';
import type { LogSource, SourceEvent, Subscription } from './log-source.ts';
import { type StateNeed, takeFrames } from './take-frames.ts';

/** What an operator should hear of. */
export type FollowReport =
  /** Commits that this member had were not adopted; `ReplicatedLog.notAdopted` lists them. */
  | { readonly kind: 'undone'; readonly undone: UndoReport }
  /** The shard's history and this member's exclude each other: nothing is applied any more. */
  | { readonly kind: 'quarantined'; readonly quarantine: Quarantine }
  /** This member was away for too long, or is new: it has taken over a state. */
  | { readonly kind: 'state'; readonly head: Head }
  /** Something was wrong with what came; it is tried again. */
  | { readonly kind: 'problem'; readonly detail: string };

export interface FollowOptions {
  readonly log: ReplicatedLog;
  readonly source: LogSource;
  readonly clock: Clock;
  readonly report: (report: FollowReport) => void;
  /**
   * Whether whatever a home publishes has met its goal: at `process`, where it is published after it is on the disk.
   * Otherwise marks come with frames, with peers' answers, and with heartbeats.
   */
  readonly isMetByArrival?: () => boolean;
}

/**
 * Keeps a member's log as the shard's home has it: takes what is published, asks peers for what is missing, takes over
 * a state where they do not keep it, and shows what heartbeats prove. One thing after the other, each awaited until it is
 * on the disk, so that what is in flight is bounded by the source.
 */
export class FollowLoop {
  readonly #options: FollowOptions;
  readonly #abort = new AbortController();
  readonly #stopHearing: () => void;
  #subscription: Subscription | undefined;
  #running: Promise<void> = Promise.resolve();
  #listening: Promise<void> = Promise.resolve();
  #turn: Promise<unknown> = Promise.resolve();
  #heard: Heartbeat | undefined;
  /** How far the home was, as it was last heard. */
  #heardUpTo = 0;
  #isObserving = false;
  /** Whether the stream has brought something that was not dealt with yet. */
  #hasCome = false;
  #onCome: () => void = () => {};
  /** Since when heartbeats have found this member behind the same frame. */
  #behind: { readonly wants: number; readonly sinceMs: number } | undefined;
  #currentAtMs: number | undefined;
  #isQuarantineTold = false;

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#stopHearing = options.source.hearHeartbeats((heartbeat) => this.#hear(heartbeat));
    this.#running = this.#run();
  }

  /**
   * For how long it has not been proven that this member shows all that has met its goal, milliseconds; undefined before
   * it was for the first time. Measured by this member's own clock.
   */
  get stalenessMs(): number | undefined {
    return this.#currentAtMs === undefined
      ? undefined
      : this.#options.clock.monotonicMs() - this.#currentAtMs;
  }

  async close(): Promise<void> {
    this.#abort.abort();
    this.#stopHearing();
    this.#subscription?.close();
    this.#onCome();
    await this.#running;
    await this.#listening;
    await this.#turn.catch(() => {});
  }

  async #run(): Promise<void> {
    const { log, source, clock } = this.#options;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const startMs = clock.monotonicMs();
      // A home follows nobody; what it hears of a newer epoch makes it one that follows.
      if (log.role === 'follower' && log.quarantine === undefined) {
        try {
          const subscription = source.subscribe(log.end);
          this.#subscription = subscription;
          for await (const event of subscription) {
            this.#hasCome = true;
            this.#onCome();
            await this.#inTurn(() => this.#take(event));
            this.#hasCome = false;
            if (signal.aborted || log.quarantine !== undefined) break;
          }
        } catch (error) {
          this.#problem(error);
        }
        this.#hasCome = false;
        this.#subscription?.close();
        this.#subscription = undefined;
      }
      // What was followed for a while is asked for again at once.
      await waitFor(clock, Math.max(0, startMs + limits.followRetryMs - clock.monotonicMs()), signal);
    }
  }

  async #take(event: SourceEvent): Promise<void> {
    if (this.#abort.signal.aborted) return;
    if (event.kind === 'gap') return this.#repair(event.wants);
    const isMet = this.#options.isMetByArrival?.() === true;
    const mark = isMet ? Number.MAX_SAFE_INTEGER : event.mark;
    const { frames, epoch } = event;
    const result = await this.#apply({ frames, epoch, ...(mark !== undefined && { mark }) });
    const wants = missingAfter(result);
    if (wants !== undefined) await this.#repair(wants);
    else if (result.kind === 'beyond') await this.#takeState('not-adopted');
  }

  /**
   * Asks peers for frames, further back each time they turn out to be of another branch, until none is missing of those
   * that were there when it began: what has come since then the stream brings. With `yields` only as long as that brings
   * nothing: it brings all, faster than one answer after the other, or says what it lacks.
   */
  async #repair(from: number, { yields = false }: { readonly yields?: boolean } = {}): Promise<void> {
    const { log, source } = this.#options;
    const upTo = this.#heardUpTo;
    const taken = await takeFrames({
      log,
      from,
      isOver: () => this.#abort.signal.aborted || log.quarantine !== undefined || (yields && this.#hasCome),
      replay: (request) => (yields ? this.#unlessCome(source.replay(request)) : source.replay(request)),
      apply: (batch) => this.#apply(batch),
      takeState: (why) => this.#takeState(why),
      isEnough: (next) => next > upTo && log.end.sequence >= upTo,
    });
    if (taken.kind === 'problem') this.#tell(taken.detail);
  }

  /** What a promise gives, or undefined as soon as the stream brings something. */
  #unlessCome<Value>(promise: Promise<Value>): Promise<Value | undefined> {
    return new Promise((resolve, reject) => {
      this.#onCome = () => resolve(undefined);
      if (this.#hasCome) resolve(undefined);
      promise.then(resolve, reject);
    });
  }

  async #takeState(why: StateNeed): Promise<boolean> {
    const { log, source } = this.#options;
    const parts = await source.snapshot();
    if (parts === undefined) {
      this.#tell('this member needs a state of the shard, and nobody who has one is in reach');
      return false;
    }
    try {
      const head = await log.importState(parts, { isForward: why === 'not-kept' });
      this.#options.report({ kind: 'state', head });
      return true;
    } catch (error) {
      this.#problem(error);
      return false;
    }
  }

  async #apply(batch: Parameters<ReplicatedLog['apply']>[0]): Promise<ApplyResult> {
    const result = await this.#options.log.apply(batch);
    if (result.undone !== undefined) this.#options.report({ kind: 'undone', undone: result.undone });
    if (result.kind === 'quarantined') this.#enterQuarantine(result.quarantine);
    if (result.kind === 'damaged') this.#tell(result.reason);
    return result;
  }

  /** Only the newest counts: those that came while one was looked at are older. */
  #hear(heartbeat: Heartbeat): void {
    this.#heard = heartbeat;
    this.#heardUpTo = heartbeat.sequence;
    if (this.#isObserving || this.#abort.signal.aborted) return;
    this.#isObserving = true;
    this.#listening = this.#observeAll().finally(() => {
      this.#isObserving = false;
    });
  }

  async #observeAll(): Promise<void> {
    for (let heard = this.#heard; heard !== undefined && !this.#abort.signal.aborted; heard = this.#heard) {
      this.#heard = undefined;
      const heartbeat = heard;
      const atMs = this.#options.clock.monotonicMs();
      try {
        const observation = await this.#options.log.observe(heartbeat);
        const repairFrom = this.#repairAfter(observation, atMs);
        if (repairFrom === undefined) continue;
        const yields = observation.kind === 'behind';
        await this.#inTurn(() => this.#repair(repairFrom, { yields }));
        // What it brought may be all that the heartbeat was about.
        this.#repairAfter(await this.#options.log.observe(heartbeat), atMs);
      } catch (error) {
        this.#problem(error);
      }
    }
  }

  /** From where to ask peers for frames after a heartbeat, if what the stream brings will not do. */
  #repairAfter(observation: Observation, atMs: number): number | undefined {
    if (observation.kind === 'quarantined') this.#enterQuarantine(observation.quarantine);
    if (observation.kind === 'current') this.#currentAtMs = atMs;
    if (observation.kind === 'diverged') return Math.max(1, observation.wants - 1);
    if (observation.kind !== 'behind') {
      this.#behind = undefined;
      return undefined;
    }
    // Usually it is on its way; as long as frames come, each heartbeat finds another one missing.
    if (this.#behind?.wants !== observation.wants) this.#behind = { wants: observation.wants, sinceMs: atMs };
    return atMs - this.#behind.sinceMs >= limits.followGraceMs ? observation.wants : undefined;
  }

  #enterQuarantine(quarantine: Quarantine): void {
    if (this.#isQuarantineTold) return;
    this.#isQuarantineTold = true;
    this.#subscription?.close();
    this.#options.report({ kind: 'quarantined', quarantine });
  }

  #problem(error: unknown): void {
    if (this.#abort.signal.aborted) return;
    this.#tell(error instanceof Error ? error.message : String(error));
  }

  #tell(detail: string): void {
    this.#options.report({ kind: 'problem', detail });
  }

  /** Frames and repairs do not overtake each other. */
  #inTurn(task: () => Promise<void>): Promise<void> {
    const run = this.#turn.then(task);
    this.#turn = run.catch(() => {});
    return run;
  }
}

/** From where on frames have to be had from elsewhere before a batch can be taken. */
function missingAfter(result: ApplyResult): number | undefined {
  if (result.kind === 'gap') return result.wants;
  if (result.kind === 'diverged') return Math.max(1, result.wants - 1);
  return result.kind === 'damaged' ? result.end.sequence + 1 : undefined;
}
