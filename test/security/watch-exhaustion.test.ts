import { afterEach, describe, expect, test } from 'vitest';
import type { Authorized, User } from '../../src/access/mod.ts';
import {
  PLAIN_JSON,
  Query,
  type RunningWatch,
  type Target,
  WatchHub,
  type WatchOutput,
} from '../../src/api/mod.ts';
import { type LogicalCluster, limits } from '../../src/base/mod.ts';
import { StatusError } from '../../src/machinery/mod.ts';
import { tokenOf, useArena } from './suite.ts';

const arena = useArena();
const opened: RunningWatch[] = [];

afterEach(async () => {
  for (const watch of opened.splice(0)) watch.close();
  await arena.assertUnharmed();
});

const DEVELOPER: User = { name: 'developer', uid: '', groups: ['system:authenticated'], extra: {} };
const SINK: WatchOutput = {
  write: () => true,
  drained: () => Promise.resolve(),
  end: () => Promise.resolve(),
};

function open(hub: WatchHub, user: User, cluster = 'attacker'): RunningWatch {
  const target = {
    user,
    cluster: cluster as LogicalCluster,
    verb: 'watch',
    group: '',
    version: 'v1',
    resource: 'secrets',
    subresource: '',
    namespace: '',
    name: '',
    reliesOn: [],
  } as unknown as Authorized<Target>;
  const query = Query.parse(`resourceVersion=${arena.server.api.store.revision}`);
  const context = { signal: new AbortController().signal, userAgent: '', warn: () => {} };
  const watch = hub.open({ target, query, format: PLAIN_JSON, context })(SINK);
  opened.push(watch);
  return watch;
}

function user(name: string, more: Partial<User> = {}): User {
  return { ...DEVELOPER, name, ...more };
}

function refusalOf(act: () => unknown): StatusError {
  try {
    act();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

function fill(hub: WatchHub, count: number, watcher: (index: number) => User, cluster = 'attacker'): void {
  for (let index = 0; index < count; index++) open(hub, watcher(index), cluster);
}

describe('a user with as many watches as one may have', () => {
  test('is asked to come back later, and holds nobody else up', () => {
    const hub = new WatchHub(arena.server.api);
    fill(hub, limits.watchersPerUserMax, () => DEVELOPER);
    expect(refusalOf(() => open(hub, DEVELOPER))).toMatchObject({
      code: 429,
      reason: 'TooManyRequests',
      details: { retryAfterSeconds: 5 },
    });
    // Not in another workspace either; others in both.
    expect(refusalOf(() => open(hub, DEVELOPER, 'victim')).code).toBe(429);
    open(hub, user('other'));
    open(hub, user('other'), 'victim');
    expect(hub.size).toBe(limits.watchersPerUserMax + 2);
  });

  test('gets another one for each that is over', async () => {
    const hub = new WatchHub(arena.server.api);
    fill(hub, limits.watchersPerUserMax, () => DEVELOPER);
    opened[0]?.close();
    opened[0]?.close();
    await Promise.resolve();
    open(hub, DEVELOPER);
    expect(refusalOf(() => open(hub, DEVELOPER)).code).toBe(429);
  });

  test('is not the service account of the same name of another workspace', () => {
    const hub = new WatchHub(arena.server.api);
    const account = (uid: string) => user('system:serviceaccount:default:default', { uid });
    fill(hub, limits.watchersPerUserMax, () => account('a'));
    expect(refusalOf(() => open(hub, account('a'))).code).toBe(429);
    open(hub, account('b'), 'victim');
  });

  test('is not whoever is impersonated under their name in a workspace', async () => {
    const hub = new WatchHub(arena.server.api);
    const { access } = arena.server.api;
    const as = async (tenant: 'attacker' | 'victim') => {
      const cluster = tenant as LogicalCluster;
      const wanted = { name: DEVELOPER.name, groups: [], uid: DEVELOPER.uid, extra: new Map() };
      return (await access.impersonate({ user: user(tenant), cluster }, wanted)).user;
    };
    const double = await as('attacker');
    fill(hub, limits.watchersPerUserMax, () => double);
    expect(refusalOf(() => open(hub, double)).message).toContain('this user has too many watches');
    open(hub, DEVELOPER);
    // Nor whoever is impersonated under it elsewhere.
    open(hub, await as('victim'), 'victim');
  });
});

describe('a workspace with as many watches as one may have', () => {
  test('takes no more of anybody but operators, and other workspaces do', () => {
    const hub = new WatchHub(arena.server.api);
    const perUser = limits.watchersPerUserMax;
    fill(hub, limits.watchersPerClusterMax, (index) => user(`user-${Math.floor(index / perUser)}`));
    expect(refusalOf(() => open(hub, user('other'))).message).toContain(
      'this workspace has too many watches',
    );
    open(hub, user('other'), 'victim');
    open(hub, user('admin', { groups: ['system:masters'] }));
  });
});

test('operators are not counted by user and workspace', () => {
  const hub = new WatchHub(arena.server.api);
  const admin = user('admin', { groups: ['system:masters'] });
  fill(hub, limits.watchersPerUserMax + 1, () => admin);
  open(hub, DEVELOPER);
});

test('hundreds of watches at once leave others served, and break off without a trace', async () => {
  const { client } = arena;
  const path = `${arena.attacker}/api/v1/secrets?watch=true&resourceVersion=${arena.server.api.store.revision}`;
  const streams = await Promise.all(
    Array.from({ length: 100 }, () => client.watch(path, { token: tokenOf('attacker') })),
  );
  expect(new Set(streams.map(({ status }) => status))).toEqual(new Set([200]));
  await arena.assertUnharmed();
  for (const stream of streams) stream.close();
});
