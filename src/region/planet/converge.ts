import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Api, isPlaceGone, logicalClusterKey } from '../../api/mod.ts';
import { type LogicalCluster, type RegionName, systemClock, systemRandom } from '../../base/mod.ts';
import { memberOfClient } from '../../convergent/mod.ts';
import { decodeSettings } from '../../replication/mod.ts';
import { openLevelKeyValue, type PlanetStore } from '../../store/mod.ts';
import { PLACED_CLUSTERS } from '../../workspaces/mod.ts';
import type { Cleanup } from '../cleanup.ts';
import {
  type ConvergenceReport,
  type MemberConvergence,
  type RunningConvergence,
  startConvergence,
} from '../convergence/mod.ts';
import { convergentLogOf } from '../convergent-log.ts';
import type { MemberLog } from '../member.ts';
import type { PlanetPart } from './planet-part.ts';

/** Copies of other regions' convergent logs are in here. */
const REPLICAS_DIRECTORY = 'replicas';
/** A member that joins waits so long for what other regions share before it serves without. */
const FIRST_MERGE_TIMEOUT_MS = 20_000;
const POLL_MS = 20;

/** Exchanges convergent objects with all regions of the planet. Resolves when a member that is new has what the others have. */
export async function converge(options: {
  readonly part: PlanetPart;
  readonly api: Api;
  readonly store: PlanetStore;
  readonly convergence: MemberConvergence;
  readonly directory: string;
  readonly log: MemberLog;
  readonly cleanups: Cleanup[];
}): Promise<RunningConvergence> {
  const { part, api, store, convergence, directory, log, cleanups } = options;
  const { transport } = part.entered;
  const own = api.region;
  const running = startConvergence({
    transport,
    heard: part.regions,
    api,
    convergence,
    log: store.log(convergentLogOf(own))!,
    regions: () => regionsOf(part, own),
    async openReplica(name) {
      const path = join(directory, REPLICAS_DIRECTORY, name);
      await mkdir(path, { recursive: true, mode: 0o700 });
      return openLevelKeyValue(path);
    },
    clock: systemClock,
    random: systemRandom,
    clusters: {
      isKnown: (cluster) => store.newest(logicalClusterKey(cluster)) !== undefined || isOwed(store, cluster),
      catchUp: () => part.catchUp(store),
    },
    isPlaceGone: (key) => seesAllOf(store, key.cluster) && isPlaceGone(api, key),
    regionOf: (client) => part.regionOf(memberOfClient(client)),
    report: (report) => tell(log, report),
  });
  cleanups.unshift(() => running.close());
  part.otherLogs = (name) => running.logNamed(name);
  const hasLost = convergence.hasBegun && part.entered.identity.isFounded;
  // A home would make anew what it only has not got back yet.
  if (hasLost) await merged(running, () => regionsOf(part, own).filter((region) => region !== own));
  else if (!part.root.isHome) await merged(running, () => homeOf(part, own));
  return running;
}

/** Whether a Workspace waits for it on another shard. */
function isOwed(store: PlanetStore, cluster: LogicalCluster): boolean {
  const debt = { controller: PLACED_CLUSTERS, cluster, key: '' };
  return store.logs.some(({ name }) => store.newestWork({ ...debt, log: name }) !== undefined);
}

/** Whether this member is home of a logical cluster's shard, and readers see all that its log has. */
function seesAllOf(store: PlanetStore, cluster: LogicalCluster): boolean {
  const shard = store.shardOf(cluster);
  const log = shard === undefined ? undefined : store.log(shard);
  return log?.isHome === true && log.log.visible.sequence === log.log.end.sequence;
}

/** Each region has a voter of the root shard from the moment on in which it is one. */
function regionsOf(part: PlanetPart, own: RegionName): readonly RegionName[] {
  const { settings } = part.root.store.log;
  const voters = settings === undefined ? [] : decodeSettings(settings).voters;
  return [...new Set([own, ...voters.map(({ region }) => region)])];
}

function homeOf(part: PlanetPart, own: RegionName): readonly RegionName[] | undefined {
  const region = part.root.home.lastHome?.region;
  if (region === undefined) return undefined;
  return region === own ? [] : [region];
}

/** Until all that some regions share is here: without it APIs are missing that every workspace has. */
async function merged(
  running: RunningConvergence,
  regions: () => readonly RegionName[] | undefined,
): Promise<void> {
  const startMs = systemClock.monotonicMs();
  while (systemClock.monotonicMs() - startMs < FIRST_MERGE_TIMEOUT_MS) {
    const known = running.status().regions;
    const isHere = (region: RegionName): boolean => {
      const found = known.find((each) => each.region === region);
      return found?.stalenessMs !== undefined && found.pending === 0;
    };
    if (regions()?.every(isHere) === true) return;
    await new Promise<void>((resolve) => void systemClock.after(POLL_MS, resolve));
  }
}

function tell(log: MemberLog, report: ConvergenceReport): void {
  const { kind, ...fields } = report;
  switch (report.kind) {
    case 'fenced':
      return log.error("somebody else publishes this region's convergent log", fields);
    case 'problem':
      return log.warn('convergent objects cannot be exchanged now', fields);
    case 'repaired':
      return log.info('a comparison found convergent objects that had not come', fields);
    case 'log':
      if (report.report.kind === 'problem')
        return log.debug("another region's convergent log cannot be followed now", {
          region: report.region,
          detail: report.report.detail,
        });
      return log.info("another region's convergent log", {
        region: report.region,
        report: report.report.kind,
      });
    default:
      return log.info('convergent objects were merged', { ...fields, what: kind });
  }
}
