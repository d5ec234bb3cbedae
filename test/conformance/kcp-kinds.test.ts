import { describe, expect, test } from 'vitest';
import { brief } from '../http/client.ts';
import { useMember } from './suite.ts';

const fixture = useMember();

describe('the kinds of kcp', () => {
  test('are served in every logical cluster', async () => {
    const cluster = await fixture.server.createCluster('kinds-everywhere');
    const { resources } = await fixture.client.get(`${cluster}/apis/apis.kcp.io/v1alpha2`);
    const names = (resources as readonly { name: string }[]).map(({ name }) => name);
    expect(names).toEqual(['apibindings', 'apibindings/status', 'apiexports', 'apiexports/status']);
    const group = await fixture.client.get(`${cluster}/apis/apis.kcp.io`);
    expect(group['preferredVersion']).toEqual({ groupVersion: 'apis.kcp.io/v1alpha2', version: 'v1alpha2' });
  });

  test('have the defaults and rules of their schemas', async () => {
    const cluster = await fixture.server.createCluster('kinds-defaults');
    const exports = `${cluster}/apis/apis.kcp.io/v1alpha2/apiexports`;
    const created = await fixture.client.create(exports, {
      apiVersion: 'apis.kcp.io/v1alpha2',
      kind: 'APIExport',
      metadata: { name: 'widgets' },
      spec: { resources: [{ group: 'example.com', name: 'widgets', schema: 'v1.widgets.example.com' }] },
    });
    expect(created['spec']).toMatchObject({
      resources: [
        { group: 'example.com', name: 'widgets', schema: 'v1.widgets.example.com', storage: { crd: {} } },
      ],
    });
    // Where they are, nobody but the server says.
    expect(created.metadata.annotations).toMatchObject({ 'kcp.io/path': 'kinds-defaults' });
    const claimed = await fixture.client.patch(`${exports}/widgets`, {
      metadata: { annotations: { 'kcp.io/path': 'root:elsewhere' } },
    });
    expect(claimed.metadata.annotations).toMatchObject({ 'kcp.io/path': 'kinds-defaults' });
    const refused = await fixture.client.refuse(422, exports, {
      method: 'POST',
      body: {
        apiVersion: 'apis.kcp.io/v1alpha2',
        kind: 'APIExport',
        metadata: { name: 'both' },
        spec: {
          permissionClaims: [
            { resource: 'serviceaccounts/token', verbs: ['*'], defaultSelector: { matchAll: true } },
          ],
        },
      },
    });
    expect(refused.message).toContain('defaultSelector is not allowed on subresource claims');
  });
});

test('the authentication of a type of workspaces is kept when it makes sense', async () => {
  const path = '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaceauthenticationconfigurations';
  const issuer = { url: 'https://login.example.com', audiences: ['kubernetes'] };
  const names = { username: { claim: 'sub', prefix: 'oidc:' }, groups: { claim: 'groups', prefix: '' } };
  const of = (name: string, jwt: object) => ({
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'WorkspaceAuthenticationConfiguration',
    metadata: { name },
    spec: { jwt: [{ issuer, claimMappings: names, ...jwt }] },
  });
  await fixture.client.create(path, of('good', {}));
  const expression = { expression: 'claims.sub', message: 'no' };
  await fixture.client.create(path, of('rules', { claimValidationRules: [expression] }));
  const wrong: readonly [object, string][] = [
    [{ claimMappings: { ...names, username: {} } }, 'either claim or expression must be specified'],
    [
      { claimMappings: { ...names, username: { claim: 'a', expression: 'b' } } },
      'claim and expression cannot both be specified',
    ],
    [
      { claimMappings: { ...names, groups: { expression: 'b', prefix: 'c' } } },
      'prefix can only be specified when claim is specified',
    ],
    [
      { claimValidationRules: [{ ...expression, requiredValue: 'a' }] },
      'requiredValue can only be specified when claim is specified',
    ],
    [
      { claimValidationRules: [{ claim: 'a', requiredValue: 'b', message: 'no' }] },
      'message can only be specified when expression is specified',
    ],
    [{ claimMappings: { username: { claim: 'sub' } } }, 'claimMappings.groups: Required value'],
    [{ userValidationRules: [{ expression: 'true' }] }, 'userValidationRules[0].message: Required value'],
  ];
  for (const [jwt, message] of wrong) {
    const refused = await fixture.client.refuse(422, path, { method: 'POST', body: of('bad', jwt) });
    expect(refused.message).toContain(message);
  }
});

describe('a LogicalCluster', () => {
  test('is read, listed, watched and patched like any object, although nobody wrote it through its kind', async () => {
    const cluster = await fixture.server.createCluster('kinds-logical');
    const path = `${cluster}/apis/core.kcp.io/v1alpha1/logicalclusters`;
    const watch = await fixture.client.watch(`${path}?watch=1`);
    expect(brief(await watch.next())).toBe('ADDED cluster');
    const found = await fixture.client.get(`${path}/cluster`);
    expect(found).toMatchObject({
      kind: 'LogicalCluster',
      spec: { directlyDeletable: false },
      status: { phase: 'Ready' },
    });
    const { items } = await fixture.client.list(path);
    expect(items).toEqual([expect.objectContaining({ metadata: found.metadata })]);
    const patched = await fixture.client.patch(`${path}/cluster`, { metadata: { labels: { a: 'b' } } });
    expect(patched.metadata.labels).toMatchObject({ a: 'b' });
    expect(brief(await watch.next())).toBe('MODIFIED cluster');
    watch.close();
    // Who may enter depends on the phase, which the rewritten row still says.
    await fixture.client.get(`${cluster}/api/v1/namespaces/default`);
  });
});
