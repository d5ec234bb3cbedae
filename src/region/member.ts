import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Access } from '../access/mod.ts';
import type { AdmissionChoice } from '../admission/mod.ts';
import {
  type Api,
  ContinueTokens,
  createLogicalCluster,
  isDocumentRecord,
  KindHookTable,
  logicalClusterKey,
  RevisionForms,
  ShownUrls,
  StorePositions,
} from '../api/mod.ts';
import {
  ClockRefused,
  type LogicalCluster,
  type RegionName,
  type ShardName,
  SYSTEM_ADMIN_CLUSTER,
  systemClock,
  systemRandom,
} from '../base/mod.ts';
import { oweRootCa } from '../controllers/mod.ts';
import { DefinitionRegistry, isConvergent } from '../definitions/mod.ts';
import { foundRoot } from '../exports/mod.ts';
import { createFacade } from '../facade/mod.ts';
import {
  type CollectionKey,
  type KeyValueStore,
  LogDamaged,
  LogNotOpened,
  OtherFormat,
  openLevelKeyValue,
  PlanetStore,
} from '../store/mod.ts';
import { HomeWorkspaces, isOwedToAll, WorkspacePaths, WorkspaceTypes } from '../workspaces/mod.ts';
import { addressPolicy, LOOPBACK_NETWORKS } from './address-policy.ts';
import { chosenAdmission, createAdmission } from './admission.ts';
import { PRIVATE_FILE_MODE, readFileIfPresent, writeFileAtomically } from './atomic-file.ts';
import {
  type AuthenticationOptions,
  createAuthentication,
  prepareServiceAccountKeys,
  readClientAuthorities,
} from './authentication.ts';
import { ensureCertificates } from './certificates.ts';
import { type Cleanup, runAll } from './cleanup.ts';
import { startControllers } from './controllers.ts';
import { createConvergence } from './convergence/mod.ts';
import { CONVERGENT_DIRECTORY, convergentLogOf } from './convergent-log.ts';
import { makeDefaultBindings } from './default-bindings.ts';
import { acquireDirectoryLock } from './directory-lock.ts';
import { kindHooks } from './kind-hooks.ts';
import {
  ADMIN_KUBECONFIG_FILE,
  dialableHost,
  ensureAdminTokens,
  serverUrl,
  writeAdminKubeconfig,
} from './kubeconfig.ts';
import { createNet } from './net.ts';
import { converge } from './planet/converge.ts';
import { enterPlanet, type PlanetOptions } from './planet/enter-planet.ts';
import { createPlanetControl } from './planet/planet-control.ts';
import { openPlanetDesk, type PlanetDesk } from './planet/planet-desk.ts';
import { PlanetPart } from './planet/planet-part.ts';
import { SHARDS_DIRECTORY } from './planet/planet-shards.ts';
import { RegionReporter, regionFacts } from './planet/region-object.ts';
import { memberServices } from './services.ts';
import { StartError, systemErrorCode } from './start-error.ts';

