import { beforeAll, describe, expect, test } from 'vitest';
import { userOf } from '../access/suite.ts';
import type { KubeList, KubeObject } from '../http/client.ts';
import {
  ALL_VERBS,
  APIS,
  bind,
  consumerOf,
  grantContent,
  openShop,
  placeOf,
  SCHEMAS,
  type Shop,
  useServices,
  widget,
  widgetSchema,
} from './suite.ts';

const users = { maker: userOf('maker'), rival: userOf('rival'), clerk: userOf('clerk') };
const services = useServices(users);
const MERGE = { 'content-type': 'application/merge-patch+json' };
const APPLY = { 'content-type': 'application/apply-patch+yaml' };

const widgets = ({ group }: Shop) => `/apis/${group}/v1/namespaces/default/widgets`;
const allWidgets = ({ group }: Shop) => `/apis/${group}/v1/widgets`;

describe('the view of an export', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await openShop(services, 'one.example');
    await grantContent(services, shop, { user: 'maker', verbs: ALL_VERBS });
  });

  test('shows its kinds and the bindings to it, and nothing else', async () => {
    for (const cluster of ['*', await consumerOf(services, shop)]) {
      const call = { token: 'maker' };
      const groups = JSON.parse((await services.client.call(`${shop.view(cluster)}/apis`, call)).text);
      expect(groups.groups.map((group: { name: string }) => group.name)).toEqual(['apis.kcp.io', shop.group]);
      const core = await services.client.call(`${shop.view(cluster)}/api/v1`, call);
      expect(core.status).toBe(404);
      const path = `${shop.view(cluster)}/apis/${shop.group}/v1`;
      const kinds = JSON.parse((await services.client.call(path, call)).text);
      expect(
        kinds.resources.map(({ name, verbs }: { name: string; verbs: string[] }) => [name, verbs]),
      ).toEqual([
        ['widgets', ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch']],
        ['widgets/status', ['get', 'patch', 'update']],
      ]);
      const bindings = JSON.parse(
        (await services.client.call(`${shop.view(cluster)}/apis/apis.kcp.io/v1alpha2`, call)).text,
      );
      expect(
        bindings.resources.map(({ name, verbs }: { name: string; verbs: string[] }) => [name, verbs]),
      ).toEqual([['apibindings', ['get', 'list', 'watch']]]);
      const headers = {
        accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
      };
      const aggregated = JSON.parse(
        (await services.client.call(`${shop.view(cluster)}/apis`, { ...call, headers })).text,
      );
      expect(aggregated.items.map(({ metadata }: KubeObject) => metadata.name)).toEqual([
        'apis.kcp.io',
        shop.group,
      ]);
      const index = JSON.parse((await services.client.call(`${shop.view(cluster)}/openapi/v3`, call)).text);
      const { serverRelativeURL } = index.paths[`apis/${shop.group}/v1`];
      expect(serverRelativeURL).toMatch(new RegExp(`^${shop.view(cluster).replace('*', '\\*')}/openapi/v3/`));
      const document = JSON.parse((await services.client.call(serverRelativeURL, call)).text);
      expect(Object.keys(document.components.schemas)).toEqual(
        expect.arrayContaining([expect.stringMatching(/Widget$/), expect.stringMatching(/WidgetList$/)]),
      );
      const v2 = JSON.parse((await services.client.call(`${shop.view(cluster)}/openapi/v2`, call)).text);
      expect(Object.keys(v2.paths)).toContain(
        `/apis/${shop.group}/v1/namespaces/{namespace}/widgets/{name}/status`,
      );
      expect(Object.keys(v2.paths).filter((path) => path.endsWith('/scale'))).toEqual([]);
    }
  });

  test('describes all kinds of one group and version in one document', async () => {
    const cluster = await services.cluster('shop');
    const group = 'pair.example';
    const kinds = [
      { plural: 'cups', singular: 'cup', kind: 'Cup', listKind: 'CupList' },
      { plural: 'plates', singular: 'plate', kind: 'Plate', listKind: 'PlateList' },
    ];
    for (const names of kinds) {
      const schema = { type: 'object', properties: { spec: { type: 'object' } } };
      await services.create(cluster, SCHEMAS, {
        apiVersion: 'apis.kcp.io/v1alpha1',
        kind: 'APIResourceSchema',
        metadata: { name: `v1.${names.plural}.${group}` },
        spec: {
          group,
          names,
          scope: 'Cluster',
          versions: [{ name: 'v1', served: true, storage: true, schema }],
        },
      });
    }
    await services.create(cluster, `${APIS}/apiexports`, {
      apiVersion: 'apis.kcp.io/v1alpha2',
      kind: 'APIExport',
      metadata: { name: 'shop' },
      spec: {
        resources: kinds.map(({ plural }) => ({
          group,
          name: plural,
          schema: `v1.${plural}.${group}`,
          storage: { crd: {} },
        })),
      },
    });
    const view = `/services/apiexport/${cluster}/shop/clusters/*`;
    const index = JSON.parse((await services.client.call(`${view}/openapi/v3`)).text);
    const { serverRelativeURL } = index.paths[`apis/${group}/v1`];
    const document = JSON.parse((await services.client.call(serverRelativeURL)).text);
    const described = Object.values<Record<string, { kind: string }[]>>(document.components.schemas)
      .flatMap((schema) => schema['x-kubernetes-group-version-kind'] ?? [])
      .map(({ kind }) => kind);
    expect(described).toEqual(expect.arrayContaining(['Cup', 'CupList', 'Plate', 'PlateList']));
    const found = JSON.parse((await services.client.call(`${view}/apis/${group}/v1`)).text);
    expect(found.resources.map(({ name }: { name: string }) => name)).toEqual(['cups', 'plates']);
  });

  test('lists and watches the objects of all consumers', async () => {
    const [one, two] = [await consumerOf(services, shop), await consumerOf(services, shop)];
    for (const cluster of [one, two]) await services.create(cluster, widgets(shop), widget(shop, 'w'));
    const all = `${shop.view('*')}${allWidgets(shop)}`;
    const list = JSON.parse((await services.client.call(all, { token: 'maker' })).text) as KubeList;
    expect(list.kind).toBe('WidgetList');
    expect(list.items.map(placeOf)).toEqual([`${one}/w`, `${two}/w`]);
    const { resourceVersion } = list.metadata;
    expect(BigInt(resourceVersion)).toBeGreaterThan(2n ** 53n);
    const watch = await services.client.watch(`${all}?watch=true&resourceVersion=${resourceVersion}`, {
      token: 'maker',
    });
    // One that is bound later is seen without any ado.
    const late = await consumerOf(services, shop);
    await services.create(late, widgets(shop), widget(shop, 'late'));
    await services.client.patch(`/clusters/${one}${widgets(shop)}/w`, { spec: { size: 3 } });
    await services.client.delete(`/clusters/${two}${widgets(shop)}/w`);
    const events = await watch.take(3);
    expect(events.map(({ type, object }) => `${type} ${placeOf(object)}`)).toEqual([
      `ADDED ${late}/late`,
      `MODIFIED ${one}/w`,
      `DELETED ${two}/w`,
    ]);
    // The whole objects of the kind can also be asked for by its identity, by those who may see everything.
    const path = `/clusters/*/apis/${shop.group}/v1/widgets:${shop.identity}`;
    expect((await services.client.list(path)).items.map(placeOf)).toEqual([`${one}/w`, `${late}/late`]);
    await services.client.refuse(403, path, { token: 'maker' });
  });

  test('is a way to every verb in one consumer, by the one way in which all is written', async () => {
    const cluster = await consumerOf(services, shop);
    const path = `${shop.view(cluster)}${widgets(shop)}`;
    const by = async (code: number, url: string, method: string, body?: unknown, headers = {}) => {
      const reply = await services.client.call(url, {
        token: 'maker',
        method,
        headers,
        ...(body ? { body } : {}),
      });
      expect([method, reply.status, reply.text]).toEqual([method, code, reply.text]);
      return JSON.parse(reply.text) as KubeObject & { spec: object; status: object; items: KubeObject[] };
    };
    const created = await by(201, path, 'POST', widget(shop, 'a', { size: 1 }));
    expect(created.metadata.annotations?.['kcp.io/cluster']).toBe(cluster);
    const seen = await services.client.get(`/clusters/${cluster}${widgets(shop)}/a`);
    expect(seen.metadata.uid).toBe(created.metadata.uid);
    const got = await by(200, `${path}/a`, 'GET');
    // A write takes the revisions of either kind of URL.
    await by(200, `${path}/a`, 'PUT', { ...got, spec: { size: 2 } });
    await by(409, `${path}/a`, 'PUT', { ...seen, spec: { size: 9 } });
    const own = await services.client.get(`/clusters/${cluster}${widgets(shop)}/a`);
    await by(200, `${path}/a`, 'PUT', { ...own, spec: { size: 3 } });
    await by(200, `${path}/a`, 'PATCH', { spec: { color: 'red' } }, MERGE);
    const status = await by(
      200,
      `${path}/a/status`,
      'PATCH',
      { status: { ready: true }, spec: { size: 7 } },
      MERGE,
    );
    expect([status.spec, status.status]).toEqual([{ color: 'red', size: 3 }, { ready: true }]);
    await by(201, `${path}/b?fieldManager=m`, 'PATCH', widget(shop, 'b', { size: 4 }), APPLY);
    expect((await by(200, path, 'GET')).items.map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
    await by(200, `${path}/a`, 'DELETE');
    await by(404, `${path}/a`, 'GET');
    await by(200, path, 'DELETE');
    expect((await services.client.list(`/clusters/${cluster}${widgets(shop)}`)).items).toEqual([]);
    // The same validation, pruning and defaults as everywhere; no scale, as in kcp.
    await by(422, path, 'POST', widget(shop, 'c', { size: 11 }));
    await by(404, `${path}/a/scale`, 'GET');
    await by(405, `${shop.view('*')}${widgets(shop)}`, 'POST', widget(shop, 'c'));
    await by(405, `${shop.view('*')}${widgets(shop)}/a`, 'GET');
    await by(405, `${shop.view('*')}${allWidgets(shop)}`, 'DELETE');
  });

  test('needs the right to each verb, by itself', async () => {
    const cluster = await consumerOf(services, shop);
    await services.create(cluster, widgets(shop), widget(shop, 'w'));
    const path = `${shop.view(cluster)}${widgets(shop)}`;
    const call = (verb: string): [string, object] => {
      switch (verb) {
        case 'access':
          return [`${shop.view(cluster)}/apis`, {}];
        case 'list':
          return [path, {}];
        case 'watch':
          return [`${path}?watch=true&timeoutSeconds=1`, {}];
        case 'get':
          return [`${path}/w`, {}];
        case 'create':
          return [path, { method: 'POST', body: widget(shop, 'new') }];
        case 'update':
          return [`${path}/w`, { method: 'PUT', body: widget(shop, 'w', { size: 2 }) }];
        case 'patch':
          return [`${path}/w`, { method: 'PATCH', headers: MERGE, body: { spec: { size: 3 } } }];
        case 'delete':
          return [`${path}/new`, { method: 'DELETE' }];
        default:
          return [path, { method: 'DELETE' }];
      }
    };
    for (const verb of [
      'access',
      'list',
      'watch',
      'get',
      'create',
      'update',
      'patch',
      'delete',
      'deletecollection',
    ]) {
      const [url, options] = call(verb);
      await grantContent(services, shop, { user: 'clerk', verbs: ALL_VERBS.filter((one) => one !== verb) });
      const refused = await services.client.call(url, { token: 'clerk', ...options });
      expect([verb, refused.status]).toEqual([verb, 403]);
      await grantContent(services, shop, { user: 'clerk', verbs: [verb] });
      const passed = await services.client.call(url, { token: 'clerk', ...options });
      // An update without a resourceVersion is a fault that only those hear of who may update.
      expect([verb, passed.status < 300 || passed.status === 422]).toEqual([verb, true]);
    }
    await grantContent(services, shop, { user: 'clerk', verbs: ['patch'] });
    const apply = { token: 'clerk', method: 'PATCH', headers: APPLY, body: widget(shop, 'applied') };
    expect((await services.client.call(`${path}/applied?fieldManager=m`, apply)).status).toBe(403);
    await grantContent(services, shop, { user: 'clerk', verbs: ['patch', 'create'] });
    expect((await services.client.call(`${path}/applied?fieldManager=m`, apply)).status).toBe(201);
  });

  test('shows the bindings to the export, to look at', async () => {
    const other = await openShop(services, 'other.example');
    const cluster = await consumerOf(services, shop);
    await bind(services, cluster, other, 'other');
    const path = `${shop.view('*')}${APIS}/apibindings`;
    const list = JSON.parse((await services.client.call(path, { token: 'maker' })).text) as KubeList;
    const places = list.items.map(placeOf);
    expect(places).toContain(`${cluster}/shop`);
    expect(places.filter((place) => !place.endsWith('/shop'))).toEqual([]);
    const watch = await services.client.watch(`${path}?watch=true`, { token: 'maker' });
    const initial = await watch.take(places.length);
    expect(initial.map(({ object }) => placeOf(object))).toEqual(places);
    const late = await consumerOf(services, shop);
    const event = await watch.next();
    expect(placeOf(event.object)).toBe(`${late}/shop`);
    const one = `${shop.view(cluster)}${APIS}/apibindings`;
    expect((await services.client.call(`${one}/shop`, { token: 'maker' })).status).toBe(200);
    expect((await services.client.call(`${one}/other`, { token: 'maker' })).status).toBe(404);
    const removal = await services.client.call(`${one}/shop`, { token: 'maker', method: 'DELETE' });
    expect(removal.status).toBe(403);
    expect((await services.client.call(`/clusters/${cluster}${APIS}/apibindings/shop`)).status).toBe(200);
  });

  test('has the newest schema, and ends watches of an older one', async () => {
    const evolving = await openShop(services, 'new.example');
    await grantContent(services, evolving, { user: 'maker', verbs: ALL_VERBS });
    const cluster = await consumerOf(services, evolving);
    await services.create(cluster, widgets(evolving), widget(evolving, 'w', { size: 1 }));
    const path = `${evolving.view('*')}${allWidgets(evolving)}`;
    const watch = await services.client.watch(`${path}?watch=true`, { token: 'maker' });
    await watch.next();
    const schema = widgetSchema(evolving.group, 'v2', { weight: { type: 'integer', default: 5 } });
    await services.create(evolving.cluster, SCHEMAS, schema);
    const resource = { group: evolving.group, name: 'widgets', schema: `v2.widgets.${evolving.group}` };
    await services.client.patch(`/clusters/${evolving.cluster}${APIS}/apiexports/shop`, {
      spec: { resources: [{ ...resource, storage: { crd: {} } }] },
    });
    await watch.ended;
    const list = JSON.parse((await services.client.call(path, { token: 'maker' })).text) as KubeList;
    expect(list.items[0]!['spec']).toEqual({ size: 1, weight: 5 });
  });
});

