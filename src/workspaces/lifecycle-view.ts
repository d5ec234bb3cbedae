import {
  type ClusterQuestion,
  type Decision,
  decision,
  nameElsewhere,
  outside,
  type Question,
  RuleIndex,
  ruleFrom,
  SCOPES_EXTRA,
  type User,
} from '../access/mod.ts';
import {
  type Api,
  LOGICAL_CLUSTERS,
  logicalClusterKey,
  type Service,
  type Sight,
  type ViewedKind,
  type VirtualWorkspace,
} from '../api/mod.ts';
import {
  assert,
  type ClusterScope,
  EVERYWHERE,
  type LogicalCluster,
  parseLogicalCluster,
} from '../base/mod.ts';
import {
  type Definition,
  type DefinitionSet,
  definitionSet,
  systemDefinition,
  type Verb,
} from '../definitions/mod.ts';
import { isObject, type JsonObject, objectAt, objectsAt, textAt, textsAt } from '../machinery/mod.ts';
import type { ObjectSnapshot, Row } from '../store/mod.ts';
import { factsOf } from './facts.ts';
import { lifecycleLabel } from './lifecycle-labels.ts';
import { LIFECYCLES, type Lifecycle } from './lifecycles.ts';
import { PHASE_LABEL, TENANCY_GROUP, WORKSPACE_TYPES } from './names.ts';

/** `/services/initializingworkspaces/<path>:<type>/clusters/…`, and the same for the end of workspaces. */
export function lifecycleServices(api: Api): readonly [string, Service][] {
  return LIFECYCLES.map((lifecycle) => [
    lifecycle.service,
    {
      view([name = '']) {
        const colon = name.lastIndexOf(':');
        const path = parseLogicalCluster(name.slice(0, Math.max(colon, 0)));
        if (path === undefined || colon === name.length - 1) return undefined;
        // Where there is nothing, nobody has a right: it looks like what one may not see.
        const home = api.paths.resolve(path)?.cluster ?? path;
        return new LifecycleView(api, { lifecycle, name, home, type: name.slice(colon + 1) });
      },
    },
  ]);
}

/**
 * What the controller of a type sees of the workspaces that wait for it: their LogicalClusters, of which it may take
 * its own name away and nothing else, and what is in them, as far as the type lets it. Once it has, they are out of
 * its sight.
 */
class LifecycleView implements VirtualWorkspace {
  readonly name: string;
  readonly home: LogicalCluster;
  readonly #api: Api;
  readonly #lifecycle: Lifecycle;
  /** `<path>:<type>`, as LogicalClusters name it. */
  readonly #waited: string;
  readonly #type: string;
  readonly #label: readonly [key: string, value: string];

  constructor(
    api: Api,
    options: {
      readonly lifecycle: Lifecycle;
      readonly name: string;
      readonly home: LogicalCluster;
      readonly type: string;
    },
  ) {
    this.#api = api;
    this.#lifecycle = options.lifecycle;
    this.#waited = options.name;
    this.#type = options.type;
    this.#label = lifecycleLabel(options.lifecycle.labelPrefix, options.name);
    this.name = `${options.lifecycle.service}/${options.name}`;
    this.home = options.home;
  }

  /** For whatever is asked: the right to have a turn. */
  questions({ user }: Question): readonly ClusterQuestion[] {
    return [
      {
        user,
        cluster: this.home,
        verb: this.#lifecycle.verb,
        group: TENANCY_GROUP,
        resource: WORKSPACE_TYPES,
        subresource: '',
        namespace: '',
        name: this.#type,
      },
    ];
  }

