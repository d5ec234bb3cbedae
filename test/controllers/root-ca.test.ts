import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Client, type KubeObject } from '../http/client.ts';
import { freePort, startServer } from '../support/server.ts';

const NAMESPACES = '/api/v1/namespaces';

it('a new certificate authority is shown in all namespaces after a restart, and an old one is left alone', async () => {
  const rootDirectory = await mkdtemp(join(tmpdir(), 'antipode-root-ca-'));
  onTestFinished(() => rm(rootDirectory, { recursive: true, force: true }));
  const options = { rootDirectory, port: await freePort() };
  const first = await startServer(options);
  onTestFinished(async () => void (await first.stop()));
  const before = new Client(first);
  const names = ['default', 'kube-system', 'one', 'two', 'three'];
  for (const name of names.slice(2)) await before.create(NAMESPACES, { metadata: { name } });
  const versions = await Promise.all(names.map((name) => untilShown(before, name, first.ca)));
  before.close();
  await first.kill('SIGTERM');

  const second = await startServer(options);
  onTestFinished(async () => void (await second.stop()));
  const same = new Client(second);
  expect(second.ca).toBe(first.ca);
  await same.create(NAMESPACES, { metadata: { name: 'later' } });
  await untilShown(same, 'later', second.ca);
  expect(await Promise.all(names.map((name) => untilShown(same, name, second.ca)))).toEqual(versions);
  same.close();
  await second.kill('SIGTERM');

  for (const file of ['ca.crt', 'ca.key', 'apiserver.crt', 'apiserver.key'])
    await rm(join(rootDirectory, file), { force: true });
  const third = await startServer(options);
  onTestFinished(async () => void (await third.stop()));
  const after = new Client(third);
  expect(third.ca).not.toBe(first.ca);
  for (const name of [...names, 'later']) await untilShown(after, name, third.ca);
  after.close();
});

/** Waits until a namespace shows these certificates; returns the version in which it does. */
async function untilShown(client: Client, namespace: string, ca: string): Promise<string> {
  const path = `${NAMESPACES}/${namespace}/configmaps/kube-root-ca.crt`;
  const isShown = ({ data }: KubeObject) => JSON.stringify(data) === JSON.stringify({ 'ca.crt': ca });
  return (await client.until(path, isShown)).metadata.resourceVersion;
}
