import { compileCel } from './compile.ts';
import { CelCompileError } from './compile-error.ts';
import { celEquals } from './equality.ts';
import type { FunctionDeclaration, Overload } from './functions.ts';
import { CelEntries } from './standard/growing-values.ts';
import { standardEnvironment } from './standard-environment.ts';
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  nullable,
  nullType,
  opaqueType,
  stringType,
  CelType as Type,
  timestampType,
  typeParameter,
  typeTypeOf,
  uintType,
} from './types.ts';
import { CelArray, CelError, type CelResult, CelUint, type CelValue } from './values.ts';

/** A test of cel-spec, in the JSON form of its SimpleTest message. */
export interface SpecTest {
  readonly name?: string;
  readonly expr: string;
  readonly container?: string;
  readonly value?: SpecValue;
  readonly typedResult?: { readonly result?: SpecValue; readonly deducedType?: SpecType };
  readonly evalError?: object;
  readonly checkOnly?: boolean;
  readonly disableCheck?: boolean;
  readonly typeEnv?: readonly SpecDeclaration[];
  readonly bindings?: Readonly<Record<string, { readonly value?: SpecValue }>>;
}

export interface SpecSuite {
  readonly name: string;
  readonly suites?: readonly SpecSuite[];
  readonly tests?: readonly { readonly original: SpecTest }[];
}

interface SpecDeclaration {
  readonly name: string;
  readonly ident?: { readonly type: SpecType };
  readonly function?: { readonly overloads: readonly SpecOverload[] };
}

interface SpecOverload {
  readonly overloadId: string;
  readonly params?: readonly SpecType[];
  readonly resultType: SpecType;
}

type SpecValue = Readonly<Record<string, unknown>>;
type SpecType = Readonly<Record<string, unknown>>;

/**
 * What of a test is not there in Kubernetes: protobuf messages and enums (its objects are maps), or a function
 * of a library. Undefined when the test must pass.
 */
