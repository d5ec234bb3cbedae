import { expect, test } from 'vitest';
import { useMember } from '../conformance/suite.ts';
import type { KubeList } from '../http/client.ts';
import { accepted, CONFIG_MAPS, type Pair } from './claims.suite.ts';
import {
  APIS,
  bindingOf,
  conditionOf,
  ExportsFixture,
  exportOf,
  SCHEMAS,
  type SchemaSource,
  schemaOf,
  WIDGETS,
} from './suite.ts';

const fixture = useMember(new ExportsFixture()) as ExportsFixture;
const BINDINGS = { group: 'apis.kcp.io', resource: 'apibindings', verbs: ['*'] };

/** An export that claims ConfigMaps and bindings, and whoever has accepted that. */
async function pair(kinds: readonly SchemaSource[]): Promise<Pair> {
  const provider = await fixture.cluster('provider');
  for (const kind of kinds) await fixture.client.create(`/clusters/${provider}/${SCHEMAS}`, schemaOf(kind));
  await offer(provider, kinds);
  const consumer = await fixture.cluster('consumer');
  await bind({ provider, consumer });
  await fixture.client.create(`/clusters/${consumer}/api/v1/namespaces/default/configmaps`, {
    metadata: { name: 'mine' },
  });
  return { provider, consumer };
}

async function offer(provider: string, kinds: readonly SchemaSource[]): Promise<void> {
  const apiExport = exportOf('widgets', kinds) as { spec: object };
  const spec = { ...apiExport.spec, permissionClaims: [CONFIG_MAPS, BINDINGS] };
  await fixture.client.create(`/clusters/${provider}/${APIS}/apiexports`, { ...apiExport, spec });
}

async function bind({ provider, consumer }: Pair): Promise<void> {
  const binding = bindingOf('widgets', { path: provider, name: 'widgets' }) as { spec: object };
  const spec = { ...binding.spec, permissionClaims: [accepted(CONFIG_MAPS), accepted(BINDINGS)] };
  await fixture.client.create(`/clusters/${consumer}/${APIS}/apibindings`, { ...binding, spec });
}

/** Deletes the export, and with it what makes it the API that it is, if it is to be another one. */
async function drop({ provider }: Pair, options: { readonly withIdentity: boolean }): Promise<void> {
  const paths = [`/clusters/${provider}/${APIS}/apiexports/widgets`];
  if (options.withIdentity) paths.push(`/clusters/${provider}/api/v1/namespaces/kcp-system/secrets/widgets`);
  for (const path of paths) {
    await fixture.client.delete(path);
    await fixture.client.untilGone(path);
  }
}

function view({ provider }: Pair, path: string, cluster = '*'): string {
  return `/services/apiexport/${provider}/widgets/clusters/${cluster}/${path}`;
}

async function seen(one: Pair): Promise<readonly string[]> {
  const list = await fixture.client.get<KubeList>(view(one, 'api/v1/namespaces/default/configmaps'));
  return list.items.map(({ metadata }) => metadata.name).filter((name) => name !== 'kube-root-ca.crt');
}

async function statusInside(one: Pair): Promise<number> {
  const path = view(one, 'api/v1/namespaces/default/configmaps/mine', one.consumer);
  return (await fixture.client.call(path)).status;
}

async function bindingsSeen(one: Pair): Promise<readonly string[]> {
  const list = await fixture.client.get<KubeList>(view(one, `${APIS}/apibindings`));
  return list.items.map(({ metadata }) => metadata.name);
}

test.each([
  ['that has kinds', [WIDGETS]],
  ['that only claims', []],
])('what was accepted for an export %s is not there for another one of its name', async (_, kinds) => {
  const one = await pair(kinds);
  // Of another provider: claimed with all bindings, and none of those of the export itself.
  const elsewhere = await fixture.cluster('provider');
  await fixture.client.create(`/clusters/${elsewhere}/${APIS}/apiexports`, exportOf('others', []));
  await fixture.bind(one.consumer, 'others', { path: elsewhere, name: 'others' });
  expect([await seen(one), await statusInside(one)]).toEqual([['mine'], 200]);
  expect(await bindingsSeen(one)).toEqual(expect.arrayContaining(['others', 'widgets']));
  await drop(one, { withIdentity: true });
  await offer(one.provider, kinds);
  expect([await seen(one), await statusInside(one)]).toEqual([[], 403]);
  expect(await bindingsSeen(one)).toEqual(['widgets']);

  const query =
    'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
  const watch = await fixture.client.watch(view(one, `api/v1/configmaps?${query}`));
  const next = async () => {
    for (;;) {
      const { type, object } = await watch.next();
      if (type !== 'BOOKMARK') return (object as KubeList['items'][number]).metadata;
    }
  };
  const path = `/clusters/${one.consumer}/api/v1/namespaces/default/configmaps`;
  await fixture.client.create(path, { metadata: { name: 'later' } });
  const binding = await fixture.client.until(
    fixture.binding(one.consumer, 'widgets'),
    (object) => conditionOf(object, 'APIExportValid')?.status === 'False',
  );
  expect(conditionOf(binding, 'APIExportValid')?.message).toBe(
    `APIExport ${one.provider}|widgets has another identity than the one that is bound`,
  );
  // Somebody who binds it now is served, and the consumer too who binds it anew.
  const other = { provider: one.provider, consumer: await fixture.cluster('consumer') };
  await bind(other);
  await fixture.client.create(`/clusters/${other.consumer}/api/v1/namespaces/default/configmaps`, {
    metadata: { name: 'other' },
  });
  let shown = await next();
  while (shown.name === 'kube-root-ca.crt') shown = await next();
  expect(shown.name).toBe('other');
  watch.close();
  expect(await seen(one)).toEqual(['other']);
  await fixture.client.delete(fixture.binding(one.consumer, 'widgets'));
  await fixture.client.untilGone(fixture.binding(one.consumer, 'widgets'));
  await bind(one);
  await expect.poll(() => seen(one)).toEqual(expect.arrayContaining(['later', 'mine', 'other']));
  expect(await statusInside(one)).toBe(200);
});

test('an export that is made again with its identity is the one that it was', async () => {
  const one = await pair([]);
  await drop(one, { withIdentity: false });
  await offer(one.provider, []);
  expect([await seen(one), await statusInside(one)]).toEqual([['mine'], 200]);
});
