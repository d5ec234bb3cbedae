import { compilePattern, type Pattern } from '../schema/pattern.ts';
import { work } from './work.ts';

/**
 * A pattern for one text. Patterns may come out of the object, a new one for every element of a list, and are
 * charged by their length only, which says little of the program they become.
 */
export function patternFor(pattern: string, text: string): Pattern {
  const compiled = compilePattern(pattern);
  work(compiled.size * (COMPILING_WORK + (text.length + 1) / CHARACTERS_PER_UNIT));
  return compiled;
}

/** An instruction takes some microseconds to compile. It may be remembered, which nobody can rely on. */
const COMPILING_WORK = 20;
/** Few instructions look at each character, and an automaton remembers what they find. */
const CHARACTERS_PER_UNIT = 256;