describe('what is out of reach by the view of an export', () => {
  let shop: Shop;
  const places = (group: string) => [`/apis/${group}/v1/widgets`, '/apis', '/openapi/v2', '/api/v1/secrets'];

  test('is everything for whoever has no right to it, also whether there is such an export', async () => {
    const other = await openShop(services, 'secret.example');
    const urls = (name: string, cluster: string) =>
      places(other.group).map((path) => `/services/apiexport/${cluster}/${name}/clusters/*${path}`);
    const textsOf = async (name: string, cluster: string) => {
      const texts: string[] = [];
      for (const url of urls(name, cluster)) {
        const { message, code } = await services.client.refuse(403, url, { token: 'rival' });
        texts.push(`${code} ${message}`);
      }
      return texts;
    };
    const outside = await textsOf('shop', other.cluster);
    expect(outside.every((text) => text.endsWith('access denied'))).toBe(true);
    expect(await textsOf('none', other.cluster)).toEqual(outside);
    expect(await textsOf('shop', 'nowhere')).toEqual(outside);
    // Nor does it help to be let into the workspace.
    await grantContent(services, other, { user: 'rival', verbs: ['escalate'] });
    const inside = await textsOf('shop', other.cluster);
    expect(inside[0]).toContain("missing verb='list' permission on apiexports/content");
    expect(await textsOf('none', other.cluster)).toEqual(inside);
  });

  beforeAll(async () => {
    shop = await openShop(services, 'two.example');
    await grantContent(services, shop, { user: 'maker', verbs: ALL_VERBS });
  });

  test('is a logical cluster that is not bound to it: it looks like one that is not there', async () => {
    const stranger = await services.cluster('free');
    const calls: readonly [string, string, object?][] = [
      ['GET', widgets(shop)],
      ['GET', `${widgets(shop)}?watch=true`],
      ['GET', `${widgets(shop)}/w`],
      ['POST', widgets(shop), widget(shop, 'w')],
      ['PATCH', `${widgets(shop)}/w?fieldManager=m`, widget(shop, 'w')],
      ['DELETE', `${widgets(shop)}/w`],
      ['DELETE', widgets(shop)],
      ['GET', `${APIS}/apibindings`],
      ['GET', '/api/v1/namespaces/default/secrets'],
      ['POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'mine' } }],
      ['GET', `/apis/${shop.group}/v1/none`],
    ];
    for (const [method, path, body] of calls) {
      const replies: string[] = [];
      for (const cluster of [stranger, 'not-there']) {
        const headers = method === 'PATCH' ? APPLY : {};
        const call = { token: 'maker', method, headers, ...(body && { body }) };
        replies.push(JSON.stringify(await services.client.refuse(403, `${shop.view(cluster)}${path}`, call)));
      }
      expect(replies[0]).toBe(replies[1]);
    }
  });

  test('are the objects of another provider, be their group and kind the same', async () => {
    const rival = await openShop(services, shop.group);
    await grantContent(services, rival, { user: 'rival', verbs: ALL_VERBS });
    expect(rival.identity).not.toBe(shop.identity);
    const [mine, theirs] = [await consumerOf(services, shop), await consumerOf(services, rival)];
    await services.create(mine, widgets(shop), widget(shop, 'mine'));
    await services.create(theirs, widgets(shop), widget(shop, 'theirs'));
    const seenBy = async (of: Shop, token: string) => {
      const path = `${of.view('*')}${allWidgets(of)}`;
      return (JSON.parse((await services.client.call(path, { token })).text) as KubeList).items.map(placeOf);
    };
    expect(await seenBy(shop, 'maker')).toEqual([`${mine}/mine`]);
    expect(await seenBy(rival, 'rival')).toEqual([`${theirs}/theirs`]);
    await services.client.refuse(403, `${shop.view(theirs)}${widgets(shop)}`, { token: 'maker' });
    await services.client.refuse(403, `${shop.view('*')}${allWidgets(shop)}`, { token: 'rival' });
    // An identity is nothing that could be asked for.
    for (const identity of [rival.identity, shop.identity]) {
      const path = `${shop.view('*')}/apis/${shop.group}/v1/widgets:${identity}`;
      expect((await services.client.call(path, { token: 'maker' })).status).toBe(404);
      const encoded = path.replace('widgets:', 'widgets%3A');
      expect((await services.client.call(encoded, { token: 'maker' })).status).toBe(404);
    }
    const guess = `/clusters/*/apis/${shop.group}/v1/widgets:${'0'.repeat(64)}`;
    expect((await services.client.call(guess)).status).toBe(404);
  });

  test('is a CRD of a consumer that has the same name', async () => {
    const owner = await services.cluster('owns');
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    await services.define(owner, {
      group: shop.group,
      plural: 'widgets',
      kind: 'Widget',
      versions: [{ name: 'v1', schema }],
    });
    await services.create(owner, widgets(shop), widget(shop, 'own'));
    await services.create(owner, `${APIS}/apibindings`, {
      apiVersion: 'apis.kcp.io/v1alpha2',
      kind: 'APIBinding',
      metadata: { name: 'shop' },
      spec: { reference: { export: { path: shop.cluster, name: 'shop' } } },
    });
    const binding = `/clusters/${owner}${APIS}/apibindings/shop`;
    await services.client.until<KubeObject & { status?: { conditions?: { reason?: string }[] } }>(
      binding,
      ({ status }) => status?.conditions?.some(({ reason }) => reason === 'NamingConflicts') === true,
    );
    const path = `${shop.view(owner)}${widgets(shop)}`;
    expect((await services.client.call(path, { token: 'maker' })).status).toBeGreaterThanOrEqual(403);
    const all = await services.client.call(`${shop.view('*')}${allWidgets(shop)}`, { token: 'maker' });
    expect((JSON.parse(all.text) as KubeList).items.map(placeOf)).not.toContain(`${owner}/own`);
  });

  test('is what a consumer had, once it is not bound any more', async () => {
    const cluster = await consumerOf(services, shop);
    await services.create(cluster, widgets(shop), widget(shop, 'w'));
    const path = `${shop.view('*')}${allWidgets(shop)}`;
    const watch = await services.client.watch(`${path}?watch=true`, { token: 'maker' });
    await watch.until(({ object }) => placeOf(object) === `${cluster}/w`);
    await services.client.delete(`/clusters/${cluster}${APIS}/apibindings/shop`);
    const events = await watch.until(
      ({ type, object }) => type === 'DELETED' && placeOf(object) === `${cluster}/w`,
    );
    expect(events.length).toBeGreaterThan(0);
    await services.client.untilGone(`/clusters/${cluster}${APIS}/apibindings/shop`);
    for (const url of [`${shop.view(cluster)}${widgets(shop)}`, `${shop.view(cluster)}${APIS}/apibindings`])
      await services.client.refuse(403, url, { token: 'maker' });
  });

  test('is everything, once the right to it is gone', async () => {
    const cluster = await consumerOf(services, shop);
    await grantContent(services, shop, { user: 'clerk', verbs: ALL_VERBS });
    const watches = await Promise.all(
      ['*', cluster].map((of) =>
        services.client.watch(`${shop.view(of)}${allWidgets(shop)}?watch=true`, { token: 'clerk' }),
      ),
    );
    await services.create(cluster, widgets(shop), widget(shop, 'w'));
    for (const watch of watches) await watch.until(({ object }) => placeOf(object) === `${cluster}/w`);
    await grantContent(services, shop, { user: 'clerk', verbs: ['get'] });
    for (const watch of watches) {
      const last = (await watch.until(({ type }) => type === 'ERROR')).at(-1)!;
      expect(last.object['code']).toBe(403);
      await watch.ended;
    }
  });

  test('is everything, once the export is gone', async () => {
    const closing = await openShop(services, 'closing.example');
    await grantContent(services, closing, { user: 'maker', verbs: ALL_VERBS });
    const cluster = await consumerOf(services, closing);
    await services.create(cluster, widgets(closing), widget(closing, 'w'));
    await services.client.delete(`/clusters/${closing.cluster}${APIS}/apiexports/shop`);
    await services.client.untilGone(`/clusters/${closing.cluster}${APIS}/apiexports/shop`);
    for (const of of ['*', cluster]) {
      const reply = await services.client.call(`${closing.view(of)}${allWidgets(closing)}`, {
        token: 'maker',
      });
      expect(reply.status).toBe(404);
    }
    // The consumer keeps what it has.
    expect((await services.client.list(`/clusters/${cluster}${widgets(closing)}`)).items).toHaveLength(1);
  });
});
