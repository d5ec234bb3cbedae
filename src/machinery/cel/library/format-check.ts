import type { Expression } from '../expression.ts';
import type { CelType } from '../types.ts';
import type { ExpressionValidator } from '../validators.ts';
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
export const checkFormatCall: ExpressionValidator = (expression, { typeOf, report }) => {
  if (expression.kind !== 'call' || expression.functionName !== 'format') return;
  const { target, args } = expression;
  const [list, ...more] = args;
  if (target?.kind !== 'literal' || list?.kind !== 'list' || more.length > 0) return;
  if (typeof target.value !== 'string') return;
  let count = 0;
  try {
    for (const part of parseFormat(target.value, list.elements.length)) {
      if (typeof part === 'string') continue;
      count = part.argument + 1;
      const fault = faultyPart(part, list.elements[part.argument]!, typeOf);
      if (fault === undefined) continue;
      report(fault, verbError(part.verb, typeOf(fault).name));
      return;
    }
  } catch (error) {
    if (!(error instanceof FormatStringError)) throw error;
    report(expression, error.message);
    return;
  }
  if (list.elements.length <= count) return;
  const numbers = `expected ${count}, got ${list.elements.length}`;
  report(expression, `too many arguments supplied to string.format (${numbers})`);
};

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
  typeOf: (expression: Expression) => CelType,
): Expression | undefined {
  const { kind } = typeOf(argument);
  if (kind !== 'dyn' && !KINDS[clause.verb].includes(kind)) return argument;
  if (clause.verb !== 's') return undefined;
  for (const part of partsOf(argument)) {
    const fault = faultyPart(clause, part, typeOf);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function partsOf(expression: Expression): readonly Expression[] {
  if (expression.kind === 'list') return expression.elements;
  return expression.kind === 'map' ? expression.entries.flatMap(({ key, value }) => [key, value]) : [];
}
