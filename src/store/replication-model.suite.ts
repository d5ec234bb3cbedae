import { expect } from 'vitest';
import { type Revision, revisionTimeMs } from '../base/mod.ts';
import { compactHistory } from './compaction.ts';
import { decodeFrame, type Frame, lastRevisionOf } from './frame.ts';
import { FrameArchive } from './frame-archive.suite.ts';
import { isSamePosition } from './head.ts';
import { MemoryKeyValue } from './memory-key-value.ts';
import { emptyTally, type ModelTally } from './model-tally.suite.ts';
import { replayLog } from './replay.ts';
import type { Heartbeat, SurvivalGate } from './replication.ts';
import {
  framesOf,
  ModelClient,
  ORIGIN,
  openFollower,
  openHome,
  TestGate,
} from './replication-fixtures.suite.ts';
import { MEMBERS, type Schedule, type Step } from './replication-schedules.suite.ts';
import { StateRefused } from './state-parts.ts';
import type { Store } from './store.ts';
import {
  collect,
  commitIdOf,
  dump,
  keyOf,
  proposalOf,
  rowOf,
  START_MS,
  TestClock,
  turns,
} from './store-fixtures.suite.ts';
import { logKey, PROJECTION_TABLES } from './tables.ts';

interface Attempt {
  readonly number: number;
  readonly at: number;
  isAcknowledged: boolean;
}

interface Member {
  readonly index: number;
  readonly clock: TestClock;
  values: MemoryKeyValue;
  store: Store;
  gate: TestGate | undefined;
  /** The highest epoch that it has promised to somebody. */
  promised: number;
  /** Of its term as a home: how far it knows others to be. */
  readonly votes: Map<number, number>;
  /** Commits whose frames it has trimmed. */
  readonly letGo: Set<string>;
}

/** Lives through a schedule, heals, and holds everything against what was promised. Throws on a broken promise. */
export async function checkReplication(
  schedule: Schedule,
  tally?: ModelTally,
  values = () => new MemoryKeyValue(),
): Promise<void> {
  const planet = await ModelPlanet.found(schedule, tally, values);
  for (const step of schedule.steps) await planet.take(step);
  await planet.heal();
  await planet.check();
}

class ModelPlanet {
  readonly #schedule: Schedule;
  readonly #members: Member[] = [];
  readonly #clients: ModelClient[] = [];
  readonly #attempts: Attempt[] = [];
  /** What every revision that anybody could see was, by commit id. */
  readonly #seen = new Map<Revision, string>();
  readonly #announced: Heartbeat[] = [];
  readonly #archive = new FrameArchive();
  readonly #tally: ModelTally;

  private constructor(schedule: Schedule, tally: ModelTally | undefined) {
    this.#schedule = schedule;
    this.#tally = tally ?? emptyTally();
  }

