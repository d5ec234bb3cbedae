import {
  type Api,
  type Attempt,
  type Companions,
  type KindChange,
  type KindHooks,
  logicalClusterKey,
  newLogicalCluster,
} from '../api/mod.ts';
import type { ShardName } from '../base/mod.ts';
import {
  deepEqual,
  formatTime,
  type JsonObject,
  type KubeObject,
  newObject,
  objectAt,
  objectOf,
  textAt,
} from '../machinery/mod.ts';
import type { DefaultObject, Precondition } from '../store/mod.ts';
import { mountOf } from './admit-workspace.ts';
import { randomClusterName, shardHash } from './cluster-name.ts';
import { type Condition, withCondition } from './conditions.ts';
import { logicalClusterFacts } from './facts.ts';
import { lifecycleLabels } from './lifecycle-labels.ts';
import {
  BINDINGS_INITIALIZER,
  CLUSTER,
  LOGICAL_CLUSTER_FINALIZER,
  OWNER,
  PATH,
  PHASE_LABEL,
  REGION_LABEL,
  REQUIRED_GROUPS,
  SHARD,
  SHARD_HASH,
  TENANCY_API_VERSION,
  TENANCY_GROUP,
  TYPE,
  UNIVERSAL_TYPE,
  WORKSPACE_FINALIZER,
  WORKSPACES,
} from './names.ts';
import { ownerNameElsewhere, ownerNameText, parseOwner } from './owner.ts';
import { type ChosenShard, chooseShard } from './shards.ts';
import {
  type ReadRow,
  type Reference,
  referenceText,
  TypeProblem,
  type WorkspaceType,
  type WorkspaceTypes,
} from './types.ts';

/** What a new workspace binds from the beginning. */
export interface DefaultBindings {
  /** Bound, and derived from the creation: for what nearly all workspaces have alike. */
  readonly derived?: { readonly key: string; readonly objects: readonly DefaultObject[] };
  /** Bound, as objects of their own. */
  readonly companions?: Companions['companions'];
  readonly preconditions?: readonly Precondition[];
  /** Something of it can only be bound later: the workspace has the initializer `system:apibindings` until then. */
  readonly isIncomplete: boolean;
}

/** Makes the bindings of a logical cluster that does not exist yet; handed in, since bindings belong to a higher room. */
export type MakeDefaultBindings = (
  api: Api,
  request: {
    readonly cluster: string;
    readonly exports: readonly Reference[];
    readonly read: ReadRow;
    /** `metadata.creationTimestamp` of all of them. */
    readonly now: string;
  },
) => Promise<DefaultBindings>;

export interface WorkspaceGround {
  readonly types: WorkspaceTypes;
  /** The shard whose log this member writes. */
  readonly shard: ShardName;
  readonly defaultBindings?: MakeDefaultBindings | undefined;
}

/**
 * Gives a workspace its logical cluster: in the commit that creates it, or, where no shard took it then, in the first one
 * that changes it after one does. Everything that the logical cluster begins with is part of the same commit, so that it
 * is ready at once, unless an initializer of its type has to have its turn.
 */
export function workspaceHooks(ground: WorkspaceGround): KindHooks {
  return {
    group: TENANCY_GROUP,
    resource: WORKSPACES,
    async complete(api, attempt, change) {
      const { object, operation } = change;
      if (operation === 'delete' || mountOf(object) !== undefined) return undefined;
      const companions = isUnscheduled(object) ? await schedule(api, ground, { attempt, change }) : undefined;
      settleMetadata(object);
      return companions;
    },
    work(api, { operation, key, object, old }) {
      const isOwed = operation !== 'delete' && isUnscheduled(object) && !deepEqual(object, old);
      if (!isOwed || mountOf(object) !== undefined) return [];
      return [
        {
          controller: WORKSPACE_SCHEDULING,
          cluster: key.cluster,
          key: key.name,
          payload: api.random.bytes(8),
        },
      ];
    },
  };
}

/** The controller that a workspace without a logical cluster owes: key is its name. */
export const WORKSPACE_SCHEDULING = 'workspace-scheduling';

/** Whether a workspace still has to get its logical cluster. */
export function isUnscheduled(workspace: KubeObject): boolean {
  if (workspace.metadata.deletionTimestamp !== undefined) return false;
  return textAt(objectAt(workspace, 'spec'), 'cluster') === '';
}

