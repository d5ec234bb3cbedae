import { afterEach, expect, test } from 'vitest';
import type { KubeObject } from '../http/client.ts';
import { assertPrompt, useArena } from './suite.ts';

const arena = useArena();
const CONFIG_MAPS = '/clusters/attacker/api/v1/namespaces/default/configmaps';

afterEach(() => arena.assertUnharmed());

test('a storm of writes of one object ends, each with an answer, and loses none that was taken', async () => {
  await arena.client.create(CONFIG_MAPS, { metadata: { name: 'storm' }, data: { start: 'x' } });
  const headers = { 'content-type': 'application/merge-patch+json' };
  const replies = await Promise.all(
    Array.from({ length: 80 }, (_, index) =>
      arena.attack(`${CONFIG_MAPS}/storm`, {
        method: 'PATCH',
        headers,
        body: { data: { [`k${index}`]: 'x' } },
      }),
    ),
  );
  for (const { status } of replies) expect([200, 409, 429]).toContain(status);
  const { data } = await arena.client.get<KubeObject & { data: Readonly<Record<string, string>> }>(
    `${CONFIG_MAPS}/storm`,
  );
  const taken = replies.map(({ status }) => status === 200);
  expect(taken.map((_, index) => `k${index}` in data)).toEqual(taken);
});

test('a storm of the same creation lets one through', async () => {
  const body = { metadata: { name: 'once' } };
  const replies = await Promise.all(
    Array.from({ length: 50 }, () => arena.attack(CONFIG_MAPS, { method: 'POST', body })),
  );
  const codes = replies.map(({ status }) => status).sort();
  expect(codes[0]).toBe(201);
  expect(new Set(codes.slice(1))).toEqual(new Set([409]));
});

test('a storm of refusals is cheap', async () => {
  const calls = [
    { path: `${CONFIG_MAPS}/none`, token: undefined },
    { path: arena.canaryPath, token: 'token-of-attacker' },
    { path: arena.canaryPath, token: 'wrong' },
    { path: '/clusters/none/api', token: 'token-of-attacker' },
  ];
  await assertPrompt(40, async () => {
    const replies = await Promise.all(
      Array.from({ length: 120 }, (_, index) => {
        const { path, token } = calls[index % calls.length]!;
        return token === undefined ? arena.attack(path) : arena.attack(path, { token });
      }),
    );
    for (const { status } of replies) expect([401, 403, 404]).toContain(status);
  });
});
