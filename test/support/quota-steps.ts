import { SYSTEM_USER } from '../../src/access/mod.ts';
import {
  type Api,
  CONTROLLERS,
  create,
  PLAIN_JSON,
  parseDeleteOptions,
  parseObjectWorkKey,
  parseWriteOptions,
  patch,
  Query,
  type RequestContext,
  remove,
  removeCollection,
  type Target,
  update,
} from '../../src/api/mod.ts';
import type { LogicalCluster } from '../../src/base/mod.ts';
import { StatusError } from '../../src/machinery/mod.ts';
import { type FeedGroup, type ObjectKey, objectKeyText } from '../../src/store/mod.ts';
import { type MemoryMember, type MemoryMemberOptions, startMemoryMember } from './memory-member.ts';

export const CLUSTER = 'here' as LogicalCluster;
export const CLUSTER_WIDE = 'experimental.quota.kcp.io/cluster-scoped';

export type Resource = 'configmaps' | 'secrets' | 'resourcequotas';
export interface Place {
  readonly namespace: string;
  readonly resource: Resource;
  readonly name: string;
}

export type Step =
  | { readonly does: 'create' | 'put' | 'dryRun' | 'hold' | 'release' | 'delete'; readonly at: Place }
  | { readonly does: 'deleteAll'; readonly at: Place }
  | {
      readonly does: 'quota' | 'spec' | 'status' | 'wide';
      readonly namespace: string;
      readonly name: string;
      readonly hard: Readonly<Record<string, string>>;
    };

/** A kind that quotas count, as if it were convergent. */
export const IN_OTHER_LOG = {
  isConvergent: ({ group, resource }: { readonly group: string; readonly resource: string }) =>
    group === '' && resource === 'configmaps',
};
export async function startMember(
  disks: readonly number[],
  options: Pick<MemoryMemberOptions, 'isConvergent'> = {},
): Promise<MemoryMember> {
  let syncs = 0;
  const beforeSync = () => turns(disks[syncs++ % disks.length] ?? 0);
  const member = await startMemoryMember({ ...options, cluster: CLUSTER, disk: { beforeSync } });
  await send(
    member.api,
    { verb: 'create', resource: 'namespaces', namespace: '', name: '' },
    { metadata: { name: 'admin' } },
  );
  return member;
}

/** Races are what controllers live with; anything else is a defect. */
export function unexpected(member: MemoryMember): readonly unknown[] {
  return member.failures.filter((error) => !(error instanceof StatusError && error.reason === 'Conflict'));
}

interface QuotaObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly hard?: Readonly<Record<string, string>> };
  readonly status?: {
    readonly hard?: Readonly<Record<string, string>>;
    readonly used?: Readonly<Record<string, string>>;
  };
}

/** What there is, as a watcher of everything knows it, and what the quotas say of it. */
export class Books {
  readonly faults: string[] = [];
  readonly #member: MemoryMember;
  readonly #objects = new Map<string, ObjectKey>();
  readonly #quotas = new Map<string, QuotaObject>();
  readonly #owed = new Set<string>();

  constructor(member: MemoryMember) {
    this.#member = member;
    member.api.store.feed.subscribeToGroups((group) => this.#read(group));
  }

  /** Takes over what is there already. */
  async load(): Promise<void> {
    const snapshot = this.#member.api.store.snapshot();
    for (const resource of ['configmaps', 'secrets', 'resourcequotas']) {
      const collection = { cluster: CLUSTER, group: '', resource, identity: '' };
      for await (const batch of snapshot.list({ collection })) {
        for (const { key, row } of batch) this.#put(key, row.json);
      }
    }
    snapshot.close();
  }

  /** Every quota that nobody owes a count has it right. */
  check(): void {
    for (const [text, quota] of this.#quotas) {
      if (this.#owed.has(text)) continue;
      const { hard = {}, used = {} } = quota.status ?? {};
      for (const name of Object.keys(quota.spec.hard ?? {})) {
        const actual = name === 'pods' ? 0 : this.#count(quota, name.replace('count/', ''));
        if (used[name] !== String(actual) || hard[name] !== quota.spec.hard?.[name]) {
          this.faults.push(
            `${text.replaceAll('\0', '/')} ${name}: ${used[name]} used, ${actual} there, ${hard[name]}`,
          );
        }
      }
    }
  }

  #read({ events, work }: FeedGroup): void {
    for (const event of events) {
      const { key, oldRow, newRow } = event;
      if (oldRow === undefined && newRow !== undefined) this.#assertRoom(key);
      if (newRow === undefined) {
        this.#objects.delete(objectKeyText(key));
        this.#quotas.delete(objectKeyText(key));
      } else this.#put(key, newRow.json);
    }
    for (const { payload, ...debt } of work) {
      if (debt.controller !== CONTROLLERS.quota) continue;
      const text = objectKeyText(parseObjectWorkKey(debt.cluster, debt.key));
      if (payload === undefined) this.#owed.delete(text);
      else this.#owed.add(text);
    }
    this.check();
  }

  #put(key: ObjectKey, json: Buffer): void {
    this.#objects.set(objectKeyText(key), key);
    if (key.resource === 'resourcequotas') this.#quotas.set(objectKeyText(key), JSON.parse(json.toString()));
  }