  static async found(
    schedule: Schedule,
    tally: ModelTally | undefined,
    newValues: () => MemoryKeyValue,
  ): Promise<ModelPlanet> {
    const planet = new ModelPlanet(schedule, tally);
    for (let index = 0; index < MEMBERS; index++) {
      const clock = new TestClock();
      clock.wallMs = START_MS + 10_000 + schedule.skewsMs[index]!;
      const values = newValues();
      const gate = index === 0 ? planet.#newGate() : undefined;
      const store =
        index === 0
          ? await openHome(values, { clock, ...(gate && { gate }) })
          : await openFollower(values, clock);
      planet.#members.push({
        index,
        clock,
        values,
        store,
        gate,
        promised: 1,
        votes: new Map(),
        letGo: new Set(),
      });
      planet.#listen(planet.#members[index]!);
      planet.#clients.push(new ModelClient(store, keyOf('')));
    }
    return planet;
  }

  #newGate(): TestGate | undefined {
    return this.#schedule.goal === 'region' ? new TestGate() : undefined;
  }

  async take(step: Step): Promise<void> {
    const { do: what } = step;
    if (what === 'wait') {
      for (const { clock } of this.#members) clock.advance(step.ms);
      await turns(step.turns);
      return;
    }
    const at = this.#members[step.at]!;
    switch (what) {
      case 'commit':
        return this.#commit(at, step.key, step.isDelete);
      case 'ship': {
        const to = this.#members[step.to]!;
        const from = Math.max(at.store.log.base.sequence + 1, to.store.log.end.sequence + 1 - step.back);
        const frames = await framesOf(at.store, from, from + step.count - 1);
        if (at !== to)
          this.#noteApplied(await to.store.log.apply({ frames, mark: at.store.log.visible.sequence }));
        return;
      }
      case 'catchUp':
        return this.#catchUp(at, this.#members[step.to]!);
      case 'vote':
        return this.#vote(at, this.#members[step.to]!);
      case 'beat':
        return this.#beat(at, this.#members[step.to]!);
      case 'crash':
        at.clock.wallMs += step.stepMs;
        return this.#crash(at);
      case 'promote':
        return this.#promote(at, this.#members[step.without]!);
      case 'moveClient':
        return this.#clients[step.at]!.moveTo(this.#members[step.to]!.store);
      case 'handOver': {
        const to = this.#members[step.to]!;
        const isBehind =
          at.store.log.end.epoch >= to.store.log.end.epoch &&
          at.store.log.visible.sequence >= to.store.log.end.sequence;
        if (at === to || !isBehind || to.store.log.role === 'home') return;
        await this.#handOver(at, to);
        return;
      }
      case 'compact':
        if (at.store.log.role === 'home') void at.store.compact(at.store.revision).catch(() => {});
        else await at.store.compact(0 as Revision);
        return;
      case 'finalize':
        // What a majority has. A `process` shard may still lose it, and then somebody needs a state.
        return at.store.log.finalize(this.#majoritySequence(at));
      case 'trim':
        return this.#trim(at, step.isBeside);
    }
  }

  /** Brings everybody together under one home, and waits until all is quiet. */
  async heal(): Promise<void> {
    await this.#promote(this.#mostAdvanced(this.#members), undefined);
    const home = this.#members.find(
      ({ store }) => store.log.role === 'home' && store.log.end.epoch === this.#epoch(),
    )!;
    void home.store.commit(
      proposalOf([{ key: keyOf('last'), row: rowOf('healed') }], { commitId: commitIdOf(0) }),
    );
    for (let round = 0; round < 4; round++) {
      await turns(4);
      for (const other of this.#members) {
        await this.#catchUp(home, other);
        await this.#vote(home, other);
      }
      for (const { clock } of this.#members) clock.advance(1_000);
      await turns(4);
      for (const other of this.#members) await this.#beat(home, other);
    }
    for (const { store } of this.#members) await store.log.finalize(store.log.end.sequence);
  }

  async check(): Promise<void> {
    const first = this.#members[0]!;
    const adopted = await this.#archive.historyOf(this.#longest().store);
    const frames = adopted.map(decodeFrame);
    for (const { store, values } of this.#members) {
      expect(store.log.quarantine, 'a fork was found where none is').toBeUndefined();
      expect(
        isSamePosition(store.log.visible, first.store.log.visible),
        'members have not come together',
      ).toBe(true);
      expect(store.log.visible.sequence).toBe(store.log.end.sequence);
      await store.compact(0 as Revision);
      await compactHistory(values);
    }
    const state = await dump(first.values, PROJECTION_TABLES);
    for (const { values } of this.#members)
      expect(await dump(values, PROJECTION_TABLES), 'members differ').toEqual(state);
    const [log, copy] = [new MemoryKeyValue(), new MemoryKeyValue()];
    const rows = adopted.map((value, index) => ({ key: logKey(index + 1), value }));
    await log.write(rows, { sync: true });
    await replayLog(log, copy);
    expect(await dump(copy, PROJECTION_TABLES), 'the projection is not the replay of the log').toEqual(state);
    this.#checkRevisions(frames);
    this.#checkAnnounced(frames);
    await this.#checkAttempts(frames);
    await turns(10);
    for (const { clock } of this.#members) clock.advance(1_000);
    await turns(10);
    for (const client of this.#clients) {
      await client.check();
      this.#tally.relisted += client.relists;
    }
  }

  /** A revision is one event for ever: one that was seen and is not in the log is void, for everybody. */
  #checkRevisions(frames: readonly Frame[]): void {
    const adopted = new Map<Revision, string>();
    let last = 0;
    for (const { changes, commitId } of frames) {
      for (const { revision } of changes) {
        expect(revision, 'revisions do not grow').toBeGreaterThan(last);
        last = revision;
        adopted.set(revision, idOf(commitId));
      }
    }
    for (const [revision, commitId] of this.#seen) {
      const now = adopted.get(revision);
      if (now !== undefined) expect(now, 'a revision names two events').toBe(commitId);
      // Readers see only what has met its goal, and a majority's commits are adopted by whoever comes.
      if (now === undefined) expect(this.#schedule.goal, `${revision} was seen and is lost`).toBe('process');
      for (const { store } of this.#members) {
        const text = `revision ${revision} of ${new Date(revisionTimeMs(revision)).toISOString()}`;
        expect(store.log.statusOf(revision), text).toBe(now === undefined ? 'void' : 'valid');
      }
    }
  }

  /** Below what a home has announced nothing comes in its epoch, and what it announced beyond its end is void. */
  #checkAnnounced(frames: readonly Frame[]): void {
    for (const { epoch, sequence, revision } of this.#announced) {
      let end = 0;
      for (const frame of frames) {
        if (frame.epoch !== epoch) continue;
        const first = frame.changes[0]?.revision;
        if (frame.sequence > sequence && first !== undefined)
          expect(first, 'a commit came below what was announced').toBeGreaterThan(revision);
        end = Math.max(end, lastRevisionOf(frame) ?? 0);
      }
      if (revision === 0 || epoch === frames.at(-1)!.epoch) continue;
      for (const { store } of this.#members)
        expect(store.log.statusOf(revision), `${revision} was announced in epoch ${epoch}`).toBe(
          revision <= end ? 'valid' : 'void',
        );
    }
  }

  /** What was acknowledged is there; at `process` it may be lost, and then its home says which commits were. */
  async #checkAttempts(frames: readonly Frame[]): Promise<void> {
    const counts = new Map<string, number>();
    for (const { commitId } of frames) counts.set(idOf(commitId), (counts.get(idOf(commitId)) ?? 0) + 1);
    for (const { number, at, isAcknowledged } of this.#attempts) {
      const id = idOf(commitIdOf(number));
      const count = counts.get(id) ?? 0;
      expect(count, `commit ${number} is there twice`).toBeLessThan(2);
      if (!isAcknowledged) continue;
      this.#tally.acknowledged += 1;
      if (count === 1) continue;
      expect(this.#schedule.goal, `commit ${number} was acknowledged and is lost`).toBe('process');
      this.#tally.lostAtProcess += 1;
      // Of what is not there any more nobody can tell; it has counted for long then.
      if (this.#members[at]!.letGo.has(id)) continue;
      const reported = await collect(this.#members[at]!.store.log.notAdopted());
      expect(
        reported.map(({ frame }) => idOf(frame.commitId)),
        'a loss is not reported',
      ).toContain(id);
    }
  }

  #commit(at: Member, key: number, isDelete: boolean): void {
    const name = keyOf(`k${key}`);
    const number = this.#attempts.length + 1;
    const attempt: Attempt = { number, at: at.index, isAcknowledged: false };
    const isThere = at.store.newest(name) !== undefined;
    const text = rowOf(String(number), {
      owners: [`o${number % 3}`],
      fields: { '.references': `r${number % 2}` },
    });
    const mutation = isDelete && isThere ? { key: name } : { key: name, row: text };
    const debt = { controller: 'gc', cluster: name.cluster, key: `k${key}` };
    const work = [number % 2 === 0 ? debt : { ...debt, payload: Buffer.from(String(number)) }];
    this.#attempts.push(attempt);
    const { store } = at;
    store
      .commit(proposalOf([mutation], { commitId: commitIdOf(number), work }))
      .then(() => {
        // A store that has crashed in the meantime answers nobody.
        if (at.store === store) attempt.isAcknowledged = true;
      })
      .catch(() => {});
  }

  /** The home hears how far a voter is, unless that one has promised a higher epoch. */
  async #vote(home: Member, voter: Member): Promise<void> {
    const { log } = home.store;
    if (log.role !== 'home' || home.gate === undefined) return;
    const { epoch, sequence, hash } = voter.store.log.end;
    const ours = log.positionAt(sequence);
    const isOurs = ours !== undefined && isSamePosition(ours, { epoch, sequence, hash });
    if (!isOurs || epoch !== log.end.epoch || voter.promised > epoch) return;
    home.votes.set(voter.index, sequence);
    home.votes.set(home.index, log.end.sequence);
    const counted = [...home.votes.values()].sort((a, b) => b - a);
    const met = counted[Math.floor(MEMBERS / 2)];
    if (met !== undefined) log.confirm({ epoch, sequence: met });
    await turns(2);
  }

  async #beat(home: Member, other: Member): Promise<void> {
    if (home.store.log.role !== 'home' || home === other) return;
    const heartbeat = home.store.log.announce();
    this.#announced.push(heartbeat);
    this.#noteApplied(await other.store.log.observe(heartbeat));
  }

  #majoritySequence(at: Member): number {
    const sequences = this.#members.map(({ store }) => {
      let sequence = Math.min(store.log.end.sequence, at.store.log.end.sequence);
      for (; sequence > 0; sequence--) {
        const [ours, theirs] = [at.store.log.positionAt(sequence), store.log.positionAt(sequence)];
        if (ours === undefined || theirs === undefined || isSamePosition(ours, theirs)) break;
      }
      return sequence;
    });
    return sequences.sort((a, b) => b - a)[Math.floor(MEMBERS / 2)]!;
  }

  async #crash(at: Member): Promise<void> {
    const { role } = at.store.log;
    at.values = at.values.crash();
    at.gate = role === 'home' ? this.#newGate() : undefined;
    at.votes.clear();
    const isHome = role === 'home' && at.promised <= at.store.log.end.epoch;
    at.store = isHome
      ? await openHome(at.values, { clock: at.clock, ...(at.gate && { gate: at.gate as SurvivalGate }) })
      : await openFollower(at.values, at.clock);
    this.#listen(at);
    for (const client of this.#clients) client.replaceStore(at.store);
  }

  /** A majority promises; the new home adopts the most advanced history among them. */
  async #promote(at: Member, without: Member | undefined): Promise<void> {
    if (at === without) return;
    const quorum = this.#members.filter((other) => other !== without);
    const epoch = this.#nextEpoch(at.index);
    for (const each of quorum) each.promised = epoch;
    // A home that has promised sequences no more.
    for (const each of quorum)
      if (each !== at && each.store.log.role === 'home') await each.store.log.follow('promised');
    const best = this.#mostAdvanced(quorum);
    if (best !== at) await this.#catchUp(best, at);
    const gate = this.#newGate();
    at.gate = gate;
    at.votes.clear();
    const opened = await at.store.log.openEpoch({ epoch, gate, ...ORIGIN });
    opened.durable.catch(() => {});
    await turns(2);
    this.#tally.promoted += 1;
  }

  #epoch(): number {
    return Math.max(...this.#members.map(({ promised }) => promised));
  }

  #nextEpoch(slot: number): number {
    const highest = Math.max(this.#epoch(), ...this.#members.map(({ store }) => store.log.end.epoch));
    for (let epoch = highest + 1; ; epoch++) if (epoch % 8 === slot + 1) return epoch;
  }

  #mostAdvanced(members: readonly Member[]): Member {
    return [...members].sort(({ store: a }, { store: b }) => {
      return b.log.end.epoch - a.log.end.epoch || b.log.end.sequence - a.log.end.sequence;
    })[0]!;
  }

  #longest(): Member {
    return [...this.#members].sort(
      ({ store: a }, { store: b }) => a.log.base.sequence - b.log.base.sequence,
    )[0]!;
  }

  /** What a follower's loop does until it has what another member has. */
  async #catchUp(from: Member, to: Member): Promise<void> {
    if (from === to) return;
    // A heartbeat says where the other one ends: whoever is beyond that is on another branch.
    let start = Math.max(1, Math.min(to.store.log.end.sequence + 1, from.store.log.end.sequence));
    let parted: number | undefined;
    for (let round = 0, back = 1; round < 40; round++) {
      const replayed = from.store.log.replay(start);
      if (replayed.kind === 'below') {
        if (parted !== undefined && replayed.first > start && replayed.first < parted) {
          start = replayed.first;
          continue;
        }
        if (!(await this.#handOver(from, to, { isForward: true }))) return;
        start = to.store.log.end.sequence + 1;
        parted = undefined;
        continue;
      }
      await replayed.batches.return(undefined);
      const frames = await framesOf(from.store, start);
      const { visible, end } = from.store.log;
      const result = await to.store.log.apply({ frames, mark: visible.sequence, epoch: end.epoch });
      this.#noteApplied(result);
      if (result.kind === 'gap') start = result.wants;
      else if (result.kind === 'diverged') {
        parted = start;
        start = Math.max(1, result.wants - back);
        back *= 2;
      } else if (result.kind === 'beyond') {
        if (!(await this.#handOver(from, to))) return;
        start = to.store.log.end.sequence + 1;
      } else return;
    }
    throw new Error('a member does not catch up');
  }

  async #handOver(
    from: Member,
    to: Member,
    options: { readonly isForward?: boolean } = {},
  ): Promise<boolean> {
    if (from.store.log.visible.sequence === 0) return false;
    try {
      await to.store.log.importState(from.store.log.exportState(), options);
    } catch (error) {
      if (error instanceof StateRefused && options.isForward === true) return false;
      throw error;
    }
    this.#tally.imported += 1;
    return true;
  }

  /** As far as it may. At a home the record that moves the floor has to count first, and nobody waits for that. */
  async #trim(at: Member, isBeside: boolean): Promise<void> {
    const { store } = at;
    const { log } = store;
    await log.finalize(this.#majoritySequence(at));
    if (log.role === 'home') {
      void store.compact(store.revision).catch(() => {});
      await turns(3);
      await log.finalize(this.#majoritySequence(at));
    }
    const trimming = (async () => {
      await store.compact(0 as Revision);
      const frames = (await framesOf(store, log.base.sequence + 1)).map(decodeFrame);
      const { sequence: base } = await log.trim(log.end.sequence);
      const gone = frames.filter(({ sequence }) => sequence <= base);
      for (const { commitId } of gone) at.letGo.add(idOf(commitId));
      this.#tally.trimmed += gone.length;
    })().catch(() => {});
    if (!isBeside && log.role !== 'home') await trimming;
  }

  #listen({ store }: Member): void {
    this.#archive.listen(store);
    store.feed.subscribeToGroups(({ events }) => {
      for (const { revision, oldRow, newRow, key } of events) {
        // Changes back have a revision that is none.
        if (oldRow === undefined && newRow === undefined) continue;
        const text = newRow?.json.toString();
        if (text === undefined || newRow!.revision !== revision || key.name === 'last') continue;
        this.#seen.set(revision, idOf(commitIdOf(Number(text))));
      }
    });
  }

  #noteApplied(result: { readonly kind: string; readonly undone?: { readonly commits: number } }): void {
    expect(result.kind, 'a fork was found where none is').not.toBe('quarantined');
    if (result.undone !== undefined) this.#tally.undone += result.undone.commits;
  }
}

function idOf(commitId: Uint8Array): string {
  return Buffer.from(commitId).toString('hex');
}
