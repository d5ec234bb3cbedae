import type { CallExpression, Expression } from '../expression.ts';
import type { CelType } from '../types.ts';
import type { CallIssue } from '../validator.ts';
import {
  type FormatClause,
  FormatStringError,
  type FormatVerb,
  parseFormat,
  verbError,
} from './format-string.ts';

/**
 * Checks a call of `format` while compiling, as far as format and list of arguments are written out: the format
 * itself, the number of arguments, and their types by what the checker found for them.
 */
export function checkFormatCall(
  call: CallExpression,
  typeOfExpression: (expression: Expression) => CelType,
): readonly CallIssue[] {
  const [list, ...more] = call.args;
  if (call.functionName !== 'format' || call.target?.kind !== 'literal' || more.length > 0) return [];
  const format = call.target.value;
  if (typeof format !== 'string' || list?.kind !== 'list') return [];
  let count = 0;
  try {
    for (const part of parseFormat(format, list.elements.length)) {
      if (typeof part === 'string') continue;
      count = part.argument + 1;
      const fault = faultyPart(part, list.elements[part.argument]!, typeOfExpression);
      if (fault === undefined) continue;
      return [{ expressionId: fault.id, message: verbError(part.verb, typeOfExpression(fault).name) }];
    }
  } catch (error) {
    if (!(error instanceof FormatStringError)) throw error;
    return [{ expressionId: call.id, message: error.message }];
  }
  if (list.elements.length <= count) return [];
  const message = `too many arguments supplied to string.format (expected ${count}, got ${list.elements.length})`;
  return [{ expressionId: call.id, message }];
}

const INTEGERS = ['int', 'uint'] as const;
const DOUBLES = ['double', 'string'] as const;
const HEXES = ['int', 'uint', 'string', 'bytes'] as const;
const STRINGS = [
  'list',
  'map',
  'int',
  'uint',
  'double',
  'bool',
  'string',
  'timestamp',
  'bytes',
  'duration',
  'type',
  'null',
] as const;

const KINDS: Readonly<Record<FormatVerb, readonly string[]>> = {
  s: STRINGS,
  d: INTEGERS,
  f: DOUBLES,
  e: DOUBLES,
  b: ['int', 'uint', 'bool'],
  x: HEXES,
  X: HEXES,
  o: INTEGERS,
};

/** The argument, or the part of a list or map written out in it, that the verb cannot show. */
function faultyPart(
  clause: FormatClause,
  argument: Expression,
  typeOfExpression: (expression: Expression) => CelType,
): Expression | undefined {
  const { kind } = typeOfExpression(argument);
  if (kind !== 'dyn' && !KINDS[clause.verb].includes(kind)) return argument;
  if (clause.verb !== 's') return undefined;
  for (const part of partsOf(argument)) {
    const fault = faultyPart(clause, part, typeOfExpression);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function partsOf(expression: Expression): readonly Expression[] {
  if (expression.kind === 'list') return expression.elements;
  return expression.kind === 'map' ? expression.entries.flatMap(({ key, value }) => [key, value]) : [];
}
