import { afterAll, beforeAll, expect } from 'vitest';
import type { User } from '../../src/access/mod.ts';
import { Fixture } from '../conformance/suite.ts';
import type { Call, KubeObject, Reply, Status } from '../http/client.ts';
import type { InProcessOptions } from '../support/in-process.ts';

export const TENANCY = '/apis/tenancy.kcp.io/v1alpha1';
export const CORE = '/apis/core.kcp.io/v1alpha1';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';

/** A Workspace as clients see it. */
export interface Workspace extends KubeObject {
  readonly spec: { readonly cluster?: string; readonly URL?: string; readonly type?: TypeReference };
  readonly status: {
    readonly phase: string;
    readonly initializers?: readonly string[];
    readonly conditions?: readonly Condition[];
  };
}

export interface TypeReference {
  readonly name: string;
  readonly path?: string;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly severity?: string;
}

const USERS = ['alice', 'bob'] as const;
export type UserName = (typeof USERS)[number];

/** A member with the standard types and two ordinary users, who may create workspaces in the root. */
export class Tree extends Fixture {
  protected override get options(): InProcessOptions {
    return { users: Object.fromEntries(USERS.map((name) => [tokenOf(name), userOf(name)])) };
  }

  override async start(): Promise<void> {
    await super.start();
    await this.ensureType('root', 'universal', {});
    await this.grant('root', 'tenants', [
      { apiGroups: ['tenancy.kcp.io'], resources: ['workspaces'], verbs: ['*'] },
      { apiGroups: ['tenancy.kcp.io'], resources: ['workspacetypes'], verbs: ['use', 'get', 'list'] },
      { nonResourceURLs: ['/'], verbs: ['access'] },
    ]);
  }

  /** Lets alice and bob do something in a workspace. */
  async grant(path: string, name: string, rules: readonly object[], users: readonly string[] = USERS) {
    const metadata = { name };
    await this.client.create(`/clusters/${path}${RBAC}/clusterroles`, { metadata, rules });
    await this.client.create(`/clusters/${path}${RBAC}/clusterrolebindings`, {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: users.map((user) => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user })),
    });
  }

  /** A request as an ordinary user. */
  as(user: UserName, path: string, call: Call = {}): Promise<Reply> {
    return this.client.call(path, { ...call, token: tokenOf(user) });
  }

  /** Creates a workspace as somebody; without a name, as the administrator. */
  async workspace(
    parent: string,
    name: string,
    options: { readonly as?: UserName; readonly spec?: object; readonly metadata?: object } = {},
  ): Promise<Workspace> {
    const reply = await this.tryWorkspace(parent, name, options);
    expect([reply.status, reply.text, this.server.errors]).toEqual([201, reply.text, []]);
    return JSON.parse(reply.text);
  }

  async tryWorkspace(
    parent: string,
    name: string,
    {
      as,
      spec = {},
      metadata = {},
    }: { readonly as?: UserName; readonly spec?: object; readonly metadata?: object },
  ): Promise<Reply> {
    const body = {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'Workspace',
      metadata: { name, ...metadata },
      spec,
    };
    const path = `/clusters/${parent}${TENANCY}/workspaces`;
    return as === undefined
      ? this.client.call(path, { method: 'POST', body })
      : this.as(as, path, { method: 'POST', body });
  }

  /** One of the standard types, which the member may have from its founding. */
  async ensureType(parent: string, name: string, spec: object): Promise<void> {
    const { status } = await this.client.call(`/clusters/${parent}${TENANCY}/workspacetypes/${name}`);
    if (status === 404) await this.type(parent, name, spec);
  }

  /** Creates a WorkspaceType. */
  async type(parent: string, name: string, spec: object): Promise<KubeObject> {
    const body = {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'WorkspaceType',
      metadata: { name, annotations: { 'kcp.io/path': parent } },
      spec,
    };
    return this.client.create(`/clusters/${parent}${TENANCY}/workspacetypes`, body);
  }
}

/** Parses the Status of a refusal. */
export function refusal(reply: Reply): Pick<Status, 'code' | 'message' | 'reason'> {
  const { code, message, reason } = JSON.parse(reply.text) as Status;
  return { code, message, reason };
}

function tokenOf(user: UserName): string {
  return `token-of-${user}`;
}

function userOf(name: UserName): User {
  return { name, uid: `uid-of-${name}`, groups: ['system:authenticated', `team-${name}`], extra: {} };
}

export function useTree(): Tree {
  const tree = new Tree();
  beforeAll(() => tree.start());
  afterAll(() => tree.stop());
  return tree;
}
