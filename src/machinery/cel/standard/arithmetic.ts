import type { FunctionDeclaration } from '../functions.ts';
import { checkedInt, checkedUint, noSuchOverload } from '../numbers.ts';
import { durationFrom, timestampAt } from '../time-text.ts';
import { CelDuration, CelTimestamp } from '../time-values.ts';
import {
  bytesType,
  type CelType,
  doubleType,
  durationType,
  intType,
  stringType,
  timestampType,
  uintType,
} from '../types.ts';
import { CelArray, CelError, CelList, type CelResult, CelUint, type CelValue, itemsOf } from '../values.ts';
import { work } from '../work.ts';
import { listOfA, type Signature, unguarded } from './declare.ts';
import { GrowingList } from './growing-values.ts';

/** `+ - * / %` and the minus of numbers. */
export const arithmeticFunctions: readonly FunctionDeclaration[] = [
  unguarded(
    '_+_',
    [
      same('add_bytes', bytesType),
      same('add_double', doubleType),
      same('add_duration_duration', durationType),
      ['add_duration_timestamp', [durationType, timestampType], timestampType],
      ['add_timestamp_duration', [timestampType, durationType], timestampType],
      same('add_int64', intType),
      same('add_list', listOfA),
      same('add_string', stringType),
      same('add_uint64', uintType),
    ],
    add as (...values: CelValue[]) => CelResult,
  ),
  unguarded(
    '_/_',
    numeric('divide', [doubleType, intType, uintType]),
    divide as (...v: CelValue[]) => CelResult,
  ),
  unguarded('_%_', numeric('modulo', [intType, uintType]), modulo as (...v: CelValue[]) => CelResult),
  unguarded(
    '_*_',
    numeric('multiply', [doubleType, intType, uintType]),
    multiply as (...v: CelValue[]) => CelResult,
  ),
  unguarded(
    '-_',
    [
      ['negate_double', [doubleType], doubleType],
      ['negate_int64', [intType], intType],
    ],
    negate as (...v: CelValue[]) => CelResult,
  ),
  unguarded(
    '_-_',
    [
      same('subtract_double', doubleType),
      same('subtract_duration_duration', durationType),
      same('subtract_int64', intType),
      ['subtract_timestamp_duration', [timestampType, durationType], timestampType],
      ['subtract_timestamp_timestamp', [timestampType, timestampType], durationType],
      same('subtract_uint64', uintType),
    ],
    subtract as (...v: CelValue[]) => CelResult,
  ),
];

function same(id: string, type: CelType): Signature {
  return [id, [type, type], type];
}

function numeric(name: string, types: readonly CelType[]): readonly Signature[] {
  const suffixes = new Map([
    [doubleType, 'double'],
    [intType, 'int64'],
    [uintType, 'uint64'],
  ]);
  return types.map((type) => same(`${name}_${suffixes.get(type)}`, type));
}

function add(a: CelValue, b: CelValue): CelResult {
  switch (typeof a) {
    case 'bigint':
      return typeof b === 'bigint' ? checkedInt(a + b) : noSuchOverload;
    case 'string':
      return typeof b === 'string' ? a + b : noSuchOverload;
    case 'number':
      return typeof b === 'number' ? a + b : noSuchOverload;
    default:
  }
  if (a instanceof CelList) return b instanceof CelList ? concatenate(a, b) : noSuchOverload;
  if (a instanceof CelUint) return b instanceof CelUint ? checkedUint(a.value + b.value) : noSuchOverload;
  if (a instanceof Uint8Array) return b instanceof Uint8Array ? Buffer.concat([a, b]) : noSuchOverload;
  if (a instanceof CelTimestamp) {
    return b instanceof CelDuration ? timestampAt(a.epochNanos + b.nanos) : noSuchOverload;
  }
  if (a instanceof CelDuration) {
    if (b instanceof CelDuration) return durationFrom(a.nanos + b.nanos);
    return b instanceof CelTimestamp ? timestampAt(a.nanos + b.epochNanos) : noSuchOverload;
  }
  return noOperator('_+_');
}

