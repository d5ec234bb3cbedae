import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clusterRole, clusterRoleBinding, userOf } from '../access/suite.ts';
import { useMember } from '../conformance/suite.ts';
import { APIS, bindingOf, ExportsFixture, exportOf, SCHEMAS, schemaOf, WIDGETS } from '../exports/suite.ts';
import type { Call, KubeObject, Reply } from '../http/client.ts';
import type { InProcessOptions } from '../support/in-process.ts';

/*
 * What a view lends: the warrant by which a provider acts in a consumer. `prov` and `rival` offer widgets, `cons` has
 * bound those of `prov` and accepted its claims: config maps, bindings, and the gadgets of `maker`, which says by a
 * policy that others may do nothing with them. `both` owns the provider and the consumer, `bridge` may be `reader` there.
 */
const USERS = ['provider', 'reader', 'bridge', 'rival', 'consumer', 'both', 'stranger'] as const;
type UserName = (typeof USERS)[number];
const RBAC = 'apis/rbac.authorization.k8s.io/v1';
const GADGETS = { group: 'gadgets.example.com', plural: 'gadgets', kind: 'Gadget' };
const VIEW = '/services/apiexport/prov/widgets/clusters';
/** As Secrets show it. */
const CANARY = Buffer.from(`canary${randomBytes(8).toString('hex')}`).toString('base64');
const DEFAULT = 'namespaces/default';

class Lent extends ExportsFixture {
  protected override get options(): InProcessOptions {
    return { users: Object.fromEntries(USERS.map((name) => [`${name}-token`, userOf(name)])) };
  }

  override async start(): Promise<void> {
    await super.start();
    for (const name of ['prov', 'rival', 'maker', 'cons', 'other']) await this.server.createCluster(name);
    await this.offer('maker', 'gadgets', [GADGETS]);
    const gadgets = await this.client.get(`/clusters/maker/${APIS}/apiexports/gadgets`);
    const { identityHash } = gadgets['status'] as { identityHash: string };
    const claims = [
      { group: '', resource: 'configmaps', verbs: ['*'] },
      { group: 'apis.kcp.io', resource: 'apibindings', verbs: ['*'] },
      { group: GADGETS.group, resource: 'gadgets', identityHash, verbs: ['*'] },
    ];
    for (const cluster of ['prov', 'rival']) {
      await this.client.create(`/clusters/${cluster}/${SCHEMAS}`, schemaOf(WIDGETS));
      const offered = exportOf('widgets', [WIDGETS]) as { spec: object };
      const spec = { ...offered.spec, permissionClaims: cluster === 'prov' ? claims : [] };
      await this.client.create(`/clusters/${cluster}/${APIS}/apiexports`, { ...offered, spec });
    }
    await this.bind('cons', 'gadgets', { path: 'maker', name: 'gadgets' });
    const own = { group: 'own.example.com', plural: 'owns', kind: 'Own' };
    await this.offer('cons', 'owns', [own]);
    const binding = bindingOf('widgets', { path: 'prov', name: 'widgets' }) as { spec: object };
    const permissionClaims = claims.map((claim) => ({
      ...claim,
      state: 'Accepted',
      selector: { matchAll: true },
    }));
    const spec = { ...binding.spec, permissionClaims };
    await this.client.create(`/clusters/cons/${APIS}/apibindings`, { ...binding, spec });
    for (const cluster of ['cons', 'other']) {
      const secrets = `/clusters/${cluster}/api/v1/${DEFAULT}/secrets`;
      await this.client.create(secrets, { metadata: { name: 's' }, data: { text: CANARY } });
    }
    await this.roles();
  }

  private async roles(): Promise<void> {
    await this.role('prov', 'cluster-admin', ['provider', 'both']);
    await this.role('rival', 'cluster-admin', ['rival']);
    await this.role('cons', 'cluster-admin', ['consumer', 'both']);
    await this.role('prov', 'system:kcp:workspace:access', ['reader', 'bridge']);
    const content = { apiGroups: ['apis.kcp.io'], resources: ['apiexports/content'] };
    await this.role('prov', 'reader', ['reader'], [{ ...content, verbs: ['get', 'list', 'access'] }]);
    const users = {
      apiGroups: [''],
      resources: ['users'],
      resourceNames: ['reader'],
      verbs: ['impersonate'],
    };
    await this.role('prov', 'bridge', ['bridge'], [users]);
  }

