import { APIS_GROUP, type RbacAt } from '../../access/mod.ts';
import { type LogicalCluster, limits, WeightedCache } from '../../base/mod.ts';
import { type AcceptedClaim, acceptedClaims, identityOfBinding } from '../../definitions/mod.ts';
import { isObject, parseJson } from '../../machinery/mod.ts';
import type { ObjectStore, Row } from '../../store/mod.ts';

/** The claims that a logical cluster has accepted, and the state that they were read from. */
export interface ClaimsAt {
  readonly claims: readonly AcceptedClaim[];
  /** A write that goes by them relies on it. */
  readonly at: RbacAt;
}

interface Entry {
  readonly revision: RbacAt['revision'];
  readonly claims: readonly AcceptedClaim[];
  readonly bytes: number;
}

/** What an entry costs besides the claims in it. */
const ENTRY_BYTES = 300;
const NONE: readonly AcceptedClaim[] = [];
const CLAIMS = Buffer.from('"permissionClaims":[');

/**
 * The permission claims that logical clusters have accepted, by their bindings. Nothing is parsed for a binding
 * without claims, and nothing is read again until the bindings of the logical cluster change.
 */
export class ClaimTable {
  readonly #store: ObjectStore;
  readonly #groundOf: (cluster: LogicalCluster) => RbacAt;
  readonly #entries = new WeightedCache<Entry>({
    weightMax: limits.claimTablesCachedBytesMax,
    weigh: ({ bytes }) => ENTRY_BYTES + bytes,
  });

  constructor(options: {
    readonly store: ObjectStore;
    /** Of what decides in a logical cluster, bindings included: changes with each of them. */
    readonly groundOf: (cluster: LogicalCluster) => RbacAt;
  }) {
    this.#store = options.store;
    this.#groundOf = options.groundOf;
  }

  /** What was read last, which may have changed since; nothing, if that was forgotten. */
  last(cluster: LogicalCluster): readonly AcceptedClaim[] {
    return this.#entries.get(cluster)?.claims ?? NONE;
  }

  /** At once, nearly always. */
  of(cluster: LogicalCluster): ClaimsAt | Promise<ClaimsAt> {
    const at = this.#groundOf(cluster);
    const known = this.#entries.get(cluster);
    if (known !== undefined && known.revision === at.revision) return { claims: known.claims, at };
    return this.#read(cluster, at);
  }

  async #read(cluster: LogicalCluster, at: RbacAt): Promise<ClaimsAt> {
    // The revision was asked for first: what the snapshot has beyond it is read again.
    const collection = { cluster, group: APIS_GROUP, resource: 'apibindings', identity: '' };
    const claims: AcceptedClaim[] = [];
    let bytes = 0;
    const snapshot = this.#store.snapshot();
    try {
      for await (const rows of snapshot.listRows({ collection })) {
        for (const row of rows) {
          const found = claimsOf(row);
          if (found.length === 0) continue;
          claims.push(...found);
          bytes += row.json.length;
        }
      }
    } finally {
      snapshot.close();
    }
    const entry = { revision: at.revision, claims: claims.length === 0 ? NONE : claims, bytes };
    this.#entries.delete(cluster);
    this.#entries.getOrCompute(cluster, () => entry);
    return { claims: entry.claims, at };
  }
}

function claimsOf(row: Row): readonly AcceptedClaim[] {
  if (!row.json.includes(CLAIMS)) return NONE;
  const { value } = parseJson(row.json);
  return isObject(value) ? acceptedClaims(value, identityOfBinding(row)) : NONE;
}
