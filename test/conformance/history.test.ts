import { beforeAll, describe, expect, test } from 'vitest';
import { configMap, type Status } from '../http/client.ts';
import { useMember } from './suite.ts';

const fixture = useMember();
let path = '';

/** Forgets what was before now, as the server does with what is older than its retention. */
async function forgetHistory(): Promise<void> {
  const { store } = fixture.server.api;
  await store.compact(store.revision);
}

beforeAll(async () => {
  path = `/api/v1/namespaces/${await fixture.namespace()}/configmaps`;
  for (const name of ['a', 'b', 'c', 'd']) await fixture.client.create(path, configMap(name));
});

describe('history that is gone', () => {
  test('makes a continue token Expired, with another that goes on from there in the newest state', async () => {
    const page = await fixture.client.list(`${path}?limit=2`);
    expect(page.metadata).toMatchObject({ remainingItemCount: 2 });
    const token = encodeURIComponent(page.metadata.continue ?? '');
    await fixture.client.create(path, configMap('bb'));
    // While the history is there, the page is of the moment of the first one.
    const second = await fixture.client.list(`${path}?limit=2&continue=${token}`);
    expect(second.items.map(({ metadata }) => metadata.name)).toEqual(['c', 'd']);
    expect(second.metadata.resourceVersion).toBe(page.metadata.resourceVersion);
    await forgetHistory();
    const expired = await fixture.client.refuse(410, `${path}?limit=2&continue=${token}`);
    expect(expired).toMatchObject({
      reason: 'Expired',
      message: expect.stringMatching(
        /^The provided continue parameter is too old to display a consistent list result\. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results\. Continuing with the provided token results in an inconsistent list/,
      ),
    });
    const inconsistent = encodeURIComponent((expired as Status).metadata.continue ?? '');
    const rest = await fixture.client.list(`${path}?limit=2&continue=${inconsistent}`);
    expect(rest.items.map(({ metadata }) => metadata.name)).toEqual(['bb', 'c']);
    expect(BigInt(rest.metadata.resourceVersion)).toBeGreaterThan(BigInt(page.metadata.resourceVersion));
    const last = encodeURIComponent(rest.metadata.continue ?? '');
    const end = await fixture.client.list(`${path}?limit=2&continue=${last}`);
    expect(end.items.map(({ metadata }) => metadata.name)).toEqual(['d']);
    expect(end.metadata).not.toHaveProperty('continue');
  });

  test('makes a list at an exact revision Expired, while the others are served', async () => {
    const { metadata } = await fixture.client.list(path);
    const { resourceVersion } = metadata;
    const exact = `${path}?resourceVersion=${resourceVersion}&resourceVersionMatch=Exact`;
    await fixture.client.patch(`${path}/a`, { data: { x: '1' } });
    expect((await fixture.client.list(exact)).items[0]).not.toHaveProperty('data');
    expect((await fixture.client.list(exact)).metadata.resourceVersion).toBe(resourceVersion);
    await forgetHistory();
    for (const query of [exact, `${path}?limit=1&resourceVersion=${resourceVersion}`]) {
      expect(await fixture.client.refuse(410, query)).toMatchObject({
        reason: 'Expired',
        message: 'The resourceVersion for the provided list is too old.',
      });
    }
    for (const query of ['', '&resourceVersionMatch=NotOlderThan']) {
      const list = await fixture.client.list(`${path}?resourceVersion=${resourceVersion}${query}`);
      expect(list.items[0]).toMatchObject({ data: { x: '1' } });
    }
    await fixture.client.get(`${path}/a?resourceVersion=${resourceVersion}`);
  });

  test('ends a watch that begins there with an ERROR event of 410, and spares those that run', async () => {
    const { metadata } = await fixture.client.list(path);
    const from = `${path}?watch=1&resourceVersion=${metadata.resourceVersion}`;
    const running = await fixture.client.watch(from);
    await fixture.client.patch(`${path}/b`, { data: { x: '1' } });
    await running.next();
    await forgetHistory();
    const late = await fixture.client.watch(from);
    expect(late.status).toBe(200);
    const events = await late.rest();
    expect(events).toMatchObject([
      { type: 'ERROR', object: { kind: 'Status', apiVersion: 'v1', reason: 'Expired', code: 410 } },
    ]);
    expect(events[0]?.object['message']).toMatch(
      new RegExp(`^too old resource version: ${metadata.resourceVersion} \\(\\d+\\)$`),
    );
    await fixture.client.patch(`${path}/b`, { data: { x: '2' } });
    expect((await running.next()).object).toMatchObject({ data: { x: '2' } });
    running.close();
  });

  test('does not touch a watch that begins with what there is', async () => {
    await forgetHistory();
    const watch = await fixture.client.watch(`${path}?watch=1&resourceVersion=0&timeoutSeconds=1`);
    expect((await watch.rest()).map(({ type }) => type)).toEqual([
      'ADDED',
      'ADDED',
      'ADDED',
      'ADDED',
      'ADDED',
    ]);
  });
});

describe('resourceVersions', () => {
  test('are one growing count over all kinds, and a list’s is never below that of its items', async () => {
    const namespace = path.replace('/configmaps', '');
    const versions: bigint[] = [];
    for (const kind of ['configmaps', 'secrets', 'serviceaccounts']) {
      const created = await fixture.client.create(`${namespace}/${kind}`, { metadata: { name: 'count' } });
      expect(created.metadata.resourceVersion).toMatch(/^[1-9][0-9]*$/);
      versions.push(BigInt(created.metadata.resourceVersion));
    }
    expect(versions).toEqual([...versions].sort((x, y) => (x < y ? -1 : 1)));
    const list = await fixture.client.list('/api/v1/secrets');
    expect(BigInt(list.metadata.resourceVersion)).toBeGreaterThanOrEqual(versions.at(-1)!);
  });

  test('of a deleted and re-created object go on', async () => {
    const first = await fixture.client.create(path, configMap('again'));
    await fixture.client.delete(`${path}/again`);
    const second = await fixture.client.create(path, configMap('again'));
    expect(second.metadata.uid).not.toBe(first.metadata.uid);
    expect(BigInt(second.metadata.resourceVersion)).toBeGreaterThan(BigInt(first.metadata.resourceVersion));
  });
});
