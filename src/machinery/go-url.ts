import { goQuote } from './field-error.ts';

/** The parts of a URL that validations look at, as Go's net/url splits it. */
export interface GoUrl {
  readonly scheme: string;
  readonly host: string;
  /** `name` or `name:password`; undefined without any. */
  readonly user: string | undefined;
  readonly query: string;
  readonly fragment: string;
}

/** A text that is no URL for Go; the message is Go's. */
export class GoUrlError extends Error {
  override readonly name = 'GoUrlError';
}

/**
 * Splits a URL by the rules of Go's url.Parse, which takes relative references and odd hosts that WHATWG's
 * parser refuses, and refuses others. Throws {@link GoUrlError}.
 */
export function parseGoUrl(text: string): GoUrl {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof GoUrlError)) throw error;
    throw new GoUrlError(`parse ${goQuote(text)}: ${error.message}`);
  }
}

function parse(text: string): GoUrl {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  if (/[\x00-\x1f\x7f]/.test(text)) throw new GoUrlError('net/url: invalid control character in URL');
  const hash = text.indexOf('#');
  const fragment = hash < 0 ? '' : text.slice(hash + 1);
  assertEscapes(fragment);
  const { scheme, rest: afterScheme } = splitScheme(hash < 0 ? text : text.slice(0, hash));
  const mark = afterScheme.indexOf('?');
  const query = mark < 0 ? '' : afterScheme.slice(mark + 1);
  const rest = mark < 0 ? afterScheme : afterScheme.slice(0, mark);
  const parts = { scheme, query, fragment };
  if (!rest.startsWith('/')) {
    // With a scheme this is an opaque URL, like mailto:someone.
    if (scheme === '' && (rest.split('/', 1)[0] ?? '').includes(':')) {
      throw new GoUrlError('first path segment in URL cannot contain colon');
    }
    if (scheme === '') assertEscapes(rest);
    return { ...parts, host: '', user: undefined };
  }
  if (!rest.startsWith('//') || (scheme === '' && rest.startsWith('///'))) {
    assertEscapes(rest);
    return { ...parts, host: '', user: undefined };
  }
  const slash = rest.indexOf('/', 2);
  const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
  const { user, host } = splitAuthority(authority);
  if (slash >= 0) assertEscapes(rest.slice(slash));
  return { ...parts, host, user };
}

function splitScheme(text: string): { readonly scheme: string; readonly rest: string } {
  if (text.startsWith(':')) throw new GoUrlError('missing protocol scheme');
  const match = /^([a-zA-Z][-+.a-zA-Z0-9]*):/.exec(text);
  if (match === null) return { scheme: '', rest: text };
  return { scheme: match[1]!.toLowerCase(), rest: text.slice(match[0].length) };
}

function splitAuthority(authority: string): { readonly user: string | undefined; readonly host: string } {
  const sign = authority.lastIndexOf('@');
  const host = authority.slice(sign + 1);
  assertHost(host);
  if (sign < 0) return { user: undefined, host };
  const user = authority.slice(0, sign);
  if (!/^[-a-zA-Z0-9._:~!$&'()*+,;=%@]*$/.test(user)) throw new GoUrlError('net/url: invalid userinfo');
  assertEscapes(user);
  return { user, host };
}

function assertHost(host: string): void {
  if (host.startsWith('[')) {
    const end = host.lastIndexOf(']');
    if (end < 0) throw new GoUrlError("missing ']' in host");
    assertPort(host.slice(end + 1));
    return;
  }
  const colon = host.lastIndexOf(':');
  if (colon >= 0) assertPort(host.slice(colon));
  const odd = /[\s"<>\\^`{|}]/.exec(host);
  if (odd !== null) throw new GoUrlError(`invalid character ${goQuote(odd[0])} in host name`);
  assertEscapes(host);
}

/** The colon and what follows it; nothing is a port, and so is a colon alone. */
function assertPort(text: string): void {
  if (!/^(:\d*)?$/.test(text)) throw new GoUrlError(`invalid port ${goQuote(text)} after host`);
}

function assertEscapes(text: string): void {
  const bad = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(text);
  if (bad !== null) throw new GoUrlError(`invalid URL escape ${goQuote(bad[0])}`);
}
