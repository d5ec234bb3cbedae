import { describe, expect, test } from 'vitest';
import { brief, configMap, type KubeObject, type WatchEvent } from '../http/client.ts';
import { CRDS, useMember } from './suite.ts';

const fixture = useMember();

async function configMaps(...names: readonly string[]): Promise<string> {
  const path = `/api/v1/namespaces/${await fixture.namespace()}/configmaps`;
  for (const name of names) await fixture.client.create(path, configMap(name));
  return path;
}

async function revision(path: string): Promise<string> {
  return (await fixture.client.list(path)).metadata.resourceVersion;
}

/** A served, namespaced kind of its own, and the path of its objects. */
async function things(): Promise<{
  readonly path: string;
  readonly crd: string;
  thing(name: string): unknown;
}> {
  const group = `${fixture.name('watch-')}.example.com`;
  await fixture.define({ group, plural: 'things', kind: 'Thing' });
  return {
    path: `/apis/${group}/v1/namespaces/${await fixture.namespace()}/things`,
    crd: `${CRDS}/things.${group}`,
    thing: (name) => ({ apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name } }),
  };
}

describe('watch: its parameters', () => {
  test.each([
    ['resourceVersion=abc', 400, 'abc'],
    ['timeoutSeconds=x', 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    ['fieldSelector=data.x%3D1', 400, 'is not a known field selector'],
    [
      'resourceVersionMatch=NotOlderThan',
      422,
      'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    ],
    [
      'sendInitialEvents=true',
      422,
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    ],
    [
      'sendInitialEvents=false',
      422,
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    ],
    [
      'sendInitialEvents=true&resourceVersionMatch=Exact&resourceVersion=1',
      422,
      'resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"',
    ],
    [
      'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&continue=x',
      422,
      'resourceVersionMatch is forbidden when continue is provided',
    ],
  ])('%s is %i before the stream begins', async (query, code, message) => {
    const status = await fixture.client.refuse(code, `${await configMaps()}?watch=1&${query}`);
    expect(status.message).toContain(message);
  });

  test('limit and continue mean nothing to it', async () => {
    const path = await configMaps('a', 'b');
    const watch = await fixture.client.watch(`${path}?watch=1&limit=1&continue=nonsense&timeoutSeconds=1`);
    expect((await watch.rest()).map(brief)).toEqual(['ADDED a', 'ADDED b']);
  });

  test('watch is a boolean: anything but false and 0', async () => {
    const path = await configMaps('a');
    for (const value of ['0', 'false', 'False', 'FALSE']) {
      expect((await fixture.client.list(`${path}?watch=${value}`)).items).toHaveLength(1);
    }
    for (const value of ['1', 'true', 'T', 'yes']) {
      const watch = await fixture.client.watch(`${path}?watch=${value}`);
      expect(brief(await watch.next())).toBe('ADDED a');
      watch.close();
    }
  });

  test('an item’s URL with watch is a get, as upstream has it', async () => {
    const path = await configMaps('a');
    expect((await fixture.client.get(`${path}/a?watch=true`)).kind).toBe('ConfigMap');
  });
});

describe('watch: the deprecated paths', () => {
  test('of one object see that object alone', async () => {
    const path = await configMaps('a', 'b');
    const old = path.replace('/v1/', '/v1/watch/');
    const watch = await fixture.client.watch(`${old}/b`);
    await fixture.client.patch(`${path}/a`, { data: { x: '1' } });
    await fixture.client.patch(`${path}/b`, { data: { x: '1' } });
    expect((await watch.take(2)).map(brief)).toEqual(['ADDED b', 'MODIFIED b']);
    watch.close();
  });

  test('of a namespace see that namespace alone', async () => {
    const name = await fixture.namespace();
    const watch = await fixture.client.watch(`/api/v1/watch/namespaces/${name}`);
    expect(brief(await watch.next())).toBe(`ADDED ${name}`);
    await fixture.namespace();
    await fixture.client.patch(`/api/v1/namespaces/${name}`, { metadata: { labels: { a: 'b' } } });
    expect(brief(await watch.next())).toBe(`MODIFIED ${name}`);
    watch.close();
  });

  test('of collections see all', async () => {
    const path = await configMaps('a');
    const one = await fixture.client.watch(path.replace('/v1/', '/v1/watch/'));
    expect(brief(await one.next())).toBe('ADDED a');
    one.close();
    const all = await fixture.client.watch('/api/v1/watch/configmaps?labelSelector=none');
    await fixture.client.create(path, configMap('b', { labels: { none: 'x' } }));
    expect(brief(await all.next())).toBe('ADDED b');
    all.close();
  });
});

describe('watch: selectors', () => {
  test('an object that leaves is DELETED as it was, at the revision of the change; one that enters is ADDED', async () => {
    const path = await configMaps();
    const labelled = (x: string) => configMap('a', { labels: { x }, data: { x } });
    await fixture.client.create(path, labelled('in'));
    const watch = await fixture.client.watch(`${path}?watch=1&labelSelector=x%3Din`);
    const left = await fixture.client.put(`${path}/a`, labelled('out'));
    await fixture.client.put(`${path}/a`, configMap('a', { labels: { x: 'out' }, data: { x: 'unseen' } }));
    const back = await fixture.client.put(`${path}/a`, labelled('in'));
    const again = await fixture.client.patch(`${path}/a`, { data: { y: '1' } });
    await fixture.client.delete(`${path}/a`);
    const events = await watch.take(5);
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'DELETED', 'ADDED', 'MODIFIED', 'DELETED']);
    expect(events[1]?.object).toMatchObject({
      metadata: { labels: { x: 'in' }, resourceVersion: left.metadata.resourceVersion },
      data: { x: 'in' },
    });
    expect(events[2]?.object.metadata.resourceVersion).toBe(back.metadata.resourceVersion);
    expect(events[3]?.object.metadata.resourceVersion).toBe(again.metadata.resourceVersion);
    watch.close();
  });

  test('of fields make the same transitions', async () => {
    const name = await fixture.namespace();
    await fixture.client.create(`/api/v1/namespaces/${name}/configmaps`, {
      metadata: { name: 'hold', finalizers: ['test/hold'] },
    });
    const selector = `status.phase%3DActive,metadata.name%3D${name}`;
    const watch = await fixture.client.watch(`/api/v1/namespaces?watch=1&fieldSelector=${selector}`);
    await fixture.client.delete(`/api/v1/namespaces/${name}`);
    const events = await watch.take(2);
    expect(events.map(brief)).toEqual([`ADDED ${name}`, `DELETED ${name}`]);
    expect(events[1]?.object).toMatchObject({ status: { phase: 'Active' } });
    watch.close();
    await fixture.client.patch(`/api/v1/namespaces/${name}/configmaps/hold`, {
      metadata: { finalizers: null },
    });
  });
});