  async role(
    cluster: string,
    role: string,
    users: readonly string[],
    rules?: readonly { readonly verbs: readonly string[] }[],
  ): Promise<void> {
    const path = `/clusters/${cluster}/${RBAC}`;
    if (rules !== undefined) await this.client.create(`${path}/clusterroles`, clusterRole(role, rules));
    const body = clusterRoleBinding(`${role.replaceAll(':', '-')}-bound`, role, users);
    await this.client.create(`${path}/clusterrolebindings`, body);
  }

  as(name: UserName, path: string, call: Call = {}): Promise<Reply> {
    return this.client.call(path, { ...call, token: `${name}-token` });
  }
}

const lent = useMember(new Lent()) as Lent;

const WIDGET = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' } };
const OPERATIONS: readonly (readonly [path: string, body?: object])[] = [
  ['/apis/example.com/v1/widgets'],
  [`/apis/example.com/v1/${DEFAULT}/widgets?dryRun=All`, WIDGET],
  [`/api/v1/${DEFAULT}/configmaps`],
  [`/api/v1/${DEFAULT}/configmaps?dryRun=All`, { metadata: { name: 'c' } }],
  ['/api/v1/secrets'],
  [`/apis/${GADGETS.group}/v1/gadgets`],
  [`/${APIS}/apibindings`],
  [`/${RBAC}/clusterroles`],
  ['/apis'],
];

/*
 * By a view, too, nobody gains anything by being somebody else: who owns the place of the export may be anybody there
 * and has nothing then that it has not anyway; and who may be one user is that one.
 */
test('who makes itself somebody else has no more by a view than it has', { timeout: 120_000 }, async () => {
  const groups = fc.constantFrom('system:masters', 'system:kcp:admin', 'system:authenticated', 'ops');
  const asked = fc.record({
    requester: fc.constantFrom(...USERS),
    name: fc.constantFrom(...USERS, 'kcp-admin', 'system:serviceaccount:default:rest', 'system:anonymous'),
    groups: fc.uniqueArray(groups, { maxLength: 1 }),
    view: fc.constantFrom(
      VIEW,
      '/services/apiexport/rival/widgets/clusters',
      '/services/apiresourceschema/cons/clusters',
    ),
    cluster: fc.constantFrom('cons', 'cons', 'cons', 'prov', 'other', 'missing', '*'),
    operation: fc.constantFrom(...OPERATIONS),
  });
  let passed = 0;
  await fc.assert(
    fc.asyncProperty(asked, async ({ requester, name, groups: [group], view, cluster, operation }) => {
      const [path, body] = operation;
      const url = `${view}/${cluster}${path}`;
      const call: Call = body === undefined ? {} : { method: 'POST', body };
      const headers = {
        'Impersonate-User': name,
        ...(group === undefined ? {} : { 'Impersonate-Group': group }),
      };
      const impersonated = await lent.as(requester, url, { ...call, headers });
      expect(impersonated.text).not.toContain(CANARY);
      if (impersonated.status >= 300) return;
      passed += 1;
      const own = await lent.as(requester === 'bridge' ? 'reader' : requester, url, call);
      expect([requester, own.status]).toEqual([requester, impersonated.status]);
      if (requester === 'bridge') expect(name).toBe('reader');
    }),
    { numRuns: 1_800 },
  );
  expect(passed).toBeGreaterThan(5);
  const bridge = await lent.as('bridge', `${VIEW}/cons/apis/example.com/v1/widgets`, {
    headers: { 'Impersonate-User': 'reader' },
  });
  expect(bridge.status).toBe(200);
});

