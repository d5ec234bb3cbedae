import type { CallCost } from './functions.ts';
import { sizeOf } from './standard/text-functions.ts';
import { CelError, CelOptional, type CelResult } from './values.ts';

/** cel-go's units: one is about 50 ns of its evaluator. */
export const costs = {
  select: 1,
  call: 1,
  list: 10,
  map: 30,
  struct: 40,
  /** Per character that is looked at. */
  traversal: 0.1,
  /** Per character of a regular expression. */
  pattern: 0.25,
} as const;

/** Values without a size count as 1, optionals as what is in them. */
export function costSizeOf(value: CelResult): number {
  if (value instanceof CelError) return 1;
  if (value instanceof CelOptional) return value.value === undefined ? 1 : costSizeOf(value.value);
  return sizeOf(value) ?? 1;
}

const traverseFirst: CallCost = (values) => Math.ceil(costSizeOf(values[0]!) * costs.traversal);

const traverseShorter: CallCost = (values) =>
  Math.ceil(Math.min(costSizeOf(values[0]!), costSizeOf(values[1]!)) * costs.traversal);

const traverseBoth: CallCost = (values) =>
  Math.ceil((costSizeOf(values[0]!) + costSizeOf(values[1]!)) * costs.traversal);

const matchPattern: CallCost = (values) =>
  Math.ceil((1 + costSizeOf(values[0]!)) * costs.traversal) *
  Math.ceil(costSizeOf(values[1]!) * costs.pattern);

const searchPart: CallCost = (values) =>
  Math.ceil(costSizeOf(values[0]!) * costs.traversal) * Math.ceil(costSizeOf(values[1]!) * costs.traversal);

const comparisons = ['less', 'greater', 'less_equals', 'greater_equals'].flatMap((name) => [
  `${name}_string`,
  `${name}_bytes`,
]);

/** Ids of overloads whose cost is that of the shorter operand. */
export const shorterOperandIds: ReadonlySet<string> = new Set([...comparisons, 'equals', 'not_equals']);

const runtimeCosts: ReadonlyMap<string, CallCost> = new Map<string, CallCost>([
  ...[
    'starts_with_string',
    'ends_with_string',
    'string_to_bytes',
    'bytes_to_string',
    'strings_quote',
    'string_format',
  ].map((id) => [id, traverseFirst] as const),
  ['in_list', (values) => costSizeOf(values[1]!)],
  ...[...shorterOperandIds].map((id) => [id, traverseShorter] as const),
  ['add_string', traverseBoth],
  ['add_bytes', traverseBoth],
  ['matches_string', matchPattern],
  ['contains_string', searchPart],
]);

/** What a call of the language's own functions costs; undefined is 1. */
export function standardCallCost(overloadId: string): CallCost | undefined {
  return runtimeCosts.get(overloadId);
}
