import { Access } from '../../src/access/mod.ts';
import {
  AdmissionChain,
  admissionPlugins,
  ClaimTable,
  chosenPlugins,
  QuotaLedger,
} from '../../src/admission/mod.ts';
import {
  type Api,
  ContinueTokens,
  type Convergence,
  createLogicalCluster,
  type KindHooks,
  KindHookTable,
  logicalClusterKey,
  RevisionForms,
  recountDebt,
  ShownUrls,
  StorePositions,
} from '../../src/api/mod.ts';
import {
  type Clock,
  type LogicalCluster,
  type RegionName,
  ROOT_CLUSTER,
  type ShardName,
  systemClock,
  systemRandom,
} from '../../src/base/mod.ts';
import {
  type Controller,
  ControllerRuntime,
  customResourceDefinitionController,
  garbageCollector,
  logicalClusterController,
  namespaceController,
  permissionClaimControllers,
  resourceQuotaController,
  serviceAccountTokenController,
} from '../../src/controllers/mod.ts';
import { DefinitionRegistry, isConvergent } from '../../src/definitions/mod.ts';
import { foundRoot } from '../../src/exports/mod.ts';
import { makeDefaultBindings } from '../../src/region/mod.ts';
import { type MemoryDisk, MemoryKeyValue, type ObjectStore, PlanetStore } from '../../src/store/mod.ts';
import {
  admitWorkspace,
  admitWorkspaceType,
  logicalClusterAdmission,
  logicalClusterHooks,
  WorkspacePaths,
  WorkspaceTypes,
  workspaceHooks,
  workspaceLifecycleHooks,
} from '../../src/workspaces/mod.ts';
import { memoryAuthentication } from './memory-authentication.ts';

/** The inside of a member without network and files: the real store on the in-memory key-value. */
export interface MemoryMember {
  readonly api: Api;
  /** Failures of controllers, races included. */
  readonly failures: readonly unknown[];
  /** Resolves when its controllers owe nothing any more. */
  settled(): Promise<void>;
  /** Loses power and starts anew with what was durable. */
  crash(): Promise<MemoryMember>;
  close(): Promise<void>;
}

export interface MemoryMemberOptions {
  readonly cluster: LogicalCluster;
  readonly disk?: MemoryDisk;
  readonly isQuotaEnforced?: boolean;
  /** What is said about writes of single kinds. */
  readonly hooks?: readonly KindHooks[];
  /** Beside those that always run. */
  readonly controllers?: (api: Api) => readonly Controller[];
  /** The kinds that are in the other log, if not those of every member. */
  readonly isConvergent?: typeof isConvergent;
}

export async function startMemoryMember(options: MemoryMemberOptions): Promise<MemoryMember> {
  return open(options, newDisks(options.disk));
}

/** What a member has on its disk: the log of its shard, and that of its region. */
export interface MemberDisks {
  readonly shard: MemoryKeyValue;
  readonly convergent: MemoryKeyValue;
}

export function newDisks(disk?: MemoryDisk): MemberDisks {
  return { shard: new MemoryKeyValue(disk), convergent: new MemoryKeyValue(disk) };
}

/** What is left of both when the power goes. */
export function crashed(disks: MemberDisks, disk?: MemoryDisk): MemberDisks {
  return { shard: disks.shard.crash(disk), convergent: disks.convergent.crash(disk) };
}

/** The store of a member, as it is put together everywhere. */
export function openMemberStore(
  disks: MemberDisks,
  options: Pick<MemoryMemberOptions, 'isConvergent'> & { readonly shard?: ShardName } = {},
): Promise<PlanetStore> {
  const { shard = SHARD } = options;
  return PlanetStore.open({
    clock: systemClock,
    random: systemRandom,
    isConvergent: options.isConvergent ?? isConvergent,
    logicalClusterKey,
    logs: [
      { name: shard, kind: 'shard', keyValue: disks.shard },
      { name: 'convergent-test' as ShardName, kind: 'convergent', keyValue: disks.convergent },
    ],
  });
}

const SHARD = 'test' as ShardName;
const TURNS_MAX = 100_000;

