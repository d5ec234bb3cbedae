import { celEquals } from '../equality.ts';
import type { FunctionDeclaration } from '../functions.ts';
import { compareNumbers, isNumeric, noSuchOverload } from '../numbers.ts';
import { CelDuration, CelTimestamp } from '../time-values.ts';
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  intType,
  stringType,
  timestampType,
  uintType,
} from '../types.ts';
import { CelArray, CelError, CelList, CelMap, type CelResult, type CelValue } from '../values.ts';
import { noOperatorUnlessReceiver } from './arithmetic.ts';
import { listOfA, mapOfAB, type Signature, typeA, unguarded } from './declare.ts';

type Test = (order: number) => boolean;

/** `== != < <= > >=` and `in`. */
export const comparisonFunctions: readonly FunctionDeclaration[] = [
  unguarded('_==_', [['equals', [typeA, typeA], boolType]], () => noSuchOverload),
  unguarded('_!=_', [['not_equals', [typeA, typeA], boolType]], () => noSuchOverload),
  ordering('_<_', 'less', (order) => order < 0),
  ordering('_<=_', 'less_equals', (order) => order <= 0),
  ordering('_>_', 'greater', (order) => order > 0),
  ordering('_>=_', 'greater_equals', (order) => order >= 0),
  unguarded(
    '@in',
    [
      ['in_list', [typeA, listOfA], boolType],
      ['in_map', [typeA, mapOfAB], boolType],
    ],
    contains as (...values: CelValue[]) => CelResult,
  ),
];

function ordering(name: string, id: string, test: Test): FunctionDeclaration {
  const evaluate = (a: CelValue, b: CelValue): CelResult => {
    if (typeof a === 'bigint' && typeof b === 'bigint') return test(a < b ? -1 : a > b ? 1 : 0);
    const order = compare(name, a, b);
    return typeof order === 'number' ? test(order) : order;
  };
  return unguarded(name, orderings(id), evaluate as (...values: CelValue[]) => CelResult);
}

/** In cel-go's order: the checker names them in this order. */
function orderings(id: string): readonly Signature[] {
  const numbers: readonly (readonly [string, CelType])[] = [
    ['int64', intType],
    ['uint64', uintType],
    ['double', doubleType],
  ];
  const signature = (suffix: string, a: CelType, b: CelType): Signature => [
    `${id}_${suffix}`,
    [a, b],
    boolType,
  ];
  return [
    signature('bool', boolType, boolType),
    ...numbers.flatMap(([name, type]) => [
      signature(name, type, type),
      ...numbers
        .filter(([other]) => other !== name)
        .map(([other, otherType]) => signature(`${name}_${other}`, type, otherType)),
    ]),
    signature('string', stringType, stringType),
    signature('bytes', bytesType, bytesType),
    signature('timestamp', timestampType, timestampType),
    signature('duration', durationType, durationType),
  ];
}

const unordered = new CelError('NaN values cannot be ordered');

function compare(name: string, a: CelValue, b: CelValue): number | CelError {
  if (isNumeric(a)) return isNumeric(b) ? (compareNumbers(a, b) ?? unordered) : noSuchOverload;
  if (typeof a === 'string') return typeof b === 'string' ? compareText(a, b) : noSuchOverload;
  if (typeof a === 'boolean') return typeof b === 'boolean' ? Number(a) - Number(b) : noSuchOverload;
  if (a instanceof Uint8Array) return b instanceof Uint8Array ? Buffer.compare(a, b) : noSuchOverload;
  if (a instanceof CelTimestamp) {
    return b instanceof CelTimestamp ? sign(a.epochNanos - b.epochNanos) : noSuchOverload;
  }
  if (a instanceof CelDuration) return b instanceof CelDuration ? sign(a.nanos - b.nanos) : noSuchOverload;
  return noOperatorUnlessReceiver(name, a);
}

function sign(value: bigint): number {
  return value < 0n ? -1 : value > 0n ? 1 : 0;
}

/** By code points, as Go compares UTF-8; JavaScript's `<` would put surrogates before U+E000 to U+FFFF. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const x = a.charCodeAt(index);
    const y = b.charCodeAt(index);
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

function contains(value: CelValue, container: CelValue): CelResult {
  if (container instanceof CelMap) return container.has(value);
  if (!(container instanceof CelList)) return noSuchOverload;
  // A list over foreign data asks its items, whose equality may be their own.
  const asksItems = !(container instanceof CelArray);
  for (let index = 0; index < container.size; index++) {
    const item = container.get(index);
    if (asksItems ? celEquals(item, value) : celEquals(value, item)) return true;
  }
  return false;
}
