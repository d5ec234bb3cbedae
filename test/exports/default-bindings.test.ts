import { describe, expect, test } from 'vitest';
import { logicalClusterKey } from '../../src/api/mod.ts';
import { defaultBindingName } from '../../src/exports/mod.ts';
import { useMember } from '../conformance/suite.ts';
import type { KubeObject } from '../http/client.ts';
import {
  APIS,
  conditionOf,
  ExportsFixture,
  exportOf,
  SCHEMAS,
  schemaOf,
  statusOf,
  WIDGETS,
} from './suite.ts';

const fixture = useMember(new ExportsFixture()) as ExportsFixture;
const WORKSPACES = 'apis/tenancy.kcp.io/v1alpha1/workspaces';
const TYPES = 'apis/tenancy.kcp.io/v1alpha1/workspacetypes';

async function workspace(type: string): Promise<{ object: KubeObject; cluster: string }> {
  const name = fixture.name('w-');
  const object = await fixture.client.create(`/clusters/root/${WORKSPACES}`, {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: { name },
    spec: { type: { name: type, path: 'root' } },
  });
  return { object, cluster: (object['spec'] as { cluster: string }).cluster };
}

const GADGETS = { group: 'example.com', plural: 'gadgets', kind: 'Gadget' };
const MERGE = { 'content-type': 'application/merge-patch+json' };

async function type(name: string, spec: object, annotations: object = {}): Promise<void> {
  await fixture.client.create(`/clusters/root/${TYPES}`, {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'WorkspaceType',
    metadata: { name, annotations },
    spec,
  });
}

async function patch(path: string, body: object): Promise<void> {
  const reply = await fixture.client.call(path, { method: 'PATCH', headers: MERGE, body });
  expect([reply.status, reply.text]).toEqual([200, reply.text]);
}

function patchType(name: string, body: object): Promise<void> {
  return patch(`/clusters/root/${TYPES}/${name}`, body);
}

async function claiming(provider: string, permissionClaims: readonly object[]): Promise<void> {
  const { spec, ...rest } = exportOf('claims', []) as { spec: object };
  await fixture.client.create(`/clusters/${provider}/${APIS}/apiexports`, {
    ...rest,
    spec: { ...spec, permissionClaims },
  });
}

/** The LogicalCluster as it is stored: nobody may see it before it is ready. */
function self(cluster: string): KubeObject {
  const row = fixture.server.api.store.get(logicalClusterKey(cluster as never));
  return JSON.parse(row!.json.toString());
}

function phaseOf(object: KubeObject): string | undefined {
  return (object['status'] as { phase?: string } | undefined)?.phase;
}

function bindingPath(cluster: string, path: string, name: string): string {
  return fixture.binding(cluster, defaultBindingName(cluster as never, { path, name }));
}

async function bindingsIn(cluster: string): Promise<readonly KubeObject[]> {
  return (await fixture.client.list(`/clusters/${cluster}/${APIS}/apibindings`)).items;
}

function typeOf(name: string, exports: readonly { path: string; export: string }[]): unknown {
  return {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'WorkspaceType',
    metadata: { name },
    spec: { defaultAPIBindings: exports },
  };
}