  admit(request: Question): Decision {
    // Paths show what the view has, wherever they are asked; of all logical clusters, only those in sight are shown.
    if ('path' in request || request.cluster === EVERYWHERE) return decision('allow', '');
    const { cluster } = request;
    // Asked for first: what is read afterwards is not older.
    const ground = [this.#api.access.groundOf(cluster), this.#api.access.groundOf(this.home)];
    const row = this.#api.store.get(logicalClusterKey(cluster));
    if (row === undefined || !this.#isWaiting(row)) {
      return outside('deny', `${this.#lifecycle.what} "${this.#waited}" cannot access this workspace`);
    }
    if (isLogicalClusters(request)) return decision('allow', '', ground);
    const permissions = this.#permissions();
    if (permissions === undefined) return outside('deny', 'the workspace type is not there');
    // Without rules it acts as the owner, who is judged as everywhere.
    if (permissions.length === 0) {
      return createdBy(row) === undefined
        ? outside('deny', 'nobody is recorded as the creator of the workspace')
        : decision('allow', '', ground);
    }
    const isAllowed = new RuleIndex(permissions.map(ruleFrom)).findResource(request) >= 0;
    const { what, permissions: rules } = this.#lifecycle;
    return isAllowed
      ? decision('allow', '', ground)
      : decision('deny', `${what} "${this.#waited}" denied by ${rules}`, ground);
  }

  /**
   * For the LogicalCluster, and inside with the rules of the type: the controller, marked as one that was judged here.
   * Else the creator of the workspace, and nobody elsewhere.
   */
  userOf(request: ClusterQuestion): User {
    const { user, cluster } = request;
    const isJudgedHere =
      'path' in request || isLogicalClusters(request) || (this.#permissions()?.length ?? 0) > 0;
    const row = this.#api.store.get(logicalClusterKey(cluster));
    const owner = row === undefined || isJudgedHere ? undefined : createdBy(row);
    if (owner !== undefined) return scoped(owner, cluster);
    const groups = [`${this.#lifecycle.groupPrefix}${this.#waited}`, ...user.groups];
    return scoped({ name: nameElsewhere(user), uid: user.uid, groups, extra: user.extra }, cluster);
  }

  find(cluster: ClusterScope, group: string, resource: string): ViewedKind | undefined {
    if (group === LOGICAL_CLUSTERS.group && resource === LOGICAL_CLUSTERS.resource) {
      const definition = logicalClusters(cluster === EVERYWHERE ? ['list', 'watch'] : ['get']);
      return { definition, preconditions: [], sight: this.#sight() };
    }
    return cluster === EVERYWHERE ? undefined : this.#api.registry.find(cluster, group, resource);
  }

  async kinds(): Promise<DefinitionSet> {
    return definitionSet([logicalClusters(['get', 'list', 'watch'])]);
  }

  #isWaiting({ labels }: Pick<Row, 'labels'>): boolean {
    const [key, value] = this.#label;
    return labels[key] === value && labels[PHASE_LABEL] === this.#lifecycle.phase;
  }

  #sight(): Sight {
    return {
      text: this.name,
      sees: (_, row) => this.#isWaiting(row),
      clusters: (snapshot, after) => waitingClusters(snapshot, this.#label[0], after),
    };
  }

  /** The rules of the type; undefined when there is no such type. */
  #permissions(): readonly JsonObject[] | undefined {
    const place = { cluster: this.home, group: TENANCY_GROUP, resource: WORKSPACE_TYPES, name: this.#type };
    const key = this.#api.registry.ownKey(place);
    const row = key && this.#api.store.get(key);
    return row === undefined ? undefined : typePermissions(row)[this.#lifecycle.permissions];
  }
}

function isLogicalClusters(request: Question): boolean {
  if ('path' in request) return false;
  return request.group === LOGICAL_CLUSTERS.group && request.resource === LOGICAL_CLUSTERS.resource;
}

const limited = new Map<string, Definition>();

/** The kind with some of its verbs; in one logical cluster also its status, by which a name is taken away. */
function logicalClusters(verbs: readonly Verb[]): Definition {
  const key = verbs.join();
  let definition = limited.get(key);
  if (definition === undefined) {
    const whole = systemDefinition(LOGICAL_CLUSTERS.group, LOGICAL_CLUSTERS.resource);
    assert(whole !== undefined, 'every logical cluster has its own kind');
    const versions = whole.versions.map((version) => ({
      ...version,
      subresources: verbs.includes('get') ? version.subresources : [],
    }));
    definition = { ...whole, verbs, versions };
    limited.set(key, definition);
  }
  return definition;
}

/** The logical clusters with a label of those that somebody waits with, in order: they refer to it. */
async function* waitingClusters(
  snapshot: ObjectSnapshot,
  label: string,
  after: string | undefined,
): AsyncGenerator<LogicalCluster> {
  const from = after === undefined ? undefined : logicalClusterKey(after as LogicalCluster);
  for await (const batch of snapshot.referring(label, from)) for (const { key } of batch) yield key.cluster;
}

/** Somebody as they are in one logical cluster and nobody in any other. What kcp reads of a user is not taken over. */
function scoped(user: User, cluster: LogicalCluster): User {
  const others = Object.entries(user.extra).filter(([key]) => !key.includes('kcp.io'));
  return { ...user, extra: { ...Object.fromEntries(others), [SCOPES_EXTRA]: [`cluster:${cluster}`] } };
}

const createdBy = factsOf((object): User | undefined => {
  const creator = objectAt(objectAt(object, 'spec'), 'createdBy');
  const name = textAt(creator, 'username');
  if (creator === undefined || name === '') return undefined;
  const extra = objectAt(creator, 'extra') ?? {};
  return {
    name,
    uid: textAt(creator, 'uid'),
    groups: textsAt(creator, 'groups'),
    extra: Object.fromEntries(Object.keys(extra).map((key) => [key, textsAt(extra, key)])),
  };
});

const typePermissions = factsOf((object) => {
  const spec = objectAt(object, 'spec');
  return {
    initializerPermissions: objectsAt(spec, 'initializerPermissions').filter(isObject),
    terminatorPermissions: objectsAt(spec, 'terminatorPermissions').filter(isObject),
  };
});
