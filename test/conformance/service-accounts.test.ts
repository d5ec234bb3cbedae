import { expect, test } from 'vitest';
import type { KubeObject } from '../http/client.ts';
import { useMember } from './suite.ts';

const fixture = useMember();

test('service accounts: created, changed, found by label in all namespaces, and deleted as a collection', async () => {
  const { client } = fixture;
  const accounts = `/api/v1/namespaces/${await fixture.namespace()}/serviceaccounts`;
  const name = fixture.name('account-');
  const selector = `labelSelector=${encodeURIComponent(`run=${name}`)}`;
  const watch = await client.watch(`${accounts}?watch=1&${selector}`);
  await client.create(accounts, { metadata: { name, labels: { run: name } } });
  expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name } } });
  await client.patch(`${accounts}/${name}`, { automountServiceAccountToken: false });
  expect(await watch.next()).toMatchObject({
    type: 'MODIFIED',
    object: { kind: 'ServiceAccount', automountServiceAccountToken: false },
  });
  const { items } = await client.list(`/api/v1/serviceaccounts?${selector}`);
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({ metadata: { name }, automountServiceAccountToken: false });
  await client.delete(`${accounts}?${selector}`);
  expect(await watch.next()).toMatchObject({ type: 'DELETED', object: { metadata: { name } } });
  watch.close();
});

test('service accounts: an update of whether tokens are mounted is kept', async () => {
  const { client } = fixture;
  const accounts = `/api/v1/namespaces/${await fixture.namespace()}/serviceaccounts`;
  await client.create(accounts, { metadata: { name: 'a' }, automountServiceAccountToken: false });
  const found = await client.get(`${accounts}/a`);
  await client.put(`${accounts}/a`, { ...found, automountServiceAccountToken: true });
  const after: KubeObject = await client.get(`${accounts}/a`);
  expect(after['automountServiceAccountToken']).toBe(true);
  expect(after.metadata.uid).toBe(found.metadata.uid);
});
