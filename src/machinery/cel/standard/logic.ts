import type { FunctionDeclaration } from '../functions.ts';
import { noSuchOverload } from '../numbers.ts';
import { boolType, intType } from '../types.ts';
import type { CelMap, CelResult, CelValue } from '../values.ts';
import { CelError } from '../values.ts';
import { listOfA, mapOfAB, plain, typeA, typeB, unguarded } from './declare.ts';
import { insertEntry } from './growing-values.ts';

/**
 * Declarations of what the evaluator does itself (`&& || ?: []`), of `!`, and of the functions that
 * macros call.
 */
export const logicFunctions: readonly FunctionDeclaration[] = [
  unguarded('_?_:_', [['conditional', [boolType, typeA, typeA], typeA]], () => noSuchOverload),
  unguarded('_&&_', [['logical_and', [boolType, boolType], boolType]], () => noSuchOverload),
  unguarded('_||_', [['logical_or', [boolType, boolType], boolType]], () => noSuchOverload),
  unguarded('!_', [['logical_not', [boolType], boolType]], not as (...values: CelValue[]) => CelResult),
  // Non-strict: the evaluator calls it with faults too, and gives true for them.
  unguarded('@not_strictly_false', [['not_strictly_false', [boolType], boolType]], isNotStrictlyFalse),
  unguarded(
    '_[_]',
    [
      ['index_list', [listOfA, intType], typeA],
      ['index_map', [mapOfAB, typeA], typeB],
    ],
    () => noSuchOverload,
  ),
  {
    name: 'cel.@mapInsert',
    overloads: [
      plain(
        ['@mapInsert_map_key_value', [mapOfAB, typeA, typeB], mapOfAB],
        (map: CelMap, key: CelValue, value: CelValue) => insertEntry(map, key, value),
      ),
      plain(['@mapInsert_map_map', [mapOfAB, mapOfAB], mapOfAB], insertAll),
    ],
  },
];

function not(value: CelValue): CelResult {
  return typeof value === 'boolean' ? !value : noSuchOverload;
}

function isNotStrictlyFalse(value: CelValue): CelResult {
  return value !== false;
}

function insertAll(map: CelMap, entries: CelMap): CelResult {
  let result: CelResult = map;
  for (const key of entries.keys()) {
    const value = entries.get(key);
    if (value === undefined || value instanceof CelError) continue;
    result = insertEntry(result as CelMap, key, value);
    if (result instanceof CelError) return result;
  }
  return result;
}
