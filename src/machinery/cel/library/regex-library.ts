import { compilePattern, type Pattern, PatternError } from '../../schema/pattern.ts';
import type { FunctionDeclaration } from '../functions.ts';
import { patternFor } from '../pattern-work.ts';
import { intType, listType, stringType } from '../types.ts';
import { CelArray, CelError, type CelResult, type CelValue } from '../values.ts';
import { work } from '../work.ts';
import { methodOf } from './signatures.ts';

const SEARCH_WORK = 100;

/** Patterns that are written out are looked at before anything is evaluated. */
const literalPattern = {
  argument: 1,
  check: (pattern: CelValue) => (typeof pattern === 'string' ? patternFault(pattern) : undefined),
};

/** Kubernetes' functions on regular expressions in RE2 syntax. */
export const regexFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'find',
    overloads: [
      {
        id: 'string_find_string',
        ...methodOf([stringType, stringType], stringType),
        literalCheck: literalPattern,
        evaluate: (text: string, pattern: string) =>
          withPattern(pattern, text, (compiled) => matchesOf(compiled, text, 1)[0] ?? ''),
      },
    ],
  },
  {
    name: 'findAll',
    overloads: [
      {
        id: 'string_find_all_string',
        ...methodOf([stringType, stringType], listType(stringType)),
        literalCheck: literalPattern,
        evaluate: findAll,
      },
      {
        id: 'string_find_all_string_int',
        ...methodOf([stringType, stringType, intType], listType(stringType)),
        literalCheck: literalPattern,
        evaluate: findAll,
      },
    ],
  },
];

function findAll(text: string, pattern: string, countMax = -1n): CelResult {
  const limit = countMax < 0n ? Number.POSITIVE_INFINITY : Number(countMax);
  return withPattern(pattern, text, (compiled) => new CelArray(matchesOf(compiled, text, limit)));
}

function withPattern(pattern: string, text: string, use: (compiled: Pattern) => CelResult): CelResult {
  let compiled: Pattern;
  try {
    compiled = patternFor(pattern, text);
  } catch (error) {
    if (error instanceof PatternError) return new CelError(`Illegal regex: ${error.message}`);
    throw error;
  }
  return use(compiled);
}

function patternFault(pattern: string): string | undefined {
  try {
    compilePattern(pattern);
    return undefined;
  } catch (error) {
    if (error instanceof PatternError) return error.message;
    throw error;
  }
}

/** The texts of the matches from left to right, but for empty ones right behind another. */
function matchesOf(pattern: Pattern, text: string, countMax: number): string[] {
  const matches: string[] = [];
  let from = 0;
  let previousEnd = -1;
  while (matches.length < countMax && from <= text.length) {
    const match = pattern.find(text, from);
    if (match === undefined) break;
    // Each search starts an automaton anew, and may look at the whole rest in vain.
    work(SEARCH_WORK + pattern.size + ((text.length - from) >> 4));
    const { start, end } = match;
    const isEmpty = start === end;
    if (!isEmpty || start !== previousEnd) matches.push(text.slice(start, end));
    previousEnd = end;
    from = isEmpty ? end + String.fromCodePoint(text.codePointAt(end) ?? 0).length : end;
  }
  return matches;
}
