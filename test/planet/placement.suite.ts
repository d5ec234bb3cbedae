import {
  type Api,
  type Body,
  create,
  KindHookTable,
  logicalClusterKey,
  type RequestContext,
  remove,
} from '../../src/api/mod.ts';
import {
  type LogicalCluster,
  type RegionName,
  ROOT_CLUSTER,
  type ShardName,
  systemRandom,
  VirtualClock,
} from '../../src/base/mod.ts';
import { collectionOf } from '../../src/definitions/mod.ts';
import { foundRoot } from '../../src/exports/mod.ts';
import {
  encodeJson,
  type JsonObject,
  type KubeObject,
  objectAt,
  parseJson,
  textAt,
} from '../../src/machinery/mod.ts';
import { startControllers } from '../../src/region/controllers.ts';
import { kindHooks } from '../../src/region/kind-hooks.ts';
import { makeDefaultBindings } from '../../src/region/mod.ts';
import { MemoryKeyValue, PlanetStore, type ReplicatedLog, type SurvivalGate } from '../../src/store/mod.ts';
import {
  isOwedToAll,
  PLACED_CLUSTERS,
  PLACED_WORKSPACES,
  WorkspacePaths,
  WorkspaceTypes,
} from '../../src/workspaces/mod.ts';
import { memoryApi } from '../support/memory-member.ts';
import {
  type Disks,
  framesFrom,
  left,
  OtherRegion,
  Power,
  SHARDS,
  type Shard,
} from './memory-machine.suite.ts';

export const REGIONS = ['eu', 'us'] as const;
export type Region = (typeof REGIONS)[number];
/** What commits survive: a crash of their home, or the loss of its region. */
export type Goal = 'process' | 'region';

const TURNS_MAX = 4_000;
const TURN_MS = 20;

interface Running {
  readonly region: Region;
  readonly power: Power;
  readonly disks: Disks;
  readonly store: PlanetStore;
  readonly api: Api;
  end(): void;
}

/** What two regions have on their disks, and who is home of what. */
export interface Saved {
  readonly disks: Readonly<Record<Region, Disks>>;
  readonly homes: Readonly<Record<Shard, Region>>;
  readonly nowMs: number;
}

/**
 * Two members in one process, on virtual time and in-memory disks: stores, API and controllers are those of every member,
 * and frames are carried from home to follower whenever time passes.
 */
export class PlacementWorld {
  readonly clock: VirtualClock;
  readonly homes: Record<Shard, Region>;
  readonly failures: string[] = [];
  readonly #goal: Goal;
  readonly #running = new Map<Region, Running>();
  readonly #disks: Record<Region, Disks>;
  #turn: Promise<void> = Promise.resolve();

  private constructor(saved: Saved, goal: Goal) {
    this.clock = new VirtualClock(saved.nowMs);
    this.homes = { ...saved.homes };
    this.#disks = { ...saved.disks };
    this.#goal = goal;
  }

  /** A planet that was just founded, with nothing left to do. */
  static async found(): Promise<Saved> {
    const empty = () => ({ root: new MemoryKeyValue(), us: new MemoryKeyValue() });
    const homes = { root: 'eu', us: 'us' } as const;
    const disks = { eu: empty(), us: empty() };
    const world = new PlacementWorld({ disks, homes, nowMs: new VirtualClock().nowMs() }, 'process');
    await world.start('eu');
    await foundRoot(world.api('eu'), { shard: 'root' as ShardName });
    await world.start('us');
    await world.settle('nothing is owed', () => world.isQuiet());
    return world.save();
  }

  static async open(saved: Saved, goal: Goal = 'process'): Promise<PlacementWorld> {
    const world = new PlacementWorld(saved, goal);
    for (const region of REGIONS) await world.start(region);
    return world;
  }

