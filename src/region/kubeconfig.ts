import { createHash, randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { PRIVATE_FILE_MODE, readFileIfPresent, writeFileAtomically } from './atomic-file.ts';

/** The file name of the administrator's kubeconfig inside the root directory. */
export const ADMIN_KUBECONFIG_FILE = 'admin.kubeconfig';
/** The file name of the token hashes inside the root directory. */
export const ADMIN_TOKEN_STORE_FILE = '.admin-token-store';

/** The bearer tokens of the two administrators, 32 random bytes each, base64url without padding. */
export interface AdminTokens {
  /** Of user `kcp-admin`: administrator of the workspace tree. */
  readonly kcpAdmin: string;
  /** Of user `shard-admin`: administrator of the member itself (`system:admin`). */
  readonly shardAdmin: string;
}

export interface AdminKubeconfig {
  readonly path: string;
  /** A name or address that a client on this machine can reach; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** The CA certificate, PEM. */
  readonly ca: string;
  readonly token: AdminTokens;
}

/**
 * The administrators' tokens of a root directory. They stay the same over restarts: the directory holds
 * their SHA-256 hashes, `admin.kubeconfig` the tokens. A token that the kubeconfig no longer has is made
 * anew, which revokes the old one: deleting the kubeconfig is how an operator rotates tokens.
 */
export async function ensureAdminTokens(directory: string): Promise<AdminTokens> {
  const storePath = join(directory, ADMIN_TOKEN_STORE_FILE);
  const store = await readFileIfPresent(storePath);
  const kubeconfig = await readFileIfPresent(join(directory, ADMIN_KUBECONFIG_FILE));
  const candidates = tokensIn(kubeconfig ?? '');
  const hashes = hashesIn(store ?? '');
  const tokens = {
    kcpAdmin: tokenOfHash(hashes.get('kcp-admin'), candidates) ?? newToken(),
    shardAdmin: tokenOfHash(hashes.get('shard-admin'), candidates) ?? newToken(),
  };
  const content = `kcp-admin ${tokenHashOf(tokens.kcpAdmin)}\nshard-admin ${tokenHashOf(tokens.shardAdmin)}\n`;
  if (content !== store) await writeFileAtomically({ path: storePath, content, mode: PRIVATE_FILE_MODE });
  return tokens;
}

/**
 * Writes the administrator's kubeconfig, mode 0600, with kcp's contexts `root` (current), `base` and
 * `system:admin`. A file that already says the same is left alone; one that a tool has edited is
 * replaced, as kcp does at every start.
 */
export async function writeAdminKubeconfig(kubeconfig: AdminKubeconfig): Promise<void> {
  const content = kubeconfigText(kubeconfig);
  if ((await readFileIfPresent(kubeconfig.path)) === content) return;
  await writeFileAtomically({ path: kubeconfig.path, content, mode: PRIVATE_FILE_MODE });
}

/**
 * The host that local clients use for a bind address: a wildcard address is bound but cannot be dialled,
 * so it becomes the loopback address.
 */
export function dialableHost(bindAddress: string): string {
  if (bindAddress === '' || bindAddress === '0.0.0.0') return '127.0.0.1';
  // A socket bound to :: takes IPv4 as well, and 127.0.0.1 exists where IPv6 is switched off.
  if (bindAddress === '::' || bindAddress === '0:0:0:0:0:0:0:0') return '127.0.0.1';
  return bindAddress;
}

/** `https://host:port` with the brackets that an IPv6 address needs. */
export function serverUrl(host: string, port: number): string {
  return `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

// The text is written by hand because its values need no quoting: URLs, base64 and names chosen here.
function kubeconfigText(kubeconfig: AdminKubeconfig): string {
  const url = serverUrl(kubeconfig.host, kubeconfig.port);
  const ca = Buffer.from(kubeconfig.ca).toString('base64');
  const cluster = (name: string, server: string): string =>
    `- cluster:\n    certificate-authority-data: ${ca}\n    server: ${server}\n  name: ${name}\n`;
  const context = (name: string, user: string): string =>
    `- context:\n    cluster: ${name}\n    user: ${user}\n  name: ${name}\n`;
  const user = (name: string, token: string): string => `- name: ${name}\n  user:\n    token: ${token}\n`;
  return [
    'apiVersion: v1\n',
    'clusters:\n',
    cluster('base', url),
    cluster('root', `${url}/clusters/root`),
    cluster('system:admin', `${url}/clusters/system:admin`),
    'contexts:\n',
    context('base', 'kcp-admin'),
    context('root', 'kcp-admin'),
    context('system:admin', 'shard-admin'),
    'current-context: root\n',
    'kind: Config\n',
    'preferences: {}\n',
    'users:\n',
    user('kcp-admin', kubeconfig.token.kcpAdmin),
    user('shard-admin', kubeconfig.token.shardAdmin),
  ].join('');
}

function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** The SHA-256 (hex) by which a token is known. */
export function tokenHashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

// A kubeconfig may have been rewritten by kubectl, in another order or as JSON. Which token is whose is
// known by its hash, so the structure of the file does not matter and no YAML parser has to be loaded.
function tokensIn(kubeconfig: string): readonly string[] {
  return [...kubeconfig.matchAll(/\btoken["']?:\s*["']?([A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])/g)].map(
    (match) => match[1] ?? '',
  );
}

function hashesIn(store: string): ReadonlyMap<string, string> {
  const lines = store.matchAll(/^([a-z-]+) ([0-9a-f]{64})$/gm);
  return new Map([...lines].map((line) => [line[1] ?? '', line[2] ?? '']));
}

function tokenOfHash(hash: string | undefined, candidates: readonly string[]): string | undefined {
  return candidates.find((token) => tokenHashOf(token) === hash);
}
