import { fromByteText, quoteByteText, toByteText } from './byte-text.ts';
import { parseUrlAuthority } from './url-authority.ts';
import { escapeUrl, isValidEscaped, UrlError, type UrlPart, unescapeUrl } from './url-escape.ts';

/** A parsed URL with the fields of Go's url.URL. All texts are byte texts (byte-text.ts). */
export interface GoUrl {
  readonly scheme: string;
  readonly opaque: string;
  /** Name and, if there was a colon, password; escaped as Go prints them. */
  readonly user: string | undefined;
  readonly host: string;
  readonly path: string;
  /** The path as it was written. */
  readonly rawPath: string;
  readonly omitsHost: boolean;
  readonly forcesQuery: boolean;
  readonly rawQuery: string;
  readonly fragment: string;
  readonly rawFragment: string;
}

/**
 * What url.ParseRequestURI says against a text, with the URL quoted before the reason; undefined if it is an
 * absolute URI or an absolute path.
 */
export function requestUriError(text: string): string | undefined {
  const bytes = toByteText(text);
  try {
    parse(bytes, { isRequest: true });
    return undefined;
  } catch (error) {
    return messageOf(bytes, error);
  }
}

/** Would url.ParseRequestURI take the text: an absolute URI, or an absolute path. */
export function isRequestUri(text: string): boolean {
  try {
    parse(toByteText(text), { isRequest: true });
    return true;
  } catch (error) {
    if (error instanceof UrlError) return false;
    throw error;
  }
}

/**
 * url.Parse.
 *
 * @throws {UrlError} with Go's whole message, the URL included.
 */
export function parseGoUrl(text: string): GoUrl {
  const bytes = toByteText(text);
  const hash = bytes.indexOf('#');
  const withoutFragment = hash < 0 ? bytes : bytes.slice(0, hash);
  let url: GoUrl;
  try {
    url = parse(withoutFragment, { isRequest: false });
  } catch (error) {
    throw new UrlError(messageOf(withoutFragment, error));
  }
  const rawFragment = hash < 0 ? '' : bytes.slice(hash + 1);
  if (rawFragment === '') return url;
  try {
    return { ...url, fragment: unescapeUrl(rawFragment, 'fragment'), rawFragment };
  } catch (error) {
    throw new UrlError(messageOf(bytes, error));
  }
}

/** url.URL.String: two URLs are equal if this text is. */
export function formatGoUrl(url: GoUrl): string {
  let out = url.scheme === '' ? '' : `${url.scheme}:`;
  if (url.opaque !== '') {
    out += url.opaque;
  } else {
    const hasAuthority = url.scheme !== '' || url.host !== '' || url.user !== undefined;
    const isOmitted = url.omitsHost && url.host === '' && url.user === undefined;
    if (hasAuthority && !isOmitted) {
      if (url.host !== '' || url.path !== '' || url.user !== undefined) out += '//';
      if (url.user !== undefined) out += `${url.user}@`;
      out += escapeUrl(url.host, 'host');
    }
    const path = escapedPath(url);
    if (path !== '' && !path.startsWith('/') && url.host !== '') out += '/';
    if (out === '' && path.split('/', 1)[0]!.includes(':')) out += './';
    out += path;
  }
  if (url.forcesQuery || url.rawQuery !== '') out += `?${url.rawQuery}`;
  if (url.fragment !== '') out += `#${escapedAs(url.fragment, url.rawFragment, 'fragment')}`;
  return fromByteText(out);
}

/** url.URL.EscapedPath. */
export function escapedPath(url: GoUrl): string {
  if (url.path === '*' && !isUsableRaw(url.path, url.rawPath, 'path')) return '*';
  return escapedAs(url.path, url.rawPath, 'path');
}

/** url.URL.Hostname: no port, no brackets. */
export function hostnameOf(url: GoUrl): string {
  return splitPort(url.host).hostname;
}

/** url.URL.Port: empty if there is none. */
export function portOf(url: GoUrl): string {
  return splitPort(url.host).port;
}

