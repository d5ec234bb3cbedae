import { expect, test } from 'vitest';
import { describeKubectl, manifest } from './cluster.ts';

describeKubectl('kubectl and the kinds of kcp', (cluster) => {
  test('api-resources lists them, those with two forms twice', async () => {
    const lines = (await cluster.ok('api-resources --categories=kcp --no-headers')).trim().split('\n');
    const served = lines.map((line) => line.split(/ +/));
    const versions = (kind: string): string[] =>
      served.filter((columns) => columns.at(-1) === kind).map((columns) => columns.at(-3) ?? '');
    expect(versions('APIBinding')).toEqual(['apis.kcp.dev/v1alpha1', 'apis.kcp.io/v1alpha2']);
    expect(versions('APIExport')).toEqual(['apis.kcp.dev/v1alpha1', 'apis.kcp.io/v1alpha2']);
    expect(versions('LogicalCluster')).toEqual(['core.kcp.io/v1alpha1']);
    expect(served.filter(([name]) => name === 'workspaces')).toEqual([
      ['workspaces', 'ws', 'tenancy.kcp.io/v1alpha1', 'false', 'Workspace'],
    ]);
  });

  test('explain describes their fields, in every version', async () => {
    expect(await cluster.ok('explain apibinding.spec.reference.export')).toMatch(
      /GROUP: +apis\.kcp\.io\nKIND: +APIBinding\nVERSION: +v1alpha2[\s\S]* name\t<string> -required-[\s\S]* path\t<string>/,
    );
    expect(
      await cluster.ok('explain apiexport.spec.latestResourceSchemas --api-version=apis.kcp.io/v1alpha1'),
    ).toContain('<[]string>');
    expect(
      await cluster.ok('explain apibinding.spec.reference.workspace --api-version=apis.kcp.dev/v1alpha1'),
    ).toContain('exportName');
    expect(await cluster.ok('explain workspacetype.spec.limitAllowedParents')).toContain('none');
  });

  test('get shows their columns', async () => {
    const header = async (kinds: string): Promise<string[]> =>
      (await cluster.ok(`get ${kinds}`)).split('\n')[0]!.trim().split(/ {2,}/);
    expect(await header('logicalclusters')).toEqual(['NAME', 'PHASE', 'URL', 'AGE']);
    expect(await header('shards')).toEqual(['NAME', 'REGION', 'URL', 'EXTERNAL URL', 'AGE']);
    expect(await header('apiexportendpointslices')).toEqual(['NAME', 'EXPORT', 'PARTITION', 'AGE']);
    expect(await header('apiexports')).toEqual(['NAME', 'AGE']);
    expect(await header('workspacetypes')).toEqual(['NAME', 'AGE']);
    expect(await header('apiresourceschemas')).toEqual(['NAME', 'AGE']);
  });

  test('an unqualified name means apis.kcp.io, and either group shows the same objects', async () => {
    const object = {
      apiVersion: 'apis.kcp.dev/v1alpha1',
      kind: 'APIExport',
      metadata: { name: 'first-form' },
      spec: { latestResourceSchemas: ['today.widgets.example.com'] },
    };
    await cluster.ok('apply -f -', manifest(object));
    await cluster.ok(
      'apply -f -',
      manifest({ ...object, metadata: { name: 'first-form', labels: { a: 'b' } } }),
    );
    expect(await cluster.ok('get apiexport first-form -o jsonpath={.apiVersion}')).toBe(
      'apis.kcp.io/v1alpha2',
    );
    const uid = await cluster.ok('get apiexport first-form -o jsonpath={.metadata.uid}');
    expect(await cluster.ok('get apiexports.apis.kcp.dev first-form -o jsonpath={.metadata.uid}')).toBe(uid);
    await cluster.ok(
      'apply --server-side --field-manager=other -f -',
      manifest({
        apiVersion: 'apis.kcp.io/v1alpha1',
        kind: 'APIExport',
        metadata: { name: 'first-form', labels: { c: 'd' } },
      }),
    );
    expect(await cluster.ok('get apiexport first-form -o jsonpath={.metadata.labels.c}')).toBe('d');
    await cluster.ok('delete apiexports.apis.kcp.dev first-form');
  });
});
