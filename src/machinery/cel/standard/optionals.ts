import type { Expression } from '../expression.ts';
import type { FunctionDeclaration } from '../functions.ts';
import { type MacroCall, type MacroDeclaration, MacroError } from '../macro.ts';
import { noSuchOverload } from '../numbers.ts';
import { CelDuration } from '../time-values.ts';
import {
  boolType,
  dynType,
  intType,
  listType,
  mapType,
  optionalType,
  stringType,
  typeParameter,
} from '../types.ts';
import { celText } from '../value-text.ts';
import {
  CelArray,
  CelError,
  CelList,
  CelMap,
  CelOptional,
  type CelResult,
  CelUint,
  type CelValue,
  itemsOf,
} from '../values.ts';
import { member, plain, unguarded } from './declare.ts';

const typeK = typeParameter('K');
const typeV = typeParameter('V');
const optionalV = optionalType(typeV);
const listV = listType(typeV);
const mapKV = mapType(typeK, typeV);

/** Optional values: cel-go's library `optional`, version 2. */
export const optionalFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'optional.of',
    overloads: [plain(['optional_of', [typeV], optionalV], (value: CelValue) => CelOptional.of(value))],
  },
  {
    name: 'optional.ofNonZeroValue',
    overloads: [
      plain(['optional_ofNonZeroValue', [typeV], optionalV], (value: CelValue) =>
        isZero(value) ? CelOptional.none : CelOptional.of(value),
      ),
    ],
  },
  { name: 'optional.none', overloads: [plain(['optional_none', [], optionalV], () => CelOptional.none)] },
  {
    name: 'value',
    overloads: [
      member(
        ['optional_value', [optionalV], typeV],
        (optional: CelOptional) => optional.value ?? valueOrFault(optional),
      ),
    ],
  },
  {
    name: 'hasValue',
    overloads: [
      member(
        ['optional_hasValue', [optionalV], boolType],
        (optional: CelOptional) => optional.value !== undefined,
      ),
    ],
  },
  // The evaluator does the following itself: it looks at the right side only when it must.
  {
    name: 'or',
    overloads: [member(['optional_or_optional', [optionalV, optionalV], optionalV], () => noSuchOverload)],
  },
  {
    name: 'orValue',
    overloads: [member(['optional_orValue_value', [optionalV, typeV], typeV], () => noSuchOverload)],
  },
  unguarded('_?._', [['select_optional_field', [dynType, stringType], optionalV]], () => noSuchOverload),
  unguarded(
    '_[?_]',
    [
      ['list_optindex_optional_int', [listV, intType], optionalV],
      ['optional_list_optindex_optional_int', [optionalType(listV), intType], optionalV],
      ['map_optindex_optional_value', [mapKV, typeK], optionalV],
      ['optional_map_optindex_optional_value', [optionalType(mapKV), typeK], optionalV],
    ],
    () => noSuchOverload,
  ),
  unguarded(
    '_[_]',
    [
      ['optional_list_index_int', [optionalType(listV), intType], optionalV],
      ['optional_map_index_value', [optionalType(mapKV), typeK], optionalV],
    ],
    () => noSuchOverload,
  ),
  {
    name: 'last',
    overloads: [member(['list_last', [listV], optionalV], (list: CelList) => elementOf(list, list.size - 1))],
  },
  {
    name: 'first',
    overloads: [member(['list_first', [listV], optionalV], (list: CelList) => elementOf(list, 0))],
  },
  { name: 'optional.unwrap', overloads: [plain(['optional_unwrap', [listType(optionalV)], listV], unwrap)] },
  { name: 'unwrapOpt', overloads: [member(['optional_unwrapOpt', [listType(optionalV)], listV], unwrap)] },
];

export const optionalMacros: readonly MacroDeclaration[] = [
  {
    name: 'optMap',
    isMember: true,
    argumentCount: 2,
    expand: (call) => expand(call, 'optMap', (bound) => call.make.call('optional.of', [bound])),
  },
  {
    name: 'optFlatMap',
    isMember: true,
    argumentCount: 2,
    expand: (call) => expand(call, 'optFlatMap', (bound) => bound),
  },
];

function expand(
  { target, args, make }: MacroCall,
  name: string,
  wrap: (bound: Expression) => Expression,
): Expression | MacroError {
  const [variable, body] = args;
  if (variable?.kind !== 'ident') {
    return new MacroError(variable!.id, `${name}() variable name must be a simple identifier`);
  }
  const bound = make.comprehension({
    range: make.list([]),
    variable: '#unused',
    accumulator: variable.name,
    initial: make.memberCall('value', make.copy(target!), []),
    condition: make.literal(false),
    step: make.ident(variable.name),
    result: body!,
  });
  const condition = make.memberCall('hasValue', target!, []);
  return make.call('_?_:_', [condition, wrap(bound), make.call('optional.none', [])]);
}

function valueOrFault(optional: CelOptional): CelResult {
  return optional.value === undefined ? new CelError('optional.none() dereference') : optional.value;
}

function elementOf(list: CelList, index: number): CelResult {
  return list.size === 0 ? CelOptional.none : CelOptional.of(list.get(index));
}

function unwrap(list: CelList): CelResult {
  const values: CelValue[] = [];
  for (const item of itemsOf(list)) {
    if (!(item instanceof CelOptional)) return new CelError(`value ${celText(item)} is not optional`);
    if (item.value !== undefined) values.push(item.value);
  }
  return new CelArray(values);
}

/** Go's zero time is in the year 1; cel-go's timestamps of 1970 are not "zero". */
function isZero(value: CelValue): boolean {
  if (value === null || value === false || value === '' || value === 0n || value === 0) return true;
  if (value instanceof CelUint) return value.value === 0n;
  if (value instanceof CelList || value instanceof CelMap) return value.size === 0;
  if (value instanceof Uint8Array) return value.length === 0;
  return value instanceof CelDuration && value.nanos === 0n;
}
