import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AskOutcome } from '../../src/replication/mod.ts';
import { configMap, type KubeObject } from '../http/client.ts';
import { type OneOfTwo, startTwoMembers, type TwoMembers } from '../support/two-members.ts';

let two: TwoMembers;
let base: string;
let count = 0;

beforeAll(async () => {
  two = await startTwoMembers();
  base = `${await two.createCluster('forwarded')}/api/v1/namespaces/default/configmaps`;
});

afterAll(() => two.close());

beforeEach(() => {
  two.intercept = undefined;
  two.isReplicating = true;
  two.unreachableMs = 0;
  two.confirmEpoch = async () => {};
});

const nameOf = (prefix: string) => `${prefix}-${++count}`;
const lost: AskOutcome = { kind: 'unknown', detail: 'no answer came' };

const BINDINGS = '/clusters/forwarded/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';

async function bindAlice({ client }: OneOfTwo): Promise<void> {
  await client.create(BINDINGS, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'alice' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'alice' }],
  });
}

/** The answer to the first question is lost; it was carried out. */
function loseFirstAnswer(): void {
  let isLost = false;
  two.intercept = async (ask, options) => {
    const outcome = await ask(options);
    if (options.topic !== 'forward' || isLost || outcome.kind !== 'answered') return outcome;
    const first: Uint8Array[] = [];
    for await (const part of outcome.parts) first.push(part);
    // Who does not know the home's process yet hears of it first.
    if (Buffer.concat(first).includes('another process')) {
      return {
        ...outcome,
        parts: (async function* () {
          yield* first;
        })(),
      };
    }
    isLost = true;
    return lost;
  };
}

describe('a write that is taken away from home', () => {
  it('creates, replaces, patches and deletes as at home, and is read where it was written', async () => {
    const { home, away } = two;
    const name = nameOf('all-verbs');
    const created = await away.client.create(base, configMap(name, { data: { a: '1' } }));
    expect(await away.client.get(`${base}/${name}`)).toEqual(created);
    expect(await home.client.get(`${base}/${name}`)).toEqual(created);
    const replaced = await away.client.put(`${base}/${name}`, { ...created, data: { a: '2' } });
    expect((await away.client.get(`${base}/${name}`)).metadata.resourceVersion).toBe(
      replaced.metadata.resourceVersion,
    );
    const patched = await away.client.patch(`${base}/${name}`, { data: { b: '3' } });
    expect(patched['data']).toEqual({ a: '2', b: '3' });
    await away.client.delete(`${base}/${name}`);
    await away.client.refuse(404, `${base}/${name}`);
    await home.client.refuse(404, `${base}/${name}`);
  });

  it('says in which region it was answered, and of a read how old it may be', async () => {
    const { home, away } = two;
    const here = await home.client.call(base);
    expect(here.headers).toMatchObject({ 'antipode-region': 'eu' });
    expect(here.headers).not.toHaveProperty('antipode-staleness-ms');
    const there = await away.client.call(base);
    expect(there.headers).toMatchObject({ 'antipode-region': 'us' });
    expect(Number(there.headers['antipode-staleness-ms'])).toBeLessThan(5_000);
    const written = await away.client.call(base, { method: 'POST', body: configMap(nameOf('headers')) });
    expect(written.headers).toMatchObject({ 'antipode-region': 'us' });
    expect(written.headers).not.toHaveProperty('antipode-staleness-ms');
    expect((await away.client.call('/nowhere')).headers).toMatchObject({ 'antipode-region': 'us' });
  });

  it('tells conflicts exactly, and refuses what the home refuses', async () => {
    const { home, away } = two;
    const name = nameOf('conflict');
    const created = await away.client.create(base, configMap(name));
    await home.client.patch(`${base}/${name}`, { data: { by: 'home' } });
    const stale = await away.client.refuse(409, `${base}/${name}`, { method: 'PUT', body: created });
    expect(stale.reason).toBe('Conflict');
    // Whoever reads after a conflict sees what it was with.
    expect((await away.client.get(`${base}/${name}`))['data']).toEqual({ by: 'home' });
    const twice = await away.client.refuse(409, base, { method: 'POST', body: configMap(name) });
    expect(twice.reason).toBe('AlreadyExists');
    const invalid = { method: 'POST', body: configMap('Not A Name') };
    expect((await away.client.refuse(422, base, invalid)).message).toBe(
      (await home.client.refuse(422, base, invalid)).message,
    );
  });

  it('deletes a collection, and shows what it was', async () => {
    const { away } = two;
    const label = nameOf('collection');
    for (let index = 0; index < 20; index++) {
      await away.client.create(base, configMap(`${label}-${index}`, { labels: { of: label } }));
    }
    const deleted = (await away.client.delete(`${base}?labelSelector=of%3D${label}`)) as KubeObject & {
      items: KubeObject[];
    };
    expect(deleted.items).toHaveLength(20);
    expect((await away.client.list(`${base}?labelSelector=of%3D${label}`)).items).toEqual([]);
  });

  it('is judged by the rights at the home, also where this replica does not know of them yet', async () => {
    const { home, away } = two;
    await bindAlice(away);
    const asAlice = () => ({ method: 'POST', token: 'alice-token', body: configMap(nameOf('alice')) });
    expect((await away.client.call(base, asAlice())).status).toBe(201);
    two.isReplicating = false;
    await home.client.delete(`${BINDINGS}/alice`);
    // Her reads go on here as far as it is known; her writes do not.
    expect((await away.client.call(base, { token: 'alice-token' })).status).toBe(200);
    await away.client.refuse(403, base, asAlice());
    two.isReplicating = true;
    await two.caughtUp();
    await away.client.refuse(403, base, { token: 'alice-token' });
  });

  it('is of whom it is made as, if the home lets them', async () => {
    const { away } = two;
    const impersonating = { 'impersonate-user': 'bob', 'impersonate-group': 'system:masters' };
    const as = { method: 'POST', headers: impersonating, body: configMap(nameOf('bob')) };
    expect((await away.client.call(base, as)).status).toBe(201);
    await away.client.refuse(403, base, { ...as, token: 'alice-token', body: configMap(nameOf('bob')) });
  });

  it('answers with how old it is here when the replica does not follow', async () => {
    const { away, home } = two;
    const name = nameOf('late');
    two.isReplicating = false;
    const reply = await away.client.call(base, { method: 'POST', body: configMap(name) });
    expect(reply.status).toBe(201);
    expect(Number(reply.headers['antipode-staleness-ms'])).toBeGreaterThan(0);
    await home.client.get(`${base}/${name}`);
    await away.client.refuse(404, `${base}/${name}`);
  });
});

