import { fromByteText, quoteByteText } from './byte-text.ts';
import { IpError, parseIpWithZone } from './ip-address.ts';
import { escapeUrl, UrlError, unescapeUrl } from './url-escape.ts';

/**
 * The part of a URL between `//` and the path, as Go's net/url reads it. Both results are byte texts.
 *
 * @throws {UrlError}
 */
export function parseUrlAuthority(authority: string): {
  readonly user: string | undefined;
  readonly host: string;
} {
  const at = authority.lastIndexOf('@');
  const host = parseHost(authority.slice(at + 1));
  if (at < 0) return { user: undefined, host };
  const user = authority.slice(0, at);
  if (!/^[-A-Za-z0-9._:~!$&'()*+,;=%@]*$/.test(user)) throw new UrlError('net/url: invalid userinfo');
  const colon = user.indexOf(':');
  const parts = colon < 0 ? [user] : [user.slice(0, colon), user.slice(colon + 1)];
  const escaped = parts.map((part) => escapeUrl(unescapeUrl(part, 'userPassword'), 'userPassword'));
  return { user: escaped.join(':'), host };
}

function parseHost(host: string): string {
  const open = host.lastIndexOf('[');
  if (open > 0) throw new UrlError('invalid IP-literal');
  if (open === 0) return parseIpLiteral(host);
  // Go 1.26 is stricter about several colons; Kubernetes 1.34 is built with 1.24.
  const colon = host.lastIndexOf(':');
  if (colon >= 0) checkPort(host.slice(colon));
  return unescapeUrl(host, 'host');
}

/** `[fe80::1%25en0]:80`, after RFC 6874: `%25` begins a zone, in which nearly anything may be escaped. */
function parseIpLiteral(host: string): string {
  const close = host.lastIndexOf(']');
  if (close < 0) throw new UrlError("missing ']' in host");
  const port = host.slice(close + 1);
  checkPort(port);
  const inside = host.slice(1, close);
  const zone = inside.indexOf('%25');
  const address =
    zone < 0
      ? unescapeUrl(inside, 'host')
      : unescapeUrl(inside.slice(0, zone), 'host') + unescapeUrl(inside.slice(zone), 'zone');
  try {
    if (parseIpWithZone(fromByteText(address)).family === 4) throw new UrlError('invalid IP-literal');
  } catch (error) {
    if (error instanceof IpError) throw new UrlError(`invalid host: ${error.message}`);
    throw error;
  }
  return `[${address}]${port}`;
}

function checkPort(port: string): void {
  if (!/^(?::[0-9]*)?$/.test(port)) throw new UrlError(`invalid port ${quoteByteText(port)} after host`);
}
