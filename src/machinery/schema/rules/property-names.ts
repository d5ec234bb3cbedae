/**
 * The name under which an expression selects a property, or undefined if it cannot: identifiers of the
 * language know no dots, dashes or slashes, and some words are the language's own.
 */
export function escapePropertyName(name: string): string | undefined {
  if (!/^[a-zA-Z_./-][a-zA-Z0-9_./-]*$/.test(name)) return undefined;
  if (RESERVED_WORDS.has(name)) return `__${name}__`;
  return name.replace(/__|[./-]/g, (symbol) => `__${SYMBOL_NAMES.get(symbol)}__`);
}

/** The property that an expression means by a name, or undefined if no escaping gives that name. */
export function unescapePropertyName(escaped: string): string | undefined {
  if (!escaped.includes('__')) return escaped;
  let isValid = true;
  const name = escaped.replace(/__([^_]+)__/g, (whole, word: string) => {
    const symbol = SYMBOLS.get(word);
    if (symbol !== undefined) return symbol;
    if (!RESERVED_WORDS.has(word) || whole.length !== escaped.length) isValid = false;
    return word;
  });
  return isValid ? name : undefined;
}

/** Words of the language that an expression may still write after a dot: `self.namespace`. */
export function isReservedWord(word: string): boolean {
  return RESERVED_WORDS.has(word);
}

const SYMBOL_NAMES: ReadonlyMap<string, string> = new Map([
  ['__', 'underscores'],
  ['.', 'dot'],
  ['-', 'dash'],
  ['/', 'slash'],
]);
const SYMBOLS: ReadonlyMap<string, string> = new Map(
  [...SYMBOL_NAMES].map(([symbol, word]) => [word, symbol]),
);

const RESERVED_WORDS: ReadonlySet<string> = new Set([
  'true',
  'false',
  'null',
  'in',
  'as',
  'break',
  'const',
  'continue',
  'else',
  'for',
  'function',
  'if',
  'import',
  'let',
  'loop',
  'package',
  'namespace',
  'return',
  'var',
  'void',
  'while',
]);