describe('a forwarded write of which the answer is lost', () => {
  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    'is carried out once, and answered as it was: %s',
    async (method) => {
      const { home, away } = two;
      const name = nameOf('lost');
      const path = method === 'POST' ? base : `${base}/${name}`;
      const created = method === 'POST' ? undefined : await home.client.create(base, configMap(name));
      const before = home.store.log.end.sequence;
      loseFirstAnswer();
      const body = method === 'DELETE' ? undefined : { ...configMap(name), data: { once: 'yes' } };
      const headers = method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {};
      const reply = await away.client.call(path, { method, headers, body });
      expect(reply.status).toBe(method === 'POST' ? 201 : 200);
      expect(home.store.log.end.sequence).toBe(before + 1);
      if (method === 'DELETE') {
        expect(JSON.parse(reply.text)).toMatchObject({
          status: 'Success',
          details: { uid: created!.metadata.uid },
        });
      } else expect(JSON.parse(reply.text)).toEqual(await home.client.get(`${base}/${name}`));
    },
  );

  it('is found in the log by a home that does not remember it, also when it was changed since', async () => {
    const { home, away } = two;
    const name = nameOf('restarted');
    let first: KubeObject | undefined;
    let sent = 0;
    two.intercept = async (ask, options) => {
      const outcome = await ask(options);
      if (outcome.kind !== 'answered' || ++sent > 1) return outcome;
      first = await home.client.get(`${base}/${name}`);
      await home.client.patch(`${base}/${name}`, { data: { since: 'then' } });
      two.restartReceiver();
      return lost;
    };
    // The home's process is known by now.
    const reply = await away.client.call(base, { method: 'POST', body: configMap(name) });
    expect(reply.status).toBe(201);
    expect(JSON.parse(reply.text)).toEqual(first);
    expect((await home.client.get(`${base}/${name}`))['data']).toEqual({ since: 'then' });
  });

  it('is not denied because the right to it is gone', async () => {
    const { home, away } = two;
    const name = nameOf('done');
    await bindAlice(home);
    await two.caughtUp();
    let sent = 0;
    two.intercept = async (ask, options) => {
      const outcome = await ask(options);
      if (outcome.kind !== 'answered' || ++sent > 1) return outcome;
      await home.client.delete(`${BINDINGS}/alice`);
      two.restartReceiver();
      return lost;
    };
    const call = { method: 'POST', token: 'alice-token', body: configMap(name) };
    const reply = await away.client.call(base, call);
    expect(reply.status).toBe(504);
    expect(reply.text).toContain('the request was carried out');
    expect(sent).toBeGreaterThan(1);
    await home.client.get(`${base}/${name}`);
  });

  it('waits for the first run of it instead of running beside it', async () => {
    const { home, away } = two;
    const name = nameOf('beside');
    const before = home.store.log.end.sequence;
    let isFirst = true;
    two.intercept = (ask, options) => {
      if (!isFirst) return ask(options);
      isFirst = false;
      void ask(options);
      return Promise.resolve(lost);
    };
    const reply = await away.client.call(base, { method: 'POST', body: configMap(name) });
    expect(reply.status).toBe(201);
    expect(home.store.log.end.sequence).toBe(before + 1);
  });

  it('is answered 504 and without Retry-After when nobody can tell what has become of it', async () => {
    const { home, away } = two;
    const name = nameOf('unknown');
    two.intercept = async (ask, options) => {
      await ask(options);
      return lost;
    };
    const reply = await away.client.call(`${base}?timeout=2s`, { method: 'POST', body: configMap(name) });
    expect(reply.status).toBe(504);
    expect(reply.headers).not.toHaveProperty('retry-after');
    expect(JSON.parse(reply.text)).toMatchObject({ reason: 'Timeout' });
    await home.client.get(`${base}/${name}`);
  });
});