describe('watch: initial events', () => {
  const initial = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';

  test('end with an annotated bookmark of the kind, also when there is nothing', async () => {
    const path = await configMaps();
    const watch = await fixture.client.watch(`${path}?${initial}`);
    const { type, object } = await watch.next(2_000);
    expect(type).toBe('BOOKMARK');
    expect(object).toMatchObject({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } },
    });
    const { metadata } = await fixture.client.create(path, configMap('a'));
    const added = await watch.next();
    expect(BigInt(added.object.metadata.resourceVersion)).toBe(BigInt(metadata.resourceVersion));
    expect(BigInt(metadata.resourceVersion)).toBeGreaterThan(BigInt(object.metadata.resourceVersion));
    watch.close();
  });

  test('are as new as the revision that is named', async () => {
    const path = await configMaps('a');
    const watch = await fixture.client.watch(`${path}?${initial}&resourceVersion=${await revision(path)}`);
    expect((await watch.take(2)).map(({ type }) => type)).toEqual(['ADDED', 'BOOKMARK']);
    watch.close();
  });

  test('come without a bookmark when none is allowed, and end with one for rv 0 and none too', async () => {
    const path = await configMaps('a');
    const silent = await fixture.client.watch(`${path}?${initial.replace('&allowWatchBookmarks=true', '')}`);
    expect(brief(await silent.next())).toBe('ADDED a');
    await fixture.client.create(path, configMap('b'));
    expect(brief(await silent.next())).toBe('ADDED b');
    silent.close();
    for (const version of ['', '&resourceVersion=0', '&resourceVersion=']) {
      const legacy = await fixture.client.watch(`${path}?watch=1&allowWatchBookmarks=true${version}`);
      const events = await legacy.take(3);
      expect(events.map(({ type }) => type)).toEqual(['ADDED', 'ADDED', 'BOOKMARK']);
      expect(events[2]?.object.metadata.annotations).toMatchObject({ 'k8s.io/initial-events-end': 'true' });
      legacy.close();
    }
  });

  test('of metadata and of tables end with a bookmark of their own form', async () => {
    const path = await configMaps('a');
    const open = (as: string) =>
      fixture.client.watch(`${path}?${initial}`, {
        headers: { accept: `application/json;as=${as};g=meta.k8s.io;v=v1` },
      });
    const partial = await open('PartialObjectMetadata');
    for (const event of await partial.take(2)) {
      expect(event.object).toMatchObject({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' });
    }
    partial.close();
    const table = await open('Table');
    const [first, end] = (await table.take(2)) as [WatchEvent, WatchEvent];
    expect(first.object).toMatchObject({ kind: 'Table', columnDefinitions: [{ name: 'Name' }, {}, {}] });
    expect(end.object).toMatchObject({
      kind: 'Table',
      columnDefinitions: null,
      rows: [{ object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } } }],
    });
    table.close();
  });
});

