import type { Access, Impersonated, Impersonation, User } from '../access/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import type { Exchange } from './exchange.ts';

const PREFIX = 'impersonate-';
const USER = 'impersonate-user';
const GROUP = 'impersonate-group';
const UID = 'impersonate-uid';
const EXTRA = 'impersonate-extra-';
const AUTHENTICATION_VERSION = 'authentication.k8s.io/v1';

/** Headers that say more about somebody, but not who: upstream answers with 500 and this text. */
export class NobodyToImpersonate extends Error {
  override readonly name = 'NobodyToImpersonate';
}

/**
 * The user that a request asks to be made as; undefined when it asks for nobody. Throws 403 when the requester may
 * not, before anything else of the request is looked at.
 */
export function impersonate(
  exchange: Exchange,
  access: Access,
  requester: { readonly user: User; readonly cluster: LogicalCluster },
): Promise<Impersonated> | undefined {
  const wanted = wantedBy(exchange);
  return wanted === undefined ? undefined : access.impersonate(requester, wanted);
}

function wantedBy(exchange: Exchange): Impersonation | undefined {
  // Every request comes by here: no list of its headers is made.
  for (const header in exchange.request.headers) {
    if (header.startsWith(PREFIX)) return impersonationOf(exchange.request.rawHeaders);
  }
  return undefined;
}

/** What the headers ask for. Of a user and a uid the first one counts, as upstream; names of headers have any case. */
export function impersonationOf(rawHeaders: readonly string[]): Impersonation | undefined {
  let name = '';
  let uid = '';
  const groups: string[] = [];
  const extra = new Map<string, string[]>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const header = rawHeaders[index]!.toLowerCase();
    if (!header.startsWith(PREFIX)) continue;
    const value = utf8(rawHeaders[index + 1]!);
    if (header === USER) name ||= value;
    else if (header === UID) uid ||= value;
    else if (header === GROUP) groups.push(value);
    else if (header.startsWith(EXTRA)) {
      const key = extraKey(header.slice(EXTRA.length));
      const values = extra.get(key);
      if (values === undefined) extra.set(key, [value]);
      else values.push(value);
    }
  }
  if (name !== '') return { name, groups, uid, extra };
  if (groups.length === 0 && extra.size === 0 && uid === '') return undefined;
  throw new NobodyToImpersonate(nobodyText({ groups, extra, uid }));
}

/** Decoded once, and what counts from then on is the decoded form; what cannot be decoded is itself. */
function extraKey(encoded: string): string {
  if (!encoded.includes('%')) return utf8(encoded);
  try {
    return decodeURIComponent(utf8(encoded));
  } catch {
    return utf8(encoded);
  }
}

// Node hands the bytes of headers on as Latin-1.
function utf8(text: string): string {
  return Buffer.from(text, 'latin1').toString();
}

// References to what was asked for, as Go prints them.
function nobodyText({ groups, extra, uid }: Omit<Impersonation, 'name'>): string {
  const references = groups.map((group) => `{Group  ${group}    }`);
  for (const [key, values] of extra) {
    references.push(...values.map((value) => `{UserExtra  ${value}  ${AUTHENTICATION_VERSION}  ${key}}`));
  }
  if (uid !== '') references.push(`{UID  ${uid}  ${AUTHENTICATION_VERSION}  }`);
  return `requested [${references.join(' ')}] without impersonating a user`;
}
