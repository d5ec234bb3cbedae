import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, Plugins } from './suite.ts';

let plugins: Plugins;
let admin: Person;

const CRD = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ships.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {kind: Ship, listKind: ShipList, plural: ships, singular: ship}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {tons: {type: integer, maximum: 9223372036854775807}}}
`;

const CLAIMS = [
  { group: '', resource: 'configmaps', verbs: ['get', 'list'] },
  { group: '', resource: 'secrets', verbs: ['*'], defaultSelector: { matchLabels: { shared: 'yes' } } },
];

beforeAll(async () => {
  plugins = await Plugins.start({
    'bob-token': { name: 'bob', uid: 'b', groups: ['system:authenticated'], extra: {} },
  });
  admin = await plugins.person('admin');
  await admin.ok('create workspace provider');
  const apis = '/clusters/root:provider/apis/apis.kcp.io';
  const schema: unknown = JSON.parse(
    (await admin.ok('kcp crd snapshot -f - --prefix v1 -o json', CRD)).replace(/---\n$/, ''),
  );
  await plugins.client.create(`${apis}/v1alpha1/apiresourceschemas`, schema);
  await plugins.client.create(`${apis}/v1alpha2/apiexports`, {
    apiVersion: 'apis.kcp.io/v1alpha2',
    kind: 'APIExport',
    metadata: { name: 'fleet' },
    spec: {
      resources: [
        { name: 'ships', group: 'example.org', schema: 'v1.ships.example.org', storage: { crd: {} } },
      ],
      permissionClaims: CLAIMS,
    },
  });
});

afterAll(() => plugins.stop());

let consumers = 0;

/** Goes to a new workspace. */
async function consumer(): Promise<string> {
  consumers += 1;
  await admin.ok('ws :root');
  await admin.ok(`create workspace consumer-${consumers} --enter`);
  return `/clusters/root:consumer-${consumers}`;
}

const BOUND = 'apibinding fleet created. Waiting to successfully bind ...\nfleet created and bound.\n';
const table = (...rows: readonly string[]): string =>
  ['APIBINDING   GROUP-RESOURCE   VERBS      STATUS', ...rows, ''].join('\n');

describe('kubectl bind apiexport', () => {
  it('makes an APIBinding and waits until its APIs can be used', async () => {
    const path = await consumer();
    expect(await admin.ok('bind apiexport root:provider:fleet')).toBe(BOUND);
    await plugins.client.create(`${path}/apis/example.org/v1/namespaces/default/ships`, {
      apiVersion: 'example.org/v1',
      kind: 'Ship',
      metadata: { name: 'one' },
      spec: { tons: 9 },
    });
    const again = await admin.run('kcp bind apiexport root:provider:fleet');
    expect(again).toEqual({
      code: 5,
      out: '',
      err: 'error: failed to create APIBinding: apibindings.apis.kcp.io "fleet" already exists\n',
    });
  });

  it('takes another name, another workspace and a form for programs', async () => {
    const path = await consumer();
    await admin.ok('ws :root');
    const binding = JSON.parse(
      await admin.ok(
        `bind apiexport :root/provider/fleet --name ours -w ${path.slice('/clusters/root:'.length)} -o json`,
      ),
    );
    expect(binding).toMatchObject({
      kind: 'APIBinding',
      metadata: { name: 'ours' },
      spec: { reference: { export: { path: 'root:provider', name: 'fleet' } } },
      status: { phase: 'Bound' },
    });
  });

  it('accepts claims with the verbs and the objects that the export claims', async () => {
    const path = await consumer();
    await admin.ok('bind apiexport root:provider:fleet --accept-all-permission-claims');
    const { spec } = await plugins.client.get(`${path}/apis/apis.kcp.io/v1alpha2/apibindings/fleet`);
    expect(spec).toMatchObject({
      permissionClaims: [
        { resource: 'configmaps', verbs: ['get', 'list'], selector: { matchAll: true }, state: 'Accepted' },
        {
          resource: 'secrets',
          verbs: ['*'],
          selector: { matchLabels: { shared: 'yes' } },
          state: 'Accepted',
        },
      ],
    });
    expect(await admin.run('ws .')).toMatchObject({ code: 0, err: '' });
  });

  it('accepts some and rejects others, and knows what is not claimed at all', async () => {
    await consumer();
    const flags = '--accept-permission-claim configmaps.core --reject-permission-claim secrets.core';
    await admin.ok(`bind apiexport root:provider:fleet ${flags}`);
    expect(await admin.ok('kcp claims get apibinding')).toBe(
      table(
        'fleet        configmaps       get,list   Accepted',
        'fleet        secrets          *          Rejected',
      ),
    );
    expect(
      await admin.run('bind apiexport root:provider:fleet --name x --accept-permission-claim pods.core'),
    ).toEqual({
      code: 3,
      out: '',
      err: 'error: APIExport root:provider:fleet does not claim pods\nIt claims configmaps, secrets.\n',
    });
  });

  it('accepts claims also for somebody who may bind the export and not read it', async () => {
    const path = await consumer();
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    const bob = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'bob' }];
    const role = (name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name });
    await plugins.client.create(`/clusters/root:provider${rbac}/clusterroles`, {
      metadata: { name: 'binder' },
      rules: [
        { apiGroups: ['apis.kcp.io'], resources: ['apiexports'], resourceNames: ['fleet'], verbs: ['bind'] },
      ],
    });
    await plugins.client.create(`/clusters/root:provider${rbac}/clusterrolebindings`, {
      metadata: { name: 'bob' },
      roleRef: role('binder'),
      subjects: bob,
    });
    await plugins.client.create(`${path}${rbac}/clusterrolebindings`, {
      metadata: { name: 'bob' },
      roleRef: role('cluster-admin'),
      subjects: bob,
    });
    const person = await plugins.person('bob', 'bob-token');
    const place = path.slice('/clusters/'.length);
    expect(
      await person.ok(`bind apiexport root:provider:fleet -w :${place} --accept-all-permission-claims`),
    ).toBe(BOUND);
    expect(await person.ok(`kcp claims get apibinding fleet -w :${place}`)).toBe(
      table(
        'fleet        configmaps       get,list   Accepted',
        'fleet        secrets          *          Accepted',
      ),
    );
  });

  it('says why an export cannot be bound', async () => {
    await consumer();
    const missing = await admin.run('bind apiexport root:provider:flet --timeout 1s');
    expect(missing.out).toMatch(/^(apibinding flet created\. Waiting to successfully bind \.\.\.\n)?$/);
    expect(missing.err).toMatch(/^error: (failed to create APIBinding|could not bind flet): .+/);
    expect(missing.code).not.toBe(0);
  });
});

describe('kubectl kcp claims', () => {
  it('answers one claim or all, also such as the binding has not mentioned', async () => {
    await consumer();
    await admin.ok('bind apiexport root:provider:fleet');
    expect(await admin.ok('kcp claims get apibinding fleet')).toBe(
      'APIBINDING   GROUP-RESOURCE   VERBS   STATUS\n',
    );
    expect(await admin.ok('kcp claims accept fleet --resource configmaps')).toBe(
      'claim "configmaps" on APIBinding "fleet" is accepted\n',
    );
    expect(await admin.ok('kcp claims reject fleet --resource configmaps.core')).toBe(
      'claim "configmaps.core" on APIBinding "fleet" is rejected\n',
    );
    expect(await admin.ok('kcp claims get apibinding fleet')).toBe(
      table('fleet        configmaps       get,list   Rejected'),
    );
    expect(await admin.ok('kcp claims accept fleet')).toBe('on APIBinding "fleet" is accepted\n');
    expect(JSON.parse(await admin.ok('kcp claims get apibinding -o json'))).toMatchObject([
      { apibinding: 'fleet', resource: 'configmaps', state: 'Accepted', verbs: ['get', 'list'] },
      {
        apibinding: 'fleet',
        resource: 'secrets',
        state: 'Accepted',
        selector: { matchLabels: { shared: 'yes' } },
      },
    ]);
  });

  it('knows bindings and claims that there are not', async () => {
    await consumer();
    await admin.ok('bind apiexport root:provider:fleet');
    expect(await admin.run('kcp claims accept fleet --identity-hash abc')).toEqual({
      code: 3,
      out: '',
      err:
        'error: there is no claim with identity hash "abc" on APIBinding "fleet"\n' +
        'See kubectl kcp claims get apibinding fleet\n',
    });
    expect(await admin.run('kcp claims get apibinding navy')).toEqual({
      code: 3,
      out: '',
      err: 'error: error finding APIBinding: apibindings.apis.kcp.io "navy" not found\n',
    });
  });

  it('are warned about on entering the workspace', async () => {
    const path = await consumer();
    await admin.ok('bind apiexport root:provider:fleet');
    await admin.ok('kcp claims accept fleet --resource secrets');
    await admin.ok('ws ..');
    expect(await admin.run(['ws', '-'])).toEqual({
      code: 0,
      out: `Current workspace is "${path.slice('/clusters/'.length)}".\n`,
      err:
        'Warning: claim for configmaps exported but not specified on APIBinding fleet\n' +
        "Add this claim to the APIBinding's Spec.\n",
    });
  });

  it('are completed by the names of bindings, and exports by their paths', async () => {
    await consumer();
    await admin.ok('bind apiexport root:provider:fleet');
    const complete = async (file: string, ...words: readonly string[]) =>
      (await admin.runFile(`kubectl_complete-${file}`, words)).out;
    expect(await complete('kcp', 'claims', 'accept', 'fl')).toBe('fleet\n:4\n');
    expect(await complete('bind-apiexport', 'root:pro')).toBe('root:provider\n:6\n');
    expect(await complete('bind-apiexport', 'root:provider:')).toBe('root:provider:fleet\tAPIExport\n:6\n');
  });
});

describe('kubectl kcp quickstart', () => {
  it('sets up a provider and a consumer, once, and removes them again', async () => {
    await admin.ok('ws :root');
    const first = await admin.ok('kcp quickstart --name-prefix try --with-samples');
    expect(first).toContain(
      [
        'Setting up "api-provider" scenario with prefix "try"...',
        '',
        'Step 1/7: Creating organization workspace "try-org"...',
        '  Workspace "try-org" created and ready at root:try-org',
        'Step 2/7: Creating service provider workspace "try-provider"...',
        '  Workspace "try-provider" created and ready at root:try-org:try-provider',
        'Step 3/7: Applying APIResourceSchema...',
        '  APIResourceSchema "today.cowboys.wildwest.dev" created',
        'Step 4/7: Applying APIExport...',
        '  APIExport "cowboys" created',
        'Step 5/7: Creating consumer workspace "try-consumer"...',
        '  Workspace "try-consumer" created and ready at root:try-org:try-consumer',
        'Step 6/7: Creating APIBinding in consumer workspace...',
        '  APIBinding "cowboys" created and bound',
        'Step 7/7: Applying sample Cowboy resource in "try-consumer"...',
        '  Cowboy "john-wayne" created',
        '',
        "Quickstart complete! Here's what was created:",
      ].join('\n'),
    );
    const again = await admin.ok('kcp quickstart --name-prefix try --with-samples --enter');
    expect(again).toContain('  Workspace "try-org" already exists at root:try-org\n');
    expect(again).toContain('  Cowboy "john-wayne" already exists\n');
    expect(again.endsWith('Current workspace is "root:try-org:try-consumer".\n')).toBe(true);
    const removed = await admin.ok('kcp quickstart --name-prefix try --cleanup');
    expect(removed).toBe(
      [
        'Cleaning up quickstart resources with prefix "try"...',
        '',
        'Step 1/1: Deleting organization workspace "try-org" (cascades provider and consumer)...',
        '  Waiting for workspace "try-org" and all children to finish terminating...',
        '',
        'Cleanup complete.',
        'Current workspace is "root".',
        '',
      ].join('\n'),
    );
    expect(await admin.run('ws try-org')).toMatchObject({ code: 3 });
  });

  it('makes a tree of workspaces that its seed decides', async () => {
    await admin.ok('ws :root');
    const line =
      'kcp quickstart --scenario workspaces --name-prefix seed --tree-count 12 --tree-depth 2 --tree-seed 7';
    const out = await admin.ok(line);
    expect(out).toContain('Step 2/2: Creating 12 workspaces (max depth 2, seed 7)...\n');
    expect(out).toMatch(/ {2}Progress: 12\/12 workspaces created \(\d+\.\d ws\/s, depth so far: 2\)\n/);
    const before = await admin.ok('ws tree -w :root:seed-org');
    expect(before.trim().split('\n')).toHaveLength(13);
    await admin.ok('kcp quickstart --scenario workspaces --name-prefix seed --cleanup');
    await admin.ok(line);
    expect(await admin.ok('ws tree -w :root:seed-org')).toBe(before);
  });
});