async function schedule(
  api: Api,
  ground: WorkspaceGround,
  { attempt, change }: { readonly attempt: Attempt; readonly change: KindChange },
): Promise<Companions | undefined> {
  const { object } = change;
  const now = formatTime(change.nowMs);
  const read: ReadRow = (key) => attempt.reads.read(key);
  const shard = chooseShard(api.registry, { workspace: object, shard: ground.shard, read });
  const lineage = lineageOf(ground, object, read);
  const problem = typeof shard === 'string' ? shard : typeof lineage === 'string' ? lineage : undefined;
  if (typeof shard === 'string' || typeof lineage === 'string') {
    const scheduled = { ...UNSCHEDULABLE, message: problem ?? '' };
    object['status'] = objectOf({
      ...objectAt(object, 'status'),
      phase: 'Scheduling',
      conditions: withCondition(object, scheduled, now),
    });
    return undefined;
  }
  const place = placeOf(api, { attempt, change, shard });
  const bindings = await bindingsOf(api, ground, { place, lineage, read, now });
  const waiting = waitingOf(lineage, bindings);
  complete(object, { place, shard, waiting: waiting.now, now, isUpdate: change.operation === 'update' });
  const { companions, defaults } = await newLogicalCluster(api, {
    cluster: place.cluster,
    owner: ownerNameElsewhere(object.metadata.annotations?.[OWNER]),
    labels: {
      [PHASE_LABEL]: phaseOf(waiting.now),
      ...lifecycleLabels({ initializers: waiting.now, terminators: waiting.terminators }),
    },
    annotations: annotationsOf(object, { place, shard }),
    finalizers: [LOGICAL_CLUSTER_FINALIZER],
    spec: logicalClusterSpec(change, waiting),
    status: objectOf({
      URL: `/clusters/${place.cluster}`,
      phase: phaseOf(waiting.now),
      ...(waiting.now.length === 0 ? {} : { initializers: [...waiting.now] }),
      ...(waiting.terminators.length === 0 ? {} : { terminators: [...waiting.terminators] }),
    }),
    more: bindings.derived,
  });
  return {
    companions: [...companions, ...(bindings.companions ?? [])],
    preconditions: bindings.preconditions ?? [],
    defaults,
  };
}

/** Where a workspace comes to be. */
interface Place {
  readonly cluster: ReturnType<typeof randomClusterName>;
  /** Its canonical path. */
  readonly path: string;
}

function placeOf(
  api: Api,
  {
    attempt,
    change,
    shard: _,
  }: { readonly attempt: Attempt; readonly change: KindChange; readonly shard: ChosenShard },
): Place {
  const { key } = change;
  const parent = attempt.reads.read(logicalClusterKey(key.cluster));
  const above = (parent && logicalClusterFacts(parent).path) ?? key.cluster;
  return { cluster: randomClusterName(api.random), path: `${above}:${key.name}` };
}

const UNSCHEDULABLE: Condition = {
  type: 'WorkspaceScheduled',
  status: 'False',
  severity: 'Error',
  reason: 'Unschedulable',
};

/** The type of a workspace with all that it extends, or why there is none. */
function lineageOf(
  { types }: WorkspaceGround,
  workspace: KubeObject,
  read: ReadRow,
): readonly WorkspaceType[] | string {
  const type = objectAt(objectAt(workspace, 'spec'), 'type');
  try {
    const reference = { path: textAt(type, 'path'), name: textAt(type, 'name') };
    return types.lineage(types.resolve(reference, UNIVERSAL_TYPE.path, read), read);
  } catch (error) {
    if (error instanceof TypeProblem) return error.message;
    throw error;
  }
}

async function bindingsOf(
  api: Api,
  { defaultBindings }: WorkspaceGround,
  request: {
    readonly place: Place;
    readonly lineage: readonly WorkspaceType[];
    readonly read: ReadRow;
    readonly now: string;
  },
): Promise<DefaultBindings> {
  const { place, lineage, read, now } = request;
  const exports = new Map<string, Reference>();
  for (const type of lineage) {
    for (const { path, name } of type.spec.defaultApiBindings) {
      const reference = { path: path || type.path, name };
      exports.set(referenceText(reference), reference);
    }
  }
  if (exports.size === 0 || defaultBindings === undefined) return { isIncomplete: false };
  return defaultBindings(api, { cluster: place.cluster, exports: [...exports.values()], read, now });
}

/** Who has to do something with a logical cluster before it is ready, and before it is gone. */
interface Waiting {
  /** As the types say it. */
  readonly initializers: readonly string[];
  /** What is left of them, because it was not done by the commit. */
  readonly now: readonly string[];
  readonly terminators: readonly string[];
}

function waitingOf(lineage: readonly WorkspaceType[], bindings: DefaultBindings): Waiting {
  const hasBindings = lineage.some(({ spec }) => spec.defaultApiBindings.length > 0);
  const initializers = [
    ...lineage.filter(({ spec }) => spec.initializer).map(referenceText),
    ...(hasBindings ? [BINDINGS_INITIALIZER] : []),
  ];
  // What kcp's own initializer does for the universal type, namespaces, a logical cluster has from the beginning.
  const isDone = (name: string) =>
    name === referenceText(UNIVERSAL_TYPE) || (name === BINDINGS_INITIALIZER && !bindings.isIncomplete);
  return {
    initializers,
    now: initializers.filter((name) => !isDone(name)),
    terminators: lineage.filter(({ spec }) => spec.terminator).map(referenceText),
  };
}