describe('the warrant of a view', () => {
  const secrets = (cluster: string): string => `/clusters/${cluster}/api/v1/secrets`;
  const warrant = JSON.stringify({
    user: 'system:serviceaccount:default:rest',
    groups: ['system:kcp:admin'],
    extra: { 'authentication.kcp.io/cluster-name': ['cons'] },
  });

  test('is nothing that anybody can write down for themselves', async () => {
    const key = 'authorization.kcp.io%2Fwarrant';
    const rest = 'system:serviceaccount:default:rest';
    const attempts: Record<string, string>[] = [
      { [`X-Remote-Extra-${key}`]: warrant, 'X-Remote-User': 'provider' },
      { 'Impersonate-User': 'provider', [`Impersonate-Extra-${key}`]: warrant },
      { 'Impersonate-User': 'provider', [`Impersonate-Extra-${key.toUpperCase()}`]: warrant },
      { 'Impersonate-User': rest, 'Impersonate-Group': 'system:kcp:admin' },
      { 'Impersonate-User': rest },
      { 'Impersonate-User': rest, 'Impersonate-Extra-authentication.kcp.io%2Fcluster-name': 'cons' },
      { 'Impersonate-User': 'system:kcp:serviceaccount:cons:default:rest' },
    ];
    for (const headers of attempts) {
      for (const user of ['provider', 'rival', 'stranger'] as const) {
        for (const path of [secrets('cons'), secrets('other'), `${VIEW}/cons/api/v1/secrets`]) {
          const reply = await lent.as(user, path, { headers });
          expect([400, 403], JSON.stringify([user, path, headers])).toContain(reply.status);
          expect(reply.text).not.toContain(CANARY);
        }
      }
    }
    // The owner of the consumer has all rights there, but not that one's group, which would count elsewhere.
    for (const headers of attempts.slice(0, 4)) {
      const reply = await lent.as('consumer', secrets('other'), { headers });
      expect([400, 403]).toContain(reply.status);
    }
  });

  test('is not lent to the service account of that name', async () => {
    for (const cluster of ['prov', 'cons']) {
      const accounts = `/clusters/${cluster}/api/v1/${DEFAULT}/serviceaccounts`;
      await lent.client.create(accounts, { metadata: { name: 'rest' } });
      const issued = await lent.client.create<KubeObject>(`${accounts}/rest/token`, { spec: {} });
      const { token } = issued['status'] as { readonly token: string };
      for (const path of [secrets('cons'), secrets('other'), secrets('prov'), `${VIEW}/cons/api/v1/secrets`])
        expect([cluster, path, (await lent.client.call(path, { token })).status]).toEqual([
          cluster,
          path,
          403,
        ]);
    }
  });

  test('opens nothing that the binding does not, whatever rights somebody has in the consumer', async () => {
    expect((await lent.as('both', secrets('cons'))).text).toContain(CANARY);
    for (const path of ['api/v1/secrets', `${RBAC}/clusterroles`, `${APIS}/apiexports`, SCHEMAS]) {
      const { status } = await lent.as('both', `${VIEW}/cons/${path}`);
      expect([path, [403, 404].includes(status)]).toEqual([path, true]);
    }
  });

  test('does not bind: that takes the right of whoever asks, wherever the export is', async () => {
    const path = `${VIEW}/cons/${APIS}/apibindings`;
    const bind = (name: string, reference: { path: string; name: string }) =>
      lent.as('provider', path, { method: 'POST', body: bindingOf(name, reference) });
    for (const reference of [
      { path: 'rival', name: 'widgets' },
      // Where the warrant is an administrator's.
      { path: 'cons', name: 'owns' },
    ]) {
      const refused = await bind('mine', reference);
      const shown = `${reference.path}:${reference.name}`;
      expect([refused.status, refused.text]).toEqual([
        403,
        expect.stringContaining(`no permission to bind to export ${shown}`),
      ]);
    }
    const rules = [{ apiGroups: ['apis.kcp.io'], resources: ['apiexports'], verbs: ['bind'] }];
    await lent.role('cons', 'binder', ['provider'], rules);
    expect((await bind('mine', { path: 'cons', name: 'owns' })).status).toBe(201);
  });

  test('does not pass by the policy of a provider whose API is claimed', async () => {
    const path = `${VIEW}/cons/apis/${GADGETS.group}/v1`;
    const exported = `/clusters/maker/${APIS}/apiexports/gadgets`;
    const setPolicy = (maximalPermissionPolicy: object | null) =>
      lent.client.call(exported, {
        method: 'PATCH',
        headers: { 'content-type': 'application/merge-patch+json' },
        body: { spec: { maximalPermissionPolicy } },
      });
    const gadget = { apiVersion: `${GADGETS.group}/v1`, kind: 'Gadget', metadata: { name: 'g' } };
    const write = () => lent.as('provider', `${path}/${DEFAULT}/gadgets`, { method: 'POST', body: gadget });
    await setPolicy({ local: {} });
    for (const user of ['provider', 'both'] as const) {
      expect((await lent.as(user, `${path}/gadgets`)).status).toBe(403);
      expect((await lent.as(user, `${VIEW}/*/apis/${GADGETS.group}/v1/gadgets`)).status).toBe(403);
    }
    expect((await write()).status).toBe(403);
    const rules = [{ apiGroups: [GADGETS.group], resources: ['gadgets'], verbs: ['list'] }];
    await lent.role('maker', 'policy', ['apis.kcp.io:binding:provider'], rules);
    expect((await lent.as('provider', `${path}/gadgets`)).status).toBe(200);
    expect((await lent.as('both', `${path}/gadgets`)).status).toBe(403);
    expect((await write()).status).toBe(403);
    await setPolicy(null);
    expect((await write()).status).toBe(201);
  });
});
