import { type LogicalCluster, SYSTEM_ADMIN_CLUSTER } from '../base/mod.ts';
import type { GroupOfCluster, ObjectKey, Store } from '../store/mod.ts';
import type { PathAttributes, ResourceAttributes } from './attributes.ts';
import {
  type AccessRequest,
  type Authorizer,
  accessChain,
  after,
  type Decision,
  type Eventual,
  effectiveUsers,
  entryChain,
  type RbacAt,
} from './chain/mod.ts';
import { StoreLogicalClusters } from './logical-clusters.ts';
import {
  kcpRbacDefaults,
  kubernetesRbacDefaults,
  RBAC_GROUP,
  RbacAuthorizer,
  type RbacScope,
  StoreRbacReader,
  withFallbackRoles,
} from './rbac/mod.ts';
import { newRequestForbidden, newWorkspaceForbidden } from './refusals.ts';
import type { User } from './user.ts';

declare const authorized: unique symbol;
/** A request that {@link Access.authorize} has let pass. Nothing else makes one: the read and write paths take no other. */
export type Authorized<Request> = Request & {
  readonly [authorized]: true;
  /** The question that was answered, which is asked again when the ground of the answer has moved. */
  readonly question: Question;
  /** What the answer was found in; a write is committed only while it still stands. */
  readonly reliesOn: readonly RbacAt[];
};

/** The rules of a user under the roles of one logical cluster, as `rulesFor` reads them. */
export interface Right {
  readonly user: User;
  readonly cluster: LogicalCluster;
  readonly scope: RbacScope;
}

/** What is asked about a request: the request itself, nearly always. */
export type Question = ResourceAttributes | PathAttributes;

/**
 * Who may do what on a member: kcp's chain of authorizers over the roles and bindings in the store. Asked before
 * anything else happens to a request; answers at once when the RBAC of the logical cluster is known.
 */
export class Access {
  readonly #rbac: RbacAuthorizer;
  readonly #reader: StoreRbacReader;
  readonly #chain: Authorizer;
  readonly #entry: Authorizer;

  constructor(options: {
    readonly store: Store;
    /** Where the object lies that makes a logical cluster exist. */
    readonly logicalClusterKey: (cluster: LogicalCluster) => ObjectKey;
  }) {
    this.#reader = new StoreRbacReader(options.store);
    const defaults = [...kubernetesRbacDefaults().clusterRoles, ...kcpRbacDefaults().clusterRoles];
    this.#rbac = new RbacAuthorizer(withFallbackRoles(this.#reader, defaults));
    const clusters = new StoreLogicalClusters(options);
    const chainOptions = { rbac: this.#rbac, find: (cluster: LogicalCluster) => clusters.find(cluster) };
    this.#chain = accessChain(chainOptions);
    this.#entry = entryChain(chainOptions);
  }

  /** What the chain says of a request; refuses nothing by itself. */
  decide(request: AccessRequest): Eventual<Decision> {
    return this.#chain(request);
  }

  /**
   * Lets a request pass, or throws 403 (rejects with it): in the words of Kubernetes' RBAC authorizer to those who
   * may enter the logical cluster, and to all others in words that do not tell whether there is one. `question` is
   * what is asked where that is not the request.
   */
  authorize<Request extends Question>(
    request: Request,
    question: Question = request,
  ): Eventual<Authorized<Request>> {
    return after(this.#chain(question), (decision) => settled(request, question, decision));
  }

  /**
   * Whose rules count for a user in a scope: each identity that they have there and that may enter, under the roles
   * of the logical cluster and under those that count everywhere.
   */
  async rightsOf(place: {
    readonly user: User;
    readonly cluster: LogicalCluster;
    readonly namespace: string;
  }): Promise<readonly Right[]> {
    const { cluster, namespace } = place;
    const scopes = [
      { cluster, scope: await this.#rbac.scope(cluster, namespace) },
      {
        cluster: SYSTEM_ADMIN_CLUSTER,
        scope: await this.#rbac.scope(SYSTEM_ADMIN_CLUSTER, namespace),
      },
    ];
    const rights: Right[] = [];
    for (const user of effectiveUsers(place.user, cluster)) {
      const entry = await this.#entry({ user, cluster, verb: 'access', path: '/' });
      if (entry.verdict === 'allow') rights.push(...scopes.map((where) => ({ ...where, user })));
    }
    return rights;
  }

  /** Whether what decisions rely on is still so in the durable state. */
  isCurrent(reliesOn: readonly RbacAt[]): boolean {
    return reliesOn.every(({ cluster, revision }) => this.#reader.revision(cluster) === revision);
  }

  close(): void {
    this.#reader.close();
  }
}

/** The parts of the store that decisions are made by: while they change, nothing that relies on them is committed. */
export function groundsOf(reliesOn: readonly RbacAt[]): GroupOfCluster[] {
  return reliesOn.map(({ cluster }) => ({ cluster, group: RBAC_GROUP }));
}

function settled<Request extends Question>(
  request: Request,
  question: Question,
  { verdict, reason, isOutside, reliesOn }: Decision,
): Authorized<Request> {
  if (verdict === 'allow') return { ...request, question, reliesOn } as Authorized<Request>;
  throw isOutside ? newWorkspaceForbidden(question) : newRequestForbidden(question, reason);
}
