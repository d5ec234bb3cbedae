import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ShardName, systemRandom } from '../../base/mod.ts';
import { decodeSettings, type Homes, PromiseTable, type SurvivalGoal } from '../../replication/mod.ts';
import {
  type KeyValueStore,
  LogNotOpened,
  type LogOptions,
  openLevelKeyValue,
  type PlanetStore,
  type Store,
} from '../../store/mod.ts';
import { PUBLIC_FILE_MODE, readFileIfPresent, writeFileAtomically } from '../atomic-file.ts';
import { type Cleanup, runAll } from '../cleanup.ts';
import type { MemberLog } from '../member.ts';
import type { Entered } from './enter-planet.ts';
import type { HeardRegions } from './heard-regions.ts';
import { recordKey } from './records.ts';
import { ShardLog } from './shard-log.ts';
import { listShards, ROOT_SHARD, type ShardRecord } from './shard-records.ts';

/** The logs of all shards but root's are in here, each in a directory of its name. */
export const SHARDS_DIRECTORY = 'shards';
const FOUNDED_SUFFIX = '.shard-founded';

export interface PlanetShardsOptions {
  readonly entered: Entered;
  readonly homes: Homes;
  readonly regions: HeardRegions;
  readonly root: ShardLog;
  /** Of the member. */
  readonly directory: string;
  readonly log: MemberLog;
  /** Told when this member has become the home of a shard. */
  readonly onHome: (shard: ShardName) => void;
}

/** What a shard has on this member's disk. */
interface Opened {
  readonly keyValue: KeyValueStore;
  readonly promises: PromiseTable;
}

/**
 * All shards of a planet on one member. Which there are is written in the log of the root shard; each is followed as soon
 * as that is seen, and made by the member that is to make it.
 */
export class PlanetShards {
  readonly #options: PlanetShardsOptions;
  readonly #logs = new Map<ShardName, ShardLog>();
  /** Opened with the store of the member, since they were here before. */
  readonly #kept = new Map<ShardName, Opened>();
  readonly #records = new Map<ShardName, ShardRecord>();
  readonly #cleanups: Cleanup[] = [];
  /** One after the other. */
  #turn: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: PlanetShardsOptions) {
    this.#options = options;
    this.#logs.set(ROOT_SHARD, options.root);
  }

  /** Those that are followed here, root's first. */
  get all(): readonly ShardLog[] {
    return [...this.#logs.values()];
  }

  get(shard: string): ShardLog | undefined {
    return this.#logs.get(shard as ShardName);
  }

  /** Which there are, root not among them, by the replica of its log that is here. */
  get records(): readonly ShardRecord[] {
    return [...this.#records.values()];
  }

  /** What this member has followed before: to be opened with its store, so that its order goes on where it was. */
  async kept(): Promise<readonly LogOptions[]> {
    const directory = join(this.#options.directory, SHARDS_DIRECTORY);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const entries = await readdir(directory, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name as ShardName);
    for (const name of names.sort()) this.#kept.set(name, await this.#open(name));
    return [...this.#kept].map(([name, opened]) => this.#optionsOf(name, opened));
  }

  /** Follows what is kept and what there is by the records, now and from now on. */
  async start(store: PlanetStore, cleanups: Cleanup[]): Promise<void> {
    for (const [name, { promises }] of this.#kept) await this.#begin(store.log(name)!, name, promises);
    const root = store.log(ROOT_SHARD)!;
    const { cluster, group, resource, identity } = recordKey('shard', '');
    const look = () => this.#soon(store);
    const stops = [
      root.feed.subscribe({ cluster, group, resource, identity }, look),
      root.feed.subscribeToRestarts(look),
    ];
    cleanups.unshift(async () => {
      this.#isClosed = true;
      for (const stop of stops) stop();
      await this.#turn;
      await runAll(this.#cleanups);
    });
    look();
    await this.#turn;
  }

  /** Resolves when all are followed of which there are records here; rejects if one cannot be. */
  async known(store: PlanetStore): Promise<void> {
    this.#soon(store);
    await this.#turn;
    for (const { content } of await listShards(store.log(ROOT_SHARD)!)) {
      if (!this.#logs.has(content.name)) throw new Error(`shard ${content.name} is not followed here`);
    }
  }

  #soon(store: PlanetStore): void {
    this.#turn = this.#turn.then(async () => {
      if (this.#isClosed) return;
      try {
        await this.#look(store);
      } catch (error) {
        // Some file or other cannot be opened: it is tried again with the next start, or the next shard.
        this.#options.log.error('a shard cannot be followed', { error: String(error) });
      }
    });
  }

  async #look(store: PlanetStore): Promise<void> {
    const found = await listShards(store.log(ROOT_SHARD)!);
    for (const { content } of found) {
      this.#records.set(content.name, content);
      if (this.#isClosed) return;
      if (!this.#logs.has(content.name)) {
        const opened = await this.#open(content.name);
        const log = await store.add(this.#optionsOf(content.name, opened));
        await this.#begin(log, content.name, opened.promises);
      }
    }
    for (const { content } of found) await this.#found(content);
  }

  async #open(name: ShardName): Promise<Opened> {
    const directory = join(this.#options.directory, SHARDS_DIRECTORY, name);
    // In the directory of the log, so that the one is not lost without the other.
    await mkdir(join(directory, 'promises'), { recursive: true, mode: 0o700 });
    const keyValue = await openLevelKeyValue(directory).catch((error: unknown) => {
      throw new LogNotOpened(name, error);
    });
    const promises = await PromiseTable.open(
      await openLevelKeyValue(join(directory, 'promises')),
      systemRandom,
    );
    return { keyValue, promises };
  }

  #optionsOf(name: ShardName, { keyValue }: Opened): LogOptions {
    return {
      name,
      kind: 'shard',
      keyValue,
      replication: { role: 'follower' },
      home: () => this.get(name)?.place,
    };
  }

  async #begin(store: Store, name: ShardName, promises: PromiseTable): Promise<void> {
    const { entered, homes, regions, log, onHome } = this.#options;
    const shard = new ShardLog({
      shard: name,
      transport: entered.transport,
      homes,
      promises,
      regions,
      log,
      onHome: () => onHome(name),
    });
    this.#cleanups.unshift(() => promises.close());
    await shard.start(store, this.#cleanups);
    this.#logs.set(name, shard);
  }

  /** Begins a log that is this member's to begin, once: one that was lost is taken from others. */
  async #found({ name, founder }: ShardRecord): Promise<void> {
    const { entered, directory } = this.#options;
    const shard = this.get(name);
    if (founder !== entered.identity.number || shard === undefined) return;
    // Beside all of its logs: whoever has lost them is not to begin anew.
    const mark = join(directory, `${name}${FOUNDED_SUFFIX}`);
    if ((await readFileIfPresent(mark)) !== undefined) return;
    if (shard.store.log.settings === undefined) await shard.found(this.#goal());
    await writeFileAtomically({ path: mark, content: `${name}\n`, mode: PUBLIC_FILE_MODE });
  }

  /** What acknowledged writes survive is said once for a planet, until somebody says it of a shard. */
  #goal(): SurvivalGoal {
    const settings = this.#options.root.store.log.settings;
    return settings === undefined ? 'zone' : decodeSettings(settings).goal;
  }
}
