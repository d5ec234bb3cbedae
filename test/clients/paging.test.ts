import { expect, onTestFinished, test } from 'vitest';
import { Client, configMap, type KubeList, type KubeObject } from '../http/client.ts';
import { useServer } from '../http/suite.ts';
import { startServer } from '../support/server.ts';

const fixture = useServer();

interface Pages {
  readonly items: readonly KubeObject[];
  readonly versions: ReadonlySet<string>;
  readonly count: number;
}

async function readPages(client: Client, path: string, betweenPages: () => Promise<void>): Promise<Pages> {
  const items: KubeObject[] = [];
  const versions = new Set<string>();
  let token = '';
  let count = 0;
  do {
    const list: KubeList = await client.list(`${path}&continue=${token}`);
    items.push(...list.items);
    versions.add(list.metadata.resourceVersion);
    count += 1;
    token = list.metadata.continue ?? '';
    if (token !== '') await betweenPages();
  } while (token !== '');
  return { items, versions, count };
}

function namesOf(items: readonly KubeObject[]): string[] {
  return items.map(({ metadata }) => metadata.name);
}

test('pages show one moment however much is written between them', async () => {
  const { client } = fixture;
  const { configMaps } = await fixture.namespace();
  const labels = { paged: 'yes' };
  const names = Array.from({ length: 60 }, (_value, index) => `c${String(index).padStart(2, '0')}`);
  await Promise.all(
    names.map((name) => client.create(configMaps, configMap(name, { labels, data: { n: '0' } }))),
  );
  let round = 0;
  const pages = await readPages(client, `${configMaps}?labelSelector=paged&limit=7`, async () => {
    round += 1;
    await Promise.all([
      client.create(configMaps, configMap(`c${String(round * 6).padStart(2, '0')}-new`, { labels })),
      client.delete(`${configMaps}/c${String(60 - round).padStart(2, '0')}`),
      client.patch(`${configMaps}/c${String(round * 5).padStart(2, '0')}`, { data: { n: '1' } }),
    ]);
  });
  expect(pages.count).toBe(9);
  expect(namesOf(pages.items)).toEqual(names);
  expect(pages.versions.size).toBe(1);
  for (const item of pages.items) expect(item['data']).toEqual({ n: '0' });
  const now = await client.list(`${configMaps}?labelSelector=paged`);
  expect(now.items).toHaveLength(60);
  expect(namesOf(now.items)).toContain('c06-new');
});

test('pages and a watch from their revision make up the whole', async () => {
  const { client } = fixture;
  const { configMaps } = await fixture.namespace();
  const create = (name: string) => client.create(configMaps, configMap(name, { labels: { paged: 'yes' } }));
  for (let n = 0; n < 10; n += 1) await create(`c${n}`);
  let extra = 0;
  const pages = await readPages(client, `${configMaps}?labelSelector=paged&limit=3`, async () => {
    await create(`d${extra}`);
    extra += 1;
  });
  const [version] = pages.versions;
  const watch = await client.watch(`${configMaps}?watch=1&labelSelector=paged&resourceVersion=${version}`);
  const added = (await watch.take(extra)).map(({ type, object }) => `${type} ${object.metadata.name}`);
  expect(namesOf(pages.items)).toEqual(Array.from({ length: 10 }, (_value, index) => `c${index}`));
  expect(added).toEqual(Array.from({ length: extra }, (_value, index) => `ADDED d${index}`));
});

test('a page goes on where the last one ended although the server was killed in between', async () => {
  const first = await startServer();
  onTestFinished(async () => void (await first.stop()));
  const before = new Client(first);
  onTestFinished(() => before.close());
  const path = '/api/v1/namespaces/default/secrets';
  for (const name of ['a', 'b', 'c', 'd']) await before.create(path, { metadata: { name } });
  const page = await before.list(`${path}?limit=2`);
  await before.delete(`${path}/c`);
  await first.kill('SIGKILL');
  const second = await startServer({ rootDirectory: first.rootDirectory, port: first.port });
  onTestFinished(async () => void (await second.stop()));
  const after = new Client(second);
  onTestFinished(() => after.close());
  const rest = await after.list(`${path}?limit=2&continue=${page.metadata.continue}`);
  expect(namesOf(rest.items)).toEqual(['c', 'd']);
  expect(rest.metadata.resourceVersion).toBe(page.metadata.resourceVersion);
  expect(namesOf((await after.list(path)).items)).toEqual(['a', 'b', 'd']);
});
