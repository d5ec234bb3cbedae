import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { logicalClusterKey, type Shards } from '../../api/mod.ts';
import {
  aborted,
  type ClusterScope,
  EVERYWHERE,
  limits,
  type RegionName,
  ROOT_CLUSTER,
  type ShardName,
  systemClock,
  systemRandom,
  withTimeLimit,
} from '../../base/mod.ts';
import type { Forwarding } from '../../facade/mod.ts';
import { ed25519Keys, type HomeAway, Homes, PromiseTable } from '../../replication/mod.ts';
import {
  type LogOptions,
  openLevelKeyValue,
  type PlanetStore,
  type ReplicatedLog,
  type ReplicationOptions,
  type Store,
} from '../../store/mod.ts';
import type { Cleanup } from '../cleanup.ts';
import { createForwarding } from '../forwarding.ts';
import type { MemberLog } from '../member.ts';
import { StartError } from '../start-error.ts';
import type { Entered, PlanetOptions } from './enter-planet.ts';
import { HeardRegions } from './heard-regions.ts';
import { noteFounded } from './identity-files.ts';
import { VerificationKeys } from './keys.ts';
import { Membership } from './membership.ts';
import { PlanetShards } from './planet-shards.ts';
import { serveRefill } from './serve-refill.ts';
import { ShardLog } from './shard-log.ts';

/** The founder makes the root shard; whoever is home of it later is for the voters to say. */
const FOUNDER_NUMBER = 0;
const FIRST_STATE_TIMEOUT_MS = 120_000;
/** A home that was restarted goes on within this, unless somebody else has become it. */
const RETURN_TIMEOUT_MS = 3_000;
const POLL_MS = 20;

/** A member's part in its planet: its shards, who is home of them, and how requests come to their homes. */
export class PlanetPart {
  readonly entered: Entered;
  readonly homes: Homes;
  readonly regions: HeardRegions;
  readonly root: ShardLog;
  readonly shards: PlanetShards;
  /** Once there is one. */
  forwarding: Forwarding | undefined;
  /** Told when this member has become the home of a shard. */
  onHome: (shard: ShardName) => void = () => {};
  /** Logs besides those of shards that other members may ask for. */
  otherLogs: (name: string) => ReplicatedLog | undefined = () => undefined;

  #membership: Membership | undefined;

