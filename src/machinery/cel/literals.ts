/** Reads the text of a string or bytes literal, prefix and quotes included; a message when it is wrong. */
export function unquote(
  text: string,
  isBytes: boolean,
): { readonly value: string } | { readonly fault: string } {
  let body = text.replace(/\r\n?/g, '\n');
  const isRaw = /^[rR]/.test(body);
  if (isRaw) body = body.slice(1);
  const quote = body.slice(0, 3);
  const width = body.length >= 6 && (quote === "'''" || quote === '"""') ? 3 : 1;
  body = body.slice(width, body.length - width);
  if (isRaw || !body.includes('\\')) return { value: isBytes ? utf8Units(body) : body };
  return decodeEscapes(body, isBytes);
}

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  '?': '?',
};

/** The lexer has checked the form of escapes; what is left to refuse is their meaning. */
function decodeEscapes(
  body: string,
  isBytes: boolean,
): { readonly value: string } | { readonly fault: string } {
  let fault: string | undefined;
  const pattern =
    /\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))|[^\\]+/gsu;
  const value = body.replace(pattern, (...match: (string | undefined)[]) => {
    const [whole, byte, short, long, octal, simple] = match;
    if (simple !== undefined) return escapes[simple] ?? simple;
    if (!whole!.startsWith('\\')) return isBytes ? utf8Units(whole!) : whole!;
    if (isBytes && (short ?? long) !== undefined) {
      fault = 'unable to unescape string';
      return '';
    }
    const code =
      octal === undefined ? Number.parseInt((byte ?? short ?? long)!, 16) : Number.parseInt(octal, 8);
    if (isBytes) return String.fromCharCode(code);
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      fault = 'invalid unicode code point';
      return '';
    }
    return String.fromCodePoint(code);
  });
  return fault === undefined ? { value } : { fault };
}

/** The bytes of the text's UTF-8, each as one character. */
function utf8Units(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

const intMin = -(2n ** 63n);
const intMax = 2n ** 63n - 1n;
const uintMax = 2n ** 64n - 1n;

/** Decimal or hexadecimal; undefined when it does not fit. */
export function parseIntLiteral(text: string, isNegative: boolean): bigint | undefined {
  const magnitude = BigInt(text);
  const value = isNegative ? -magnitude : magnitude;
  return value < intMin || value > intMax ? undefined : value;
}

export function parseUintLiteral(text: string): bigint | undefined {
  const value = BigInt(text.slice(0, -1));
  return value > uintMax ? undefined : value;
}
