import { SYSTEM_USER } from '../../access/mod.ts';
import type { Api } from '../../api/mod.ts';
import { type Clock, limits, ROOT_CLUSTER } from '../../base/mod.ts';
import { ControllerClient } from '../../controllers/mod.ts';
import type { Forwarding } from '../../facade/mod.ts';
import {
  encodeJson,
  formatTime,
  type JsonObject,
  type KubeObject,
  objectOf,
  StatusError,
} from '../../machinery/mod.ts';
import type { MemberLog } from '../member.ts';
import { memberName } from './member-certificate.ts';
import type { PlanetPart } from './planet-part.ts';

const GROUP = 'planet.antipode.dev';
const VERSION = 'v1alpha1';
const SHARD_GROUP = 'core.kcp.io';
const SHARD_VERSION = 'v1alpha1';
const MANAGER = 'antipode-region';
/** What is younger is shown as no lag at all: heartbeats come every second, and are not news. */
const LAG_SHOWN_MS = 5_000;

interface ReportedKind {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

const REGIONS: ReportedKind = { group: GROUP, version: VERSION, resource: 'regions' };
const SHARDS: ReportedKind = { group: SHARD_GROUP, version: SHARD_VERSION, resource: 'shards' };

/** What a region knows of itself at the moment. */
export interface RegionFacts {
  readonly members: readonly string[];
  /** Shards that have their home there. */
  readonly homed: readonly string[];
  /** How old what it shows of other regions is, milliseconds; undefined where nothing is newer. */
  readonly stalenessMs: number | undefined;
}

export function regionFacts({ entered, homes, shards }: PlanetPart): RegionFacts {
  const homed = homes.list().filter(({ role }) => role === 'home' || role === 'moving');
  return {
    members: [memberName(entered.identity.number)],
    homed: homed.map(({ shard }) => shard),
    stalenessMs: oldest(shards.all.map((shard) => shard.stalenessMs)),
  };
}

function oldest(ages: readonly (number | undefined)[]): number | undefined {
  const known = ages.filter((ms) => ms !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

export interface RegionReporterOptions {
  readonly api: Api;
  readonly facts: () => RegionFacts;
  readonly clock: Clock;
  /** Of a member among several: how it reaches the home of the root. */
  readonly forwarding?: Pick<Forwarding, 'homeOf' | 'forwarder' | 'memberNumber'>;
  /** Where clients reach this region. */
  readonly url: () => string;
  readonly labels: Readonly<Record<string, string>>;
  readonly log: MemberLog;
}

/**
 * Keeps the Region object of a member's own region, and the objects of the shards that are homed there: what it says is written when it has changed, and once a minute, so
 * that others see that there is somebody. It is applied like any other object, where the root's objects are written.
 */
export class RegionReporter {
  readonly #options: RegionReporterOptions;
  readonly #client: ControllerClient;
  readonly #abort = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #cancel = () => {};
  #spec = '';
  #status = '';
  #saidMs: number | undefined;
  /** What was said of each shard that is homed here. */
  #shards: ReadonlyMap<string, string> = new Map();
  #warned = '';

  constructor(options: RegionReporterOptions) {
    this.#options = options;
    this.#client = new ControllerClient(options.api, { name: MANAGER, signal: this.#abort.signal });
  }

  start(): void {
    this.#running = this.#turn();
  }

  /** Resolves when nothing of it is being written at the moment. */
  settled(): Promise<void> {
    return this.#running;
  }

  async close(): Promise<void> {
    this.#abort.abort();
    this.#cancel();
    await this.#running;
  }

  async #turn(): Promise<void> {
    let delayMs: number = limits.regionReportMs;
    try {
      await this.#say();
      this.#warned = '';
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      delayMs = limits.regionRetryMs;
      const detail = error instanceof Error ? error.message : String(error);
      // A planet that is being put together is no trouble: what lasts is said once.
      if (detail === this.#warned)
        this.#options.log.warn('the Region object cannot be written now', { detail });
      this.#warned = detail;
    }
    if (this.#abort.signal.aborted) return;
    this.#cancel = this.#options.clock.after(delayMs, () => {
      this.#running = this.#turn();
    });
  }

  async #say(): Promise<void> {
    const own = this.#object();
    const spec = encodeJson(own);
    const status = this.#ownStatus();
    const text = encodeJson(status);
    const { clock } = this.#options;
    const nowMs = clock.monotonicMs();
    const isDue = this.#saidMs === undefined || nowMs - this.#saidMs >= limits.regionContactMs;
    await this.#sayShards(isDue);
    // What somebody has deleted is there again within a minute.
    if (spec !== this.#spec || isDue) await this.#apply(own, '');
    this.#spec = spec;
    if (text === this.#status && !isDue) return;
    const lastContactTime = formatTime(clock.nowMs());
    await this.#apply(this.#with({ status: objectOf({ ...status, lastContactTime }) }), 'status');
    this.#status = text;
    this.#saidMs = nowMs;
  }

  /** The object of each shard says where its home is: whoever that is writes it. */
  async #sayShards(isDue: boolean): Promise<void> {
    const { api, facts } = this.#options;
    const said = new Map<string, string>();
    for (const shard of facts().homed) {
      const object = objectOf({
        apiVersion: `${SHARD_GROUP}/${SHARD_VERSION}`,
        kind: 'Shard',
        metadata: objectOf({ name: shard, labels: objectOf({ name: shard, region: api.region }) }),
        spec: objectOf({ baseURL: '/', externalURL: '/', virtualWorkspaceURL: '/' }),
      }) as unknown as KubeObject;
      const text = encodeJson(object);
      if (isDue || this.#shards.get(shard) !== text) await this.#apply(object, '', SHARDS);
      said.set(shard, text);
    }
    // What comes back later is said again: another region may have been its home.
    this.#shards = said;
  }

  #object(): KubeObject {
    const object = this.#with({ spec: objectOf({ url: this.#options.url() }) });
    object.metadata.labels = objectOf(this.#options.labels) as { [key: string]: string };
    return object;
  }

  #ownStatus(): JsonObject {
    const { members, homed, stalenessMs } = this.#options.facts();
    return objectOf({
      members: members.length,
      memberNames: [...members],
      homed: homed.length,
      shards: [...homed].sort(),
      lag: lagText(stalenessMs),
    });
  }

  #with(content: Readonly<Record<string, JsonObject>>): KubeObject {
    const metadata = objectOf({ name: this.#options.api.region });
    return objectOf({
      apiVersion: `${GROUP}/${VERSION}`,
      kind: 'Region',
      metadata,
      ...content,
    }) as unknown as KubeObject;
  }

  async #apply(object: KubeObject, subresource: string, kind: ReportedKind = REGIONS): Promise<void> {
    const { api, forwarding } = this.#options;
    const { definition } = api.registry.find(ROOT_CLUSTER, kind.group, kind.resource) ?? {};
    if (definition === undefined) throw new Error(`the root does not offer the kind ${object.kind} yet`);
    const name = object.metadata.name ?? '';
    const place = { definition, cluster: ROOT_CLUSTER, namespace: '', name, subresource };
    try {
      await this.#client.apply(place, object);
    } catch (error) {
      const isElsewhere = error instanceof StatusError && error.code === 503;
      if (!isElsewhere || forwarding?.homeOf(ROOT_CLUSTER) === undefined) throw error;
      await this.#applyAtHome(forwarding, object, subresource, kind);
    }
  }

  /** As what a client sends to a region where it cannot be written is handed on. */
  async #applyAtHome(
    forwarding: NonNullable<RegionReporterOptions['forwarding']>,
    object: KubeObject,
    subresource: string,
    { group, version, resource }: ReportedKind,
  ): Promise<void> {
    const { api } = this.#options;
    const path = [object.metadata.name ?? '', subresource].filter((part) => part !== '').join('/');
    const outcome = await forwarding.forwarder.forward({
      content: {
        method: 'PATCH',
        url: `/clusters/${ROOT_CLUSTER}/apis/${group}/${version}/${resource}/${path}?force=true&fieldManager=${MANAGER}`,
        headers: [
          ['content-type', 'application/apply-patch+yaml'],
          ['accept', 'application/json'],
          ['user-agent', MANAGER],
        ],
        body: Buffer.from(encodeJson(object)),
        user: SYSTEM_USER,
        baseUrl: api.urls.complete('/'),
        memberNumber: forwarding.memberNumber,
      },
      timeoutMs: limits.forwardAttemptMs,
      isRepeatable: true,
      signal: this.#abort.signal,
      home: () => forwarding.homeOf(ROOT_CLUSTER),
    });
    if (outcome.kind !== 'answered') throw new Error(`the home did not take it: ${outcome.detail}`);
    const { status, body } = outcome.response;
    if (status >= 300) throw new Error(`the home refused it: ${Buffer.from(body).toString()}`);
  }
}

function lagText(stalenessMs: number | undefined): string {
  if (stalenessMs === undefined || stalenessMs < LAG_SHOWN_MS) return '0s';
  return `${Math.floor(stalenessMs / LAG_SHOWN_MS) * (LAG_SHOWN_MS / 1_000)}s`;
}