  /** Ends everything; what is on the disks can be opened again, and as often as one likes. */
  save(): Saved {
    for (const region of REGIONS) this.stop(region);
    return { disks: { ...this.#disks }, homes: { ...this.homes }, nowMs: this.clock.nowMs() + 1_000 };
  }

  async start(region: Region): Promise<void> {
    const power = new Power();
    const disks = left(this.#disks[region], power);
    const store = await PlanetStore.open({
      clock: this.clock,
      random: systemRandom,
      // What converges is tested elsewhere: here, everything has one order.
      isConvergent: () => false,
      logicalClusterKey,
      isOwedToAll,
      logs: SHARDS.map((name) => {
        const isHome = this.homes[name] === region;
        return {
          name: name as string as ShardName,
          kind: 'shard' as const,
          keyValue: disks[name],
          replication: {
            role: isHome ? ('home' as const) : ('follower' as const),
            ...(isHome && this.#gate && { gate: this.#gate }),
          },
          home: () => ({ region: this.homes[name] as string as RegionName }),
        };
      }),
    });
    const api = this.#api(region, store);
    const types = api.types;
    const workspaces = { types, shard: 'root' as ShardName, defaultBindings: makeDefaultBindings };
    const note = (message: string, fields?: object) => {
      this.failures.push(`${region}: ${message} ${JSON.stringify(fields)}`);
    };
    const log = { error: note, warn: note, info: note, debug: () => {} };
    const stopControllers = await startControllers(api.api, { log, workspaces });
    this.#running.set(region, {
      region,
      power,
      disks,
      store,
      api: api.api,
      // Steps of controllers wait for commits that nobody will ever decide: nothing of it is waited for.
      end: () => {
        for (const closing of [stopControllers(), store.close()]) closing.catch(() => {});
        api.api.quotas.close();
        api.api.access.close();
      },
    });
  }

  /** Ends a member as a crash does: what it has not written to its disk is lost. */
  stop(region: Region): void {
    const running = this.#running.get(region);
    if (running === undefined) return;
    running.power.isOff = true;
    this.#disks[region] = left(running.disks, {});
    this.#running.delete(region);
    running.end();
  }

  /** The power of a region goes in the middle of the sync of that number, from now. */
  failAt(region: Region, syncs: number): void {
    const { power } = this.#running.get(region)!;
    power.failsAt = power.syncs + syncs;
  }

  /** Whether a region's machine still runs. */
  isUp(region: Region): boolean {
    return this.#running.get(region)?.power.isOff === false;
  }

  api(region: Region): Api {
    return this.#running.get(region)!.api;
  }

  /** Another region becomes home of a shard, in a new epoch, with all that it has of it. */
  async promote(shard: Shard, region: Region): Promise<void> {
    await this.#turn;
    const log = this.#log(region, shard)!;
    this.homes[shard] = region;
    const origin = { actor: 'system:homes', originRegion: region };
    // With the other region it would count; that is down, and was voted out.
    const opening = await log.openEpoch({ epoch: log.end.epoch + 1, ...origin });
    await opening.durable;
  }

  /** Lets a little time pass, in which frames go from homes to followers. */
  async pass(): Promise<void> {
    await this.#carry();
    await this.clock.advance(TURN_MS);
  }

  /** Lets time pass until something is so. */
  async settle(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      if (await isSo()) return;
      await this.pass();
    }
    throw new Error(`it never was so that ${what}:\n${[...new Set(this.failures)].slice(-20).join('\n')}`);
  }

  /** Lets time pass until somebody has an answer. */
  async answered<Value>(promise: Promise<Value>): Promise<Value> {
    let isOver = false;
    const watched = promise.finally(() => {
      isOver = true;
    });
    watched.catch(() => {});
    await this.settle('there is an answer', () => isOver);
    return watched;
  }

  /** Whether no home owes anything between shards, and nothing is on its way. */
  async isQuiet(): Promise<boolean> {
    for (const shard of SHARDS) {
      const home = this.#running.get(this.homes[shard]);
      if (home === undefined || home.power.isOff) return false;
      for (const region of REGIONS) {
        const log = this.#log(region, shard);
        if (
          log !== undefined &&
          log.visible.sequence !== home.store.log(shard as ShardName)!.log.end.sequence
        )
          return false;
      }
      if ((await this.owed(this.homes[shard])).some(({ log }) => log === shard)) return false;
    }
    return true;
  }

  /** What a region shows to be owed between shards. */
  async owed(region: Region) {
    const snapshot = this.#running.get(region)!.store.snapshot();
    const found: { readonly controller: string; readonly log: string; readonly cluster: string }[] = [];
    try {
      for (const controller of [PLACED_CLUSTERS, PLACED_WORKSPACES, 'logicalcluster']) {
        for await (const batch of snapshot.work(controller))
          for (const { key } of batch) found.push({ controller, log: key.log ?? '', cluster: key.cluster });
      }
    } finally {
      snapshot.close();
    }
    return found;
  }

  async create(region: Region, name: string): Promise<void> {
    const api = this.api(region);
    const object = {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'Workspace',
      metadata: { name },
      spec: {
        type: { name: 'universal', path: 'root' },
        location: { selector: { matchLabels: { region: 'us' } } },
      },
    };
    await create(api, {
      target: await targetOf(api, { verb: 'create', name: '' }),
      options: { isDryRun: false, fieldManager: 'tester', fieldValidation: 'Ignore' },
      context: CONTEXT,
      body: { mediaType: 'application/json', bytes: Buffer.from(JSON.stringify(object)) } as Body,
    });
  }

  async remove(region: Region, name: string): Promise<void> {
    const api = this.api(region);
    await remove(api, {
      target: await targetOf(api, { verb: 'delete', name }),
      options: {
        isDryRun: false,
        uid: undefined,
        resourceVersion: undefined,
        propagationPolicy: 'Background',
        isLegacyBackground: false,
      },
      context: CONTEXT,
    });
  }

  /** The workspace of that name as a region shows it. */
  workspace(region: Region, name: string): KubeObject | undefined {
    const { api, store } = this.#running.get(region)!;
    const { definition } = api.registry.find(ROOT_CLUSTER, 'tenancy.kcp.io', 'workspaces')!;
    const row = store.get({ ...collectionOf(ROOT_CLUSTER, definition), namespace: '', name });
    return row && (parseJson(row.json).value as KubeObject);
  }

  /** The logical clusters of workspaces of that name that a region shows, and the logs that have them. */
  async clusters(region: Region, name: string) {
    const { store } = this.#running.get(region)!;
    const found: { readonly cluster: LogicalCluster; readonly uid: string; readonly log: string }[] = [];
    for (const shard of SHARDS) {
      const snapshot = store.log(shard as string as ShardName)!.snapshot();
      const { group, resource, identity } = logicalClusterKey(ROOT_CLUSTER);
      try {
        for await (const batch of snapshot.list({
          collection: { cluster: '*', group, resource, identity },
        })) {
          for (const { key, row } of batch) {
            const owner = objectAt(objectAt(parseJson(row.json).value as JsonObject, 'spec'), 'owner');
            if (textAt(owner, 'name') === name)
              found.push({ cluster: key.cluster, uid: textAt(owner, 'uid'), log: shard });
          }
        }
      } finally {
        snapshot.close();
      }
    }
    return found;
  }

  /** What a region shows of a workspace: whole, nothing at all, or what is in between. */
  async stateOf(region: Region, name: string): Promise<string> {
    const workspace = this.workspace(region, name);
    const clusters = await this.clusters(region, name);
    if (workspace === undefined && clusters.length === 0) return 'gone';
    const phase = textAt(objectAt(workspace, 'status'), 'phase');
    const [only, ...others] = clusters;
    const isOwn =
      only !== undefined &&
      others.length === 0 &&
      only.log === 'us' &&
      only.uid === workspace?.metadata.uid &&
      only.cluster === textAt(objectAt(workspace, 'spec'), 'cluster');
    const isServed = isOwn && this.#hasNamespace(region, only.cluster);
    if (phase === 'Ready' && isServed && workspace?.metadata.deletionTimestamp === undefined) return 'whole';
    return encodeJson({ workspace: workspace ?? null, clusters } as unknown as JsonObject);
  }

  /** Whether a region has nothing at all of a logical cluster. */
  async isEmpty(region: Region, cluster: LogicalCluster): Promise<boolean> {
    for (const shard of SHARDS) {
      const snapshot = this.#running
        .get(region)!
        .store.log(shard as string as ShardName)!
        .snapshot();
      try {
        if ((await snapshot.countOfCluster(cluster, 1)) > 0) return false;
      } finally {
        snapshot.close();
      }
    }
    return true;
  }

  /** Whether all regions that are up show the same of a workspace. */
  async isAll(state: 'whole' | 'gone', name: string): Promise<boolean> {
    for (const region of REGIONS) {
      if (this.isUp(region) && (await this.stateOf(region, name)) !== state) return false;
    }
    return true;
  }

  #hasNamespace(region: Region, cluster: LogicalCluster): boolean {
    const namespaces = { group: '', resource: 'namespaces', identity: '', namespace: '', name: 'default' };
    return this.#running.get(region)!.store.get({ ...namespaces, cluster }) !== undefined;
  }

