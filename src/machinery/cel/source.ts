import { CelCompileError, type CelIssue } from './compile-error.ts';

/** A fault with its place in the source: an index into the string, or undefined for none. */
export interface Fault {
  readonly offset: number | undefined;
  readonly message: string;
}

/** Longer lines are not shown, as in cel-go. */
const snippetLengthMax = 16_384;
/** cel-go shows so many and says how many more there are. */
const issuesMax = 100;

/** Makes of faults the error that cel-go prints: in order of place, each with its line and a caret. */
export function compileError(source: string, faults: readonly Fault[]): CelCompileError {
  const lines = source.split('\n');
  const placed = faults.slice(0, issuesMax).map((fault) => ({ fault, ...placeOf(lines, fault.offset) }));
  placed.sort((a, b) => a.line - b.line || a.column - b.column);
  const texts = placed.map(({ fault, line, column }) =>
    display(lines, { message: fault.message, line, column }),
  );
  if (faults.length > issuesMax) texts.push(`${faults.length - issuesMax} more errors were truncated`);
  const issues = placed.map(
    ({ fault, line, column }): CelIssue => ({
      message: fault.message,
      line: line < 0 ? undefined : line,
      column: line < 0 ? undefined : column,
    }),
  );
  return new CelCompileError(texts.join('\n'), issues);
}

function placeOf(lines: readonly string[], offset: number | undefined): { line: number; column: number } {
  if (offset === undefined) return { line: -1, column: -1 };
  let start = 0;
  for (const [index, line] of lines.entries()) {
    if (offset <= start + line.length) {
      return { line: index + 1, column: codePointCount(line.slice(0, offset - start)) };
    }
    start += line.length + 1;
  }
  return { line: lines.length, column: 0 };
}

function display(
  lines: readonly string[],
  issue: { readonly message: string; readonly line: number; readonly column: number },
): string {
  const head = `ERROR: <input>:${issue.line}:${issue.column + 1}: ${issue.message}`;
  const line = lines[issue.line - 1];
  if (line === undefined || Buffer.byteLength(line) > snippetLengthMax) return head;
  const snippet = line.replaceAll('\t', ' ');
  const characters = [...snippet];
  let indicator = '';
  for (const character of characters.slice(0, issue.column)) indicator += isWide(character) ? '\uff0e' : '.';
  indicator += isWide(characters[issue.column] ?? '') ? '\uff3e' : '^';
  return `${head}\n | ${snippet}\n | ${indicator}`;
}

function isWide(character: string): boolean {
  return (character.codePointAt(0) ?? 0) > 0x7f;
}

/** Number of Unicode code points; surrogates that stand alone count as one. */
export function codePointCount(text: string): number {
  let count = text.length;
  // Most texts are ASCII, of which machine code makes sure much faster than a loop.
  if (count > SHORT_TEXT && Buffer.byteLength(text) === count) return count;
  for (let index = 0; index < text.length - 1; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0xd800 || unit > 0xdbff) continue;
    const next = text.charCodeAt(index + 1);
    if (next < 0xdc00 || next > 0xdfff) continue;
    count--;
    index++;
  }
  return count;
}

const SHORT_TEXT = 64;
