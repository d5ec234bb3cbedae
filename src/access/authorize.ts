import { type LogicalCluster, SYSTEM_ADMIN_CLUSTER } from '../base/mod.ts';
import { type JsonObject, objectAt, textAt } from '../machinery/mod.ts';
import type { GroupOfCluster, ObjectKey, ObjectStore } from '../store/mod.ts';
import { ApiOrigins } from './api-origins.ts';
import type { ClusterQuestion, Question } from './attributes.ts';
import {
  type AccessRequest,
  type ApiOrigin,
  type Authorizer,
  accessChain,
  after,
  allowedBy,
  type Decision,
  type Eventual,
  effectiveUsers,
  entryChain,
  type RbacAt,
  roleChain,
  withGround,
} from './chain/mod.ts';
import { type Door, everywhere, isInOneCluster } from './door.ts';
import {
  type Impersonated,
  type Impersonation,
  impersonatedUser,
  impersonationQuestions,
  impersonationRefusal,
} from './impersonation.ts';
import { StoreLogicalClusters } from './logical-clusters.ts';
import {
  APIS_GROUP,
  kcpRbacDefaults,
  kubernetesRbacDefaults,
  LOGICAL_CLUSTER_GROUP,
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
  /** What else was asked, because the user is somebody else's to be. */
  readonly vouchers: readonly ClusterQuestion[];
  /** What the answer was found in; a write is committed only while it still stands. */
  readonly reliesOn: readonly RbacAt[];
};

/** The rules of a user under the roles of one logical cluster, as `rulesFor` reads them. */
export interface Right {
  readonly user: User;
  readonly cluster: LogicalCluster;
  readonly scope: RbacScope;
}

/** Questions that were answered before a request was judged, and what the answers were found in. */
export interface Vouchers {
  readonly questions: readonly ClusterQuestion[];
  readonly reliesOn: readonly RbacAt[];
}

const NO_VOUCHERS: Vouchers = { questions: [], reliesOn: [] };

/** A request, and the door that it comes by, if it is not the URL of a logical cluster or of all of them. */
export type Asked = Question & {
  readonly view?: Door | undefined;
  /** Who came by the door, where the request goes on as more than them. */
  readonly caller?: User;
};

/**
 * Who may do what on a member: kcp's chain of authorizers over the roles and bindings in the store. Asked before
 * anything else happens to a request; answers at once when the RBAC of the logical cluster is known.
 */
export class Access {
  readonly #rbac: RbacAuthorizer;
  readonly #reader: StoreRbacReader;
  readonly #defaults: ReadonlyMap<string, JsonObject>;
  readonly #chain: Authorizer;
  readonly #entry: Authorizer;
  readonly #roles: Authorizer;

  constructor(options: {
    readonly store: ObjectStore;
    /** Where the object lies that makes a logical cluster exist. */
    readonly logicalClusterKey: (cluster: LogicalCluster) => ObjectKey;
  }) {
    this.#reader = new StoreRbacReader(options.store);
    const defaults = [...kubernetesRbacDefaults().clusterRoles, ...kcpRbacDefaults().clusterRoles];
    this.#defaults = new Map(defaults.map((role) => [textAt(objectAt(role, 'metadata'), 'name'), role]));
    this.#rbac = new RbacAuthorizer(withFallbackRoles(this.#reader, this.#defaults));
    const clusters = new StoreLogicalClusters(options);
    const origins = new ApiOrigins({ ...options, groundOf: (cluster) => this.groundOf(cluster) });
    const chainOptions = {
      rbac: this.#rbac,
      find: (cluster: LogicalCluster) => clusters.find(cluster),
      originOf: origins.find,
    };
    this.#roles = roleChain(chainOptions);
    this.#chain = accessChain(chainOptions);
    this.#entry = entryChain(chainOptions);
  }

  /** What the chain says of a request; refuses nothing by itself. */
  decide(request: AccessRequest & { readonly view?: Door | undefined }): Eventual<Decision> {
    const { view } = request;
    return view === undefined ? this.#chain(request) : this.#decideAtDoor(request, view);
  }

  /**
   * Lets a request pass, or throws 403 (rejects with it): in the words of Kubernetes' RBAC authorizer to those who
   * may enter the logical cluster, and to all others in words that do not tell whether there is one. `question` is
   * what is asked where that is not the request. Who comes by a door has to pass that first, and goes on as whom it
   * makes of them.
   */
  authorize<Request extends Asked>(
    request: Request,
    options: { readonly question?: Question; readonly vouchers?: Vouchers } = {},
  ): Eventual<Authorized<Request>> {
    const { question = request, vouchers = NO_VOUCHERS } = options;
    if (request.view !== undefined) {
      return this.#throughDoor(request, { door: request.view, question, vouchers });
    }
    if (!isInOneCluster(question)) {
      return settled(request, { question, vouchers, decision: everywhere(question) });
    }
    return after(this.#chain(question), (decision) => settled(request, { question, vouchers, decision }));
  }

  async #throughDoor<Request extends Asked>(
    request: Request,
    options: { readonly door: Door; readonly question: Question; readonly vouchers: Vouchers },
  ): Promise<Authorized<Request>> {
    const { door, question, vouchers } = options;
    const answer = await this.#decideAtDoor(question, door);
    const user = isInOneCluster(question) ? door.userOf(question) : question.user;
    return settled({ ...request, user, caller: question.user }, { question, vouchers, decision: answer });
  }

