import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { configMap } from '../http/client.ts';
import { useMember } from './suite.ts';

const fixture = useMember();
let path = '';

beforeAll(async () => {
  path = `/api/v1/namespaces/${await fixture.namespace()}/configmaps`;
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
    await fixture.client.create(path, configMap(name, { labels: { even: String('bdf'.includes(name)) } }));
  }
});
afterEach(() => vi.restoreAllMocks());

/** How often lists of the store begin from now on. */
function countLists(): () => number {
  const snapshot = fixture.server.api.store.snapshot();
  const prototype = Object.getPrototypeOf(snapshot) as typeof snapshot;
  snapshot.close();
  const spies = [vi.spyOn(prototype, 'list'), vi.spyOn(prototype, 'listAt')];
  // A list at a revision may become one of the present.
  return () =>
    Math.max(
      ...spies.map(
        ({ mock }) => mock.calls.filter(([{ collection }]) => collection.resource === 'configmaps').length,
      ),
    );
}

async function pages(query: string): Promise<string[]> {
  const found: string[] = [];
  let token = '';
  do {
    const list = await fixture.client.list(`${path}?${query}&continue=${encodeURIComponent(token)}`);
    found.push(list.items.map(({ metadata }) => metadata.name).join(''));
    token = list.metadata.continue ?? '';
  } while (token !== '');
  return found;
}

describe('a page', () => {
  test('finds out by the list that fills it whether there are more objects', async () => {
    const counted = countLists();
    expect((await fixture.client.list(`${path}?limit=4`)).metadata.continue).toBeDefined();
    expect(counted()).toBe(1);
  });

  test.each([
    ['limit=1', ['a', 'b', 'c', 'd', 'e', 'f']],
    ['limit=2', ['ab', 'cd', 'ef']],
    ['limit=4', ['abcd', 'ef']],
    ['limit=6', ['abcdef']],
    ['limit=7', ['abcdef']],
    ['limit=2&labelSelector=even=true', ['bd', 'f']],
    // Not selected, but there: only the next page finds that out, as upstream.
    ['limit=3&labelSelector=even=false', ['ace', '']],
    ['limit=3&labelSelector=even=true', ['bdf']],
    ['limit=1&labelSelector=even=none', ['']],
    ['limit=1&fieldSelector=metadata.name=c', ['c']],
  ])('ends where it should: %s', async (query, expected) => {
    expect(await pages(query)).toEqual(expected);
  });
});