describe('a new workspace', () => {
  test('has bound what its type says, in the commit that makes it', async () => {
    const provider = await fixture.cluster('provider');
    await fixture.offer(provider, 'widgets', [WIDGETS]);
    await fixture.client.create(
      `/clusters/root/${TYPES}`,
      typeOf('with-widgets', [{ path: provider, export: 'widgets' }]),
    );
    const { object, cluster } = await workspace('with-widgets');
    expect((object['status'] as { phase: string }).phase).toBe('Ready');
    const { items } = await fixture.client.list(`/clusters/${cluster}/${APIS}/apibindings`);
    expect(items.map(({ metadata }) => metadata.name)).toEqual([
      defaultBindingName(cluster as never, { path: provider, name: 'widgets' }),
    ]);
    expect(items[0]!.metadata.name).toMatch(/^widgets-[0-9a-z]{5}$/);
    expect(items[0]!.metadata.annotations?.['kcp.io/path']).toBe(`root:${object.metadata.name}`);
    expect(statusOf(items[0]!).phase).toBe('Bound');
    await fixture.widget(cluster, 'a');
  });

  test('of the universal type has those of kcp itself', async () => {
    const { object, cluster } = await workspace('universal');
    expect((object['status'] as { phase: string }).phase).toBe('Ready');
    const { items } = await fixture.client.list(`/clusters/${cluster}/${APIS}/apibindings`);
    expect(items.map(({ spec }) => (spec as { reference: unknown }).reference)).toEqual([
      { export: { name: 'tenancy.kcp.io', path: 'root' } },
      { export: { name: 'topology.kcp.io', path: 'root' } },
    ]);
    expect(items.map((binding) => statusOf(binding).phase)).toEqual(['Bound', 'Bound']);
    expect((await fixture.client.list(`/clusters/${cluster}/${WORKSPACES}`)).items).toEqual([]);
  });

  test('waits for an export that is not there', async () => {
    const provider = await fixture.cluster('provider');
    await fixture.client.create(
      `/clusters/root/${TYPES}`,
      typeOf('early', [{ path: provider, export: 'widgets' }]),
    );
    const { object, cluster } = await workspace('early');
    expect((object['status'] as { phase: string; initializers: string[] }).initializers).toContain(
      'system:apibindings',
    );
    await expect
      .poll(() => conditionOf(self(cluster), 'APIBindingsInitialized'))
      .toMatchObject({
        status: 'False',
        severity: 'Error',
        reason: 'APIBindingErrors',
        message: 'encountered errors: unable to complete initialization: unable to find at least 1 APIExport',
      });
    await fixture.offer(provider, 'widgets', [WIDGETS]);
    const path = `/clusters/root/${WORKSPACES}/${object.metadata.name}`;
    await expect.poll(async () => phaseOf(await fixture.client.get(path))).toBe('Ready');
    const ready = await fixture.client.get(path);
    expect(conditionOf(ready, 'APIBindingsInitialized')?.status).toBe('True');
    expect(conditionOf(ready, 'WorkspaceInitialized')?.status).toBe('True');
    expect((self(cluster)['status'] as { initializers?: unknown }).initializers).toBeUndefined();
    await fixture.widget(cluster, 'a');
  });

  test('accepts what the export asks for, also where the export comes later', async () => {
    const [there, later] = [await fixture.cluster('provider'), await fixture.cluster('provider')];
    const claims = [
      {
        group: '',
        resource: 'configmaps',
        verbs: ['*'],
        defaultSelector: { matchLabels: { app: 'widgets' } },
      },
      { group: '', resource: 'secrets', verbs: ['get'] },
    ];
    await claiming(there, claims);
    await type('claiming', {
      defaultAPIBindings: [there, later].map((path) => ({ path, export: 'claims' })),
    });
    const { object, cluster } = await workspace('claiming');
    expect(phaseOf(object)).toBe('Initializing');
    await claiming(later, claims);
    await expect.poll(() => phaseOf(self(cluster))).toBe('Ready');
    for (const path of [there, later]) {
      const binding = await fixture.client.get(bindingPath(cluster, path, 'claims'));
      expect((binding['spec'] as { permissionClaims: unknown }).permissionClaims).toEqual([
        {
          group: '',
          identityHash: '',
          resource: 'configmaps',
          verbs: ['*'],
          selector: { matchLabels: { app: 'widgets' } },
          state: 'Accepted',
        },
        {
          group: '',
          identityHash: '',
          resource: 'secrets',
          verbs: ['get'],
          selector: { matchAll: true },
          state: 'Accepted',
        },
      ]);
    }
  });

  test('leaves to its owner what v1alpha1 asks for by names of objects, and keeps the answer', async () => {
    const provider = await fixture.cluster('provider');
    const path = `/clusters/${provider}/${APIS.replace('v1alpha2', 'v1alpha1')}/apiexports`;
    await fixture.client.create(path, {
      apiVersion: 'apis.kcp.io/v1alpha1',
      kind: 'APIExport',
      metadata: { name: 'claims' },
      spec: {
        permissionClaims: [
          { group: '', resource: 'secrets', resourceSelector: [{ name: 'mine' }] },
          { group: '', resource: 'configmaps', all: true },
        ],
      },
    });
    await type('named', {
      defaultAPIBindings: [{ path: provider, export: 'claims' }],
      defaultAPIBindingLifecycle: 'Maintain',
    });
    const { cluster } = await workspace('named');
    const binding = bindingPath(cluster, provider, 'claims');
    const answers = async () =>
      ((await fixture.client.get(binding))['spec'] as { permissionClaims: { resource: string }[] })
        .permissionClaims;
    const rest = { group: '', identityHash: '', verbs: ['*'], state: 'Accepted' };
    const all = { ...rest, resource: 'configmaps', selector: { matchAll: true } };
    expect(await answers()).toEqual([all]);
    const mine = { ...rest, resource: 'secrets', selector: { matchLabels: { for: 'provider' } } };
    await patch(binding, { spec: { permissionClaims: [all, mine] } });
    // Whatever else the provider comes to ask for does not touch it.
    const more = { group: '', resource: 'serviceaccounts', all: true };
    const asked = (await fixture.client.get(`${path}/claims`))['spec'] as { permissionClaims: object[] };
    await patch(`${path}/claims`, { spec: { permissionClaims: [...asked.permissionClaims, more] } });
    const wanted = { ...all, resource: 'serviceaccounts' };
    await expect.poll(answers).toEqual([all, wanted, mine]);
  });

  test('has those of all that its type extends, and waits for schemas too', async () => {
    const providers = [await fixture.cluster('provider'), await fixture.cluster('provider')];
    const [first, second] = providers as [string, string];
    await fixture.offer(first, 'widgets', [WIDGETS]);
    await fixture.client.create(`/clusters/${second}/${APIS}/apiexports`, exportOf('gadgets', [GADGETS]));
    await type('has-widgets', { defaultAPIBindings: [{ path: first, export: 'widgets' }] });
    await type('has-gadgets', { defaultAPIBindings: [{ path: second, export: 'gadgets' }] });
    await type('has-both', { extend: { with: [{ name: 'has-widgets' }, { name: 'has-gadgets' }] } });
    const { cluster } = await workspace('has-both');
    const gadgets = defaultBindingName(cluster as never, { path: second, name: 'gadgets' });
    await expect
      .poll(() => conditionOf(self(cluster), 'APIBindingsInitialized'))
      .toMatchObject({
        reason: 'WaitingOnAPIBindings',
        message: `APIBinding(s) not yet fully bound: ${gadgets}`,
      });
    await fixture.client.create(`/clusters/${second}/${SCHEMAS}`, schemaOf(GADGETS));
    await expect.poll(() => phaseOf(self(cluster))).toBe('Ready');
    const { items } = await fixture.client.list(`/clusters/${cluster}/${APIS}/apibindings`);
    expect(items.map((binding) => statusOf(binding).phase)).toEqual(['Bound', 'Bound']);
  });

  test('waits for the export that has the name, also when it is another one by now', async () => {
    const provider = await fixture.cluster('provider');
    const apiExport = `/clusters/${provider}/${APIS}/apiexports/gadgets`;
    await fixture.client.create(`/clusters/${provider}/${APIS}/apiexports`, exportOf('gadgets', [GADGETS]));
    await type('corrected', { defaultAPIBindings: [{ path: provider, export: 'gadgets' }] });
    const { cluster } = await workspace('corrected');
    for (const path of [apiExport, `/clusters/${provider}/api/v1/namespaces/kcp-system/secrets/gadgets`]) {
      await fixture.client.delete(path);
      await fixture.client.untilGone(path);
    }
    await fixture.offer(provider, 'gadgets', [GADGETS]);
    await expect.poll(() => phaseOf(self(cluster)), { timeout: 10_000 }).toBe('Ready');
    const [binding] = await bindingsIn(cluster);
    expect(statusOf(binding!).phase).toBe('Bound');
  });

  test('says that a type is gone that it waits for, and follows its type as long as it waits', async () => {
    const provider = await fixture.cluster('provider');
    await type('vanishing', {});
    await type('heir', {
      extend: { with: [{ name: 'vanishing', path: 'root' }] },
      defaultAPIBindings: [{ path: provider, export: 'never' }],
    });
    const { cluster } = await workspace('heir');
    await fixture.client.delete(`/clusters/root/${TYPES}/vanishing`);
    await expect
      .poll(() => conditionOf(self(cluster), 'APIBindingsInitialized'))
      .toMatchObject({
        reason: 'WorkspaceTypesInvalid',
        message: expect.stringContaining('unable to find inherited workspace type root:vanishing'),
      });
    await type('vanishing', {});
    await expect
      .poll(() => conditionOf(self(cluster), 'APIBindingsInitialized')?.reason)
      .toBe('APIBindingErrors');
    await patchType('heir', { spec: { defaultAPIBindings: null } });
    await expect.poll(() => phaseOf(self(cluster))).toBe('Ready');
  });
});

