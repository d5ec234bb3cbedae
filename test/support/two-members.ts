import { generateKeyPairSync, hash, type KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authenticator, staticTokens, type User } from '../../src/access/mod.ts';
import {
  type Api,
  createLogicalCluster,
  OneShardPositions,
  RevisionForms,
  ShownUrls,
} from '../../src/api/mod.ts';
import {
  type LogicalCluster,
  type RegionName,
  type ShardName,
  systemClock,
  systemRandom,
} from '../../src/base/mod.ts';
import { foundRoot } from '../../src/exports/mod.ts';
import { createFacade, type Facade } from '../../src/facade/mod.ts';
import { ensureCertificates } from '../../src/region/certificates.ts';
import { createForwarding } from '../../src/region/forwarding.ts';
import { memberServices } from '../../src/region/services.ts';
import {
  type AskOptions,
  type AskOutcome,
  ed25519Keys,
  type MemberKeys,
  MemoryPlanet,
  Transport,
} from '../../src/replication/mod.ts';
import { MemoryKeyValue, Store } from '../../src/store/mod.ts';
import { framesOf } from '../../src/store/replication-fixtures.suite.ts';
import { Client } from '../http/client.ts';
import { memoryApi } from './memory-member.ts';

export const SHARD = 'root' as ShardName;
const REGIONS = ['eu', 'us'] as const;
type Region = (typeof REGIONS)[number];

/** One of two members, with a facade and a real client of it. */
export interface OneOfTwo {
  readonly region: Region;
  readonly api: Api;
  readonly store: Store;
  readonly transport: Transport;
  readonly keys: MemberKeys;
  readonly client: Client;
  readonly port: number;
}

/**
 * Two members in one process: `eu` is home of the only shard, `us` follows it by its frames. Stores, facades and clients are
 * real, NATS is in memory.
 */
export interface TwoMembers {
  readonly home: OneOfTwo;
  readonly away: OneOfTwo;
  readonly planet: MemoryPlanet;
  readonly privateKeys: Readonly<Record<Region, KeyObject>>;
  /** What becomes of the questions of `us`, in place of the transport. */
  intercept: ((ask: Transport['ask'], options: AskOptions) => Promise<AskOutcome>) | undefined;
  /** Whether frames go to `us`. */
  isReplicating: boolean;
  /** For how long `us` has heard nothing of its home. */
  unreachableMs: number;
  /** What the home's voters say. */
  confirmEpoch: () => Promise<void>;
  /** The process of the home starts to take requests anew, as after a restart: it knows nothing of what it was sent. */
  restartReceiver(): void;
  /** Resolves when `us` has all that `eu` has. */
  caughtUp(): Promise<void>;
  createCluster(name: string): Promise<string>;
  close(): Promise<void>;
}

export const ADMIN = 'admin-token';
const USERS: Readonly<Record<string, User>> = {
  [ADMIN]: { name: 'admin', uid: '', groups: ['system:masters', 'system:authenticated'], extra: {} },
  'alice-token': { name: 'alice', uid: 'a1', groups: ['system:authenticated'], extra: {} },
};

