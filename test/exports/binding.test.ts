import { describe, expect, test } from 'vitest';
import { useMember } from '../conformance/suite.ts';
import {
  APIS,
  bindingOf,
  conditionOf,
  conditionsOf,
  ExportsFixture,
  exportOf,
  SCHEMAS,
  schemaOf,
  statusOf,
  WIDGETS,
} from './suite.ts';

const fixture = useMember(new ExportsFixture()) as ExportsFixture;

describe('an APIBinding', () => {
  test('is bound by the request that creates it, and its kinds are there at once', async () => {
    const provider = await fixture.cluster('provider');
    const consumer = await fixture.cluster('consumer');
    const offered = await fixture.offer(provider, 'widgets', [WIDGETS]);
    const identity = (offered['status'] as { identityHash: string }).identityHash;
    const schema = await fixture.client.get(`/clusters/${provider}/${SCHEMAS}/v1.widgets.example.com`);
    const binding = await fixture.bind(consumer, 'widgets', { path: provider, name: 'widgets' });
    expect(binding.metadata.finalizers).toEqual(['apis.kcp.io/apibinding-finalizer']);
    expect(statusOf(binding)).toMatchObject({
      phase: 'Bound',
      apiExportClusterName: provider,
      boundResources: [
        {
          group: 'example.com',
          resource: 'widgets',
          schema: { name: 'v1.widgets.example.com', UID: schema.metadata.uid, identityHash: identity },
          storageVersions: ['v1'],
        },
      ],
    });
    expect(conditionsOf(binding).map(({ type, status }) => `${type}=${status}`)).toEqual(
      expect.arrayContaining([
        'Ready=True',
        'APIExportValid=True',
        'BindingUpToDate=True',
        'InitialBindingCompleted=True',
      ]),
    );
    await fixture.widget(consumer, 'a', { spec: { size: 1 } });
    const found = await fixture.client.get(`${fixture.widgets(consumer)}/a`);
    expect(found['spec']).toEqual({ size: 1 });
    expect(found.metadata.annotations?.['kcp.io/cluster']).toBe(consumer);
    // Not in the workspace that offers it.
    expect((await fixture.client.call(fixture.widgets(provider))).status).toBe(404);
  });

  test('brings its group into discovery and OpenAPI of the consumer alone', async () => {
    const { provider, consumer } = await fixture.pair();
    const groups = async (cluster: string) =>
      (
        (await fixture.client.get(`/clusters/${cluster}/apis`))['groups'] as unknown as {
          name: string;
        }[]
      ).map(({ name }) => name);
    expect(await groups(consumer)).toContain('example.com');
    expect(await groups(provider)).not.toContain('example.com');
    const resources = await fixture.client.get(`/clusters/${consumer}/apis/example.com/v1`);
    expect(resources['resources']).toMatchObject([
      { name: 'widgets', namespaced: true, kind: 'Widget' },
      { name: 'widgets/status' },
    ]);
    const index = await fixture.client.get(`/clusters/${consumer}/openapi/v3`);
    expect(Object.keys(index['paths'] as object)).toContain('apis/example.com/v1');
    expect(
      Object.keys((await fixture.client.get(`/clusters/${provider}/openapi/v3`))['paths'] as object),
    ).not.toContain('apis/example.com/v1');
  });

  test('waits for an export that is not there yet, and says so', async () => {
    const provider = await fixture.cluster('provider');
    const consumer = await fixture.cluster('consumer');
    const early = await fixture.bind(consumer, 'widgets', { path: provider, name: 'widgets' });
    expect(statusOf(early).phase).toBe('Binding');
    expect(conditionOf(early, 'APIExportValid')).toMatchObject({
      status: 'False',
      severity: 'Error',
      reason: 'APIExportNotFound',
      message: `APIExport ${provider}|widgets not found`,
    });
    expect(conditionOf(early, 'Ready')).toMatchObject({ status: 'False', reason: 'WaitingForEstablished' });
    // The export first, its schema later: both are waited for.
    await fixture.client.create(`/clusters/${provider}/${APIS}/apiexports`, exportOf('widgets', [WIDGETS]));
    const waiting = await fixture.client.until(
      fixture.binding(consumer, 'widgets'),
      (binding) => conditionOf(binding, 'APIExportValid')?.reason === 'InternalError',
    );
    expect(conditionOf(waiting, 'APIExportValid')?.message).toBe(
      'Invalid APIExport. Please contact the APIExport owner to resolve: APIResourceSchema "v1.widgets.example.com" not found',
    );
    await fixture.client.create(`/clusters/${provider}/${SCHEMAS}`, schemaOf(WIDGETS));
    await fixture.client.until(
      fixture.binding(consumer, 'widgets'),
      (binding) => statusOf(binding).phase === 'Bound',
    );
    await fixture.widget(consumer, 'a');
  });

  test('may name an export of its own workspace without a path', async () => {
    const cluster = await fixture.cluster('own');
    await fixture.offer(cluster, 'widgets', [WIDGETS]);
    const binding = await fixture.bind(cluster, 'widgets', { name: 'widgets' });
    expect(statusOf(binding)).toMatchObject({ phase: 'Bound', apiExportClusterName: cluster });
  });

  test('cannot be made to refer to another export', async () => {
    const { provider, consumer } = await fixture.pair();
    const headers = { 'content-type': 'application/merge-patch+json' };
    const body = { spec: { reference: { export: { path: provider, name: 'other' } } } };
    const refusal = await fixture.client.refuse(422, fixture.binding(consumer, 'widgets'), {
      method: 'PATCH',
      headers,
      body,
    });
    expect(refusal.message).toContain('APIExport reference must not be changed');
  });

  test('keeps what only the server may say, whoever writes its status', async () => {
    const { consumer } = await fixture.pair();
    const path = fixture.binding(consumer, 'widgets');
    const before = await fixture.client.get(path);
    const forged = {
      ...before,
      status: {
        ...(before['status'] as object),
        boundResources: [
          {
            group: 'example.com',
            resource: 'widgets',
            schema: { name: 'x', UID: 'somebody-elses', identityHash: 'somebody-elses' },
          },
        ],
      },
    };
    await fixture.client.put(`${path}/status`, forged);
    expect(statusOf(await fixture.client.get(path))).toEqual(statusOf(before));
    await fixture.widget(consumer, 'a');
  });

  test('shows in a table whether it is ready', async () => {
    const { consumer } = await fixture.pair();
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const reply = await fixture.client.call(`/clusters/${consumer}/${APIS}/apibindings`, {
      headers: { accept },
    });
    const table = JSON.parse(reply.text) as {
      columnDefinitions: { name: string }[];
      rows: { cells: unknown[] }[];
    };
    const at = table.columnDefinitions.findIndex(({ name }) => name === 'Ready');
    expect(table.rows[0]?.cells[at]).toBe('True');
  });

  test('that is only tried changes nothing', async () => {
    const provider = await fixture.cluster('provider');
    const consumer = await fixture.cluster('consumer');
    await fixture.offer(provider, 'widgets', [WIDGETS]);
    const reply = await fixture.client.call(`/clusters/${consumer}/${APIS}/apibindings?dryRun=All`, {
      method: 'POST',
      body: bindingOf('widgets', { path: provider, name: 'widgets' }),
    });
    expect(reply.status).toBe(201);
    expect((await fixture.client.call(fixture.binding(consumer, 'widgets'))).status).toBe(404);
    expect((await fixture.client.call(fixture.widgets(consumer))).status).toBe(404);
  });
});