describe('a type that maintains its bindings', () => {
  test('has existing workspaces follow it, and those of types that extend it', async () => {
    const provider = await fixture.cluster('provider');
    await fixture.offer(provider, 'widgets', [WIDGETS]);
    await type('kept', {});
    await type('kept-heir', { extend: { with: [{ name: 'kept', path: 'root' }] } });
    await type('other', {});
    const clusters = [await workspace('kept'), await workspace('kept-heir')].map((one) => one.cluster);
    const other = await workspace('other');
    const widgets = { defaultAPIBindings: [{ path: provider, export: 'widgets' }] };
    // Without Maintain, what is there stays as it is.
    await patchType('kept', { spec: widgets });
    for (const cluster of clusters) expect(await bindingsIn(cluster)).toEqual([]);
    await patchType('kept', { spec: { defaultAPIBindingLifecycle: 'Maintain' } });
    for (const cluster of clusters) {
      await expect.poll(() => conditionOf(self(cluster), 'APIBindingsReconciled')?.status).toBe('True');
      await fixture.widget(cluster, 'a');
    }
    expect(await bindingsIn(other.cluster)).toEqual([]);
  });

  test('upgrades what is accepted when the export asks for more, and brings back what is deleted', async () => {
    const provider = await fixture.cluster('provider');
    await claiming(provider, []);
    await type('upgraded', {
      defaultAPIBindings: [{ path: provider, export: 'claims' }],
      defaultAPIBindingLifecycle: 'Maintain',
    });
    const { cluster } = await workspace('upgraded');
    const path = bindingPath(cluster, provider, 'claims');
    const accepted = async () =>
      (
        (JSON.parse((await fixture.client.call(path)).text) as KubeObject)['spec'] as {
          permissionClaims?: object[];
        }
      )?.permissionClaims;
    expect(await accepted()).toBeUndefined();
    const claims = [{ group: '', resource: 'configmaps', verbs: ['get'] }];
    await patch(`/clusters/${provider}/${APIS}/apiexports/claims`, { spec: { permissionClaims: claims } });
    const wanted = [{ ...claims[0], identityHash: '', selector: { matchAll: true }, state: 'Accepted' }];
    await expect.poll(accepted).toEqual(wanted);
    const { uid } = (await fixture.client.get(path)).metadata;
    await fixture.client.delete(path);
    await expect.poll(async () => (await fixture.client.call(path)).status === 200).toBe(true);
    await expect
      .poll(async () => (JSON.parse((await fixture.client.call(path)).text) as KubeObject).metadata?.uid)
      .not.toBe(uid);
    await expect.poll(accepted).toEqual(wanted);
  });

  test('waits for an export that is not there, and its annotation goes before its field', async () => {
    const provider = await fixture.cluster('provider');
    const lifecycle = 'experimental.tenancy.kcp.io/default-api-binding-lifecycle';
    await type('annotated', { defaultAPIBindingLifecycle: 'InitializeOnly' }, { [lifecycle]: 'Maintain' });
    const { cluster } = await workspace('annotated');
    await patchType('annotated', { spec: { defaultAPIBindings: [{ path: provider, export: 'widgets' }] } });
    const name = defaultBindingName(cluster as never, { path: provider, name: 'widgets' });
    await expect
      .poll(() => conditionOf(self(cluster), 'APIBindingsReconciled'))
      .toMatchObject({
        status: 'False',
        reason: 'WaitingOnAPIBindings',
        message: `APIBinding(s) not yet fully reconciled: ${name}`,
      });
    expect(phaseOf(self(cluster))).toBe('Ready');
    await fixture.offer(provider, 'widgets', [WIDGETS]);
    await expect.poll(() => conditionOf(self(cluster), 'APIBindingsReconciled')?.status).toBe('True');
  });
});

test('the name of a default binding is that of kcp: the export, and a hash that no other has', () => {
  const cluster = 'root' as never;
  const name = defaultBindingName(cluster, { path: 'root', name: 'tenancy.kcp.io' });
  expect(name).toMatch(/^tenancy\.kcp\.io-[0-9a-z]{5}$/);
  expect(defaultBindingName(cluster, { path: 'root:a', name: 'tenancy.kcp.io' })).not.toBe(name);
  expect(defaultBindingName(cluster, { path: 'root', name: 'x'.repeat(253) })).toHaveLength(253);
});
