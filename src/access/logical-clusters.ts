import { type LogicalCluster, limits, parseLogicalCluster } from '../base/mod.ts';
import {
  isObject,
  type JsonObject,
  objectAt,
  objectsAt,
  parseJson,
  textAt,
  textsAt,
} from '../machinery/mod.ts';
import type { ObjectKey, ObjectStore, Row } from '../store/mod.ts';
import type { LogicalClusterFacts } from './chain/mod.ts';

/** Who may enter: `a,b;c` is (a and b) or c. */
const REQUIRED_GROUPS = 'authorization.kcp.io/required-groups';
const PHASE = 'status.phase';
const DELETING = 'Deleting';
/** What keeps a LogicalCluster until it is empty; finalizers of others keep it longer. */
const OWN_FINALIZER = 'core.kcp.io/logicalcluster-deletion';

/** What a LogicalCluster says by itself. */
interface OwnFacts extends Omit<LogicalClusterFacts, 'isClosed'> {
  /** The logical cluster that its Workspace lies in. */
  readonly parent: LogicalCluster | undefined;
  /** It goes, and has something that others hold, which they have to get at. */
  readonly isHeld: boolean;
}

/** What authorizers have to know of logical clusters, from their rows. */
export class StoreLogicalClusters {
  readonly #store: ObjectStore;
  readonly #keyOf: (cluster: LogicalCluster) => ObjectKey;
  // As long as the store remembers a row, and no longer.
  readonly #facts = new WeakMap<Row, OwnFacts>();

  constructor(options: {
    readonly store: ObjectStore;
    readonly logicalClusterKey: (cluster: LogicalCluster) => ObjectKey;
  }) {
    this.#store = options.store;
    this.#keyOf = options.logicalClusterKey;
  }

  /** Of the durable row; undefined when there is none. */
  find(cluster: LogicalCluster): LogicalClusterFacts | undefined {
    const own = this.#own(cluster);
    if (own === undefined) return undefined;
    const { phase, requiredGroups } = own;
    return { phase, requiredGroups, isClosed: this.#isClosed(own) };
  }

  /**
   * Whether nobody is let in because it goes: at once with all that is above it, so that the deletion of a tree is one
   * commit to its users. One that others hold is open again, since somebody has to let go of what they hold.
   */
  #isClosed(own: OwnFacts): boolean {
    if (own.phase === DELETING) return !own.isHeld;
    if (own.phase === 'Terminating') return false;
    let { parent } = own;
    for (let depth = 0; parent !== undefined && depth < limits.workspaceDepthMax; depth++) {
      const above = this.#own(parent);
      if (above?.phase === DELETING) return true;
      parent = above?.parent;
    }
    return false;
  }

  #own(cluster: LogicalCluster): OwnFacts | undefined {
    const row = this.#store.get(this.#keyOf(cluster));
    if (row === undefined) return undefined;
    let facts = this.#facts.get(row);
    if (facts === undefined) {
      const { value } = parseJson(row.json);
      facts = factsOf(row.fields[PHASE] ?? '', isObject(value) ? value : undefined);
      this.#facts.set(row, facts);
    }
    return facts;
  }
}

function factsOf(phase: string, object: JsonObject | undefined): OwnFacts {
  const metadata = objectAt(object, 'metadata');
  const annotations = objectAt(metadata, 'annotations');
  const conditions = objectsAt(objectAt(object, 'status'), 'conditions');
  const owner = objectAt(objectAt(object, 'spec'), 'owner');
  return {
    phase,
    requiredGroups:
      annotations?.[REQUIRED_GROUPS] === undefined ? undefined : textAt(annotations, REQUIRED_GROUPS),
    parent: parseLogicalCluster(textAt(owner, 'cluster')),
    isHeld:
      textsAt(metadata, 'finalizers').some((name) => name !== OWN_FINALIZER) ||
      conditions.some((condition) => textAt(condition, 'reason') === 'SomeResourcesRemain'),
  };
}
