import {
  type Authorized,
  homeOfServiceAccount,
  isInScope,
  nameElsewhere,
  newWorkspaceForbidden,
  type User,
} from '../access/mod.ts';
import {
  type Api,
  commitLogicalCluster,
  type Homes,
  logicalClusterKey,
  readLogicalCluster,
  type Target,
} from '../api/mod.ts';
import { isPathSegment, type LogicalCluster, limits, ROOT_CLUSTER } from '../base/mod.ts';
import { isObject, type KubeObject, objectAt, objectOf, parseJson, textAt } from '../machinery/mod.ts';
import type { ObjectKey, Precondition, Row } from '../store/mod.ts';
import { homeClusterName } from './cluster-name.ts';
import { TENANCY_API_VERSION, TENANCY_GROUP, WORKSPACES } from './names.ts';
import { prepareCluster, type WorkspaceGround } from './new-cluster.ts';
import { ownerText } from './owner.ts';
import { HOME_PREFIX } from './paths.ts';
import { lineageOf } from './schedule.ts';
import { chooseShard } from './shards.ts';

const HOME_NAME = '~';
const HOME_TYPE = { path: 'root', name: 'home' };

/** Homes as kcp has them: a logical cluster without workspace, whose name follows from that of its user. */
export class HomeWorkspaces implements Homes {
  readonly #api: () => Api;
  readonly #ground: WorkspaceGround;

  constructor(api: () => Api, ground: WorkspaceGround) {
    this.#api = api;
    this.#ground = ground;
  }

  of(target: Authorized<Target>): Promise<KubeObject> | undefined {
    const { cluster, group, resource, subresource, name, verb, view } = target;
    const isHome = cluster === ROOT_CLUSTER && name === HOME_NAME && verb === 'get' && subresource === '';
    if (!isHome || view !== undefined || group !== TENANCY_GROUP || resource !== WORKSPACES) return undefined;
    return this.#home(target);
  }

  async #home(target: Authorized<Target>): Promise<KubeObject> {
    const { user } = target;
    // Whoever is somebody in another logical cluster alone must not take the place of a namesake.
    const isLocal = homeOfServiceAccount(user) === undefined && !isInScope(user, ROOT_CLUSTER);
    if (isLocal) throw newWorkspaceForbidden(target);
    const api = this.#api();
    const cluster = homeClusterName(nameElsewhere(user));
    for (let attempts = 0; attempts < limits.rightsAttemptsMax; attempts++) {
      const row = readLogicalCluster(api, cluster);
      if (row !== undefined) return homeWorkspace(target.audience?.urls ?? api.urls, cluster, row);
      const creation = await api.access.authorize({ ...questionOf(target), verb: 'create' });
      await this.#create(api, { user, cluster, reliesOn: [...target.reliesOn, ...creation.reliesOn] });
      await api.store.settled();
    }
    throw newWorkspaceForbidden(target);
  }

  /** Whoever is second finds the home of the first, which is the same. */
  async #create(
    api: Api,
    wanted: {
      readonly user: User;
      readonly cluster: LogicalCluster;
      readonly reliesOn: Authorized<Target>['reliesOn'];
    },
  ): Promise<void> {
    const { user, cluster, reliesOn } = wanted;
    const preconditions: Precondition[] = [];
    const read = (key: ObjectKey): Row | undefined => {
      const row = api.store.newest(key);
      preconditions.push({ key, revision: row?.revision ?? 0 });
      return row;
    };
    // A user has one, which is found without knowing where: all are on the first shard.
    const own = this.#ground.shard;
    const shard = chooseShard(api.registry, {
      workspace: ANYWHERE,
      shards: [{ name: own, region: undefined }],
      own,
      read,
      random: api.random,
    });
    const lineage = lineageOf(this.#ground, HOME_TYPE, read);
    if (typeof lineage === 'string') throw new Error(lineage);
    const prepared = await prepareCluster(api, this.#ground, {
      wanted: {
        cluster,
        path: pathOf(user, cluster),
        lineage,
        // Wherever it has to be.
        shard: typeof shard === 'string' ? { name: own, region: undefined } : shard,
        owner: ownerText(user),
        spec: objectOf({ directlyDeletable: true }),
      },
      read,
    });
    await commitLogicalCluster(api, {
      ...prepared,
      preconditions,
      reliesOn,
      actor: user.name,
    });
  }
}

/** Its path by the name of its user where that leads to it, as to nothing else; otherwise its own name is its path. */
function pathOf({ name }: User, cluster: LogicalCluster): string {
  return isPathSegment(name) && homeClusterName(name) === cluster ? `${HOME_PREFIX}:${name}` : cluster;
}

function questionOf({ user, cluster, verb, group, resource, subresource, namespace, name }: Target) {
  return { user, cluster, verb, group, resource, subresource, namespace, name };
}

const ANYWHERE = objectOf({ metadata: objectOf({}), spec: objectOf({}) }) as KubeObject;

/** The Workspace as which kcp shows a home, which is no object of its own: it has the name of its LogicalCluster. */
function homeWorkspace(urls: Api['urls'], cluster: LogicalCluster, row: Row): KubeObject {
  const { value } = parseJson(row.json);
  const logicalCluster = isObject(value) ? value : undefined;
  const metadata = objectAt(logicalCluster, 'metadata');
  const status = objectAt(logicalCluster, 'status');
  const key = logicalClusterKey(cluster);
  return objectOf({
    apiVersion: TENANCY_API_VERSION,
    kind: 'Workspace',
    metadata: objectOf({ name: key.name, creationTimestamp: textAt(metadata, 'creationTimestamp') }),
    spec: objectOf({ URL: urls.complete(textAt(status, 'URL')), cluster }),
    status: objectOf({
      conditions: status?.['conditions'],
      initializers: status?.['initializers'],
      phase: textAt(status, 'phase'),
    }),
  }) as KubeObject;
}
