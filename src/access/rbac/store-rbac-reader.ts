import { type LogicalCluster, limits, type Revision } from '../../base/mod.ts';
import { isObject, type JsonObject, newObject, parseJson } from '../../machinery/mod.ts';
import type { ObjectKey, ObjectSnapshot, ObjectStore } from '../../store/mod.ts';
import { GrantSizes } from './grant-sizes.ts';
import { PolicyTooLarge, RBAC_GROUP, type RbacState, roleRefOf } from './policy.ts';
import type { RbacReader } from './rbac-authorizer.ts';
import { RbacRevisions } from './rbac-revisions.ts';

/** Where a logical cluster's own object is, which says whom it lets in. */
export const LOGICAL_CLUSTER_GROUP = 'core.kcp.io';
const LOGICAL_CLUSTERS = 'logicalclusters';
/** Where bindings and exports are: whose API something is, what its provider lets others do, and what it may see. */
export const APIS_GROUP = 'apis.kcp.io';
const APIS = ['apibindings', 'apiexports'];

/**
 * Roles and bindings as they lie in the store. Its revisions follow the store's feed: a change counts from when it
 * is durable, before its writer is answered. The bytes are those of version v1, the only one there is.
 */
export class StoreRbacReader implements RbacReader {
  readonly #store: ObjectStore;
  readonly #revisions: RbacRevisions;
  readonly #sizes: GrantSizes;
  readonly #unsubscribe: () => void;

  constructor(store: ObjectStore) {
    this.#store = store;
    this.#revisions = new RbacRevisions(store.revision);
    this.#sizes = new GrantSizes(store, (cluster) => this.revision(cluster));
    this.#unsubscribe = store.feed.subscribeToGroups(({ events }) => {
      for (const event of events) {
        const { key, revision } = event;
        if (!isGround(key)) continue;
        this.#revisions.note(key.cluster, revision);
        if (key.group === RBAC_GROUP) this.#sizes.note(event);
      }
    });
  }

  close(): void {
    this.#unsubscribe();
  }

  revision(cluster: LogicalCluster): Revision {
    return this.#revisions.of(cluster);
  }

  /** How much all roles and bindings of a logical cluster take, as {@link grantSizeBytes} counts it. */
  sizeBytes(cluster: LogicalCluster): Promise<number> {
    return this.#sizes.of(cluster);
  }

  async read(
    cluster: LogicalCluster,
    namespace: string,
  ): Promise<{ readonly revision: Revision; readonly state: RbacState }> {
    // Asked first: what the snapshot has beyond it is read again when the feed tells of it.
    const revision = this.revision(cluster);
    const snapshot = this.#store.snapshot();
    try {
      return { revision, state: await new StateReading(snapshot, cluster, namespace).read() };
    } finally {
      snapshot.close();
    }
  }
}

// A logical cluster comes with roles and bindings that no event tells of, and its own row says whom it lets in.
function isGround({ group, resource }: ObjectKey): boolean {
  return (
    group === RBAC_GROUP ||
    (group === LOGICAL_CLUSTER_GROUP && resource === LOGICAL_CLUSTERS) ||
    (group === APIS_GROUP && APIS.includes(resource))
  );
}

/** One reading of a state: the bindings, and the roles that they name. */
class StateReading {
  readonly #snapshot: ObjectSnapshot;
  readonly #cluster: LogicalCluster;
  readonly #namespace: string;
  #bytesLeft: number = limits.rbacScopeBytesMax;

  constructor(snapshot: ObjectSnapshot, cluster: LogicalCluster, namespace: string) {
    this.#snapshot = snapshot;
    this.#cluster = cluster;
    this.#namespace = namespace;
  }

  async read(): Promise<RbacState> {
    const clusterRoleBindings = await this.#list('clusterrolebindings', '');
    const roleBindings = this.#namespace === '' ? [] : await this.#list('rolebindings', this.#namespace);
    const roles = new Map<string, JsonObject | undefined>();
    const clusterRoles = new Map<string, JsonObject | undefined>();
    for (const binding of [...clusterRoleBindings, ...roleBindings]) {
      const { kind, name } = roleRefOf(binding);
      if (kind === 'ClusterRole' && !clusterRoles.has(name)) {
        clusterRoles.set(name, this.#get('clusterroles', '', name));
      } else if (kind === 'Role' && !roles.has(name)) {
        roles.set(name, this.#get('roles', this.#namespace, name));
      }
    }
    return {
      namespace: this.#namespace,
      clusterRoleBindings,
      roleBindings,
      clusterRole: (name) => clusterRoles.get(name),
      role: (name) => roles.get(name),
    };
  }

  async #list(resource: string, namespace: string): Promise<JsonObject[]> {
    const collection = { cluster: this.#cluster, group: RBAC_GROUP, resource, identity: '' };
    const scope = namespace === '' ? { collection } : { collection, namespace };
    const objects: JsonObject[] = [];
    for await (const rows of this.#snapshot.listRows(scope)) {
      for (const { json } of rows) objects.push(this.#parse(json));
    }
    return objects;
  }

  #get(resource: string, namespace: string, name: string): JsonObject | undefined {
    const key = { cluster: this.#cluster, group: RBAC_GROUP, resource, identity: '', namespace, name };
    const row = name === '' ? undefined : this.#snapshot.get(key);
    return row === undefined ? undefined : this.#parse(row.json);
  }

  #parse(json: Buffer): JsonObject {
    this.#bytesLeft -= json.length;
    if (this.#bytesLeft < 0) throw new PolicyTooLarge('roles and bindings are too large');
    const { value } = parseJson(json);
    return isObject(value) ? value : newObject();
  }
}
