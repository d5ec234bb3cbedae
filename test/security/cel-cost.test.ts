import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CRDS, crdOf } from '../conformance/suite.ts';
import { assertPrompt, statusOf, useArena } from './suite.ts';

const arena = useArena();
const THINGS = '/clusters/attacker/apis/cel.example/v1/namespaces/default/things';

afterEach(() => arena.assertUnharmed());

interface Rule {
  readonly rule: string;
  readonly messageExpression?: string;
}

function definition(spec: Readonly<Record<string, unknown>>, group = 'refused.example') {
  const schema = { type: 'object', properties: { spec } };
  const version = { name: 'v1', schema: { openAPIV3Schema: schema } };
  return crdOf({ group, plural: 'things', kind: 'Thing', versions: [version] });
}

const UNBOUNDED_LIST = {
  type: 'object',
  properties: { list: { type: 'array', items: { type: 'string' } }, text: { type: 'string' } },
};

const nested = (depth: number): string =>
  depth === 0 ? 'true' : `self.list.all(v${depth}, ${nested(depth - 1)})`;
const macro = (depth: number): string =>
  depth === 0 ? '[1]' : `${macro(depth - 1)}.map(x${depth}, [x${depth}, x${depth}])`;

describe('a rule that costs too much', () => {
  test.each<[string, Rule]>([
    ['a loop over what has no bound, in a loop', { rule: nested(2) }],
    ['five loops in one another', { rule: nested(5) }],
    [
      'a regular expression over what has no bound',
      { rule: 'self.list.all(x, self.list.all(y, x.matches(y)))' },
    ],
    ['a hundred thousand characters', { rule: `'${'a'.repeat(110_000)}' == ''` }],
    ['a thousand terms', { rule: Array.from({ length: 60_000 }, () => '1==1').join('&&') }],
    ['deep parentheses', { rule: `${'('.repeat(5_000)}true${')'.repeat(5_000)}` }],
    ['deep lists', { rule: `${'['.repeat(2_000)}1${']'.repeat(2_000)} == []` }],
    ['an evil pattern that is no constant', { rule: `self.text.matches('${'(a{1000}){1000}'}')` }],
    ['no expression', { rule: '"' }],
    ['a function that there is not', { rule: 'self.text.exec("id")' }],
    ['a field of the prototype', { rule: 'self.__proto__ == self.constructor' }],
    [
      'an expensive message',
      { rule: 'true', messageExpression: 'self.list.map(x, self.list.map(y, x + y).join("")).join("")' },
    ],
  ])('is refused with its definition, quickly: %s', async (_what, rule) => {
    const body = definition({ ...UNBOUNDED_LIST, 'x-kubernetes-validations': [rule] });
    await assertPrompt(40, async () => {
      const reply = await arena.attack(`${arena.attacker}${CRDS}?dryRun=All`, { method: 'POST', body });
      statusOf(reply, [422]);
    });
  });

  test('only seems to is compiled quickly', async () => {
    for (const rule of [`${'!'.repeat(50_000)}true`, `${macro(12)} == []`]) {
      const body = definition({ ...UNBOUNDED_LIST, 'x-kubernetes-validations': [{ rule }] });
      await assertPrompt(40, async () => {
        const reply = await arena.attack(`${arena.attacker}${CRDS}?dryRun=All`, { method: 'POST', body });
        expect([201, 422]).toContain(reply.status);
      });
    }
  });

  test('is refused when it is many small ones', async () => {
    const rules = Array.from({ length: 5_000 }, (_, index) => ({ rule: `self.text != 'x${index}'` }));
    const body = definition({ ...UNBOUNDED_LIST, 'x-kubernetes-validations': rules });
    await assertPrompt(40, async () => {
      statusOf(await arena.attack(`${arena.attacker}${CRDS}?dryRun=All`, { method: 'POST', body }), [422]);
    });
  });
});

describe('an object that makes allowed rules work', () => {
  beforeAll(async () => {
    const list = { type: 'array', maxItems: 2_000, items: { type: 'string', maxLength: 200 } };
    const rule = { rule: 'self.list.all(x, x.size() < 0 || self.list.exists_one(y, y == x))' };
    const many = Array.from({ length: 10 }, () => ({ rule: 'self.list.all(x, x.matches("^(a+)+$"))' }));
    const spec = (rules: readonly Rule[], maxItems: number) => ({
      type: 'object',
      properties: { list: { ...list, maxItems } },
      'x-kubernetes-validations': rules,
    });
    const crd = definition(spec([rule, ...many], 200), 'cel.example');
    await arena.client.create(`${arena.attacker}${CRDS}`, crd);
    await arena.client.until(THINGS, (_list, status) => status === 200);
  });

  test('as much as they may is answered, and holds nobody up', async () => {
    const list = Array.from({ length: 200 }, (_, index) => `${'a'.repeat(190)}${index}`);
    const object = {
      apiVersion: 'cel.example/v1',
      kind: 'Thing',
      metadata: { name: 'busy' },
      spec: { list },
    };
    await assertPrompt(40, async () => {
      const reply = await arena.attack(THINGS, { method: 'POST', body: object });
      statusOf(reply, [422]);
    });
    const status = statusOf(await arena.attack(THINGS, { method: 'POST', body: object }), [422]);
    expect(status.message.length).toBeLessThan(100_000);
  });
});