/** url.URL.Query: the values by key; parts that cannot be unescaped or hold a `;` are left out. */
export function queryOf(url: GoUrl): Map<string, string[]> {
  const values = new Map<string, string[]>();
  const parts = url.rawQuery.split('&');
  if (parts.length > QUERY_PARAMETERS_MAX) return values;
  for (const part of parts) {
    if (part === '' || part.includes(';')) continue;
    const equals = part.indexOf('=');
    try {
      const key = unescapeUrl(equals < 0 ? part : part.slice(0, equals), 'queryComponent');
      const value = unescapeUrl(equals < 0 ? '' : part.slice(equals + 1), 'queryComponent');
      const text = fromByteText(key);
      const list = values.get(text) ?? [];
      list.push(fromByteText(value));
      values.set(text, list);
    } catch (error) {
      if (!(error instanceof UrlError)) throw error;
    }
  }
  return values;
}

/** Go's own bound (GODEBUG urlmaxqueryparams). */
const QUERY_PARAMETERS_MAX = 10_000;

function messageOf(url: string, error: unknown): string {
  if (!(error instanceof UrlError)) throw error;
  return `parse ${quoteByteText(url)}: ${error.message}`;
}

function parse(raw: string, { isRequest }: { readonly isRequest: boolean }): GoUrl {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
  if (/[\x00-\x1f\x7f]/.test(raw)) throw new UrlError('net/url: invalid control character in URL');
  if (raw === '' && isRequest) throw new UrlError('empty url');
  if (raw === '*') return { ...EMPTY, path: '*' };
  const split = splitScheme(raw);
  const scheme = split.scheme.toLowerCase();
  const question = split.rest.indexOf('?');
  const forcesQuery = question >= 0 && question === split.rest.length - 1;
  const rawQuery = question < 0 ? '' : split.rest.slice(question + 1);
  let rest = question < 0 ? split.rest : split.rest.slice(0, question);
  const common = { ...EMPTY, scheme, forcesQuery, rawQuery };

  if (!rest.startsWith('/')) {
    if (scheme !== '') return { ...common, opaque: rest };
    if (isRequest) throw new UrlError('invalid URI for request');
    if (rest.split('/', 1)[0]!.includes(':')) {
      throw new UrlError('first path segment in URL cannot contain colon');
    }
  }
  let authority: { readonly user: string | undefined; readonly host: string } | undefined;
  if (rest.startsWith('//') && (scheme !== '' || (!isRequest && !rest.startsWith('///')))) {
    const slash = rest.indexOf('/', 2);
    authority = parseUrlAuthority(slash < 0 ? rest.slice(2) : rest.slice(2, slash));
    rest = slash < 0 ? '' : rest.slice(slash);
  }
  const omitsHost = authority === undefined && scheme !== '' && rest.startsWith('/');
  const path = unescapeUrl(rest, 'path');
  return { ...common, user: authority?.user, host: authority?.host ?? '', omitsHost, path, rawPath: rest };
}

const EMPTY: GoUrl = {
  scheme: '',
  opaque: '',
  user: undefined,
  host: '',
  path: '',
  rawPath: '',
  omitsHost: false,
  forcesQuery: false,
  rawQuery: '',
  fragment: '',
  rawFragment: '',
};

function splitScheme(raw: string): { readonly scheme: string; readonly rest: string } {
  if (raw.startsWith(':')) throw new UrlError('missing protocol scheme');
  const scheme = /^[A-Za-z][-+.A-Za-z0-9]*(?=:)/.exec(raw)?.[0] ?? '';
  return { scheme, rest: scheme === '' ? raw : raw.slice(scheme.length + 1) };
}

/** The way it was written, if that is valid and still means the same, else Go's own escaping. */
function escapedAs(text: string, raw: string, part: UrlPart): string {
  return isUsableRaw(text, raw, part) ? raw : escapeUrl(text, part);
}

function isUsableRaw(text: string, raw: string, part: UrlPart): boolean {
  if (raw === '' || !isValidEscaped(raw, part)) return false;
  try {
    return unescapeUrl(raw, part) === text;
  } catch (error) {
    if (error instanceof UrlError) return false;
    throw error;
  }
}

function splitPort(host: string): { readonly hostname: string; readonly port: string } {
  const match = /^(.*):([0-9]*)$/s.exec(host);
  const name = match?.[1] ?? host;
  const isBracketed = name.startsWith('[') && name.endsWith(']');
  return { hostname: isBracketed ? name.slice(1, -1) : name, port: match?.[2] ?? '' };
}
