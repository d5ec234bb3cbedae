import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { User } from '../../src/access/mod.ts';
import { clusterRole, clusterRoleBinding, userOf } from '../access/suite.ts';
import { CRDS, crdOf } from '../conformance/suite.ts';
import { APIS, bindingOf, exportOf, SCHEMAS, schemaOf, WIDGETS } from '../exports/suite.ts';
import { Client, type KubeObject, type Reply } from '../http/client.ts';
import { type InProcessServer, startInProcess } from '../support/in-process.ts';
import { inBatches, shown } from './access-world.ts';

/*
 * Who may do what by the views of an APIExport: a model that shares nothing with the server. `prov` offers widgets and
 * claims config maps (to be read). `cons` has bound them and accepted the claim, `wary` has bound them and rejected it.
 * `outs` has a kind of that name of its own, `rival` offers another one, which `loyal` has bound.
 */
const RBAC = 'apis/rbac.authorization.k8s.io/v1';
const CLUSTERS = ['prov', 'cons', 'wary', 'outs', 'rival', 'loyal'] as const;
type Cluster = (typeof CLUSTERS)[number];
type Target = Cluster | 'missing' | 'root' | 'system:admin' | 'system:bound-crds' | '*';
const TARGETS: readonly Target[] = [...CLUSTERS, 'missing', 'root', 'system:admin', 'system:bound-crds', '*'];

type Identity =
  | 'nobody'
  | 'a wrong token'
  | 'the provider'
  | 'a reader of content'
  | 'a reader of another export'
  | 'the owner of the rival'
  | 'the owner of a consumer'
  | 'a stranger';
const NAMES: Readonly<Partial<Record<Identity, string>>> = {
  'the provider': 'provider',
  'a reader of content': 'reader',
  'a reader of another export': 'other-reader',
  'the owner of the rival': 'rival-owner',
  'the owner of a consumer': 'consumer-owner',
  'a stranger': 'stranger',
};
const IDENTITIES: readonly Identity[] = ['nobody', 'a wrong token', ...(Object.keys(NAMES) as Identity[])];

interface Operation {
  readonly verb: 'get' | 'list' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';
  readonly method: string;
  readonly path: string;
  readonly kind: 'widgets' | 'configmaps' | 'apibindings' | 'unclaimed' | 'path';
  readonly body?: unknown;
  readonly type?: string;
  readonly served: number;
}

const DEFAULT = 'namespaces/default';
const dry = (path: string): string => `${path}?dryRun=All`;
/** Custom resources are not updated without a resourceVersion: it is said by who looks at the object. */
const NO_REVISION = 422;
const MERGE = 'application/merge-patch+json';

/** What is asked of one kind: the object is `seen` where it is served at all. */
function verbsOf(
  base: string,
  kind: Operation['kind'],
  all: string,
  object: Readonly<Record<string, unknown>>,
): Operation[] {
  const named = (name: string) => ({ ...object, metadata: { name } });
  return [
    { verb: 'list', method: 'GET', path: `${base}/${all}`, kind, served: 200 },
    { verb: 'get', method: 'GET', path: `${base}/${DEFAULT}/${all}/seen`, kind, served: 200 },
    {
      verb: 'create',
      method: 'POST',
      path: dry(`${base}/${DEFAULT}/${all}`),
      kind,
      body: named('new'),
      served: 201,
    },
    {
      verb: 'update',
      method: 'PUT',
      path: dry(`${base}/${DEFAULT}/${all}/seen`),
      kind,
      body: named('seen'),
      served: kind === 'widgets' ? NO_REVISION : 200,
    },
    {
      verb: 'patch',
      method: 'PATCH',
      path: dry(`${base}/${DEFAULT}/${all}/seen`),
      kind,
      body: { metadata: { annotations: { a: 'b' } } },
      type: MERGE,
      served: 200,
    },
    { verb: 'delete', method: 'DELETE', path: dry(`${base}/${DEFAULT}/${all}/seen`), kind, served: 200 },
    { verb: 'deletecollection', method: 'DELETE', path: dry(`${base}/${DEFAULT}/${all}`), kind, served: 200 },
  ];
}

