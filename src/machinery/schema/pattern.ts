import { createRequire } from 'node:module';
import { WeightedCache } from '../../base/mod.ts';
import { patternSizeOf } from './pattern-size.ts';

/** A compiled regular expression. */
export interface Pattern {
  /** About how many instructions it has: matching takes so many steps per character at worst. */
  readonly size: number;
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
 * @throws PatternError if the pattern is not RE2 syntax, or is larger than any real one.
 */
export function compilePattern(pattern: string): Pattern {
  return patterns.getOrCompute(pattern, () => compile(pattern));
}

/** The longest patterns in published CRDs (semantic versions, image names) have some hundred characters. */
const PATTERN_LENGTH_MAX = 20_000;

/** What takes some tens of milliseconds to compile; published patterns with `{1,1000}` in them have some thousand. */
const PATTERN_SIZE_MAX = 20_000;

/** Instructions in all, of some 100 bytes: enough for the patterns of some hundred CRDs. */
const PATTERNS_CACHED_SIZE_MAX = 200_000;
const PATTERN_SIZE_MIN = 100;

const patterns = new WeightedCache<Pattern>({
  weightMax: PATTERNS_CACHED_SIZE_MAX,
  weigh: ({ size }) => size + PATTERN_SIZE_MIN,
});

type Re2 = typeof import('re2js');

// The package is loaded with the first pattern, because many servers never see one.
let re2: Re2 | undefined;

function compile(pattern: string): Pattern {
  if (pattern.length > PATTERN_LENGTH_MAX) {
    throw new PatternError(`expression is longer than ${PATTERN_LENGTH_MAX} characters`);
  }
  const size = patternSizeOf(pattern);
  if (size > PATTERN_SIZE_MAX) {
    throw new PatternError(
      `expression has more than ${PATTERN_SIZE_MAX} parts when its repetitions are written out`,
    );
  }
  re2 ??= createRequire(import.meta.url)('re2js') as Re2;
  try {
    const compiled = re2.RE2JS.compile(pattern);
    return {
      size,
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
