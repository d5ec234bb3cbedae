import { SYSTEM_USER } from '../../src/access/mod.ts';
import {
  ANY_DOCUMENT,
  type Api,
  type Body,
  companionPut,
  create,
  DocumentMerger,
  isDocumentRecord,
  isPlaceGone,
  logicalClusterKey,
  type MergeOptions,
  type MergeReport,
  patch,
  Query,
  type RequestContext,
  readDocumentRow,
  remove,
} from '../../src/api/mod.ts';
import {
  type Clock,
  type LogicalCluster,
  type RegionName,
  ROOT_CLUSTER,
  type ShardName,
  systemRandom,
  type VirtualClock,
} from '../../src/base/mod.ts';
import {
  builtinDefinition,
  CRD_GROUP,
  CRD_RESOURCE,
  collectionOf,
  type Definition,
  isConvergent as isOwnConvergent,
  ownDefinition,
} from '../../src/definitions/mod.ts';
import { foundRoot } from '../../src/exports/mod.ts';
import {
  encodeJson,
  type JsonObject,
  type KubeObject,
  objectOf,
  parseJson,
} from '../../src/machinery/mod.ts';
import { createConvergence, type MemberConvergence } from '../../src/region/convergence/mod.ts';
import { kindHooks } from '../../src/region/kind-hooks.ts';
import { makeDefaultBindings } from '../../src/region/mod.ts';
import {
  type CollectionKey,
  type KeyValueStore,
  MemoryKeyValue,
  type ObjectKey,
  PlanetStore,
  type Row,
  Store,
} from '../../src/store/mod.ts';
import { WorkspacePaths, WorkspaceTypes } from '../../src/workspaces/mod.ts';
import { memoryApi } from '../support/memory-member.ts';

const ROOT_SHARD = 'root' as ShardName;
export function isConvergent(kind: Omit<CollectionKey, 'cluster'>): boolean {
  return isDocumentRecord(kind) || isOwnConvergent(kind) || kind.resource === 'widgets';
}

/** The time of all regions, but for what the clock of this one is wrong by. */
export class OffsetClock implements Clock {
  offsetMs = 0;
  readonly #time: Clock;
  constructor(time: Clock) {
    this.#time = time;
  }
  nowMs(): number {
    return this.#time.nowMs() + this.offsetMs;
  }
  monotonicMs(): number {
    return this.#time.monotonicMs();
  }
  after(delayMs: number, task: () => void): () => void {
    return this.#time.after(delayMs, task);
  }
}

/** The root shard as a founder has made it, its convergent objects included: each region gets a copy of it. */
export async function foundedRoot(clock: OffsetClock): Promise<MemoryKeyValue> {
  const keyValue = new MemoryKeyValue();
  const store = await Store.open({ keyValue, shard: ROOT_SHARD, clock, random: systemRandom });
  const api = memoryApi(store, { clock });
  await foundRoot(api, { shard: ROOT_SHARD });
  const definition = builtinDefinition(CRD_GROUP, CRD_RESOURCE)!;
  const key = { ...collectionOf(ROOT_CLUSTER, definition), namespace: '', name: 'widgets.example.io' };
  const { mutation } = companionPut(api, { definition, key, object: widgetsCrd(api.random.uuid()) });
  await store.commit({ mutations: [mutation], actor: 'founder', originRegion: '' });
  return keyValue;
}