const WIDGET = { apiVersion: 'example.com/v1', kind: 'Widget' };
const OPERATIONS: readonly Operation[] = [
  ...verbsOf('/apis/example.com/v1', 'widgets', 'widgets', WIDGET),
  ...verbsOf('/api/v1', 'configmaps', 'configmaps', {}),
  ...verbsOf('/api/v1', 'unclaimed', 'secrets', {}),
  { verb: 'list', method: 'GET', path: `/${APIS}/apibindings`, kind: 'apibindings', served: 200 },
  {
    verb: 'create',
    method: 'POST',
    path: dry(`/${APIS}/apibindings`),
    kind: 'apibindings',
    body: bindingOf('more', { path: 'rival', name: 'widgets' }),
    served: 201,
  },
  {
    verb: 'delete',
    method: 'DELETE',
    path: dry(`/${APIS}/apibindings/widgets`),
    kind: 'apibindings',
    served: 200,
  },
  { verb: 'list', method: 'GET', path: `/${RBAC}/clusterrolebindings`, kind: 'unclaimed', served: 200 },
  { verb: 'list', method: 'GET', path: `/${APIS}/apiexports`, kind: 'unclaimed', served: 200 },
  { verb: 'list', method: 'GET', path: `/${SCHEMAS}`, kind: 'unclaimed', served: 200 },
  {
    verb: 'list',
    method: 'GET',
    path: '/apis/core.kcp.io/v1alpha1/logicalclusters',
    kind: 'unclaimed',
    served: 200,
  },
  { verb: 'get', method: 'GET', path: '/apis', kind: 'path', served: 200 },
  { verb: 'get', method: 'GET', path: '/apis/example.com/v1', kind: 'path', served: 200 },
  { verb: 'get', method: 'GET', path: '/openapi/v3', kind: 'path', served: 200 },
];

const READ: readonly Operation['verb'][] = ['get', 'list'];

/** The statuses that an answer may have. */
function statusesOf(identity: Identity, target: Target, operation: Operation): readonly number[] {
  const { kind, verb, served } = operation;
  if (identity === 'a wrong token') return [401];
  const mayAsk =
    identity === 'the provider' ||
    (identity === 'a reader of content' && (kind === 'path' || READ.includes(verb)));
  if (!mayAsk) return [403];
  // What the export has, and no more of the logical cluster than of any other.
  if (kind === 'path') return [served];
  if (target === '*') {
    if (verb !== 'list') return [403, 404, 405];
    return kind === 'unclaimed' ? [403, 404] : [served];
  }
  if (target !== 'cons' && target !== 'wary') return [403];
  switch (kind) {
    case 'widgets':
      return [served];
    case 'configmaps':
      return target === 'cons' && READ.includes(verb) ? [served] : [403];
    case 'apibindings':
      return READ.includes(verb) ? [served] : [403];
    case 'unclaimed':
      return [403];
  }
}

const VIEW = '/services/apiexport/prov/widgets/clusters';
const token = (identity: Identity): string | null => {
  if (identity === 'nobody') return null;
  return identity === 'a wrong token' ? 'wrong' : `token-of-${NAMES[identity]}`;
};

/** What only the owners of each place may know. Of consumers, what their provider sees is not among it. */
const canaries = new Map<string, string>(
  ['outs', 'loyal', 'wary', 'cons'].map((name) => [name, `canary${randomBytes(8).toString('hex')}`]),
);