export function absentFeature(path: string, test: SpecTest): string | undefined {
  const [suite] = path.split('/') as [string];
  const library = ['bindings_ext', 'block_ext', 'encoders_ext', 'math_ext', 'string_ext', 'proto2_ext'];
  if (library.includes(suite)) return 'extension library';
  const text = JSON.stringify(test);
  if (
    /TestAllTypes|NestedTestAllTypes|google\.protobuf\.\w+\s*\{|objectValue|enumValue|GlobalEnum/.test(text)
  ) {
    return 'protobuf message';
  }
  if (suite === 'enums' || suite.startsWith('proto')) return 'protobuf message';
  if (path.includes('quoted_map_fields')) return 'quoted field name';
  if (test.container !== undefined && test.container !== '') return 'container';
  // Kubernetes evaluates nothing that it has not checked; what passes the check is run all the same.
  return test.disableCheck === true && runSpecTest(test)?.startsWith(refused)
    ? 'evaluation without a check'
    : undefined;
}

const refused = 'does not compile';

/** Undefined when the test passes, else what was wrong. */
export function runSpecTest(test: SpecTest): string | undefined {
  try {
    return evaluateSpecTest(test);
  } catch (error) {
    if (!(error instanceof CelCompileError)) throw error;
    return test.evalError === undefined ? `${refused}: ${error.message}` : undefined;
  }
}

// What Kubernetes adds to the language is switched off.
const environment = standardEnvironment.extend({ options: { validatesLiterals: false } });

function evaluateSpecTest(test: SpecTest): string | undefined {
  const variables: Record<string, CelType> = {};
  const functions: FunctionDeclaration[] = [];
  for (const { name, ident, function: declared } of test.typeEnv ?? []) {
    if (ident !== undefined) variables[name] = typeFrom(ident.type);
    if (declared !== undefined) functions.push({ name, overloads: declared.overloads.map(overloadFrom) });
  }
  const values: Record<string, CelValue> = {};
  for (const [name, { value }] of Object.entries(test.bindings ?? {})) {
    if (value === undefined) continue;
    values[name] = valueFrom(value);
    variables[name] ??= dynType;
  }
  const compiled = compileCel(environment.extend({ variables, functions }), test.expr);
  const wantedType = test.typedResult?.deducedType;
  if (wantedType !== undefined && typeFrom(wantedType).text !== compiled.resultType.text) {
    return `has the type ${compiled.resultType.text}, not ${typeFrom(wantedType).text}`;
  }
  if (test.checkOnly === true) return undefined;
  return difference(test, compiled.evaluate(values).value);
}

function difference(test: SpecTest, value: CelResult): string | undefined {
  if (test.evalError !== undefined)
    return value instanceof CelError ? undefined : 'gives a value, not a fault';
  if (value instanceof CelError) return `gives the fault ${value.message}`;
  const wanted = test.typedResult?.result ?? test.value;
  const expected = wanted === undefined ? true : valueFrom(wanted);
  if (typeof expected === 'number' && typeof value === 'number') {
    return Object.is(expected, value) || expected === value ? undefined : `gives ${value}, not ${expected}`;
  }
  const isSame = typeof value === typeof expected && celEquals(value, expected);
  return isSame ? undefined : 'gives another value';
}

/** The data only checks calls of the functions that it declares. */
function overloadFrom({ overloadId, params, resultType }: SpecOverload): Overload {
  return {
    id: overloadId,
    parameters: (params ?? []).map(typeFrom),
    result: typeFrom(resultType),
    evaluate: () => new CelError('declared without code'),
  };
}

const primitives: Readonly<Record<string, CelType>> = {
  BOOL: boolType,
  INT64: intType,
  UINT64: uintType,
  DOUBLE: doubleType,
  STRING: stringType,
  BYTES: bytesType,
};

function typeFrom(type: SpecType): CelType {
  const [kind, content] = Object.entries(type)[0] as [string, never];
  switch (kind) {
    case 'primitive':
      return primitives[content]!;
    case 'wrapper':
      return nullable(primitives[content]!);
    case 'wellKnown':
      return content === 'TIMESTAMP' ? timestampType : content === 'DURATION' ? durationType : dynType;
    case 'null':
      return nullType;
    case 'listType':
      return listType(typeFrom((content as { elemType: SpecType }).elemType));
    case 'mapType': {
      const { keyType, valueType } = content as { keyType: SpecType; valueType: SpecType };
      return mapType(typeFrom(keyType), typeFrom(valueType));
    }
    case 'type':
      return typeTypeOf(typeFrom(content));
    case 'typeParam':
      return typeParameter(content);
    case 'abstractType': {
      const { name, parameterTypes } = content as { name: string; parameterTypes?: SpecType[] };
      return opaqueType(name, (parameterTypes ?? []).map(typeFrom));
    }
    default:
      return dynType;
  }
}

function valueFrom(value: SpecValue): CelValue {
  const [kind, content] = Object.entries(value)[0] as [string, unknown];
  switch (kind) {
    case 'int64Value':
      return BigInt(content as string);
    case 'uint64Value':
      return new CelUint(BigInt(content as string));
    case 'doubleValue':
      return Number(content);
    case 'bytesValue':
      return new Uint8Array(Buffer.from(content as string, 'base64'));
    case 'nullValue':
      return null;
    case 'listValue':
      return new CelArray(((content as { values?: SpecValue[] }).values ?? []).map(valueFrom));
    case 'mapValue': {
      const map = new CelEntries();
      const { entries } = content as { entries?: { key: SpecValue; value: SpecValue }[] };
      for (const entry of entries ?? []) map.set(valueFrom(entry.key), valueFrom(entry.value));
      return map;
    }
    case 'typeValue':
      return new Type({ kind: 'opaque', name: content as string });
    default:
      return content as string | boolean;
  }
}
