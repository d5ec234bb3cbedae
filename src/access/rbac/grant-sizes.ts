import { BoundedCache, type LogicalCluster, limits, type Revision } from '../../base/mod.ts';
import { isObject, parseJson } from '../../machinery/mod.ts';
import type { ObjectStore, Row, StoreEvent } from '../../store/mod.ts';
import { grantSizeBytes, RBAC_GROUP } from './policy.ts';

const KINDS = ['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings'];

/**
 * How much the roles and bindings of logical clusters take. Counted once for a cluster whose RBAC is written, and kept
 * up to date from the store's feed while it is remembered.
 */
export class GrantSizes {
  readonly #store: ObjectStore;
  readonly #revisionOf: (cluster: LogicalCluster) => Revision;
  readonly #sizes = new BoundedCache<LogicalCluster, number>(limits.rbacSizesCachedMax);

  constructor(store: ObjectStore, revisionOf: (cluster: LogicalCluster) => Revision) {
    this.#store = store;
    this.#revisionOf = revisionOf;
  }

  /** Of what is durable. */
  async of(cluster: LogicalCluster): Promise<number> {
    const known = this.#sizes.get(cluster);
    if (known !== undefined) return known;
    const revision = this.#revisionOf(cluster);
    const size = await this.#count(cluster);
    // A change during the count may or may not be in it: then the next write counts again.
    if (this.#revisionOf(cluster) === revision) this.#sizes.set(cluster, size);
    return size;
  }

  note(event: StoreEvent): void {
    const { key } = event;
    // What else there may be in the group is not counted, and must not be taken off either.
    if (key.identity !== '' || !KINDS.includes(key.resource)) return;
    const known = this.#sizes.get(key.cluster);
    // Rows of derived objects are made when somebody looks, and a new logical cluster has many.
    if (known === undefined) return;
    this.#sizes.set(key.cluster, known + sizeOf(event.newRow) - sizeOf(event.oldRow));
  }

  async #count(cluster: LogicalCluster): Promise<number> {
    const snapshot = this.#store.snapshot();
    let size = 0;
    try {
      for (const resource of KINDS) {
        const collection = { cluster, group: RBAC_GROUP, resource, identity: '' };
        for await (const rows of snapshot.listRows({ collection })) {
          for (const row of rows) size += sizeOf(row);
        }
      }
    } finally {
      snapshot.close();
    }
    return size;
  }
}

function sizeOf(row: Pick<Row, 'json'> | undefined): number {
  if (row === undefined) return 0;
  const { value } = parseJson(row.json);
  return isObject(value) ? grantSizeBytes(value) : 0;
}
