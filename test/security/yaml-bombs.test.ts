import { afterEach, describe, expect, test } from 'vitest';
import { assertPrompt, statusOf, useArena } from './suite.ts';

const arena = useArena();
const CONFIG_MAPS = '/clusters/attacker/api/v1/namespaces/default/configmaps';
const HEAD = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  generateName: x-\n';

afterEach(() => arena.assertUnharmed());

function post(body: string, type = 'application/yaml') {
  return arena.attack(CONFIG_MAPS, { method: 'POST', body, headers: { 'content-type': type } });
}

function apply(body: string) {
  const headers = { 'content-type': 'application/apply-patch+yaml' };
  return arena.attack(`${CONFIG_MAPS}/applied?fieldManager=x`, { method: 'PATCH', body, headers });
}

/** Lists of lists of the one before, nine of each. */
function laughs(levels: number): string {
  const lines = ['a0: &a0 [x,x,x,x,x,x,x,x,x]'];
  for (let level = 1; level < levels; level++) {
    lines.push(`a${level}: &a${level} [${Array.from({ length: 9 }, () => `*a${level - 1}`).join()}]`);
  }
  return `${lines.join('\n')}\n${HEAD}data:\n  x: *a${levels - 1}\n`;
}

describe('a body in YAML', () => {
  test.each<[string, string]>([
    ['a bomb of aliases', laughs(12)],
    [
      'a bomb of merge keys',
      `a: &a {x: 1}\n${Array.from({ length: 60 }, (_, i) => `b${i}: &b${i} {<<: [*${i === 0 ? 'a' : `b${i - 1}`}, *${i === 0 ? 'a' : `b${i - 1}`}]}`).join('\n')}\n${HEAD}`,
    ],
    ['an anchor within itself', `&a\n${HEAD}data: *a\n`],
    ['an alias of nothing', `${HEAD}data: *nothing\n`],
    ['deep flow collections', `${HEAD}data: ${'['.repeat(100_000)}`],
    ['deep flow maps', `${HEAD}data: ${'{a: '.repeat(50_000)}`],
    ['deep block sequences', `${HEAD}data:\n  ${'- '.repeat(100_000)}x`],
    ['questions', `${HEAD}data:\n  ${'? '.repeat(100_000)}x`],
    ['a tag of a language', `${HEAD}data: !!js/function "function(){}"\n`],
    ['a tag of another', `${HEAD}data: !!python/object/apply:os.system ["id"]\n`],
    ['a tag of its own', `${HEAD}data: !<tag:example.com,2000:x> {}\n`],
    ['binary data', `${HEAD}data:\n  x: !!binary "${'A'.repeat(200_000)}"\n  y: !!binary "@@"\n`],
    ['directives', `%YAML 9.9\n%TAG ! tag:x:\n---\n${HEAD}data: !x {}\n`],
    ['tabs', `${HEAD}data:\n\t\tx: y\n`],
    ['keys that are collections', `${HEAD}data:\n  ? [a, b]\n  : c\n  ? {a: b}\n  : d\n`],
    ['long comments', `${'#'.repeat(300_000)}\n${HEAD}data: [\n`],
    ['long plain text', `${HEAD}data: ${'a: '.repeat(100_000)}\n`],
  ])('that has %s is refused, and quickly', async (_what, body) => {
    await assertPrompt(40, async () => {
      statusOf(await post(body), [400, 413, 422]);
      statusOf(await apply(body), [400, 413, 422, 500]);
    });
  });

  test('with special keys keeps them as ordinary data', async () => {
    const reply = await post(`${HEAD}data:\n  __proto__: polluted\n  constructor: x\n  "<<": z\n`);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    // Names of files are what the keys of a ConfigMap must be.
    expect(reply.status).toBe(422);
    expect(reply.text).toContain('data[\\u003c\\u003c]');
  });

  test('is not what a body in JSON may turn out to be', async () => {
    statusOf(await post(HEAD, 'application/json'), [400]);
    statusOf(await post(laughs(12), 'application/merge-patch+json'), [400, 415]);
  });
});