  get #gate(): SurvivalGate | undefined {
    return this.#goal === 'region' ? new OtherRegion() : undefined;
  }

  #log(region: Region, shard: Shard): ReplicatedLog | undefined {
    const running = this.#running.get(region);
    return running?.power.isOff === false ? running.store.log(shard as string as ShardName)!.log : undefined;
  }

  /** Takes frames from homes to followers, one after the other. */
  #carry(): Promise<void> {
    const turn = this.#turn.then(async () => {
      for (const shard of SHARDS) await this.#carryShard(shard);
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #carryShard(shard: Shard): Promise<void> {
    const region = this.homes[shard];
    const home = this.#log(region, shard);
    const follower = this.#log(region === 'eu' ? 'us' : 'eu', shard);
    if (home === undefined || follower === undefined || home.role !== 'home') return;
    try {
      let from = follower.end.sequence + 1;
      for (let attempts = 0; attempts < 10; attempts++) {
        const frames = await framesFrom(home, from);
        const { epoch } = home.end;
        const applied = await follower.apply({ frames, mark: home.visible.sequence, epoch });
        if (applied.kind === 'gap' || applied.kind === 'diverged') {
          from = applied.wants;
          continue;
        }
        if (this.#goal === 'region') home.confirm({ epoch, sequence: follower.end.sequence });
        const seen = await follower.observe(home.announce());
        if (seen.kind !== 'behind' && seen.kind !== 'diverged') return;
        from = seen.wants;
      }
    } catch (error) {
      // A machine that stops in the middle of it.
      if (REGIONS.every((each) => this.isUp(each))) throw error;
    }
  }

  #api(region: Region, store: PlanetStore) {
    const plain = memoryApi(store, { clock: this.clock, region });
    const types = new WorkspaceTypes({
      registry: plain.registry,
      paths: new WorkspacePaths({ store, registry: plain.registry }),
    });
    const ground = { types, shard: 'root' as ShardName, defaultBindings: makeDefaultBindings };
    const api: Api = {
      ...plain,
      hooks: new KindHookTable(kindHooks(ground)),
      shard: 'root' as ShardName,
      shards: {
        list: () => [
          { name: 'root' as ShardName, region: undefined },
          { name: 'us' as ShardName, region: 'us' },
        ],
        isHome: (log) => store.log(log as ShardName)?.isHome === true,
        confirm: async (cluster) => {
          const shard = (store.shardOf(cluster) ?? 'root') as string as Shard;
          if (!this.isUp(this.homes[shard])) throw new Error(`the home of shard ${shard} is down`);
          await this.#carry();
        },
        isVoid: (shard, revision) => store.log(shard as ShardName)?.log.statusOf(revision) === 'void',
      },
    };
    return { api, types };
  }
}

const CONTEXT: RequestContext = {
  signal: new AbortController().signal,
  userAgent: 'tester',
  warn: () => {},
};

async function targetOf(api: Api, { verb, name }: { readonly verb: string; readonly name: string }) {
  return api.access.authorize({
    user: { name: 'admin', uid: '', groups: ['system:masters', 'system:authenticated'], extra: {} },
    cluster: ROOT_CLUSTER,
    verb,
    group: 'tenancy.kcp.io',
    version: 'v1alpha1',
    resource: 'workspaces',
    subresource: '',
    namespace: '',
    name,
  });
}