/** A kind of which two valid edits may break a rule together. */
function widgetsCrd(uid: string): KubeObject {
  const names = { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' };
  const number = { type: 'integer' };
  const text = { type: 'string' };
  const conditions = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['type'],
    items: {
      type: 'object',
      required: ['type'],
      properties: { type: text, status: text, reason: text, message: text, lastTransitionTime: text },
    },
  };
  const parts = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
    items: { type: 'object', required: ['name'], properties: { name: text, size: number, note: text } },
  };
  const spec = {
    type: 'object',
    properties: { a: number, b: number, note: text, parts, tags: { ...parts, ...TAGS } },
    'x-kubernetes-validations': [
      { rule: '(has(self.a) ? self.a : 0) + (has(self.b) ? self.b : 0) <= 10', message: 'too much' },
    ],
  };
  const schema = {
    openAPIV3Schema: {
      type: 'object',
      properties: { spec, status: { type: 'object', properties: { conditions } } },
    },
  };
  const version = { name: 'v1', served: true, storage: true, schema, subresources: { status: {} } };
  const isTrue = (type: string) => ({ type, status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' });
  return jsonOf({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.io', uid, creationTimestamp: '2026-01-01T00:00:00Z', generation: 1 },
    spec: {
      group: 'example.io',
      names,
      scope: 'Cluster',
      conversion: { strategy: 'None' },
      versions: [version],
    },
    status: {
      acceptedNames: names,
      storedVersions: ['v1'],
      conditions: [isTrue('NamesAccepted'), isTrue('Established')],
    },
  }) as KubeObject;
}

const TAGS = {
  'x-kubernetes-list-type': 'set',
  'x-kubernetes-list-map-keys': undefined,
  items: { type: 'string' },
};

async function copyOf(keyValue: KeyValueStore): Promise<MemoryKeyValue> {
  const copy = new MemoryKeyValue();
  for await (const entries of keyValue.iterate({ start: Buffer.alloc(0), end: Buffer.of(0xff) })) {
    await copy.write(
      entries.map(([key, value]) => ({ key, value })),
      { sync: true },
    );
  }
  return copy;
}

export interface RegionOptions {
  readonly name: string;
  readonly member: number;
  readonly root: KeyValueStore;
  readonly regions: readonly string[];
  readonly isHome: boolean;
  readonly clock: OffsetClock;
  /** The convergent log that it had before. */
  readonly convergent?: MemoryKeyValue;
  readonly peersMs?: () => readonly number[];
  readonly isClusterGone?: MergeOptions['isClusterGone'];
  /** Whether it buries what has lost its place, as the home does. */
  readonly isBurying?: boolean;
}

/** One region's member: its copy of the root shard, its own convergent log, the real API above both. */
export class Region {
  readonly name: RegionName;
  readonly store: PlanetStore;
  readonly api: Api;
  readonly merger: DocumentMerger;
  readonly convergence: MemberConvergence;
  readonly convergent: MemoryKeyValue;
  readonly reports: MergeReport[];
  readonly clock: OffsetClock;

  private constructor(
    parts: Pick<
      Region,
      'name' | 'store' | 'api' | 'merger' | 'convergence' | 'convergent' | 'reports' | 'clock'
    >,
  ) {
    this.name = parts.name;
    this.store = parts.store;
    this.api = parts.api;
    this.merger = parts.merger;
    this.convergence = parts.convergence;
    this.convergent = parts.convergent;
    this.reports = parts.reports;
    this.clock = parts.clock;
  }

  static async open(options: RegionOptions): Promise<Region> {
    const { clock, member, isHome } = options;
    const name = options.name as RegionName;
    const convergent = options.convergent ?? new MemoryKeyValue();
    const store = await PlanetStore.open({
      clock,
      random: systemRandom,
      isConvergent,
      logicalClusterKey,
      logs: [
        { name: ROOT_SHARD, kind: 'shard', keyValue: await copyOf(options.root) },
        {
          name: `convergent-${name}` as ShardName,
          kind: 'convergent',
          keyValue: convergent,
          replication: { role: 'home' },
        },
      ],
    });
    const convergence = await createConvergence({
      store,
      clock,
      region: name,
      member,
      log: store.log(`convergent-${name}` as ShardName),
      isConvergent,
      isHome: () => isHome,
    });
    const { peersMs } = options;
    if (peersMs !== undefined) Object.assign(convergence, { peersMs });
    const plain = memoryApi(store, { clock, region: name });
    const paths = new WorkspacePaths({ store, registry: plain.registry });
    const types = new WorkspaceTypes({ registry: plain.registry, paths });
    // What these add by admission is in another log, and not what is tested here.
    const hooks = kindHooks({ types, shard: ROOT_SHARD, defaultBindings: makeDefaultBindings }).flatMap(
      ({ group, resource, work }) =>
        work !== undefined && isConvergent({ group, resource, identity: '' })
          ? [{ group, resource, work }]
          : [],
    );
    const api = memoryApi(store, { clock, region: name, convergence, hooks });
    const reports: MergeReport[] = [];
    const merger = new DocumentMerger(api, convergence, {
      regions: () => options.regions,
      report: (report) => reports.push(report),
      ...(options.isClusterGone && { isClusterGone: options.isClusterGone }),
      ...(options.isBurying && { isPlaceGone: (key: ObjectKey) => isPlaceGone(api, key) }),
    });
    return new Region({ name, store, api, merger, convergence, convergent, reports, clock });
  }

  /** Makes the convergent objects that the founder has put into the root shard those of its region's log. */
  async adopt(root: KeyValueStore): Promise<void> {
    const store = await Store.open({
      keyValue: await copyOf(root),
      shard: ROOT_SHARD,
      clock: this.clock,
      random: systemRandom,
    });
    const snapshot = store.snapshot();
    for await (const batch of snapshot.rowsOfCluster(ROOT_CLUSTER)) {
      for (const { key, row } of batch) {
        if (!isConvergent(key)) continue;
        const { uid, definitionHash, json, metadataOffset, isAnnotated, labels, fields, owners } = row;
        const plain = { uid, definitionHash, json, metadataOffset, isAnnotated, labels, fields, owners };
        await this.store.commit({
          mutations: [{ key, expected: 0, row: plain }],
          actor: 'founder',
          originRegion: this.name,
        });
        await this.merger.settleName(key);
      }
    }
    snapshot.close();
  }

  async create(kind: Definition, object: JsonObject, cluster = ROOT_CLUSTER, namespace = ''): Promise<void> {
    await create(this.api, {
      target: await this.#target(kind, { verb: 'create', name: '', cluster, namespace }),
      options: OPTIONS,
      context: CONTEXT,
      body: bodyOf('application/json', object),
    });
  }

  async patch(kind: Definition, name: string, change: JsonObject, subresource = ''): Promise<void> {
    await patch(this.api, {
      target: await this.#target(kind, { verb: 'patch', name, subresource }),
      options: OPTIONS,
      context: CONTEXT,
      body: bodyOf('application/merge-patch+json', change),
      query: Query.parse(''),
    });
  }

  async remove(kind: Definition, name: string): Promise<void> {
    await remove(this.api, {
      target: await this.#target(kind, { verb: 'delete', name }),
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

  key(kind: Definition, name: string, cluster: LogicalCluster = ROOT_CLUSTER): ObjectKey {
    const found = this.api.registry.find(cluster, kind.group, kind.names.plural)?.definition ?? kind;
    return { ...collectionOf(cluster, found), namespace: '', name };
  }

  row(kind: Definition, name: string): Row | undefined {
    return this.store.get(this.key(kind, name));
  }

  json(kind: Definition, name: string): string | undefined {
    return this.row(kind, name)?.json.toString();
  }

  object(kind: Definition, name: string): KubeObject | undefined {
    const row = this.row(kind, name);
    return row && (parseJson(row.json).value as KubeObject);
  }

  /** All objects with documents, as text without what is of this member alone. */
  async everything(): Promise<Record<string, string>> {
    const all: Record<string, string> = {};
    for (const { key, row } of await this.documents()) {
      const hidden = readDocumentRow(row);
      const name = [key.cluster, key.resource, key.name].join('/');
      all[name] = hidden === undefined ? row.json.toString() : hidden.state;
    }
    return all;
  }

  async documents(): Promise<{ readonly key: ObjectKey; readonly row: Row }[]> {
    const snapshot = this.store.snapshot();
    const all: { readonly key: ObjectKey; readonly row: Row }[] = [];
    for await (const batch of snapshot.referring(ANY_DOCUMENT)) all.push(...batch);
    snapshot.close();
    return all;
  }

  /** Has another region merge all that is here. Returns how many documents brought it something. */
  async sendTo(other: Region): Promise<number> {
    let merged = 0;
    for (const { key, row } of await this.documents()) {
      const outcome = await other.merger.merge({
        key: readDocumentRow(row)?.key ?? key,
        uid: row.uid,
        document: row.document!,
        region: this.name,
      });
      if (outcome === 'merged') merged += 1;
    }
    return merged;
  }

  async #target(
    kind: Definition,
    {
      verb,
      name,
      subresource = '',
      cluster = ROOT_CLUSTER,
      namespace = '',
    }: {
      readonly verb: string;
      readonly name: string;
      readonly namespace?: string;
      readonly subresource?: string;
      readonly cluster?: LogicalCluster;
    },
  ) {
    return this.api.access.authorize({
      user: SYSTEM_USER,
      cluster,
      verb,
      group: kind.group,
      version: kind.storageVersion,
      resource: kind.names.plural,
      subresource,
      namespace,
      name,
    });
  }
}

export const EXPORTS = ownDefinition('apis.kcp.io', 'apiexports')!;
export const SCHEMAS = ownDefinition('apis.kcp.io', 'apiresourceschemas')!;
export const TYPES = ownDefinition('tenancy.kcp.io', 'workspacetypes')!;

/** What a request needs to know of the kind of {@link foundedRoot}'s own. */
export const WIDGETS = {
  ...EXPORTS,
  group: 'example.io',
  names: { ...EXPORTS.names, plural: 'widgets', kind: 'Widget' },
  storageVersion: 'v1',
} as Definition;

export function widget(name: string, spec: Record<string, unknown> = {}): JsonObject {
  return jsonOf({ apiVersion: 'example.io/v1', kind: 'Widget', metadata: { name }, spec });
}

export function apiExport(name: string, spec: Record<string, unknown> = {}, labels?: Record<string, string>) {
  return parseJson(
    Buffer.from(
      JSON.stringify({
        apiVersion: 'apis.kcp.io/v1alpha2',
        kind: 'APIExport',
        metadata: { name, ...(labels && { labels }) },
        spec,
      }),
    ),
  ).value as JsonObject;
}

export function jsonOf(value: unknown): JsonObject {
  return parseJson(Buffer.from(JSON.stringify(value))).value as JsonObject;
}

const OPTIONS = { isDryRun: false, fieldManager: 'tester', fieldValidation: 'Ignore' } as const;
const CONTEXT: RequestContext = {
  signal: new AbortController().signal,
  userAgent: 'tester',
  warn: () => {},
};

function bodyOf(mediaType: string, value: JsonObject): Body {
  return { mediaType, bytes: Buffer.from(encodeJson(objectOf(value))) } as Body;
}

/** Everybody sends everything to everybody until nobody learns anything. */
export async function exchangeAll(time: VirtualClock, regions: readonly Region[]): Promise<void> {
  for (let rounds = 0; rounds < 10; rounds++) {
    await time.advance(100);
    let merged = 0;
    for (const from of regions) for (const to of regions) if (from !== to) merged += await from.sendTo(to);
    if (merged === 0) return;
  }
  throw new Error('regions go on answering each other');
}
