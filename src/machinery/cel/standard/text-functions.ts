import { PatternError } from '../../schema/pattern.ts';
import type { FunctionDeclaration } from '../functions.ts';
import { noSuchOverload } from '../numbers.ts';
import { patternFor } from '../pattern-work.ts';
import { codePointCount } from '../source.ts';
import { boolType, bytesType, intType, stringType } from '../types.ts';
import { CelError, CelList, CelMap, type CelResult, type CelValue } from '../values.ts';
import { listOfA, mapOfAB, member, unguarded } from './declare.ts';

/** size, contains, startsWith, endsWith and matches. */
export const textFunctions: readonly FunctionDeclaration[] = [
  sizeFunction(),
  {
    name: 'contains',
    overloads: [textTest('contains_string', (text, part) => text.includes(part))],
  },
  {
    name: 'endsWith',
    overloads: [textTest('ends_with_string', (text, part) => text.endsWith(part))],
  },
  {
    name: 'startsWith',
    overloads: [textTest('starts_with_string', (text, part) => text.startsWith(part))],
  },
  {
    name: 'matches',
    overloads: [{ ...textTest('matches', matches), isMember: false }, textTest('matches_string', matches)],
  },
];

function textTest(id: string, test: (text: string, other: string) => CelResult) {
  const evaluate = (text: CelValue, other: CelValue): CelResult =>
    typeof text === 'string' && typeof other === 'string' ? test(text, other) : noSuchOverload;
  return { ...member([id, [stringType, stringType], boolType], evaluate), isUnguarded: true };
}

function matches(text: string, pattern: string): CelResult {
  try {
    return patternFor(pattern, text).test(text);
  } catch (error) {
    if (error instanceof PatternError) return new CelError(error.message);
    throw error;
  }
}

function sizeFunction(): FunctionDeclaration {
  const evaluate = ((value: CelValue) => {
    const size = sizeOf(value);
    return size === undefined ? noSize(value) : BigInt(size);
  }) as (...values: CelValue[]) => CelResult;
  const { name, overloads } = unguarded(
    'size',
    [
      ['size_bytes', [bytesType], intType],
      ['size_list', [listOfA], intType],
      ['size_map', [mapOfAB], intType],
      ['size_string', [stringType], intType],
    ],
    evaluate,
  );
  const idOfMember = (id: string) => `${id.replace('size_', '')}_size`;
  return {
    name,
    overloads: overloads.flatMap((overload) => [
      overload,
      { ...overload, id: idOfMember(overload.id), isMember: true },
    ]),
  };
}

function noSize(value: CelValue): CelError {
  return typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    value.type.kind.match(/^(?:time|dur)/)
    ? noSuchOverload
    : new CelError('no such overload: size');
}

/** What `size(x)` says and costs are counted by: characters, bytes, elements, entries; undefined for others. */
export function sizeOf(value: CelValue): number | undefined {
  if (typeof value === 'string') return codePointCount(value);
  if (typeof value !== 'object' || value === null) return undefined;
  if (value instanceof CelList || value instanceof CelMap) return value.size;
  if (value instanceof Uint8Array) return value.length;
  return 'size' in value ? value.size : undefined;
}
