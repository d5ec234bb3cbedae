import { describe, expect, test } from 'vitest';
import { type Cluster, describeKubectl, manifest } from './cluster.ts';
import { type FixtureObject, fixtureObjects } from './fixture-objects.ts';
import { CERT_MANAGER, cowboys, isAbsent, namesOfDefinitions, waitUntilEstablished } from './fixtures.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

describe.skipIf(isAbsent)('[fixtures]', () => {
  describeKubectl('kubectl apply --server-side and the definitions of others', (cluster) => {
    test('they are applied twice, and the second time changes nothing', async () => {
      const names = namesOfDefinitions();
      const first = await cluster.ok(`apply --server-side -f ${CERT_MANAGER}`);
      expect(first.match(/ serverside-applied$/gm)).toHaveLength(names.length);
      await cluster.ok('apply --server-side -f -', cowboys());
      await waitUntilEstablished(cluster);
      const before = await versionsOf(cluster);
      await cluster.ok(`apply --server-side -f ${CERT_MANAGER}`);
      await cluster.ok('apply --server-side -f -', cowboys());
      expect(await versionsOf(cluster)).toEqual(before);
      const diff = await cluster.run(`diff --server-side -f ${CERT_MANAGER}`);
      expect(diff).toEqual({ code: 0, stdout: '', stderr: '' });
    });

    test('client-side apply takes over what was applied by the server', async () => {
      const output = await cluster.run(`apply -f ${CERT_MANAGER}`);
      expect(output.code, output.stderr).toBe(0);
      const diff = await cluster.run(`diff -f ${CERT_MANAGER}`);
      expect(diff).toEqual({ code: 0, stdout: '', stderr: '' });
    });

    test.each(fixtureObjects)('$kind: all of it can be explained', async ({ resource, apiVersion }) => {
      const line = `explain ${resource} --recursive --api-version=${apiVersion}`;
      const explained = await cluster.ok(line);
      expect(explained).toMatch(/^ {2}spec\t<\w+>/m);
      // Every level of the schema is there, not the first alone.
      expect(explained).toMatch(/^ {4}\w+\t/m);
    });

    test.each(fixtureObjects)('$kind: an object is applied twice, shown and deleted', async (kind) => {
      const text = manifest(objectOf(kind));
      const applied = `${kind.kind.toLowerCase()}.${kind.apiVersion.split('/')[0]}/sample`;
      expect(await cluster.ok('apply --server-side -f -', text)).toBe(`${applied} serverside-applied`);
      const before = await cluster.client.get(pathOf(kind, 'sample'));
      expect(before).toMatchObject({ spec: kind.stored ?? kind.spec, metadata: { generation: 1 } });
      await cluster.ok('apply --server-side -f -', text);
      const after = await cluster.client.get(pathOf(kind, 'sample'));
      expect(after.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
      const diff = await cluster.run('diff --server-side -f -', { input: text });
      expect(diff).toEqual({ code: 0, stdout: '', stderr: '' });
      expect(await cluster.ok(`get ${kind.resource}`)).toMatch(kind.columns);
      await cluster.ok(`delete ${kind.resource} sample`);
    });

    test.each(fixtureObjects)('$kind: what the schema does not have is pruned, or refused', async (kind) => {
      const spec = { ...kind.spec, ...kind.unknown };
      const body = { ...objectOf(kind), spec };
      const path = pathOf(kind);
      const status = await cluster.client.refuse(400, `${path}?fieldValidation=Strict`, {
        method: 'POST',
        body,
      });
      expect(status.message).toMatch(/strict decoding error: unknown field "spec\./);
      const created = await cluster.client.create(path, body);
      expect(created).toMatchObject({ spec: kind.stored ?? kind.spec });
      const applied = await cluster.client.call(`${pathOf(kind, 'other')}?fieldManager=test`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/apply-patch+yaml' },
        body: JSON.stringify({ ...body, metadata: { name: 'other' } }),
      });
      expect(applied.status, applied.text).toBe(500);
      await cluster.client.delete(pathOf(kind, 'sample'));
    });

    test.each(fixtureObjects)('$kind: an invalid object is refused by its fields', async (kind) => {
      const body = { ...objectOf(kind), spec: { ...kind.spec, ...kind.invalid } };
      const status = await cluster.client.refuse(422, pathOf(kind), { method: 'POST', body });
      expect(status.reason).toBe('Invalid');
      const fields = status.details?.causes?.map(({ field }) => field);
      expect(fields).toEqual(expect.arrayContaining([...kind.fields]));
      const applied = await cluster.run('apply --server-side -f -', { input: manifest(body) });
      // A value of the wrong type is no typed object at all, which comes out before validation.
      expect(applied.code).toBe(1);
      expect(applied.stderr).toMatch(/is invalid: |failed to create typed patch object/);
    });
  });
});

function objectOf({ apiVersion, kind, namespace, spec }: FixtureObject): Readonly<Record<string, unknown>> {
  return { apiVersion, kind, metadata: { name: 'sample', ...(namespace ? { namespace } : {}) }, spec };
}

function pathOf({ apiVersion, namespace, resource }: FixtureObject, name?: string): string {
  const scope = namespace === undefined ? '' : `/namespaces/${namespace}`;
  return `/apis/${apiVersion}${scope}/${resource}${name === undefined ? '' : `/${name}`}`;
}

async function versionsOf(cluster: Cluster): Promise<readonly string[]> {
  const { items } = await cluster.client.list(CRDS);
  return items.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`);
}
