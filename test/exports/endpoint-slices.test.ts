import { describe, expect, test } from 'vitest';
import { useMember } from '../conformance/suite.ts';
import type { KubeObject } from '../http/client.ts';
import { APIS, bindingOf, conditionOf, ExportsFixture, exportOf, WIDGETS } from './suite.ts';

const fixture = useMember(new ExportsFixture()) as ExportsFixture;
const SLICES = 'apis/apis.kcp.io/v1alpha1/apiexportendpointslices';
const TOPOLOGY = 'apis/topology.kcp.io/v1alpha1';

const slicePath = (cluster: string, name = 'widgets'): string => `/clusters/${cluster}/${SLICES}/${name}`;

function endpointsOf(slice: KubeObject): readonly string[] {
  const { endpoints = [] } = (slice['status'] ?? {}) as { endpoints?: readonly { url: string }[] };
  return endpoints.map(({ url }) => url);
}

function sliceOf(name: string, spec: object): object {
  return { apiVersion: 'apis.kcp.io/v1alpha1', kind: 'APIExportEndpointSlice', metadata: { name }, spec };
}

async function provider(): Promise<string> {
  const cluster = await fixture.cluster('provider');
  await fixture.offer(cluster, 'widgets', [WIDGETS]);
  return cluster;
}

describe('the endpoints of an export', () => {
  test('come with the export, and are there while it has consumers', async () => {
    const cluster = await provider();
    const apiExport = await fixture.client.get(`/clusters/${cluster}/${APIS}/apiexports/widgets`);
    const slice = await fixture.client.get(slicePath(cluster));
    expect(slice.metadata.ownerReferences).toMatchObject([
      { kind: 'APIExport', uid: apiExport.metadata.uid },
    ]);
    expect(slice['spec']).toEqual({ export: { name: 'widgets', path: cluster } });
    expect(endpointsOf(slice)).toEqual([]);
    expect(conditionOf(slice, 'APIExportValid')?.status).toBe('True');
    expect(conditionOf(slice, 'PartitionValid')?.status).toBe('True');
    const consumers = [await fixture.cluster('consumer'), await fixture.cluster('consumer')];
    for (const consumer of consumers)
      await fixture.bind(consumer, 'widgets', { path: cluster, name: 'widgets' });
    const served = await fixture.client.until(slicePath(cluster), (object) => endpointsOf(object).length > 0);
    const url = `${fixture.server.url}/services/apiexport/${cluster}/widgets`;
    expect(endpointsOf(served)).toEqual([url]);
    const list = await fixture.client.get(`${new URL(url).pathname}/clusters/*/apis/example.com/v1/widgets`);
    expect(list['items']).toEqual([]);
    for (const consumer of consumers) {
      await fixture.client.call(fixture.binding(consumer, 'widgets'), { method: 'DELETE' });
      await fixture.client.untilGone(fixture.binding(consumer, 'widgets'));
    }
    await fixture.client.until(slicePath(cluster), (object) => endpointsOf(object).length === 0);
  });

  test('are not made where the export says so, and go with it otherwise', async () => {
    const cluster = await provider();
    const metadata = { name: 'quiet', annotations: { 'apiexports.apis.kcp.io/skip-endpointslice': 'true' } };
    await fixture.client.create(`/clusters/${cluster}/${APIS}/apiexports`, {
      ...exportOf('quiet', []),
      metadata,
    });
    expect((await fixture.client.call(slicePath(cluster, 'quiet'))).status).toBe(404);
    await fixture.client.call(`/clusters/${cluster}/${APIS}/apiexports/widgets`, { method: 'DELETE' });
    await fixture.client.untilGone(slicePath(cluster));
  });

  test('can be asked for elsewhere, by those who may bind the export', async () => {
    const cluster = await provider();
    const elsewhere = await fixture.cluster('elsewhere');
    const spec = { export: { path: cluster, name: 'widgets' } };
    const path = `/clusters/${elsewhere}/${SLICES}`;
    await fixture.client.create(path, sliceOf('mine', spec));
    const consumer = await fixture.cluster('consumer');
    await fixture.bind(consumer, 'widgets', { path: cluster, name: 'widgets' });
    await fixture.client.until(slicePath(elsewhere, 'mine'), (object) => endpointsOf(object).length === 1);
    for (const name of ['none', 'widgets']) {
      const wanted = { export: { path: name === 'none' ? cluster : 'root:nowhere', name } };
      const refused = await fixture.client.refuse(403, path, {
        method: 'POST',
        body: sliceOf('other', wanted),
      });
      expect(refused.message).toBe(
        `apiexportendpointslices.apis.kcp.io "other" is forbidden: unable to create APIExportEndpointSlice: no permission to bind to export ${wanted.export.path}:${name}`,
      );
    }
    await fixture.client.call(`/clusters/${cluster}/${APIS}/apiexports/widgets`, { method: 'DELETE' });
    const orphan = await fixture.client.until(
      slicePath(elsewhere, 'mine'),
      (object) => conditionOf(object, 'APIExportValid')?.status === 'False',
    );
    expect(conditionOf(orphan, 'APIExportValid')?.reason).toBe('APIExportNotFound');
    expect(endpointsOf(orphan)).toEqual([]);
  });

  test('cannot be pointed at another export', async () => {
    const cluster = await provider();
    const refused = await fixture.client.refuse(422, slicePath(cluster), {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { spec: { export: { name: 'other' } } },
    });
    expect(refused.message).toContain('APIExport reference must not be changed');
  });
});

