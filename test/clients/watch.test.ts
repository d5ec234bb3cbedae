import { describe, expect, test } from 'vitest';
import { brief, configMap, type KubeObject, type WatchEvent } from '../http/client.ts';
import { useServer } from '../http/suite.ts';

const fixture = useServer();

const INITIAL_END = 'k8s.io/initial-events-end';

function versionOf(object: KubeObject): bigint {
  return BigInt(object.metadata.resourceVersion);
}

function isNamed(name: string): (event: WatchEvent) => boolean {
  return ({ object }) => object.metadata.name === name;
}

/** A namespace, its ConfigMaps, and the revision from which a watch sees only what the test does. */
async function quietNamespace(): Promise<{ readonly configMaps: string; readonly from: string }> {
  const { configMaps } = await fixture.namespace();
  const { metadata } = await fixture.client.list(configMaps);
  return { configMaps, from: `${configMaps}?watch=1&resourceVersion=${metadata.resourceVersion}` };
}

describe('a watch', () => {
  test('is a stream of JSON documents, each on a line, whose headers come at once', async () => {
    const { configMaps, from } = await quietNamespace();
    const watch = await fixture.client.watch(from);
    expect(watch.status).toBe(200);
    expect(watch.headers['content-type']).toBe('application/json');
    expect(watch.headers['transfer-encoding']).toBe('chunked');
    expect(watch.headers['content-encoding']).toBeUndefined();
    const text = 'line\nbreak, "quote", ü, \u2028';
    await fixture.client.create(configMaps, configMap('a', { data: { text } }));
    await fixture.client.delete(`${configMaps}/a`);
    const events = await watch.take(2);
    expect(events[0]).toMatchObject({
      type: 'ADDED',
      object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' }, data: { text } },
    });
    expect(watch.text.endsWith('\n')).toBe(true);
    expect(watch.text.split('\n')).toHaveLength(3);
    for (const line of watch.text.trimEnd().split('\n')) {
      expect(Object.keys(JSON.parse(line))).toEqual(['type', 'object']);
    }
  });

  test('begins with what there is when it names no revision, or 0', async () => {
    const { configMaps } = await fixture.namespace();
    for (const name of ['b', 'a']) await fixture.client.create(configMaps, configMap(name));
    for (const query of ['watch=1', 'watch=true&resourceVersion=0', 'watch=&resourceVersion=']) {
      const watch = await fixture.client.watch(`${configMaps}?${query}`);
      expect((await watch.take(3)).map(brief)).toEqual(['ADDED a', 'ADDED b', 'ADDED kube-root-ca.crt']);
      watch.close();
    }
  });

  test('goes on behind the revision that it names, without gaps or repeats', async () => {
    const { configMaps, from } = await quietNamespace();
    const versions: string[] = [];
    const watch = await fixture.client.watch(from);
    const { metadata } = await fixture.client.create(configMaps, configMap('a', { data: { n: '0' } }));
    versions.push(metadata.resourceVersion);
    for (let n = 1; n < 20; n += 1) {
      const patched = await fixture.client.patch(`${configMaps}/a`, { data: { n: String(n) } });
      versions.push(patched.metadata.resourceVersion);
    }
    const seen = (await watch.take(20)).map(({ object }) => object.metadata.resourceVersion);
    expect(seen).toEqual(versions);
    for (const index of [0, 7, 18]) {
      const later = await fixture.client.watch(`${configMaps}?watch=1&resourceVersion=${versions[index]}`);
      const rest = await later.take(19 - index);
      expect(rest.map(({ object }) => object.metadata.resourceVersion)).toEqual(versions.slice(index + 1));
      later.close();
    }
  });

  test('tells of a deletion with the last state at the revision of the deletion', async () => {
    const { configMaps, from } = await quietNamespace();
    const created = await fixture.client.create(configMaps, configMap('a', { data: { x: '1' } }));
    await fixture.client.delete(`${configMaps}/a`);
    const watch = await fixture.client.watch(from);
    const [, deleted] = await watch.take(2);
    expect(deleted).toMatchObject({
      type: 'DELETED',
      object: { metadata: { uid: created.metadata.uid }, data: { x: '1' } },
    });
    expect(versionOf((deleted as WatchEvent).object)).toBeGreaterThan(versionOf(created));
  });

  test('makes arrivals and departures of what its label selector does', async () => {
    const { client } = fixture;
    const { configMaps, from } = await quietNamespace();
    const watch = await client.watch(`${from}&labelSelector=color%3Dred`);
    const label = (name: string, color: string) =>
      client.patch(`${configMaps}/${name}`, { metadata: { labels: { color } } });
    await client.create(configMaps, configMap('a', { labels: { color: 'blue' }, data: { n: '1' } }));
    await label('a', 'red');
    await client.patch(`${configMaps}/a`, { data: { n: '2' } });
    const left = await label('a', 'blue');
    await client.patch(`${configMaps}/a`, { data: { n: '3' } });
    await client.delete(`${configMaps}/a`);
    await client.create(configMaps, configMap('b', { labels: { color: 'red' } }));
    await client.delete(`${configMaps}/b`);
    const events = await watch.take(5);
    expect(events.map(brief)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED b', 'DELETED b']);
    // What left is shown as the watcher last saw it, at the revision of the change that took it away.
    expect(events[2]?.object).toMatchObject({
      metadata: { labels: { color: 'red' }, resourceVersion: left.metadata.resourceVersion },
      data: { n: '2' },
    });
  });

  test('sees the same transitions when it comes later', async () => {
    const { client } = fixture;
    const { configMaps, from } = await quietNamespace();
    await client.create(configMaps, configMap('a', { labels: { color: 'red' } }));
    await client.patch(`${configMaps}/a`, { metadata: { labels: { color: 'blue' } } });
    await client.create(configMaps, configMap('b', { labels: { color: 'red' } }));
    const watch = await client.watch(`${from}&labelSelector=color%3Dred`);
    expect((await watch.take(3)).map(brief)).toEqual(['ADDED a', 'DELETED a', 'ADDED b']);
  });

  test('follows one object by its name, and a kind by its field', async () => {
    const { client } = fixture;
    const { namespace, configMaps } = await fixture.namespace();
    const one = await client.watch(`${configMaps}?watch=1&fieldSelector=metadata.name%3Db`);
    for (const name of ['a', 'b', 'c']) await client.create(configMaps, configMap(name));
    await client.delete(`${configMaps}/b`);
    expect((await one.take(2)).map(brief)).toEqual(['ADDED b', 'DELETED b']);
    const active = await client.watch('/api/v1/namespaces?watch=1&fieldSelector=status.phase%3DActive');
    await active.until(isNamed(namespace));
    await client.delete(`/api/v1/namespaces/${namespace}`);
    const events = await active.until(
      ({ type, object }) => type === 'DELETED' && object.metadata.name === namespace,
    );
    expect(events.filter(isNamed(namespace)).map(brief)).toEqual([`DELETED ${namespace}`]);
  });

  test('over all namespaces sees them in one order, which all watchers share', async () => {
    const { client } = fixture;
    const first = await fixture.namespace();
    const second = await fixture.namespace();
    const { metadata } = await client.list('/api/v1/configmaps');
    const path = `/api/v1/configmaps?watch=1&labelSelector=order&resourceVersion=${metadata.resourceVersion}`;
    const watches = await Promise.all([client.watch(path), client.watch(path), client.watch(path)]);
    await Promise.all(
      Array.from({ length: 30 }, (_value, index) =>
        client.create(
          index % 2 === 0 ? first.configMaps : second.configMaps,
          configMap(`c${index}`, { labels: { order: 'yes' } }),
        ),
      ),
    );
    const [one, ...others] = await Promise.all(watches.map((watch) => watch.take(30)));
    const order = (one ?? []).map(brief);
    expect(new Set(order).size).toBe(30);
    for (const other of others) expect(other.map(brief)).toEqual(order);
    const versions = (one ?? []).map(({ object }) => versionOf(object));
    expect(versions).toEqual([...versions].sort((a, b) => (a < b ? -1 : 1)));
  });

  test('of a namespace that does not exist is an empty stream', async () => {
    const watch = await fixture.client.watch('/api/v1/namespaces/none/configmaps?watch=1&timeoutSeconds=1');
    expect(watch.status).toBe(200);
    expect(await watch.rest()).toEqual([]);
  });

  test('ends cleanly after timeoutSeconds, with what was written delivered', async () => {
    const { configMaps, from } = await quietNamespace();
    const before = Date.now();
    const watch = await fixture.client.watch(`${from}&timeoutSeconds=2`);
    await fixture.client.create(configMaps, configMap('a'));
    expect((await watch.rest()).map(brief)).toEqual(['ADDED a']);
    const tookMs = Date.now() - before;
    expect(tookMs).toBeGreaterThan(1_000);
    expect(tookMs).toBeLessThan(8_000);
  });

  test('from too long ago says 410 in an event, and ends', async () => {
    const { configMaps } = await fixture.namespace();
    const watch = await fixture.client.watch(`${configMaps}?watch=1&resourceVersion=1&timeoutSeconds=2`);
    expect(watch.status).toBe(200);
    const events = await watch.rest();
    expect(events).toMatchObject([
      {
        type: 'ERROR',
        object: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Expired', code: 410 },
      },
    ]);
    expect(events[0]?.object['message']).toMatch(/^too old resource version: 1 \(\d+\)$/);
  });

  test('from the future says so', async () => {
    const { configMaps } = await fixture.namespace();
    const { metadata } = await fixture.client.list(configMaps);
    const future = BigInt(metadata.resourceVersion) + 3_600_000n * 4_096n;
    const watch = await fixture.client.watch(`${configMaps}?watch=1&resourceVersion=${future}`);
    const [event] = watch.status === 200 ? await watch.rest() : [];
    if (watch.status === 200) {
      expect(event).toMatchObject({ type: 'ERROR', object: { reason: 'Timeout', code: 504 } });
      expect(event?.object).toMatchObject({ details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } });
    } else {
      expect(watch.status).toBe(504);
    }
  });

  test.each([
    ['resourceVersion=x', 400, 'resourceVersion'],
    ['labelSelector=a%20b', 400, 'unable to parse requirement'],
    [
      'sendInitialEvents=true',
      422,
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    ],
    [
      'resourceVersion=1&resourceVersionMatch=NotOlderThan',
      422,
      'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    ],
    [
      'sendInitialEvents=true&resourceVersionMatch=Exact',
      422,
      'resourceVersionMatch: Unsupported value: "Exact"',
    ],
  ])('with %s is refused', async (query, code, message) => {
    const status = await fixture.client.refuse(code, `/api/v1/configmaps?watch=1&${query}`);
    expect(status.message).toContain(message);
  });

  test('as YAML is not to be had', async () => {
    const headers = { accept: 'application/yaml' };
    expect((await fixture.client.call('/api/v1/configmaps?watch=1', { headers })).status).toBe(406);
  });

  test('by the old path works', async () => {
    const { namespace, configMaps } = await fixture.namespace();
    await fixture.client.create(configMaps, configMap('a'));
    const all = await fixture.client.watch(`/api/v1/watch/namespaces/${namespace}/configmaps`);
    expect((await all.take(2)).map(brief)).toEqual(['ADDED a', 'ADDED kube-root-ca.crt']);
    const one = await fixture.client.watch(`/api/v1/watch/namespaces/${namespace}/configmaps/a`);
    expect((await one.take(1)).map(brief)).toEqual(['ADDED a']);
    await fixture.client.delete(`${configMaps}/a`);
    expect(brief(await one.next())).toBe('DELETED a');
    const path = `/api/v1/watch/namespaces/${namespace}/configmaps/a?fieldSelector=metadata.name%3Db`;
    expect((await fixture.client.refuse(400, path)).message).toContain("doesn't match requested name");
  });
});

describe('bookmarks', () => {
  test('come only when they are allowed, and one before the end', async () => {
    const { configMaps, from } = await quietNamespace();
    const plain = await fixture.client.watch(`${from}&timeoutSeconds=3`);
    const marked = await fixture.client.watch(`${from}&timeoutSeconds=3&allowWatchBookmarks=true`);
    const other = await fixture.namespace();
    const elsewhere = await fixture.client.create(other.configMaps, configMap('elsewhere'));
    const here = await fixture.client.create(configMaps, configMap('a'));
    const [plainEvents, markedEvents] = await Promise.all([plain.rest(), marked.rest()]);
    expect(plainEvents.map(brief)).toEqual(['ADDED a']);
    const bookmarks = markedEvents.filter(({ type }) => type === 'BOOKMARK');
    expect(bookmarks.length).toBeGreaterThan(0);
    const last = markedEvents.at(-1);
    expect(last).toMatchObject({ type: 'BOOKMARK', object: { kind: 'ConfigMap', apiVersion: 'v1' } });
    expect(last?.object.metadata.annotations).toBeUndefined();
    // It must not lie behind what was delivered, and may be ahead of it by what others wrote.
    expect(versionOf((last as WatchEvent).object)).toBeGreaterThanOrEqual(versionOf(here));
    expect(versionOf((last as WatchEvent).object)).toBeGreaterThan(versionOf(elsewhere));
    const next = await fixture.client.watch(
      `${configMaps}?watch=1&resourceVersion=${last?.object.metadata.resourceVersion}`,
    );
    await fixture.client.create(configMaps, configMap('b'));
    expect(brief(await next.next())).toBe('ADDED b');
  });
});

describe('a watch that is a list', () => {
  const QUERY = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';

  test.each(['', '&resourceVersion=0'])(
    'sends what there is, an annotated bookmark, and then changes%s',
    async (version) => {
      const { configMaps } = await fixture.namespace();
      for (const name of ['b', 'a']) await fixture.client.create(configMaps, configMap(name));
      const watch = await fixture.client.watch(`${configMaps}?${QUERY}${version}`);
      const initial = await watch.until(({ type }) => type === 'BOOKMARK');
      expect(initial.slice(0, -1).map(brief)).toEqual(['ADDED a', 'ADDED b', 'ADDED kube-root-ca.crt']);
      const bookmark = initial.at(-1)?.object as KubeObject;
      expect(bookmark).toMatchObject({
        kind: 'ConfigMap',
        apiVersion: 'v1',
        metadata: { annotations: { [INITIAL_END]: 'true' } },
      });
      for (const { object } of initial.slice(0, -1)) {
        expect(versionOf(object)).toBeLessThanOrEqual(versionOf(bookmark));
      }
      const created = await fixture.client.create(configMaps, configMap('c'));
      const next = await watch.next();
      expect(brief(next)).toBe('ADDED c');
      expect(versionOf(created)).toBeGreaterThan(versionOf(bookmark));
    },
  );

  test('sends the bookmark at once when there is nothing', async () => {
    const { configMaps } = await fixture.namespace();
    const path = configMaps.replace('configmaps', 'secrets');
    const { metadata } = await fixture.client.create(configMaps, configMap('a'));
    const watch = await fixture.client.watch(`${path}?${QUERY}&resourceVersion=${metadata.resourceVersion}`);
    const event = await watch.next(3_000);
    expect(event).toMatchObject({
      type: 'BOOKMARK',
      object: { kind: 'Secret', metadata: { annotations: { [INITIAL_END]: 'true' } } },
    });
    expect(versionOf(event.object)).toBeGreaterThanOrEqual(BigInt(metadata.resourceVersion));
  });

  test('without sendInitialEvents sends changes alone', async () => {
    const { configMaps, from } = await quietNamespace();
    const watch = await fixture.client.watch(
      `${from}&sendInitialEvents=false&resourceVersionMatch=NotOlderThan`,
    );
    await fixture.client.create(configMaps, configMap('a'));
    expect(brief(await watch.next())).toBe('ADDED a');
  });

  test('misses and repeats nothing that is written while it begins', async () => {
    const { configMaps } = await fixture.namespace();
    let isDone = false;
    const writer = (async () => {
      let n = 0;
      for (; !isDone; n += 1) await fixture.client.create(configMaps, configMap(`w${n}`));
      return n;
    })();
    const watches = [];
    for (let n = 0; n < 20; n += 1) watches.push(await fixture.client.watch(`${configMaps}?${QUERY}`));
    isDone = true;
    const count = await writer;
    await fixture.client.create(configMaps, configMap('last'));
    expect(count).toBeGreaterThan(0);
    for (const watch of watches) {
      const events = await watch.until(isNamed('last'));
      const added = events.filter(({ type }) => type === 'ADDED').map(({ object }) => object.metadata.name);
      expect(new Set(added).size).toBe(added.length);
      // Those of the test, `last` and the certificate that every namespace has.
      expect(added.length).toBe(count + 2);
      watch.close();
    }
  });
});
