import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  DOORS,
  expectedStatus,
  IDENTITIES,
  type Identity,
  minimalNeed,
  OPERATIONS,
  type Operation,
  PLACES,
  statusOf,
  type Where,
} from './access-model.ts';
import { AccessWorld, inBatches, shown, textOf } from './access-world.ts';

let world: AccessWorld;
beforeAll(async () => {
  world = await AccessWorld.start(async ({ server }) => {
    for (const name of ['mine', 'theirs']) await server.createCluster(name);
    return { mine: 'mine', theirs: 'theirs' };
  });
}, 60_000);
afterAll(() => world.stop());

function prefixOf(where: Where): string {
  if (where === 'bare') return '';
  return where === 'impossible' ? '/clusters/No%2e%2eSuch' : `/clusters/${where}`;
}

const send = (identity: Identity, where: Where, operation: Operation) =>
  world.send(identity, prefixOf(where), operation);

describe.each(IDENTITIES)('%s', (identity) => {
  test('is answered as the model says, and hears of nothing that is not theirs', {
    timeout: 120_000,
  }, async () => {
    const wrong: string[] = [];
    const leaks: string[] = [];
    const questions = PLACES.flatMap((place) => OPERATIONS.map((operation) => ({ place, operation })));
    await inBatches(questions, async ({ place, operation }) => {
      const reply = await send(identity, place, operation);
      const expected = expectedStatus(identity, place, operation);
      if (reply.status !== expected) {
        wrong.push(
          `${place} ${textOf(operation)}: ${reply.status}, not ${expected}: ${reply.text.slice(0, 200)}`,
        );
      }
      const all = shown(reply);
      for (const word of world.forbiddenWords(identity, place, reply.status)) {
        if (all.includes(word)) leaks.push(`${place} ${textOf(operation)}`);
      }
    });
    expect(wrong).toEqual([]);
    expect(leaks).toEqual([]);
    expect(world.server.errors).toEqual([]);
  });

  test('cannot tell a workspace that is closed to them from one that does not exist', {
    timeout: 60_000,
  }, async () => {
    if (identity === 'the administrator') return;
    const differences: string[] = [];
    await inBatches(OPERATIONS, async (operation) => {
      const closed = (['mine', 'theirs', 'system:admin', ...DOORS] as const).filter(
        (place) => statusOf(identity, place, { ...operation, needs: minimalNeed(operation) }) === 403,
      );
      const missing = shown(await send(identity, 'missing', operation));
      for (const place of closed) {
        if (shown(await send(identity, place, operation)) !== missing) {
          differences.push(`${place} ${textOf(operation)}`);
        }
      }
    });
    expect(differences).toEqual([]);
  });
});

test('nothing is answered without credentials but the list', { timeout: 60_000 }, async () => {
  const open = [
    '/healthz',
    '/livez',
    '/readyz',
    '/version',
    ...PLACES.filter((place) => place !== 'bare' && place !== 'impossible').flatMap((place) =>
      ['/healthz', '/livez', '/readyz'].map((path) => prefixOf(place) + path),
    ),
  ];
  const answered: string[] = [];
  const questions = PLACES.flatMap((place) => OPERATIONS.map((operation) => ({ place, operation })));
  await inBatches(questions, async ({ place, operation }) => {
    const { status } = await send('nobody', place, operation);
    const url = prefixOf(place) + operation.path;
    // To ask for health in a way that there is not is answered with that.
    if (![401, 403].includes(status) && operation.method === 'GET') answered.push(url);
  });
  expect([...new Set(answered)].sort()).toEqual(open.sort());
});

test('a watch tells of its own workspace alone', async () => {
  const path = '/clusters/mine/api/v1/configmaps?watch=1&timeoutSeconds=2';
  const watching = world.client.call(path, { token: world.tokenOf('my reader')! });
  const word = randomBytes(8).toString('hex');
  await world.client.create('/clusters/theirs/api/v1/namespaces/default/configmaps', {
    metadata: { name: `x${word}` },
  });
  await world.client.create('/clusters/mine/api/v1/namespaces/default/configmaps', {
    metadata: { name: `own${word}` },
  });
  const { status, text } = await watching;
  expect(status).toBe(200);
  expect(text).toContain(`own${word}`);
  expect(text).not.toContain(`x${word}`);
  expect(text).not.toContain(world.canaryOf('theirs'));
});
