import { expect, test } from 'vitest';
import { limits } from '../../base/mod.ts';
import { checkRules } from './rules/mod.ts';
import { validateSchemaEffort } from './schema-effort.ts';

const check = (rules: readonly string[]) =>
  checkRules({ type: 'object', 'x-kubernetes-validations': rules.map((rule) => ({ rule })) }, 'spec', {
    schemaErrors: [],
    isUnchanged: false,
  });

test('patterns that would take seconds to compile together are refused', () => {
  const properties = Object.fromEntries(
    Array.from({ length: 200 }, (_, index) => [`p${index}`, { type: 'string', pattern: `a{1000}${index}` }]),
  );
  expect(validateSchemaEffort([{ type: 'object', properties }], 'spec.versions')).toMatchObject([
    { type: 'FieldValueForbidden', field: 'spec.versions' },
  ]);
  const { p0 } = properties;
  const same = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`p${index}`, p0!]));
  expect(validateSchemaEffort([{ type: 'object', properties: same }], 'spec.versions')).toEqual([]);
});

test('more text of expressions than any real definition has is refused', () => {
  const rule = `true || '${'x'.repeat(90_000)}' == ''`;
  const schema = {
    type: 'object',
    'x-kubernetes-validations': [{ rule }, { rule, messageExpression: rule }],
  };
  expect(validateSchemaEffort([schema], 'spec.versions')).toHaveLength(1);
});

test('expressions of more parts than any real definition has are refused, and no longer compiled', () => {
  const rule = Array(2_000).fill('1 < 2').join(' && ');
  expect(check(Array(5).fill(rule))).toEqual([]);
  const many = check(Array(20).fill(rule));
  expect(many.length).toBeGreaterThan(5);
  expect(many[0]?.detail).toContain(`more than ${limits.celDefinitionPartsMax} parts in all`);
});

test('expressions that fail count as well', () => {
  const start = performance.now();
  check(Array(60).fill(Array(1_000).fill('[]+1').join(',')));
  check(Array(1_000).fill(`[1]${'.sortBy(x, x)'.repeat(40)}.size() > 0`));
  expect(performance.now() - start).toBeLessThan(10_000);
});
