import type { LogicalCluster } from '../base/mod.ts';
import { isObject, objectAt, parseJson, textAt } from '../machinery/mod.ts';
import type { ObjectKey, Row, Store } from '../store/mod.ts';
import type { LogicalClusterFacts } from './chain/mod.ts';

/** Who may enter: `a,b;c` is (a and b) or c. */
const REQUIRED_GROUPS = 'authorization.kcp.io/required-groups';
const PHASE = 'status.phase';

/** What authorizers have to know of logical clusters, from their rows. */
export class StoreLogicalClusters {
  readonly #store: Store;
  readonly #keyOf: (cluster: LogicalCluster) => ObjectKey;
  // As long as the store remembers a row, and no longer.
  readonly #facts = new WeakMap<Row, LogicalClusterFacts>();

  constructor(options: {
    readonly store: Store;
    readonly logicalClusterKey: (cluster: LogicalCluster) => ObjectKey;
  }) {
    this.#store = options.store;
    this.#keyOf = options.logicalClusterKey;
  }

  /** Of the durable row; undefined when there is none. */
  find(cluster: LogicalCluster): LogicalClusterFacts | undefined {
    const row = this.#store.get(this.#keyOf(cluster));
    if (row === undefined) return undefined;
    const known = this.#facts.get(row);
    if (known !== undefined) return known;
    const facts = { phase: row.fields[PHASE] ?? '', requiredGroups: requiredGroupsOf(row) };
    this.#facts.set(row, facts);
    return facts;
  }
}

function requiredGroupsOf({ json }: Row): string | undefined {
  const { value } = parseJson(json);
  const annotations = objectAt(objectAt(isObject(value) ? value : undefined, 'metadata'), 'annotations');
  return annotations?.[REQUIRED_GROUPS] === undefined ? undefined : textAt(annotations, REQUIRED_GROUPS);
}
