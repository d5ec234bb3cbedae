import { expect, onTestFinished, test } from 'vitest';
import { describeKubectl, manifest } from './cluster.ts';

const TYPES = '/apis/tenancy.kcp.io/v1alpha1/workspacetypes';

interface Shown {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec?: Readonly<Record<string, unknown>>;
}

function workspaceType(name: string, spec: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'WorkspaceType', metadata: { name }, spec };
}

function apiExport(name: string, labels: Readonly<Record<string, string>> = {}): Record<string, unknown> {
  return { apiVersion: 'apis.kcp.io/v1alpha2', kind: 'APIExport', metadata: { name, labels } };
}

describeKubectl('kubectl and kinds whose resourceVersions are positions of the member', (cluster) => {
  const versionOf = async (object: string): Promise<bigint> => {
    const { metadata } = await cluster.json<Shown>(`get ${object}`);
    return BigInt(metadata.resourceVersion);
  };

  test('get --watch goes on from the list, and misses nothing', async () => {
    await cluster.ok('create -f -', manifest(workspaceType('watched')));
    expect(await versionOf('workspacetype watched')).toBeGreaterThanOrEqual(2n ** 53n);
    const following = cluster.follow('get workspacetypes --watch --output-watch-events -L l');
    onTestFinished(() => following.stop());
    await following.until(/ADDED +watched/);
    for (const value of ['one', 'two', 'three']) {
      await cluster.ok(`label workspacetype watched l=${value} --overwrite`);
    }
    await cluster.ok('delete workspacetype watched');
    for (const value of ['one', 'two', 'three']) {
      await following.until(new RegExp(`MODIFIED .* ${value}`));
    }
    await following.until(/DELETED +watched/);
  });

  test('wait sees a condition come, and the object go', async () => {
    await cluster.ok('create -f -', manifest(workspaceType('awaited')));
    const waiting = cluster.ok(
      'wait workspacetype/awaited --for=jsonpath={.metadata.labels.ready}=yes --timeout=20s',
    );
    await cluster.ok('label workspacetype awaited ready=yes');
    expect(await waiting).toContain('condition met');
    await cluster.client.patch(`${TYPES}/awaited`, { metadata: { finalizers: ['example.com/held'] } });
    await cluster.ok('delete workspacetype awaited --wait=false');
    const gone = cluster.ok('wait workspacetype/awaited --for=delete --timeout=20s');
    await cluster.client.patch(`${TYPES}/awaited`, { metadata: { finalizers: null } });
    // What was gone before it began is fine with it, too.
    expect(await gone).toMatch(/^$|condition met/);
  });

  test('edit and replace write what they have read, and are told of what changed meanwhile', async () => {
    await cluster.ok('create -f -', manifest(apiExport('replaced', { l: 'one' })));
    await cluster.ok('edit apiexport replaced', undefined, { KUBE_EDITOR: 'sed -i s/l:.one/l:\\ two/' });
    const read = await cluster.ok('get apiexport replaced -o yaml');
    expect(read).toContain('l: two');
    const before = await versionOf('apiexport replaced');
    await cluster.ok('replace -f -', read.replace('l: two', 'l: three'));
    expect(await versionOf('apiexport replaced')).toBeGreaterThan(before);
    const conflict = await cluster.fail('replace -f -', read.replace('l: two', 'l: four'));
    expect(conflict).toContain('the object has been modified');
  });

  test('apply on the server and on the client change it, and find nothing to change the next time', async () => {
    const apply = (object: unknown, isServerSide = true) =>
      cluster.ok(`apply --server-side=${isServerSide} -f -`, manifest(object));
    expect(await apply(apiExport('applied', { l: 'one' }))).toBe(
      'apiexport.apis.kcp.io/applied serverside-applied',
    );
    const first = await versionOf('apiexport applied');
    await apply(apiExport('applied', { l: 'one' }));
    expect(await versionOf('apiexport applied')).toBe(first);
    await apply(apiExport('applied', { l: 'two' }));
    expect(await versionOf('apiexport applied')).toBeGreaterThan(first);
    expect(await apply(workspaceType('merged'), false)).toBe('workspacetype.tenancy.kcp.io/merged created');
    expect(await apply(workspaceType('merged'), false)).toBe('workspacetype.tenancy.kcp.io/merged unchanged');
    const changed = await apply(workspaceType('merged', { initializer: true }), false);
    expect(changed).toBe('workspacetype.tenancy.kcp.io/merged configured');
    expect((await cluster.json<Shown>('get workspacetype merged')).spec).toMatchObject({ initializer: true });
  });

  test('lists in pages and deletes by selector', async () => {
    for (const name of ['page-a', 'page-b', 'page-c']) {
      await cluster.ok('create -f -', manifest(apiExport(name, { paged: 'yes' })));
    }
    const names = await cluster.ok('get apiexports -l paged=yes --chunk-size=1 -o name');
    expect(names.split('\n')).toHaveLength(3);
    expect(await cluster.ok('delete apiexports -l paged=yes')).toMatch(/deleted/);
    expect(await cluster.ok('get apiexports -l paged=yes -o name')).toBe('');
  });
});