  /** What comes to be had room, by the bounds that were in force just before. */
  #assertRoom(key: ObjectKey): void {
    for (const quota of this.#quotas.values()) {
      if (!isWithin(quota, key)) continue;
      for (const name of [key.resource, `count/${key.resource}`]) {
        const { hard = {}, used = {} } = quota.status ?? {};
        if (hard[name] === undefined || Number(used[name]) + 1 <= Number(hard[name])) continue;
        this.faults.push(`${key.resource} ${key.name} beyond ${name} of ${quota.metadata.name}`);
      }
    }
  }

  #count(quota: QuotaObject, resource: string): number {
    return [...this.#objects.values()].filter((key) => key.resource === resource && isWithin(quota, key))
      .length;
  }
}

function isWithin({ metadata }: QuotaObject, key: ObjectKey): boolean {
  const isWide = metadata.namespace === 'admin' && metadata.annotations?.[CLUSTER_WIDE] === 'true';
  return isWide || key.namespace === metadata.namespace;
}

export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const FINALIZER = 'example.com/hold';

/** Does a step; the code of its answer. */
export async function run(api: Api, step: Step): Promise<number> {
  try {
    return await act(api, step);
  } catch (error) {
    if (error instanceof StatusError) return error.code;
    throw error;
  }
}

async function act(api: Api, step: Step): Promise<number> {
  switch (step.does) {
    case 'create':
      await send(api, { verb: 'create', ...step.at }, { metadata: { name: step.at.name } });
      return 201;
    case 'dryRun':
      await send(api, { verb: 'create', ...step.at }, { metadata: { name: step.at.name } }, 'dryRun=All');
      return 201;
    case 'put':
      await send(api, { verb: 'update', ...step.at }, { metadata: { name: step.at.name } });
      return 200;
    case 'hold':
    case 'release': {
      const finalizers = step.does === 'hold' ? [FINALIZER] : null;
      await send(api, { verb: 'patch', ...step.at }, { metadata: { finalizers } });
      return 200;
    }
    case 'delete':
      await send(api, { verb: 'delete', ...step.at });
      return 200;
    case 'deleteAll':
      await send(api, { verb: 'deletecollection', ...step.at, name: '' });
      return 200;
    default: {
      const at = { namespace: step.namespace, resource: 'resourcequotas', name: step.name };
      const { name, hard } = step;
      if (step.does === 'quota')
        await send(api, { verb: 'create', ...at }, { metadata: { name }, spec: { hard } });
      if (step.does === 'wide') {
        const annotations = { [CLUSTER_WIDE]: 'true' };
        await send(api, { verb: 'create', ...at }, { metadata: { name, annotations }, spec: { hard } });
      }
      if (step.does === 'spec') await send(api, { verb: 'patch', ...at }, { spec: { hard } });
      if (step.does === 'status') {
        await send(api, { verb: 'patch', ...at, subresource: 'status' }, { status: { hard, used: hard } });
      }
      return 200;
    }
  }
}

const KINDS: Readonly<Record<string, string>> = {
  configmaps: 'ConfigMap',
  secrets: 'Secret',
  resourcequotas: 'ResourceQuota',
  namespaces: 'Namespace',
};

async function send(
  api: Api,
  request: Pick<Target, 'verb' | 'resource' | 'namespace' | 'name'> & { readonly subresource?: string },
  object?: Readonly<Record<string, unknown>>,
  search = '',
): Promise<void> {
  const { verb, resource, namespace, subresource = '' } = request;
  const name = verb === 'create' ? '' : request.name;
  const target = await api.access.authorize({
    user: SYSTEM_USER,
    cluster: CLUSTER,
    verb,
    group: '',
    version: 'v1',
    resource,
    subresource,
    namespace,
    name,
  });
  const context: RequestContext = { signal: new AbortController().signal, userAgent: 'test', warn: () => {} };
  const query = Query.parse(search);
  const mediaType = verb === 'patch' ? 'application/merge-patch+json' : 'application/json';
  const typed = verb === 'patch' ? object : { apiVersion: 'v1', kind: KINDS[resource], ...object };
  const body = { mediaType, bytes: Buffer.from(JSON.stringify(typed ?? {})) };
  const options = parseWriteOptions(query, { userAgent: 'test', kind: 'CreateOptions' });
  const deleteOptions = parseDeleteOptions(query, undefined);
  if (verb === 'create') await create(api, { target, options, context, body });
  else if (verb === 'update') await update(api, { target, options, context, body });
  else if (verb === 'patch') await patch(api, { target, options, context, body, query });
  else if (verb === 'delete') await remove(api, { target, options: deleteOptions, context });
  else {
    const pieces = await removeCollection(api, {
      target,
      query,
      options: deleteOptions,
      format: PLAIN_JSON,
      context,
    });
    for await (const _piece of pieces);
  }
}
