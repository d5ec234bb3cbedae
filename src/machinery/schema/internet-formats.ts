/** Is the text one mail address, with or without a display name, as Go's mail.ParseAddress reads it. */
export function isEmail(text: string): boolean {
  if (text.length > 1_000) return false;
  if (hasControlCharacter(text)) return false;
  const trimmed = text.trim();
  const named = /^([^<>]*)<([^<>]+)>$/.exec(trimmed);
  if (named !== null) return isDisplayName(named[1]!.trim()) && isAddress(named[2]!.trim());
  return isAddress(trimmed);
}

function isAddress(text: string): boolean {
  const at = text.lastIndexOf('@');
  if (at <= 0) return false;
  const local = text.slice(0, at);
  const domain = text.slice(at + 1);
  const isDomain = ATOMS.test(domain) || /^\[[\x21-\x5a\x5e-\x7e]*\]$/.test(domain);
  return (ATOMS.test(local) || QUOTED.test(local)) && isDomain;
}

function isDisplayName(text: string): boolean {
  return text === '' || QUOTED.test(text) || /^[^"(),:;<>@[\\\]]+$/.test(text);
}

const ATOMS =
  /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u0080-\u{10ffff}]+(?:\.[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u0080-\u{10ffff}]+)*$/u;
const QUOTED = /^"(?:[^"\\\r\n]|\\.)*"$/u;

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}