describe('a partition', () => {
  test('decides which shards count, and has to be there', async () => {
    const cluster = await provider();
    const topology = await topologyOf(cluster);
    const consumer = await fixture.cluster('consumer');
    await fixture.bind(consumer, 'widgets', { path: cluster, name: 'widgets' });
    const spec = { export: { path: cluster, name: 'widgets' }, partition: 'some' };
    const slice = await fixture.client.create(`/clusters/${cluster}/${SLICES}`, sliceOf('partial', spec));
    expect(conditionOf(slice, 'PartitionValid')).toMatchObject({
      status: 'False',
      reason: 'PartitionInvalidReference',
    });
    expect(endpointsOf(slice)).toEqual([]);
    const partition = (matchLabels: object) => ({
      apiVersion: 'topology.kcp.io/v1alpha1',
      kind: 'Partition',
      metadata: { name: 'some' },
      spec: { selector: { matchLabels } },
    });
    await fixture.client.create(`${topology}/partitions`, partition({ region: 'nowhere' }));
    const empty = await fixture.client.until(
      slicePath(cluster, 'partial'),
      (object) => conditionOf(object, 'PartitionValid')?.status === 'True',
    );
    expect(endpointsOf(empty)).toEqual([]);
    expect(empty['status']).toMatchObject({ shardSelector: 'region=nowhere' });
    await fixture.client.call(`${topology}/partitions/some`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { spec: { selector: null } },
    });
    await fixture.client.until(slicePath(cluster, 'partial'), (object) => endpointsOf(object).length === 1);
  });
});

describe('annotations of an export for its bindings', () => {
  test('are copied to them, changed and taken away again', async () => {
    const cluster = await provider();
    const consumer = await fixture.cluster('consumer');
    const annotate = (annotations: object) =>
      fixture.client.call(`/clusters/${cluster}/${APIS}/apiexports/widgets`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/merge-patch+json' },
        body: { metadata: { annotations } },
      });
    await annotate({ 'extra.apis.kcp.io/a': '1', other: 'x' });
    const bound = await fixture.bind(consumer, 'widgets', { path: cluster, name: 'widgets' });
    expect(bound.metadata.annotations).toMatchObject({ 'extra.apis.kcp.io/a': '1' });
    expect(bound.metadata.annotations).not.toHaveProperty('other');
    await annotate({ 'extra.apis.kcp.io/a': null, 'extra.apis.kcp.io/b': '2' });
    const after = await fixture.client.until(
      fixture.binding(consumer, 'widgets'),
      ({ metadata }) => metadata.annotations?.['extra.apis.kcp.io/b'] === '2',
    );
    expect(after.metadata.annotations).not.toHaveProperty('extra.apis.kcp.io/a');
  });
});

/** Where partitions are in a logical cluster: they come by a binding, unless every logical cluster has them. */
async function topologyOf(cluster: string): Promise<string> {
  const path = `/clusters/${cluster}/${TOPOLOGY}`;
  if ((await fixture.client.call(`${path}/partitions`)).status === 200) return path;
  const body = bindingOf('topology.kcp.io', { path: 'root', name: 'topology.kcp.io' });
  await fixture.client.create(`/clusters/${cluster}/${APIS}/apibindings`, body);
  return path;
}
