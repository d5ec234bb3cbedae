import { CelEnvironment } from './environment.ts';
import { arithmeticFunctions } from './standard/arithmetic.ts';
import { comparisonFunctions } from './standard/comparison.ts';
import { conversionFunctions } from './standard/conversions.ts';
import { logicFunctions } from './standard/logic.ts';
import { optionalFunctions, optionalMacros } from './standard/optionals.ts';
import { textFunctions } from './standard/text-functions.ts';
import { timeFunctions } from './standard/time-functions.ts';
import { standardMacros } from './standard-macros.ts';
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  intType,
  listOfDyn,
  mapOfDyn,
  nullType,
  opaqueType,
  stringType,
  timestampType,
  typeType,
  uintType,
} from './types.ts';

/** The language itself: operators, conversions, macros, optional values, comprehensions with two variables. */
export const standardEnvironment = new CelEnvironment({
  constants: {
    bool: boolType,
    bytes: bytesType,
    double: doubleType,
    int: intType,
    list: listOfDyn,
    map: mapOfDyn,
    null_type: nullType,
    string: stringType,
    type: typeType,
    uint: uintType,
    optional_type: opaqueType('optional_type'),
    'google.protobuf.Timestamp': timestampType,
    'google.protobuf.Duration': durationType,
  },
  functions: [
    ...logicFunctions,
    ...arithmeticFunctions,
    ...comparisonFunctions,
    ...conversionFunctions,
    ...textFunctions,
    ...timeFunctions,
    ...optionalFunctions,
  ],
  macros: [...standardMacros, ...optionalMacros],
});