export async function startTwoMembers(options: { readonly delayMs?: number } = {}): Promise<TwoMembers> {
  const directory = await mkdtemp(join(tmpdir(), 'antipode-two-members-'));
  const certificates = await ensureCertificates({
    directory,
    hostnames: ['localhost'],
    addresses: ['127.0.0.1'],
    clock: systemClock,
  });
  const planet = new MemoryPlanet({
    clock: systemClock,
    regions: REGIONS,
    delayMs: options.delayMs ?? 2,
    localDelayMs: 0,
  });
  const pairs = { eu: generateKeyPairSync('ed25519'), us: generateKeyPairSync('ed25519') };
  const stores = { eu: await openStore('home'), us: await openStore('follower') };
  const closing: (() => Promise<void> | void)[] = [];
  const receivers: (() => void)[] = [];
  let startReceiver = () => {};
  let beatMs = performance.now();

  const open = async (region: Region, number: number): Promise<OneOfTwo> => {
    const self = { region: region as RegionName, member: 'm' };
    const carrier = planet.connect(self);
    const transport = new Transport({ carrier, clock: systemClock, random: systemRandom, self });
    const keys = ed25519Keys({
      self,
      privateKey: pairs[region].privateKey,
      publicKeyOf: (of) => (of.member === 'm' ? pairs[of.region as Region]?.publicKey : undefined),
    });
    const store = stores[region];
    let url = '';
    const tokens = Object.entries(USERS).map(([token, user]) => ({ tokenHash: hash('sha256', token), user }));
    const api: Api = {
      ...memoryApi(store),
      region: region as RegionName,
      shard: SHARD,
      urls: new ShownUrls(() => url),
      revisions: new RevisionForms(new OneShardPositions(number)),
      authenticator: new Authenticator({
        tokens: [staticTokens(tokens)],
        clock: systemClock,
        audiences: ['planet'],
        allowsAnonymous: false,
      }),
    };
    const ask: Transport['ask'] = (asked) => {
      const { intercept } = two;
      const plain: Transport['ask'] = (it) => transport.ask(it);
      return region === 'us' && intercept !== undefined ? intercept(plain, asked) : plain(asked);
    };
    const { forwarding, serve } = createForwarding({
      transport: { ask, serve: (it) => transport.serve(it) },
      keys,
      memberNumber: number,
      clock: systemClock,
      random: systemRandom,
      places: {
        shardsOf: () => [SHARD],
        homeOf: () =>
          region === 'eu'
            ? undefined
            : {
                shard: SHARD,
                member: { region: 'eu' as RegionName, member: 'm' },
                unreachableMs: two.unreachableMs,
              },
        confirmEpoch: () => two.confirmEpoch(),
      },
      replicas: {
        revisionOf: () => store.revision,
        reached: (_shard, revision, signal) =>
          Promise.race([
            store.feed.reached(revision, signal),
            new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
          ]),
        stalenessMs: () => (region === 'eu' ? undefined : performance.now() - beatMs),
      },
    });
    const facade: Facade = createFacade({
      api,
      authenticator: api.authenticator,
      services: memberServices(api),
      tls: { certificate: certificates.servingCertificate, key: certificates.servingKey },
      report: (error) => failures.push(error),
      forwarding,
    });
    const port = await facade.listen({ host: '127.0.0.1', port: 0 });
    url = `https://127.0.0.1:${port}`;
    if (region === 'eu') {
      startReceiver = () => receivers.push(serve(facade));
      startReceiver();
    }
    const client = new Client({ port, ca: certificates.ca, token: ADMIN });
    closing.unshift(async () => {
      client.close();
      await facade.close();
      await transport.close();
      api.quotas.close();
    });
    return { region, api, store, transport, keys, client, port };
  };

  const failures: unknown[] = [];
  const two = {
    planet,
    privateKeys: { eu: pairs.eu.privateKey, us: pairs.us.privateKey },
    intercept: undefined as TwoMembers['intercept'],
    isReplicating: true,
    unreachableMs: 0,
    confirmEpoch: async () => {},
    failures,
    restartReceiver() {
      for (const stop of receivers.splice(0)) stop();
      startReceiver();
    },
  };
  const follower = follow(
    stores.eu,
    stores.us,
    () => two.isReplicating,
    () => {
      beatMs = performance.now();
    },
  );
  closing.push(follower.stop);
  const home = await open('eu', 1);
  await foundRoot(home.api, { shard: SHARD });
  await follower.caughtUp();
  const away = await open('us', 2);
  return Object.assign(two, {
    home,
    away,
    caughtUp: follower.caughtUp,
    async createCluster(name: string) {
      await createLogicalCluster(home.api, name as LogicalCluster);
      await follower.caughtUp();
      return `/clusters/${name}`;
    },
    async close() {
      for (const close of closing) await close();
      await stores.eu.close();
      await stores.us.close();
      await rm(directory, { recursive: true, force: true });
    },
  });
}

function openStore(role: 'home' | 'follower'): Promise<Store> {
  return Store.open({
    keyValue: new MemoryKeyValue(),
    shard: SHARD,
    clock: systemClock,
    random: systemRandom,
    replication: { role },
  });
}

/** Ships frames as they come, a few milliseconds late. */
function follow(from: Store, to: Store, isReplicating: () => boolean, onBeat: () => void) {
  let isStopped = false;
  let running: Promise<void> = Promise.resolve();
  const ship = async () => {
    if (isStopped || !isReplicating()) return;
    if (to.log.end.sequence < from.log.end.sequence) {
      const frames = await framesOf(from, to.log.end.sequence + 1);
      await to.log.apply({ frames, mark: from.log.visible.sequence });
    }
    await to.log.observe(from.log.announce());
    onBeat();
  };
  const turn = () => {
    running = running.then(ship);
    return running;
  };
  const timer = setInterval(turn, 2);
  return {
    async caughtUp() {
      const { revision } = from;
      while (to.revision < revision) await turn();
    },
    async stop() {
      isStopped = true;
      clearInterval(timer);
      await running;
    },
  };
}
