export type TokenKind =
  | 'symbol'
  | 'identifier'
  | 'escaped'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** As written; of a symbol or keyword this is what it is. */
  readonly text: string;
  /** Index of its first character in the source. */
  readonly offset: number;
}

/** Characters that begin no token. */
export interface LexerFault {
  readonly offset: number;
  readonly text: string;
}

const simpleEscape = String.raw`\\(?:[abfnrtv"'\\?\x60]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})`;

// One sticky expression per kind, in the order in which the longest match wins: strings before
// identifiers (r"x", b'x'), floats before uints before ints.
const spacePattern = /(?:[\t \r\n\f]|\/\/[^\n]*)+/y;
const stringPattern = new RegExp(
  [
    String.raw`[bB]?(?:"""(?:${simpleEscape}|[^\\])*?"""`,
    String.raw`'''(?:${simpleEscape}|[^\\])*?'''`,
    `[rR]"""[^]*?"""`,
    `[rR]'''[^]*?'''`,
    String.raw`"(?:${simpleEscape}|[^\\"\n\r])*"`,
    String.raw`'(?:${simpleEscape}|[^\\'\n\r])*'`,
    String.raw`[rR]"[^"\n\r]*"`,
    String.raw`[rR]'[^'\n\r]*')`,
  ].join('|'),
  'uy',
);
const floatPattern = /(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)/y;
const uintPattern = /(?:0x[0-9a-fA-F]+|\d+)[uU]/y;
const intPattern = /(?:0x[0-9a-fA-F]+|\d+)/y;
const identifierPattern = /[A-Za-z_][A-Za-z0-9_]*/y;
const escapedPattern = /`[A-Za-z0-9_./ -]+`/y;
const symbolPattern = /==|!=|<=|>=|&&|\|\||[<>[\]{}().,\-!?:+*/%]/y;
const keywords: ReadonlySet<string> = new Set(['in', 'true', 'false', 'null']);

/** Cuts the source into tokens; the last one is the end. */
export function tokenize(source: string): {
  readonly tokens: readonly Token[];
  readonly faults: LexerFault[];
} {
  const tokens: Token[] = [];
  const faults: LexerFault[] = [];
  let offset = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = offset;
    return pattern.exec(source)?.[0];
  };
  while (offset < source.length) {
    const space = match(spacePattern);
    if (space !== undefined) {
      offset += space.length;
      continue;
    }
    const token = nextToken(match, offset);
    if (token === undefined) {
      const text = unrecognised(source, offset);
      faults.push({ offset, text });
      offset += text.length;
    } else {
      tokens.push(token);
      offset += token.text.length;
    }
  }
  tokens.push({ kind: 'end', text: '<EOF>', offset: source.length });
  return { tokens, faults };
}

function nextToken(match: (pattern: RegExp) => string | undefined, offset: number): Token | undefined {
  const string = match(stringPattern);
  if (string !== undefined) {
    return { kind: /^[bB]/.test(string) ? 'bytes' : 'string', text: string, offset };
  }
  const identifier = match(identifierPattern);
  if (identifier !== undefined) {
    return { kind: keywords.has(identifier) ? 'symbol' : 'identifier', text: identifier, offset };
  }
  const uint = match(uintPattern);
  if (uint !== undefined) return { kind: 'uint', text: uint, offset };
  const float = match(floatPattern);
  if (float !== undefined) return { kind: 'double', text: float, offset };
  const int = match(intPattern);
  if (int !== undefined) return { kind: 'int', text: int, offset };
  const symbol = match(symbolPattern);
  if (symbol !== undefined) return { kind: 'symbol', text: symbol, offset };
  const escaped = match(escapedPattern);
  return escaped === undefined ? undefined : { kind: 'escaped', text: escaped, offset };
}

/** The characters up to and with the one that makes a token impossible, as cel-go's lexer reports them. */
function unrecognised(source: string, offset: number): string {
  const rest = source.slice(offset);
  const first = String.fromCodePoint(rest.codePointAt(0)!);
  if ('&|='.includes(first)) return rest.slice(0, 2);
  if (!'"\'`'.includes(first)) return first;
  const pattern = first === '`' ? brokenNamePattern : brokenStringPattern;
  pattern.lastIndex = 0;
  const begun = pattern.exec(rest)?.[0] ?? first;
  const failing = rest.codePointAt(begun.length);
  return failing === undefined ? begun : begun + String.fromCodePoint(failing);
}

const brokenNamePattern = /`[A-Za-z0-9_./ -]*/y;

/** The beginning of a string up to the character that cannot stand there. */
const brokenStringPattern = new RegExp(
  `(["'])(?:${simpleEscape}|(?!\\1)[^\\\\\\n\\r])*(?:\\\\(?:[xX][0-9a-fA-F]?|u[0-9a-fA-F]{0,3}|U[0-9a-fA-F]{0,7}|[0-3][0-7]?)?)?`,
  'uy',
);
