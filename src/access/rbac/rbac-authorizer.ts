import { BoundedCache, type LogicalCluster, limits, type Revision, WeightedCache } from '../../base/mod.ts';
import type { User } from '../user.ts';
import {
  Policy,
  PolicyTooLarge,
  problemText,
  type RbacState,
  type RoleProblem,
  rulesSizeBytes,
} from './policy.ts';
import type { PolicyRule } from './policy-rule.ts';
import { RuleIndex } from './rule-index.ts';
import { aggregateText } from './rule-text.ts';

/**
 * Where the roles and bindings of logical clusters come from. The authorizer remembers what it has read under
 * the revision that it was told, so a revision must change with every change of what `read` would return.
 */
export interface RbacReader {
  /**
   * Asked with every request: has to be cheap, and not older than what the caller has seen acknowledged. Changes also
   * with the record of the logical cluster, which says whom it lets in.
   */
  revision(cluster: LogicalCluster): Revision;
  /** One consistent state, and its revision. @throws PolicyTooLarge when it is too much to read. */
  read(
    cluster: LogicalCluster,
    namespace: string,
  ): Promise<{ readonly revision: Revision; readonly state: RbacState }>;
}

/** What somebody wants to do in a logical cluster: on a resource, or on a path. */
export type RbacRequest = {
  readonly user: User;
  readonly cluster: LogicalCluster;
  readonly verb: string;
} & (
  | {
      readonly group: string;
      readonly resource: string;
      readonly subresource: string;
      readonly namespace: string;
      readonly name: string;
    }
  | { readonly path: string }
);

export interface RbacDecision {
  /** RBAC never denies: where it does not allow, somebody else may. */
  readonly isAllowed: boolean;
  /** In upstream's words; may be empty when nothing is allowed. */
  readonly reason: string;
  /** The state that this relies on: a write names it in its preconditions. */
  readonly revision: Revision;
}

/** What RBAC says in one scope at one revision. */
export interface RbacScope {
  readonly revision: Revision;
  /** Undefined when there is too much of it. */
  readonly policy: Policy | undefined;
}

/** The rules of users who match the same subjects of a policy, compiled. */
interface View {
  readonly index: RuleIndex;
  /** The grant of each rule. */
  readonly grants: readonly number[];
  readonly problems: readonly RoleProblem[];
  /** What is said where nothing is allowed. */
  readonly refusal: string;
  /** Why a grant applies, by grant, once that was said: the same for all who match the same subjects. */
  readonly reasons: Map<number, string>;
  readonly sizeBytes: number;
}

const NAMESPACE_LENGTH_MAX = 63;
/** Of each set of subjects; nearly all of what somebody does is allowed by a few bindings. */
const REASONS_MAX = 16;
/** What an entry of a cache costs besides what it holds. */
const ENTRY_BYTES = 1_000;

/**
 * RBAC over the roles and bindings that a reader returns. What is compiled is cached by content, in bounded
 * caches that all logical clusters share; of a logical cluster itself only a hash is remembered, and that for
 * the most recently used ones.
 */
