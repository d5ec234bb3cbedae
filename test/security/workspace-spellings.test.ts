import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clusterRoleBinding } from '../access/suite.ts';
import type { KubeObject } from '../http/client.ts';
import {
  expectedStatus,
  IDENTITIES,
  minimalNeed,
  OPERATIONS,
  type Operation,
  statusOf,
  type Where,
} from './access-model.ts';
import { AccessWorld, inBatches, shown, textOf } from './access-world.ts';

/*
 * The access table once more, for workspaces in a tree: `mine` is one below the root, and `theirs` is a child of it, in
 * which the owner of `mine` is nobody. However a workspace is spelled, it is the same one, with the same rights.
 */
let world: AccessWorld;
let clusters: { readonly mine: string; readonly theirs: string };
beforeAll(async () => {
  world = await AccessWorld.start(async ({ client }) => {
    const make = async (parent: string, name: string): Promise<string> => {
      const path = `/clusters/${parent}/apis/tenancy.kcp.io/v1alpha1/workspaces`;
      const body = {
        apiVersion: 'tenancy.kcp.io/v1alpha1',
        kind: 'Workspace',
        metadata: { name },
        spec: { type: { name: 'universal', path: 'root' } },
      };
      await client.create(path, body);
      const made = await client.until<Made>(`${path}/${name}`, ({ status }) => status?.phase === 'Ready');
      return made.spec.cluster;
    };
    const mine = await make('root', 'my-ws');
    clusters = { mine, theirs: await make('root:my-ws', 'theirs') };
    return clusters;
  });
}, 60_000);
afterAll(() => world.stop());

interface Made extends KubeObject {
  readonly spec: { readonly cluster: string };
  readonly status?: { readonly phase: string };
}

/** All ways to say a workspace in a URL. */
function spellings(): readonly (readonly [Where, string])[] {
  const { mine, theirs } = clusters;
  return [
    ['mine', '/clusters/root:my-ws'],
    ['mine', `/clusters/${mine}`],
    ['theirs', '/clusters/root:my-ws:theirs'],
    ['theirs', `/clusters/${mine}:theirs`],
    ['theirs', `/clusters/${theirs}`],
    ['root:door', '/clusters/root:door'],
    ['mine:door', '/clusters/root:my-ws:door'],
    ['mine:door', `/clusters/${mine}:door`],
    ['theirs:shut', '/clusters/root:my-ws:theirs:shut'],
    ['theirs:shut', `/clusters/${theirs}:shut`],
    ['missing', '/clusters/root:my-ws:door:none'],
    ['missing', `/clusters/${theirs}:shut:theirs`],
    ['missing', '/clusters/root:none'],
    ['missing', `/clusters/${mine}:none`],
    ['missing', `/clusters/${theirs}:my-ws`],
    ['missing', '/clusters/my-ws'],
    ['missing', '/clusters/root:root:my-ws'],
    ['missing', '/clusters/user:nobody'],
    ['missing', '/clusters/system:my-ws'],
    ['impossible', '/clusters/root::my-ws'],
    ['impossible', '/clusters/root%3amy-ws'],
    ['impossible', '/clusters/root:my-ws:..'],
    ['impossible', '/clusters/~'],
  ];
}

