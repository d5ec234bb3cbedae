import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kubernetesRbacDefaults, rootRbacDefaults, type User } from '../../src/access/mod.ts';
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
import {
  IDENTITIES,
  type Identity,
  OPERATIONS,
  type Operation,
  PLACES,
  statusOf,
  type Where,
  workspaceOf,
} from './access-model.ts';

const token = (name: string) => `${name}-${randomBytes(16).toString('hex')}`;
const TOKENS: Readonly<Partial<Record<Identity, string>>> = {
  'a wrong token': token('wrong'),
  'my owner': token('owner'),
  'my reader': token('reader'),
  'their owner': token('stranger'),
  'my service account': token('account'),
  'their service account': token('alien'),
};
const USERS: Readonly<Partial<Record<Identity, User>>> = {
  'my owner': userOf('my-owner'),
  'my reader': userOf('my-reader'),
  'their owner': userOf('their-owner'),
  'my service account': serviceAccountOf('mine'),
  'their service account': serviceAccountOf('theirs'),
};
/** What must never be told to who may not read it: of each workspace its own, in names and in values. */
const CANARIES = new Map<string, string>(
  ['mine', 'theirs'].map((workspace) => [workspace, `canary${randomBytes(8).toString('hex')}`]),
);
const AT_ONCE = 8;

/** As tokens of service accounts are read: of the same name in both workspaces. */
function serviceAccountOf(cluster: string): User {
  return {
    name: 'system:serviceaccount:default:bot',
    uid: '',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
    extra: { 'authentication.kcp.io/cluster-name': [cluster] },
  };
}

let server: InProcessServer;
let client: Client;
beforeAll(async () => {
  const users = Object.fromEntries(
    IDENTITIES.flatMap((identity) =>
      USERS[identity] === undefined ? [] : [[TOKENS[identity]!, USERS[identity]]],
    ),
  );
  server = await startInProcess({ users });
  client = new Client(server);
  for (const name of ['mine', 'theirs']) await server.createCluster(name);
  for (const name of ['root', 'mine', 'theirs']) {
    await ensure(name, CLUSTER_ROLES, kubernetesRbacDefaults().clusterRoles);
    await ensure(name, CLUSTER_ROLE_BINDINGS, kubernetesRbacDefaults().clusterRoleBindings);
  }
  await ensure('root', CLUSTER_ROLE_BINDINGS, rootRbacDefaults().clusterRoleBindings.slice(-1));
  for (const [name, whose] of [
    ['mine', 'my'],
    ['theirs', 'their'],
  ] as const)
    await furnish(name, whose);
}, 60_000);
afterAll(async () => {
  client.close();
  await server.stop();
});

/** What a member may have made by itself already. */
async function ensure(
  cluster: string,
  place: typeof CLUSTER_ROLES,
  objects: readonly object[],
): Promise<void> {
  const owner = new Caller(server.api, cluster);
  for (const object of objects) {
    await owner.create(place, object).catch((error: unknown) => {
      if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) throw error;
    });
  }
}

/** The owner, a reader and a service account of a workspace, and its canaries. */
async function furnish(name: string, whose: 'my' | 'their'): Promise<void> {
  const owner = new Caller(server.api, name);
  const reader = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch'] }];
  await owner.create(CLUSTER_ROLES, clusterRole('reader', reader));
  const bot = 'system:serviceaccount:default:bot';
  const readers = clusterRoleBinding('readers', 'reader', [`${whose}-reader`, bot]);
  await owner.create(CLUSTER_ROLE_BINDINGS, readers);
  await owner.create(
    CLUSTER_ROLE_BINDINGS,
    clusterRoleBinding('owners', 'cluster-admin', [`${whose}-owner`]),
  );
  const entry = clusterRoleBinding('entry', 'system:kcp:workspace:access', [`${whose}-reader`]);
  await owner.create(CLUSTER_ROLE_BINDINGS, entry);
  const canary = CANARIES.get(name)!;
  const prefix = `/clusters/${name}`;
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

function prefixOf(where: Where): string {
  if (where === 'bare') return '';
  return where === 'impossible' ? '/clusters/No%2e%2eSuch' : `/clusters/${where}`;
}

function send(identity: Identity, where: Where, operation: Operation): Promise<Reply> {
  const { method, path, body, type } = operation;
  const own = identity === 'nobody' ? null : TOKENS[identity];
  return client.call(prefixOf(where) + path, {
    method,
    ...(own === undefined ? {} : { token: own }),
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
    headers: type === undefined ? {} : { 'content-type': type },
  });
}

/** The canaries of what somebody may not see in a workspace: of all others, and of this one if they were refused. */
function forbiddenWords(identity: Identity, where: Where, status: number): string[] {
  if (identity === 'the administrator') return [];
  const own = status < 400 ? workspaceOf(identity, where) : undefined;
  return [...CANARIES].flatMap(([workspace, word]) => (workspace === own ? [] : [word]));
}

/** Without what differs from one request to the next. */
function shown({ status, headers, text }: Reply): string {
  const { date: _, 'audit-id': __, ...rest } = headers;
  return JSON.stringify([status, rest, text]);
}

const where = (operation: Operation) => `${operation.method} ${operation.path} ${operation.body ?? ''}`;

async function inBatches<Item>(items: readonly Item[], run: (item: Item) => Promise<void>): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of rest) await run(item);
    }),
  );
}

