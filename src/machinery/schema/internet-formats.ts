/**
 * Would Go's url.ParseRequestURI accept the text: an absolute URI or an absolute path.
 */
export function isRequestUri(text: string): boolean {
  if (text === '' || hasControlCharacter(text)) return false;
  if (text === '*') return true;
  const scheme = /^[a-zA-Z][-+.a-zA-Z0-9]*:/.exec(text)?.[0] ?? '';
  if (scheme === '' && text.startsWith(':')) return false;
  let rest = text.slice(scheme.length);
  const query = rest.indexOf('?');
  if (query >= 0) rest = rest.slice(0, query);
  // What does not begin with a slash is opaque after a scheme (`mailto:x`), and no request URI without one.
  if (!rest.startsWith('/')) return scheme !== '';
  if (rest.startsWith('//') && (scheme !== '' || !rest.startsWith('///'))) {
    const slash = rest.indexOf('/', 2);
    const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
    if (!isAuthority(authority)) return false;
    rest = slash < 0 ? '' : rest.slice(slash);
  }
  return hasValidEscapes(rest);
}

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

function isAuthority(authority: string): boolean {
  const at = authority.lastIndexOf('@');
  const user = at < 0 ? '' : authority.slice(0, at);
  const host = authority.slice(at + 1);
  if (!/^[-A-Za-z0-9._:~!$&'()*+,;=%@]*$/.test(user) || !hasValidEscapes(user)) return false;
  if (host.startsWith('[')) return /^\[[^\]]*\](?::\d*)?$/.test(host);
  const colon = host.lastIndexOf(':');
  const name = colon < 0 ? host : host.slice(0, colon);
  if (colon >= 0 && !/^\d*$/.test(host.slice(colon + 1))) return false;
  return !/[ "<>\\^`{|}\]]/.test(name) && !name.includes(':') && hasValidEscapes(name);
}

function hasValidEscapes(text: string): boolean {
  return !/%(?![0-9a-fA-F]{2})/.test(text);
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}
