import { describe, expect, test } from 'vitest';
import type { KubeList, KubeObject, Status } from '../http/client.ts';
import { useMember } from './suite.ts';

const fixture = useMember();
const TYPES = '/apis/tenancy.kcp.io/v1alpha1/workspacetypes';
const EXPORTS = '/apis/apis.kcp.io/v1alpha2/apiexports';
/** The same objects in a version that is converted instead of copied. */
const OLD_EXPORTS = '/apis/apis.kcp.io/v1alpha1/apiexports';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const MERGE = { 'content-type': 'application/merge-patch+json' };
const JSON_PATCH = { 'content-type': 'application/json-patch+json' };
const APPLY = { 'content-type': 'application/apply-patch+yaml' };
const MEMBERS = 1024n;

let workspaces = 0;
/** A workspace of its own for each test, so that lists show nothing else. */
async function workspace(): Promise<string> {
  workspaces += 1;
  return fixture.server.createCluster(`member-bound-${workspaces}`);
}

function exported(name: string, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { apiVersion: 'apis.kcp.io/v1alpha2', kind: 'APIExport', metadata: { name, ...more } };
}

/** The revision of the shard that a position of this member stands for; throws for what is none. */
function shardOf(version: string): string {
  const position = BigInt(version);
  if (position < 2n ** 53n || position % MEMBERS !== 0n) throw new Error(`${version} is not of this member`);
  return String(position / MEMBERS);
}

function foreign(version: string): string {
  return String(BigInt(version) + 7n);
}