export class RbacAuthorizer {
  readonly #reader: RbacReader;
  readonly #scopes = new BoundedCache<string, { readonly revision: Revision; readonly digest: string }>(
    limits.rbacScopesCachedMax,
  );
  readonly #policies = cacheOf<Policy>((policy) => policy.sizeBytes);
  readonly #rules = cacheOf<readonly PolicyRule[]>(rulesSizeBytes);
  readonly #views = cacheOf<View>((view) => view.sizeBytes);
  /** As many as there are requests that wait for them. */
  readonly #readings = new Map<string, Promise<RbacScope>>();

  constructor(reader: RbacReader) {
    this.#reader = reader;
  }

  /** At once where the scope is known, which costs some microseconds. */
  authorize(request: RbacRequest): RbacDecision | Promise<RbacDecision> {
    const namespace = 'path' in request ? '' : possibleNamespace(request.namespace);
    const known = this.#known(request.cluster, namespace);
    if (known !== undefined) return decide(known, request, this.#views);
    return this.#read(request.cluster, namespace).then((scope) => decide(scope, request, this.#views));
  }

  /** Changes with everything that decides about access to a logical cluster, its own record included. */
  revision(cluster: LogicalCluster): Revision {
    return this.#reader.revision(cluster);
  }

  /** What RBAC says in a scope now, for reviews and checks of escalation. */
  async scope(cluster: LogicalCluster, namespace: string): Promise<RbacScope> {
    const possible = possibleNamespace(namespace);
    return this.#known(cluster, possible) ?? this.#read(cluster, possible);
  }

  #known(cluster: LogicalCluster, namespace: string): RbacScope | undefined {
    const scope = this.#scopes.get(scopeKey(cluster, namespace));
    if (scope === undefined) return undefined;
    const revision = this.#reader.revision(cluster);
    if (scope.revision !== revision) return undefined;
    const policy = this.#policies.get(scope.digest);
    return policy === undefined ? undefined : { revision, policy };
  }

  // Requests that come while a state is being read share the reading, unless they have to see a newer one.
  #read(cluster: LogicalCluster, namespace: string): Promise<RbacScope> {
    const revision = this.#reader.revision(cluster);
    const key = `${revision}/${scopeKey(cluster, namespace)}`;
    const reading = this.#readings.get(key);
    if (reading !== undefined) return reading;
    const started = this.#readAnew({ cluster, namespace, revision }).finally(() =>
      this.#readings.delete(key),
    );
    this.#readings.set(key, started);
    return started;
  }

  async #readAnew(scope: {
    readonly cluster: LogicalCluster;
    readonly namespace: string;
    readonly revision: Revision;
  }): Promise<RbacScope> {
    const { cluster, namespace } = scope;
    try {
      const { revision, state } = await this.#reader.read(cluster, namespace);
      const fresh = new Policy(state, (digest, rules) => this.#rules.getOrCompute(digest, () => rules));
      const policy = this.#policies.getOrCompute(fresh.digest, () => fresh);
      this.#scopes.set(scopeKey(cluster, namespace), { revision, digest: fresh.digest });
      return { revision, policy };
    } catch (error) {
      if (!(error instanceof PolicyTooLarge)) throw error;
      return { revision: scope.revision, policy: undefined };
    }
  }
}

/** The rules that a user has in a scope, and the problems met on the way, as upstream's RulesFor. */
export function rulesFor(
  scope: RbacScope,
  user: User,
): { readonly rules: readonly PolicyRule[]; readonly problems: readonly RoleProblem[] } {
  if (scope.policy === undefined) return { rules: [], problems: ['too-large'] };
  const { rules, problems } = scope.policy.held(scope.policy.matchedSubjects(user));
  return { rules: rules.map(({ rule }) => rule), problems };
}

function decide(scope: RbacScope, request: RbacRequest, views: WeightedCache<View>): RbacDecision {
  const { policy, revision } = scope;
  if (policy === undefined) return { isAllowed: false, reason: reasonOf(['too-large']), revision };
  const view = viewOf(policy, request.user, views);
  const { index, grants, refusal } = view;
  const position = 'path' in request ? index.findPath(request) : index.findResource(request);
  if (position < 0) return { isAllowed: false, reason: refusal, revision };
  return { isAllowed: true, reason: reasonFor(view, grants[position]!, policy, request.user), revision };
}

function reasonFor({ reasons }: View, grant: number, policy: Policy, user: User): string {
  let reason = reasons.get(grant);
  if (reason === undefined) {
    reason = policy.reason(grant, user);
    if (reasons.size < REASONS_MAX) reasons.set(grant, reason);
  }
  return reason;
}

function reasonOf(problems: readonly RoleProblem[]): string {
  if (problems.length === 0) return '';
  return `RBAC: ${aggregateText(problems.map((problem) => problemText(problem)))}`;
}

function viewOf(policy: Policy, user: User, views: WeightedCache<View>): View {
  const key = policy.subjectsKey(user);
  return views.getOrCompute(key, () => {
    const { rules, problems } = policy.held(policy.matchedSubjects(user));
    const index = new RuleIndex(rules.map(({ rule }) => rule));
    const sizeBytes = index.sizeBytes + key.length;
    const grants = rules.map(({ grant }) => grant);
    return { index, grants, problems, refusal: reasonOf(problems), reasons: new Map(), sizeBytes };
  });
}

function cacheOf<Value>(weigh: (value: Value) => number): WeightedCache<Value> {
  // Also what is empty takes room.
  const weightMax = limits.rbacCacheBytesMax;
  return new WeightedCache({ weightMax, weigh: (value) => ENTRY_BYTES + weigh(value) });
}

// The name of a logical cluster holds no slash.
function scopeKey(cluster: LogicalCluster, namespace: string): string {
  return `${cluster}/${namespace}`;
}

// Reviews ask about any text. Nothing lies in a namespace that cannot be: what is cluster-wide decides alone.
function possibleNamespace(namespace: string): string {
  return namespace.length > NAMESPACE_LENGTH_MAX ? '' : namespace;
}
