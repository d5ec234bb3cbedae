import { describe, expect, test } from 'vitest';
import type { KubeList, KubeObject } from '../http/client.ts';
import type { InProcessOptions } from '../support/in-process.ts';
import { Fixture, useMember } from './suite.ts';

const MASTER = 'token-of-a-master';

/** A member with somebody who may look at all logical clusters at once. */
class Masters extends Fixture {
  protected override get options(): InProcessOptions {
    const groups = ['system:masters', 'system:authenticated'];
    return { users: { [MASTER]: { name: 'master', uid: '', groups, extra: {} } } };
  }
}

const fixture = useMember(new Masters());
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const EVERYWHERE = '/clusters/*/api/v1/configmaps';
const MEMBERS = 1024n;

async function list(query: string): Promise<KubeList> {
  const { status, text } = await fixture.client.call(`${EVERYWHERE}?${query}`, { token: MASTER });
  expect(status, text).toBe(200);
  return JSON.parse(text) as KubeList;
}

/** The shard's revision that a position stands for. */
function shardOf(version: string): string {
  const position = BigInt(version);
  expect(position).toBeGreaterThanOrEqual(2n ** 53n);
  expect(position % MEMBERS).toBe(0n);
  return String(position / MEMBERS);
}

const homeOf = ({ metadata }: KubeObject) => `${metadata.annotations?.['kcp.io/cluster']}/${metadata.name}`;

describe('all logical clusters at once', () => {
  test('show ordinary objects with positions of the member, and each in its own place with its revision', async () => {
    const { client, server } = fixture;
    const paths = await Promise.all(['wide-a', 'wide-b'].map((name) => server.createCluster(name)));
    const labels = { wide: 'yes' };
    for (const path of paths) await client.create(path + CONFIG_MAPS, { metadata: { name: 'one', labels } });
    const all = await list('labelSelector=wide%3Dyes');
    expect(all.items.map(homeOf)).toEqual(['wide-a/one', 'wide-b/one']);
    shardOf(all.metadata.resourceVersion);
    for (const [index, path] of paths.entries()) {
      const own = await client.get(`${path}${CONFIG_MAPS}/one`);
      expect(own.metadata.resourceVersion).toBe(shardOf(all.items[index]!.metadata.resourceVersion));
      // What was read everywhere is written in its place, in the form in which it was read.
      const { resourceVersion } = all.items[index]!.metadata;
      const wanted = { ...own, metadata: { ...own.metadata, resourceVersion }, data: { by: 'wildcard' } };
      const written = await client.put(`${path}${CONFIG_MAPS}/one`, wanted);
      expect(BigInt(written.metadata.resourceVersion)).toBeLessThan(2n ** 53n);
      const again = await client.call(`${path}${CONFIG_MAPS}/one`, { method: 'PUT', body: wanted });
      expect(again.status).toBe(409);
    }
  });

  test('are watched from a position of theirs, with bookmarks that are positions', async () => {
    const { client, server } = fixture;
    const path = await server.createCluster('wide-c');
    const { metadata } = await list('labelSelector=watched');
    const since = `watch=1&labelSelector=watched&resourceVersion=${metadata.resourceVersion}`;
    const watch = await client.watch(`${EVERYWHERE}?${since}`, { token: MASTER });
    const labels = { watched: '' };
    const created = await client.create(path + CONFIG_MAPS, { metadata: { name: 'seen', labels } });
    await client.delete(`${path}${CONFIG_MAPS}/seen`);
    const events = await watch.take(2);
    watch.close();
    expect(events.map(({ type, object }) => `${type} ${homeOf(object)}`)).toEqual([
      'ADDED wide-c/seen',
      'DELETED wide-c/seen',
    ]);
    const versions = events.map(({ object }) => object.metadata.resourceVersion);
    expect(shardOf(versions[0]!)).toBe(created.metadata.resourceVersion);
    expect(BigInt(versions[1]!)).toBeGreaterThan(BigInt(versions[0]!));
    const initial =
      'watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&labelSelector=none';
    const marked = await client.watch(`${EVERYWHERE}?${initial}`, { token: MASTER });
    const bookmark = await marked.next();
    marked.close();
    expect(bookmark.type).toBe('BOOKMARK');
    shardOf(bookmark.object.metadata.resourceVersion);
  });

  test('know no revisions of shards, and no positions of other members', async () => {
    const { client } = fixture;
    const { metadata } = await list('limit=1');
    const version = metadata.resourceVersion;
    for (const other of [shardOf(version), String(BigInt(version) + 5n)]) {
      const exact = `${EVERYWHERE}?resourceVersion=${other}&resourceVersionMatch=Exact`;
      expect((await client.call(exact, { token: MASTER })).status).toBe(410);
      const watch = await client.watch(`${EVERYWHERE}?watch=1&resourceVersion=${other}`, { token: MASTER });
      const [event] = await watch.rest();
      expect([event?.type, event?.object['code']]).toEqual(['ERROR', 410]);
    }
    // And the URL of a logical cluster knows no positions: it is a number from the future there.
    const own = await client.call(`${CONFIG_MAPS}?resourceVersion=${version}`);
    expect(own.status).toBe(504);
  });

  test('go on with a page by a token that is of no use in one of them', async () => {
    const { client } = fixture;
    const page = await list('limit=1');
    const token = encodeURIComponent(page.metadata.continue ?? '');
    const next = await list(`limit=1&continue=${token}`);
    expect(next.metadata.resourceVersion).toBe(page.metadata.resourceVersion);
    const [home] = homeOf(page.items[0]!).split('/');
    for (const path of [`/clusters/${home}/api/v1/configmaps`, '/api/v1/configmaps']) {
      await client.refuse(400, `${path}?limit=1&continue=${token}`);
    }
    const own = await client.get(`/api/v1/configmaps?limit=1`);
    const ownToken = encodeURIComponent(own.metadata.continue ?? 'x');
    const reply = await client.call(`${EVERYWHERE}?limit=1&continue=${ownToken}`, { token: MASTER });
    expect(reply.status).toBe(400);
  });
});