describe('a home that is cut off', () => {
  it('is named by the 503 of a write, of which nothing is there', async () => {
    const { home, away } = two;
    two.unreachableMs = 7_000;
    const name = nameOf('cut');
    const reply = await away.client.call(base, { method: 'POST', body: configMap(name) });
    expect(reply.status).toBe(503);
    expect(reply.headers).toMatchObject({ 'retry-after': '1' });
    expect(reply.text).toMatch(/shard root in region eu .* 7 s/);
    expect((await away.client.call(base)).status).toBe(200);
    await home.client.refuse(404, `${base}/${name}`);
  });

  it('is not reached over a link that is known to be cut, and is again when it heals', async () => {
    const { away } = two;
    two.planet.cut('eu', 'us');
    const create = () => away.client.call(base, { method: 'POST', body: configMap(nameOf('link')) });
    const reply = await create();
    expect(reply.status).toBe(503);
    expect(reply.headers).toMatchObject({ 'retry-after': '1' });
    two.planet.heal('eu', 'us');
    await expect.poll(async () => (await create()).status, { timeout: 10_000 }).toBe(201);
  });
});

describe('a read with the consistency of the home', () => {
  it.each([
    ['as a parameter', '', '?consistency=home'],
    ['as a prefix', '/consistency/home', ''],
  ])('waits for all that the home had when it was asked: %s', async (_, prefix, query) => {
    const { home, away } = two;
    const name = nameOf('newest');
    two.isReplicating = false;
    await home.client.create(base, configMap(name));
    await away.client.refuse(404, `${base}/${name}`);
    const reading = away.client.call(`${prefix}${base}/${name}${query}`);
    setTimeout(() => {
      two.isReplicating = true;
    }, 50);
    const reply = await reading;
    expect(reply.status).toBe(200);
    expect(reply.headers).not.toHaveProperty('antipode-staleness-ms');
  });

  it('is refused when the voters do not confirm the epoch, at the home, too', async () => {
    two.confirmEpoch = () => Promise.reject(new Error('a majority of the voters did not answer'));
    for (const { client } of [two.home, two.away]) {
      const reply = await client.call(`${base}?consistency=home`);
      expect(reply.status).toBe(503);
      expect(reply.text).toContain('a majority of the voters did not answer');
    }
    await two.away.client.refuse(400, `${base}?consistency=newest`);
  });
});

describe('a watch', () => {
  it('goes on in another region with exactly what came after, also from a revision that is to come there', async () => {
    const { home, away } = two;
    const label = nameOf('watched');
    const create = (index: number) =>
      home.client.create(base, configMap(`${label}-${index}`, { labels: { of: label } }));
    const query = `?watch=1&labelSelector=of%3D${label}&resourceVersion=`;
    const start = (await home.client.list(base)).metadata.resourceVersion;
    const here = await home.client.watch(base + query + start);
    await create(0);
    await create(1);
    const seen = await here.take(2);
    here.close();
    two.isReplicating = false;
    await create(2);
    const last = (await create(3)).metadata.resourceVersion;
    const there = await away.client.watch(base + query + seen[1]!.object.metadata.resourceVersion);
    const ahead = await away.client.watch(base + query + last);
    setTimeout(() => {
      two.isReplicating = true;
    }, 100);
    expect((await there.take(2)).map(({ object }) => object.metadata.name)).toEqual([
      `${label}-2`,
      `${label}-3`,
    ]);
    await create(4);
    expect((await ahead.next()).object.metadata.name).toBe(`${label}-4`);
    expect((await there.next()).object.metadata.name).toBe(`${label}-4`);
  });
});

describe('patches without resourceVersion', () => {
  it('are all there, and meet no conflict, while the home updates the same object', async () => {
    const { home, away } = two;
    const name = nameOf('patched');
    await home.client.create(base, configMap(name));
    let isDone = false;
    let updates = 0;
    const updating = (async () => {
      while (!isDone) {
        await home.client.patch(`${base}/${name}`, {
          metadata: { annotations: { updates: String(++updates) } },
        });
      }
    })();
    const next = Array.from({ length: 1_000 }, (_, index) => index).values();
    const worker = async () => {
      for (const index of next) await away.client.patch(`${base}/${name}`, { data: { [`k${index}`]: 'x' } });
    };
    await Promise.all(Array.from({ length: 4 }, worker));
    isDone = true;
    await updating;
    const object = await away.client.get(`${base}/${name}`);
    expect(Object.keys(object['data'] as object)).toHaveLength(1_000);
    expect(updates).toBeGreaterThan(0);
  }, 120_000);
});
