import { newRuleEnvironment } from '../../cel/library/mod.ts';
import {
  CelCompileError,
  CelError,
  CelList,
  CelMap,
  type CelResult,
  CelTimestamp,
  CelUint,
  type CelValue,
  type CompiledExpression,
  compileCel,
  costLimitError,
  itemsOf,
  timestampText,
} from '../../cel/mod.ts';
import { isObject, type JsonValue, newObject } from '../../json-value.ts';
import type { Schema } from '../schema.ts';
import { SchemaMap } from './cel-maps.ts';
import { NativeMap } from './cel-natives.ts';
import { celValueOf } from './cel-values.ts';
import { celTypeOf, declaredTypeOf } from './declared-type.ts';

/** An expression that makes one value of another, `self`. */
export interface Transformation {
  /** How many parts the expression has: what it takes to compile it. */
  readonly partCount: number;
  /** Throws {@link TransformationError} when the expression fails, costs too much, or gives what is no JSON. */
  apply(value: JsonValue, budget: TransformationBudget): JsonValue;
}

/** What may still be spent on the conversion of one object: costs, work, and the parts of what is made. */
export interface TransformationBudget {
  left: number;
}

export class TransformationError extends Error {
  override readonly name = 'TransformationError';
}

/** Compiles an expression on values of a schema. Throws {@link TransformationError} in cel-go's words. */
export function compileTransformation(schema: Schema, expression: string): Transformation {
  const type = declaredTypeOf(schema, { isResourceRoot: false });
  if (type === undefined) throw new TransformationError('unexpected nil rule types');
  const self = celTypeOf(type, SELF_TYPE_NAME);
  const program = compile(newRuleEnvironment.extend({ variables: { self } }), expression);
  return {
    partCount: program.partCount,
    apply(value, budget) {
      const variables = { self: celValueOf(value, schema) as CelValue };
      const left = Math.max(0, budget.left);
      const result = program.evaluate(variables, { costLimit: left, workLimit: left });
      budget.left -= result.cost + result.work;
      return jsonOf(result.value, budget);
    },
  };
}

/**
 * A copy of a value, paid for part by part: what is moved many times must not become many times as large. Throws
 * {@link TransformationError} when it costs too much.
 */
export function copyWithin(value: JsonValue, budget: TransformationBudget): JsonValue {
  spend(budget, 1 + (typeof value === 'string' ? value.length >> CHARACTERS_PER_UNIT_LOG2 : 0));
  if (Array.isArray(value)) return value.map((item) => copyWithin(item, budget));
  if (!isObject(value)) return value;
  const copy = newObject();
  for (const key of Object.keys(value)) {
    const child = value[key];
    if (child !== undefined) copy[key] = copyWithin(child, budget);
  }
  return copy;
}

/** A text is copied when it is written out, a kilobyte in about as long as a small value takes. */
const CHARACTERS_PER_UNIT_LOG2 = 7;

function spend(budget: TransformationBudget, units: number): void {
  budget.left -= units;
  if (budget.left < 0) throw new TransformationError(costLimitError.message);
}

const SELF_TYPE_NAME = 'selfType';

function compile(...parts: Parameters<typeof compileCel>): CompiledExpression {
  try {
    return compileCel(...parts);
  } catch (error) {
    if (error instanceof CelCompileError) throw new TransformationError(error.message);
    throw error;
  }
}

/** A value as JSON has it. What came out of the object as a whole goes back as it was. */
function jsonOf(value: CelResult, budget: TransformationBudget): JsonValue {
  if (value instanceof CelError) throw new TransformationError(value.message);
  spend(budget, 1);
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'string':
      return copyWithin(value, budget);
    case 'bigint':
      return integer(value);
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new TransformationError(`${value} is no value of JSON`);
    default:
  }
  if (value === null) return null;
  if (value instanceof Uint8Array) return copyWithin(Buffer.from(value).toString('base64'), budget);
  if (value instanceof CelUint) return integer(value.value);
  if (value instanceof CelTimestamp) return timestampText(value);
  if (value instanceof CelList) return itemsOf(value).map((item) => jsonOf(item, budget));
  if (value instanceof SchemaMap || value instanceof NativeMap) return copyWithin(value.json, budget);
  if (value instanceof CelMap) return entriesOf(value, budget);
  throw new TransformationError('the result is no value of JSON');
}

function entriesOf(map: CelMap, budget: TransformationBudget): JsonValue {
  const object = newObject();
  for (const key of map.keys()) {
    if (typeof key !== 'string') throw new TransformationError('keys of objects are texts');
    const value = map.get(key);
    if (value !== undefined) object[key] = jsonOf(value, budget);
  }
  return object;
}

function integer(value: bigint): JsonValue {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