function phaseOf(initializers: readonly string[]): 'Ready' | 'Initializing' {
  return initializers.length === 0 ? 'Ready' : 'Initializing';
}

/** Writes into a workspace where it is, and how far. */
function complete(
  workspace: KubeObject,
  found: {
    readonly place: Place;
    readonly shard: ChosenShard;
    readonly waiting: readonly string[];
    readonly now: string;
    readonly isUpdate: boolean;
  },
): void {
  const { place, shard, waiting, now, isUpdate } = found;
  const { metadata } = workspace;
  metadata.annotations = objectOf({
    ...metadata.annotations,
    [CLUSTER]: place.cluster,
    [SHARD]: shard.name,
    [SHARD_HASH]: shardHash(shard.name),
  }) as Record<string, string>;
  if (shard.region !== undefined) metadata.labels = withEntry(metadata.labels, REGION_LABEL, shard.region);
  const finalizers = metadata.finalizers ?? [];
  if (!finalizers.includes(WORKSPACE_FINALIZER)) metadata.finalizers = [...finalizers, WORKSPACE_FINALIZER];
  // Its spec is another one: what a creation begins with is counted already.
  if (isUpdate && metadata.generation !== undefined) metadata.generation += 1;
  workspace['spec'] = objectOf({
    ...objectAt(workspace, 'spec'),
    URL: `/clusters/${place.path}`,
    cluster: place.cluster,
  });
  const initialized: Condition =
    waiting.length === 0
      ? { type: 'WorkspaceInitialized', status: 'True' }
      : {
          type: 'WorkspaceInitialized',
          status: 'False',
          severity: 'Info',
          reason: 'InitializerExists',
          message: `Initializers still exist: [${waiting.join(' ')}]`,
        };
  workspace['status'] = objectOf({ conditions: withCondition(workspace, initialized, now) });
  workspace['status'] = objectOf({
    conditions: withCondition(workspace, { type: 'WorkspaceScheduled', status: 'True' }, now),
    ...(waiting.length === 0 ? {} : { initializers: [...waiting] }),
    phase: phaseOf(waiting),
  });
}

function annotationsOf(
  workspace: KubeObject,
  { place, shard }: { readonly place: Place; readonly shard: ChosenShard },
): Record<string, string> {
  const type = objectAt(objectAt(workspace, 'spec'), 'type');
  const annotations: Record<string, string> = {
    [SHARD]: shard.name,
    [TYPE]: referenceText({ path: textAt(type, 'path'), name: textAt(type, 'name') }),
    [PATH]: place.path,
  };
  for (const name of [OWNER, REQUIRED_GROUPS]) {
    const value = workspace.metadata.annotations?.[name];
    if (value !== undefined) annotations[name] = value;
  }
  return annotations;
}

function logicalClusterSpec({ key, object }: KindChange, waiting: Waiting): JsonObject {
  const createdBy = parseOwner(object.metadata.annotations?.[OWNER] ?? '');
  return objectOf({
    ...(createdBy === undefined ? {} : { createdBy }),
    ...(waiting.initializers.length === 0 ? {} : { initializers: [...waiting.initializers] }),
    ...(waiting.terminators.length === 0 ? {} : { terminators: [...waiting.terminators] }),
    owner: objectOf({
      apiVersion: TENANCY_API_VERSION,
      cluster: key.cluster,
      name: key.name,
      resource: WORKSPACES,
      uid: object.metadata.uid ?? '',
    }),
  });
}

/** What kcp's controller keeps true of a workspace: the label of its phase, and no more of its owner than the name. */
function settleMetadata({ metadata, ...workspace }: KubeObject): void {
  const phase = textAt(objectAt(workspace as KubeObject, 'status'), 'phase');
  const shown = metadata.deletionTimestamp === undefined ? phase : 'Deleting';
  if (shown !== '') metadata.labels = withEntry(metadata.labels, PHASE_LABEL, shown);
  const owner = metadata.annotations?.[OWNER];
  if (phase !== 'Ready' || owner === undefined) return;
  const name = ownerNameText(owner);
  const annotations = objectOf({ ...metadata.annotations }) as Record<string, string>;
  if (name === undefined) delete annotations[OWNER];
  else annotations[OWNER] = name;
  metadata.annotations = annotations;
}

function withEntry(
  entries: Readonly<Record<string, string>> | undefined,
  key: string,
  value: string,
): Record<string, string> {
  const all = objectOf(entries ?? (newObject() as Record<string, string>)) as Record<string, string>;
  all[key] = value;
  return all;
}
