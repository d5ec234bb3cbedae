import {
  CustomObjectsApi,
  KubeConfig,
  type KubernetesListObject,
  type KubernetesObject,
  makeInformer,
} from '@kubernetes/client-node';
import { expect, onTestFinished, test } from 'vitest';
import { Client } from '../http/client.ts';
import { startServer } from '../support/server.ts';

interface Shown {
  readonly metadata?: { readonly name?: string; readonly uid?: string; readonly resourceVersion?: string };
}

const RESTART_MS = 50;
const SETTLE_MS = 15_000;

test.each([
  { group: 'apis.kcp.io', version: 'v1alpha2', plural: 'apiexports', kind: 'APIExport' },
  { group: 'tenancy.kcp.io', version: 'v1alpha1', plural: 'workspacetypes', kind: 'WorkspaceType' },
])(
  'an informer of $plural keeps what the server has, also over a restart',
  async (resource) => {
    const { group, version, plural, kind } = resource;
    const first = await startServer();
    onTestFinished(async () => void (await first.stop()));
    const client = new Client(first);
    onTestFinished(() => client.close());
    const path = `/apis/${group}/${version}/${plural}`;
    const config = new KubeConfig();
    config.loadFromFile(first.kubeconfig);
    const custom = config.makeApiClient(CustomObjectsApi);
    const list = async (): Promise<KubernetesListObject<KubernetesObject>> =>
      await custom.listClusterCustomObject({ group, version, plural });
    const informer = makeInformer(config, path, list);
    let isOver = false;
    onTestFinished(async () => {
      isOver = true;
      await informer.stop();
    });
    informer.on('error', () => {
      setTimeout(() => void (isOver || informer.start()), RESTART_MS);
    });
    const changes: string[] = [];
    informer.on('update', ({ metadata }) => changes.push(`${metadata?.name} ${metadata?.labels?.['n']}`));
    await informer.start();

    const live = async (name: string): Promise<void> => {
      await client.create(path, { apiVersion: `${group}/${version}`, kind, metadata: { name } });
      for (const n of ['1', '2', '3']) {
        await client.patch(`${path}/${name}`, { metadata: { labels: { n } } });
      }
    };
    const line = ({ metadata }: Shown): string =>
      `${metadata?.name} ${metadata?.uid} ${metadata?.resourceVersion}`;
    const isCaughtUp = async (): Promise<void> => {
      const wanted = (await client.list(path)).items.map(line).sort();
      const held = () => informer.list().map(line).sort();
      await expect.poll(held, { timeout: SETTLE_MS }).toEqual(wanted);
    };
    await live('early');
    await isCaughtUp();
    await expect.poll(() => changes, { timeout: SETTLE_MS }).toEqual(['early 1', 'early 2', 'early 3']);
    await first.kill('SIGKILL');
    const second = await startServer({ rootDirectory: first.rootDirectory, port: first.port });
    onTestFinished(async () => void (await second.stop()));
    await live('late');
    await client.delete(`${path}/early`);
    await isCaughtUp();
    const positions = informer.list().map(({ metadata }) => BigInt(metadata?.resourceVersion ?? '0'));
    for (const position of positions) expect(position).toBeGreaterThanOrEqual(2n ** 53n);
  },
  60_000,
);