describe.each(IDENTITIES)('%s', (identity) => {
  test('is answered as the model says however a workspace is spelled', { timeout: 180_000 }, async () => {
    const wrong: string[] = [];
    const leaks: string[] = [];
    const questions = spellings().flatMap(([place, prefix]) =>
      OPERATIONS.map((operation) => ({ place, prefix, operation })),
    );
    await inBatches(questions, async ({ place, prefix, operation }) => {
      const reply = await world.send(identity, prefix, operation);
      const expected = expectedStatus(identity, place, operation);
      if (reply.status !== expected) {
        wrong.push(
          `${prefix} ${textOf(operation)}: ${reply.status}, not ${expected}: ${reply.text.slice(0, 200)}`,
        );
      }
      const all = shown(reply);
      for (const word of world.forbiddenWords(identity, place, reply.status)) {
        if (all.includes(word)) leaks.push(`${prefix} ${textOf(operation)}`);
      }
    });
    expect(wrong).toEqual([]);
    expect(leaks).toEqual([]);
    expect(world.server.errors).toEqual([]);
  });

  test('cannot tell a path that is closed to them from one that leads nowhere', {
    timeout: 120_000,
  }, async () => {
    if (identity === 'the administrator') return;
    const differences: string[] = [];
    const ask = (operation: Operation) => ({ ...operation, needs: minimalNeed(operation) });
    await inBatches(OPERATIONS, async (operation) => {
      const missing = shown(await world.send(identity, '/clusters/root:none', operation));
      for (const [place, prefix] of spellings()) {
        if (place === 'impossible' || statusOf(identity, place, ask(operation)) !== 403) continue;
        if (shown(await world.send(identity, prefix, operation)) !== missing) {
          differences.push(`${prefix} ${textOf(operation)}`);
        }
      }
    });
    expect(differences).toEqual([]);
  });
});

describe('a home', () => {
  const HOME = '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaces/~';
  const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
  const read = (path: string): Operation => ({ method: 'GET', path, needs: 'ownership', served: 200 });

  test('is open to its user alone, by any name of it', async () => {
    const missing = await world.send('their owner', '/clusters/user:nobody', read(CONFIG_MAPS));
    expect(missing.status).toBe(403);
    const shownHome = await world.send('my owner', '', read(HOME));
    expect(shownHome.status, shownHome.text).toBe(200);
    const { spec } = JSON.parse(shownHome.text) as Made;
    for (const prefix of ['/clusters/user:my-owner', `/clusters/${spec.cluster}`]) {
      const own = await world.send('my owner', prefix, read(CONFIG_MAPS));
      expect(own.status, own.text).toBe(200);
      for (const identity of IDENTITIES) {
        if (identity === 'my owner' || identity === 'the administrator') continue;
        const other = await world.send(identity, prefix, read(CONFIG_MAPS));
        const nowhere = await world.send(identity, '/clusters/user:nobody', read(CONFIG_MAPS));
        expect(other.status, identity).toBe(identity === 'a wrong token' ? 401 : 403);
        expect(shown(other)).toBe(shown(nowhere));
      }
    }
  });

  test('is asked for as oneself: another user’s is not to be had, nor made, by the name of a workspace', async () => {
    const { spec } = JSON.parse((await world.send('my owner', '', read(HOME))).text) as Made;
    for (const path of [`${HOME}?user=my-owner`, HOME.replace('~', '~my-owner'), `${HOME}/status`]) {
      const reply = await world.send('their owner', '', read(path));
      expect(reply.text).not.toContain(spec.cluster);
      expect(reply.status).not.toBe(500);
    }
    const nobody = await world.send('nobody', '', read(HOME));
    expect([401, 403]).toContain(nobody.status);
  });

  test('is not made for who is only pretended to be somebody', async () => {
    const { client } = world;
    const rbac = `/clusters/root:my-ws/apis/rbac.authorization.k8s.io/v1/clusterrolebindings`;
    await client.create(rbac, clusterRoleBinding('pretenders', 'cluster-admin', ['my-reader']));
    const token = world.tokenOf('my reader')!;
    const headers = { 'Impersonate-User': 'their-owner' };
    // In the workspace that is theirs, a user may be made anybody; but not anywhere else.
    const reply = await client.call(HOME, { token, headers });
    expect(reply.status).toBe(403);
    const there = await client.call(`/clusters/root:my-ws${HOME.slice('/clusters/root'.length)}`, {
      token,
      headers,
    });
    expect(there.status).toBeGreaterThanOrEqual(400);
    await client.call(`${rbac}/pretenders`, { method: 'DELETE' });
  });
});