  private constructor(
    entered: Entered,
    parts: {
      readonly planet: PlanetOptions;
      readonly promises: PromiseTable;
      readonly shard: ShardName;
      readonly log: MemberLog;
      readonly directory: string;
    },
  ) {
    const { transport } = entered;
    const { promises, shard, log, planet, directory } = parts;
    this.entered = entered;
    this.homes = new Homes(transport, { mayVote: (voter) => this.#isMember(voter) });
    this.regions = new HeardRegions({ transport, clock: systemClock });
    const { number, isFounded } = entered.identity;
    this.root = new ShardLog({
      shard,
      transport,
      homes: this.homes,
      promises,
      regions: this.regions,
      log,
      ...(number === FOUNDER_NUMBER &&
        !isFounded && {
          founds: planet.survive ?? 'zone',
          onFounded: () => noteFounded(directory, entered.identity),
        }),
      onHome: () => this.onHome(shard),
    });
    this.shards = new PlanetShards({
      entered,
      homes: this.homes,
      regions: this.regions,
      root: this.root,
      directory,
      log,
      onHome: (name) => this.onHome(name),
    });
  }

  static async open(options: {
    readonly entered: Entered;
    readonly planet: PlanetOptions;
    readonly directory: string;
    readonly dataDirectory: string;
    readonly shard: ShardName;
    readonly log: MemberLog;
    readonly cleanups: Cleanup[];
  }): Promise<PlanetPart> {
    const { entered, dataDirectory, cleanups } = options;
    // In the directory of the log, so that the one is not lost without the other.
    const path = join(dataDirectory, 'promises');
    await mkdir(path, { recursive: true, mode: 0o700 });
    const promises = await PromiseTable.open(await openLevelKeyValue(path), systemRandom);
    const part = new PlanetPart(entered, { ...options, promises });
    cleanups.unshift(async () => {
      part.homes.close();
      part.regions.close();
      await promises.close();
    });
    return part;
  }

  /** For the log of the root shard: a member follows until it is found to be the home. */
  readonly replication: ReplicationOptions = { role: 'follower' };

  /** The logs of the other shards that this member has followed before. */
  kept(): Promise<readonly LogOptions[]> {
    return this.shards.kept();
  }

  /** Replicates from now on. Resolves when there is something to serve. */
  async start(store: PlanetStore, cleanups: Cleanup[]): Promise<void> {
    const { transport, identity } = this.entered;
    const root = store.log(this.root.shard)!;
    this.#membership = new Membership({ store: root, planetKey: identity.planet.publicKey });
    const stop = serveRefill(transport, (name) => {
      // What is not begun yet is not given away.
      const isShard = this.shards.get(name) !== undefined;
      return isShard ? store.log(name as ShardName)?.log : this.otherLogs(name);
    });
    cleanups.unshift(async () => stop());
    await this.root.start(root, cleanups);
    await this.#settled(root);
    await this.shards.start(store, cleanups);
  }

  /** The shards, for those who place workspaces on them. */
  knownShards(store: PlanetStore): Shards {
    const { shards } = this;
    return {
      list: () => [
        { name: this.root.shard, region: undefined },
        ...shards.records.map(({ name, region }) => ({ name, region })),
      ],
      isHome: (log) => store.log(log as ShardName)?.isHome === true,
      confirm: (cluster) => this.#confirm(cluster),
      isVoid: (shard, revision) => shards.get(shard)?.store.log.statusOf(revision) === 'void',
    };
  }

  /**
   * Resolves when this member has all of all shards that had been acknowledged when it was asked for, by homes that have made
   * sure of being that; rejects if one of them cannot be reached now.
   */
  async catchUp(store: PlanetStore): Promise<void> {
    // Which shards there are is in the log of the first one.
    await this.#confirm(ROOT_CLUSTER);
    await this.shards.known(store);
    await this.#confirm(EVERYWHERE);
  }

  async #confirm(cluster: ClusterScope): Promise<void> {
    const { forwarding } = this;
    if (forwarding === undefined) throw new Error('the member has just started');
    await withTimeLimit({ clock: systemClock, limitMs: limits.futureRevisionWaitMs }, async (isOver) => {
      for (const { shard, answer } of await forwarding.confirm(cluster)) {
        if (answer.kind === 'unconfirmed') throw new Error(`the home of shard ${shard}: ${answer.detail}`);
        await forwarding.reached(shard, answer.revision, isOver);
        if (forwarding.revisionOf(shard) < answer.revision)
          throw new Error(`this member's replica of shard ${shard} is behind its home`);
      }
    });
  }

  /** Who is a member, as this member's replica of the root shard says. */
  get membership(): Membership {
    if (this.#membership === undefined) throw new Error('the member was not started');
    return this.#membership;
  }

  /** How requests are handed on to where they belong, and taken from other members. */
  createForwarding(store: PlanetStore): ReturnType<typeof createForwarding> {
    const { transport, identity } = this.entered;
    const { membership, shards } = this;
    const logOf = (shard: ShardName) => {
      const log = shards.get(shard);
      if (log === undefined) throw new Error(`this member does not have shard ${shard}`);
      return log;
    };
    const verificationKeys = new VerificationKeys();
    const created = createForwarding({
      transport,
      keys: ed25519Keys({
        self: transport.self,
        privateKey: identity.member.keyObject,
        publicKeyOf({ region, member }) {
          const known = membership.memberOf(member);
          return known?.region === region ? verificationKeys.of(known) : undefined;
        },
      }),
      memberNumber: identity.number,
      clock: systemClock,
      random: systemRandom,
      places: {
        // What is not known here may be new at the home of the root, which knows where it is.
        shardsOf: (cluster) =>
          cluster === EVERYWHERE
            ? shards.all.map(({ shard }) => shard)
            : [store.shardOf(cluster) ?? this.root.shard],
        homeOf: (shard) => {
          const log = shards.get(shard);
          return log === undefined ? unknownHome(shard) : log.away;
        },
        confirmEpoch: async (shard) => {
          const { home, store: ofShard } = logOf(shard);
          const { visible, end } = ofShard.log;
          // What was acknowledged before is shown by a new home as soon as its epoch counts.
          if (visible.epoch !== end.epoch) throw new Error('this region has just become its home');
          if (!(await home.confirmEpoch()))
            throw new Error('the voters of the shard have not confirmed that this region is its home');
        },
      },
      replicas: {
        // Not up to when that is all: others learn of that once a second.
        revisionOf: (shard) => {
          const log = logOf(shard);
          return log.isHome ? log.store.log.visible.revision : log.revision;
        },
        reached: (shard, revision, signal) =>
          Promise.race([logOf(shard).store.feed.reached(revision, signal), aborted(signal)]),
        stalenessMs: (shard) => shards.get(shard)?.stalenessMs,
      },
    });
    this.forwarding = created.forwarding;
    return created;
  }

  /** What this member's replica of the root shard says of who asks to be a voter. */
  #isMember({ region, member }: { readonly region: string; readonly member: string }): boolean {
    return this.#membership?.memberOf(member)?.region === region;
  }

  /** The region of a member by its number, also of one that is none any more. */
  regionOf(number: number): RegionName | undefined {
    return this.#membership?.find(number)?.region;
  }

  /** A root is there, and a home that only comes back from a restart is the home again. */
  async #settled(root: Store): Promise<void> {
    const startMs = systemClock.monotonicMs();
    const { region } = this.entered.transport.self;
    const hasRoot = () => root.get(logicalClusterKey(ROOT_CLUSTER)) !== undefined;
    const isReturning = () => this.root.home.lastHome?.region === region;
    let foundRootMs: number | undefined;
    for (;;) {
      const nowMs = systemClock.monotonicMs();
      const passedMs = nowMs - startMs;
      if (this.root.isHome || hasRoot()) foundRootMs ??= nowMs;
      if (foundRootMs !== undefined) {
        // What a new epoch goes on with is shown as soon as its first record counts.
        const isShown = root.log.visible.epoch === root.log.end.epoch;
        if (this.root.isHome && isShown) return;
        // Where its directory was lost, an operator may have to say what it goes on with: reads do not wait for that.
        if ((hasRoot() && !isReturning()) || nowMs - foundRootMs > RETURN_TIMEOUT_MS) return;
      }
      if (passedMs > FIRST_STATE_TIMEOUT_MS) {
        throw new StartError(
          `no state of the root shard came within ${FIRST_STATE_TIMEOUT_MS / 1000} s: is its home running, and connected with ` +
            'the NATS servers of this region? Start again to try on',
        );
      }
      await new Promise<void>((resolve) => void setTimeout(resolve, POLL_MS));
    }
  }
}

/** Of a shard that is asked for by somebody who knows more than this member does now. */
function unknownHome(shard: ShardName): HomeAway {
  return { shard, member: { region: '' as RegionName, member: '' }, unreachableMs: 1 };
}