let server: InProcessServer;
let client: Client;
beforeAll(async () => {
  const users: Record<string, User> = {};
  for (const identity of IDENTITIES) {
    const name = NAMES[identity];
    if (name !== undefined) users[`token-of-${name}`] = userOf(name);
  }
  server = await startInProcess({ users });
  client = new Client(server);
  for (const name of CLUSTERS) await server.createCluster(name);
  const grant = async (cluster: Cluster, name: string, role: string, user: string): Promise<void> => {
    const body = clusterRoleBinding(name, role, [user]);
    await client.create(`/clusters/${cluster}/${RBAC}/clusterrolebindings`, body);
  };
  await grant('prov', 'owner', 'cluster-admin', 'provider');
  await grant('rival', 'owner', 'cluster-admin', 'rival-owner');
  await grant('cons', 'owner', 'cluster-admin', 'consumer-owner');
  for (const [user, resourceName] of [
    ['reader', 'widgets'],
    ['other-reader', 'others'],
  ] as const) {
    const rules = [
      {
        apiGroups: ['apis.kcp.io'],
        resources: ['apiexports/content'],
        resourceNames: [resourceName],
        verbs: ['get', 'list', 'watch', 'access'],
      },
    ];
    await client.create(`/clusters/prov/${RBAC}/clusterroles`, clusterRole(user, rules));
    await grant('prov', user, user, user);
    await grant('prov', `${user}-entry`, 'system:kcp:workspace:access', user);
  }
  const claim = { group: '', resource: 'configmaps', verbs: ['get', 'list', 'watch'] };
  for (const [cluster, claims] of [
    ['prov', [claim]],
    ['rival', []],
  ] as const) {
    await client.create(`/clusters/${cluster}/${SCHEMAS}`, schemaOf(WIDGETS));
    const offered = exportOf('widgets', [WIDGETS]);
    const spec = { ...(offered['spec'] as object), permissionClaims: claims };
    await client.create(`/clusters/${cluster}/${APIS}/apiexports`, { ...offered, spec });
  }
  for (const [cluster, path, state] of [
    ['cons', 'prov', 'Accepted'],
    ['wary', 'prov', 'Rejected'],
    ['loyal', 'rival', undefined],
  ] as const) {
    const binding = bindingOf('widgets', { path, name: 'widgets' });
    const permissionClaims = state === undefined ? [] : [{ ...claim, state, selector: { matchAll: true } }];
    await client.create(`/clusters/${cluster}/${APIS}/apibindings`, {
      ...binding,
      spec: { ...(binding['spec'] as object), permissionClaims },
    });
  }
  await client.create(
    `/clusters/outs${CRDS}`,
    crdOf({ group: 'example.com', plural: 'widgets', kind: 'Widget' }),
  );
  await client.until('/clusters/outs/apis/example.com/v1/widgets', (_list, status) => status === 200);
  for (const cluster of ['outs', 'loyal', 'cons', 'wary'] as const) await furnish(cluster);
  // Objects are seen by a claim once they have its label.
  const seen = `${VIEW}/cons/api/v1/${DEFAULT}/configmaps/seen`;
  await client.until(seen, (_object, status) => status === 200);
}, 60_000);
afterAll(async () => {
  client.close();
  await server.stop();
});
afterEach(() => expect(server.errors).toEqual([]));

/** Objects of each kind, with the canary in all that the provider must not see. */
async function furnish(cluster: Cluster): Promise<void> {
  const canary = canaries.get(cluster)!;
  const prefix = `/clusters/${cluster}`;
  const isConsumer = cluster === 'cons' || cluster === 'wary';
  const widget = { ...WIDGET, metadata: { name: 'seen' }, spec: { text: isConsumer ? 'open' : canary } };
  await client.create(`${prefix}/apis/example.com/v1/${DEFAULT}/widgets`, widget);
  await client.create(`${prefix}/api/v1/${DEFAULT}/configmaps`, {
    metadata: { name: 'seen' },
    data: { text: cluster === 'cons' ? 'open' : canary },
  });
  await client.create(`${prefix}/api/v1/${DEFAULT}/secrets`, {
    metadata: { name: 'seen', labels: { canary } },
    stringData: { text: canary },
  });
  // In names as well.
  await client.create(`${prefix}/${RBAC}/clusterroles`, clusterRole(canary, []));
  // Not of the consumer whose config maps are open: every namespace has one.
  if (cluster !== 'cons') await client.create(`${prefix}/api/v1/namespaces`, { metadata: { name: canary } });
}

async function ask(identity: Identity, prefix: string, operation: Operation): Promise<Reply> {
  const { method, path, body, type } = operation;
  return client.call(prefix + path, {
    method,
    token: token(identity),
    ...(body === undefined ? {} : { body }),
    ...(type === undefined ? {} : { headers: { 'content-type': type } }),
  });
}

const line = (target: Target, { method, path }: Operation): string => `${target} ${method} ${path}`;

