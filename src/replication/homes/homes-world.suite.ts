import { type RegionName, SeededRandom, type ShardName } from '../../base/mod.ts';
import { MemoryKeyValue, Store } from '../../store/mod.ts';
import { MemoryWorld } from '../transport/memory/memory-world.suite.ts';
import { collect, type MemberName, type Transport } from '../transport/mod.ts';
import { Homes } from './homes.ts';
import { encodeSettings } from './messages.ts';
import { PromiseTable } from './promises.ts';
import type { SurvivalGoal } from './settings.ts';
import { foundingSettings } from './settings-change.ts';
import type { ShardHome } from './shard-home.ts';

export const SHARD = 'main';
const PULL_MS = 20;

/** One member with a real store and real promises in memory, connected by the transport in memory. */
export class HomesMember {
  readonly world: MemoryWorld;
  readonly region: RegionName;
  readonly reports: string[] = [];
  keyValue = new MemoryKeyValue();
  promiseValues = new MemoryKeyValue();
  store!: Store;
  homes!: Homes;
  shard!: ShardHome;
  transport!: Transport;
  isUp = false;
  #life = 0;

  constructor(world: MemoryWorld, region: RegionName) {
    this.world = world;
    this.region = region;
  }

  async start(): Promise<void> {
    const { clock } = this.world;
    const life = ++this.#life;
    this.isUp = true;
    ({ transport: this.transport } = await this.world.connect(this.region, 'm'));
    const replication = { role: 'follower' as const };
    const random = new SeededRandom(life * 100 + this.region.length);
    const shard = SHARD as ShardName;
    this.store = await Store.open({ keyValue: this.keyValue, shard, clock, random, replication });
    const promises = await PromiseTable.open(this.promiseValues, this.world.random);
    this.transport.serve({
      topic: 'replay',
      answer: async ({ body }) => this.#framesFrom(Number(Buffer.from(body).toString())),
    });
    this.homes = new Homes(this.transport, { mayVote: ({ member }) => member !== 'removed' });
    this.shard = this.homes.add({
      shard: SHARD,
      store: this.store,
      promises,
      clock,
      random,
      refill: (from, to) => this.#refill(from, to.sequence, life),
      report: (report) => this.reports.push(report.kind),
    });
  }

  /** Takes what others have, as a follower does. */
  follow(others: () => readonly HomesMember[]): void {
    const life = this.#life;
    const pull = async () => {
      if (this.#life !== life || !this.isUp) return;
      for (const { region } of others()) await this.#pull({ region, member: 'm' }, life);
      if (this.#life === life) this.world.clock.after(PULL_MS, () => void pull());
    };
    void pull();
  }

  crash(): void {
    this.#life += 1;
    this.isUp = false;
    this.homes.close();
    void this.transport.close();
    this.keyValue = this.keyValue.crash();
    this.promiseValues = this.promiseValues.crash();
  }

  async #framesFrom(from: number): Promise<Uint8Array> {
    const { log } = this.store;
    const frames: string[] = [];
    const replayed = log.replay(Math.max(1, from));
    if (replayed.kind === 'frames')
      for await (const batch of replayed.batches)
        for (const { bytes } of batch) frames.push(bytes.toString('base64'));
    const { visible, end } = log;
    return Buffer.from(JSON.stringify({ frames, mark: visible.sequence, epoch: end.epoch }));
  }

  async #pull(from: MemberName, life: number): Promise<void> {
    const { log } = this.store;
    let wants = log.end.sequence + 1;
    for (let tries = 0; tries < 5; tries++) {
      const body = Buffer.from(String(wants));
      const outcome = await this.transport
        .ask({ to: from, topic: 'replay', body, timeoutMs: 500 })
        .catch(() => undefined);
      if (outcome?.kind !== 'answered' || this.#life !== life || log.role === 'home') return;
      const text = Buffer.from(await collect(outcome.parts, 64 * 1024 * 1024)).toString();
      const { frames, mark, epoch } = JSON.parse(text) as { frames: string[]; mark: number; epoch: number };
      // Those who are ahead of somebody in an older epoch find out where they part.
      const isBehindOf = frames.length === 0 && epoch > log.end.epoch;
      const result = await log.apply({
        frames: frames.map((each) => Buffer.from(each, 'base64')),
        mark,
        epoch,
      });
      if (result.kind === 'gap' || result.kind === 'diverged') wants = result.wants;
      else if (isBehindOf && wants > 1) wants -= 1;
      else return;
    }
  }

  async #refill(from: MemberName, sequence: number, life: number): Promise<void> {
    await this.#pull(from, life);
    if (this.store.log.end.sequence < sequence) throw new Error(`${from.region} cannot be reached`);
  }
}

/** Three regions with one member each, all voters, the first of them home. */
export async function foundWorld(options: {
  readonly goal: SurvivalGoal;
  readonly delayMs?: number;
}): Promise<{ readonly world: MemoryWorld; readonly members: readonly HomesMember[] }> {
  const world = new MemoryWorld({ regions: ['eu', 'us', 'ap'] });
  for (const one of world.regions)
    for (const other of world.regions)
      if (one !== other) world.planet.delay(one, other, options.delayMs ?? 80);
  const members = world.regions.map((region) => new HomesMember(world, region));
  const [founder] = members;
  const promises = await Promise.all(
    members.map(({ promiseValues }) => PromiseTable.open(promiseValues, world.random)),
  );
  const name = (index: number) => ({
    region: members[index]!.region,
    member: 'm',
    incarnation: promises[index]!.incarnation,
  });
  const first = foundingSettings({ founder: name(0), goal: options.goal });
  const voters = [...first.voters, { ...name(1), slot: 2 }, { ...name(2), slot: 3 }];
  const replication = { role: 'home' as const };
  const founding = await Store.open({
    keyValue: founder!.keyValue,
    shard: SHARD as ShardName,
    clock: world.clock,
    random: world.random,
    replication,
  });
  const settings = encodeSettings({ ...first, voters });
  await founding.log!.configure(settings, { actor: 'founder', originRegion: 'eu' }).durable;
  founder!.keyValue = founder!.keyValue.crash();
  for (const member of members) await member.start();
  for (const member of members)
    member.follow(() => members.filter((other) => other !== member && other.isUp));
  return { world, members };
}
