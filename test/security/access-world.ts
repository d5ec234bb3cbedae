import { randomBytes } from 'node:crypto';
import { kubernetesRbacDefaults, rootRbacDefaults } from '../../src/access/mod.ts';
import { StatusError } from '../../src/machinery/mod.ts';
import {
  Caller,
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  clusterRole,
  clusterRoleBinding,
  userOf,
} from '../access/suite.ts';
import { Client, type Reply } from '../http/client.ts';
import { type InProcessServer, startInProcess } from '../support/in-process.ts';
import { type Identity, type Operation, type Where, wallOf, workspaceOf } from './access-model.ts';

const token = (name: string) => `${name}-${randomBytes(16).toString('hex')}`;
const USERS = { 'my owner': 'my-owner', 'my reader': 'my-reader', 'their owner': 'their-owner' } as const;
const BOT = 'system:serviceaccount:default:bot';
const AT_ONCE = 8;

export type Furnished = 'mine' | 'theirs';

/** A member with the two workspaces that the model is about, those who are at home in them, and their canaries. */
export class AccessWorld {
  readonly server: InProcessServer;
  readonly client: Client;
  readonly #tokens: Map<Identity, string>;
  /** What must never be told to who may not read it: of each workspace its own, in names and in values. */
  readonly #canaries = new Map<Where, string>(
    (['mine', 'theirs'] as const).map((workspace) => [workspace, `canary${randomBytes(8).toString('hex')}`]),
  );

  private constructor(server: InProcessServer, tokens: Map<Identity, string>) {
    this.server = server;
    this.client = new Client(server);
    this.#tokens = tokens;
  }

  /** `make` makes the workspaces, and says by which logical clusters. */
  static async start(
    make: (world: AccessWorld) => Promise<Readonly<Record<Furnished, string>>>,
  ): Promise<AccessWorld> {
    const tokens = new Map<Identity, string>([['a wrong token', token('wrong')]]);
    const users: Record<string, ReturnType<typeof userOf>> = {};
    for (const [identity, name] of Object.entries(USERS)) {
      const own = token(name);
      tokens.set(identity as Identity, own);
      users[own] = userOf(name);
    }
    const world = new AccessWorld(await startInProcess({ users }), tokens);
    const clusters = await make(world);
    for (const name of ['root', ...Object.values(clusters)]) {
      await world.#ensure(name, CLUSTER_ROLES, kubernetesRbacDefaults().clusterRoles);
      await world.#ensure(name, CLUSTER_ROLE_BINDINGS, kubernetesRbacDefaults().clusterRoleBindings);
    }
    await world.#ensure('root', CLUSTER_ROLE_BINDINGS, rootRbacDefaults().clusterRoleBindings.slice(-1));
    await world.#furnish('mine', 'my', clusters.mine);
    await world.#furnish('theirs', 'their', clusters.theirs);
    await world.#hangDoors('root', 'nowhere');
    await world.#hangDoors(clusters.mine, world.canaryOf('mine'));
    await world.#hangDoors(clusters.theirs, world.canaryOf('theirs'));
    return world;
  }

  async stop(): Promise<void> {
    this.client.close();
    await this.server.stop();
  }

  tokenOf(identity: Identity): string | undefined {
    return this.#tokens.get(identity);
  }

  canaryOf(workspace: Furnished): string {
    return this.#canaries.get(workspace)!;
  }

  /** Asks for something below the prefix of a workspace. */
  send(identity: Identity, prefix: string, operation: Operation): Promise<Reply> {
    const { method, path, body, type } = operation;
    const own = identity === 'nobody' ? null : this.#tokens.get(identity);
    return this.client.call(prefix + path, {
      method,
      ...(own === undefined ? {} : { token: own }),
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
      headers: type === undefined ? {} : { 'content-type': type },
    });
  }

  /** The canaries of what somebody may not see in a workspace: of all others, and of this one if they were refused. */
  forbiddenWords(identity: Identity, where: Where, status: number): string[] {
    if (identity === 'the administrator') return [];
    // Who may see a door is told where it leads.
    const own = status < 400 ? workspaceOf(identity, where) : status === 501 ? wallOf(where) : undefined;
    return [...this.#canaries].flatMap(([workspace, word]) => (workspace === own ? [] : [word]));
  }

  /** What a member may have made by itself already. */
  async #ensure(cluster: string, place: typeof CLUSTER_ROLES, objects: readonly object[]): Promise<void> {
    const owner = new Caller(this.server.api, cluster);
    for (const object of objects) {
      await owner.create(place, object).catch((error: unknown) => {
        if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) throw error;
      });
    }
  }

  /** Two mounted workspaces, `door` to somewhere with this word in its name, and `shut` to what is not there. */
  async #hangDoors(cluster: string, word: string): Promise<void> {
    const { client } = this;
    const prefix = `/clusters/${cluster}`;
    const group = 'mounts.example.com';
    const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    await client.create(`${prefix}/apis/apiextensions.k8s.io/v1/customresourcedefinitions`, {
      metadata: { name: `doors.${group}` },
      spec: {
        group,
        scope: 'Cluster',
        names: { plural: 'doors', kind: 'Door' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: open } }],
      },
    });
    await client.until(`${prefix}/apis/${group}/v1/doors`, (_, status) => status === 200);
    await client.create(`${prefix}/apis/${group}/v1/doors`, {
      apiVersion: `${group}/v1`,
      kind: 'Door',
      metadata: { name: 'door', annotations: { 'experimental.tenancy.kcp.io/is-mount': 'true' } },
      status: { phase: 'Ready', URL: `https://${word}.example.com/` },
    });
    for (const name of ['door', 'shut']) {
      await client.create(`${prefix}/apis/tenancy.kcp.io/v1alpha1/workspaces`, {
        apiVersion: 'tenancy.kcp.io/v1alpha1',
        kind: 'Workspace',
        metadata: { name },
        spec: { mount: { ref: { apiVersion: `${group}/v1`, kind: 'Door', name } } },
      });
    }
    const asOwner = { method: 'GET', path: '/api', needs: 'ownership', served: 501 } as const;
    const { status, text } = await this.send('the administrator', `${prefix}:door`, asOwner);
    if (status !== 501) throw new Error(`the door does not lead out: ${text}`);
  }

  /** The owner, a reader and a service account of a workspace, and its canaries. */
  async #furnish(name: Furnished, whose: 'my' | 'their', cluster: string): Promise<void> {
    const { client } = this;
    const owner = new Caller(this.server.api, cluster);
    const reader = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch'] }];
    await owner.create(CLUSTER_ROLES, clusterRole('reader', reader));
    const readers = clusterRoleBinding('readers', 'reader', [`${whose}-reader`, BOT]);
    await owner.create(CLUSTER_ROLE_BINDINGS, readers);
    const owners = clusterRoleBinding('owners', 'cluster-admin', [`${whose}-owner`]);
    await owner.create(CLUSTER_ROLE_BINDINGS, owners);
    const entry = clusterRoleBinding('entry', 'system:kcp:workspace:access', [`${whose}-reader`]);
    await owner.create(CLUSTER_ROLE_BINDINGS, entry);
    const canary = this.canaryOf(name);
    const prefix = `/clusters/${cluster}`;
    const accounts = `${prefix}/api/v1/namespaces/default/serviceaccounts`;
    await client.create(accounts, { metadata: { name: 'bot' } });
    const issued = await client.create(`${accounts}/bot/token`, { spec: {} });
    const { token: own } = issued['status'] as { readonly token: string };
    this.#tokens.set(`${whose} service account`, own);
    await client.create(`${prefix}/api/v1/namespaces`, { metadata: { name: canary } });
    const object = { metadata: { name: 'canary', labels: { canary } }, data: { text: canary } };
    await client.create(`${prefix}/api/v1/namespaces/default/configmaps`, object);
    const secret = { metadata: { name: 'canary', labels: { canary } }, stringData: { text: canary } };
    await client.create(`${prefix}/api/v1/namespaces/default/secrets`, secret);
    await client.create(`${prefix}/apis/apiextensions.k8s.io/v1/customresourcedefinitions`, {
      metadata: { name: `birds.${canary}.example.com` },
      spec: {
        group: `${canary}.example.com`,
        scope: 'Cluster',
        names: { plural: 'birds', kind: 'Bird' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', description: canary } },
          },
        ],
      },
    });
  }
}

/** Without what differs from one request to the next. */
export function shown({ status, headers, text }: Reply): string {
  const { date: _, 'audit-id': __, ...rest } = headers;
  return JSON.stringify([status, rest, text]);
}

/** An operation as one reads it in a failure. */
export const textOf = (operation: Operation): string =>
  `${operation.method} ${operation.path} ${operation.body ?? ''}`;

/** Asks many questions, a few at a time. */
export async function inBatches<Item>(
  items: readonly Item[],
  run: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of rest) await run(item);
    }),
  );
}