describe.each(IDENTITIES)('by the view of an export, %s', (identity) => {
  test('is answered as the model says, and hears of nothing that nobody has opened', {
    timeout: 120_000,
  }, async () => {
    const wrong: string[] = [];
    const leaks: string[] = [];
    const questions = TARGETS.flatMap((target) => OPERATIONS.map((operation) => ({ target, operation })));
    await inBatches(questions, async ({ target, operation }) => {
      const reply = await ask(identity, `${VIEW}/${target}`, operation);
      const expected = statusesOf(identity, target, operation);
      if (!expected.includes(reply.status)) {
        wrong.push(
          `${line(target, operation)}: ${reply.status}, not ${expected}: ${reply.text.slice(0, 300)}`,
        );
      }
      for (const [cluster, canary] of canaries) {
        if (shown(reply).includes(canary)) leaks.push(`${line(target, operation)}: of ${cluster}`);
      }
    });
    expect(wrong).toEqual([]);
    expect(leaks).toEqual([]);
  });

  test('cannot tell whether a workspace has bound it, exists, or neither', { timeout: 60_000 }, async () => {
    const differences: string[] = [];
    await inBatches(OPERATIONS, async (operation) => {
      const missing = shown(await ask(identity, `${VIEW}/missing`, operation));
      for (const target of TARGETS) {
        if (target === '*') continue;
        const isOpen = statusesOf(identity, target, operation)[0] !== 403;
        const isBound = target === 'cons' || target === 'wary';
        // Whoever may ask for the export's content may know who has bound it, and nobody else.
        const mayKnow = identity === 'the provider' || identity === 'a reader of content';
        if (isOpen || (isBound && mayKnow)) continue;
        if (shown(await ask(identity, `${VIEW}/${target}`, operation)) !== missing) {
          differences.push(line(target, operation));
        }
      }
    });
    expect(differences).toEqual([]);
  });

  test('hears the same of an export that there is not', { timeout: 60_000 }, async () => {
    if (identity === 'the provider') return;
    for (const operation of OPERATIONS) {
      for (const other of ['/services/apiexport/prov/none', '/services/apiexport/missing/widgets']) {
        const { status } = await ask(identity, `${other}/clusters/cons`, operation);
        expect(status).toBe(identity === 'a wrong token' ? 401 : 403);
      }
    }
  });
});

