import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CRDS, crdOf } from '../conformance/suite.ts';
import { assertPrompt, statusOf, useArena } from './suite.ts';

const arena = useArena();
const CONFIG_MAPS = '/clusters/attacker/api/v1/namespaces/default/configmaps';
const MANY_A = 'a'.repeat(50_000);
// Each takes time that grows exponentially with the text for an engine that backtracks.
const EVIL = [
  '^(a+)+$',
  '^(a|aa)+$',
  '^(a|a?)+$',
  '^(.*a){20}$',
  '^(([a-z])+.)+[A-Z]([a-z])+$',
  '(x+x+)+y',
  '^(\\w+\\s?)*$',
];

beforeAll(async () => {
  const properties = Object.fromEntries(
    EVIL.map((pattern, index) => [`p${index}`, { type: 'string', pattern }]),
  );
  const schema = { type: 'object', properties: { spec: { type: 'object', properties } } };
  const version = { name: 'v1', schema: { openAPIV3Schema: schema } };
  const crd = crdOf({ group: 'patterns.example', plural: 'things', kind: 'Thing', versions: [version] });
  await arena.client.create(`${arena.attacker}${CRDS}`, crd);
  await arena.client.until(
    `${arena.attacker}/apis/patterns.example/v1/things`,
    (_list, status) => status === 200,
  );
});
afterEach(() => arena.assertUnharmed());

describe('a pattern', () => {
  test('that blows up elsewhere takes linear time', async () => {
    const spec = Object.fromEntries(EVIL.map((_, index) => [`p${index}`, `${MANY_A}!`]));
    const body = { apiVersion: 'patterns.example/v1', kind: 'Thing', metadata: { name: 'evil' }, spec };
    const path = `${arena.attacker}/apis/patterns.example/v1/namespaces/default/things`;
    await assertPrompt(60, async () => statusOf(await arena.attack(path, { method: 'POST', body }), [422]));
  });

  test.each([
    '(a{1000}){1000}',
    '((a{100}){100}){100}',
    '('.repeat(2_000),
    `${'('.repeat(5_000)}a${')'.repeat(5_000)}`,
    '[a-z]{1,1000}{1,1000}',
    '(?=a)a',
    '\\1(a)',
    '(?P<n>a)(?P=n)',
    '[',
    'a'.repeat(500_000),
    '(a|b|c|d|e|f|g|h){1000}'.repeat(100),
    '\\p{L}{1000}'.repeat(50),
  ])('that is none, or is too large, is refused with its definition: %.40s', async (pattern) => {
    const schema = { type: 'object', properties: { spec: { type: 'string', pattern } } };
    const version = { name: 'v1', schema: { openAPIV3Schema: schema } };
    const body = crdOf({ group: 'refused.example', plural: 'things', kind: 'Thing', versions: [version] });
    await assertPrompt(40, async () => {
      const reply = await arena.attack(`${arena.attacker}${CRDS}?dryRun=All`, { method: 'POST', body });
      expect([201, 422, 400]).toContain(reply.status);
    });
  });
});

describe('a selector', () => {
  test.each([
    [
      'of thousands of terms',
      `labelSelector=${Array.from({ length: 5_000 }, (_, i) => `a${i}%3d1`).join(',')}`,
    ],
    [
      'of thousands of values',
      `labelSelector=a+in+(${Array.from({ length: 5_000 }, (_, i) => `v${i}`).join(',')})`,
    ],
    [
      'of fields without end',
      `fieldSelector=${Array.from({ length: 3_000 }, () => 'metadata.name%3da').join(',')}`,
    ],
    ['of parentheses', `labelSelector=${'('.repeat(20_000)}`],
    ['of commas', `labelSelector=${','.repeat(20_000)}`],
    ['of exclamation marks', `labelSelector=${'!'.repeat(20_000)}a`],
    ['of backslashes', `fieldSelector=metadata.name%3d${'%5c'.repeat(10_000)}`],
    ['of one long key', `labelSelector=${'a'.repeat(40_000)}`],
    ['of a slash', `labelSelector=${'/'.repeat(10_000)}`],
    ['of control characters', 'labelSelector=a%00b%3dc'],
    ['of an unknown operator', 'labelSelector=a+matches+(b)'],
    ['of a regular expression as a field', 'fieldSelector=metadata.name%3d~%5e(a%2b)%2b%24'],
    ['of a field that is no field', 'fieldSelector=__proto__%3dx'],
    ['of a field of the prototype', 'fieldSelector=constructor.name%3dObject'],
  ])('%s is refused, or finds nothing, and quickly', async (_what, query) => {
    await assertPrompt(20, async () => {
      const reply = await arena.attack(`${CONFIG_MAPS}?${query}`);
      if (reply.status === 431) return;
      if (reply.status === 200) expect(reply.text).toContain('"items":[]');
      else statusOf(reply, [400, 422]);
    });
  });

  test('that is given twice, or empty, never widens what is found', async () => {
    await arena.attack(CONFIG_MAPS, {
      method: 'POST',
      body: { metadata: { name: 'one', labels: { which: 'one' } } },
    });
    await arena.attack(CONFIG_MAPS, {
      method: 'POST',
      body: { metadata: { name: 'two', labels: { which: 'two' } } },
    });
    const narrow = await arena.attack(`${CONFIG_MAPS}?labelSelector=which%3done`);
    const twice = await arena.attack(
      `${CONFIG_MAPS}?labelSelector=which%3done&labelSelector=&labelSelector=which%3dtwo`,
    );
    const names = (text: string) => [...text.matchAll(/"name":"(one|two)"/g)].map(([, name]) => name);
    expect(names(narrow.text)).toEqual(['one']);
    expect(names(twice.text)).toEqual(['one']);
    // Deleting by a selector is where widening would hurt.
    await arena.attack(`${CONFIG_MAPS}?labelSelector=which%3done&labelSelector=`, { method: 'DELETE' });
    expect((await arena.attack(`${CONFIG_MAPS}/two`)).status).toBe(200);
  });
});

test('a query of thousands of parameters, or one that is no text, is answered quickly', async () => {
  const queries = [
    Array.from({ length: 10_000 }, (_, index) => `a${index}=`).join('&'),
    '&'.repeat(30_000),
    '%'.repeat(1_000),
    'a=%ff%fe',
    'labelSelector=%ed%a0%80',
    '__proto__=1&constructor=2&labelSelector[a]=b',
    `limit=${'1'.repeat(10_000)}`,
  ];
  for (const query of queries) {
    await assertPrompt(20, async () => {
      expect((await arena.attack(`${CONFIG_MAPS}?${query}`)).status).toBeLessThan(500);
    });
  }
});