describe.each(IDENTITIES)('%s', (identity) => {
  test('is answered as the model says, and hears of nothing that is not theirs', {
    timeout: 120_000,
  }, async () => {
    const wrong: string[] = [];
    const leaks: string[] = [];
    const questions = PLACES.flatMap((place) => OPERATIONS.map((operation) => ({ place, operation })));
    await inBatches(questions, async ({ place, operation }) => {
      const reply = await send(identity, place, operation);
      const expected = expectedStatus(identity, place, operation);
      if (reply.status !== expected) {
        wrong.push(
          `${place} ${where(operation)}: ${reply.status}, not ${expected}: ${reply.text.slice(0, 200)}`,
        );
      }
      const all = shown(reply);
      for (const word of forbiddenWords(identity, place, reply.status)) {
        if (all.includes(word)) leaks.push(`${place} ${where(operation)}`);
      }
    });
    expect(wrong).toEqual([]);
    expect(leaks).toEqual([]);
    expect(server.errors).toEqual([]);
  });

  test('cannot tell a workspace that is closed to them from one that does not exist', {
    timeout: 60_000,
  }, async () => {
    if (identity === 'the administrator') return;
    const differences: string[] = [];
    await inBatches(OPERATIONS, async (operation) => {
      const closed = (['mine', 'theirs', 'system:admin'] as const).filter(
        (place) => statusOf(identity, place, { ...operation, needs: minimalNeed(operation) }) === 403,
      );
      const missing = shown(await send(identity, 'missing', operation));
      for (const place of closed) {
        if (shown(await send(identity, place, operation)) !== missing) {
          differences.push(`${place} ${where(operation)}`);
        }
      }
    });
    expect(differences).toEqual([]);
  });
});

/** The least that anybody has who may enter: who lacks it may not. */
function minimalNeed({ needs }: Operation): Operation['needs'] {
  return needs === 'health' ? 'health' : 'public info';
}

/** Only `mine` and `theirs` have the objects that the table is about. */
function expectedStatus(identity: Identity, place: Where, operation: Operation): number {
  const status = statusOf(identity, place, operation);
  const workspace = workspaceOf(identity, place);
  const hasCanaries = workspace === 'mine' || workspace === 'theirs';
  const isAboutCanary = operation.path.includes('/canary') && [200, 415].includes(status);
  if (!hasCanaries && isAboutCanary && status === 200) return 404;
  if (!hasCanaries && status === 409) return 201;
  return status;
}

test('nothing is answered without credentials but the list', { timeout: 60_000 }, async () => {
  const open = [
    '/healthz',
    '/livez',
    '/readyz',
    '/version',
    ...PLACES.filter((place) => place !== 'bare' && place !== 'impossible').flatMap((place) =>
      ['/healthz', '/livez', '/readyz'].map((path) => prefixOf(place) + path),
    ),
  ];
  const answered: string[] = [];
  const questions = PLACES.flatMap((place) => OPERATIONS.map((operation) => ({ place, operation })));
  await inBatches(questions, async ({ place, operation }) => {
    const { status } = await send('nobody', place, operation);
    const url = prefixOf(place) + operation.path;
    // To ask for health in a way that there is not is answered with that.
    if (![401, 403].includes(status) && operation.method === 'GET') answered.push(url);
  });
  expect([...new Set(answered)].sort()).toEqual(open.sort());
});

test('a watch tells of its own workspace alone', async () => {
  const path = '/clusters/mine/api/v1/configmaps?watch=1&timeoutSeconds=2';
  const watching = client.call(path, { token: TOKENS['my reader']! });
  const word = randomBytes(8).toString('hex');
  await client.create('/clusters/theirs/api/v1/namespaces/default/configmaps', {
    metadata: { name: `x${word}` },
  });
  await client.create('/clusters/mine/api/v1/namespaces/default/configmaps', {
    metadata: { name: `own${word}` },
  });
  const { status, text } = await watching;
  expect(status).toBe(200);
  expect(text).toContain(`own${word}`);
  expect(text).not.toContain(`x${word}`);
  expect(text).not.toContain(CANARIES.get('theirs')!);
});