describe('watch: history', () => {
  test('from a revision brings exactly what came after it, to every watch in the same order', async () => {
    const path = await configMaps();
    const versions: string[] = [await revision(path)];
    for (let index = 0; index < 10; index++) {
      const { metadata } = await fixture.client.create(path, configMap(`n${index}`));
      versions.push(metadata.resourceVersion);
    }
    for (let start = 0; start < versions.length - 1; start++) {
      const watch = await fixture.client.watch(`${path}?watch=1&resourceVersion=${versions[start]}`);
      const events = await watch.take(versions.length - 1 - start);
      expect(events.map(({ object }) => object.metadata.resourceVersion)).toEqual(versions.slice(start + 1));
      watch.close();
    }
  });

  test('in a namespace that does not exist is empty until it has something', async () => {
    const name = fixture.name('later-');
    const watch = await fixture.client.watch(`/api/v1/namespaces/${name}/configmaps?watch=1`);
    await fixture.client.create('/api/v1/namespaces', { metadata: { name } });
    await fixture.client.create(`/api/v1/namespaces/${name}/configmaps`, configMap('first'));
    expect(brief(await watch.next())).toBe('ADDED first');
    watch.close();
  });

  test('from the future is an ERROR event after three seconds, as upstream', async () => {
    const path = await configMaps('a');
    const watch = await fixture.client.watch(`${path}?watch=1&resourceVersion=9007199254740991`);
    const { type, object } = await watch.next(8_000);
    expect(type).toBe('ERROR');
    expect(object).toMatchObject({
      kind: 'Status',
      reason: 'Timeout',
      code: 504,
      message: expect.stringMatching(/^Timeout: Too large resource version: 9007199254740991, current: \d+$/),
      details: {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      },
    });
    await watch.ended;
  });
});

