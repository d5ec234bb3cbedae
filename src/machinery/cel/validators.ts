import { compilePattern, PatternError } from '../schema/pattern.ts';
import type { CheckedExpression } from './checker.ts';
import type { CelEnvironment } from './environment.ts';
import type { CallExpression, Expression, ListExpression, MapExpression } from './expression.ts';
import type { Positions } from './expression-factory.ts';
import { childrenOf } from './expression-walk.ts';
import type { Fault } from './source.ts';
import { parseGoDuration, parseTimestamp, timestampAt } from './time-text.ts';
import type { CelType } from './types.ts';
import { CelError, type CelValue } from './values.ts';

/** A check of what is written in an expression, beyond its types. */
export type ExpressionValidator = (
  expression: Expression,
  context: { readonly typeOf: (expression: Expression) => CelType; readonly report: Report },
) => void;

export type Report = (expression: Expression, message: string) => void;

/**
 * Refuses durations, timestamps and patterns that are written wrongly, and literals of mixed types: what
 * Kubernetes refuses although the language allows it.
 */
export function validateLiterals(
  environment: CelEnvironment,
  checked: CheckedExpression,
  positions: Positions,
): readonly Fault[] {
  const faults: Fault[] = [];
  const report: Report = (expression, message) => {
    faults.push({ offset: positions.offsetOf(expression.id), message });
  };
  const typeOf = (expression: Expression) => checked.types.get(expression.id)!;
  const visit = (expression: Expression, isExempt: boolean) => {
    if (expression.kind === 'call') validateCall(expression, report);
    if (expression.kind === 'list' && !isExempt) validateList(expression, { typeOf, report });
    if (expression.kind === 'map' && !isExempt) validateMap(expression, { typeOf, report });
    for (const validate of environment.validators) validate(expression, { typeOf, report });
    // The arguments of format are of all types, as is the purpose of it.
    const exempts = isExempt || (expression.kind === 'call' && expression.functionName === 'format');
    for (const child of childrenOf(expression)) visit(child, exempts);
  };
  visit(checked.expression, false);
  return faults;
}

type Validity = (value: CelValue) => boolean;

const literalChecks: Readonly<Record<string, Validity>> = {
  // From an int there is no duration, although it is declared.
  duration: (value) => typeof value === 'string' && parseGoDuration(value) !== undefined,
  timestamp: isTimestamp,
  matches: (value) => typeof value !== 'string' || isPattern(value),
};

function validateCall(call: CallExpression, report: Report): void {
  const isValid = Object.hasOwn(literalChecks, call.functionName)
    ? literalChecks[call.functionName]
    : undefined;
  const [first] = call.args;
  if (isValid === undefined || first?.kind !== 'literal') return;
  if (!isValid(first.value)) report(first, `invalid ${call.functionName} argument`);
}

function isTimestamp(value: CelValue): boolean {
  if (typeof value === 'bigint') return !(timestampAt(value * 1_000_000_000n) instanceof CelError);
  if (typeof value !== 'string') return true;
  const timestamp = parseTimestamp(value);
  return timestamp !== undefined && !(timestamp instanceof CelError);
}

function isPattern(text: string): boolean {
  try {
    compilePattern(text);
    return true;
  } catch (error) {
    if (error instanceof PatternError) return false;
    throw error;
  }
}

interface Context {
  readonly typeOf: (expression: Expression) => CelType;
  readonly report: Report;
}

function validateList(list: ListExpression, { typeOf, report }: Context): void {
  let first: CelType | undefined;
  for (const [index, element] of list.elements.entries()) {
    const type = contentsOf(typeOf(element), list.optionalIndices.has(index));
    first ??= type;
    if (isEquivalent(first, type)) continue;
    report(element, mismatch(first, type));
    return;
  }
}

function validateMap(map: MapExpression, { typeOf, report }: Context): void {
  let keys: CelType | undefined;
  let values: CelType | undefined;
  for (const { key, value, isOptional } of map.entries) {
    const keyType = typeOf(key);
    const valueType = contentsOf(typeOf(value), isOptional);
    keys ??= keyType;
    values ??= valueType;
    if (!isEquivalent(keys, keyType)) report(key, mismatch(keys, keyType));
    if (!isEquivalent(values, valueType)) report(value, mismatch(values, valueType));
  }
}

function contentsOf(type: CelType, isOptional: boolean): CelType {
  return isOptional ? (type.parameters[0] ?? type) : type;
}

function mismatch(expected: CelType, actual: CelType): string {
  return `expected type '${expected.text}' but found '${actual.text}'`;
}

/** The same, whatever type parameters are called. */
function isEquivalent(a: CelType, b: CelType): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind || a.parameters.length !== b.parameters.length) return false;
  if (a.kind !== 'typeParam' && a.name !== b.name) return false;
  return a.parameters.every((parameter, index) => isEquivalent(parameter, b.parameters[index]!));
}
