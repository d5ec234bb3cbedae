import { createRequire } from 'node:module';
import { BoundedCache } from '../../base/mod.ts';

/** A compiled regular expression. */
export interface Pattern {
  /** Does the expression match anywhere in the text. Takes time linear in its length. */
  test(text: string): boolean;
  /** The leftmost match that begins at this place or later, as Go prefers among several. */
  find(text: string, from: number): PatternMatch | undefined;
}

/** Where a match begins and ends, in UTF-16 units. */
export interface PatternMatch {
  readonly start: number;
  readonly end: number;
}

/** The expression is not RE2 syntax. The message is what Go's regexp package says. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

/**
 * Compiles a pattern with the syntax and meaning of Go's regexp package. JavaScript's RegExp is not
 * used: it backtracks (a tenant's pattern could stop the process) and differs in `\z`, `(?i)`, `\pL`.
 *
 * @throws PatternError if the pattern is not RE2 syntax, or is longer than any real one.
 */
export function compilePattern(pattern: string): Pattern {
  return patterns.getOrMake(pattern, () => compile(pattern));
}

/** The longest patterns in published CRDs (semantic versions, image names) have some hundred characters. */
const PATTERN_LENGTH_MAX = 20_000;

/** Enough for the patterns of some hundred CRDs; a compiled pattern takes some kilobytes. */
const PATTERNS_CACHED_MAX = 2_000;

const patterns = new BoundedCache<string, Pattern>(PATTERNS_CACHED_MAX);

type Re2 = typeof import('re2js');

// The package is loaded with the first pattern, because many servers never see one.
let re2: Re2 | undefined;

function compile(pattern: string): Pattern {
  if (pattern.length > PATTERN_LENGTH_MAX) {
    throw new PatternError(`expression is longer than ${PATTERN_LENGTH_MAX} characters`);
  }
  re2 ??= createRequire(import.meta.url)('re2js') as Re2;
  try {
    const compiled = re2.RE2JS.compile(pattern);
    return {
      test: (text) => compiled.test(text),
      find: (text, from) => {
        const matcher = compiled.matcher(text);
        return matcher.find(from) ? { start: matcher.start(), end: matcher.end() } : undefined;
      },
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // Go quotes what is wrong after every message; here that is nothing.
    const isTrailing = message.endsWith('trailing backslash at end of expression');
    throw new PatternError(isTrailing ? `${message}: \`\`` : message, { cause: error });
  }
}
