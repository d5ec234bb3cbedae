import { formatIp, formatNetwork } from '../../go/mod.ts';
import { compileCel } from '../compile.ts';
import { CelTimestamp } from '../time-values.ts';
import { CelType } from '../types.ts';
import {
  CelArray,
  CelError,
  CelList,
  CelMap,
  CelOptional,
  type CelResult,
  CelUint,
  type CelValue,
} from '../values.ts';
import { CelCidr } from './cidr-library.ts';
import { CelIp } from './ip-library.ts';
import { newRuleEnvironment, storedRuleEnvironment } from './kubernetes-environment.ts';

/** What an expression of the stored rules' environment gives, as a plain value; a fault as `{ fault }`. */
export function evaluate(source: string): unknown {
  return plain(compileCel(storedRuleEnvironment, source).evaluate({}).value);
}

/** What it costs to evaluate, and what was expected of that: `cost (least..most)`. */
export function costsOf(source: string): string {
  const compiled = compileCel(storedRuleEnvironment, source);
  const { min, max } = compiled.estimateCost();
  return `${compiled.evaluate({}).cost} (${min}..${max})`;
}

/** The messages of an expression that does not compile, with their columns. */
export function problemsOf(source: string, rules: 'new' | 'stored' = 'stored'): readonly string[] {
  try {
    compileCel(rules === 'new' ? newRuleEnvironment : storedRuleEnvironment, source);
    return [];
  } catch (error) {
    const { issues } = error as { readonly issues: readonly { column?: number; message: string }[] };
    return issues.map(({ column, message }) => (column === undefined ? message : `${column}: ${message}`));
  }
}

/** A fault as {@link evaluate} gives it. */
export function fault(message: string): { readonly fault: string } {
  return { fault: message };
}

function plain(value: CelResult): unknown {
  if (value instanceof CelError) return fault(value.message);
  if (value instanceof CelList)
    return Array.from({ length: value.size }, (_, index) => plain(value.get(index)));
  if (value instanceof CelMap) return Object.fromEntries([...value.keys()].map((key) => entry(value, key)));
  if (value instanceof CelOptional) return value.value === undefined ? [] : [plain(value.value)];
  if (value instanceof CelUint) return value.value;
  if (value instanceof CelIp) return formatIp(value.address);
  if (value instanceof CelCidr) return formatNetwork(value.network);
  if (value instanceof CelType) return value.name;
  return value instanceof CelTimestamp ? value.epochNanos : value;
}

function entry(map: CelMap, key: CelValue): readonly [string, unknown] {
  return [String(key), plain(map.get(key) ?? new CelArray([]))];
}