  async #decideAtDoor(question: Question, door: Door): Promise<Decision> {
    const passed: Decision[] = [];
    for (const right of door.questions(question)) {
      const answer = await this.#chain(right);
      if (answer.verdict !== 'allow') return withGround({ ...answer, reason: missingAt(right) }, passed);
      passed.push(answer);
    }
    const admitted = withGround(await door.admit(question), passed);
    // Paths show what the view has. Whether the logical cluster that is named exists they must not tell.
    if (admitted.verdict !== 'allow' || !isInOneCluster(question) || 'path' in question) return admitted;
    return withGround(await this.#chain({ ...question, user: door.userOf(question) }), [admitted]);
  }

  /** The same request under the rights of now; 403 where they do not suffice any more. */
  async authorizeAgain<Request extends Asked>(request: Authorized<Request>): Promise<Authorized<Request>> {
    // What a door relies on is not all in roles.
    if (request.view === undefined && this.isCurrent(request.reliesOn)) return request;
    const { question, vouchers: questions, reliesOn: _, ...plain } = request;
    const vouchers = await this.vouch(questions);
    return this.authorize(plain as unknown as Request, { question, vouchers });
  }

  /** Asks for everything that has to be so before a request is judged; 403 for the first that is not. */
  async vouch(questions: readonly ClusterQuestion[]): Promise<Vouchers> {
    const reliesOn: RbacAt[] = [];
    for (const question of questions) reliesOn.push(...(await this.authorize(question)).reliesOn);
    return { questions, reliesOn };
  }

  /**
   * The user that a request is made as instead of its requester, in one logical cluster; throws 403 where the
   * requester may not.
   */
  async impersonate(
    requester: { readonly user: User; readonly cluster: LogicalCluster },
    wanted: Impersonation,
  ): Promise<Impersonated> {
    const vouchers = await this.vouch(impersonationQuestions(requester, wanted));
    const refusal = impersonationRefusal(requester, wanted);
    if (refusal !== undefined) throw refusal;
    return { user: impersonatedUser(requester.cluster, wanted), vouchers };
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

  /** A ClusterRole that is there in every logical cluster that has none of its name. */
  defaultRole(name: string): JsonObject | undefined {
    return this.#defaults.get(name);
  }

  /** How much the roles and bindings of a logical cluster take: see `grantSizeBytes`. */
  grantBytes(cluster: LogicalCluster): Promise<number> {
    return this.#reader.sizeBytes(cluster);
  }

  /**
   * What the roles beside an export say of a request for its API in another logical cluster: those of consumers, who
   * are known there by a prefix. Asked by views, whose requests the chain takes for judged.
   */
  policyOf(apiExport: Pick<ApiOrigin, 'cluster' | 'name'>, request: AccessRequest): Eventual<Decision> {
    return allowedBy(this.#roles, apiExport, request);
  }

  /**
   * The state of what decides in a logical cluster, as it is now: its roles and bindings, its own record, its exports
   * and the APIs that it is bound to. Whoever remembers something of these remembers it under this.
   */
  groundOf(cluster: LogicalCluster): RbacAt {
    return { cluster, revision: this.#reader.revision(cluster) };
  }

  /** Whether what decisions rely on is still so in the durable state. */
  isCurrent(reliesOn: readonly RbacAt[]): boolean {
    return reliesOn.every(({ cluster, revision }) => this.#reader.revision(cluster) === revision);
  }

  close(): void {
    this.#reader.close();
  }
}

/** What decisions are made by, in the logical cluster that they are about. */
const GROUND_GROUPS: readonly string[] = [RBAC_GROUP, LOGICAL_CLUSTER_GROUP, APIS_GROUP];

/** The parts of the store that decisions are made by: while they change, nothing that relies on them is committed. */
export function groundsOf(reliesOn: readonly RbacAt[]): GroupOfCluster[] {
  return [...new Set(reliesOn.map(({ cluster }) => cluster))].flatMap((cluster) =>
    GROUND_GROUPS.map((group) => ({ cluster, group })),
  );
}

/** Whether whoever writes something changes what decisions are made by, that of the next such write included. */
export function isGround({ group }: { readonly group: string }): boolean {
  return GROUND_GROUPS.includes(group);
}

function missingAt(question: ClusterQuestion): string {
  if ('path' in question) return `missing verb='${question.verb}' permission on ${question.path}`;
  const { resource, subresource, verb } = question;
  return `missing verb='${verb}' permission on ${resource}${subresource === '' ? '' : `/${subresource}`}`;
}

function settled<Request extends Asked>(
  request: Request,
  found: { readonly question: Question; readonly vouchers: Vouchers; readonly decision: Decision },
): Authorized<Request> {
  const { question, vouchers } = found;
  const { verdict, reason, isOutside } = found.decision;
  if (verdict === 'allow') {
    const before = vouchers.reliesOn;
    const reliesOn = before.length === 0 ? found.decision.reliesOn : [...before, ...found.decision.reliesOn];
    // In this order: V8 takes microseconds to add properties to a copy, and a fraction to copy into an object.
    return { question, vouchers: vouchers.questions, reliesOn, ...request } as unknown as Authorized<Request>;
  }
  throw isOutside ? newWorkspaceForbidden(question) : newRequestForbidden(question, reason);
}
