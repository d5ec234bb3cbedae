import type { Authorized, User } from '../../src/access/mod.ts';
import { kcpRbacDefaults, SYSTEM_USER } from '../../src/access/mod.ts';
import {
  type Api,
  create,
  parseWriteOptions,
  Query,
  type RequestContext,
  remove,
  type Target,
  type Written,
} from '../../src/api/mod.ts';
import type { LogicalCluster } from '../../src/base/mod.ts';
import { StatusError } from '../../src/machinery/mod.ts';

export const RBAC = 'rbac.authorization.k8s.io';

/** Somebody who has logged in, with further groups. */
export function userOf(name: string, groups: readonly string[] = []): User {
  return { name, uid: '', groups: [...groups, 'system:authenticated'], extra: {} };
}

/** Where an object lies, as a URL says it. */
export interface Place {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** The verbs of one user in one logical cluster, without HTTP. */
export class Caller {
  readonly #api: Api;
  readonly #user: User;
  readonly #cluster: LogicalCluster;

  constructor(api: Api, cluster: string, user: User = SYSTEM_USER) {
    this.#api = api;
    this.#user = user;
    this.#cluster = cluster as LogicalCluster;
  }

  async authorized(verb: string, place: Place): Promise<Authorized<Target>> {
    const { subresource = '', namespace = '', name = '' } = place;
    return this.#api.access.authorize({
      user: this.#user,
      cluster: this.#cluster,
      verb,
      group: place.group,
      version: 'v1',
      resource: place.resource,
      subresource,
      namespace,
      name,
    });
  }

  async create(place: Place, object: object): Promise<Written> {
    return this.createAs(await this.authorized('create', place), object);
  }

  /** The same for a request that has been let pass already. */
  async createAs(target: Authorized<Target>, object: object): Promise<Written> {
    const body = { mediaType: 'application/json', bytes: Buffer.from(JSON.stringify(object)) };
    return create(this.#api, { target, options: writeOptions(), context: contextOf(), body });
  }

  async delete(place: Place): Promise<Written> {
    const target = await this.authorized('delete', place);
    const options = {
      isDryRun: false,
      uid: undefined,
      resourceVersion: undefined,
      propagationPolicy: undefined,
      isLegacyBackground: false,
    };
    return remove(this.#api, { target, options, context: contextOf() });
  }
}

export function writeOptions() {
  return parseWriteOptions(Query.parse(''), { kind: 'CreateOptions', userAgent: 'test' });
}

export function contextOf(): RequestContext {
  return { signal: new AbortController().signal, userAgent: 'test', warn: () => {} };
}

/** A ClusterRole. */
export function clusterRole(name: string, rules: readonly object[]): object {
  return { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: { name }, rules };
}

/** A ClusterRoleBinding of some users. */
export function clusterRoleBinding(name: string, role: string, users: readonly string[]): object {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
    subjects: users.map((user) => ({ apiGroup: RBAC, kind: 'User', name: user })),
  };
}

export const CLUSTER_ROLES = { group: RBAC, resource: 'clusterroles' };
export const CLUSTER_ROLE_BINDINGS = { group: RBAC, resource: 'clusterrolebindings' };

/** The bindings that count everywhere, where the member has not made them by itself. */
export async function ensurePlanetBindings(api: Api): Promise<void> {
  const owner = new Caller(api, 'system:admin');
  for (const binding of kcpRbacDefaults().clusterRoleBindings) {
    try {
      await owner.create(CLUSTER_ROLE_BINDINGS, binding);
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) throw error;
    }
  }
}