describe('a provider', () => {
  const contents = async (cluster: Cluster): Promise<string> => {
    const paths = ['api/v1/configmaps', 'api/v1/secrets', 'apis/example.com/v1/widgets', 'api/v1/namespaces'];
    const lists = await Promise.all(paths.map((path) => client.list(`/clusters/${cluster}/${path}`)));
    return JSON.stringify(lists.map(({ items }) => items));
  };

  test('changes nothing in a workspace that has no binding to the export', async () => {
    const before = await contents('outs');
    const real = (path: string): string => path.replace('?dryRun=All', '');
    for (const target of ['outs', 'loyal', 'missing', 'root'] as const) {
      for (const operation of OPERATIONS) {
        if (READ.includes(operation.verb)) continue;
        const reply = await ask('the provider', `${VIEW}/${target}`, {
          ...operation,
          path: real(operation.path),
        });
        expect(reply.status, line(target, operation)).toBe(403);
      }
    }
    expect(await contents('outs')).toBe(before);
  });

  test('sees of all workspaces at once what has its identity or its label, and nothing else', async () => {
    const clustersOf = async (path: string): Promise<string[]> => {
      const { text } = await client.call(`${VIEW}/*/${path}`, { token: token('the provider') });
      const { items } = JSON.parse(text) as {
        items: { metadata: { annotations: Record<string, string> } }[];
      };
      return [...new Set(items.map(({ metadata }) => metadata.annotations['kcp.io/cluster']!))].sort();
    };
    expect(await clustersOf('apis/example.com/v1/widgets')).toEqual(['cons', 'wary']);
    expect(await clustersOf('api/v1/configmaps')).toEqual(['cons']);
    expect(await clustersOf(`${APIS}/apibindings`)).toEqual(['cons', 'wary']);
  });

  test('reads positions of the member, and writes by either form of a revision', async () => {
    const seen = `apis/example.com/v1/${DEFAULT}/widgets/seen`;
    const call = (method: string, body?: unknown) =>
      client.call(`${VIEW}/wary/${seen}`, {
        method,
        token: token('the provider'),
        ...(body ? { body } : {}),
      });
    const own = await client.get(`/clusters/wary/${seen}`);
    const shownObject = JSON.parse((await call('GET')).text) as KubeObject;
    const { resourceVersion } = shownObject.metadata;
    expect(BigInt(resourceVersion)).toBe(BigInt(own.metadata.resourceVersion) * 1024n);
    const labelled = (version: string, n: string) => ({
      ...shownObject,
      metadata: { ...shownObject.metadata, resourceVersion: version, labels: { n } },
    });
    expect((await call('PUT', labelled(resourceVersion, '1'))).status).toBe(200);
    expect((await call('PUT', labelled(resourceVersion, '2'))).status).toBe(409);
    const { metadata } = await client.get(`/clusters/wary/${seen}`);
    const written = await call('PUT', labelled(metadata.resourceVersion, '3'));
    expect(written.status).toBe(200);
    expect(BigInt((JSON.parse(written.text) as KubeObject).metadata.resourceVersion)).toBeGreaterThan(
      2n ** 53n,
    );
  });

  test('shows no more by an identity of others that it writes down as its own', async () => {
    const rival = await client.get(`/clusters/rival/${APIS}/apiexports/widgets`);
    const { identityHash } = rival['status'] as { readonly identityHash: string };
    const path = `/clusters/prov/${APIS}/apiexports/widgets`;
    const headers = { 'content-type': MERGE };
    for (const part of ['', '/status']) {
      await client.call(path + part, {
        method: 'PATCH',
        headers,
        token: token('the provider'),
        body: { status: { identityHash } },
      });
    }
    const own = await client.get(path);
    expect((own['status'] as { identityHash: string }).identityHash).not.toBe(identityHash);
    const { text } = await client.call(`${VIEW}/*/apis/example.com/v1/widgets`, {
      token: token('the provider'),
    });
    expect(text).not.toContain(canaries.get('loyal')!);
  });

  test('gains nothing by headers that name a warrant, a scope or another user', async () => {
    const secrets = `${VIEW}/cons/api/v1/secrets`;
    const warrant = '{"user":"root","groups":["system:masters"]}';
    for (const headers of [
      { 'X-Remote-Extra-Authorization.kcp.io%2Fwarrant': warrant },
      { 'X-Remote-User': 'root', 'X-Remote-Group': 'system:masters' },
      { 'Impersonate-User': 'provider', 'Impersonate-Extra-authorization.kcp.io%2Fwarrant': warrant },
      { 'Impersonate-User': 'provider', 'Impersonate-Group': 'system:masters' },
      { 'Impersonate-User': 'provider', 'Impersonate-Group': 'system:kcp:admin' },
    ] as Record<string, string>[]) {
      for (const identity of ['the provider', 'a reader of content', 'a stranger'] as const) {
        const reply = await client.call(secrets, { token: token(identity), headers });
        expect([400, 403], JSON.stringify(headers)).toContain(reply.status);
        expect(reply.text).not.toContain(canaries.get('cons')!);
      }
    }
  });

  test('who makes itself somebody else has no more by the view than they', async () => {
    const widgets = `${VIEW}/cons/apis/example.com/v1/widgets`;
    const as = (user: string) =>
      client.call(widgets, {
        token: token('the provider'),
        headers: { 'Impersonate-User': user },
      });
    expect((await as('reader')).status).toBe(200);
    expect((await as('other-reader')).status).toBe(403);
    // The owner of the consumer has every right there, which is none by this way.
    expect((await as('consumer-owner')).status).toBe(403);
    const reader = await client.call(widgets, {
      token: token('a reader of content'),
      headers: { 'Impersonate-User': 'provider' },
    });
    expect(reader.status).toBe(403);
  });
});

test('a wildcard with an identity is for nobody but those who may see everything', async () => {
  const { status } = await client.get(`/clusters/prov/${APIS}/apiexports/widgets`);
  const { identityHash } = status as { readonly identityHash: string };
  for (const path of [
    `/clusters/*/apis/example.com/v1/widgets:${identityHash}`,
    '/clusters/*/apis/example.com/v1/widgets',
    '/clusters/*/api/v1/secrets',
    '/clusters/*/apis',
    '/clusters/*/api/v1/configmaps?watch=1',
  ]) {
    for (const identity of IDENTITIES) {
      const reply = await client.call(path, { token: token(identity) });
      expect(reply.status, `${identity} ${path}`).toBe(identity === 'a wrong token' ? 401 : 403);
      for (const canary of canaries.values()) expect(reply.text).not.toContain(canary);
    }
  }
  // The identity names a kind of all logical clusters, not of one.
  for (const cluster of ['cons', 'prov']) {
    const own = await client.call(`/clusters/${cluster}/apis/example.com/v1/widgets:${identityHash}`);
    expect(own.status).toBe(404);
  }
});