function concatenate(a: CelList, b: CelList): CelResult {
  if (a instanceof GrowingList) return a.append(b);
  work((a.size + b.size) >> 2);
  const own = a.concat(b);
  if (own !== undefined) return own;
  if (a.size === 0) return b;
  return b.size === 0 ? a : new CelArray([...itemsOf(a), ...itemsOf(b)]);
}

function subtract(a: CelValue, b: CelValue): CelResult {
  if (typeof a === 'bigint') return typeof b === 'bigint' ? checkedInt(a - b) : noSuchOverload;
  if (typeof a === 'number') return typeof b === 'number' ? a - b : noSuchOverload;
  if (a instanceof CelUint) return b instanceof CelUint ? checkedUint(a.value - b.value) : noSuchOverload;
  if (a instanceof CelDuration)
    return b instanceof CelDuration ? durationFrom(a.nanos - b.nanos) : noSuchOverload;
  if (a instanceof CelTimestamp) {
    if (b instanceof CelDuration) return timestampAt(a.epochNanos - b.nanos);
    return b instanceof CelTimestamp ? durationFrom(a.epochNanos - b.epochNanos) : noSuchOverload;
  }
  return noOperatorUnlessReceiver('_-_', a);
}

function multiply(a: CelValue, b: CelValue): CelResult {
  if (typeof a === 'bigint') return typeof b === 'bigint' ? checkedInt(a * b) : noSuchOverload;
  if (typeof a === 'number') return typeof b === 'number' ? a * b : noSuchOverload;
  if (a instanceof CelUint) return b instanceof CelUint ? checkedUint(a.value * b.value) : noSuchOverload;
  return noOperatorUnlessReceiver('_*_', a);
}

const divisionByZero = new CelError('division by zero');
const modulusByZero = new CelError('modulus by zero');

function divide(a: CelValue, b: CelValue): CelResult {
  if (typeof a === 'bigint') {
    if (typeof b !== 'bigint') return noSuchOverload;
    return b === 0n ? divisionByZero : checkedInt(a / b);
  }
  if (typeof a === 'number') return typeof b === 'number' ? a / b : noSuchOverload;
  if (a instanceof CelUint) {
    if (!(b instanceof CelUint)) return noSuchOverload;
    return b.value === 0n ? divisionByZero : new CelUint(a.value / b.value);
  }
  return noOperatorUnlessReceiver('_/_', a);
}

function modulo(a: CelValue, b: CelValue): CelResult {
  if (typeof a === 'bigint') {
    if (typeof b !== 'bigint') return noSuchOverload;
    if (b === 0n) return modulusByZero;
    // The quotient of the smallest int and -1 overflows, so that cel-go refuses its remainder too.
    return checkedInt(a / b) instanceof CelError ? checkedInt(a / b) : a % b;
  }
  if (a instanceof CelUint) {
    if (!(b instanceof CelUint)) return noSuchOverload;
    return b.value === 0n ? modulusByZero : new CelUint(a.value % b.value);
  }
  return noOperatorUnlessReceiver('_%_', a);
}

function negate(a: CelValue): CelResult {
  if (typeof a === 'bigint') return checkedInt(-a);
  if (typeof a === 'number') return -a;
  if (a instanceof CelDuration) return durationFrom(-a.nanos);
  if (typeof a === 'boolean') return noSuchOverload;
  return noOperatorUnlessReceiver('-_', a);
}

/** cel-go asks strings and times themselves, which say no in fewer words. */
export function noOperatorUnlessReceiver(name: string, a: CelValue): CelError {
  if (typeof a === 'string' || a instanceof CelTimestamp || a instanceof CelDuration) return noSuchOverload;
  return noOperator(name);
}

function noOperator(name: string): CelError {
  return new CelError(`no such overload: ${name}`);
}
