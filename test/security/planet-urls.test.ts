import { afterEach, describe, expect, test } from 'vitest';
import { statusOf, useArena } from './suite.ts';

const arena = useArena();
afterEach(() => arena.assertUnharmed());

const QUESTIONS = [
  ['GET', '/planet/status'],
  ['GET', '/planet/members'],
  ['DELETE', '/planet/members/m0'],
  ['GET', '/planet/join-tokens'],
  ['POST', '/planet/join-tokens'],
  ['DELETE', '/planet/join-tokens/abcdefgh'],
  ['POST', '/planet/shards/root/move'],
  ['POST', '/planet/shards/root/promote'],
  ['POST', '/planet/shards/root/goal'],
] as const;

describe('the URLs of a planet', () => {
  test.each(QUESTIONS)('are refused to a tenant who has everything at home: %s %s', async (method, path) => {
    const call = { method, ...(method === 'POST' ? { body: { region: 'us' } } : {}) };
    for (const prefix of ['', '/clusters/root', '/consistency/home/clusters/root', arena.victim]) {
      await arena.refused([403], prefix + path, call);
    }
    // There they may ask for every path, and none of these leads anywhere.
    for (const spelling of [path, path.replace('planet', 'pl%61net'), `${path}/`]) {
      const reply = await arena.attack(arena.attacker + spelling, call);
      expect([reply.status, reply.text]).toEqual([404, '404 page not found\n']);
    }
  });

  test('tell an operator that the member is of no planet, and what does not exist or fit', async () => {
    for (const [method, path] of QUESTIONS) {
      const call = { method, ...(method === 'POST' ? { body: {} } : {}) };
      const status = statusOf(await arena.client.call(path, call), [404]);
      expect(status).toMatchObject({
        reason: 'NotFound',
        message: expect.stringMatching(/of no planet: .*--nats/),
      });
    }
    for (const path of ['/planet', '/planet/nothing', '/planet/shards/root/sink', '/planet/status/more']) {
      const reply = await arena.client.call(path, { method: 'GET' });
      expect([path, reply.status, reply.text]).toEqual([path, 404, '404 page not found\n']);
    }
  });
});