async function open(options: MemoryMemberOptions, disks: MemberDisks): Promise<MemoryMember> {
  const store = await openMemberStore(disks, options);
  const api = memoryApi(store, options);
  const failures: unknown[] = [];
  // Not those that put things into namespaces: a quota may refuse them for ever.
  const running = [
    logicalClusterController(api),
    namespaceController(api),
    serviceAccountTokenController(api),
    customResourceDefinitionController(api),
    resourceQuotaController(api),
    ...garbageCollector(api),
    ...permissionClaimControllers(api),
    ...(options.controllers?.(api) ?? []),
  ];
  const controllers = new ControllerRuntime({
    api,
    clock: systemClock,
    controllers: running,
    report: (_controller, _key, error) => failures.push(error),
  });
  if (options.cluster === ROOT_CLUSTER) await foundRoot(api, { shard: SHARD });
  else await createLogicalCluster(api, options.cluster);
  await controllers.start();
  return {
    api,
    failures,
    settled: () => settled(api, running),
    async crash() {
      const survivor = crashed(disks, options.disk);
      await controllers.close();
      api.quotas.close();
      // Nothing of it may run on: its disk is that of the next life.
      await store.close();
      return open(options, survivor);
    },
    async close() {
      await controllers.close();
      api.quotas.close();
      await store.close();
    },
  };
}

/** All that a member's verbs need, around a store that may be on a clock of its own. */
export function memoryApi(
  store: ObjectStore,
  options: {
    readonly isQuotaEnforced?: boolean;
    readonly clock?: Clock;
    readonly hooks?: readonly KindHooks[];
    readonly region?: string;
    readonly convergence?: Convergence;
  } = {},
): Api {
  const quotas = new QuotaLedger(store, {
    isEnforced: options.isQuotaEnforced ?? true,
    recountOf: (quota) => recountDebt(systemRandom, quota),
  });
  const registry = new DefinitionRegistry(store);
  const access = new Access({ store, logicalClusterKey });
  const paths = new WorkspacePaths({ store, registry });
  const types = new WorkspaceTypes({ registry, paths });
  const claims = new ClaimTable({ store, groundOf: (cluster) => access.groundOf(cluster) });
  const plugins = admissionPlugins(chosenPlugins({ enable: [], disable: [] }), {
    quotas,
    claims,
    authorize: (request) => access.decide(request),
    others: [
      admitWorkspace,
      logicalClusterAdmission,
      admitWorkspaceType({ types, authorize: (request) => access.decide(request) }),
    ],
    definitionsOf: async ({ cluster }) => (await registry.setOf(cluster)).definitions,
  });
  return {
    store,
    quotas,
    claims,
    access,
    registry,
    hooks: new KindHookTable([
      workspaceHooks({ types, shard: SHARD, defaultBindings: makeDefaultBindings }),
      workspaceLifecycleHooks,
      logicalClusterHooks,
      ...(options.hooks ?? []),
    ]),
    paths,
    homes: { of: () => undefined },
    urls: new ShownUrls(() => 'https://memory'),
    admission: new AdmissionChain(plugins),
    random: systemRandom,
    clock: options.clock ?? systemClock,
    net: { post: () => Promise.reject(new Error('there is no network')) },
    revisions: new RevisionForms(new StorePositions({ store, memberNumber: 0 })),
    tokens: new ContinueTokens(Buffer.alloc(32)),
    region: (options.region ?? 'test') as RegionName,
    convergence: options.convergence,
    shard: SHARD,
    caBundle: 'certificates\n',
    ...memoryAuthentication(store),
  };
}

async function settled(api: Api, running: readonly Controller[]): Promise<void> {
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    await api.store.settled();
    if (!(await isAnythingOwed(api, running))) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('controllers do not come to an end');
}

async function isAnythingOwed(api: Api, running: readonly Controller[]): Promise<boolean> {
  const snapshot = api.store.snapshot();
  try {
    for (const { name } of running) {
      for await (const batch of snapshot.work(name)) if (batch.length > 0) return true;
    }
    return false;
  } finally {
    snapshot.close();
  }
}
