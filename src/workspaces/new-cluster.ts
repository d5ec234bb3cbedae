import { type Api, type Companions, newLogicalCluster } from '../api/mod.ts';
import type { LogicalCluster, ShardName } from '../base/mod.ts';
import { type JsonObject, objectOf } from '../machinery/mod.ts';
import type { DefaultObject } from '../store/mod.ts';
import { defaultExports } from './default-exports.ts';
import { lifecycleLabels } from './lifecycle-labels.ts';
import {
  BINDINGS_INITIALIZER,
  LOGICAL_CLUSTER_FINALIZER,
  OWNER,
  PATH,
  PHASE_LABEL,
  REQUIRED_GROUPS,
  SHARD,
  TYPE,
  UNIVERSAL_TYPE,
} from './names.ts';
import { ownerNameElsewhere, parseOwner } from './owner.ts';
import type { ChosenShard } from './shards.ts';
import {
  lifecycleName,
  type ReadRow,
  type Reference,
  referenceText,
  type WorkspaceType,
  type WorkspaceTypes,
} from './types.ts';

/** What a new workspace binds from the beginning. */
export interface DefaultBindings {
  /** Bound, and derived from the creation: for what nearly all workspaces have alike. */
  readonly derived?: { readonly key: string; readonly objects: readonly DefaultObject[] };
  /** Bound, as objects of their own. */
  readonly companions?: Companions['companions'];
  /** Something of it can only be bound later: the workspace has the initializer `system:apibindings` until then. */
  readonly isIncomplete: boolean;
}

/** Makes the bindings of a logical cluster that does not exist yet; handed in, since bindings belong to a higher room. */
export type MakeDefaultBindings = (
  api: Api,
  request: {
    readonly cluster: LogicalCluster;
    /** Its canonical path. */
    readonly path: string;
    readonly exports: readonly Reference[];
    /** Notes what it reads: the commit relies on it. */
    readonly read: ReadRow;
  },
) => Promise<DefaultBindings>;

/** What making workspaces needs of the member. */
export interface WorkspaceGround {
  readonly types: WorkspaceTypes;
  /** The shard whose log this member writes. */
  readonly shard: ShardName;
  readonly defaultBindings?: MakeDefaultBindings | undefined;
}

/** A logical cluster that a workspace or a user is to get. */
export interface WantedCluster {
  readonly cluster: LogicalCluster;
  /** Its canonical path. */
  readonly path: string;
  /** Its type, which comes last, with all that it extends. */
  readonly lineage: readonly WorkspaceType[];
  readonly shard: ChosenShard;
  /** Who creates it, as `ownerText` says it. */
  readonly owner: string | undefined;
  readonly requiredGroups?: string | undefined;
  /** More of the spec of its LogicalCluster. */
  readonly spec: JsonObject;
}

/** What the commit has that makes a logical cluster, and who still has to do something before it is ready. */
export interface PreparedCluster extends Required<Pick<Companions, 'companions'>> {
  readonly defaults: NonNullable<Companions['defaults']>;
  readonly initializers: readonly string[];
}

/** Everything that a new logical cluster of a workspace or a user begins with. The commit relies on what `read` has read. */
export async function prepareCluster(
  api: Api,
  ground: WorkspaceGround,
  request: { readonly wanted: WantedCluster; readonly read: ReadRow },
): Promise<PreparedCluster> {
  const { wanted, read } = request;
  const { cluster, lineage } = wanted;
  const exports = defaultExports(lineage);
  const bindings: DefaultBindings =
    exports.length === 0 || ground.defaultBindings === undefined
      ? { isIncomplete: false }
      : await ground.defaultBindings(api, { cluster, path: wanted.path, exports, read });
  const initializers = initializersOf(lineage);
  const waiting = initializers.filter((name) => !isDone(name, bindings));
  const terminators = lineage.filter(({ spec }) => spec.terminator).map(lifecycleName);
  const createdBy = wanted.owner === undefined ? undefined : parseOwner(wanted.owner);
  const phase = phaseAfter(waiting);
  const { companions, defaults } = await newLogicalCluster(api, {
    cluster,
    owner: ownerNameElsewhere(wanted.owner),
    labels: { [PHASE_LABEL]: phase, ...lifecycleLabels({ initializers: waiting, terminators }) },
    annotations: annotationsOf(wanted),
    finalizers: [LOGICAL_CLUSTER_FINALIZER],
    spec: objectOf({ ...wanted.spec, createdBy, ...lists({ initializers, terminators }) }),
    status: objectOf({
      URL: `/clusters/${cluster}`,
      phase,
      ...lists({ initializers: waiting, terminators }),
    }),
    more: bindings.derived,
    remembered: meantBeyondPath(lineage.at(-1)),
  });
  return {
    companions: [...companions, ...(bindings.companions ?? [])],
    defaults,
    initializers: waiting,
  };
}

/** How far a logical cluster is that still waits for these. */
export function phaseAfter(initializers: readonly string[]): 'Ready' | 'Initializing' {
  return initializers.length === 0 ? 'Ready' : 'Initializing';
}

function initializersOf(lineage: readonly WorkspaceType[]): readonly string[] {
  const hasBindings = lineage.some(({ spec }) => spec.defaultApiBindings.length > 0);
  const named = lineage.filter(({ spec }) => spec.initializer).map(lifecycleName);
  return hasBindings ? [...named, BINDINGS_INITIALIZER] : named;
}

/** What kcp's own initializer does for the universal type, namespaces, a logical cluster has from the beginning. */
function isDone(name: string, bindings: DefaultBindings): boolean {
  if (name === BINDINGS_INITIALIZER) return !bindings.isIncomplete;
  return name === referenceText(UNIVERSAL_TYPE);
}

function annotationsOf({
  owner,
  path,
  requiredGroups,
  shard,
  lineage,
}: WantedCluster): Record<string, string> {
  return {
    [SHARD]: shard.name,
    // By its canonical path, however it was named: so those of a type are found when it changes.
    [TYPE]: referenceText(lineage.at(-1)!),
    [PATH]: path,
    ...(owner === undefined ? {} : { [OWNER]: owner }),
    ...(requiredGroups === undefined ? {} : { [REQUIRED_GROUPS]: requiredGroups }),
  };
}

/** Where the type of a logical cluster lies, unless its path says so for ever: most are of types of the root. */
function meantBeyondPath(type: WorkspaceType | undefined): LogicalCluster | undefined {
  return type?.path === type?.cluster ? undefined : type?.cluster;
}

/** Only those that have something in them. */
function lists(all: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  const filled = Object.entries(all).filter(([, names]) => names.length > 0);
  return Object.fromEntries(filled.map(([field, names]) => [field, [...names]]));
}