/** Structured lines about what a member does. */
export interface MemberLog {
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface MemberOptions {
  readonly rootDirectory: string;
  readonly bindAddress: string;
  /** 0 takes a free port. */
  readonly securePort: number;
  readonly region: string;
  /** Labels of its region, by which workspaces choose it. */
  readonly regionLabels?: Readonly<Record<string, string>>;
  /** Where clients reach it, without slash at the end, if not where it listens: objects say so. */
  readonly externalUrl?: string;
  readonly log: MemberLog;
  /** Networks besides the public Internet that webhooks may be in, as prefixes. */
  readonly webhookNetworks?: readonly string[];
  /** Admission plugins that are on beyond the default ones, and off. */
  readonly admission?: AdmissionChoice;
  /** How long events live after they were last written; 0 is for ever. */
  readonly eventTtlMs?: number;
  /** How many objects a logical cluster may have that says nothing itself; 0 is any number. */
  readonly totalObjectLimit?: number;
  /** Controllers that do not run, by name: for tests of the server alone. What they owe stays owed. */
  readonly disabledControllers?: readonly string[];
  /** Who may come in. */
  readonly authentication?: AuthenticationOptions;
  /** Of which planet it is a member; absent: of none. */
  readonly planet?: PlanetOptions;
}

/** A member that answers requests. */
export interface Member {
  readonly url: string;
  readonly kubeconfigPath: string;
  /** Resolves when it cannot go on. */
  readonly failed: Promise<Error>;
  /** For what runs in the same process: tests, benchmarks. */
  readonly api: Api;
  /** Its planet, if it is of one. */
  readonly planet?: Omit<PlanetDesk, 'close'> & Pick<PlanetPart, 'homes' | 'root' | 'shards'>;
  close(): Promise<void>;
}

const SHARD = 'root' as ShardName;
/** Of a member by itself, and of the founder of a planet. */
const FIRST_MEMBER_NUMBER = 0;
const DATA_DIRECTORY = 'data';
const TOKEN_KEY_FILE = '.continue-token-key';
const TOKEN_KEY_BYTES = 32;
const FAILURE_CHECK_MS = 1_000;

/**
 * Puts a member together and starts it: store, controllers, facade. Throws `StartError` for everything
 * that an operator can mend; then nothing is left behind that a later start would stumble over.
 */
export async function startMember(options: MemberOptions): Promise<Member> {
  const plugins = chosenAdmission(options.admission);
  const lock = await acquireDirectoryLock(options.rootDirectory);
  const cleanups: Cleanup[] = [() => lock.release()];
  try {
    const member = await assemble({ ...options, plugins }, lock.directory, cleanups);
    return { ...member, close: once(() => runAll(cleanups)) };
  } catch (error) {
    // The reason why it did not start is what an operator has to know, not what came of it.
    await runAll(cleanups).catch((failure: unknown) => {
      options.log.error('a part of what was started could not be closed', { error: String(failure) });
    });
    throw error;
  }
}

async function assemble(
  options: MemberOptions & { readonly plugins: readonly string[] },
  directory: string,
  cleanups: Cleanup[],
): Promise<Omit<Member, 'close'>> {
  const { bindAddress, log } = options;
  const host = dialableHost(bindAddress);
  const { planet } = options;
  const entered = await enterPlanet({ directory, region: options.region, planet, log });
  if (entered !== undefined) cleanups.unshift(() => entered.transport.close());
  const dataDirectory = join(directory, DATA_DIRECTORY);
  const part =
    entered &&
    planet &&
    (await PlanetPart.open({ entered, planet, directory, dataDirectory, shard: SHARD, log, cleanups }));
  const opening = openStore(directory, { log, region: options.region, part });
  const preparing = [
    ensureCertificates({
      directory,
      hostnames: ['localhost', hostname(), 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
      addresses: [...new Set(['127.0.0.1', '::1', host])],
      clock: systemClock,
    }),
    ensureAdminTokens(directory),
    continueTokenKey(directory),
    opening,
    prepareServiceAccountKeys(directory, options.authentication ?? {}),
    readClientAuthorities(options.authentication ?? {}),
  ] as const;
  // Whatever fails first, the others end, and the database is closed, before the lock is released.
  cleanups.unshift(async () => {
    await Promise.allSettled(preparing);
    const opened = await opening.catch(() => undefined);
    await opened?.close();
  });
  const [certificates, tokens, tokenKey, store, accountKeys, clientAuthorities] =
    await Promise.all(preparing);
  const root = store.log(SHARD)!;
  await part?.start(store, cleanups);
  let url = '';
  const authentication = await createAuthentication({
    options: options.authentication ?? {},
    admins: tokens,
    accountKeys,
    store,
    clock: systemClock,
    random: systemRandom,
    url: () => url,
  });
  const net = createNet(addressPolicy(webhookNetworksOf(options)));
  cleanups.unshift(() => net.close());
  const registry = new DefinitionRegistry(store);
  const access = new Access({ store, logicalClusterKey });
  cleanups.unshift(async () => access.close());
  const paths = new WorkspacePaths({ store, registry });
  const types = new WorkspaceTypes({ registry, paths });
  const workspaces = { types, shard: SHARD, defaultBindings: makeDefaultBindings };
  const { admission, quotas, claims } = createAdmission(options.plugins, {
    store,
    registry,
    access,
    types,
    paths,
    totalObjectLimit: options.totalObjectLimit ?? 0,
  });
  cleanups.unshift(async () => quotas.close());
  const convergence = await createConvergence({
    store,
    clock: systemClock,
    region: options.region as RegionName,
    member: entered?.identity.number ?? FIRST_MEMBER_NUMBER,
    log: part && store.log(convergentLogOf(options.region)),
    isConvergent: isInConvergentLog,
    isHome: (cluster) => isHomeOf(store, cluster),
    isElsewhere: (cluster) => store.shardOf(cluster) !== undefined && !isHomeOf(store, cluster),
  });
  const api: Api = {
    shard: SHARD,
    store,
    quotas,
    claims,
    registry,
    admission,
    access,
    hooks: new KindHookTable(kindHooks(workspaces)),
    paths,
    homes: new HomeWorkspaces(() => api, workspaces),
    urls: new ShownUrls(() => options.externalUrl ?? url),
    random: systemRandom,
    clock: systemClock,
    net,
    tokens: new ContinueTokens(tokenKey),
    revisions: new RevisionForms(
      new StorePositions({ store, memberNumber: entered?.identity.number ?? FIRST_MEMBER_NUMBER }),
    ),
    region: options.region as RegionName,
    ...(part && { shards: part.knownShards(store) }),
    convergence,
    caBundle: certificates.ca,
    ...authentication,
  };
  if (part !== undefined) await converge({ part, api, store, convergence, directory, log, cleanups });
  if (part === undefined || part.root.isHome) await found(api);
  if (part !== undefined) {
    part.onHome = (shard) => {
      if (shard !== SHARD) return;
      void found(api).catch((error: unknown) =>
        log.warn('what every root has cannot be looked after now', { error: String(error) }),
      );
    };
  }
  // What they owe is a row in a log, and is done by its home.
  cleanups.unshift(await startControllers(api, { ...options, workspaces }));
  const forwards = part?.createForwarding(store);
  const control = part && createPlanetControl({ part, store: root, url: () => options.externalUrl ?? url });
  cleanups.unshift(async () => control?.close());
  const facade = createFacade({
    services: memberServices(api),
    ...(forwards && { forwarding: forwards.forwarding }),
    ...(control && { planet: control }),
    api,
    authenticator: authentication.authenticator,
    tls: {
      certificate: certificates.servingCertificate,
      key: certificates.servingKey,
      ...(clientAuthorities === undefined ? {} : { clientAuthorities }),
    },
    report: (error, request) => {
      log.error('a request failed', {
        ...request,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    },
  });
  cleanups.unshift(() => facade.close());
  const port = await listen(facade, { host: bindAddress, port: options.securePort });
  url = serverUrl(host, port);
  const kubeconfigPath = join(directory, ADMIN_KUBECONFIG_FILE);
  await writeAdminKubeconfig({ path: kubeconfigPath, host, port, ca: certificates.ca, token: tokens });
  // Last: what a member that joins is given is in the directory now.
  const stopTaking = forwards?.serve(facade);
  const desk = part && (await openPlanetDesk({ part, store: root, directory, log }));
  const reporter =
    part &&
    forwards &&
    new RegionReporter({
      api,
      facts: () => regionFacts(part),
      clock: systemClock,
      forwarding: forwards.forwarding,
      url: () => options.externalUrl ?? url,
      labels: options.regionLabels ?? {},
      log,
    });
  reporter?.start();
  cleanups.unshift(async () => {
    await reporter?.close();
    desk?.close();
    stopTaking?.();
  });
  log.info('serving', { url, directory, revision: store.revision });
  const failed = failureOf(store, cleanups);
  return {
    url,
    kubeconfigPath,
    api,
    failed,
    ...(desk && part && { planet: { ...desk, homes: part.homes, root: part.root, shards: part.shards } }),
  };
}

/** A member on loopback is for trying things out, and the webhooks run beside it. */
function webhookNetworksOf({ bindAddress, webhookNetworks = [] }: MemberOptions): readonly string[] {
  const isLocal = bindAddress === '::1' || bindAddress.startsWith('127.');
  return isLocal ? [...LOOPBACK_NETWORKS, ...webhookNetworks] : webhookNetworks;
}

/**
 * Makes the logical clusters that every member has. History begins here: a resourceVersion from before,
 * which a client may have from a former life of this address, is answered 410 and makes it list again.
 */
async function found(api: Api): Promise<void> {
  const isNew = await foundRoot(api, { shard: SHARD });
  const isAdminThere = api.store.get(logicalClusterKey(SYSTEM_ADMIN_CLUSTER)) !== undefined;
  if (!isAdminThere) await createLogicalCluster(api, SYSTEM_ADMIN_CLUSTER);
  if (isNew || !isAdminThere) await api.store.compact(api.store.revision);
  await oweRootCa(api);
}

/** What is in the log of the region: objects that converge, and what is kept of their documents beside them. */
function isInConvergentLog(kind: Omit<CollectionKey, 'cluster'>): boolean {
  return isConvergent(kind) || isDocumentRecord(kind);
}

/** Whether the shard of a logical cluster is sequenced here. */
function isHomeOf(store: PlanetStore, cluster: LogicalCluster): boolean {
  const shard = store.shardOf(cluster);
  return shard !== undefined && store.log(shard)?.isHome === true;
}

/** The two logs that every member has: of the shard, and of its region. */
async function openStore(
  directory: string,
  options: {
    readonly log: MemberLog;
    readonly region: string;
    readonly part: PlanetPart | undefined;
  },
): Promise<PlanetStore> {
  const { log, region, part } = options;
  const convergent = convergentLogOf(region);
  const paths = {
    [SHARD]: join(directory, DATA_DIRECTORY),
    [convergent]: join(directory, CONVERGENT_DIRECTORY),
  };
  const opened: KeyValueStore[] = [];
  const open = async (name: ShardName): Promise<KeyValueStore> => {
    const keyValue = await openLevelKeyValue(paths[name]!).catch((error: unknown) => {
      throw new LogNotOpened(name, error);
    });
    opened.push(keyValue);
    return keyValue;
  };
  try {
    const shard = { name: SHARD, kind: 'shard', keyValue: await open(SHARD) } as const;
    const kept = (await part?.kept()) ?? [];
    opened.push(...kept.map(({ keyValue }) => keyValue));
    return await PlanetStore.open({
      clock: systemClock,
      random: systemRandom,
      onClockStep: (stepMs) => log.warn('the clock stepped and is ignored', { stepMs }),
      isConvergent: isInConvergentLog,
      logicalClusterKey,
      isOwedToAll,
      logs: [
        part === undefined ? shard : { ...shard, replication: part.replication, home: () => part.root.place },
        {
          name: convergent,
          kind: 'convergent',
          keyValue: await open(convergent),
          // Each region sequences its own, and publishes it to all others.
          ...(part === undefined ? {} : { replication: { role: 'home' } }),
        },
        ...kept,
      ],
    });
  } catch (error) {
    for (const keyValue of opened) await keyValue.close();
    if (!(error instanceof LogNotOpened)) throw error;
    throw explainStore(paths[error.log] ?? join(directory, SHARDS_DIRECTORY, error.log), error.cause);
  }
}

function explainStore(path: string, error: unknown): unknown {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = systemErrorCode(cause);
  const text = cause instanceof Error ? cause.message : String(cause);
  if (error instanceof ClockRefused) return new StartError(error.message, { cause: error });
  if (code === 'LEVEL_LOCKED') {
    return new StartError(`another process has the database ${path} open: stop it first`, {
      exitCode: 5,
      cause: error,
    });
  }
  if (error instanceof OtherFormat) {
    const advice = 'start that version, or this one with an empty directory';
    return new StartError(
      `the database ${path} was written by another version of antipode (${text}): ${advice}`,
      { cause: error },
    );
  }
  if (error instanceof LogDamaged || code === 'LEVEL_CORRUPTION' || /corrupt/i.test(text)) {
    const advice = 'none of it was removed; restore the directory from a copy';
    return new StartError(`the database ${path} is damaged (${text}): ${advice}`, { cause: error });
  }
  return new StartError(`the database ${path} cannot be opened: ${text}`, { cause: error });
}

async function listen(
  facade: ReturnType<typeof createFacade>,
  address: { readonly host: string; readonly port: number },
): Promise<number> {
  try {
    return await facade.listen(address);
  } catch (error) {
    const place = `${address.host}:${address.port}`;
    switch (systemErrorCode(error)) {
      case 'EADDRINUSE':
        throw new StartError(`${place} is in use by another program: choose a port with --secure-port`, {
          exitCode: 5,
          cause: error,
        });
      case 'EACCES':
        throw new StartError(
          `this user may not listen on ${place}: choose a port above 1023 with --secure-port`,
          {
            exitCode: 4,
            cause: error,
          },
        );
      case 'EADDRNOTAVAIL':
        throw new StartError(`this machine has no address ${address.host}: choose another --bind-address`, {
          exitCode: 2,
          cause: error,
        });
    }
    throw error;
  }
}

/** The key that signs continue tokens, kept so that pages go on after a restart. */
async function continueTokenKey(directory: string): Promise<Uint8Array> {
  const path = join(directory, TOKEN_KEY_FILE);
  const stored = Buffer.from((await readFileIfPresent(path)) ?? '', 'base64url');
  if (stored.length === TOKEN_KEY_BYTES) return stored;
  const key = randomBytes(TOKEN_KEY_BYTES);
  await writeFileAtomically({ path, content: key.toString('base64url'), mode: PRIVATE_FILE_MODE });
  return key;
}

/** A log whose disk failed takes nothing more: the member stops, and a restart finds out what is there. */
function failureOf(store: PlanetStore, cleanups: Cleanup[]): Promise<Error> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (store.failure !== undefined) resolve(store.failure);
    }, FAILURE_CHECK_MS);
    timer.unref();
    cleanups.unshift(async () => clearInterval(timer));
  });
}

function once(run: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined;
  return () => {
    result ??= run();
    return result;
  };
}