function allVersions(text: string): string[] {
  return [...text.matchAll(/resourceVersion"?: ?"(\d+)"/g)].map(([, version]) => version!);
}

describe('convergent kinds', () => {
  test('show positions of the member wherever they show a resourceVersion', async () => {
    const { client } = fixture;
    const root = await workspace();
    const created = await client.create(root + EXPORTS, exported('first'));
    const path = `${root}${EXPORTS}/first`;
    const table = { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' };
    const partial = { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' };
    const partials = { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' };
    const yaml = { accept: 'application/yaml' };
    const answers = await Promise.all([
      client.call(path),
      client.call(`${path}?pretty=true`),
      client.call(path, { headers: table }),
      client.call(path, { headers: partial }),
      client.call(path, { headers: yaml }),
      client.call(`${root}${OLD_EXPORTS}/first`),
      client.call(root + EXPORTS),
      client.call(root + OLD_EXPORTS),
      client.call(root + EXPORTS, { headers: table }),
      client.call(root + EXPORTS, { headers: partials }),
      client.call(root + EXPORTS, { headers: yaml }),
      client.call(`${root}${EXPORTS}?limit=1`),
      client.call(path, { method: 'PATCH', headers: MERGE, body: { metadata: { labels: { a: 'b' } } } }),
      client.call(`${path}/status`, { method: 'PATCH', headers: MERGE, body: {} }),
      client.call(`${path}?dryRun=All`, {
        method: 'PATCH',
        headers: MERGE,
        body: { metadata: { labels: { c: 'd' } } },
      }),
    ]);
    for (const { status, text } of answers) {
      expect(status, text).toBe(200);
      const versions = allVersions(text);
      expect(versions.length, text).toBeGreaterThan(0);
      for (const version of versions) shardOf(version);
    }
    expect(shardOf(created.metadata.resourceVersion)).toMatch(/^\d+$/);
    const held = await client.patch(path, { metadata: { finalizers: ['example.com/held'] } });
    const terminating = await client.delete(path);
    expect(BigInt(terminating.metadata.resourceVersion)).toBeGreaterThan(
      BigInt(held.metadata.resourceVersion),
    );
    shardOf(terminating.metadata.resourceVersion);
    const deleted = await client.call(root + EXPORTS, { method: 'DELETE' });
    for (const version of allVersions(deleted.text)) shardOf(version);
  });

  test('are alone with it: all other kinds show the revision of the shard', async () => {
    const { client } = fixture;
    const root = await workspace();
    const paths = [
      CONFIG_MAPS,
      '/api/v1/namespaces',
      '/apis/core.kcp.io/v1alpha1/logicalclusters',
      '/apis/apis.kcp.io/v1alpha2/apibindings',
    ];
    for (const path of paths) {
      const list = await client.list(root + path);
      const versions = [list.metadata, ...list.items.map(({ metadata }) => metadata)];
      for (const { resourceVersion } of versions) {
        expect(BigInt(resourceVersion), path).toBeLessThan(2n ** 53n);
      }
    }
    const types = await client.list(root + TYPES);
    shardOf(types.metadata.resourceVersion);
  });

  test('keep the order of their changes, in objects, lists and events alike', async () => {
    const { client } = fixture;
    const root = await workspace();
    const before = await client.list(root + EXPORTS);
    const watch = await client.watch(
      `${root}${EXPORTS}?watch=1&allowWatchBookmarks=true&resourceVersion=${before.metadata.resourceVersion}`,
    );
    const created = await client.create(root + EXPORTS, exported('a'));
    const changed = await client.patch(`${root}${EXPORTS}/a`, { metadata: { labels: { x: 'y' } } });
    const between = await client.list(root + EXPORTS);
    await client.delete(`${root}${EXPORTS}/a`);
    const events = await watch.take(3);
    watch.close();
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
    const seen = events.map(({ object }) => object.metadata.resourceVersion);
    expect(seen.slice(0, 2)).toEqual([created.metadata.resourceVersion, changed.metadata.resourceVersion]);
    const all = [before.metadata.resourceVersion, ...seen];
    expect([...all].sort((a, b) => Number(BigInt(a) - BigInt(b)))).toEqual(all);
    expect(between.metadata.resourceVersion).toBe(changed.metadata.resourceVersion);
    // From the middle on, and from there alone.
    const rest = await client.watch(
      `${root}${EXPORTS}?watch=1&resourceVersion=${changed.metadata.resourceVersion}`,
    );
    const next = await rest.next();
    rest.close();
    expect([next.type, next.object.metadata.resourceVersion]).toEqual(['DELETED', seen[2]]);
    shardOf(seen[2]!);
  });

  test('end the initial events of a watch with a position of the list', async () => {
    const { client } = fixture;
    const root = await workspace();
    const { metadata } = await client.create(root + EXPORTS, exported('a'));
    const query =
      'watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&resourceVersion=';
    for (const accept of ['application/json', 'application/json;as=Table;g=meta.k8s.io;v=v1']) {
      const watch = await client.watch(`${root}${EXPORTS}?${query}`, { headers: { accept } });
      const events = await watch.until(({ type }) => type === 'BOOKMARK');
      watch.close();
      const versions = allVersions(JSON.stringify(events));
      expect(versions.length).toBeGreaterThanOrEqual(2);
      for (const version of versions) shardOf(version);
      expect(BigInt(versions.at(-1)!)).toBeGreaterThanOrEqual(BigInt(metadata.resourceVersion));
      expect(JSON.stringify(events.at(-1))).toContain('k8s.io/initial-events-end');
    }
  });

  test('are listed as they were at a position, and page by page', async () => {
    const { client } = fixture;
    const root = await workspace();
    for (const name of ['a', 'b', 'c']) await client.create(root + EXPORTS, exported(name));
    const then = (await client.list(root + EXPORTS)).metadata.resourceVersion;
    const page = await client.list(`${root}${EXPORTS}?limit=2`);
    await client.delete(`${root}${EXPORTS}/c`);
    await client.create(root + EXPORTS, exported('d'));
    const namesAt = async (query: string) =>
      (await client.list(`${root}${EXPORTS}?${query}`)).items.map(({ metadata }) => metadata.name);
    expect(await namesAt(`resourceVersion=${then}&resourceVersionMatch=Exact`)).toEqual(['a', 'b', 'c']);
    expect(await namesAt(`resourceVersion=${then}&resourceVersionMatch=NotOlderThan`)).toEqual([
      'a',
      'b',
      'd',
    ]);
    const token = encodeURIComponent(page.metadata.continue ?? '');
    const rest = await client.list(`${root}${EXPORTS}?limit=2&continue=${token}`);
    expect(rest.items.map(({ metadata }) => metadata.name)).toEqual(['c']);
    expect(rest.metadata.resourceVersion).toBe(page.metadata.resourceVersion);
    expect(page.metadata.resourceVersion).toBe(then);
  });
});

describe('a writer of convergent kinds', () => {
  /** How a resourceVersion may be said, and whether it is the object's. */
  const forms: readonly [string, (version: string) => string, boolean][] = [
    ['a position of this member', (version) => version, true],
    ['the revision of the shard', shardOf, true],
    ['a position of another member', foreign, false],
    ['an older position', (version) => String(BigInt(version) - MEMBERS), false],
    ['an older revision', (version) => String(BigInt(shardOf(version)) - 1n), false],
    ['a position of the future', (version) => String(BigInt(version) + MEMBERS), false],
    ['a position beyond 64 bits', () => '18446744073709551616', false],
    ['no number at all', () => 'forged', false],
  ];

  describe.each(forms)('who names %s', (_how, named, isCurrent) => {
    const code = isCurrent ? 200 : 409;
    const fresh = async (): Promise<{ path: string; object: KubeObject; version: string }> => {
      const root = await workspace();
      const object = await fixture.client.create(root + EXPORTS, exported('a'));
      return {
        path: `${root}${EXPORTS}/a`,
        object,
        version: named(object.metadata.resourceVersion),
      };
    };

    test(`has a replacement answered with ${code}, of the object and of its status`, async () => {
      const { path, object, version } = await fresh();
      for (const part of ['', '/status']) {
        const metadata = { ...object.metadata, resourceVersion: version, labels: { by: 'put' } };
        const reply = await fixture.client.call(path + part, {
          method: 'PUT',
          body: { ...object, metadata },
        });
        expect(reply.status, reply.text).toBe(code);
        if (part === '' && isCurrent) break;
      }
    });

    test(`has a patch answered with ${code}, however it says so`, async () => {
      const { client } = fixture;
      const merged = await fresh();
      const merge = await client.call(merged.path, {
        method: 'PATCH',
        headers: MERGE,
        body: { metadata: { resourceVersion: merged.version, labels: { by: 'merge' } } },
      });
      expect(merge.status, merge.text).toBe(code);
      const tested = await fresh();
      const steps = await client.call(tested.path, {
        method: 'PATCH',
        headers: JSON_PATCH,
        body: [
          { op: 'test', path: '/metadata/resourceVersion', value: tested.version },
          { op: 'add', path: '/metadata/labels', value: { by: 'steps' } },
        ],
      });
      expect(steps.status, steps.text).toBe(isCurrent ? 200 : 422);
      const applied = await fresh();
      const apply = await client.call(`${applied.path}?fieldManager=tester&force=true`, {
        method: 'PATCH',
        headers: APPLY,
        body: exported('a', { resourceVersion: applied.version, labels: { by: 'apply' } }),
      });
      expect(apply.status, apply.text).toBe(code);
    });

    test(`has a deletion answered with ${code}`, async () => {
      const { path, version } = await fresh();
      const body = { preconditions: { resourceVersion: version } };
      const reply = await fixture.client.call(path, { method: 'DELETE', body });
      expect(reply.status, reply.text).toBe(code);
      if (isCurrent) return;
      const { message } = JSON.parse(reply.text) as Status;
      const [, record] = /ResourceVersion in record \((\d+)\)/.exec(message) ?? [];
      shardOf(record ?? '');
    });
  });

  test('names a position of an ordinary object just as well, which shows none', async () => {
    const root = await workspace();
    const object = await fixture.client.create(root + CONFIG_MAPS, { metadata: { name: 'a' } });
    const position = String(BigInt(object.metadata.resourceVersion) * MEMBERS);
    const named = (resourceVersion: string, n: string) => ({
      ...object,
      metadata: { ...object.metadata, resourceVersion },
      data: { n },
    });
    const path = `${root}${CONFIG_MAPS}/a`;
    expect(
      (await fixture.client.call(path, { method: 'PUT', body: named(foreign(position), '0') })).status,
    ).toBe(409);
    const written = await fixture.client.put(path, named(position, '1'));
    expect(BigInt(written.metadata.resourceVersion)).toBeLessThan(2n ** 53n);
    expect((await fixture.client.call(path, { method: 'PUT', body: named(position, '2') })).status).toBe(409);
    const conditions = {
      preconditions: { resourceVersion: String(BigInt(written.metadata.resourceVersion) * MEMBERS) },
    };
    expect((await fixture.client.call(path, { method: 'DELETE', body: conditions })).status).toBe(200);
  });
});

describe('a reader of convergent kinds', () => {
  const refused = async (code: number, path: string): Promise<Status> => fixture.client.refuse(code, path);

  test('who goes on with a position of another member has to list again', async () => {
    const { client } = fixture;
    const root = await workspace();
    const object = await client.create(root + EXPORTS, exported('a'));
    const version = foreign(object.metadata.resourceVersion);
    for (const query of [
      `?resourceVersion=${version}`,
      `?resourceVersion=${version}&resourceVersionMatch=Exact`,
      `?resourceVersion=${version}&resourceVersionMatch=NotOlderThan`,
      `?resourceVersion=${version}&limit=1`,
      `/a?resourceVersion=${version}`,
    ]) {
      expect((await refused(410, `${root}${EXPORTS}${query}`)).reason, query).toBe('Expired');
    }
    const watch = await client.watch(`${root}${EXPORTS}?watch=1&resourceVersion=${version}`);
    const [event] = await watch.rest();
    expect([watch.status, event?.type, event?.object['code'], event?.object['reason']]).toEqual([
      200,
      'ERROR',
      410,
      'Expired',
    ]);
  });

  test('who names a revision of a shard names what is older than all that is kept', async () => {
    const { client } = fixture;
    const root = await workspace();
    const object = await client.create(root + EXPORTS, exported('a'));
    const version = shardOf(object.metadata.resourceVersion);
    const exact = `resourceVersion=${version}&resourceVersionMatch=Exact`;
    expect((await refused(410, `${root}${EXPORTS}?${exact}`)).reason).toBe('Expired');
    const watch = await client.watch(`${root}${EXPORTS}?watch=1&resourceVersion=${version}`);
    const [event] = await watch.rest();
    expect([event?.type, event?.object['code']]).toEqual(['ERROR', 410]);
    expect(event?.object['message']).toContain(`too old resource version: ${version} (`);
    // Any state is newer, which is all that was asked.
    expect((await client.list(`${root}${EXPORTS}?resourceVersion=${version}`)).items).toHaveLength(1);
  });

  test('who asks for the future waits for it, and hears of it in the form that was asked', async () => {
    const { client } = fixture;
    const root = await workspace();
    const { metadata } = await client.list(root + EXPORTS);
    const later = String(BigInt(metadata.resourceVersion) + MEMBERS * 1_000_000_000n);
    const status = await refused(504, `${root}${EXPORTS}?resourceVersion=${later}`);
    const [, wanted, current] =
      /^Timeout: Too large resource version: (\d+), current: (\d+)$/.exec(status.message) ?? [];
    expect(wanted).toBe(later);
    shardOf(current ?? '');
  });

  test('who goes on with a page of another member gets a token for the rest, as of now', async () => {
    const { client } = fixture;
    const root = await workspace();
    for (const name of ['a', 'b']) await client.create(root + EXPORTS, exported(name));
    const { metadata } = await client.list(root + EXPORTS);
    // Members of one planet sign with one key, so that a token is genuine everywhere.
    const cluster = root.slice('/clusters/'.length);
    const scope = [cluster, 'apis.kcp.io', 'apiexports', '', '', '', 'member'].join('\0');
    const tokens = fixture.server.api.tokens;
    const elsewhere = { version: foreign(metadata.resourceVersion), after: '\0a', remaining: 1 };
    const token = encodeURIComponent(tokens.encode(scope, elsewhere));
    const status = await refused(410, `${root}${EXPORTS}?limit=1&continue=${token}`);
    expect(status.reason).toBe('Expired');
    const rest = await client.list(
      `${root}${EXPORTS}?limit=1&continue=${encodeURIComponent(status.metadata.continue ?? '')}`,
    );
    expect(rest.items.map((item) => item.metadata.name)).toEqual(['b']);
  });

  test('who forges a position or a token of the list gets no answer but a refusal', async () => {
    const { client } = fixture;
    const root = await workspace();
    for (const name of ['a', 'b']) await client.create(root + EXPORTS, exported(name));
    const page = await client.get<KubeList>(`${root}${EXPORTS}?limit=1`);
    const token = page.metadata.continue ?? '';
    const text = Buffer.from(token, 'base64url').toString();
    const position = /"rv":(\d+)/.exec(text)?.[1] ?? '';
    expect(position).toBe(page.metadata.resourceVersion);
    for (const other of [foreign(position), shardOf(position), '0', '1', '-1', '18446744073709551615']) {
      const forged = Buffer.from(text.replace(position, other)).toString('base64url');
      await refused(400, `${root}${EXPORTS}?limit=1&continue=${forged}`);
    }
    for (const odd of ['-9007199254740993', '1e19', '0x1', '18446744073709551616', '９００', '']) {
      const reply = await client.call(`${root}${EXPORTS}?resourceVersion=${encodeURIComponent(odd)}`);
      expect(reply.status, odd).toBe(odd === '' ? 200 : 400);
    }
  });
});