describe('watch: its end', () => {
  test('comes cleanly after timeoutSeconds, with a bookmark before it if allowed', async () => {
    const path = await configMaps('a');
    const from = await revision(path);
    const watch = await fixture.client.watch(
      `${path}?watch=1&resourceVersion=${from}&timeoutSeconds=2&allowWatchBookmarks=1`,
    );
    const events = await watch.rest();
    expect(events.map(({ type }) => type)).toEqual(['BOOKMARK']);
    expect(BigInt(events[0]!.object.metadata.resourceVersion)).toBeGreaterThanOrEqual(BigInt(from));
    expect(events[0]?.object).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1' });
  });

  test('comes with a new schema of its kind, with what was written before', async () => {
    const { path, crd, thing } = await things();
    const watch = await fixture.client.watch(`${path}?watch=1`);
    await fixture.client.create(path, thing('a'));
    const schema = { type: 'object', properties: { spec: { type: 'object' } } };
    const replace = [{ op: 'replace', path: '/spec/versions/0/schema/openAPIV3Schema', value: schema }];
    const headers = { 'content-type': 'application/json-patch+json' };
    expect((await fixture.client.call(crd, { method: 'PATCH', headers, body: replace })).status).toBe(200);
    expect((await watch.rest()).map(brief)).toEqual(['ADDED a']);
    const next = await fixture.client.watch(`${path}?watch=1`);
    expect(brief(await next.next())).toBe('ADDED a');
    next.close();
  });

  test('does not come with labels of its definition', async () => {
    const { path, crd, thing } = await things();
    const watch = await fixture.client.watch(`${path}?watch=1`);
    await fixture.client.patch(crd, { metadata: { labels: { a: 'b' } } });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await fixture.client.create(path, thing('a'));
    expect(brief(await watch.next())).toBe('ADDED a');
    watch.close();
  });

  test('comes with the end of its kind, after a DELETED for each object', async () => {
    const { path, crd, thing } = await things();
    for (const name of ['a', 'b']) await fixture.client.create(path, thing(name));
    const watch = await fixture.client.watch(`${path}?watch=1`);
    await watch.take(2);
    await fixture.client.delete(crd);
    await fixture.client.untilGone(crd);
    const rest = await watch.rest();
    const deleted = rest.filter(({ type }) => type === 'DELETED').map(({ object }) => object.metadata.name);
    expect(deleted.sort()).toEqual(['a', 'b']);
    expect(rest.at(-1)?.type).toBe('DELETED');
    expect((await fixture.client.call(`${path}?watch=1`)).text).toBe('404 page not found\n');
  });
});

test('watch: as YAML is 406, and as protobuf for built-in kinds alone', async () => {
  const builtin = await configMaps('a');
  const { path } = await things();
  const status = async (of: string, accept: string) => {
    const query = 'watch=1&timeoutSeconds=1&labelSelector=none';
    const { status: code, headers } = await fixture.client.call(`${of}?${query}`, { headers: { accept } });
    return `${code} ${headers['content-type']}`;
  };
  const protobuf = 'application/vnd.kubernetes.protobuf';
  expect(await status(builtin, 'application/yaml')).toMatch(/^406 /);
  expect(await status(builtin, protobuf)).toBe(`200 ${protobuf};stream=watch`);
  expect(await status(path, `${protobuf},application/json`)).toBe('200 application/json');
  const partial = `${protobuf};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`;
  expect(await status(path, partial)).toBe(`200 ${protobuf};stream=watch`);
});

test('watch: a bookmark is never older than what was delivered before it', async () => {
  const path = await configMaps();
  const from = await revision(path);
  const watch = await fixture.client.watch(
    `${path}?watch=1&resourceVersion=${from}&timeoutSeconds=3&allowWatchBookmarks=1`,
  );
  let writing = true;
  const writer = (async () => {
    for (let index = 0; writing; index++) await fixture.client.create(path, configMap(`n${index}`));
  })();
  const events = await watch.rest();
  writing = false;
  await writer;
  const bookmark = events.findIndex(({ type }) => type === 'BOOKMARK');
  expect(bookmark).toBeGreaterThanOrEqual(0);
  const version = ({ object }: { readonly object: KubeObject }) => BigInt(object.metadata.resourceVersion);
  const at = version(events[bookmark]!);
  for (const [index, event] of events.entries()) {
    if (index < bookmark) expect(version(event)).toBeLessThanOrEqual(at);
    if (index > bookmark && event.type !== 'BOOKMARK') expect(version(event)).toBeGreaterThan(at);
  }
});
